"""Whether the tables of a store say what the law says of a log: history, rows now, statements, findings, projects."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from pydantic_core import from_json

from eventlog.log import EventLog
from schemas.codec import structured
from schemas.envelope import data_text
from schemas.keys import KEY_FIELDS
from schemas.rejections import Rejected
from storage.store import Store
from tests.agreement import COLUMNS, row_differences
from tests.builders import ZONE
from tests.lives import TOPICS, records_of_topic
from tests.oracle import LogRecord, Outcome, kpi_at
from tests.oracle.findings import Finding
from tests.oracle.project import Project
from tests.oracle.rows import Row
from tests.oracle.statements import Statement, Tick, read_record
from tests.topics import oracle_records

__all__ = ["closed_days", "kpi_at_differences", "rows_of", "table_differences"]

_FINDINGS: Final = "SELECT project_id, finding, scope, as_of, source, id, since FROM findings"
_STATEMENTS: Final = "SELECT type, project_id, key, as_of, revision, time, source, id FROM statements"
_ALERTS: Final = "SELECT fingerprint, project_id, scope, state FROM alerts"
_RECORDS: Final = (
    "SELECT 'events' AS place, partition, \"offset\" FROM events"
    " UNION ALL SELECT 'rejected_events', partition, \"offset\" FROM rejected_events"
)
_PROGRESS: Final = (
    "SELECT partition, next_offset, lag, closed_through FROM ingest_progress WHERE topic = 'milepost.events'"
)
_PROJECTS: Final = "SELECT project_id, baseline, start, status_date, status FROM projects"


def rows_of(store: Store, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Rows of a query with their names; instants in UTC."""
    found = store.connection.execute(sql, parameters)
    names = [column[0] for column in found.description]
    return [{n: _plain(value) for n, value in zip(names, row, strict=True)} for row in found.fetchall()]


def _plain(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def table_differences(store: Store, log: EventLog, expected: Outcome) -> list[str]:
    """Where the tables contradict the law; empty when they do not."""
    columns = ", ".join(COLUMNS)
    found: list[str] = []
    for table, rows in (
        ("kpi_snapshots", expected.snapshots),
        ("kpi_latest", expected.latest),
        ("kpi_snapshots_original", expected.snapshots_original),
        ("kpi_latest_original", expected.latest_original),
    ):
        found += row_differences(table, rows, rows_of(store, f"SELECT {columns} FROM {table}"))
    for what, wanted, told in (
        ("statements", _wanted_statements(expected), _told_statements(store)),
        ("findings", _wanted_findings(expected, log), _told(store, _FINDINGS)),
        ("projects", _wanted_projects(expected), _told(store, _PROJECTS)),
        ("alerts", _wanted_alerts(log), _told(store, _ALERTS)),
        ("records", _wanted_records(log), _told(store, _RECORDS)),
        ("ingest_progress", _wanted_progress(log), _told(store, _PROGRESS)),
    ):
        found += [f"{what}: {row} is missing" for row in sorted(wanted - told, key=repr)]
        found += [f"{what}: {row} should not be there" for row in sorted(told - wanted, key=repr)]
    return found


def kpi_at_differences(store: Store, expected: Outcome, day: date, known_at: datetime) -> list[str]:
    """Where `kpi_at` contradicts the law."""
    told = rows_of(store, "SELECT * FROM kpi_at($day, $known_at)", {"day": day, "known_at": known_at})
    return row_differences(f"kpi_at({day}, {known_at})", kpi_at(expected.snapshots, day, known_at), told)


def _told(store: Store, sql: str) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in rows_of(store, sql)}


# -- statements ----------------------------------------------------------------------------------------------------


def _told_statements(store: Store) -> set[tuple[Any, ...]]:
    told = set()
    for row in rows_of(store, _STATEMENTS):
        key = from_json(row["key"])
        parts = tuple(_key_part(field, key.get(field)) for field in KEY_FIELDS[row["type"]])
        told.add((row["type"], row["project_id"], parts, *list(row.values())[3:]))
    return told


def _key_part(field: str, value: Any) -> Any:
    return datetime.fromisoformat(value).astimezone(UTC) if field == "at" else value


