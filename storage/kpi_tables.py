"""What KPI records do to the tables: history is appended, kpi_latest and findings are replaced per project.

known_at of a row of kpi_latest is that of the first cut since which the rest of the row has stood. It must not depend
on how cuts were batched, so the cuts of a batch are compared in their order, beginning with the last cut of before. The
rows of a project's last cut stand in kpi_latest itself or, while the project is live, in kpi_cut. Rows against the first
baseline of projects that have several go the same way through tables of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import duckdb
import pyarrow as pa

from eventlog.log import Record
from storage.kpi_choice import Change, Chosen, Cut, Standing, choose
from storage.kpi_records import KpiBatch, read_kpi_records, rows_of
from storage.relations import bound, table_of

__all__ = ["KpiTables"]

_COLUMNS: Final = "project_id, kpi, scope, as_of, known_at, baseline, value, value_date, numerator, denominator, unit, reason"
_REST: Final = ("as_of", "baseline", "value", "value_date", "numerator", "denominator", "unit", "reason")
_ROW: Final = f"row({', '.join(_REST)})"
_SAME: Final = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in _REST)
_SAME_KEY: Final = "a.project_id = b.project_id AND a.kpi = b.kpi AND a.scope = b.scope"

_APPEND_HISTORY: Final = """
INSERT INTO {history}
SELECT h.project_id, v.kpi, v.scope, v.as_of, h.known_at, v.baseline, v.value, v.value_date, v.numerator, v.denominator,
       v.unit, v.reason
FROM arrived_rows v JOIN arrived_heads h ON h.record = v.record
"""

_EVALUATED: Final = """
CREATE OR REPLACE TEMP TABLE evaluated AS
SELECT h.project_id, v.kpi, v.scope, h.as_of, h.known_at, v.baseline, v.value, v.value_date, v.numerator, v.denominator,
       v.unit, v.reason, h.place
