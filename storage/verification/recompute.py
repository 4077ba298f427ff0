"""Runs the SQL files of this package in order, and works out what they write down for exact arithmetic.

Lines that begin with `-- exact:` name a table and columns whose words are to be worked out; `-- repeat until:` gives a
question of one truth value, and what follows up to `-- end repeat` runs until it is true.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

import duckdb
import pyarrow as pa

from storage.relations import bound
from storage.verification.exact import work_out

__all__ = ["OnProgress", "recompute"]

OnProgress = Callable[[int, int], None]
"""Hears how many steps are done, and of how many."""

_EXACT: Final = "-- exact: "
_REPEAT: Final = "-- repeat until: "
_END: Final = "-- end repeat"
_ROUNDS_MAX: Final = 100_000


@dataclass
class _Loop:
    """Steps that run until a question is answered with yes."""

    question: str
    steps: list[str] = field(default_factory=list)


def recompute(connection: duckdb.DuckDBPyConnection, on_progress: OnProgress) -> None:
    """Fill the tables of the verification from those of the journal that stand in this database."""
    steps = [step for text in _texts() for step in _steps(text)]
    for number, step in enumerate(steps):
        if isinstance(step, _Loop):
            _repeat(connection, step)
        else:
            _run(connection, step)
        on_progress(number + 1, len(steps))


def _texts() -> list[str]:
    found = (entry for entry in files("storage.verification").joinpath("sql").iterdir())
    return [text for _, text in sorted((entry.name, entry.read_text("utf-8")) for entry in found)]


def _steps(text: str) -> Iterator[str | _Loop]:
    """Statements and directives in order."""
    loop: _Loop | None = None
    for step in _pieces(text):
        if step.startswith(_REPEAT):
            loop = _Loop(step.removeprefix(_REPEAT))
        elif step == _END:
            if loop is not None:
                yield loop
            loop = None
        elif loop is not None:
            loop.steps.append(step)
        else:
            yield step


def _pieces(text: str) -> Iterator[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith((_EXACT, _REPEAT, _END)):
            yield line
        elif line.strip() and not line.lstrip().startswith("--"):
            lines.append(line)
            if line.rstrip().endswith(";"):
                yield "\n".join(lines)
                lines = []


def _repeat(connection: duckdb.DuckDBPyConnection, loop: _Loop) -> None:
    for _ in range(_ROUNDS_MAX):
        if connection.execute(loop.question).fetchone() == (True,):
            return
        for step in loop.steps:
            _run(connection, step)


def _run(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    if not step.startswith(_EXACT):
        connection.execute(step)
        return
    table, _, columns = step.removeprefix(_EXACT).rstrip(")").partition("(")
    _work_out(connection, table, columns.split())


def _work_out(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    """Replace words by what they come to."""
    told = " UNION ".join(
        f"SELECT {column} AS words FROM {table} WHERE contains({column}, ' ')" for column in columns
    )
    words = connection.execute(told).to_arrow_table()["words"].to_pylist()
    if not words:
        return
    worked = pa.table({"words": words, "number": pa.array(map(work_out, words), pa.string())})
    with bound(connection, "worked", worked):
        for column in columns:
            connection.execute(
                f"UPDATE {table} SET {column} = worked.number FROM worked WHERE {table}.{column} = worked.words"
            )
