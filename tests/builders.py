"""Small builders of events as bytes, and of log records and days around them. Defaults are the shortest valid ones."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from tests.oracle.statements import LogRecord

ZONE: Final = ZoneInfo("Asia/Shanghai")
PROJECT: Final = "p1"
START: Final = date(2024, 1, 1)
RECORDED_AT_US: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
"""Late enough that no time of a test lies in the future of its record."""


def day(number: int) -> date:
    """So many days after START."""
    return START + timedelta(days=number)


def instant(on: date | int, hour: int = 18, minute: int = 0) -> datetime:
    """A moment of a day in the business calendar."""
    on = day(on) if isinstance(on, int) else on
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=ZONE)


def event(
    type_name: str,
    data: dict[str, Any],
    *,
    project: str = PROJECT,
    time: datetime | None = None,
    source: str = "test",
    id: str | None = None,  # noqa: A002  # the attribute's name
) -> bytes:
    """A structured CloudEvent; `type_name` without prefix and version. Without an id it gets one made of its content."""
    fields = {name: value for name, value in data.items() if value is not ...}
    content = to_json(fields).decode()
    envelope = {
        "specversion": "1.0",
        "id": id or f"{type_name} {content}"[:200].strip(),
        "source": source,
        "type": f"milepost.{type_name}.v1",
        "subject": project,
        "time": (time or _time_of(data)).isoformat(),
        "data": fields,
    }
    return to_json(envelope)


def _time_of(data: dict[str, Any]) -> datetime:
    """The evening of the day that the statement is about."""
    said = data.get("as_of") or data.get("period_end") or data.get("assigned_on") or data.get("at") or START
    return said if isinstance(said, datetime) else instant(said)


def _day(on: date | int) -> date:
    return day(on) if isinstance(on, int) else on


def baseline(number: int = 1, *, start: date | int = 0, name: str = "Project", sections: dict[str, Any] | None = None,
             **more: Any) -> bytes:  # fmt: skip
    """A baseline; `sections` are further fields of its data."""
    data = {"baseline": number, "name": name, "start": _day(start), **(sections or {})}
    return event("project.baselined", data, **{"time": instant(_day(start)), **more})


def status(on: date | int, said: str = "started", **more: Any) -> bytes:
    return event("project.status_reported", {"as_of": _day(on), "status": said}, **more)


def milestone(part: str, on: date | int, *, percent: Any = ..., forecast: Any = ..., actual: Any = ..., revision: Any = ...,
              **more: Any) -> bytes:  # fmt: skip
    """Days may be numbers; `None` clears a field, leaving it out keeps it."""
    dates = {"forecast_finish": forecast, "actual_finish": actual}
    given = {field: _day(value) if isinstance(value, int) else value for field, value in dates.items()}
    data = {"milestone": part, "as_of": _day(on), "percent_complete": percent, **given, "revision": revision}
    return event("milestone.reported", data, **more)


def work(
    part: str, on: date | int, quantity: float, unit: str = "t", revision: Any = ..., **more: Any
) -> bytes:
    data = {"item": part, "as_of": _day(on), "quantity": quantity, "unit": unit, "revision": revision}
    return event("work.reported", data, **more)


def value(on: date | int, earned_value: float, revision: Any = ..., **more: Any) -> bytes:
    return event(
        "value.reported", {"as_of": _day(on), "earned_value": earned_value, "revision": revision}, **more
    )


def cost(on: date | int, actual_cost: float, unit: str = "CNY", revision: Any = ..., **more: Any) -> bytes:
    data = {"as_of": _day(on), "actual_cost": actual_cost, "unit": unit, "revision": revision}
    return event("cost.reported", data, **more)


def production(line: str, start: date | int, quantity: float, *, end: date | int | None = None, unit: str = "t",
               shift: Any = ..., revision: Any = ..., good: Any = ..., scrap: Any = ..., rework: Any = ...,
               times: dict[str, Any] | None = None, **more: Any) -> bytes:  # fmt: skip
    """Output of a period; one day unless `end` is given. `times` are fields of ISO 22400 in hours."""
    last = _day(start) if end is None else _day(end)
    data = {"line": line, "period_start": _day(start), "period_end": last, "shift": shift, "quantity": quantity,
            "unit": unit, "revision": revision, "good": good, "scrap": scrap, "rework": rework}  # fmt: skip
    return event("production.reported", {**data, **(times or {})}, **more)


def investment(on: date | int, year: int, cumulative: float, unit: str = "亿元", revision: Any = ...,
               **more: Any) -> bytes:  # fmt: skip
    data = {"as_of": _day(on), "year": year, "cumulative": cumulative, "unit": unit, "revision": revision}
    return event("investment.reported", data, **more)


def survey(on: date | int, resumed: float, population: Any = ..., revision: Any = ..., **more: Any) -> bytes:
    data = {"as_of": _day(on), "resumed": resumed, "population": population, "revision": revision}
    return event("restart.surveyed", data, **more)


def assigned(task: str, on: date | int, *, due: Any = ..., district: Any = ..., **more: Any) -> bytes:
    due = _day(due) if isinstance(due, int) else due
    return event(
        "task.assigned", {"task": task, "assigned_on": _day(on), "due": due, "district": district}, **more
    )


def task(name: str, on: date | int, said: str = "done", revision: Any = ..., **more: Any) -> bytes:
    return event(
        "task.reported", {"task": name, "as_of": _day(on), "status": said, "revision": revision}, **more
    )


def tally(on: date | int, done: float, *, total: Any = ..., unit: Any = ..., district: Any = ..., revision: Any = ...,
          **more: Any) -> bytes:  # fmt: skip
    data = {
        "as_of": _day(on),
        "done": done,
        "total": total,
        "unit": unit,
        "district": district,
        "revision": revision,
    }
    return event("tally.reported", data, **more)


def reading(series: str, at: datetime | date | int, number: float, unit: str = "µg/m³", revision: Any = ...,
            **more: Any) -> bytes:  # fmt: skip
    """A reading; a day means its noon."""
    moment = at if isinstance(at, datetime) else instant(_day(at), hour=12)
    data = {"series": series, "at": moment, "value": number, "unit": unit, "revision": revision}
    return event("reading.taken", data, **more)


def retraction(
    type_name: str, key: dict[str, Any], *, time: datetime, revision: Any = ..., **more: Any
) -> bytes:
    """Takes back the statement of `type_name` with the key fields given."""
    data = {"type": f"milepost.{type_name}.v1", **key, "revision": revision}
    return event("statement.retracted", data, time=time, **more)


def tick(
    at: datetime | date | int, *, closes: date | int | None = None, clock: str = "simulated", **more: Any
) -> bytes:
    """A cut; a day means its last minute."""
    moment = at if isinstance(at, datetime) else instant(_day(at), hour=23, minute=59)
    data = {"at": moment, "closes": None if closes is None else _day(closes), "clock": clock}
    return event("clock.ticked", data, project="clock", time=moment, **more)


def closing(on: date | int, **more: Any) -> bytes:
    """The tick that closes a day at its end."""
    return tick(on, closes=on, **more)


def log(
    values: Iterable[bytes], *, partition: int = 0, recorded_at_us: int = RECORDED_AT_US
) -> list[LogRecord]:
    """Records of one partition in the order given."""
    numbers = count()
    return [LogRecord(partition, next(numbers), recorded_at_us, value) for value in values]


def with_cuts(values: Sequence[bytes], *, last_day: int) -> list[bytes]:
    """The statements, then one cut."""
    return [*values, tick(last_day)]
