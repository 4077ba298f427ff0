"""What a verification found: how many rows were compared, and one line per difference."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

__all__ = ["Difference", "row_differences", "rows_compared"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be; what is about no project has the rest of its fields empty."""

    relation: str
    project_id: str
    kpi: str
    scope: str
    day: str
    stored: str
    recomputed: str

    def __str__(self) -> str:
        named = " ".join(part for part in (self.project_id, self.kpi, self.scope, self.day) if part)
        return f"{self.relation}: {named}: stored {self.stored}, recomputed {self.recomputed}"


def rows_compared(connection: duckdb.DuckDBPyConnection) -> int:
    """Number of keys that are stored or must be."""
    row = connection.execute("SELECT count(*) FROM compared").fetchone()
    return int(row[0]) if row else 0


def row_differences(connection: duckdb.DuckDBPyConnection) -> Iterator[Difference]:
    """Rows that are missing, too many or different, in order."""
    found = connection.execute("FROM difference ORDER BY project_id, kpi, scope, as_of, relation")
    while rows := found.fetchmany(1000):
        for relation, project_id, kpi, scope, day, stored, recomputed in rows:
            yield Difference(relation, project_id, kpi, scope, str(day), *_sides(stored, recomputed))


def _sides(stored: dict[str, Any] | None, recomputed: dict[str, Any] | None) -> tuple[str, str]:
    """Both sides: the columns that differ, or all that say something where a side is missing."""
    if stored is None or recomputed is None:
        return _told(stored), _told(recomputed)
    differing = [name for name, value in stored.items() if value != recomputed[name]]
    return _named(stored, differing), _named(recomputed, differing)


def _told(row: dict[str, Any] | None) -> str:
    return (
        "nothing" if row is None else _named(row, [name for name, value in row.items() if value is not None])
    )


def _named(row: dict[str, Any], names: list[str]) -> str:
    return " ".join(f"{name}={'NULL' if row[name] is None else row[name]}" for name in names)
