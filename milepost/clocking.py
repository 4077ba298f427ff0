"""The clock inside one of our threads: one per home, on its own view of the log."""

import sys

from eventlog.outages import StopSignal
from milepost.environment import SourcedSettings
from milepost.locks import clock_lock
from milepost.wall_clock import now
from milepost.wiring import open_log, topics_of
from producers.clock import LiveClock

__all__ = ["run_clock"]


def run_clock(sourced: SourcedSettings, stop: StopSignal) -> None:
    """Add ticks to the log until `stop` is set. Raises ServiceUnavailable when another clock of this home does so."""
    with clock_lock(sourced.settings), open_log(sourced) as log:
        LiveClock(log, topics_of(sourced.settings), now=now, say=_say).run(stop)


def _say(text: str) -> None:
    print(f"milepost: {text}", file=sys.stderr, flush=True)
