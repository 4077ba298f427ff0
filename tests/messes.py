"""Messy feeds on purpose: statements of every type about few projects, parts and days, so that they meet and contradict.

All choices are made by the `random.Random` that is given, so a seed (or Hypothesis) decides everything.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any, Final

from pydantic_core import from_json, to_json

from tests import builders
from tests.builders import ZONE, day, instant
from tests.plans import UNITS, Days, labels, plan_sections

__all__ = ["KINDS", "Mess", "bad_record", "closing_tick", "cut_tick", "some_statement"]

# Among them what rounds half to even at the sixth place, and what only just fits.
AMOUNTS: Final = (
    0,
    0,
    1,
    2,
    5,
    7.5,
    10,
    40,
    99.5,
    100,
    120,
    0.1,
    0.3,
    1 / 3,
    0.0000005,
    0.0000015,
    1234567.891,
    1e23,
)
PERCENTS: Final = (0, 0, 30, 50, 99.9, 100, 100, 100, None, ...)
READINGS: Final = (-3.5, 0, 12, 35, 35.000000000001, 50, 80.25)
HOURS: Final = (0, 0, 0.25, 7.5, 8, 8, 1 / 3, 24, 1e-12, 0.0000000000015, None)
ISO_TIMES: Final = (
    "planned_busy_time",
    "unit_busy_time",
    "unit_processing_time",
    "production_time",
    "setup_time",
    "delay_time",
    "order_execution_time",
    "planned_run_time_per_item",
)
SILENT_AFTER: Final = 62
STATUSES: Final = (
    "planned",
    "started",
    "suspended",
    "resumed",
    "completed",
    "completed",
    "commissioned",
    "cancelled",
)
STARTS: Final = (-5, -1, 0, 0, 0, 2, 2, 5, 5, 30, 68)
"""Among them the end of a month, and a day that is far away until the busy ones are over."""
ZONES: Final = (UTC, timezone(timedelta(hours=-9, minutes=-30)))
SOURCES: Final = ("site", "site", "site", "办公室")
_ABOUT_DAYS: Final = [
    "status",
    "milestone",
    "work",
    "value",
    "cost",
    "investment",
    "production",
    "survey",
    "task",
    "tally",
    "reading",
]
_KEYS: Final = {
    "project.baselined": ("baseline",),
    "project.status_reported": ("as_of",),
    "milestone.reported": ("milestone", "as_of"),
    "work.reported": ("item", "as_of"),
    "value.reported": ("as_of",),
    "cost.reported": ("as_of",),
    "investment.reported": ("year", "as_of"),
    "production.reported": ("line", "period_start", "period_end", "shift"),
    "restart.surveyed": ("as_of",),
    "task.assigned": ("task",),
    "task.reported": ("task", "as_of"),
    "tally.reported": ("district", "as_of"),
    "reading.taken": ("series", "at"),
}


KINDS: Final = (*_ABOUT_DAYS, "assigned")
"""Kinds of reports."""


@dataclass(frozen=True)
class Mess:
    """How wide a mess is: projects, kinds of reports, days. Most statements fall on the first `busy` days."""

    projects: tuple[str, ...] = ("p1", "p2", "项目-3")
    kinds: tuple[str, ...] = KINDS
    busy: int = 8
    last: int = 40

    def days(self, chance: Random) -> Days:
        """Days of the mess, chosen by chance."""
        return Days(chance, self.busy, self.last)


def some_statement(chance: Random, mess: Mess) -> bytes:
    """One statement or retraction of any type about any project."""
    project = chance.choice(mess.projects)
    roll = chance.randrange(100)
    if roll < 10:
        return _baseline(chance, mess, project)
    if roll < 25:
        return _retraction(chance, mess, project)
    report = _report(chance, mess, project)
    return _with_more(chance, report) if roll == 99 else report


def _with_more(chance: Random, report: bytes) -> bytes:
    """The same with fields that nobody asked for, and white space where JSON allows it."""
    event = from_json(report)
    event["data"] |= {"note": chance.choice(("", '雨 {"data":{}}', "مرحبا 🏗️")), "unknown": {"data": [1, {}]}}
    event["traceparent"] = "00-1"
    return json.dumps(event, ensure_ascii=chance.randrange(2) == 0, indent=chance.choice((None, 1))).encode()


def _report(chance: Random, mess: Mess, project: str) -> bytes:
    return _REPORTS[chance.choice(mess.kinds)](chance, mess.days(chance), project)


def _baseline(chance: Random, mess: Mess, project: str) -> bytes:
    days = mess.days(chance)
    start = chance.choice(STARTS)
    number = chance.choice((1, 1, 1, 2, 2, 3))
    sections = {**plan_sections(chance, days, day(start), mess.kinds), "revision": _revision(chance)}
    return builders.baseline(
        number,
        start=start,
        sections={**sections, **labels(project, number)},
        project=project,
        time=instant(day(chance.choice((0, 3, 6))), chance.choice((8, 18))),
        source=chance.choice(SOURCES),
    )


# -- reports -------------------------------------------------------------------------------------------------------


def _said(chance: Random, project: str, on: date) -> dict[str, Any]:
    """Attributes of a statement about a day: made that day or later, sometimes the evening before."""
    later = chance.choice((0, 0, 0, 1, 2, 9, -1))
    said: dict[str, Any] = {
        "project": project,
        "time": instant(on + timedelta(days=later), chance.choice((8, 18, 18))),
        "source": chance.choice(SOURCES),
    }
    if chance.randrange(8) == 0:
        said["id"] = chance.choice(("the same", "the same", 'It\'s "quoted"; -- 号'))
    if chance.randrange(6) == 0:
        said["time"] = said["time"].astimezone(chance.choice(ZONES))
    return said


def _revision(chance: Random) -> Any:
    return chance.choice((..., ..., ..., ..., None, 0, 1, 2))


def _unit(chance: Random, *usual: str) -> str:
    return chance.choice(UNITS) if chance.randrange(6) == 0 else chance.choice(usual)


def _status(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    return builders.status(on, chance.choice(STATUSES), **_said(chance, project, on))


def _milestone(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    actual = chance.choice((..., ..., ..., ..., None, on, on - timedelta(days=2)))
    forecast = chance.choice((..., ..., None, days.planned(), days.planned()))
    return builders.milestone(
        chance.choice(("m1", "m1", "m2", "m3")), on, percent=chance.choice(PERCENTS), forecast=forecast, actual=actual,
        revision=_revision(chance), **_said(chance, project, on),
    )  # fmt: skip


def _work(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    return builders.work(
        chance.choice(("a", "a", "b", "c")), on, chance.choice(AMOUNTS), _unit(chance, "t", "t", "kg"),
        _revision(chance), **_said(chance, project, on),
    )  # fmt: skip


def _value(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    return builders.value(on, chance.choice(AMOUNTS), _revision(chance), **_said(chance, project, on))


def _cost(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    unit = _unit(chance, "CNY", "CNY", "万元", "%")
    return builders.cost(on, chance.choice(AMOUNTS), unit, _revision(chance), **_said(chance, project, on))


def _investment(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    data = {"as_of": on, "year": chance.choice((2023, 2024)), "cumulative": chance.choice(AMOUNTS),
            "unit": _unit(chance, "CNY", "万元"), "revision": _revision(chance)}  # fmt: skip
    return builders.event("investment.reported", data, **_said(chance, project, on))


def _production(chance: Random, days: Days, project: str) -> bytes:
    end = days.reported()
    start = end - timedelta(days=chance.choice((0, 0, 0, 0, 1, 2, 6)))
    return builders.production(
        chance.choice(("L1", "L1", "L1", "L2", "L3")), start, chance.choice(AMOUNTS), end=end,
        unit=_unit(chance, "t", "t", "t", "kg"), shift=chance.choice((..., ..., ..., None, "day", "night")),
        revision=_revision(chance), good=_part(chance), scrap=_part(chance), rework=_part(chance), times=_times(chance),
        **_said(chance, project, end),
    )  # fmt: skip


def _part(chance: Random) -> Any:
    """How much of an output was good, scrap or rework."""
    return chance.choice((..., ..., None, 0, 1, 4, 7.25, chance.choice(AMOUNTS)))


def _times(chance: Random) -> dict[str, Any]:
    """Times of ISO 22400: mostly some, sometimes all or none."""
    told = chance.choice((0, 0.6, 0.9, 1))
    return {field: chance.choice(HOURS) for field in ISO_TIMES if chance.random() < told}


def _survey(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    population = chance.choice((..., ..., ..., None, 0, 10, 200))
    return builders.survey(
        on, chance.choice(AMOUNTS), population, _revision(chance), **_said(chance, project, on)
    )


def _assigned(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    data = {"task": chance.choice(("t1", "t2", "t3", "t4")), "assigned_on": on, "district": _district(chance),
            "due": chance.choice((..., None, days.planned(), on, on + timedelta(days=2))), "revision": _revision(chance)}  # fmt: skip
    return builders.event("task.assigned", data, **_said(chance, project, on))


def _district(chance: Random) -> Any:
    return chance.choice((..., ..., None, "d1", "d1", "d2", "d3"))


def _task(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    return builders.task(
        chance.choice(("t1", "t2", "t3", "t4")), on, chance.choice(("done", "done", "reopened", "withdrawn")),
        _revision(chance), **_said(chance, project, on),
    )  # fmt: skip


def _tally(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    return builders.tally(
        on, chance.choice(AMOUNTS), total=chance.choice((..., ..., ..., None, 0, 10, 100)),
        unit=chance.choice((..., ..., None, "户", "t", "kg", "m")), district=_district(chance),
        revision=_revision(chance), **_said(chance, project, on),
    )  # fmt: skip


def _reading(chance: Random, days: Days, project: str) -> bytes:
    on = days.reported()
    if chance.randrange(4) == 0:
        on = on.replace(year=on.year - 1, day=min(on.day, 28))
    at: datetime = instant(on, chance.choice((0, 12, 12, 23))).astimezone(chance.choice((ZONE, ZONE, *ZONES)))
    series, usual = chance.choice((("s1", "µg/m³"), ("s1", "µg/m³"), ("s2", "%")))
    unit = _unit(chance, usual)
    said = _said(chance, project, on)
    return builders.reading(series, at, chance.choice(READINGS), unit, _revision(chance), **said)


_REPORTS: Final[dict[str, Callable[[Random, Days, str], bytes]]] = {
    "status": _status,
    "milestone": _milestone,
    "work": _work,
    "value": _value,
    "cost": _cost,
    "investment": _investment,
    "production": _production,
    "survey": _survey,
    "assigned": _assigned,
    "task": _task,
    "tally": _tally,
    "reading": _reading,
}


# -- retractions, ticks, damage ------------------------------------------------------------------------------------


def _retraction(chance: Random, mess: Mess, project: str) -> bytes:
    """Takes back what a statement of the mess may have said; whether it was said, and whether it wins, is chance."""
    made = _baseline if chance.randrange(10) == 0 else _report
    target = from_json(made(chance, mess, project))
    kind = target["type"].removeprefix("milepost.").removesuffix(".v1")
    key = {field: target["data"].get(field, ...) for field in _KEYS[kind]}
    stated = datetime.fromisoformat(target["time"])
    return builders.retraction(
        kind, key, time=stated + timedelta(hours=chance.choice((-10, 0, 1, 240))),
        revision=chance.choice((..., ..., 0, 1, 3)), project=project, source=chance.choice(SOURCES),
    )  # fmt: skip


def cut_tick(chance: Random, mess: Mess) -> bytes:
    """A cut at any time, also one that lies before others."""
    return builders.tick(day(chance.randrange(mess.last)))


def closing_tick(chance: Random, mess: Mess) -> bytes:
    """A tick that closes a day: mostly a busy one, sometimes the end of a month, or one about when silence begins."""
    busy, silent = range(mess.busy + 2), range(SILENT_AFTER, SILENT_AFTER + mess.busy)
    closed = chance.choice((*busy, *busy, *busy, *silent, 30, 30, mess.last, 59, 120))
    return builders.tick(day(closed + chance.choice((0, 0, 1))), closes=closed)


def bad_record(chance: Random, mess: Mess) -> bytes:
    """A record that is refused."""
    sound = some_statement(chance, mess)
    cut_short = sound[: len(sound) // 2]
    unknown = to_json({**from_json(sound), "type": "milepost.nothing.happened.v1"})
    wrong_type = sound.replace(b'"data":{', b'"data":{"as_of":7,')
    too_early = builders.status(9, time=instant(3), project=mess.projects[0])
    never_over = builders.tick(3, closes=4)
    return chance.choice((cut_short, b"", b"\xff\xfe", unknown, wrong_type, too_early, never_over))
