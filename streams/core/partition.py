"""One partition of the log as the worker sees it: records in; KPI records, alerts, rejections and forwards out.

This is all that a shell calls. It is a pure function of the records, their order and the rules: it reads no clock and
never raises for bad input. What `Resume` says was published is folded again in silence.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from typing import Any, Protocol

from schemas.acceptance import accept_structured, epoch_us
from schemas.alerts import AlertTransition
from schemas.codec import structured
from schemas.events import TICK_TYPE, Event
from schemas.kpi import KpiEvaluated, KpiHistory, Position, RuleSetRef
from schemas.rejections import Rejected, Rejection, rejection_of
from streams.core.alerting import AlertBook
from streams.core.constants import Constants
from streams.core.evaluation import evaluate, evaluate_original
from streams.core.findings import findings_of
from streams.core.history import (
    DayRows,
    Evaluations,
    has_rows_when_closed,
    mark_closed,
    mark_rows,
    restated_rows,
)
from streams.core.project import Project
from streams.core.projects import Projects
from streams.core.render import day_text, kpi_record, value_record
from streams.core.rules import RuleSet
from streams.core.statements import statement_of
from streams.core.status_date import status_date

__all__ = ["LogRecord", "Output", "Partition", "Resume"]


class LogRecord(Protocol):
    """What the core needs of a stored record."""

    @property
    def topic(self) -> str:
        """Topic of the record."""

    @property
    def offset(self) -> int:
        """Place in the partition."""

    @property
    def recorded_at_us(self) -> int:
        """When the log appended it, microseconds since the epoch."""

    @property
    def value(self) -> bytes | None:
        """Bytes as received."""

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """Headers in order."""


@dataclass(frozen=True, slots=True)
class Resume:
    """What stands published by earlier workers of a partition."""

    kpi_position: tuple[int, int] | None = None
    rejected_offset: int = -1
    alerts_offset: int = -1
    active_alerts: tuple[dict[str, Any], ...] = ()
    rules: RuleSetRef | None = None


@dataclass(slots=True)
class Output:
    """What a batch caused, each list in order."""

    kpis: list[KpiEvaluated] = field(default_factory=list)
    alerts: list[AlertTransition] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    forwards: list[tuple[int, LogRecord]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.kpis or self.alerts or self.rejections or self.forwards)


class Partition:
    """State of one partition of events."""

    def __init__(
        self,
        number: int,
        *,
        place: Callable[[str], int],
        zone: tzinfo,
        constants: Constants,
        rules: RuleSet,
        resume: Resume | None = None,
        notes_changes: bool = False,
    ) -> None:
        """With `notes_changes` the parts of the state that change are noted, for whoever saves them now and then."""
        resume = resume or Resume()
        self.number = number
        self.projects = Projects(partial(Project, zone=zone, notes_changes=notes_changes))
        self.touched: set[str] = set()
        self.closed_through: int | None = None
        self.known_at_us: int | None = None
        self.touched_since_cut: set[str] = set()
        self.unsaved: set[str] = set()
        # Offset and append time of the last record.
        self.newest: tuple[int, int] | None = None
        self._place = place
        self._zone = zone
        self._constants = constants
        self._published = resume.kpi_position or (-1, -1)
        self._told_offset = max(self._published[0], resume.rejected_offset)
        self.since_offset = _since(resume, rules.hash)
        self.rules_hash = rules.hash
        self._rules: RuleSetRef = {"hash": rules.hash, "since_offset": self.since_offset}
        self.alerts = AlertBook(rules)
        self.alerts.restore(resume.active_alerts, resume.alerts_offset)
        self.rules_are_new = True

    # -- folding -----------------------------------------------------------------------------------------------

    def fold(self, records: Iterable[LogRecord]) -> Output:
        """Fold records in order of offset; ticks among them are cuts."""
        output = Output()
        zone = self._zone
        record: LogRecord | None = None
        for record in records:
            try:
                raw = record.value
                if raw is None or record.headers:
                    raw = structured(raw, record.headers)
                event, stated_at_us = accept_structured(raw, record.recorded_at_us, zone)
            except Rejected as error:
                self._reject(record, error, output)
            else:
                self._fold_event(event, stated_at_us, raw, record, output)
        if record is not None:
            self.newest = (record.offset, record.recorded_at_us)
        return output

    def _reject(self, record: LogRecord, error: Rejected, output: Output) -> None:
        if record.offset > self._told_offset:
            rejection = rejection_of(error, record.topic, self.number, record.offset, record.value or b"")
            output.rejections.append(rejection)

    def _fold_event(
        self, event: Event, stated_at_us: int, raw: bytes, record: LogRecord, output: Output
    ) -> None:
        if event["type"] == TICK_TYPE:
            self._cut(event["data"], record.offset, output)
            return
        project_id = event["subject"]
        project = self.projects.loaded.get(project_id) or self.projects.get(project_id)
        if project is None:
            owner = self._place(project_id)
            if owner != self.number:
                if record.offset > self._told_offset:
                    output.forwards.append((owner, record))
                return
            project = self.projects.add(project_id)
        offset = record.offset
        project.take(statement_of(event, raw, offset, stated_at_us))
        project.newest_offset = offset
        if stated_at_us > project.batch_time_us:
            project.batch_time_us = stated_at_us
            project.newest_time_us = max(project.newest_time_us, stated_at_us)
        self.touched.add(project_id)
        self.unsaved.add(project_id)

    # -- cuts --------------------------------------------------------------------------------------------------

    def _cut(self, tick: dict[str, Any], offset: int, output: Output) -> None:
        at_us = epoch_us(tick["at"])
        self.known_at_us = at_us if self.known_at_us is None else max(at_us, self.known_at_us + 1)
        closes = None if tick.get("closes") is None else tick["closes"].toordinal()
        if closes is not None and (self.closed_through is None or closes > self.closed_through):
            self.closed_through = closes
        self.touched_since_cut |= self.touched
        # The first cut under a set of rules puts them to every project.
        first = self.rules_are_new and offset >= self.since_offset
        self.rules_are_new = self.rules_are_new and not first
        due = sorted(self.projects if first or closes is not None else self.touched_since_cut)
        self.unsaved.update(due)
        self.unsaved |= self.alerts.waiting
        for seq, project_id in enumerate(due):
            self._cut_project(self.projects[project_id], closes, (offset, seq), output, first=first)
        if offset >= self.since_offset:
            position, publish = self._position(offset, len(due)), offset >= self._published[0]
            output.alerts += self.alerts.pass_time(self.projects, self._known_at(), position, publish=publish)
        self.touched.clear()
        self.touched_since_cut.clear()

    def _cut_project(
        self,
        project: Project,
        closes: int | None,
        place: tuple[int, int],
        output: Output,
        *,
        first: bool,
    ) -> None:
        project.settle()
        touched = project.id in self.touched_since_cut
        day = status_date(project, self.closed_through)
        moved = day != project.status_day_at_cut
        project.status_day_at_cut, project.batch_time_us = day, 0
        if place <= self._published:
            self._cut_silently(project, closes, day, place, changed=touched or moved or first)
            return
        now = Evaluations(project)
        rows = restated_rows(project, now) if touched else []
        if closes is not None and has_rows_when_closed(project, closes, self._constants):
            rows.append(DayRows.all_of(closes, now))
            mark_closed(project, closes)
        project.forget_undo()
        if touched or moved or rows:
            self._publish_cut(project, day, now, rows, place, output)
        elif first:
            self._publish_alerts(project, day, now, place, output)

    def _cut_silently(
        self, project: Project, closes: int | None, day: int | None, place: tuple[int, int], *, changed: bool
    ) -> None:
        """The cut was published by an earlier worker: only state moves on."""
        mark_rows(project, closes, self._constants)
        project.forget_undo()
        if changed and place[0] >= self.since_offset:
            values = [] if day is None else evaluate(project, day)[1]
            self.alerts.at_cut(project, day, values, self._known_at(), self._position(*place), publish=False)

    def _publish_cut(
        self,
        project: Project,
        day: int | None,
        now: Evaluations,
        rows: list[DayRows],
        place: tuple[int, int],
        output: Output,
    ) -> None:
        baseline, values = (0, []) if day is None else now.on(day)
        position = self._position(*place)
        output.alerts += self.alerts.at_cut(project, day, values, self._known_at(), position, publish=True)
        record = kpi_record(
            project_id=project.id,
            as_of=day,
            baseline=baseline,
            known_at_us=self._known_at(),
            stated_at_us=0,
            position=position,
            values=values,
            original=(0, []) if day is None else now.original_on(day),
            findings=findings_of(project, day),
            history=[_history(row, day) for row in rows],
            rules=self._rules,
        )
        output.kpis.append(record)

    def _publish_alerts(
        self, project: Project, day: int | None, now: Evaluations, place: tuple[int, int], output: Output
    ) -> None:
        values = [] if day is None else now.on(day)[1]
        position = self._position(*place)
        output.alerts += self.alerts.at_cut(project, day, values, self._known_at(), position, publish=True)

    def _known_at(self) -> int:
        return self.known_at_us or 0

    def _position(self, offset: int, seq: int) -> Position:
        return {"partition": self.number, "offset": offset, "seq": seq}

    # -- between cuts ------------------------------------------------------------------------------------------

    def evaluate_live(self, project_ids: Iterable[str] | None = None) -> Output:
        """Evaluate touched projects (None: all of them) at their status dates; not history."""
        output = Output()
        chosen = self.touched if project_ids is None else self.touched.intersection(project_ids)
        for project_id in sorted(chosen):
            self._evaluate_live(self.projects[project_id], output)
        self.touched_since_cut |= chosen
        self.unsaved |= chosen
        self.touched -= chosen
        return output

    def _evaluate_live(self, project: Project, output: Output) -> None:
        project.settle()
        day = status_date(project, self.closed_through)
        baseline, values = (0, []) if day is None else evaluate(project, day)
        position = self._position(project.newest_offset, 0)
        known_at_us = self.known_at_us or 0
        output.alerts += self.alerts.between_cuts(
            project, day, values, known_at_us, project.batch_time_us, position
        )
        project.batch_time_us = 0
        record = kpi_record(
            project_id=project.id,
            as_of=day,
            baseline=baseline,
            known_at_us=None,
            stated_at_us=project.newest_time_us,
            position=position,
            values=values,
            original=(0, []) if day is None else evaluate_original(project, day),
            findings=findings_of(project, day),
            history=None,
            rules=self._rules,
        )
        output.kpis.append(record)


def _since(resume: Resume, rules_hash: str) -> int:
    """Offset since which the rules hold: as published, else from what is published next."""
    if resume.rules is not None and resume.rules["hash"] == rules_hash:
        return resume.rules["since_offset"]
    return 0 if resume.kpi_position is None else resume.kpi_position[0] + 1


def _history(row: DayRows, status_day: int | None) -> KpiHistory:
    """Rows of a day; those of the record's own day need not be repeated."""
    same = row.whole and row.day == status_day
    values = None if same else [value_record(value) for value in row.values]
    history: KpiHistory = {"as_of": day_text(row.day), "baseline": row.baseline, "values": values}
    baseline, original = row.original
    if original:
        history["original"] = {
            "baseline": baseline,
            "values": None if same else [value_record(value) for value in original],
        }
    return history
