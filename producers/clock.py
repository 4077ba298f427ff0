"""The live clock: says in the log that time passed. Cuts each minute what has changed, and closes each business day.

It reads no clock itself. Two at once are harmless: a cut before which nothing changed writes nothing, and neither does
a day that is closed twice. Where time is simulated the live clock has no say, so it adds nothing to such a log.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from eventlog.log import Entry, EventLog
from eventlog.outages import StopSignal, outlast
from eventlog.scan import records_between
from producers.ticks import (
    FoundTick,
    Tick,
    partitions_of,
    tick_entries,
    tick_event,
    tick_in,
    ticks_newest_first,
)
from schemas.acceptance import epoch_us, local_day
from schemas.settings import ENGINE_CONSTANTS
from schemas.topics import Topics

__all__ = ["LiveClock"]

SOURCE: Final = "milepost/clock"
MINUTE_S: Final = 60.0
_DAY: Final = timedelta(days=1)
_OWN_INSTANTS: Final = 100
"""So many of its own ticks a clock knows again; it reads each of them at its next look."""
_SIMULATED: Final = "the log has simulated ticks, so the clock adds none; reports of today belong into a log of their own (--home)"
_ANOTHER: Final = (
    "another clock adds ticks to this log as well; they count as one, so this does no harm, but one is enough"
)


@dataclass
class _Partition:
    """What the clock knows about a partition: how far it has read, where the last tick is, which day is still open.

    The ticks of clocks tell the open day. Live ticks of others only tell it where no clock has ever ticked.
    """

    number: int
    next_offset: int = 0
    last_tick: int = -1
    open_by_clock: date | None = None
    open_by_others: date | None = None
    simulated: bool = False

    @property
    def uncut(self) -> bool:
        """Whether records stand behind the last tick."""
        return self.next_offset > self.last_tick + 1


class LiveClock:
    """Adds ticks to a log while it runs. Like its log it belongs to one thread."""

    def __init__(
        self, log: EventLog, topics: Topics, *, now: Callable[[], datetime], say: Callable[[str], None]
    ) -> None:
        self._log, self._topics = log, topics
        self._now, self._say = now, say
        self._zone = ZoneInfo(log.identity.timezone)
        self._missed_max = log.identity.constants.get(
            "missed_ticks_max", ENGINE_CONSTANTS["missed_ticks_max"]
        )
        self._group = f"{topics.prefix}.clock"
        self._partitions: list[_Partition] = []
        self._noted: dict[tuple[str, int], int] = {}
        self._own: deque[datetime] = deque(maxlen=_OWN_INSTANTS)
        self._knows_another = False

    def run(self, stop: StopSignal) -> None:
        """Tick at once and at the start of each minute, until `stop` is set. A log that is away is waited for."""
        while not stop.is_set():
            if outlast(partial(self.tick, stop), stop) is False:
                self._say(_SIMULATED)
                stop.wait()
                return
            stop.wait(MINUTE_S - self._now().timestamp() % MINUTE_S)

    def tick(self, stop: StopSignal) -> bool:
        """One look at the log, and the ticks that are due; False: time is simulated there, nothing was added."""
        for partition in self._known_partitions():
            self._read(partition, stop)
            if partition.simulated:
                return False
        if not stop.is_set():
            now = self._now().astimezone(self._zone)
            self._own.append(now)
            self._log.append(list(self._due(now)))
            self._note()
        return True

    # -- reading -----------------------------------------------------------------------------------------------------

    def _known_partitions(self) -> list[_Partition]:
        if not self._partitions:
            seen = self._log.committed(self._group)
            topic = self._topics.events
            self._partitions = [
                self._open(number, seen.get((topic, number), 0))
                for number in partitions_of(self._log, self._topics)
            ]
        return self._partitions

    def _open(self, number: int, seen: int) -> _Partition:
        """A partition of which an earlier clock has seen so many records, no simulated tick among them."""
        partition = _Partition(number, next_offset=seen)
        if seen:
            for found in reversed(self._ticks_back_to_a_clock(number)):
                self._heed(partition, found)
        return partition

    def _ticks_back_to_a_clock(self, number: int) -> list[FoundTick]:
        ticks: list[FoundTick] = []
        for found in ticks_newest_first(self._log, self._topics, number):
            ticks.append(found)
            if found.source == SOURCE:
                break
        return ticks

    def _read(self, partition: _Partition, stop: StopSignal) -> None:
        """Read what has come since the last look."""
        topic, number = self._topics.events, partition.number
        end = self._log.end_offset(topic, number)
        for record in records_between(self._log, topic, number, partition.next_offset, end):
            if found := tick_in(record, self._zone):
                self._heed(partition, found)
                self._look_for_another(found)
            partition.next_offset = record.offset + 1
            if stop.is_set():
                return

    def _heed(self, partition: _Partition, found: FoundTick) -> None:
        partition.last_tick = max(partition.last_tick, found.offset)
        closes, day = found.tick.closes, local_day(found.tick.at, self._zone)
        if found.tick.clock == "simulated":
            partition.simulated = True
        elif found.source == SOURCE:
            partition.open_by_clock = day if closes is None else closes + _DAY
        else:  # anybody may close a day of long ago
            partition.open_by_others = day if closes is None else max(closes + _DAY, day)

    def _look_for_another(self, found: FoundTick) -> None:
        """Say once that another clock ticks, too. What stood there at our first look may be of one that has ended."""
        if not self._noted or self._knows_another or found.source != SOURCE or found.tick.at in self._own:
            return
        self._knows_another = True
        self._say(_ANOTHER)

    def _note(self) -> None:
        """Spare the next clock the records in which there was no simulated tick."""
        topic = self._topics.events
        seen = {(topic, each.number): each.next_offset for each in self._partitions}
        if seen != self._noted:
            self._log.commit(self._group, seen)
            self._noted = seen

    # -- ticking -----------------------------------------------------------------------------------------------------

    def _due(self, now: datetime) -> Iterator[Entry]:
        """Closing ticks of the days that are over, oldest first; else a cut where something has changed."""
        today = now.date()
        open_days = self._open_days(today)
        for day in (today - _DAY * back for back in range(self._missed_max, 0, -1)):
            yield from self._entries(
                Tick(now, day, "live"), [n for n, first in open_days.items() if first <= day]
            )
        uncut = [each.number for each in self._partitions if each.uncut and open_days[each.number] >= today]
        yield from self._entries(Tick(now, None, "live"), uncut)

    def _open_days(self, today: date) -> dict[int, date]:
        """First day that is not closed, by partition.

        Those in which no clock has ticked begin with the others, a log without any live tick begins today.
        """
        told = {each.number: each.open_by_clock or each.open_by_others for each in self._partitions}
        begin = min((day for day in told.values() if day), default=today)
        open_days = {number: day or begin for number, day in told.items()}
        for each in self._partitions:
            each.open_by_clock = open_days[each.number]
        return open_days

    def _entries(self, tick: Tick, partitions: Sequence[int]) -> list[Entry]:
        if not partitions:
            return []
        name = "cut" if tick.closes is None else f"close-{tick.closes}"
        raw = tick_event(tick, source=SOURCE, event_id=f"{name}-{epoch_us(tick.at)}")
        return tick_entries(raw, self._topics, partitions)
