"""Restart of work: rate, gap, pace and comparison by days since the holiday (semantics 6; kpi-definitions 5)."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.exact import quantity, rate
from tests.oracle.project import Plan, Project
from tests.oracle.rows import (
    Null,
    Row,
    Value,
    first,
    forecast_row,
    known,
    lacking,
    quotient,
    ratio_row,
    row,
    subtract,
    times,
)
from tests.oracle.statements import SURVEY, carried, newest

NO_DATA = Null("no_data")
NO_BASELINE = Null("no_baseline")
NOT_PLANNED = Null("not_planned")
HUNDRED = Fraction(100)
SURVEYS = 7


def section(plan: Plan) -> dict[str, Any] | None:
    """The restart of a baseline; null is the same as absent."""
    return plan.data.get("restart")


def resumed(project: Project, day: date) -> Value:
    """How many have resumed by the newest survey."""
    said = newest(project.of(SURVEY), day)
    return NO_DATA if said is None else quantity(said.data["resumed"])


def population(project: Project, planned: dict[str, Any], day: date) -> Value:
    """The base: as surveyed, else as planned."""
    base = carried(project.of(SURVEY), "population", day)
    base = planned.get("population") if base is None else base
    return NOT_PLANNED if base is None else quantity(base)


def rate_percent(project: Project, planned: dict[str, Any], day: date) -> Value:
    """Resumption rate, unrounded."""
    return times(quotient(resumed(project, day), population(project, planned, day)), HUNDRED)


def target_percent(planned: dict[str, Any]) -> Fraction:
    """The rate to be reached; all of them if none is named."""
    return HUNDRED if planned.get("target_rate") is None else rate(planned["target_rate"])


def is_reached(project: Project, plan: Plan, day: date) -> bool:
    """The restart has reached its target."""
    planned = section(plan)
    if planned is None:
        return False
    now = known(rate_percent(project, planned, day))
    return now is not None and now >= target_percent(planned)


def restart_rows(project: Project, plan: Plan | None, day: date) -> list[Row]:
    """The family, at the end of a day."""
    planned, unplanned = _plan_of(plan)
    now = rate_percent(project, planned, day)
    base = population(project, planned, day)
    before = _rate_after_holiday(planned, day)
    return [
        ratio_row("resumption_rate", "", "%", resumed(project, day), base, unplanned),
        row("resumption_gap", "", "pp", _unless(unplanned, subtract(now, _target(planned)))),
        ratio_row("resumption_pace", "", "pp/d", *_slope(project, planned, day), unplanned, lacking(now)),
        row("resumption_rate_yoy", "", "pp", _unless(unplanned, subtract(now, before))),
    ]


def _plan_of(plan: Plan | None) -> tuple[dict[str, Any], str | None]:
    """The planned restart, and why nothing can be compared with it."""
    return ((plan and section(plan)) or {}), "no_baseline" if plan is None else None


def _unless(reason: str | None, value: Value) -> Value:
    found = first(lacking(value), reason)
    return value if found is None else Null(found)


def _target(planned: dict[str, Any]) -> Value:
    return NOT_PLANNED if planned.get("target_rate") is None else target_percent(planned)


def _slope(project: Project, planned: dict[str, Any], day: date) -> tuple[Value, Value]:
    """Points gained between the oldest and the newest of the last surveys, and the days between them."""
    days = sorted({s.day for s in project.of(SURVEY) if s.day is not None and s.day <= day})[-SURVEYS:]
    if len(days) < 2:
        return NO_DATA, NO_DATA
    oldest, latest = days[0], days[-1]
    gained = subtract(rate_percent(project, planned, latest), rate_percent(project, planned, oldest))
    return gained, Fraction((latest - oldest).days)


def _rate_after_holiday(planned: dict[str, Any], day: date) -> Value:
    previous, holiday_end = planned.get("previous"), planned.get("holiday_end")
    if previous is None or holiday_end is None:
        return NOT_PLANNED
    at = (day - holiday_end).days
    rates = [rate(point["rate"]) for point in previous["rates"] if point["day"] == at]
    return rates[-1] if rates else NO_DATA


def restart_completion_rows(project: Project, plan: Plan | None, day: date, *, finished: bool) -> list[Row]:
    """Required pace and projected finish of a restart."""
    planned, unplanned = _plan_of(plan)
    rest = subtract(_target(planned), rate_percent(project, planned, day))
    stopped = first(unplanned, "complete" if finished else None)
    pace = quotient(*_slope(project, planned, day))
    return [
        required_pace_row("", "pp/d", rest, planned.get("due"), day, stopped),
        forecast_row("projected_finish", "", day, days_ahead(rest, pace, stopped)),
    ]


def required_pace_row(
    scope: str, unit: str, rest: Value, due: date | None, day: date, stopped: str | None
) -> Row:
    """What is left over the days left, as `value = numerator / denominator` asks; 0 of at least a day when nothing is."""
    left: Value = NOT_PLANNED if due is None else Fraction((due - day).days)
    if isinstance(rest, Fraction):
        rest = max(rest, Fraction(0))
    if rest == 0 and isinstance(left, Fraction) and stopped is None:
        left = max(left, Fraction(1))
    passed = "target_passed" if isinstance(left, Fraction) and left <= 0 and rest != 0 else None
    return ratio_row("required_pace", scope, unit, rest, left, stopped, passed)


def days_ahead(rest: Value, pace: Value, stopped: str | None) -> Value:
    """Days until nothing is left at this pace; what is reached needs no pace."""
    if isinstance(rest, Fraction) and rest <= 0:
        stopped = first("complete", stopped)
    if stopped is not None and (reason := first(lacking(rest), stopped)):
        return Null(reason)
    speed = known(pace)
    slow = None if speed is None or speed > 0 else "no_pace" if speed == 0 else "unreachable"
    return quotient(rest, pace, slow)
