"""Campaigns: done against total by tally or by task, districts, lead or lag, pace (semantics 6; kpi-definitions 6)."""

from calendar import monthrange
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.exact import converted, fits, quantity
from tests.oracle.project import Plan, Project
from tests.oracle.restart import days_ahead, required_pace_row
from tests.oracle.rows import (
    ONE_DAY,
    Null,
    Row,
    Value,
    forecast_row,
    known,
    quotient,
    ratio_row,
    row,
    subtract,
    times,
)
from tests.oracle.statements import TALLY, TASK, Statement, newest

NO_DATA = Null("no_data")
NO_BASELINE = Null("no_baseline")
NOT_PLANNED = Null("not_planned")
HUNDRED = Fraction(100)
WEEK = 7


def section(plan: Plan | None) -> dict[str, Any]:
    """What the campaign of a baseline says; null and absent say as little as empty."""
    return {} if plan is None else plan.data.get("campaign") or {}


def has_place(plan: Plan | None, district: str | None) -> bool:
    """Whether something is about the whole, or about a district that the baseline knows."""
    return plan is None or district is None or any(part["id"] == district for part in plan.districts())


class Campaign:
    """The campaign as the baseline and unit of a day measure it; they hold for the days before it too."""

    def __init__(self, project: Project, plan: Plan | None, day: date) -> None:
        self.project, self.plan, self.day = project, plan, day
        self.unit = self._unit()
        self.districts = self._districts()

    def _unit(self) -> str:
        """As planned, else that of the earliest tally by the day that names one and has a place."""
        if unit := section(self.plan).get("unit"):
            return str(unit)
        naming = [t for t in self._placed_tallies() if t.data.get("unit") and t.data["as_of"] <= self.day]
        earliest = min(naming, key=lambda t: (t.data["as_of"], t.data.get("district") or ""), default=None)
        return "1" if earliest is None else str(earliest.data["unit"])

    def _placed_tallies(self) -> list[Statement]:
        return [t for t in self.project.of(TALLY) if has_place(self.plan, t.data.get("district"))]

    def _districts(self) -> list[str]:
        """Districts of the baseline; without one, those that have been told of."""
        if self.plan is not None:
            return [part["id"] for part in self.plan.districts()]
        tallied = [t for t in self.project.of(TALLY) if t.data["as_of"] <= self.day]
        told = [*tallied, *self.project.assigned_by(self.day)]
        return sorted({said.data["district"] for said in told if said.data.get("district")})

    def tallies(self, scope: str) -> list[Statement]:
        """Tallies of a district, or of the whole, in a unit that fits."""
        found = [t for t in self.project.of(TALLY) if (t.data.get("district") or "") == scope]
        return [t for t in found if fits(t.data.get("unit"), self.unit)]

    def tasks(self, scope: str, at: date) -> dict[str, str]:
        """State of each task that has a place and was assigned by a day: open, done or withdrawn."""
        states = {}
        for assigned in self.project.assigned_by(at):
            district = assigned.data.get("district")
            # Where the plan names no districts, that of a task is a mere label.
            placed = has_place(self.plan, district) or not self.districts
            if not placed or scope not in ("", district):
                continue
            said = newest(self.project.of(TASK, assigned.data["task"]), at)
            status = "reopened" if said is None else said.data["status"]
            states[assigned.data["task"]] = "open" if status == "reopened" else status
        return states

    def tallied(self, scope: str, at: date) -> bool:
        """Whether a scope is tallied: itself or, for the whole, any of its districts."""
        scopes = ["", *self.districts] if not scope else [scope]
        return any(newest(self.tallies(each), at) for each in scopes)

    def by_tasks(self, scope: str, at: date) -> bool:
        """With tasks and no tally, tasks are counted."""
        return not self.tallied(scope, at) and bool(self.tasks(scope, at))

    def done(self, scope: str, at: date) -> Value:
        """Quantity or number done."""
        said = newest(self.tallies(scope), at)
        if said is not None:
            return converted(said.data["done"], said.data.get("unit"), self.unit)
        if self.by_tasks(scope, at):
            return Fraction(list(self.tasks(scope, at).values()).count("done"))
        if scope:
            return NO_DATA
        parts = [known(self.done(district, at)) for district in self.districts]
        reported = [part for part in parts if part is not None]
        return sum(reported, Fraction(0)) if self.tallied("", at) else NO_DATA

    def total(self, scope: str) -> Value:
        """What is to be done."""
        if self.by_tasks(scope, self.day):
            return self._tasks_to_do(scope)
        if not scope and newest(self.tallies(""), self.day) is None:
            parts = [self.total(district) for district in self.districts]
            if parts and all(isinstance(part, Fraction) for part in parts):
                return sum((part for part in parts if isinstance(part, Fraction)), Fraction(0))
            return self._planned("")
        said = newest([t for t in self.tallies(scope) if "total" in t.data], self.day)
        if said is None or said.data["total"] is None:
            return self._planned(scope)
        return converted(said.data["total"], said.data.get("unit"), self.unit)

    def _tasks_to_do(self, scope: str) -> Fraction:
        """Tasks known, or planned where those are more, without the withdrawn ones."""
        shares = [self._planned(district) for district in self.districts]
        if not scope and shares and all(isinstance(share, Fraction) for share in shares):
            named = {task for district in self.districts for task in self.tasks(district, self.day)}
            others = {task: s for task, s in self.tasks("", self.day).items() if task not in named}
            return _in_scope(others, None) + sum(
                (
                    _in_scope(self.tasks(district, self.day), known(share))
                    for district, share in zip(self.districts, shares, strict=True)
                ),
                Fraction(0),
            )
        return _in_scope(self.tasks(scope, self.day), known(self._planned(scope)))

    def _planned(self, scope: str) -> Value:
        planned = self._part(scope).get("total") if scope else section(self.plan).get("total")
        return NOT_PLANNED if planned is None else quantity(planned)

    def _part(self, scope: str) -> dict[str, Any]:
        parts = [] if self.plan is None else self.plan.districts()
        return next((part for part in parts if part["id"] == scope), {})

    def due(self, scope: str) -> date | None:
        """Due day of the campaign or of a district."""
        due: date | None = self._part(scope).get("due") or section(self.plan).get("due")
        return due

    def overdue(self, scope: str) -> Value:
        """Open tasks whose due day has passed."""
        if not self.tasks("", self.day):
            return NO_DATA
        states = self.tasks(scope, self.day)
        late = {
            s.data["task"]
            for s in self.project.assigned_by(self.day)
            if s.data.get("due") and s.data["due"] < self.day
        }
        return Fraction(sum(state == "open" and task in late for task, state in states.items()))

    def pace(self, scope: str) -> Value:
        """Done per day over the last week, or since the start when that is younger."""
        assert self.plan is not None
        if self.day <= self.plan.start:
            return Null("not_started")
        since = max(self.plan.start, self.day - WEEK * ONE_DAY)
        before = self.done(scope, since)
        # Nothing is done by the start, and no task before it is assigned.
        if isinstance(before, Null) and (since == self.plan.start or self.by_tasks(scope, self.day)):
            before = Fraction(0)
        return quotient(subtract(self.done(scope, self.day), before), Fraction((self.day - since).days))


