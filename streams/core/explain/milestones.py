"""What milestones read: planned days, and of each milestone the reports that say whether and when it was achieved."""

from streams.core.explain.earned_value import percent_from
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    carrier,
    date_of,
    fraction_input,
    together,
    value_input,
)
from streams.core.kpis.milestones import achieved_on
from streams.core.plan import Part
from streams.core.progress import FULL, MILESTONE, percent_of_milestone
from streams.core.project import Project

__all__ = ["DECLARED"]

_SAYS_DONE = frozenset({"percent_complete", "actual_finish"})


def _state_from(project: Project, milestone: str, day: int) -> Statements:
    """Statements behind the day on which a milestone was achieved, or behind its not being achieved."""
    timeline = project.timeline(MILESTONE, milestone)
    actual = carrier(timeline, day, "actual_finish")
    if actual and actual[0].data["actual_finish"] is not None:
        return actual
    run = []
    for reported, statement in timeline.backwards(day):
        if percent_of_milestone(project, milestone, reported) != FULL:
            break
        if not _SAYS_DONE.isdisjoint(statement.data):
            run.append(statement)
    return together(percent_from(project, milestone, day), actual, run)


def _plan(case: Case) -> Statements:
    return baseline_of(case.project, case.plan)


def _slip(case: Case) -> Worked:
    """Planned day, and the day reached: achieved, else forecast, else the day itself."""
    part = _part(case)
    state = _state_from(case.project, case.scope, case.day) if part and part.finish else ()
    planned = Input("plan", date_of(part.finish if part else None), "date", _plan(case))
    achieved = achieved_on(case.project, case.scope, case.day) if state else None
    if achieved is not None:
        return Worked((Input("actual", date_of(achieved), "date", state), planned), "actual − plan")
    timeline = case.project.timeline(MILESTONE, case.scope)
    forecast = carrier(timeline, case.day, "forecast_finish") if planned.value else ()
    said = forecast[0].data["forecast_finish"] if forecast else None
    if said is None and case.value.value is not None:
        today = Input("D", date_of(case.day), "date", together(state, forecast))
        return Worked((today, planned), "D − plan")
    return Worked((Input("forecast", said, "date", together(state, forecast)), planned), "forecast − plan")


def _part(case: Case) -> Part | None:
    milestones = case.plan.milestones if case.plan else ()
    return next((part for part in milestones if part.id == case.scope), None)


def _shift(case: Case) -> Worked:
    part, first = _part(case), case.project.first_plan() if case.plan else None
    original = {part.id: part.finish for part in first.milestones} if first else {}
    return Worked(
        (
            Input("current", date_of(part.finish if part else None), "date", _plan(case)),
            Input("original baseline", date_of(original.get(case.scope)), "date", baseline_of(case.project, first)),
        )
    )  # fmt: skip


def _states(case: Case, *, until: int | None = None) -> tuple[Input, ...]:
    """The milestones that are planned for a day, at most `until`, with the day on which each was achieved."""
    milestones = case.plan.milestones if case.plan else ()
    return tuple(
        Input(part.id, date_of(achieved_on(case.project, part.id, case.day)), "date",
              together(_plan(case), _state_from(case.project, part.id, case.day)))
        for part in milestones
        if part.finish is not None and (until is None or part.finish <= until)
    )  # fmt: skip


def _overdue(case: Case) -> Worked:
    name = "count of planned < D and not achieved"
    states = _states(case, until=case.day - 1)
    return Worked((value_input(name, case.value, _plan(case)), *states))


def _hit_rate(case: Case) -> Worked:
    return _rate(case, "due and achieved on time", "due", _states(case, until=case.day))


def _on_time_rate(case: Case) -> Worked:
    return _rate(case, "achieved on time", "achieved", _states(case))


def _bei(case: Case) -> Worked:
    return _rate(case, "achieved", "planned to be achieved", _states(case))


def _rate(case: Case, above: str, below: str, states: tuple[Input, ...]) -> Worked:
    top = fraction_input(above, case.value.numerator, "1", _plan(case))
    return Worked((top, fraction_input(below, case.value.denominator, "1", _plan(case)), *states))


DECLARED: dict[str, Declaration] = {
    "milestone_slip": _slip,
    "milestones_overdue": _overdue,
    "milestone_hit_rate": _hit_rate,
    "milestone_on_time_rate": _on_time_rate,
    "milestone_bei": _bei,
    "baseline_shift": _shift,
}
"""By KPI."""
