"""Reporting discipline and the due date: how old the newest report is, how complete the week, how late the target.

Source: dispatch rhythm of key projects (一日一跟踪, 一周一调度).
"""

import math
from collections.abc import Iterator

from schemas.kpi import NullReason
from streams.core.day_view import DayView
from streams.core.plan import Plan
from streams.core.reasons import first_reason
from streams.core.values import Value, amount, null, ratio

__all__ = ["due_day", "evaluate"]

_WEEK_DAYS = 7


def evaluate(view: DayView, projected: Value | None = None) -> Iterator[Value]:
    """All values of the family at the end of the day; `projected` is the project's projected or forecast finish."""
    newest = view.project.days.newest(view.day)
    yield _age(view, newest)
    yield _overdue(view, newest)
    yield _coverage(view)
    yield _days_late(view)
    yield _margin(view, projected)


def due_day(plan: Plan) -> int | None:
    """Due day: that of the campaign or restart, else the newest of the series, else the finish."""
    for section in (plan.campaign, plan.restart):
        if section is not None and section.due is not None:
            return section.due
    newest = max((series.due for series in plan.series if series.due is not None), default=None)
    return plan.finish if newest is None else newest


def _age(view: DayView, newest: int | None) -> Value:
    """D − day of the newest statement."""
    if newest is None:
        return null("report_age", "", "d", "no_data")
    return amount("report_age", "", view.day - newest, "d", 1)


def _overdue(view: DayView, newest: int | None) -> Value:
    """Age − 2 × report_every; positive is overdue."""
    reason: NullReason | None = "no_baseline" if view.plan is None else "no_data" if newest is None else None
    if reason is None and view.finish is not None:
        reason = "complete"
    if reason is not None or view.plan is None or newest is None:
        return null("report_overdue", "", "d", reason or "no_data")
    return amount("report_overdue", "", view.day - newest - 2 * view.plan.report_every, "d", 1)


def _coverage(view: DayView) -> Value:
    """Slots of `report_every` with a statement within the last seven days."""
    if view.plan is None:
        return null("reporting_coverage_7d", "", "%", "no_baseline")
    every = math.ceil(view.plan.report_every)
    slots = max(1, _WEEK_DAYS // every)
    reported = view.project.days.within(view.day - slots * every, view.day)
    filled = len({(view.day - day) // every for day in reported})
    return ratio("reporting_coverage_7d", "", filled, slots, "%", scale=1, times=100)


def _days_late(view: DayView) -> Value:
    """D − due day while not finished; negative before it."""
    due = due_day(view.plan) if view.plan else None
    reason = _no_target(view, due)
    if reason is not None or due is None:
        return null("target_days_late", "", "d", reason or "not_planned")
    return amount("target_days_late", "", view.day - due, "d", 1)


def _margin(view: DayView, projected: Value | None) -> Value:
    """Due day − projected or forecast finish; negative is at risk."""
    due = due_day(view.plan) if view.plan else None
    nowhere: NullReason | None = projected.reason if projected else "not_planned"
    reason = first_reason(_no_target(view, due), nowhere)
    if reason is not None or due is None or projected is None or projected.value is None:
        return null("target_margin", "", "d", reason or "not_planned")
    return Value("target_margin", "", due - view.day - projected.value, None, None, None, "d", None)


def _no_target(view: DayView, due: int | None) -> NullReason | None:
    if view.plan is None:
        return "no_baseline"
    if due is None:
        return "not_planned"
    return "complete" if view.finish is not None else None
