"""Annual investment: what was done of the year's plan, and how that stands against the months that have passed.

It follows the rule of the statistic, not earned value. A new year begins with nothing reported. Source: key-project
dispatch (投资完成率 investment completion, 序时进度 time progress by months).
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from schemas.kpi import NullReason
from schemas.quantities import convert_to_micro, convertible
from streams.core.day_view import DayView
from streams.core.kpis.time_progress import months_passed
from streams.core.plan import Plan
from streams.core.project import Project
from streams.core.reasons import first_reason
from streams.core.values import Value, amount, null, ratio

__all__ = ["evaluate", "unit_of_investment"]

INVESTED = "milepost.investment.reported.v1"


def evaluate(view: DayView) -> Iterator[Value]:
    """Both values at the end of the day."""
    if "investment" not in view.sections:
        return
    done, planned = _done(view), _planned(view)
    missing = first_reason(
        view.plan_gap(planned=planned is not None),
        "no_data" if done is None else None,
        "zero_denominator" if planned == 0 else None,
    )
    yield _completion(done, planned, missing)
    yield _lead_lag(view.day, done, planned, missing)


def _completion(done: int | None, planned: int | None, missing: NullReason | None) -> Value:
    """Investment completion = cumulative of the year / annual plan."""
    if missing is not None or done is None or planned is None:
        return null(
            "investment_completion", "", "%", missing or "no_data", numerator=done, denominator=planned
        )
    return ratio("investment_completion", "", done, planned, "%", times=100)


def _lead_lag(day: int, done: int | None, planned: int | None, missing: NullReason | None) -> Value:
    """Completion − time progress of the year, in percentage points; negative is behind."""
    if missing is not None or done is None or planned is None:
        return null("investment_lead_lag", "", "pp", missing or "no_data")
    lead = Fraction(done, planned) - months_passed(date.fromordinal(day))
    return amount("investment_lead_lag", "", 100 * lead, "pp", 1)


def _planned(view: DayView) -> int | None:
    """Plan of the day's year, in 10⁻⁶ of the budget's unit."""
    plans = view.plan.annual_plan if view.plan else ()
    year = date.fromordinal(view.day).year
    return next((planned for of, planned in plans if of == year), None)


def _done(view: DayView) -> int | None:
    """Newest cumulative figure of the day's year by the day, in 10⁻⁶; reports in a unit of another dimension are none."""
    unit = unit_of_investment(view.project, view.plan)
    reports = view.project.timeline(INVESTED, date.fromordinal(view.day).year)
    for _, report in reports.backwards(view.day):
        if unit is not None and convertible(report.data["unit"], unit):
            return convert_to_micro(report.data["cumulative"], report.data["unit"], unit)
    return None


def unit_of_investment(project: Project, plan: Plan | None) -> str | None:
    """Unit of the budget; where the plan has none, that of the earliest report."""
    if plan is not None and plan.budget is not None:
        return plan.budget_unit
    timelines = [(year, project.timeline(INVESTED, year)) for year in project.objects(INVESTED)]
    first = min(((reports.day_of(0), year) for year, reports in timelines), default=None)
    return None if first is None else str(project.timeline(INVESTED, first[1]).nth(0).data["unit"])
