"""One project as its winning statements tell it: baselines, what was reported by a day, whether it is finished."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from tests.oracle.statements import ASSIGNED, BASELINED, MILESTONE, STATUS, Statement, carried, newest

T = TypeVar("T")

_PART_FIELD = {
    "milepost.milestone.reported.v1": "milestone",
    "milepost.work.reported.v1": "item",
    "milepost.production.reported.v1": "line",
    "milepost.tally.reported.v1": "district",
    "milepost.task.reported.v1": "task",
    "milepost.task.assigned.v1": "task",
    "milepost.reading.taken.v1": "series",
}


@dataclass(frozen=True)
class Plan:
    """A winning baseline."""

    number: int
    approved_on: date
    statement: Statement
    data: dict[str, Any]

    @property
    def start(self) -> date:
        """The zero point is the end of this day."""
        start: date = self.data["start"]
        return start

    def parts(self, section: str) -> list[dict[str, Any]]:
        """A list section; absent, null and empty are the same."""
        return list(self.data.get(section) or ())

    def part(self, section: str, part_id: str) -> dict[str, Any] | None:
        """One part by its id."""
        return next((part for part in self.parts(section) if part["id"] == part_id), None)

    def districts(self) -> list[dict[str, Any]]:
        """Districts of the campaign."""
        return list((self.data.get("campaign") or {}).get("districts") or ())


class Project:
    """Winning statements of one project, looked at from any day."""

    def __init__(self, project_id: str, winning: Iterable[Statement]) -> None:
        self.project_id = project_id
        self.winning = list(winning)
        self._of: dict[tuple[str, Any], list[Statement]] = {}
        for statement in self.winning:
            part = statement.data.get(_PART_FIELD.get(statement.type, ""))
            self._of.setdefault((statement.type, None), []).append(statement)
            if part is not None:
                self._of.setdefault((statement.type, part), []).append(statement)
        self.plans = _plans(self.of(BASELINED))
        self._memo: dict[Any, Any] = {}

    def memo(self, key: Any, compute: Callable[[], T]) -> T:
        """What does not depend on the day, computed once."""
        if key not in self._memo:
            self._memo[key] = compute()
        found: T = self._memo[key]
        return found

    def of(self, type_name: str, part: str | None = None) -> list[Statement]:
        """Winning statements of a type, of one part if it is named."""
        return self._of.get((type_name, part), [])

    def days(self) -> set[date]:
        """Days that have a statement in force."""
        return {s.day for s in self.winning if s.day is not None}

    def plan_on(self, day: date) -> Plan | None:
        """Baseline in force on a day."""
        approved = [plan for plan in self.plans if plan.approved_on <= day]
        return approved[-1] if approved else self.first_plan()

    def first_plan(self) -> Plan | None:
        """The original baseline."""
        return self.plans[0] if self.plans else None

    def status_on(self, day: date) -> str | None:
        """Newest reported status."""
        said = newest(self.of(STATUS), day)
        return None if said is None else str(said.data["status"])

    def assigned_by(self, day: date) -> list[Statement]:
        """Tasks that count on a day."""
        return [s for s in self.of(ASSIGNED) if s.data["assigned_on"] <= day]

    def milestone_field(self, milestone: str, field: str, day: date) -> Any:
        """A field of a milestone's reports with its carry."""
        return carried(self.of(MILESTONE, milestone), field, day)


def _plans(statements: list[Statement]) -> list[Plan]:
    """Baselines in the order of their numbers."""
    ordered = sorted(statements, key=lambda s: int(s.data["baseline"]))
    plans = []
    for statement in ordered:
        data = statement.data
        default = data["start"] if statement is ordered[0] else statement.said_on
        plans.append(Plan(data["baseline"], data.get("approved_on") or default, statement, data))
    return plans
