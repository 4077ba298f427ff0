"""`milepost ingest FILE…`: appends the events of files and of standard input."""

import gc
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import date

import click

from milepost.exit_codes import DONE, PARTLY_REJECTED, USAGE
from milepost.interrupts import undisturbed
from milepost.known_events import StoredJournal
from milepost.known_plans import KnownPlans, known_plans
from milepost.moments import DAY
from milepost.progress import Advance, progress_bar
from milepost.shared_options import Call, command
from milepost.wall_clock import now, now_us
from milepost.wiring import open_log, topics_of
from producers.earlier import Earlier
from producers.forewarning import Forewarning
from producers.ingest import Counts, Ingest
from producers.inputs import Unreadable, check_input, open_input
from producers.lines import Page
from producers.ticks import append_closing, closing_tick

__all__ = ["ingest"]


@command(
    click.argument("files", nargs=-1, required=True),
    click.option("--as-of", type=DAY, help="Close this day afterwards"),
)
def ingest(call: Call, *, files: Sequence[str], as_of: date | None) -> int:
    """FILE holds one CloudEvent in JSON per line; `-` is standard input. A bad row never stops the rest."""
    sizes = {path: size for path in files if (size := _size_of(path)) is not None}
    readable = [path for path in files if path in sizes]
    if not readable:
        _print_counts(call, Counts())
        return USAGE
    gc.freeze()  # rows come and go by the million; what was imported need not be looked at each time
    with open_log(call.sourced) as log:
        if as_of is not None:
            closing_tick(log, topics_of(call.settings), as_of, now())  # refused before anything is appended
        journal = StoredJournal(call.settings, log, topics_of(call.settings))
        run = Ingest(log, topics_of(call.settings), Earlier(journal), now_us, undisturbed)
        ends = {
            number: log.end_offset(topics_of(call.settings).events, number)
            for number in range(log.identity.partitions)
        }
        try:
            all_read = _take_all(run, readable, sum(sizes[path] for path in readable))
            if as_of is not None:
                append_closing(log, topics_of(call.settings), as_of, now())
            _warn(
                run.forewarning,
                known_plans(journal, log, topics_of(call.settings), ends, run.forewarning.projects()),
            )
        finally:
            _print_counts(call, run.counts)
    if len(readable) < len(files) or not all_read:
        return USAGE
    return PARTLY_REJECTED if run.counts.rejected else DONE


def _size_of(path: str) -> int | None:
    """Bytes to read, None for what cannot be read."""
    try:
        return check_input(path)
    except Unreadable as error:
        _say(error)
        return None


def _warn(forewarning: Forewarning, known: KnownPlans) -> None:
    """One line per finding that is to be expected; it changes neither the counts nor the exit status."""
    for warned in forewarning.warned(known.plans, known.judged):
        text = f"milepost: warning: {warned.finding} {warned.times}, first: {warned.example}"
        print(text, file=sys.stderr, flush=True)


def _take_all(run: Ingest, paths: Sequence[str], size: int) -> bool:
    """Take one input after the other; answers whether every one could be read to its end."""
    bar = progress_bar("ingesting") if size else nullcontext(_show_nothing)
    with bar as advance:
        shown = _Shown(advance, size)
        taken = [_take(run, path, shown) for path in paths]
    return all(taken)


def _take(run: Ingest, path: str, shown: "_Shown") -> bool:
    try:
        with open_input(path) as opened:
            run.take(opened.name, shown.while_taken(opened.pages), more=opened.more)
    except Unreadable as error:
        _say(error)
        return False
    return True


@dataclass
class _Shown:
    """How much was read, on the progress bar."""

    advance: Advance
    size: int
    done: int = 0

    def while_taken(self, pages: Iterable[Page]) -> Iterator[Page]:
        """The same pages."""
        for page in pages:
            yield page
            self.done += page.size
            self.advance(self.done, max(self.done, self.size))


def _show_nothing(_done: int, _whole: int) -> None:
    """No bar for what has no known size."""


def _say(error: Unreadable) -> None:
    print(f"milepost: {error}", file=sys.stderr, flush=True)


def _print_counts(call: Call, counts: Counts) -> None:
    found = asdict(counts)
    text = ", ".join(f"{name} {count}" for name, count in found.items())
    print(json.dumps(found) if call.as_json else text, flush=True)