FROM arrived_rows v JOIN arrived_heads h ON h.record = v.record
"""
"""Rows of the records of changed projects. `place` numbers the cuts of a project from 1 on, 0 marks a live record."""

_STOOD: Final = f"""
CREATE OR REPLACE TEMP TABLE stood AS
SELECT {_COLUMNS} FROM {{cut}} a
SEMI JOIN changed c ON c.project_id = a.project_id AND c.was_live AND (c.follows OR c.cut_count = 0)
UNION ALL
SELECT {_COLUMNS} FROM {{latest}} a
SEMI JOIN changed c ON c.project_id = a.project_id AND NOT c.was_live AND (c.follows OR c.cut_count = 0)
"""
"""Rows of the last cut before this batch, where they are asked for."""

_CUT_STATE: Final = f"""
CREATE OR REPLACE TEMP TABLE cut_state AS
WITH run AS (
    SELECT * FROM evaluated WHERE place > 0
    UNION ALL BY NAME
    SELECT a.*, 0 AS place FROM stood a SEMI JOIN changed c ON c.project_id = a.project_id AND c.follows
), compared AS (
    SELECT *, lag(place) OVER before IS NOT DISTINCT FROM place - 1
          AND lag({_ROW}) OVER before IS NOT DISTINCT FROM {_ROW} AS stands
    FROM run WINDOW before AS (PARTITION BY project_id, kpi, scope ORDER BY place)
), since AS (
    SELECT *, max(known_at) FILTER (NOT stands) OVER (PARTITION BY project_id, kpi, scope) AS stands_since FROM compared
)
SELECT a.* EXCLUDE (place, stands, stands_since) REPLACE (stands_since AS known_at)
FROM since a SEMI JOIN changed c ON c.project_id = a.project_id AND c.cut_count = a.place
UNION ALL BY NAME
SELECT a.* FROM stood a SEMI JOIN changed c ON c.project_id = a.project_id AND c.cut_count = 0
"""
"""Rows of the last cut after this batch."""

_LATEST_STATE: Final = f"""
CREATE OR REPLACE TEMP TABLE latest_state AS
SELECT a.* FROM cut_state a SEMI JOIN changed c ON c.project_id = a.project_id AND NOT c.is_live
UNION ALL BY NAME
SELECT a.* EXCLUDE (place) REPLACE (b.known_at AS known_at)
FROM evaluated a LEFT JOIN cut_state b ON {_SAME_KEY} AND {_SAME}
WHERE a.place = 0
"""

_REPLACE: Final = (
    """DELETE FROM {cut} WHERE project_id IN
       (SELECT project_id FROM changed WHERE was_live AND NOT (is_live AND cut_count = 0))""",
    f"""INSERT INTO {{cut}} BY NAME SELECT {_COLUMNS} FROM cut_state a
        SEMI JOIN changed c ON c.project_id = a.project_id AND c.is_live AND NOT (c.was_live AND c.cut_count = 0)""",
    f"""DELETE FROM {{latest}} b WHERE project_id IN (SELECT project_id FROM changed)
        AND NOT EXISTS (SELECT 1 FROM latest_state a WHERE {_SAME_KEY})""",
    f"""MERGE INTO {{latest}} b USING latest_state a ON {_SAME_KEY}
        WHEN MATCHED AND NOT ({_SAME} AND a.known_at IS NOT DISTINCT FROM b.known_at)
        THEN UPDATE SET {", ".join(f"{name} = a.{name}" for name in ("known_at", *_REST))}
        WHEN NOT MATCHED THEN INSERT BY NAME""",
)
_REMEMBER: Final = (
    "INSERT OR REPLACE INTO internal.kpi_projects SELECT project_id, newest_offset, is_live, cut_as_of FROM changed",
    "DELETE FROM internal.project_findings WHERE project_id IN (SELECT project_id FROM changed)",
)
_INSERT_FINDINGS: Final = """
INSERT INTO internal.project_findings
SELECT h.project_id, v.finding, v.scope, v.as_of, v.detail, v.source, v.id, v.since
FROM arrived_rows v JOIN arrived_heads h ON h.record = v.record
"""

_CHANGED: Final = pa.schema(
    [
        ("project_id", pa.string()),
        ("newest_offset", pa.int64()),
        ("was_live", pa.bool_()),
        ("is_live", pa.bool_()),
        ("follows", pa.bool_()),
        ("cut_count", pa.int64()),
        ("cut_as_of", pa.date32()),
    ]
)


class _Family:
    """Tables that rows go through: their history, the newest ones, and those of the last cut while these are live."""

    def __init__(self, ending: str) -> None:
        names = {
            "history": f"kpi_snapshots{ending}",
            "latest": f"kpi_latest{ending}",
            "cut": f"internal.kpi_cut{ending}",
        }
        self.append = _APPEND_HISTORY.format(**names)
        steps = (_STOOD, _CUT_STATE, _LATEST_STATE, *_REPLACE)
        self.change = tuple(statement.format(**names) for statement in steps)
        self.members = "SELECT project_id FROM {latest} UNION SELECT project_id FROM {cut}".format(**names)


_IN_FORCE: Final = _Family("")
_ORIGINAL: Final = _Family("_original")


class KpiTables:
    """Writes KPI records; remembers, as the tables do, where cuts and projects stand."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._standings: dict[str, Standing] = {}
        self._pending: dict[str, Standing] = {}
        # Projects that have, or had since the store was opened, rows against their first baseline.
        self._several: set[str] = set()

    def load(self) -> None:
        """Read what the file says."""
        rows = self._connection.execute(
            "SELECT project_id, newest_offset, live, cut_as_of FROM internal.kpi_projects"
        ).fetchall()
        self._standings = {project_id: Standing(*rest) for project_id, *rest in rows}
        self._pending = {}
        self._several = {name for (name,) in self._connection.execute(_ORIGINAL.members).fetchall()}

    def write(self, records: Sequence[Record], cuts: Mapping[int, Cut]) -> dict[int, Cut]:
        """Write what counts of the records; answers the newest cuts of the partitions that moved on."""
        batch = read_kpi_records(records)
        if batch is None:
            return {}
        chosen = choose(batch, cuts, self._standings)
        if chosen.history:
            for family, rows in ((_IN_FORCE, batch.history), (_ORIGINAL, batch.original_history)):
                self._insert(family.append, rows_of(rows, chosen.history, len(batch.offset)), batch.heads)
        if chosen.changes:
            self._change(batch, chosen)
        return chosen.cuts

    def committed(self) -> None:
        """The transaction of the last `write` stands."""
        self._standings.update(self._pending)
        self._pending = {}

    def _insert(self, statement: str, rows: pa.Table, heads: pa.Table) -> None:
        if rows.num_rows or statement is _EVALUATED:
            with (
                bound(self._connection, "arrived_rows", rows),
                bound(self._connection, "arrived_heads", heads),
            ):
                self._connection.execute(statement)

    def _change(self, batch: KpiBatch, chosen: Chosen) -> None:
        self._pending = {
            project_id: self._standing_after(batch, project_id, change)
            for project_id, change in chosen.changes.items()
        }
        self._several.update(
            batch.project_id[number] for number in batch.original["record"].unique().to_pylist()
        )
        several = {name: change for name, change in chosen.changes.items() if name in self._several}
        self._replace(_IN_FORCE, batch, batch.values, chosen.changes)
        if several:
            self._replace(_ORIGINAL, batch, batch.original, several)
        with bound(self._connection, "changed", self._changed(chosen.changes)):
            for statement in _REMEMBER:
                self._connection.execute(statement)
        newest = [_newest(change) for change in chosen.changes.values()]
        self._insert(_INSERT_FINDINGS, rows_of(batch.findings, newest, len(batch.offset)), batch.heads)

    def _replace(
        self, family: _Family, batch: KpiBatch, rows: pa.Table, changes: Mapping[str, Change]
    ) -> None:
        """Bring the newest rows of changed projects up to date."""
        places = _places(changes.values())
        heads = batch.heads.take(list(places)).append_column("place", pa.array(places.values(), pa.int64()))
        self._insert(_EVALUATED, rows_of(rows, list(places), len(batch.offset)), heads)
        with bound(self._connection, "changed", self._changed(changes)):
            for statement in family.change:
                self._connection.execute(statement)

    def _standing_after(self, batch: KpiBatch, project_id: str, change: Change) -> Standing:
        before = self._standings.get(project_id)
        day = before.cut_as_of if before else None
        if change.cuts:
            day = batch.as_of[change.cuts[-1]]
        return Standing(change.newest_offset, change.live is not None, day)

    def _changed(self, changes: Mapping[str, Change]) -> pa.Table:
        rows: list[tuple[object, ...]] = []
        for project_id, change in changes.items():
            before, after = self._standings.get(project_id), self._pending[project_id]
            was_live = before is not None and before.live
            facts = (after.newest_offset, was_live, after.live, change.follows, len(change.cuts))
            rows.append((project_id, *facts, after.cut_as_of))
        return table_of(rows, _CHANGED)


def _newest(change: Change) -> int:
    return change.cuts[-1] if change.live is None else change.live


def _places(changes: Iterable[Change]) -> dict[int, int]:
    """Numbers of the records whose rows are needed, with their places."""
    places: dict[int, int] = {}
    for change in changes:
        places.update((number, place) for place, number in enumerate(change.cuts, start=1))
        if change.live is not None:
            places[change.live] = 0
    return places
