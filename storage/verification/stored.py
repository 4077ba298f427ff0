"""Takes what is verified out of a store into a database in memory, from its file or by live SQL: as of one moment."""

from threading import Event
from typing import Final

import duckdb

from eventlog.partitioning import partition_of
from schemas.errors import ServiceUnavailable
from storage.definition import view_text
from storage.reader import Reader
from storage.relations import bound
from storage.statement_views import statement_day_sql, statement_place_sql

__all__ = ["copy_store"]

_RELATIONS: Final = {
    "events": 'SELECT partition, "offset", id, source, type, project_id, time, CAST(data AS VARCHAR) AS data FROM events',
    "kpi_snapshots": "FROM kpi_snapshots",
    "kpi_latest": "FROM kpi_latest",
    "kpi_snapshots_original": "FROM kpi_snapshots_original",
    "kpi_latest_original": "FROM kpi_latest_original",
    "alert_history": "FROM alert_history",
}
_PROGRESS: Final = "SELECT topic, partition, next_offset, lag FROM ingest_progress ORDER BY ALL"

SETTLED_SECONDS: Final = 1.0
"""A live store in which nothing arrives for so long has heard all that the worker has to say."""
ATTEMPTS: Final = 30


def copy_store(reader: Reader, connection: duckdb.DuckDBPyConnection) -> None:
    """Copy the journal and the tables. Raises ServiceUnavailable for a live store in which no second is quiet."""
    pause = Event()
    for _ in range(ATTEMPTS):
        before = reader.query(_PROGRESS).rows
        if reader.is_live:
            pause.wait(SETTLED_SECONDS)
        _copy(reader, connection)
        if reader.query(_PROGRESS).rows == before and not any(lag for *_, lag in before):
            _prepare(reader, connection)
            return
        if not reader.is_live:
            break
    if reader.is_live:
        raise ServiceUnavailable(
            f"the store has been written for {ATTEMPTS} seconds without a pause; verify it when less arrives, or stopped"
        )
    _prepare(reader, connection)


def _copy(reader: Reader, connection: duckdb.DuckDBPyConnection) -> None:
    for name, sql in _RELATIONS.items():
        with bound(connection, "copied", reader.table(sql)):
            connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM copied")
    connection.execute("ALTER TABLE events ALTER data TYPE JSON")


def _prepare(reader: Reader, connection: duckdb.DuckDBPyConnection) -> None:
    """The calendar of the log, where each project is at home, and what statements are about."""
    ((partitions, zone),) = reader.query("SELECT log_partitions(), log_timezone()").rows
    connection.execute("SET TimeZone = $zone", {"zone": zone})
    connection.execute(view_text("00_instants.sql"))
    connection.execute(f"CREATE MACRO statement_place(type, data) AS {statement_place_sql()}")
    connection.execute(f"CREATE MACRO statement_day(type, data) AS {statement_day_sql()}")
    projects = connection.execute("SELECT DISTINCT project_id FROM events").fetchall()
    places = {project: partition_of(project, partitions) for (project,) in projects}
    connection.execute(
        "CREATE TABLE home AS SELECT unnest($projects) AS project_id, unnest($partitions) AS partition",
        {"projects": list(places), "partitions": list(places.values())},
    )
