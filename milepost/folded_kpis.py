"""KPI rows of one project for a day as known at a moment, exact to the record.

Which rows there are, and since when each stands, is what `kpi_at` says; their values are folded from the journal. So
records that no cut follows yet count too: what they change is as of now and has no `known_at`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from milepost.project_records import ProjectRecords, row_of
from streams.core.evaluation import evaluate
from streams.core.explain.record import Known

__all__ = ["folded_rows", "stands_since"]

_REST = ("as_of", "baseline", "value", "value_date", "numerator", "denominator", "unit", "reason")
Row = dict[str, Any]


def folded_rows(
    records: ProjectRecords, as_of: date | None, known_at: datetime | None
) -> list[Sequence[Any]]:
    """Rows in the columns of `kpi_at`."""
    known = records.known_at(known_at)
    if not known.stated:
        return []
    stored = {(row["kpi"], row["scope"]): row for row in records.rows(as_of or date.max, known_at)}
    newest = known.row_day((as_of or date.max).toordinal())
    days = {row["as_of"].toordinal() for row in stored.values()} | ({newest} if newest is not None else set())
    folded = {day: _rows_on(known, day) for day in days}
    chosen = dict(folded[newest]) if newest is not None else {}
    for key, row in stored.items():
        chosen.setdefault(key, folded[row["as_of"].toordinal()].get(key, row))
    return [tuple(stands_since(row, stored.get(key)).values()) for key, row in chosen.items()]


def _rows_on(known: Known, day: int) -> dict[tuple[str, str], Row]:
    baseline, values = evaluate(known.project, day)
    return {(value.kpi, value.scope): row_of(known.project.id, day, baseline, value) for value in values}


def stands_since(row: Row, stored: Row | None) -> Row:
    """The row with the `known_at` of the stored one that says the same; without, later records have changed it."""
    if stored is None or any(row[column] != stored[column] for column in _REST):
        return row
    return {**row, "known_at": stored["known_at"]}
