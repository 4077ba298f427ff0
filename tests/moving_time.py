"""A log and a clock whose time moves only when somebody waits: hours of a service pass in a test without any waiting."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from eventlog.scan import records_between
from producers.clock import LiveClock
from producers.ticks import Tick, tick_in
from schemas.acceptance import epoch_us
from schemas.settings import ENGINE_CONSTANTS
from schemas.topics import Topics
from tests.builders import status

__all__ = ["PARTITIONS", "TOPICS", "MovingTime", "TickedLog", "Told"]

TOPICS: Final = Topics()
PARTITIONS: Final = 3


@dataclass
class MovingTime:
    """The present, and a stop signal: a wait moves the present, does what falls due, and is told to stop at `until`."""

    at: datetime
    until: datetime
    due: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def now_us(self) -> int:
        return epoch_us(self.at)

    def is_set(self) -> bool:
        return self.at >= self.until

    def wait(self, timeout: float | None = None) -> bool:
        ends = self.until if timeout is None else min(self.until, self.at + timedelta(seconds=timeout))
        for moment, action in sorted(self.due, key=lambda each: each[0]):
            if moment < ends:
                self.due.remove((moment, action))
                self.at = moment
                action()
        self.at = ends
        return self.is_set()


class Told(NamedTuple):
    """A tick of a partition as tests speak of it: the local time, what it closes."""

    at: str
    closes: date | None


@dataclass
class TickedLog:
    """A log whose records are appended at the present of a moving time."""

    log: EmbeddedLog
    time: MovingTime
    said: list[str] = field(default_factory=list)

    @classmethod
    def new(cls, path: Path, time: MovingTime, zone: str = "Asia/Shanghai") -> "TickedLog":
        log = EmbeddedLog.open(
            path, timezone=zone, partitions=PARTITIONS, topics=TOPICS, log_id=lambda: "log", constants=ENGINE_CONSTANTS,
            now_us=time.now_us,
        )  # fmt: skip
        return cls(log, time)

    def report(self, *partitions: int) -> None:
        """A statement in each of these partitions."""
        self.add(status(date(2024, 1, 1)), partitions)

    def add(self, value: bytes, partitions: Iterable[int] = range(PARTITIONS)) -> None:
        """These bytes in each of these partitions."""
        self.log.append([Entry(TOPICS.events, b"p1", value, number) for number in partitions])

    def clock(self, say: Callable[[str], None] | None = None) -> LiveClock:
        """A clock that starts on this log."""
        return LiveClock(self.log, TOPICS, now=self.time.now, say=say or self.said.append)

    def run_clock(self, until: datetime) -> None:
        """A clock that runs from the present on."""
        self.time.until = until
        self.clock().run(self.time)

    def ticks(self, partition: int) -> list[Tick]:
        """Ticks of a partition, in order."""
        zone = ZoneInfo(self.log.identity.timezone)
        end = self.log.end_offset(TOPICS.events, partition)
        found = (
            tick_in(record, zone) for record in records_between(self.log, TOPICS.events, partition, 0, end)
        )
        return [each.tick for each in found if each is not None]

    def told(self, partition: int) -> list[Told]:
        """The same as local times."""
        zone = ZoneInfo(self.log.identity.timezone)
        return [
            Told(f"{tick.at.astimezone(zone):%m-%d %H:%M:%S}", tick.closes) for tick in self.ticks(partition)
        ]

    def closed(self, partition: int) -> list[date]:
        """Days that the ticks of a partition close, in order."""
        return [tick.closes for tick in self.ticks(partition) if tick.closes is not None]