def _in_scope(states: dict[str, str], planned: Fraction | None) -> Fraction:
    return max(Fraction(len(states)), planned or Fraction(0)) - list(states.values()).count("withdrawn")


def campaign(project: Project, plan: Plan | None, day: date) -> Campaign:
    """The campaign on a day."""
    return project.memo(("campaign", plan and plan.number, day), lambda: Campaign(project, plan, day))


def is_reached(project: Project, plan: Plan, day: date) -> bool:
    """The campaign has reached its target."""
    if plan.data.get("campaign") is None:
        return False
    whole = campaign(project, plan, day)
    made, total = known(whole.done("", day)), known(whole.total(""))
    return made is not None and total is not None and made >= total > 0


def campaign_rows(project: Project, plan: Plan | None, day: date) -> list[Row]:
    """The family, at the end of a day, for the whole and each district."""
    rows = []
    now = campaign(project, plan, day)
    unplanned = None if plan is not None else "no_baseline"
    for scope in ["", *now.districts]:
        made, whole = now.done(scope, day), now.total(scope)
        rows += [
            ratio_row("completion_rate", scope, "%", made, whole, unplanned),
            row("tasks_overdue", scope, "1", NO_BASELINE if plan is None else now.overdue(scope)),
            row("quantity_done", scope, now.unit, made),
            row("lead_lag", scope, "pp", _lead_lag(now, scope, quotient(made, whole))),
        ]
    return rows


def _lead_lag(now: Campaign, scope: str, completion: Value) -> Value:
    if now.plan is None:
        return NO_BASELINE
    due = now.due(scope)
    elapsed = NOT_PLANNED if due is None else time_progress(now.plan.start, due, now.day)
    return times(subtract(completion, elapsed), HUNDRED)


def time_progress(start: date, due: date, day: date) -> Fraction:
    """0…1; whole months for a campaign of one calendar year."""
    if day >= due:
        return Fraction(1)
    first_day = start + ONE_DAY if (start.month, start.day) == (12, 31) else start
    if (first_day, due) == (date(due.year, 1, 1), date(due.year, 12, 31)) and day.year == due.year:
        return (day.month - 1 + Fraction(day.day, monthrange(day.year, day.month)[1])) / 12
    return Fraction(0) if day <= start else Fraction((day - start).days, (due - start).days)


def campaign_completion_rows(project: Project, plan: Plan | None, day: date, *, finished: bool) -> list[Row]:
    """Required pace and projected finish of the whole and each district."""
    rows = []
    now = campaign(project, plan, day)
    unit = f"{now.unit}/d"
    stopped = "no_baseline" if plan is None else "complete" if finished else None
    for scope in ["", *now.districts]:
        rest = subtract(now.total(scope), now.done(scope, day))
        pace = NO_BASELINE if plan is None else now.pace(scope)
        rows.append(required_pace_row(scope, unit, rest, now.due(scope), day, stopped))
        rows.append(forecast_row("projected_finish", scope, day, days_ahead(rest, pace, stopped)))
    return rows
