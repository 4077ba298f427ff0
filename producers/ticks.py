"""Ticks: events that say that time passed. Finds those of a log and appends new ones; reads no clock itself.

A tick stands in every partition that it is to cut, the same bytes in each.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from eventlog.log import Entry, EventLog, Record
from eventlog.scan import newest_first
from schemas.acceptance import accept, epoch_us, local_day
from schemas.codec import to_json
from schemas.errors import UsageError
from schemas.events import TICK_TYPE
from schemas.rejections import Rejected
from schemas.topics import Topics

__all__ = [
    "END_OF_DAY",
    "SUBJECT",
    "ClockKind",
    "FoundTick",
    "Tick",
    "append_closing",
    "append_cuts",
    "closing_tick",
    "has_ticks",
    "newest_tick",
    "partitions_of",
    "tick_entries",
    "tick_event",
    "tick_in",
    "ticks_newest_first",
]

ClockKind = Literal["live", "simulated"]

SUBJECT: Final = "clock"
SOURCE: Final = "milepost/run"
END_OF_DAY: Final = time(23, 59, 59)
_TYPE_BYTES: Final = TICK_TYPE.encode()
_ESCAPED_ASCII: Final = b"\\u00"


class Tick(NamedTuple):
    """An instant, the business day that it closes, and whose clock says so."""

    at: datetime
    closes: date | None
    clock: ClockKind


class FoundTick(NamedTuple):
    """A tick, who appended it, and where and when that was."""

    tick: Tick
    source: str
    offset: int
    recorded_at_us: int


def tick_event(tick: Tick, *, source: str, event_id: str, stated_at: datetime | None = None) -> bytes:
    """The event of a tick; it is stated at its own instant unless another is given."""
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": TICK_TYPE,
        "subject": SUBJECT,
        "time": (stated_at or tick.at).isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "at": tick.at.isoformat(),
            "closes": None if tick.closes is None else tick.closes.isoformat(),
            "clock": tick.clock,
        },
    }
    return to_json(envelope)


def tick_entries(raw: bytes, topics: Topics, partitions: Iterable[int]) -> list[Entry]:
    """A tick for these partitions."""
    return [Entry(topics.events, SUBJECT.encode(), raw, partition) for partition in partitions]


def partitions_of(log: EventLog, topics: Topics) -> range:
    """Every partition that a tick is to stand in."""
    return range(log.partitions(topics.events))


# -- finding -----------------------------------------------------------------------------------------------------


def newest_tick(log: EventLog, topics: Topics) -> Tick | None:
    """The tick that was recorded last, in whatever partition; of several the one with the latest instant."""
    return _newest(_last_ticks(log, topics).values())


def has_ticks(log: EventLog, topics: Topics, clock: ClockKind) -> bool:
    """Whether a clock of this kind has ever ticked in the log."""
    return any(
        found.tick.clock == clock
        for number in partitions_of(log, topics)
        for found in ticks_newest_first(log, topics, number)
    )


def ticks_newest_first(log: EventLog, topics: Topics, partition: int) -> Iterator[FoundTick]:
    """Ticks of a partition that count, from its end."""
    zone = ZoneInfo(log.identity.timezone)
    for record in newest_first(log, topics.events, partition):
        if found := tick_in(record, zone):
            yield found


def tick_in(record: Record, zone: ZoneInfo) -> FoundTick | None:
    """The tick of a record, if it is one that counts; other records are passed over without decoding them."""
    value = record.value
    if value is None or not (_TYPE_BYTES in value or _ESCAPED_ASCII in value or record.headers):
        return None
    try:
        event = accept(value, record.headers, record.recorded_at_us, zone)
    except Rejected:
        return None
    if event["type"] != TICK_TYPE:
        return None
    data = event["data"]
    tick = Tick(data["at"], data.get("closes"), data.get("clock") or "live")
    return FoundTick(tick, event["source"], record.offset, record.recorded_at_us)


def _newest(ticks: Iterable[FoundTick | None]) -> Tick | None:
    present = [found for found in ticks if found is not None]
    newest = max(present, key=lambda found: (found.recorded_at_us, found.tick.at), default=None)
    return None if newest is None else newest.tick


def _last_ticks(log: EventLog, topics: Topics) -> dict[int, FoundTick | None]:
    """The last tick of each partition."""
    numbers = partitions_of(log, topics)
    return {number: next(ticks_newest_first(log, topics, number), None) for number in numbers}


# -- appending ---------------------------------------------------------------------------------------------------


def append_cuts(log: EventLog, topics: Topics, now: datetime) -> int:
    """Cut every partition in which records follow the last tick, and answer how many that were.

    Simulated time stands still: after a simulated tick the cut has that tick's instant.
    """
    last = _last_ticks(log, topics)
    uncut = [number for number, found in last.items() if _records_follow(log, topics, number, found)]
    if uncut:
        newest = _newest(last.values())
        simulated = newest is not None and newest.clock == "simulated"
        tick = Tick(newest.at, None, "simulated") if newest and simulated else Tick(now, None, "live")
        _append(log, topics, tick, now, uncut)
    return len(uncut)


def append_closing(log: EventLog, topics: Topics, day: date, now: datetime) -> None:
    """Close a day in every partition. Raises UsageError for a day that is not over by the clock of the log."""
    _append(log, topics, closing_tick(log, topics, day, now), now, partitions_of(log, topics))


def closing_tick(log: EventLog, topics: Topics, day: date, now: datetime) -> Tick:
    """The tick that closes a day. Raises UsageError for a day that is not over by the clock of the log."""
    zone = ZoneInfo(log.identity.timezone)
    newest = newest_tick(log, topics)
    if newest is not None and newest.clock == "simulated":
        return Tick(datetime.combine(day, END_OF_DAY, zone), day, "simulated")
    if day > (today := local_day(now, zone)):
        raise UsageError(f"--as-of {day}: that day lies ahead, today is {today}; close it when it is over")
    return Tick(now, day, "live")


def _records_follow(log: EventLog, topics: Topics, partition: int, last: FoundTick | None) -> bool:
    """Whether any record stands behind the last tick, or any at all where there is none."""
    return log.end_offset(topics.events, partition) > (0 if last is None else last.offset + 1)


def _append(log: EventLog, topics: Topics, tick: Tick, now: datetime, partitions: Iterable[int]) -> None:
    """Append with an id that no other tick of the log has: no two follow the same number of records."""
    records = sum(log.end_offset(topics.events, number) for number in partitions_of(log, topics))
    name = "cut" if tick.closes is None else f"close-{tick.closes}"
    raw = tick_event(tick, source=SOURCE, event_id=f"{name}-after-{records}", stated_at=min(tick.at, now))
    try:
        accept(raw, (), epoch_us(now), ZoneInfo(log.identity.timezone))
    except Rejected as error:
        closing = "" if tick.closes is None else f" that closes {tick.closes}"
        raise UsageError(f"no tick at {tick.at.isoformat()}{closing}: {error.detail}") from error
    log.append(tick_entries(raw, topics, partitions))
