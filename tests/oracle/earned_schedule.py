"""Earned schedule by semantics 3 and kpi-definitions 2, as Lipke wrote it: a table of PV, a period for each day, and ES = C + I."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.earned_value import actual_cost, budget, earned_value, planned_value
from tests.oracle.project import Plan, Project
from tests.oracle.rows import (
    ONE_DAY,
    Null,
    Row,
    Value,
    add,
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

NO_BASELINE = Null("no_baseline")
ZERO = Fraction(0)


@dataclass(frozen=True)
class Standing:
    """ES, AT and what is planned from the day that time is counted from, `before` days after the start."""

    start: date
    before: Fraction
    planned: Value
    actual: Fraction
    earned: Value

    @property
    def index(self) -> Value:
        """SPI(t)."""
        return quotient(self.earned, self.actual)


def table(plan: Plan, until: date) -> list[Fraction] | None:
    """PV at the end of the start day and of each day after it; None where the plan has none."""
    days = (until - plan.start).days
    values = [planned_value(plan, plan.start + number * ONE_DAY) for number in range(max(0, days) + 1)]
    return (
        [value for value in values if isinstance(value, Fraction)] if known(values[0]) is not None else None
    )


def _last_planned_day(plan: Plan) -> date:
    parts = [*plan.parts("milestones"), *plan.parts("work_items")]
    dates: list[date] = [part[field] for part in parts for field in ("start", "finish") if part.get(field)]
    dates += [point["date"] for point in plan.parts("planned_value")]
    return max([plan.start, *dates, plan.data.get("finish") or plan.start]) + ONE_DAY


def planned_duration(plan: Plan) -> Value:
    """PD: the first day on which PV is what it is in the end."""
    values = table(plan, _last_planned_day(plan))
    return Null("not_planned") if values is None else Fraction(values.index(values[-1]))


def standing(project: Project, plan: Plan, day: date) -> Standing:
    """How far the plan has come by the end of a day; since a re-baseline, from its approval."""
    again = plan is not project.first_plan()
    began = max(plan.start, plan.approved_on) if again else plan.start
    before = Fraction((began - plan.start).days)
    duration = planned_duration(plan)
    planned = max(ZERO, duration - before) if isinstance(duration, Fraction) else duration
    earned_before = earned_value(project, plan, plan.approved_on) if again else ZERO
    actual = max(ZERO, Fraction((day - began).days))
    earned = _earned_schedule(project, plan, day, earned_before, planned, int(before))
    return Standing(plan.start, before, planned, actual, earned)


def _earned_schedule(
    project: Project, plan: Plan, day: date, earned_before: Value, planned: Value, before: int
) -> Value:
    ev = earned_value(project, plan, day)
    gained = subtract(ev, earned_before)
    if reason := lacking(planned, gained):
        return Null(reason)
    assert isinstance(gained, Fraction)
    assert isinstance(ev, Fraction)
    if ev >= budget(plan) > 0:
        return planned
    if gained <= 0:
        return ZERO
    whole = table(plan, max(_last_planned_day(plan), plan.start + before * ONE_DAY))
    assert whole is not None
    assert isinstance(planned, Fraction)
    return min(planned, _by_periods([value - whole[before] for value in whole[before:]], gained))


def _by_periods(values: list[Fraction], gained: Fraction) -> Fraction:
    """C whole periods of which no more is planned than was earned, and the earned share of the next one."""
    complete = max(number for number, value in enumerate(values) if value <= gained)
    if complete + 1 == len(values):
        return Fraction(complete)
    return complete + (gained - values[complete]) / (values[complete + 1] - values[complete])


def at_the_finish(project: Project, plan: Plan, day: date, finish: date | None) -> Standing:
    """As it is on the day, or as it stands still from the finish on, against the baseline in force then."""
    if finish is None or finish == day:
        return standing(project, plan, day)
    stopped = project.plan_on(finish)
    assert stopped is not None
    return standing(project, stopped, finish)


def earned_schedule_rows(
    project: Project, plan: Plan | None, now: Standing | None, day: date, *, finish: date | None
) -> list[Row]:
    """The family, at the end of a day; how far the plan has come is given."""
    if plan is None or now is None:
        return _nothing()
    early = "not_started" if day <= plan.start else None
    cpi = quotient(earned_value(project, plan, day), actual_cost(project, plan, day), early)
    sci = times(now.index, cpi)
    rest = subtract(now.planned, now.earned)
    return [
        row("earned_schedule", "", "d", now.earned),
        row("actual_time", "", "d", now.actual),
        row("planned_duration", "", "d", planned_duration(plan)),
        row("schedule_variance_time", "", "d", subtract(now.earned, now.actual)),
        ratio_row("spi_t", "", "1", now.earned, now.actual),
        row("sci_t", "", "1", sci),
        *_forecasts(now, day, finish, sci),
        _to_complete(project, plan, day, now, rest, finish),
    ]


def _forecasts(now: Standing, day: date, finish: date | None, sci: Value) -> list[Row]:
    rest = subtract(now.planned, now.earned)
    expected: list[Value] = [
        quotient(now.planned, now.index),
        add(now.actual, rest),
        add(now.actual, quotient(rest, sci)),
    ]
    took: list[Value] = [add(now.before, value) for value in expected]
    if finish is not None:
        took = [Fraction((finish - now.start).days)] * 3
    names = ("forecast_duration", "forecast_duration_pf1", "forecast_duration_sci_t")
    ahead = subtract(took[0], Fraction((day - now.start).days))
    forecast = forecast_row("forecast_finish", "", day, ahead)
    if finish is not None:
        forecast["value_date"] = finish
    return [row(name, "", "d", value) for name, value in zip(names, took, strict=True)] + [forecast]


def _to_complete(
    project: Project, plan: Plan, day: date, now: Standing, rest: Value, finish: date | None
) -> Row:
    left, ev = subtract(now.planned, now.actual), known(earned_value(project, plan, day))
    return ratio_row(
        "tspi",
        "",
        "1",
        rest,
        left,
        first("not_started" if day <= plan.start else None),
        "complete" if finish is not None or (ev is not None and ev >= budget(plan)) else None,
        "target_passed" if isinstance(left, Fraction) and left <= 0 else None,
    )


def _nothing() -> list[Row]:
    durations = ("forecast_duration", "forecast_duration_pf1", "forecast_duration_sci_t")
    times_ = ("earned_schedule", "actual_time", "planned_duration", "schedule_variance_time")
    rows = [row(kpi, "", "d", NO_BASELINE) for kpi in (*times_, *durations)]
    rows += [ratio_row(kpi, "", "1", NO_BASELINE, NO_BASELINE) for kpi in ("spi_t", "tspi")]
    return [*rows, row("sci_t", "", "1", NO_BASELINE), row("forecast_finish", "", "date", NO_BASELINE)]
