"""`milepost query SQL`: read-only SQL on the store, live if it is running, else on its file."""

import sys
from itertools import islice
from typing import Final

import click

from milepost.render import write_rows, write_table
from milepost.shared_options import Call, command
from storage.reader import Rows, open_reader

__all__ = ["query"]

TABLE_ROWS_MAX: Final = 1000
"""More rows than that nobody reads in a terminal; programs get them all."""


@command(click.argument("sql"))
def query(call: Call, sql: str) -> None:
    """One statement in DuckDB's SQL; there is no row limit in JSON and CSV."""
    with open_reader(call.settings) as reader:
        found = reader.scan(sql)
        if call.output_format in {"json", "csv"}:
            write_rows(sys.stdout, call.output_format, found.columns, found.rows, found.types)
        else:
            _show(found)


def _show(found: Rows) -> None:
    write_table(sys.stdout, found.columns, islice(found.rows, TABLE_ROWS_MAX))
    if next(found.rows, None) is not None:
        print(f"the first {TABLE_ROWS_MAX} rows; --format csv or json has all of them", file=sys.stderr)
