"""Why a project is finished on a day, or why it is not: what was said of it, and how far its parts are."""

from streams.core.day_view import DayView
from streams.core.explain import campaign, restart
from streams.core.explain.earned_value import earned_from
from streams.core.explain.inputs import Statements, together
from streams.core.finish import ENDED, view_of
from streams.core.kpis import campaign as campaign_kpis
from streams.core.kpis import restart as restart_kpis

__all__ = ["before_run", "finish_from", "run_from", "standing_from"]

_STATUS = "milepost.project.status_reported.v1"


def finish_from(view: DayView) -> Statements:
    """Statements that make a project finished on a day; none if it is not."""
    status = _status(view)
    if status and status[0].data["status"] in ENDED:
        return status
    if view.plan is None:
        return ()
    if view.plan.has_earned_value and view.progress.is_complete:
        return earned_from(view.project, view.plan, view.day)
    if view.restart and restart_kpis.target_reached(view):
        return restart.rate_from(view)
    if view.campaign is not None and campaign_kpis.target_reached(view):
        return campaign.done_and_total_from(view)
    return ()


def standing_from(view: DayView) -> Statements:
    """Statements that show how far a project is on a day: all that could make it finished."""
    plan = view.plan
    return together(
        _status(view),
        earned_from(view.project, plan, view.day) if plan and plan.has_earned_value else (),
        restart.rate_from(view) if view.restart else (),
        campaign.done_and_total_from(view) if view.campaign else (),
    )


def run_from(view: DayView) -> Statements:
    """Statements that make a project finished since its finish, on each day of that run."""
    days = _changes(view)
    run = (day for day in days if view.finish is not None and day >= view.finish)
    return together(*(finish_from(view_of(view.project, day)) for day in run))


def before_run(view: DayView) -> Statements:
    """How far the project was before it was finished."""
    earlier = [day for day in _changes(view) if view.finish is not None and day < view.finish]
    return together(*(standing_from(view_of(view.project, day)) for day in earlier[-1:]))


def _changes(view: DayView) -> list[int]:
    """Days on which the project may have been finished, or no longer."""
    return [day for day, _ in view.project.finish_runs if day <= view.day]


def _status(view: DayView) -> Statements:
    newest = view.project.timeline(_STATUS).newest(view.day)
    return (newest,) if newest else ()