def _wanted_statements(expected: Outcome) -> set[tuple[Any, ...]]:
    return {
        (
            s.type,
            s.project_id,
            tuple(map(_written, s.key)),
            s.day,
            s.revision,
            s.time.astimezone(UTC),
            s.source,
            s.id,
        )
        for s in expected.statements
    }


def _written(part: Any) -> Any:
    if isinstance(part, datetime):
        return part.astimezone(UTC)
    return part.isoformat() if isinstance(part, date) else part


# -- findings ------------------------------------------------------------------------------------------------------


def _wanted_findings(expected: Outcome, log: EventLog) -> set[tuple[Any, ...]]:
    wanted = {
        (project_id, *finding[:-1], _plain(finding.since))
        for project_id, findings in expected.findings.items()
        for finding in findings
    }
    return wanted | {(project_id, *finding) for project_id, finding in _reused_ids(oracle_records(log))}


def _reused_ids(records: Iterable[LogRecord]) -> list[tuple[str, Finding]]:
    """Ids of a source that stand for different events, in each project that has one of them."""
    told: dict[tuple[str, str], set[tuple[str, str, datetime, bytes]]] = {}
    for record in records:
        said = read_record(record, ZONE)
        if isinstance(said, Statement):
            kind = "retraction" if said.retraction else said.type
            content = data_text(structured(record.value, record.headers))
            event = (said.project_id, kind, said.time.astimezone(UTC), content)
            told.setdefault((said.source, said.id), set()).add(event)
    return [
        (project_id, Finding("id_reused", "", None, source, event_id, since))
        for (source, event_id), events in told.items()
        if len(events) > 1
        for project_id, since in _newest_times(events).items()
    ]


def _newest_times(events: Iterable[tuple[str, str, datetime, bytes]]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for project_id, _, time, _ in events:
        newest[project_id] = max(time, newest.get(project_id, time))
    return newest


# -- projects ------------------------------------------------------------------------------------------------------


def _wanted_projects(expected: Outcome) -> set[tuple[Any, ...]]:
    """Projects with a baseline or a status date."""
    rows = set()
    for project_id, day in expected.status_dates.items():
        project = Project(project_id, [s for s in expected.statements if s.project_id == project_id])
        plan = project.first_plan() if day is None else project.plan_on(day)
        if plan is not None or day is not None:
            status = None if day is None else project.status_on(day)
            head = (None, None) if plan is None else (plan.number, plan.start)
            rows.add((project_id, *head, day, status))
    return rows


# -- alerts --------------------------------------------------------------------------------------------------------


def _wanted_alerts(log: EventLog) -> set[tuple[Any, ...]]:
    """What the newest transition of each alert says; one that comes again says nothing."""
    newest: dict[str, tuple[Any, ...]] = {}
    seen: set[str] = set()
    for record in records_of_topic(log, TOPICS.alerts):
        transition = from_json(record.value or b"")
        data = transition["data"]
        if transition["id"] not in seen:
            newest[data["fingerprint"]] = (
                data["fingerprint"],
                data["project_id"],
                data["scope"],
                data["state"],
            )
        seen.add(transition["id"])
    return {row for row in newest.values() if row[-1] != "inactive"}


# -- records -------------------------------------------------------------------------------------------------------


def _wanted_records(log: EventLog) -> set[tuple[Any, ...]]:
    """Nothing is silent: every record is either an event or refused."""
    return {
        ("rejected_events" if isinstance(said, Rejected) else "events", record.partition, record.offset)
        for record, said in _read(log)
    }


def _wanted_progress(log: EventLog) -> set[tuple[Any, ...]]:
    closed = closed_days(log)
    ends = {record.partition: record.offset + 1 for record, _ in _read(log)}
    return {(number, end, 0, closed.get(number)) for number, end in ends.items()}


def closed_days(log: EventLog) -> dict[int, date]:
    """Newest closed day of each partition that has one."""
    closed: dict[int, date] = {}
    for record, said in _read(log):
        if isinstance(said, Tick) and said.closes is not None:
            closed[record.partition] = max(said.closes, closed.get(record.partition, said.closes))
    return closed


def _read(log: EventLog) -> Iterator[tuple[LogRecord, Statement | Tick | Rejected]]:
    return ((record, read_record(record, ZONE)) for record in oracle_records(log))
