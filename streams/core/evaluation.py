"""All KPI values of one project on one day."""

from collections.abc import Callable, Iterable

from schemas.catalog import KPIS
from streams.core.day_view import DayView
from streams.core.finish import view_of
from streams.core.kpis import (
    campaign,
    earned_schedule,
    earned_value,
    investment,
    iso22400,
    milestones,
    production,
    readings,
    reporting,
    restart,
)
from streams.core.project import Project
from streams.core.reasons import first_reason
from streams.core.values import Value

__all__ = ["Evaluated", "evaluate", "evaluate_original"]

Evaluated = tuple[int, list[Value]]
"""Number of a baseline (0: none) and the values of a day by its measure."""

Family = Callable[[DayView], Iterable[Value]]

FAMILIES: tuple[Family, ...] = (
    earned_value.evaluate,
    earned_schedule.evaluate,
    milestones.evaluate,
    production.evaluate,
    iso22400.evaluate,
    restart.evaluate,
    campaign.evaluate,
    investment.evaluate,
    readings.evaluate,
)
"""In the order of the KPI registry; each yields nothing where its section is absent. Reporting follows them: it
compares their projected finish with the due day."""

SCHEDULE_FAMILIES: tuple[Family, ...] = (earned_value.evaluate, earned_schedule.evaluate, milestones.evaluate)


SCHEDULE_KPIS = frozenset(
    {
        "planned_value", "schedule_variance", "spi", "percent_scheduled",
        *(name for name, kpi in KPIS.items() if kpi.family == "earned_schedule"),
        "milestone_slip", "milestones_overdue", "milestone_hit_rate", "milestone_on_time_rate", "milestone_bei",
    }
)  # fmt: skip
"""What is told against the first baseline, too."""


def evaluate(project: Project, day: int) -> Evaluated:
    """All values at the end of `day` against the baseline in force."""
    view = view_of(project, day)
    values = [value for family in FAMILIES for value in family(view)]
    values.extend(reporting.evaluate(view, _expected_finish(values)))
    return _told(view, values)


def evaluate_original(project: Project, day: int) -> Evaluated:
    """The schedule KPIs at the end of `day` against the first baseline of a project that has several; else none."""
    view = view_of(project, day, original=True)
    if len(project.plans) < 2:
        return _told(view, [])
    values = (value for family in SCHEDULE_FAMILIES for value in family(view))
    return _told(view, [value for value in values if value.kpi in SCHEDULE_KPIS])


def _told(view: DayView, values: list[Value]) -> Evaluated:
    if view.plan is None:
        return 0, values
    return view.plan.baseline, values if view.day > view.plan.start else [_not_started(v) for v in values]


def _expected_finish(values: list[Value]) -> Value | None:
    """The projected finish of the project as a whole, else its forecast finish."""
    found = {value.kpi: value for value in values if value.unit == "date" and value.scope == ""}
    return found.get("projected_finish") or found.get("forecast_finish")


def _not_started(value: Value) -> Value:
    """What is null up to the start has not started, unless the plan lacks what it needs."""
    reason = first_reason(value.reason, "not_started") if value.reason else None
    return value if reason == value.reason else value._replace(reason=reason)
