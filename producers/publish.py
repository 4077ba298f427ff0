"""Publishes the lines of a feed into a log, batch by batch, as fast as possible or at a pace.

What was counted as published is durable. Reads no clock: a pace is given one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from eventlog.log import Entry, EventLog
from producers.simulation import Line, Stopped
from producers.ticks import tick_entries
from schemas.topics import Topics

__all__ = ["Counts", "OnDay", "Pace", "publish"]

_BATCH_RECORDS: Final = 2000
_WAIT_SECONDS_MAX: Final = 0.1
"""How long a wait lasts before somebody is asked whether to stop."""

OnDay = Callable[[date], None]


@dataclass
class Counts:
    """Lines published so far; a tick counts once, in however many partitions it stands."""

    events: int = 0
    ticks: int = 0

    def add(self, lines: Iterable[Line]) -> None:
        """Count lines that are out."""
        for line in lines:
            if line.is_tick:
                self.ticks += 1
            else:
                self.events += 1


@dataclass
class Pace:
    """Simulated time passes `speed` times as fast as the clock, from the first line on."""

    speed: float
    clock: Callable[[], float]
    """Seconds that only grow."""
    wait: Callable[[float], object]
    _begun: tuple[datetime, float] | None = None

    def seconds_until(self, line: Line) -> float:
        """How long to wait before a line is due; 0 when it is."""
        now = self.clock()
        if self._begun is None:
            self._begun = line.time, now
        first, begun = self._begun
        return max(0.0, begun + (line.time - first).total_seconds() / self.speed - now)


def publish(
    lines: Iterable[Line],
    log: EventLog,
    topics: Topics,
    counts: Counts,
    *,
    stopped: Stopped,
    pace: Pace | None = None,
    on_day: OnDay = lambda _: None,
) -> bool:
    """Append the lines and count those that are durable; False when stopped before the end."""
    batch = _Batch(log, topics, counts, on_day)
    for line in lines:
        if pace is not None and not _wait(pace, line, batch, stopped):
            return False
        batch.add(line)
        if batch.is_full:
            batch.append()
            if stopped():
                return False
    if stopped():
        return False
    batch.append()
    return True


def _wait(pace: Pace, line: Line, batch: "_Batch", stopped: Stopped) -> bool:
    """Wait until a line is due, with nothing held back meanwhile; False when stopped."""
    while seconds := pace.seconds_until(line):
        batch.append()
        if stopped():
            return False
        pace.wait(min(seconds, _WAIT_SECONDS_MAX))
    return not stopped()


@dataclass
class _Batch:
    """Lines that are appended together."""

    log: EventLog
    topics: Topics
    counts: Counts
    on_day: OnDay
    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether it is time to append."""
        return len(self.entries) >= _BATCH_RECORDS

    def add(self, line: Line) -> None:
        """An event goes to the partition of its project, a tick to every one."""
        self.lines.append(line)
        if line.is_tick:
            self.entries += tick_entries(
                line.raw, self.topics, range(self.log.partitions(self.topics.events))
            )
        else:
            self.entries.append(Entry(self.topics.events, line.key.encode(), line.raw))

    def append(self) -> None:
        """Make what is held durable, and count it."""
        if not self.lines:
            return
        self.log.append(self.entries)
        self.counts.add(self.lines)
        self.on_day(self.lines[-1].day)
        self.lines, self.entries = [], []
