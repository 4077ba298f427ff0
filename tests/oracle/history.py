"""Cuts of one partition: every row of kpi_snapshots, and kpi_latest after the last cut (semantics 3 and 4).

At every cut every project is evaluated anew on all its days and compared with the rows that stand.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from schemas.rejections import Rejected
from tests.oracle.evaluation import evaluate, evaluate_original, has_rows_when_closed, reason_when_gone
from tests.oracle.findings import Finding, findings
from tests.oracle.project import Project
from tests.oracle.rows import Row
from tests.oracle.statements import LogRecord, Statement, Tick, contenders, read_record, winners

MICROSECOND = timedelta(microseconds=1)
Key = tuple[str, str, date]
Rows = dict[tuple[str, str], Row]


@dataclass
class _Standing:
    """What stands in a table of history and in its table of the newest rows, for one project; `original`: which tables."""

    original: bool
    standing: dict[Key, Row] = field(default_factory=dict)
    gone: set[Key] = field(default_factory=set)
    latest: Rows = field(default_factory=dict)

    def evaluated(self, project: Project, day: date | None) -> Rows:
        """Rows at the end of a day."""
        if day is None:
            return {}
        return evaluated(project, day, evaluate_original if self.original else evaluate)

    def baseline(self, project: Project, day: date) -> int:
        """Number of the baseline that rows of a day are against."""
        plan = project.first_plan() if self.original else project.plan_on(day)
        return 0 if plan is None else plan.number


@dataclass
class _ProjectHistory:
    """What stands for one project."""

    statements: list[Statement] = field(default_factory=list)
    in_force: _Standing = field(default_factory=lambda: _Standing(original=False))
    original: _Standing = field(default_factory=lambda: _Standing(original=True))
    last: Project | None = None

    def project(self, project_id: str) -> Project:
        """The project as its winning statements now tell it."""
        winning = winners(self.statements)
        if self.last is None or set(winning) != set(self.last.winning):
            self.last = Project(project_id, winning)
        return self.last


@dataclass
class Outcome:
    """What the log says. `snapshots` in the order of writing; `_original`: against the first of several baselines."""

    snapshots: list[Row] = field(default_factory=list)
    snapshots_original: list[Row] = field(default_factory=list)
    latest: list[Row] = field(default_factory=list)
    latest_original: list[Row] = field(default_factory=list)
    findings: dict[str, set[Finding]] = field(default_factory=dict)
    status_dates: dict[str, date | None] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)
    cuts: list[datetime] = field(default_factory=list)
    closed_through: date | None = None


def replay(
    records: Iterable[LogRecord], zone: tzinfo, *, place: Callable[[str], int] | None = None
) -> Outcome:
    """Recompute everything from the records of one or more partitions, each in the order of its offsets.

    `place` gives a project's partition: records elsewhere are forwarded by the worker and count only there.
    """
    whole = Outcome()
    by_partition: dict[int, list[LogRecord]] = {}
    for record in records:
        by_partition.setdefault(record.partition, []).append(record)
    for number in sorted(by_partition):
        partition = _Partition(zone)
        for record in sorted(by_partition[number], key=lambda r: r.offset):
            partition.read(record, place)
        partition.add_to(whole)
    return whole


class _Partition:
    """Reads one partition's records in the order of offsets."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.projects: dict[str, _ProjectHistory] = {}
        self.closed: date | None = None
        self.cuts: list[datetime] = []
        self.snapshots: list[Row] = []
        self.snapshots_original: list[Row] = []
        self.rejected: list[tuple[int, Rejected]] = []

    def read(self, record: LogRecord, place: Callable[[str], int] | None) -> None:
        said = read_record(record, self.zone)
        if isinstance(said, Rejected):
            self.rejected.append((record.offset, said))
        elif isinstance(said, Tick):
            self.cut(said)
        elif place is None or place(said.project_id) == record.partition:
            self.projects.setdefault(said.project_id, _ProjectHistory()).statements.append(said)

    def cut(self, tick: Tick) -> None:
        at = tick.at.astimezone(UTC)
        known_at = max(at, self.cuts[-1] + MICROSECOND) if self.cuts else at
        self.cuts.append(known_at)
        if tick.closes is not None:
            self.closed = max(tick.closes, self.closed or tick.closes)
        for project_id in sorted(self.projects):
            history = self.projects[project_id]
            project = history.project(project_id)
            days = _days_with_rows(project, history.in_force, tick.closes)
            self.snapshots += _new_history(project, history.in_force, days, known_at)
            self.snapshots_original += _new_history(project, history.original, days, known_at)
            for table in (history.in_force, history.original):
                now = table.evaluated(project, status_date(project, self.closed))
                table.latest = _new_latest(table.latest, now, known_at)

    def add_to(self, whole: Outcome) -> None:
        whole.snapshots += self.snapshots
        whole.snapshots_original += self.snapshots_original
        whole.rejected += self.rejected
        whole.cuts += self.cuts
        whole.closed_through = self.closed
        for project_id in sorted(self.projects):
            history = self.projects[project_id]
            project = history.project(project_id)
            day = status_date(project, self.closed)
            for table, latest in (
                (history.in_force, whole.latest),
                (history.original, whole.latest_original),
            ):
                latest.extend(_live(table.latest, table.evaluated(project, day)))
            whole.status_dates[project_id] = day
            whole.statements += project.winning
            whole.findings[project_id] = findings(project, contenders(history.statements), day)


