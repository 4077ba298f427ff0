"""Alerts of one partition by semantics 7: what a pure run over the cuts says, and what stands published between them.

It is told the records and the live evaluations of a worker in their order, and knows which alerts must be active after
each. Everything is evaluated anew every time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from schemas.alerts import Rule
from tests.oracle.history import MICROSECOND, evaluated, status_date
from tests.oracle.project import Plan, Project
from tests.oracle.rows import Row
from tests.oracle.statements import LogRecord, Statement, Tick, read_record, winners

PENDING, FIRING = "pending", "firing"
BREACH, BETWEEN, CLEAR = "breach", "between", "clear"
NEVER = timedelta(0)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Alert(NamedTuple):
    """What tells one alert from others."""

    project_id: str
    name: str
    severity: str
    scope: str


class Change(NamedTuple):
    """A published change; `reason` only where something resolves."""

    alert: Alert
    state: str
    reason: str | None


@dataclass(frozen=True)
class _Run:
    """An alert in the run over the cuts."""

    state: str
    active_at: datetime
    clear_since: datetime | None
    breached_on: date | None


class Alerts:
    """Alerts of one partition; `active` is what stands on the topic."""

    def __init__(
        self,
        rules: Sequence[Rule],
        zone: tzinfo,
        *,
        since_offset: int = 0,
        place: Callable[[str], int] | None = None,
    ) -> None:
        self.active: dict[Alert, str] = {}
        self.changes: list[Change] = []
        self._rules = rules
        self._zone = zone
        self._since_offset = since_offset
        self._place = place
        self._statements: dict[str, list[Statement]] = {}
        self._projects: dict[str, Project] = {}
        self._closed: date | None = None
        self._known_at: datetime | None = None
        self._runs: dict[Alert, _Run] = {}
        self._breached_on: dict[Alert, date | None] = {}

    # -- what happens ----------------------------------------------------------------------------------------------

    def record(self, record: LogRecord) -> None:
        """A record is folded; a tick is a cut."""
        said = read_record(record, self._zone)
        if isinstance(said, Tick):
            self._cut(said, counts=record.offset >= self._since_offset)
        elif isinstance(said, Statement) and self._is_at_home(said, record):
            self._statements.setdefault(said.project_id, []).append(said)
            self._projects.pop(said.project_id, None)

    def _is_at_home(self, said: Statement, record: LogRecord) -> bool:
        return self._place is None or self._place(said.project_id) == record.partition

    def live(self, project_ids: Iterable[str]) -> None:
        """Projects are evaluated between cuts."""
        for project_id in sorted(project_ids):
            project = self._project(project_id)
            day = status_date(project, self._closed)
            for alert, rule, row in self._looked_at(project, day):
                self._early(alert, rule, _condition(rule, row), day)

    def _project(self, project_id: str) -> Project:
        if project_id not in self._projects:
            self._projects[project_id] = Project(project_id, winners(self._statements[project_id]))
        return self._projects[project_id]

    def _looked_at(self, project: Project, day: date | None) -> list[tuple[Alert, Rule, Row | None]]:
        """Every alert that a rule can raise or that is known, with its rule and its row."""
        rows = {} if day is None else evaluated(project, day)
        plan = project.first_plan() if day is None else project.plan_on(day)
        found: dict[Alert, tuple[Rule, Row | None]] = {}
        for rule in self._rules:
            if not _selects(rule, project.project_id, plan):
                continue
            for (kpi, scope), row in rows.items():
                if kpi == rule.kpi and rule.scope in ("*", scope):
                    found[Alert(project.project_id, rule.alert, rule.severity, scope)] = rule, row
        for alert in {*self._runs, *self.active}:
            if alert.project_id == project.project_id and alert not in found:
                rule = next(r for r in self._rules if (r.alert, r.severity) == (alert.name, alert.severity))
                found[alert] = rule, None
        return [(alert, *found[alert]) for alert in sorted(found)]

    # -- the run over the cuts -------------------------------------------------------------------------------------

    def _cut(self, tick: Tick, *, counts: bool) -> None:
        at = tick.at.astimezone(UTC)
        self._known_at = at if self._known_at is None else max(at, self._known_at + MICROSECOND)
        if tick.closes is not None:
            self._closed = max(tick.closes, self._closed or tick.closes)
        for project_id in sorted(self._statements) if counts else ():
            project = self._project(project_id)
            day = status_date(project, self._closed)
            for alert, rule, row in self._looked_at(project, day):
                self._step(alert, rule, _condition(rule, row), day, self._known_at)

    def _step(self, alert: Alert, rule: Rule, said: str, day: date | None, now: datetime) -> None:
        before = self._runs.get(alert)
        after = _next(before, rule, said, day, now)
        self._runs.pop(alert, None)
        if after is not None:
            self._runs[alert] = after
        published = self.active.get(alert)
        state = None if after is None else after.state
        if (published, state) == (FIRING, PENDING):
            self._publish(alert, None, "not_confirmed")
        resolved = "not_confirmed" if before is None or before.state != FIRING else _why_clear(before, day)
        self._publish(alert, state, resolved)
        if after is not None:
            self._breached_on[alert] = after.breached_on

    # -- between cuts ----------------------------------------------------------------------------------------------

    def _early(self, alert: Alert, rule: Rule, said: str, day: date | None) -> None:
        published = self.active.get(alert)
        if said == BREACH:
            if published is None and rule.hold is None:
                self._publish(alert, FIRING, None)
            if alert in self.active:
                self._breached_on[alert] = day
        elif said == CLEAR and published == FIRING and rule.keep_firing_for is None:
            corrected = day is not None and day == self._breached_on.get(alert)
            self._publish(alert, None, "corrected" if corrected else "cleared")

    def _publish(self, alert: Alert, state: str | None, resolved: str | None) -> None:
        published = self.active.get(alert)
        if published == state:
            return
        if state is None:
            del self.active[alert]
            self.changes.append(Change(alert, "resolved" if published == FIRING else "inactive",
                                       resolved if published == FIRING else None))  # fmt: skip
        else:
            self.active[alert] = state
            self.changes.append(Change(alert, state, None))


def _next(before: _Run | None, rule: Rule, said: str, day: date | None, now: datetime) -> _Run | None:
    """The run of an alert after a cut; None: inactive."""
    if said == BREACH:
        active_at = now if before is None else before.active_at
        firing = (before is not None and before.state == FIRING) or now - active_at >= _duration(rule.hold)
        return _Run(FIRING if firing else PENDING, active_at, None, day)
    if before is None or before.state == PENDING:
        return None
    if said == BETWEEN:
        return replace(before, clear_since=None)
    clear_since = before.clear_since or now
    if now - clear_since < _duration(rule.keep_firing_for):
        return replace(before, clear_since=clear_since)
    return None


def _why_clear(before: _Run, day: date | None) -> str:
    return "corrected" if day is not None and day == before.breached_on else "cleared"


def _condition(rule: Rule, row: Row | None) -> str:
    """Breach, clear, or between the two thresholds; no row and null breach nothing but `is_null`."""
    value = None if row is None else row["value"]
    if rule.is_null is not None:
        return BREACH if row is not None and (value is None) == rule.is_null else CLEAR
    if value is None:
        return CLEAR
    if rule.above is not None:
        clear = rule.above if rule.clear is None else rule.clear
        return BREACH if value > rule.above else CLEAR if value <= clear else BETWEEN
    assert rule.below is not None
    clear = rule.below if rule.clear is None else rule.clear
    return BREACH if value < rule.below else CLEAR if value >= clear else BETWEEN


def _selects(rule: Rule, project_id: str, plan: Plan | None) -> bool:
    """Whether a rule looks at a project; what no baseline says matches nothing that is asked for."""
    where = rule.where
    data: dict[str, Any] = {} if plan is None else plan.data
    city = (data.get("region") or {}).get("city") or ""
    return (
        where.project in (None, project_id)
        and where.kind in (None, data.get("kind") or "")
        and where.city in (None, city)
        and set(where.tags or ()) <= set(data.get("tags") or ())
    )


def _duration(text: str | None) -> timedelta:
    return NEVER if text is None else timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
