"""A verification built of parts: the store as readers see it, the log where it can be read, progress on standard error."""

import sys
from collections.abc import Callable
from contextlib import ExitStack

from eventlog.log import EventLog
from milepost.environment import SourcedSettings
from milepost.progress import progress_bar
from milepost.wiring import existing_log, topics_of
from schemas.errors import ServiceUnavailable
from storage.reader import Reader, open_reader
from storage.verification.verify import Difference, compare_journal, verification

__all__ = ["verify_store"]

OnDifference = Callable[[Difference], None]


def verify_store(sourced: SourcedSettings, on_difference: OnDifference) -> int:
    """Hand over every difference, and answer how many rows were compared. Raises ServiceUnavailable without a store."""
    with open_reader(sourced.settings) as reader:
        _compare_journal(sourced, reader, on_difference)
        with progress_bar("recomputing") as advance, verification(reader, advance) as verified:
            for difference in verified.differences():
                on_difference(difference)
            return verified.rows_compared


def _compare_journal(sourced: SourcedSettings, reader: Reader, on_difference: OnDifference) -> None:
    with ExitStack() as stack:
        if (log := _open_log(sourced, stack)) is None:
            return
        advance = stack.enter_context(progress_bar("reading the log"))
        for difference in compare_journal(log, topics_of(sourced.settings).events, reader, advance):
            on_difference(difference)


def _open_log(sourced: SourcedSettings, stack: ExitStack) -> EventLog | None:
    try:
        return stack.enter_context(existing_log(sourced))
    except ServiceUnavailable as error:
        print(f"the journal is not compared with the log: {error}", file=sys.stderr)
        return None
