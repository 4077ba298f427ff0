"""Arrow tables under a name that SQL can use while a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

__all__ = ["bound", "table_of"]


@contextmanager
def bound(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> Iterator[None]:
    """Let `name` stand for the table."""
    connection.register(name, table)
    try:
        yield
    finally:
        connection.unregister(name)


def table_of(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; an empty list gives an empty table."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
