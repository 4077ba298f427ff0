"""`milepost kpis [PROJECT]`: KPI tables in the terminal, or the columns of `kpi_at` for programs."""

import sys
from datetime import date, datetime

import click

from milepost.kpi_tables import KPI_COLUMNS, in_catalog_order, kpi_sql, quoted, write_kpi_tables
from milepost.moments import DAY, INSTANT
from milepost.render import write_rows
from milepost.shared_options import Call, command
from schemas.catalog import FAMILIES
from schemas.errors import UsageError
from storage.reader import Reader, open_reader

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
    """The newest values of all projects or of one, or those of a day as they were known at a moment."""
    with open_reader(call.settings) as reader:
        result = reader.query(kpi_sql(project, as_of, known_at, family))
        if project is not None and not result.rows:
            _refuse_unknown(reader, project)
    rows = in_catalog_order(result.rows)
    if call.output_format in {"json", "csv"}:
        write_rows(sys.stdout, call.output_format, KPI_COLUMNS, rows)
    else:
        write_kpi_tables(sys.stdout, rows)


def _refuse_unknown(reader: Reader, project: str) -> None:
    known = reader.query(f"SELECT 1 FROM events WHERE project_id = {quoted(project)} LIMIT 1")
    if not known.rows:
        msg = f'no project {project!r} in the store; `milepost query "FROM projects"` lists them'
        raise UsageError(msg)
