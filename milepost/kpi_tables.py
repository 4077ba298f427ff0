"""Which KPI rows are asked for, and how they look as tables for people. Runs no SQL by itself."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, TextIO

from milepost.render import write_table
from schemas.catalog import FAMILIES, KPIS
from storage.literals import quoted

__all__ = ["KPI_COLUMNS", "in_catalog_order", "kpi_sql", "write_kpi_tables"]

KPI_COLUMNS: Final = (
    "project_id", "kpi", "scope", "as_of", "known_at", "baseline", "value", "value_date", "numerator", "denominator", "unit", "reason",
)  # fmt: skip
_SHOWN: Final = ("project_id", "kpi", "scope", "value", "unit", "as_of")
_ORDER = {kpi: number for number, kpi in enumerate(KPIS)}


def kpi_sql(project: str | None, as_of: date | None, known_at: datetime | None, family: str | None) -> str:
    """The statement for the newest values, or for those of a day as known at a moment."""
    source = "kpi_latest"
    if as_of is not None or known_at is not None:
        day = f"DATE '{as_of}'" if as_of else "DATE '9999-12-31'"
        moment = (
            f"TIMESTAMPTZ '{known_at.isoformat()}'" if known_at else "TIMESTAMPTZ '9999-12-31 00:00:00+00'"
        )
        source = f"kpi_at({day}, {moment})"
    conditions = []
    if project is not None:
        conditions.append(f"project_id = {quoted(project)}")
    if family is not None:
        members = (quoted(definition.kpi) for definition in KPIS.values() if definition.family == family)
        conditions.append(f"kpi IN ({', '.join(members)})")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(KPI_COLUMNS)} FROM {source}{where}"


def in_catalog_order(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows of `KPI_COLUMNS` by family and KPI as in the catalog, then project and scope."""
    return sorted(
        rows, key=lambda row: (_family_order(row[1]), row[0], row[2], _ORDER.get(row[1], len(_ORDER)))
    )


def _family_order(kpi: str) -> int:
    definition = KPIS.get(kpi)
    return FAMILIES.index(definition.family) if definition else len(FAMILIES)


def write_kpi_tables(out: TextIO, rows: Iterable[Sequence[Any]]) -> None:
    """One table per family; a null shows its reason, a date KPI its day."""
    for family, members in groupby(in_catalog_order(rows), key=lambda row: _family_order(row[1])):
        title = FAMILIES[family].replace("_", " ") if family < len(FAMILIES) else "other"
        write_table(out, _SHOWN, [_shown(row) for row in members], title=title)


def _shown(row: Sequence[Any]) -> tuple[Any, ...]:
    cells = dict(zip(KPI_COLUMNS, row, strict=True))
    value = cells["value_date"] or (cells["reason"] if cells["value"] is None else _rounded(cells["value"]))
    return (cells["project_id"], cells["kpi"], cells["scope"], value, cells["unit"], cells["as_of"])


def _rounded(value: float) -> float:
    """Four decimals for reading; JSON, CSV and `query` have all of them."""
    return round(value, 4)
