"""Which rows a cut writes for one project: restated days, new days, and the day that a tick closes.

Nothing that was emitted is kept. A project touched since the last cut is evaluated as it was then (by its undo list)
and as it is now, on the days that can have changed; what differs is written.
"""

from bisect import bisect_left
from calendar import monthrange
from datetime import date
from typing import NamedTuple

from schemas.kpi import NullReason
from streams.core.constants import Constants
from streams.core.evaluation import Evaluated, evaluate, evaluate_original
from streams.core.finish import finished_since
from streams.core.project import Project
from streams.core.values import Value

__all__ = [
    "DayRows",
    "Evaluations",
    "gone",
    "has_rows_when_closed",
    "mark_closed",
    "mark_rows",
    "restated_rows",
]

NEEDS_NO_PLAN = frozenset(
    {
        "output_cumulative",
        "output_rolling_7d",
        "output_rolling_30d",
        "quantity_done",
        "reading_latest",
        "reading_mean_7d",
        "reading_mean_30d",
        "reading_yoy",
        "report_age",
    }
)


class DayRows(NamedTuple):
    """Rows of one day to append; `whole` when they are all of the day. `original`: those against the first baseline."""

    day: int
    baseline: int
    values: list[Value]
    original: Evaluated
    whole: bool

    @classmethod
    def all_of(cls, day: int, now: "Evaluations") -> "DayRows":
        """A day that gets its first rows."""
        return cls(day, *now.on(day), now.original_on(day), whole=True)


class Evaluations:
    """Evaluations of one project as it is now, each day computed once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._by_day: dict[int, Evaluated] = {}
        self._original: dict[int, Evaluated] = {}

    def on(self, day: int) -> Evaluated:
        """Values of a day."""
        if day not in self._by_day:
            self._by_day[day] = evaluate(self._project, day)
        return self._by_day[day]

    def original_on(self, day: int) -> Evaluated:
        """Values of a day against the first baseline."""
        if day not in self._original:
            self._original[day] = evaluate_original(self._project, day)
        return self._original[day]


def restated_rows(project: Project, now: Evaluations) -> list[DayRows]:
    """Rows of the days of a touched project that are new or differ from the last cut; marks them as having rows."""
    affected = project.affected_from
    if affected is None:
        return []
    original_since = 0 if _becomes_or_ceases_several(project) else affected
    old_days = project.row_days[bisect_left(project.row_days, min(affected, original_since)) :]
    known = set(old_days)
    new_days = [
        day for day in project.days.within(affected - 1, project.days.last() or 0) if day not in known
    ]
    before = _as_before(project, old_days, affected)
    rows = [DayRows.all_of(day, now) for day in new_days]
    rows += [_restated(day, *before[day], now) for day in old_days]
    _mark(project, new_days)
    return sorted((row for row in rows if row.values or row.original[1]), key=lambda row: row.day)


def _becomes_or_ceases_several(project: Project) -> bool:
    """Whether the project has several baselines now and had not at the last cut, or the other way round."""
    had = len(project.plans) + project.plans_undone()
    return (had > 1) != (len(project.plans) > 1)


def _as_before(
    project: Project, days: list[int], affected: int
) -> dict[int, tuple[Evaluated | None, Evaluated]]:
    """What the days said at the last cut; None where a day has not changed against the baseline in force."""
    if not days:
        return {}
    project.swap_undo()
    before = {
        day: (evaluate(project, day) if day >= affected else None, evaluate_original(project, day))
        for day in days
    }
    project.swap_undo()
    return before


def _restated(day: int, before: Evaluated | None, original_before: Evaluated, now: Evaluations) -> DayRows:
    baseline, values = (0, []) if before is None else _differing(before, now.on(day))
    return DayRows(day, baseline, values, _differing(original_before, now.original_on(day)), whole=False)


def _differing(before: Evaluated, after: Evaluated) -> Evaluated:
    """Rows that are new or say something else, and null rows of the keys that are gone."""
    if before == after:
        return after[0], []
    if before[0] == after[0]:
        standing = set(before[1])
        changed = [value for value in after[1] if value not in standing]
    else:
        changed = list(after[1])
    present = {(value.kpi, value.scope) for value in after[1]}
    lost = [gone(value, after[0]) for value in before[1] if (value.kpi, value.scope) not in present]
    return after[0], changed + lost


def gone(value: Value, baseline: int) -> Value:
    """Null row of a key that a day no longer has."""
    reason: NullReason = (
        "not_planned" if baseline else "no_data" if value.kpi in NEEDS_NO_PLAN else "no_baseline"
    )
    return Value(value.kpi, value.scope, None, None, None, None, value.unit, reason)


def _mark(project: Project, days: list[int]) -> None:
    if days and (not project.row_days or days[0] > project.row_days[-1]):
        project.row_days.extend(days)
    elif days:
        project.row_days = sorted({*project.row_days, *days})


def mark_closed(project: Project, day: int) -> None:
    """Note that a closed day has rows."""
    _mark(project, [day])


def mark_rows(project: Project, closes: int | None, constants: Constants) -> None:
    """Note, without evaluating them, the days that get rows at a cut."""
    if project.affected_from is not None:
        known = set(project.row_days)
        newest = project.days.last() or 0
        _mark(
            project,
            [day for day in project.days.within(project.affected_from - 1, newest) if day not in known],
        )
    if closes is not None and has_rows_when_closed(project, closes, constants):
        _mark(project, [closes])


def has_rows_when_closed(project: Project, day: int, constants: Constants) -> bool:
    """Whether closing a day writes rows for the project that it does not have yet."""
    index = bisect_left(project.row_days, day)
    if index < len(project.row_days) and project.row_days[index] == day:
        return False
    plan = project.plan_on(day)
    newest = project.days.last()
    if (
        _is_active(newest, plan.start if plan else None, day, constants.silent_after_days)
        and finished_since(project, day) is None
    ):
        return True
    return _is_month_end(day) and (plan is None or day >= plan.start)


def _is_active(newest: int | None, start: int | None, day: int, silent_after_days: int) -> bool:
    last_sign = newest if newest is not None else start
    if last_sign is None or day - last_sign > silent_after_days:
        return False
    return start is None or start - day <= silent_after_days


def _is_month_end(day: int) -> bool:
    calendar_day = date.fromordinal(day)
    return calendar_day.day == monthrange(calendar_day.year, calendar_day.month)[1]
