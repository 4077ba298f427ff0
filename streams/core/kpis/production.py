"""Production lines: output to date, rolling rates, plan attainment, use of capacity, required rate and projection.

Every line has a row, and '' is the project: outputs and plans of its lines are summed, then divided. Lines of another
dimension than the first take no part in ''. Sources: NBS on capacity utilisation; plan attainment and run rates of
dispatch reports.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from schemas.kpi import NullReason
from schemas.quantities import conversion, convertible
from streams.core.day_view import DayView
from streams.core.kpis.lines import Line, lines_of, unit_of
from streams.core.kpis.pace import Number, why_null
from streams.core.line_output import LineReports
from streams.core.plan import LinePlan
from streams.core.values import Exact, Value, amount, null, ratio

__all__ = ["evaluate"]

_WEEK, _WEEK_COVERED = 7, 5
_MONTH, _MONTH_COVERED = 30, 20
_FAR = 1 << 30
_WEEK_DAYS = (1 << _WEEK) - 1
_DAYS_OF_CAPACITY = {
    "P1D": Fraction(1),
    "P1M": Fraction(365, 12),
    "P1Y": Fraction(365),
    "PT1H": Fraction(1, 24),
}


class _Planned(NamedTuple):
    """Plan of a line or project: amounts in 10⁻⁶ of its unit, last day as ordinal."""

    to_date: Exact
    whole: Exact
    last_day: int


class _Capacity(NamedTuple):
    """Output and capacity, in 10⁻⁶ of the unit, of the days reported in the last 30, and how many days those are."""

    made: Exact
    capacity: Exact
    days: int


class _Figures(NamedTuple):
    """What a line, or the project, has made; amounts in 10⁻⁶ of `unit`. `month_days` has bit i for D − i."""

    scope: str
    unit: str
    reported: bool
    reported_since_start: bool
    made: Exact
    made_since_start: Exact
    made_in_week: Exact
    made_in_month: Exact
    month_days: int
    capacity: _Capacity | None
    planned: _Planned | None


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the family at the end of the day."""
    if "production" not in view.sections:
        return
    told = lines_of(view)
    lines = [_line(view, line) for line in told]
    for figures in (_project(lines, unit_of(told)), *lines):
        week = _rolling(
            view, figures, "output_rolling_7d", figures.made_in_week, _week(figures), _WEEK_COVERED
        )
        yield _cumulative(view, figures)
        yield week
        yield _rolling(view, figures, "output_rolling_30d", figures.made_in_month,
                       figures.month_days.bit_count(), _MONTH_COVERED)  # fmt: skip
        yield _attainment(view, figures)
        yield _utilization(view, figures)
        yield _required_rate(view, figures)
        yield _projected(view, figures, week)


# -- figures -------------------------------------------------------------------------------------------------------


def _line(view: DayView, line: Line) -> _Figures:
    plan, reports, unit = line
    day = view.day
    made, days = reports.made_until(day, unit)
    before_start, days_before_start = _before_start(view, reports, unit)
    in_month = made - reports.made_until(day - _MONTH, unit)[0]
    month_days = _reported_days(reports.taken(unit), day)
    return _Figures(
        scope=plan.id,
        unit=unit,
        reported=days > 0,
        reported_since_start=days > days_before_start,
        made=made,
        made_since_start=made - before_start,
        made_in_week=made - reports.made_until(day - _WEEK, unit)[0],
        made_in_month=in_month,
        month_days=month_days,
        capacity=_capacity(plan, in_month, month_days.bit_count()),
        planned=_planned(view, plan),
    )


def _reported_days(taken: list[tuple[int, int]], day: int) -> int:
    """Days reported of the last 30, as bits: bit i is `day` − i."""
    bits = 0
    for index in range(bisect_right(taken, (day, _FAR)) - 1, -1, -1):
        first, last = taken[index]
        newest = day - last if last < day else 0
        if newest >= _MONTH:
            break
        oldest = day - first if day - first < _MONTH else _MONTH - 1
        bits |= (2 << oldest) - (1 << newest)
    return bits


