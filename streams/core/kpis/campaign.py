"""Campaigns: how many tasks or how much of a quantity is done, against the total, the year and the due day.

'' is the campaign, and every district has a row of its own. Where done and total come from is said in
`campaign_standing`. Sources: key-project dispatch (序时进度 time progress, 销号 closing of tasks).
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from schemas.kpi import NullReason
from streams.core.day_view import DayView
from streams.core.kpis.campaign_standing import Standings
from streams.core.kpis.pace import Number, known, projected_finish, required_pace, why_null
from streams.core.kpis.time_progress import time_progress
from streams.core.reasons import first_reason
from streams.core.values import Value, amount, null, ratio

__all__ = ["evaluate", "target_reached"]

_WEEK = 7


class _Standing(NamedTuple):
    """One scope on the day: amounts in 10⁻⁶ of `unit`, due day as ordinal."""

    scope: str
    unit: str
    done: Number
    total: Number
    pace: Number
    due: int | None
    overdue: Number


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the families campaign and completion at the end of the day."""
    if "campaign" not in view.sections:
        return
    standings = Standings(view)
    for scope, due in _scopes(view, standings):
        standing = _standing(view, standings, scope, due)
        yield _completion(view, standing)
        yield _overdue(view, standing)
        yield _quantity(view, standing)
        yield _lead_lag(view, standing)
        left = _left(standing)
        yield required_pace(view, scope, f"{standing.unit}/d", left, due)
        yield projected_finish(view, scope, left, standing.pace)


def target_reached(view: DayView) -> bool:
    """Whether the campaign as a whole has done its total."""
    standings = Standings(view)
    done, total = standings.done("", view.day), standings.total("")
    return done is not None and total is not None and 0 < total <= done


def _scopes(view: DayView, standings: Standings) -> Iterator[tuple[str, int | None]]:
    """The campaign and its districts with their due days; a district without one has that of the campaign."""
    due = view.campaign.due if view.campaign else None
    yield "", due
    for district in standings.districts:
        yield district.id, due if district.due is None else district.due


def _standing(view: DayView, standings: Standings, scope: str, due: int | None) -> _Standing:
    done, total = standings.done(scope, view.day), standings.total(scope)
    overdue = standings.overdue(scope)
    return _Standing(
        scope=scope,
        unit=standings.unit,
        done="no_data" if done is None else done,
        total="not_planned" if total is None else total,
        pace="no_data" if done is None else _pace(view, standings, scope, done),
        due=due,
        overdue="no_data" if overdue is None else overdue,
    )


def _pace(view: DayView, standings: Standings, scope: str, done: int) -> Number:
    """(done(D) − done(D − 7)) / 7, since the start when that is younger; 10⁻⁶ per day."""
    if view.plan is None:
        return "no_baseline"
    since = max(view.plan.start, view.day - _WEEK)
    if view.day <= since:
        return "not_started"
    before = standings.done(scope, since)
    if before is None:
        # Nothing is done by the start, nor are tasks before they are assigned.
        if since > view.plan.start and not standings.by_tasks(scope):
            return "no_data"
        before = 0
    return Fraction(done - before, view.day - since)


def _left(standing: _Standing) -> Number:
    """What is left to be done, at least 0."""
    done, total = standing.done, standing.total
    if isinstance(done, str) or isinstance(total, str):
        return first_reason(done, total) or "no_data"
    return max(0, total - done)


def _completion(view: DayView, standing: _Standing) -> Value:
    """Done / total, in percent; above 100 where more was done."""
    done, total = known(standing.done), known(standing.total)
    missing = _unrated(view, standing)
    if missing is not None or done is None or total is None:
        return null(
            "completion_rate", standing.scope, "%", missing or "no_data", numerator=done, denominator=total
        )
    return ratio("completion_rate", standing.scope, done, total, "%", times=100)


def _unrated(view: DayView, standing: _Standing) -> NullReason | None:
    """Why there is no completion rate."""
    empty: NullReason | None = "zero_denominator" if standing.total == 0 else None
    return why_null(view, view.plan_gap(planned=True), standing.done, standing.total, empty)


def _overdue(view: DayView, standing: _Standing) -> Value:
    """Count of the tasks that are open and were due before the day."""
    missing = why_null(view, view.plan_gap(planned=True), standing.overdue)
    overdue = known(standing.overdue)
    if missing is not None or overdue is None:
        return null("tasks_overdue", standing.scope, "1", missing or "no_data")
    return amount("tasks_overdue", standing.scope, overdue, "1", 1)


def _quantity(view: DayView, standing: _Standing) -> Value:
    """Done, in the unit of the campaign."""
    missing, done = why_null(view, standing.done), known(standing.done)
    if missing is not None or done is None:
        return null("quantity_done", standing.scope, standing.unit, missing or "no_data")
    return amount("quantity_done", standing.scope, done, standing.unit)


def _lead_lag(view: DayView, standing: _Standing) -> Value:
    """Completion − time progress, in percentage points; negative is behind."""
    missing = why_null(view, view.plan_gap(planned=standing.due is not None), _unrated(view, standing))
    done, total = known(standing.done), known(standing.total)
    if missing is not None or not total or done is None or standing.due is None or view.plan is None:
        return null("lead_lag", standing.scope, "pp", missing or "no_data")
    lead = Fraction(done) / total - time_progress(view.plan.start, standing.due, view.day)
    return amount("lead_lag", standing.scope, 100 * lead, "pp", 1)
