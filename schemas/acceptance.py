"""Whether one log record is an event: what the record alone shows, and nothing else, so that order cannot decide."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from pydantic_core import TzInfo

from schemas.codec import decode, structured
from schemas.events import TICK_TYPE, Event
from schemas.keys import DAY_FIELD
from schemas.rejections import Reason, Rejected

__all__ = ["accept", "accept_structured", "epoch_us", "local_day"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What is decoded as UTC has this one object as its zone, and instants of one zone are subtracted ten times faster.
_DECODED_UTC = TzInfo(0)
_EPOCH_DECODED = _EPOCH.replace(tzinfo=_DECODED_UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
DAY_US = 86_400_000_000


def epoch_us(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    passed = _since_epoch(instant)
    return passed.days * DAY_US + passed.seconds * 1_000_000 + passed.microseconds


def _since_epoch(instant: datetime) -> timedelta:
    return instant - (_EPOCH_DECODED if instant.tzinfo is _DECODED_UTC else _EPOCH)


def local_day(instant: datetime, zone: tzinfo) -> date:
    """Calendar day of an instant in the business calendar."""
    return instant.astimezone(zone).date()


def accept(
    value: bytes | None, headers: Iterable[tuple[str, bytes]], recorded_at_us: int, zone: tzinfo
) -> Event:
    """The event of a record; raises Rejected. `recorded_at_us` is when the log appended it, `zone` the business calendar."""
    return accept_structured(structured(value, headers), recorded_at_us, zone)[0]


def accept_structured(raw: bytes, recorded_at_us: int, zone: tzinfo) -> tuple[Event, int]:
    """The event of structured bytes, and its time in microseconds since the epoch; raises Rejected."""
    event = decode(raw)
    since_epoch = _since_epoch(event["time"])
    stated_us = since_epoch.days * DAY_US + since_epoch.seconds * 1_000_000 + since_epoch.microseconds
    if stated_us > recorded_at_us + DAY_US:
        detail = "time: lies more than one day after the record was appended; correct the clock of the source"
        raise Rejected(Reason.TIME_IN_FUTURE, detail)
    kind, data = event["type"], event["data"]
    if kind == TICK_TYPE:
        _check_tick(event["subject"], data, zone)
        return event, stated_us
    if field := DAY_FIELD.get(kind):
        day = data[field]
        # A day that is not after the day in UTC cannot be too late in any zone; the exact look is dear.
        if day.__class__ is datetime or day.toordinal() > since_epoch.days + _EPOCH_ORDINAL:
            _check_day(field, day, since_epoch.days + _EPOCH_ORDINAL, event["time"], zone)
    if event["subject"] == "clock":
        raise Rejected(
            Reason.INVALID_VALUE, "subject: `clock` is reserved for ticks; choose another project id"
        )
    return event, stated_us


def _check_tick(subject: str, data: dict[str, Any], zone: tzinfo) -> None:
    if subject != "clock":
        raise Rejected(Reason.INVALID_VALUE, f"subject: a tick has the subject `clock`, not {subject!r}")
    closes = data.get("closes")
    if closes is not None and closes > local_day(data["at"], zone):
        raise Rejected(
            Reason.INVALID_VALUE,
            f"data.closes: {closes} lies after the day of data.at; close it when it is over",
        )


def _check_day(field: str, day: date, utc_day: int, stated_at: datetime, zone: tzinfo) -> None:
    """A day may lie at most one day after the day on which the statement was made."""
    if isinstance(day, datetime):
        day = local_day(day, zone)
    if day.toordinal() > utc_day and day > local_day(stated_at, zone) + timedelta(days=1):
        detail = (
            f"data.{field}: {day} lies more than one day after the event's time; correct the day or the time"
        )
        raise Rejected(Reason.DAY_AFTER_TIME, detail)
