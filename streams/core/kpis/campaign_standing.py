"""How far a campaign and its districts stand on a day: done and total, from tallies or tasks.

It names no KPI and gives no reasons: what nobody said or planned is None.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas.quantities import MICRO, convert_to_micro, convertible
from streams.core.day_view import DayView
from streams.core.plan import District
from streams.core.statements import Statement
from streams.core.timeline import Timeline

__all__ = ["Standings", "TaskCount"]

TALLIED = "milepost.tally.reported.v1"
TASK = "milepost.task.reported.v1"
_WHOLE = ""


class TaskCount(NamedTuple):
    """Tasks assigned by a day: all that are known, those withdrawn, those done, and those open whose due day has passed."""

    known: int = 0
    withdrawn: int = 0
    done: int = 0
    overdue: int = 0

    def total(self, planned: int | None) -> int:
        """Tasks in scope, in 10⁻⁶; a planned number counts where more are planned than known."""
        return max(planned or 0, self.known * MICRO) - self.withdrawn * MICRO


class Standings:
    """Done and total of every scope on a day; amounts in 10⁻⁶ of `unit`."""

    def __init__(self, view: DayView) -> None:
        self._view = view
        self._campaign = view.campaign
        self._tasks: dict[int, dict[str, TaskCount]] = {}
        self.districts = self._known_districts()
        self._district_ids = frozenset(district.id for district in self.districts)
        self.unit = (self._campaign.unit if self._campaign else None) or self._earliest_unit()

    def done(self, scope: str, day: int) -> int | None:
        """What was done by a day; None when nobody said anything."""
        tallied = self._tallied(scope, day)
        if tallied is not None:
            return tallied
        if scope == _WHOLE and self._any_district_tallied(day):
            return sum(self.done(district.id, day) or 0 for district in self.districts)
        tasks = self.tasks(scope, day)
        return None if tasks is None else tasks.done * MICRO

    def total(self, scope: str) -> int | None:
        """What is to be done, as known on the day of the view; None when nobody said or planned it."""
        if scope == _WHOLE:
            return self._total_of_all()
        planned = next((district.total for district in self.districts if district.id == scope), None)
        return self._total_of(scope, planned)

    def by_tasks(self, scope: str) -> bool:
        """Whether what is done is counted from tasks."""
        day = self._view.day
        if self._tallied(scope, day) is not None or (scope == _WHOLE and self._any_district_tallied(day)):
            return False
        return self.tasks(scope, day) is not None

    def overdue(self, scope: str) -> int | None:
        """Tasks that are open past their due day; None when no task at all was assigned by the day of the view."""
        if self.tasks(_WHOLE, self._view.day) is None:
            return None
        tasks = self.tasks(scope, self._view.day)
        return tasks.overdue if tasks else 0

    def tasks(self, scope: str, day: int) -> TaskCount | None:
        """Count of the tasks of a scope; None when none was assigned by the day."""
        if day not in self._tasks:
            self._tasks[day] = self._count_tasks(day)
        return self._tasks[day].get(scope)

    # -- totals ------------------------------------------------------------------------------------------------

    def _total_of_all(self) -> int | None:
        """The districts' totals together if all have one and no tally without district is in force, else the campaign's."""
        by_tasks = self.by_tasks(_WHOLE)
        totals = [
            self.total(district.id)
            for district in self.districts
            if district.total is not None or not by_tasks
        ]
        known = [total for total in totals if total is not None]
        summed = known and len(known) == len(self.districts)
        if not summed or self._tallied(_WHOLE, self._view.day) is not None:
            return self._total_of(_WHOLE, self._campaign.total if self._campaign else None)
        return sum(known) + (self._tasks_of_no_district() if by_tasks else 0)

    def _tasks_of_no_district(self) -> int:
        """Tasks in scope that belong to the campaign alone, in 10⁻⁶."""
        counts = [self.tasks(scope, self._view.day) or TaskCount() for scope in (_WHOLE, *self._district_ids)]
        whole, *shares = (count.total(None) for count in counts)
        return whole - sum(shares)

    def _total_of(self, scope: str, planned: int | None) -> int | None:
        """Total as tallied, else as planned; the tasks known count where there are more."""
        if self.by_tasks(scope):
            return (self.tasks(scope, self._view.day) or TaskCount()).total(planned)
        tallied = self._tallied_total(scope)
        return planned if tallied is None else tallied

    # -- tallies -----------------------------------------------------------------------------------------------

    def _timeline(self, district: str) -> Timeline:
        return self._view.project.timeline(TALLIED, district)

    def _known_districts(self) -> Sequence[District]:
        """Districts of the baseline in force; before a baseline, those of which was told: tallied or given a task."""
        if self._view.plan is not None:
            return self._campaign.districts if self._campaign else ()
        day = self._view.day
        told = {oid for oid in self._view.project.objects(TALLIED) if self._timeline(oid).count_until(day)}
        for assignment in self._view.project.assignments.values():
            if assignment.data["assigned_on"].toordinal() <= day:
                told.add(assignment.data.get("district") or _WHOLE)
        return [District(district, None, None) for district in sorted(told - {_WHOLE})]

    def _earliest_unit(self) -> str:
        """Unit of the earliest tally that names one, where the plan names none."""
        found: list[tuple[int, str, str]] = []
        for scope in (_WHOLE, *self._district_ids):
            for day, statement in self._timeline(scope).between(-1, self._view.day):
                if statement.data.get("unit") is not None:
                    found.append((day, scope, statement.data["unit"]))
                    break
        return min(found)[2] if found else "1"

    def _amount(self, statement: Statement, field: str) -> int | None:
        """A field of a tally in the campaign's unit; None where it has none or the unit is of another dimension."""
        number = statement.data.get(field)
        unit = statement.data.get("unit") or self.unit
        if number is None or not convertible(unit, self.unit):
            return None
        return convert_to_micro(number, unit, self.unit)

    def _tallied(self, scope: str, day: int) -> int | None:
        for _, statement in self._timeline(scope).backwards(day):
            done = self._amount(statement, "done")
            if done is not None:
                return done
        return None

    def _tallied_total(self, scope: str) -> int | None:
        """Total of the newest tally that has the field; an explicit null clears it."""
        for statement in self._timeline(scope).having(self._view.day, "total"):
            if convertible(statement.data.get("unit") or self.unit, self.unit):
                return self._amount(statement, "total")
        return None

    def _any_district_tallied(self, day: int) -> bool:
        return any(self._tallied(district.id, day) is not None for district in self.districts)

    # -- tasks -------------------------------------------------------------------------------------------------

    def _count_tasks(self, day: int) -> dict[str, TaskCount]:
        """Counts per district and for the whole; a task of an unknown district takes part in nothing."""
        counts: dict[str, list[int]] = {}
        for task, assignment in self._view.project.assignments.items():
            said: dict[str, Any] = assignment.data
            district = said.get("district")
            if said["assigned_on"].toordinal() > day or self._is_unknown(district):
                continue
            newest = self._view.project.timeline(TASK, task).newest(day)
            status = newest.data["status"] if newest else "open"
            due = said.get("due")
            is_open = status not in {"done", "withdrawn"}
            late = is_open and due is not None and due.toordinal() < day
            for scope in (_WHOLE,) if district is None else (_WHOLE, district):
                count = counts.setdefault(scope, [0, 0, 0, 0])
                count[0] += 1
                count[1] += status == "withdrawn"
                count[2] += status == "done"
                count[3] += late
        return {scope: TaskCount(*count) for scope, count in counts.items()}

    def _is_unknown(self, district: str | None) -> bool:
        """Whether a plan that names districts does not name this one; without any, a district is a mere label."""
        named = self._view.plan is not None and bool(self.districts)
        return named and district is not None and district not in self._district_ids
