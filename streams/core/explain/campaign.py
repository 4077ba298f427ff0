"""What a campaign reads: totals of the plan, the newest tallies, or its tasks with their newest reports."""

from datetime import date
from typing import Any

from schemas.quantities import convertible
from streams.core.day_view import DayView
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    date_of,
    fraction_input,
    newest_where,
    number_of,
    plain,
    together,
    value_input,
)
from streams.core.kpis.campaign_standing import TALLIED, TASK, Standings
from streams.core.kpis.time_progress import time_progress
from streams.core.statements import Statement

__all__ = ["DECLARED", "done_and_total_from", "finish", "pace"]

_WEEK = 7
_WHOLE = ""


class _Reading:
    """Which statements `Standings` reads for done and total of a scope."""

    def __init__(self, view: DayView) -> None:
        self._view = view
        self.standings = Standings(view)
        self.plan = baseline_of(view.project, view.plan)

    def done(self, scope: str, day: int) -> Statements:
        """Statements behind what was done by a day."""
        tallied = self._tallied(scope, day)
        if tallied:
            return together(self.plan, self._unit(), tallied)
        districts = [district.id for district in self.standings.districts]
        if scope == _WHOLE and any(self._tallied(district, day) for district in districts):
            return together(self.plan, *(self.done(district, day) for district in districts))
        return together(self.plan, self._unit(), self.tasks(scope, day))

    def total(self, scope: str) -> Statements:
        """Statements behind what is to be done."""
        if scope != _WHOLE or self._tallied(_WHOLE, self._view.day):
            return self._total_of(scope)
        shares = (self._total_of(district.id) for district in self.standings.districts)
        return together(*shares, self._total_of(_WHOLE), self._districts())

    def _districts(self) -> Statements:
        """What tells of the districts, where no plan names them."""
        if self._view.plan is not None:
            return ()
        return together(*(self._telling_of(district.id) for district in self.standings.districts))

    def _telling_of(self, district: str) -> Statements:
        tallied = newest_where(self._view.project.timeline(TALLIED, district), self._view.day, lambda _: True)
        return tallied or self.tasks(district, self._view.day)[:1]

    def _total_of(self, scope: str) -> Statements:
        if self.standings.by_tasks(scope):
            return together(self.plan, self.tasks(scope, self._view.day))
        timeline, unit = self._view.project.timeline(TALLIED, scope), self.standings.unit
        for statement in timeline.having(self._view.day, "total"):
            if _told_in(statement.data, unit):
                return together(self.plan, self._unit(), (statement,))
        return self.plan

    def tasks(self, scope: str, day: int) -> Statements:
        """Tasks of a scope that were assigned by a day, each with its newest report."""
        project = self._view.project
        return together(
            *(
                (assignment, *filter(None, (project.timeline(TASK, task).newest(day),)))
                for task, assignment in project.assignments.items()
                if assignment.data["assigned_on"].toordinal() <= day and self._is_of(scope, assignment)
            )
        )

    def _is_of(self, scope: str, assignment: Statement) -> bool:
        """Whether a task belongs to a scope; one of an unknown district belongs to none."""
        district = assignment.data.get("district")
        known = {each.id for each in self.standings.districts}
        if self._view.plan is not None and known and district is not None and district not in known:
            return False
        return scope in (_WHOLE, district)

    def overdue(self, scope: str) -> Statements:
        """Tasks of the scope; where it has none, the first task of all, for somebody has been given one."""
        mine = self.tasks(scope, self._view.day)
        if mine:
            return together(self.plan, mine)
        others = self.tasks(_WHOLE, self._view.day)
        given = [said for said in others if "assigned_on" in said.data]
        return together(self.plan, sorted(given, key=_assigned_on)[:1])

    def _tallied(self, scope: str, day: int) -> Statements:
        unit = self.standings.unit
        return newest_where(
            self._view.project.timeline(TALLIED, scope), day, lambda said: _told_in(said, unit)
        )

    def _unit(self) -> Statements:
        """The earliest tally that names a unit, where the plan names none."""
        if self._view.campaign is not None and self._view.campaign.unit is not None:
            return ()
        scopes = (_WHOLE, *(district.id for district in self.standings.districts))
        naming = [
            (day, scope, statement)
            for scope in scopes
            for day, statement in self._view.project.timeline(TALLIED, scope).between(-1, self._view.day)
            if statement.data.get("unit") is not None
        ]
        return (min(naming, key=lambda found: found[:2])[2],) if naming else ()