def status_date(project: Project, closed: date | None) -> date | None:
    """The later of the newest closed day and the newest day of a winning statement."""
    return max([*project.days(), *([] if closed is None else [closed])], default=None)


def evaluated(project: Project, day: date, compute: Callable[[Project, date], Rows] = evaluate) -> Rows:
    """Rows depend on the winning statements and the day alone: computed once while neither changes."""
    return project.memo(("rows", compute, day), lambda: compute(project, day))


def _days_with_rows(project: Project, standing: _Standing, closes: date | None) -> list[date]:
    days = project.days() | {key[2] for key in standing.standing}
    if closes is not None and has_rows_when_closed(project, closes):
        days.add(closes)
    return sorted(days)


def _new_history(
    project: Project, standing: _Standing, days: Iterable[date], known_at: datetime
) -> list[Row]:
    return [row for day in days for row in _restated(project, standing, day, known_at)]


def _restated(project: Project, standing: _Standing, day: date, known_at: datetime) -> list[Row]:
    """Rows of a day that differ from those that stand, and null rows for the keys that are gone."""
    written: list[Row] = []
    now = standing.evaluated(project, day)
    for (kpi, scope), row in now.items():
        key = (kpi, scope, day)
        # A key that comes back is written, even if it comes back as the null that stands for it.
        if standing.standing.get(key) != row or key in standing.gone:
            standing.standing[key] = row
            written.append(row | {"known_at": known_at})
        standing.gone.discard(key)
    for key in [
        key for key in standing.standing if key[2] == day and key[:2] not in now and key not in standing.gone
    ]:
        standing.gone.add(key)
        standing.standing[key] = _tombstone(project, standing, standing.standing[key])
        written.append(standing.standing[key] | {"known_at": known_at})
    return written


def _tombstone(project: Project, standing: _Standing, row: Row) -> Row:
    nothing: dict[str, Any] = dict.fromkeys(("value", "value_date", "numerator", "denominator"))
    reason = reason_when_gone(project, row["kpi"], row["as_of"])
    return row | nothing | {"baseline": standing.baseline(project, row["as_of"]), "reason": reason}


def _new_latest(before: Rows, now: Rows, known_at: datetime) -> Rows:
    """Rows keep their known_at while everything else stands."""
    return {key: row | {"known_at": _since(before.get(key), row, known_at)} for key, row in now.items()}


def _since(before: Row | None, row: Row, known_at: datetime | None) -> datetime | None:
    if before is None or before != row | {"known_at": before["known_at"]}:
        return known_at
    since: datetime = before["known_at"]
    return since


def _live(at_last_cut: Rows, now: Rows) -> list[Row]:
    """Rows as of the end of the log: those that changed since the last cut have no known_at."""
    return [row | {"known_at": _since(at_last_cut.get(key), row, None)} for key, row in now.items()]


def kpi_at(snapshots: Sequence[Row], day: date, known_at: datetime) -> list[Row]:
    """Per (project, kpi, scope) the newest as_of not after `day` known by then, and of it the newest row."""
    chosen: dict[tuple[str, str, str], Row] = {}
    for row in snapshots:
        if row["as_of"] > day or row["known_at"] > known_at:
            continue
        key = (row["project_id"], row["kpi"], row["scope"])
        held = chosen.get(key)
        if held is None or (row["as_of"], row["known_at"]) > (held["as_of"], held["known_at"]):
            chosen[key] = row
    return list(chosen.values())
