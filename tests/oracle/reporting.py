"""Whether a project reports, and how it stands against its due date (semantics 6)."""

import re
from datetime import date
from fractions import Fraction
from math import ceil

from tests.oracle.project import Plan, Project
from tests.oracle.rows import ONE_DAY, Null, Row, Value, first, lacking, ratio_row, row, subtract, times

NO_BASELINE = Null("no_baseline")
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_SECONDS = (365 * 86_400, 365 * 86_400 // 12, 604_800, 86_400, 3600, 60, 1)


def duration_days(text: str | None) -> Fraction:
    """Days of an ISO 8601 duration; P1D when there is none or it is nothing."""
    parts = _DURATION.fullmatch(text or "P1D")
    assert parts is not None
    seconds = sum(int(number or 0) * scale for number, scale in zip(parts.groups(), _SECONDS, strict=True))
    return Fraction(seconds or 86_400, 86_400)


def due_date(plan: Plan) -> date | None:
    """Of the campaign or restart, else the newest of the series, else the finish."""
    for name in ("campaign", "restart"):
        section = plan.data.get(name) or {}
        if section.get("due") is not None:
            due: date = section["due"]
            return due
    series = [part["due"] for part in plan.parts("series") if part.get("due") is not None]
    finish: date | None = max(series) if series else plan.data.get("finish")
    return finish


def reporting_rows(
    project: Project, plan: Plan | None, day: date, projected: Row | None, *, finished: bool
) -> list[Row]:
    """The family; `projected` is the row of the project's projected finish."""
    days = {reported for reported in project.days() if reported <= day}
    age: Value = Fraction((day - max(days)).days) if days else Null("no_data")
    complete = "complete" if finished else None
    every = duration_days(None if plan is None else plan.data.get("report_every"))
    overdue = NO_BASELINE if plan is None else _unless(complete, subtract(age, times(every, Fraction(2))))
    return [
        row("report_age", "", "d", age),
        row("report_overdue", "", "d", overdue),
        _coverage_row(plan, days, day, ceil(every)),
        row("target_days_late", "", "d", _days_late(plan, day, complete)),
        row("target_margin", "", "d", _margin(plan, projected, complete)),
    ]


def _unless(reason: str | None, value: Value) -> Value:
    found = first(lacking(value), reason)
    return value if found is None else Null(found)


def _coverage_row(plan: Plan | None, days: set[date], day: date, every: int) -> Row:
    if plan is None:
        return ratio_row("reporting_coverage_7d", "", "%", NO_BASELINE, NO_BASELINE)
    slots = max(1, 7 // every)
    filled = 0
    for slot in range(slots):
        newest, oldest = day - slot * every * ONE_DAY, day - ((slot + 1) * every - 1) * ONE_DAY
        filled += any(oldest <= reported <= newest for reported in days)
    return ratio_row("reporting_coverage_7d", "", "%", Fraction(filled), Fraction(slots))


def _due(plan: Plan | None) -> Value | date:
    if plan is None:
        return NO_BASELINE
    return due_date(plan) or Null("not_planned")


def _days_late(plan: Plan | None, day: date, complete: str | None) -> Value:
    due = _due(plan)
    return _unless(complete, Fraction((day - due).days) if isinstance(due, date) else due)


def _margin(plan: Plan | None, projected: Row | None, complete: str | None) -> Value:
    due = _due(plan)
    if not isinstance(due, date):
        return _unless(complete, due)
    if projected is None:
        return _unless(complete, Null("not_planned"))
    if projected["value"] is None:
        return _unless(complete, Null(projected["reason"]))
    # The instant, not its calendar day: nothing is rounded on the way.
    return _unless(complete, (due - projected["as_of"]).days - Fraction(projected["value"]))
