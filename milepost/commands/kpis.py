"""`milepost kpis [PROJECT]`: KPI tables in the terminal, or the columns of `kpi_at` for programs."""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import click

from milepost.kpi_tables import KPI_COLUMNS, in_catalog_order, kpi_sql, write_kpi_tables
from milepost.moments import DAY, INSTANT
from milepost.near_names import is_known, unknown_project
from milepost.render import write_rows
from milepost.shared_options import Call, command
from schemas.catalog import FAMILIES, KPIS
from storage.reader import open_reader

__all__ = ["kpis"]


@command(
    click.argument("project", required=False),
    click.option("--as-of", type=DAY, help="Values of this day; default: the newest"),
    click.option("--known-at", type=INSTANT, help="As known at this moment, RFC 3339 with offset"),
    click.option("--family", type=click.Choice(FAMILIES), help="Only this family"),
)
def kpis(
    call: Call, project: str | None, as_of: date | None, known_at: datetime | None, family: str | None
) -> None:
    """The newest values of all projects or of one, or those of a day as they were known at a moment.

    Those of one project for a day or a moment are folded from its journal, exact to the record.
    """
    found: Sequence[Sequence[Any]]
    if project is not None and (as_of or known_at):
        found = _folded(call, project, as_of, known_at, family)
    else:
        found = _stored(call, project, as_of, known_at, family)
    rows = in_catalog_order(found)
    if call.output_format in {"json", "csv"}:
        write_rows(sys.stdout, call.output_format, KPI_COLUMNS, rows)
    else:
        write_kpi_tables(sys.stdout, rows)


def _folded(
    call: Call, project: str, as_of: date | None, known_at: datetime | None, family: str | None
) -> list[Sequence[Any]]:
    from milepost.folded_kpis import folded_rows
    from milepost.project_records import open_project

    with open_project(call, project) as records:
        rows = folded_rows(records, as_of, known_at)
    return [row for row in rows if family in (None, KPIS[row[1]].family)]


def _stored(
    call: Call, project: str | None, as_of: date | None, known_at: datetime | None, family: str | None
) -> Sequence[Sequence[Any]]:
    with open_reader(call.settings) as reader:
        rows = reader.query(kpi_sql(project, as_of, known_at, family)).rows
        if project is not None and not rows and not is_known(reader, project):
            raise unknown_project(reader, project)
    return rows
