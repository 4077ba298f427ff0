"""Milestones: slip and shift of each, overdue, hit rate, on-time rate and execution index to date.

A milestone planned for a day counts at the end of that day: due today is not overdue.
Sources: milestone trend analysis (DIN 69901 practice); DCMA 14-point assessment and NDIA PASEG for hit rate and BEI.
"""

from collections.abc import Iterator
from typing import NamedTuple

from streams.core.day_view import DayView
from streams.core.plan import Part, Plan
from streams.core.progress import FULL, MILESTONE, percent_of_milestone
from streams.core.project import Project
from streams.core.values import Value, amount, null, ratio

__all__ = ["achieved_on", "evaluate"]

_COUNTS = ("milestones_overdue", "milestone_hit_rate", "milestone_on_time_rate", "milestone_bei")
_UNITS = {
    "milestones_overdue": "1",
    "milestone_hit_rate": "%",
    "milestone_on_time_rate": "%",
    "milestone_bei": "1",
}


class _State(NamedTuple):
    """One milestone on a day; days as ordinals."""

    part: Part
    achieved: int | None
    forecast: int | None


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the family at the end of the day."""
    if "milestones" not in view.sections:
        return
    plan = view.plan
    if plan is None:
        yield from _without_baseline(view)
        return
    states = [_state(view.project, part, view.day) for part in plan.milestones]
    for state in states:
        yield _slip(state, view.day)
    yield from _to_date(states, plan, view.day)
    first = view.project.first_plan() or plan
    original = {part.id: part.finish for part in first.milestones}
    for part in plan.milestones:
        yield _shift(part, original.get(part.id))


def _without_baseline(view: DayView) -> Iterator[Value]:
    reported = [
        oid
        for oid in view.project.objects(MILESTONE)
        if view.project.timeline(MILESTONE, oid).count_until(view.day)
    ]
    for milestone in reported:
        yield null("milestone_slip", milestone, "d", "no_baseline")
    for kpi in _COUNTS:
        yield null(kpi, "", _UNITS[kpi], "no_baseline")
    for milestone in reported:
        yield null("baseline_shift", milestone, "d", "no_baseline")


def achieved_on(project: Project, milestone: str, day: int) -> int | None:
    """Day on which a milestone was achieved as known on `day`: `actual_finish`, else the first day of the run of 100 %."""
    timeline = project.timeline(MILESTONE, milestone)
    actual = timeline.carried(day, "actual_finish")
    if actual is not None:
        return int(actual.toordinal())
    start = None
    for reported, _ in timeline.backwards(day):
        if percent_of_milestone(project, milestone, reported) != FULL:
            break
        start = reported
    return start


def _state(project: Project, part: Part, day: int) -> _State:
    forecast = project.timeline(MILESTONE, part.id).carried(day, "forecast_finish")
    return _State(
        part, achieved_on(project, part.id, day), None if forecast is None else forecast.toordinal()
    )


def _slip(state: _State, day: int) -> Value:
    """Actual if achieved, else forecast, else (when due) the day itself, minus the plan; in days, positive is late."""
    finish = state.part.finish
    if finish is None:
        return null("milestone_slip", state.part.id, "d", "not_planned")
    reached = state.achieved if state.achieved is not None else state.forecast
    if reached is None:
        if day < finish:
            return null("milestone_slip", state.part.id, "d", "no_data")
        reached = day
    return amount("milestone_slip", state.part.id, reached - finish, "d", 1)


def _shift(part: Part, original: int | None) -> Value:
    """Planned finish of the baseline in force minus that of the first baseline; in days."""
    if part.finish is None or original is None:
        return null("baseline_shift", part.id, "d", "not_planned")
    return amount("baseline_shift", part.id, part.finish - original, "d", 1)


def _to_date(states: list[_State], plan: Plan, day: int) -> Iterator[Value]:
    dated = [(state.part.finish, state.achieved) for state in states if state.part.finish is not None]
    if not dated:
        yield from (null(kpi, "", _UNITS[kpi], "not_planned") for kpi in _COUNTS)
        return
    achieved = sum(1 for _, done in dated if done is not None)
    on_time = sum(1 for finish, done in dated if done is not None and done <= finish)
    due = sum(1 for finish, _ in dated if finish <= day)
    hit = sum(1 for finish, done in dated if finish <= day and done is not None and done <= finish)
    overdue = sum(1 for finish, done in dated if finish < day and done is None)
    yield amount("milestones_overdue", "", overdue, "1", 1)
    yield _rate("milestone_hit_rate", hit, due, plan, day, times=100)
    yield _rate("milestone_on_time_rate", on_time, achieved, plan, day, times=100)
    yield _rate("milestone_bei", achieved, due, plan, day)


def _rate(kpi: str, count: int, of: int, plan: Plan, day: int, times: int = 1) -> Value:
    if day <= plan.start and not of:
        return null(kpi, "", _UNITS[kpi], "not_started", numerator=count, denominator=of, scale=1)
    return ratio(kpi, "", count, of, _UNITS[kpi], scale=1, times=times)
