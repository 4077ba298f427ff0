"""Whether and since when a project is finished: EV ≥ BAC, campaign or restart at its target, or said to be completed.

The finish is the first day of the unbroken run of finished days that reaches a day. Nothing changes between two change
days, so only those are looked at; runs are kept and extended, and cut back when an earlier day changes
(`Project.finish_runs`).
"""

from bisect import bisect_right
from itertools import chain

from streams.core.day_view import DayView
from streams.core.kpis import campaign, restart
from streams.core.project import Project

__all__ = ["ENDED", "finished_since", "view_of"]

ENDED = frozenset({"completed", "commissioned"})
"""Statuses of a project that is finished."""


def view_of(project: Project, day: int, *, original: bool = False) -> DayView:
    """The project on a day, knowing its finish; with `original` against its first baseline."""
    return DayView(project, day, finished_since, original=original)


def finished_since(project: Project, day: int) -> int | None:
    """First day of the run of finished days that reaches `day`, or None when it is not finished on `day`."""
    runs = project.finish_runs
    if not runs or runs[-1][0] < day:
        for change in _change_days(project, runs[-1][0] if runs else -1, day):
            since = runs[-1][1] if runs else None
            runs.append((change, (since or change) if _is_finished(project, change) else None))
    index = bisect_right(runs, day, key=lambda run: run[0])
    return runs[index - 1][1] if index else None


def _change_days(project: Project, after: int, until: int) -> list[int]:
    plan_days = (project.effective_from(plan) for plan in project.plans.values())
    assigned = (assignment.data["assigned_on"].toordinal() for assignment in project.assignments.values())
    others = {day for day in chain(plan_days, assigned) if after < day <= until}
    return sorted(others.union(project.days.within(after, until)))


def _is_finished(project: Project, day: int) -> bool:
    status = project.timeline("milepost.project.status_reported.v1").newest(day)
    if status is not None and status.data["status"] in ENDED:
        return True
    view = view_of(project, day)
    if view.plan is None:
        return False
    if view.plan.has_earned_value and view.progress.is_complete:
        return True
    if view.restart and restart.target_reached(view):
        return True
    return view.campaign is not None and campaign.target_reached(view)
