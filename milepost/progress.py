"""Progress bars on standard error, so that standard output holds data alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["Advance", "progress_bar", "progress_bars"]

Advance = Callable[[int, int], None]
"""Called with what is done and what there is."""


@contextmanager
def progress_bar(description: str, *, in_files: bool = False) -> Iterator[Advance]:
    """A bar that is drawn in a terminal; `in_files`: elsewhere too, once, when it is complete."""
    with progress_bars(description, in_files=in_files) as (advance,):
        yield advance


@contextmanager
def progress_bars(*descriptions: str, in_files: bool = False) -> Iterator[tuple[Advance, ...]]:
    """Bars below each other, for work that goes on side by side."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not (console.is_terminal or in_files)) as bars:
        tasks = [bars.add_task(description, total=None) for description in descriptions]
        yield tuple(partial(_advance, bars, task) for task in tasks)


def _advance(bars: Progress, task: TaskID, done: int, total: int) -> None:
    bars.update(task, completed=done, total=total)
