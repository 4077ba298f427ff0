"""State of one project: its winning statements, in the orders in which KPIs ask for them.

Folding is commutative and idempotent: a statement replaces the one with its key if it wins, whatever the order of
arrival. What was replaced since the last cut stands in an undo list, so that a cut can look at the project as it was.

`take` only lets a statement compete; the indexes that KPIs read follow with `settle`, once per key whatever came for it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from schemas.acceptance import epoch_us, local_day
from streams.core.days import DayCounts
from streams.core.line_output import LineReports
from streams.core.plan import Plan, plan_of
from streams.core.statements import Key, Statement, wins
from streams.core.timeline import Timeline

__all__ = ["Project", "day_of"]

UNSETTLED_MAX = 2000
"""So many keys are indexed within some milliseconds."""

BASELINED = "milepost.project.baselined.v1"
ASSIGNED = "milepost.task.assigned.v1"
PRODUCED = "milepost.production.reported.v1"
READ = "milepost.reading.taken.v1"
_DAYLESS = frozenset({BASELINED, ASSIGNED})
_EMPTY = Timeline()
_EMPTY_LINE = LineReports()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_of(key: Key, zone: tzinfo) -> int | None:
    """Day (ordinal) that a key is about; None for baselines and assignments."""
    kind = key[0]
    if kind in _DAYLESS:
        return None
    if kind == PRODUCED:
        return int(key[3].toordinal())
    if kind == READ:
        return local_day(key[2], zone).toordinal()
    return int(key[-1].toordinal())


class Project:
    """One project; days are ordinals."""

    __slots__ = (
        "affected_from",
        "assignments",
        "assignments_version",
        "batch_time_us",
        "chunks",
        "cuts",
        "days",
        "finish_runs",
        "id",
        "lines",
        "memo",
        "newest_offset",
        "newest_time_us",
        "plans",
        "plans_version",
        "retracted",
        "retractions",
        "row_days",
        "slots",
        "status_day_at_cut",
        "timelines",
        "undo",
        "unsaved",
        "unsettled",
        "zone",
    )

    def __init__(self, project_id: str, zone: tzinfo, *, notes_changes: bool = False) -> None:
        self.id = project_id
        self.zone = zone
        self.slots: dict[Key, Statement] = {}
        self.timelines: dict[tuple[str, Any], Timeline] = {}
        self.lines: dict[str, LineReports] = {}
        self.assignments: dict[str, Statement] = {}
        self.assignments_version = 0
        self.plans: dict[int, Plan] = {}
        self.plans_version = 0
        self.days = DayCounts()
        self.retractions: dict[Key, dict[tuple[Any, bytes], Statement]] = {}
        self.retracted: set[Key] = set()
        self.undo: dict[Key, Statement | None] = {}
        # What the indexes hold of the keys that have changed since they were settled.
        self.unsettled: dict[Key, Statement | None] = {}
        self.affected_from: int | None = None
        self.row_days: list[int] = []
        self.finish_runs: list[tuple[int, int | None]] = []
        self.memo: dict[Any, Any] = {}
        self.status_day_at_cut: int | None = None
        self.newest_offset = -1
        self.newest_time_us = 0
        # Newest time among the records since the last evaluation.
        self.batch_time_us = 0
        # For who saves the state: keys that changed since then, in order of arrival; keys by chunk; cuts so far.
        self.unsaved: dict[Key, object] | None = {} if notes_changes else None
        self.chunks: list[list[Key]] = []
        self.cuts = 0

    # -- folding -----------------------------------------------------------------------------------------------

    def fold(self, statement: Statement) -> None:
        """Let a statement compete for its key, and bring the indexes up to date."""
        self.take(statement)
        self.settle()

    def take(self, statement: Statement) -> None:
        """Let a statement compete for its key; nobody reads the indexes before they are settled."""
        key = statement.key
        current = self.slots.get(key)
        if statement.retracts:
            self.retractions.setdefault(key, {})[statement.order, statement.digest] = statement
            self._note(key)
        if current is not None:
            if current.retracts != statement.retracts:
                self.retracted.add(key)
                self._note(key)
            if not wins(statement, current):
                return
            statement.chunk = current.chunk
        self.slots[key] = statement
        if key not in self.unsettled:
            self.unsettled[key] = current
            if key not in self.undo:
                self.undo[key] = current
            if len(self.unsettled) > UNSETTLED_MAX:
                self.settle()

    def settle(self) -> None:
        """Bring the indexes up to date."""
        if self.unsettled:
            for key, indexed in self.unsettled.items():
                self._reindex(key, indexed, self.slots[key])
            if self.unsaved is not None:
                self.unsaved.update(self.unsettled)
            self.unsettled.clear()

    def load(self, winners: Iterable[Statement]) -> None:
        """Take over the winners of all keys of a project that is still empty.

        The indexes come out as if each had been folded; made for all at once they cost a fraction.
        """
        slots, days = self.slots, list[int]()
        lines: dict[str, dict[tuple[int, int], dict[str | None, Statement]]] = {}
        timelines: dict[tuple[str, Any], dict[tuple[int, ...], Statement]] = {}
        for statement in winners:
            key = statement.key
            slots[key] = statement
            if statement.retracts:
                continue
            if key[0] == PRODUCED:
                period = (key[2].toordinal(), key[3].toordinal())
                lines.setdefault(key[1], {}).setdefault(period, {})[key[4]] = statement
                days.append(period[1])
            elif key[0] in _DAYLESS:
                self._index(key, None, statement)
            else:
                place = self._place(key)
                timelines.setdefault(self._object(key), {})[place] = statement
                days.append(place[0])
        self._load_indexes(days, lines, timelines)

    def _load_indexes(
        self,
        days: list[int],
        lines: dict[str, dict[tuple[int, int], dict[str | None, Statement]]],
        timelines: dict[tuple[str, Any], dict[tuple[int, ...], Statement]],
    ) -> None:
        self.days.load(days)
        for line, periods in lines.items():
            self.lines[line] = LineReports()
            self.lines[line].load(periods)
        for name, statements in timelines.items():
            self.timelines[name] = Timeline()
            self.timelines[name].load(statements)

    def _note(self, key: Key) -> None:
        """What is kept of a key has changed, even if its winner has not."""
        if self.unsaved is not None:
            self.unsaved[key] = None

    def _reindex(self, key: Key, old: Statement | None, new: Statement | None) -> None:
        before = None if old is None or old.retracts else old
        after = None if new is None or new.retracts else new
        if before is None and after is None:
            return
        if before is None or after is None:
            self._count_day(key, after)
        self._touch_from(self._index(key, before, after))

    def _count_day(self, key: Key, after: Statement | None) -> None:
        day = day_of(key, self.zone)
        if day is None:
            return
        if after is not None:
            self.days.add(day)
        else:
            self.days.remove(day)

    def _touch_from(self, day: int) -> None:
        if self.affected_from is None or day < self.affected_from:
            self.affected_from = day
        runs = self.finish_runs
        while runs and runs[-1][0] >= day:
            runs.pop()

    # -- indexes: each answers the first day whose values may change ------------------------------------------------

    def _index(self, key: Key, before: Statement | None, after: Statement | None) -> int:
        kind = key[0]
        if kind == PRODUCED:
            line = self.lines.get(key[1])
            if line is None:
                line = self.lines[key[1]] = LineReports()
            return line.put((key[2].toordinal(), key[3].toordinal()), key[4], after)
        if kind == BASELINED:
            return self._index_plan(key[1], after)
        if kind == ASSIGNED:
            return self._index_assignment(key[1], before, after)
        place = self._place(key)
        timeline = self.timelines.get(self._object(key))
        if timeline is None:
            timeline = self.timelines[self._object(key)] = Timeline()
        timeline.put(place, after)
        return place[0]

    @staticmethod
    def _object(key: Key) -> tuple[str, Any]:
        return (key[0], "" if len(key) == 2 or key[1] is None else key[1])

    def _place(self, key: Key) -> tuple[int, ...]:
        if key[0] == READ:
            return (local_day(key[2], self.zone).toordinal(), epoch_us(key[2]))
        return (key[-1].toordinal(),)

    def _index_plan(self, number: int, after: Statement | None) -> int:
        self.plans_version += 1
        lowest = min(self.plans, default=number)
        changed = [self.plans[number]] if number in self.plans else []
        if after is None:
            del self.plans[number]
        else:
            stated = _EPOCH + timedelta(microseconds=after.stated_at_us)
            self.plans[number] = plan_of(after.data, local_day(stated, self.zone).toordinal())
            changed.append(self.plans[number])
        if number <= lowest:
            return 0
        return min(self.effective_from(plan) for plan in changed)

    def _index_assignment(self, task: str, before: Statement | None, after: Statement | None) -> int:
        self.assignments_version += 1
        if after is None:
            del self.assignments[task]
        else:
            self.assignments[task] = after
        return min(int(s.data["assigned_on"].toordinal()) for s in (before, after) if s is not None)

    # -- reading -----------------------------------------------------------------------------------------------

    def timeline(self, kind: str, object_id: Any = "") -> Timeline:
        """Timeline of an object; an empty one where nothing was stated. Not to be changed."""
        return self.timelines.get((kind, object_id), _EMPTY)

    def line(self, line_id: str) -> LineReports:
        """Reports of a line; empty where there are none. Not to be changed."""
        return self.lines.get(line_id, _EMPTY_LINE)

    def objects(self, kind: str) -> list[Any]:
        """Ids of the objects of a type that have statements, in order."""
        return sorted(oid for (k, oid), timeline in self.timelines.items() if k == kind and len(timeline))

    def first_plan(self) -> Plan | None:
        """Baseline with the lowest number."""
        return self.plans[min(self.plans)] if self.plans else None

    def effective_from(self, plan: Plan) -> int:
        """Day from which a baseline holds: approved_on, else start for the first one, else the day of its time."""
        if plan.approved_on is not None:
            return plan.approved_on
        return plan.start if plan.baseline == min(self.plans, default=plan.baseline) else plan.stated_on

    def plan_on(self, day: int) -> Plan | None:
        """Baseline in force: the greatest approved on or before the day; before the first, the first."""
        if not self.plans:
            return None
        if len(self.plans) == 1:
            return next(iter(self.plans.values()))
        in_force = [number for number, plan in self.plans.items() if self.effective_from(plan) <= day]
        return self.plans[max(in_force)] if in_force else self.first_plan()

    # -- the project as it was at the last cut ------------------------------------------------------------------

    def swap_undo(self) -> None:
        """Exchange what was replaced since the last cut with what replaced it; a second call restores.

        The indexes must be settled.
        """
        affected = self.affected_from
        swapped: dict[Key, Statement | None] = {}
        for key, old in self.undo.items():
            now = self.slots.get(key)
            swapped[key] = now
            if old is None:
                del self.slots[key]
            else:
                self.slots[key] = old
            self._reindex(key, now, old)
        self.undo = swapped
        self.affected_from = affected

    def plans_undone(self) -> int:
        """How many baselines more the project had at the last cut; negative: fewer."""
        changes = [(old, self.slots.get(key)) for key, old in self.undo.items() if key[0] == BASELINED]
        return sum((_speaks(old) - _speaks(now)) for old, now in changes)

    def forget_undo(self) -> None:
        """The state of now is that of a cut."""
        self.undo.clear()
        self.affected_from = None
        self.cuts += 1


def _speaks(statement: Statement | None) -> bool:
    """Whether a key has a statement, and not a retraction of one."""
    return statement is not None and not statement.retracts