def _told_in(said: dict[str, Any], unit: str) -> bool:
    return convertible(said.get("unit") or unit, unit)


def _assigned_on(statement: Statement) -> tuple[date, str]:
    return statement.data["assigned_on"], statement.data["task"]


def done_and_total_from(view: DayView, scope: str = _WHOLE) -> Statements:
    """Statements behind done and total of a scope."""
    reading = _Reading(view)
    return together(reading.done(scope, view.day), reading.total(scope))


# -- inputs --------------------------------------------------------------------------------------------------------


def _done_and_total(case: Case) -> tuple[Input, Input]:
    reading, unit = _Reading(case.view), _unit(case)
    done, total = reading.standings.done(case.scope, case.day), reading.standings.total(case.scope)
    return (
        Input("done", number_of(done), unit, reading.done(case.scope, case.day)),
        Input("total", number_of(total), unit, reading.total(case.scope)),
    )


def _unit(case: Case) -> str:
    done = case.other("quantity_done")
    return done.unit if done else "1"


def _rate(case: Case) -> Worked:
    return Worked(_done_and_total(case))


def _quantity(case: Case) -> Worked:
    return Worked((_done_and_total(case)[0],))


def _overdue(case: Case) -> Worked:
    said = _Reading(case.view).overdue(case.scope)
    return Worked((value_input("count of due < D and open", case.value, said),))


def _lead_lag(case: Case) -> Worked:
    done, total = _done_and_total(case)
    completion = value_input(
        "completion", case.other("completion_rate"), together(done.statements, total.statements)
    )
    due, plan = _due(case), baseline_of(case.project, case.plan)
    passed = None if due is None or case.plan is None else time_progress(case.plan.start, due, case.day)
    progress = Input("time progress", None if passed is None else plain(100 * passed), "%", plan)
    return Worked((completion, progress))


def _due(case: Case) -> int | None:
    campaign = case.view.campaign
    if campaign is None:
        return None
    own = next((district.due for district in campaign.districts if district.id == case.scope), None)
    return campaign.due if own is None else own


# -- completion ----------------------------------------------------------------------------------------------------


def pace(case: Case) -> Worked:
    """Required pace of a campaign: what is left / days left."""
    done, total = _done_and_total(case)
    days = fraction_input("days left", case.value.denominator, "d", baseline_of(case.project, case.plan))
    return Worked((total, done, days), f"{_left(done, total)} / days left")


def finish(case: Case) -> Worked:
    """Projected finish of a campaign: D + what is left / the pace of the last week."""
    done, total = _done_and_total(case)
    today = Input("D", date_of(case.day), "date")
    before, days = _before(case)
    return Worked(
        (today, total, done, before, days), f"D + {_left(done, total)} / ((done − done before) / days since)"
    )


def _before(case: Case) -> tuple[Input, Input]:
    """What was done a week ago, or at the start if that is younger."""
    plan = baseline_of(case.project, case.plan)
    if case.plan is None:
        return Input("done before", None, _unit(case)), Input("days since", None, "d")
    since, reading = max(case.plan.start, case.day - _WEEK), _Reading(case.view)
    done, said = reading.standings.done(case.scope, since), reading.done(case.scope, since)
    if done is None and (since <= case.plan.start or reading.standings.by_tasks(case.scope)):
        done = 0
    return Input("done before", number_of(done), _unit(case), said), Input(
        "days since", max(0, case.day - since), "d", plan
    )


def _left(done: Input, total: Input) -> str:
    return "max(0, total − done)" if _is_over(done, total) else "(total − done)"


def _is_over(done: Input, total: Input) -> bool:
    numbers = (done.value, total.value)
    return all(isinstance(number, int | float) for number in numbers) and numbers[0] > numbers[1]  # type: ignore[operator]


DECLARED: dict[str, Declaration] = {
    "completion_rate": _rate,
    "tasks_overdue": _overdue,
    "quantity_done": _quantity,
    "lead_lag": _lead_lag,
}
"""By KPI."""
