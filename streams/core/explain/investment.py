"""What annual investment reads: the plan of the year, and the newest figure that was reported for it."""

from datetime import date

from schemas.quantities import convertible
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    fraction_input,
    newest_where,
    plain,
    together,
    value_input,
)
from streams.core.kpis.investment import INVESTED, unit_of_investment
from streams.core.kpis.time_progress import months_passed

__all__ = ["DECLARED"]


def _done_from(case: Case) -> Statements:
    """The baseline, the newest report of the year, and what gives it its unit."""
    unit = unit_of_investment(case.project, case.plan)
    timeline = case.project.timeline(INVESTED, date.fromordinal(case.day).year)
    newest = newest_where(
        timeline, case.day, lambda said: unit is not None and convertible(said["unit"], unit)
    )
    return together(baseline_of(case.project, case.plan), _unit_from(case), newest)


def _unit_from(case: Case) -> Statements:
    """The earliest report, where the plan has no budget."""
    if case.plan is not None and case.plan.budget is not None:
        return ()
    timelines = [case.project.timeline(INVESTED, year) for year in case.project.objects(INVESTED)]
    return (min(timelines, key=lambda reports: reports.day_of(0)).nth(0),) if timelines else ()


def _completion(case: Case) -> Worked:
    unit = unit_of_investment(case.project, case.plan) or "1"
    done = fraction_input("investment of the year", case.value.numerator, unit, _done_from(case))
    plan = baseline_of(case.project, case.plan)
    return Worked((done, fraction_input("annual plan", case.value.denominator, unit, plan)))


def _lead_lag(case: Case) -> Worked:
    passed = months_passed(date.fromordinal(case.day))
    completion = value_input("completion", case.other("investment_completion"), _done_from(case))
    return Worked((completion, Input("time progress by months", plain(100 * passed), "%")))


DECLARED: dict[str, Declaration] = {"investment_completion": _completion, "investment_lead_lag": _lead_lag}
"""By KPI."""