def _before_start(view: DayView, reports: LineReports, unit: str) -> tuple[Exact, int]:
    """Amount and days reported before the start; the start day itself is a day of production."""
    return reports.made_until(view.plan.start - 1, unit) if view.plan else (0, 0)


def _capacity(line: LinePlan, made: Exact, days: int) -> _Capacity | None:
    """Capacity of so many days; a month is a twelfth of a year of 365 days."""
    if line.capacity is None or line.per is None:
        return None
    return _Capacity(made, line.capacity * days / _DAYS_OF_CAPACITY[line.per], days)


def _planned(view: DayView, line: LinePlan) -> _Planned | None:
    """Plan of a line: since the start to date, whole, and its last day."""
    if not line.plan or view.plan is None:
        return None
    to_date = _plan_until(line, view.day) - _plan_until(line, min(view.plan.start - 1, view.day))
    return _Planned(to_date, sum(value for _, _, value in line.plan), max(last for _, last, _ in line.plan))


def _plan_until(line: LinePlan, day: int) -> Exact:
    """Planned amount up to and with a day; even by days inside a period."""
    planned: Exact = 0
    for first, last, value in line.plan:
        if last <= day:
            planned += value
        elif first <= day:
            planned += Fraction(value * (day - first + 1), last - first + 1)
    return planned


def _project(lines: Sequence[_Figures], unit: str) -> _Figures:
    """Sums over the lines, in `unit`; a day that any line reported is reported."""
    parts = [_told_in(unit, line) for line in lines if not line.unit or convertible(line.unit, unit)]
    month_days = 0
    for part in parts:
        month_days |= part.month_days
    capacities = [part.capacity for part in parts if part.capacity is not None]
    plans = [part.planned for part in parts if part.planned is not None]
    return _Figures(
        scope="",
        unit=unit,
        reported=any(part.reported for part in parts),
        reported_since_start=any(part.reported_since_start for part in parts),
        made=sum(part.made for part in parts),
        made_since_start=sum(part.made_since_start for part in parts),
        made_in_week=sum(part.made_in_week for part in parts),
        made_in_month=sum(part.made_in_month for part in parts),
        month_days=month_days,
        capacity=_sum_of_capacities(capacities) if capacities else None,
        planned=_sum_of_plans(plans) if plans else None,
    )


def _sum_of_capacities(capacities: Sequence[_Capacity]) -> _Capacity:
    return _Capacity(
        sum(each.made for each in capacities),
        sum(each.capacity for each in capacities),
        sum(each.days for each in capacities),
    )


def _sum_of_plans(plans: Sequence[_Planned]) -> _Planned:
    return _Planned(
        sum(plan.to_date for plan in plans),
        sum(plan.whole for plan in plans),
        max(plan.last_day for plan in plans),
    )


def _told_in(unit: str, line: _Figures) -> _Figures:
    """The same figures in another unit of the same dimension, exactly."""
    if not line.unit or line.unit == unit:
        return line
    factor = conversion(line.unit, unit)
    plan, rated = line.planned, line.capacity
    return line._replace(
        unit=unit,
        made=line.made * factor,
        made_since_start=line.made_since_start * factor,
        made_in_week=line.made_in_week * factor,
        made_in_month=line.made_in_month * factor,
        capacity=rated and _Capacity(rated.made * factor, rated.capacity * factor, rated.days),
        planned=plan and _Planned(plan.to_date * factor, plan.whole * factor, plan.last_day),
    )


# -- KPIs ----------------------------------------------------------------------------------------------------------


def _week(figures: _Figures) -> int:
    """Days reported of the last seven."""
    return (figures.month_days & _WEEK_DAYS).bit_count()


def _unit(figures: _Figures) -> str:
    return figures.unit or "1"


