"""What reporting reads: on which days there are statements, and the due day of the plan."""

import math

from streams.core.explain import completion, earned_schedule
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    date_of,
    fraction_input,
    plain,
    together,
    value_input,
)
from streams.core.kpis.reporting import due_day
from streams.core.project import Project, day_of

__all__ = ["DECLARED"]

_WEEK_DAYS = 7


def _said_within(project: Project, after: int, until: int) -> Statements:
    """All winning statements about days in (after, until]."""
    return tuple(
        statement
        for key, statement in project.slots.items()
        if not statement.retracts and (day := day_of(key, project.zone)) is not None and after < day <= until
    )


def _newest(case: Case) -> Input:
    """The newest day with a statement, and all that was said about it."""
    day = case.project.days.newest(case.day)
    said = () if day is None else _said_within(case.project, day - 1, day)
    return Input("newest statement", date_of(day), "date", said)


def _plan(case: Case) -> Statements:
    return baseline_of(case.project, case.plan)


def _today(case: Case) -> Input:
    return Input("D", date_of(case.day), "date")


def _age(case: Case) -> Worked:
    """Needs no plan; but that nothing is expected before the start is said by the plan."""
    today = _today(case)
    return Worked(
        (today if case.value.value is not None else today._replace(statements=_plan(case)), _newest(case))
    )


def _overdue(case: Case) -> Worked:
    age = value_input("age", case.other("report_age"), _newest(case).statements)
    every = plain(case.plan.report_every) if case.plan else None
    return Worked((age, Input("report_every", every, "d", _plan(case))))


def _coverage(case: Case) -> Worked:
    every = math.ceil(case.plan.report_every) if case.plan else 1
    slots = max(1, _WEEK_DAYS // every)
    said = _said_within(case.project, case.day - slots * every, case.day) if case.plan else ()
    filled = fraction_input("days reported", case.value.numerator, "1", together(_plan(case), said))
    return Worked(
        (filled, fraction_input("slots", case.value.denominator, "1", _plan(case))), "days reported / slots"
    )


def _due(case: Case) -> Input:
    return Input("due", date_of(due_day(case.plan) if case.plan else None), "date", _plan(case))


def _days_late(case: Case) -> Worked:
    return Worked((_today(case), _due(case)))


def _margin(case: Case) -> Worked:
    projected, finish = case.other("projected_finish"), completion.finish
    if projected is None:
        projected, finish = case.other("forecast_finish"), earned_schedule.finish
    said: Statements = ()
    if projected is not None:
        inputs = finish(Case(case.view, projected, case.values)).inputs
        said = together(*(each.statements for each in inputs))
    ahead = Input("days to the projected finish", projected.value if projected else None, "d", said)
    return Worked((_due(case), _today(case), ahead), "due − (D + days to the projected finish)")


DECLARED: dict[str, Declaration] = {
    "report_age": _age,
    "report_overdue": _overdue,
    "reporting_coverage_7d": _coverage,
    "target_days_late": _days_late,
    "target_margin": _margin,
}
"""By KPI."""