def _cumulative(view: DayView, figures: _Figures) -> Value:
    """Σ quantity of the periods taken, up to and with the day."""
    if not figures.reported:
        return _null(view, figures, "output_cumulative", _unit(figures), "no_data")
    return amount("output_cumulative", figures.scope, figures.made, _unit(figures))


def _rolling(view: DayView, figures: _Figures, kpi: str, made: Exact, days: int, covered: int) -> Value:
    """Σ output of the last days / days reported; null below the coverage."""
    unit = f"{_unit(figures)}/d"
    if days < covered:
        return _null(view, figures, kpi, unit, "no_data", numerator=made, denominator=days)
    return ratio(kpi, figures.scope, made, days, unit, denominator_scale=1)


def _attainment(view: DayView, figures: _Figures) -> Value:
    """Output since the start / plan to date."""
    planned = figures.planned
    missing = _missing(view, planned=planned is not None, reported=figures.reported_since_start)
    made = figures.made_since_start if figures.reported_since_start and view.plan else None
    if missing is not None or planned is None or made is None:
        return null("plan_attainment", figures.scope, "%", missing or "no_data",
                    numerator=made, denominator=planned.to_date if planned else None)  # fmt: skip
    empty = why_null(view, "zero_denominator") or "zero_denominator"
    return ratio("plan_attainment", figures.scope, made, planned.to_date, "%", times=100, empty=empty)


def _utilization(view: DayView, figures: _Figures) -> Value:
    """Output of the last 30 days / capacity of the days reported in them."""
    rated = figures.capacity
    missing = _missing(view, planned=rated is not None, reported=rated is not None and rated.days > 0)
    if missing is not None or rated is None:
        return null("capacity_utilization", figures.scope, "%", missing or "no_data",
                    numerator=rated and rated.made, denominator=rated and rated.capacity)  # fmt: skip
    empty = why_null(view, "zero_denominator") or "zero_denominator"
    return ratio(
        "capacity_utilization", figures.scope, rated.made, rated.capacity, "%", times=100, empty=empty
    )


def _required_rate(view: DayView, figures: _Figures) -> Value:
    """(Whole plan − output) / days left to the end of the last plan period; 0 once the plan is met."""
    planned, unit = figures.planned, f"{_unit(figures)}/d"
    left = max(0, planned.whole - figures.made) if planned and figures.reported else None
    days_left = planned.last_day - view.day if planned else None
    missing = _missing(view, planned=planned is not None, reported=figures.reported)
    if missing is None and view.finish is not None:
        missing = why_null(view, "complete")
    if missing is None and left and (days_left is None or days_left <= 0):
        missing = why_null(view, "target_passed")
    if missing is not None or left is None or days_left is None:
        return _null(view, figures, "required_rate", unit, missing or "no_data",
                     numerator=left, denominator=days_left)  # fmt: skip
    days_left = days_left if left else max(1, days_left)
    return ratio("required_rate", figures.scope, left, days_left, unit, denominator_scale=1)


def _projected(view: DayView, figures: _Figures, week: Value) -> Value:
    """Output + 7-day rate × days left to the end of the last plan period."""
    planned = figures.planned
    missing = why_null(view, view.plan_gap(planned=planned is not None), week.reason)
    if missing is not None or planned is None:
        return _null(view, figures, "projected_output", _unit(figures), missing or "not_planned")
    days_left = max(0, planned.last_day - view.day)
    made = figures.made + Fraction(figures.made_in_week * days_left) / _week(figures)
    return amount("projected_output", figures.scope, made, _unit(figures))


def _missing(view: DayView, *, planned: bool, reported: bool) -> NullReason | None:
    return why_null(view, view.plan_gap(planned=planned), None if reported else "no_data")


def _null(
    view: DayView,
    figures: _Figures,
    kpi: str,
    unit: str,
    reason: Number,
    *,
    numerator: Exact | None = None,
    denominator: int | None = None,
) -> Value:
    return null(kpi, figures.scope, unit, why_null(view, reason) or "no_data",
                numerator=numerator, denominator=denominator, denominator_scale=1)  # fmt: skip
