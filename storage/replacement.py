"""One store takes the place of another, so that there is a whole one at every moment, whatever interrupts."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from storage.errors import held_by_another
from storage.store import connect_waiting

__all__ = ["differing_rows", "remove_store", "replace_store"]

_ASIDE: Final = ("", ".wal", ".tmp")
"""A store's file, its write-ahead log and where it spills to."""

_SUMS: Final = "SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM {table} t"
_DIFFERING: Final = """
SELECT count(*) FROM (
    (FROM {table} EXCEPT ALL FROM new.{table}) UNION ALL (FROM new.{table} EXCEPT ALL FROM {table})
)
"""


def remove_store(path: Path) -> None:
    """Remove what an interrupted rebuild left behind."""
    for ending in _ASIDE:
        leftover = path.with_name(path.name + ending)
        if leftover.is_dir():
            for spilled in leftover.iterdir():
                spilled.unlink()
            leftover.rmdir()
        else:
            leftover.unlink(missing_ok=True)


def differing_rows(old: Path, new: Path, tables: Sequence[str]) -> int | None:
    """Rows of the tables that stand in one of both only; None where the old file is not there or cannot be read.

    Afterwards the old file is complete without its write-ahead log.
    """
    if not old.exists():
        return None
    try:
        connection = connect_waiting(old)
    except duckdb.Error as error:
        if held_by_another(error):
            raise
        return None  # damaged: that may be why it is rebuilt
    try:
        quoted = str(new).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS new (READ_ONLY)")
        return sum(_differing(connection, table) for table in tables)
    except duckdb.Error:
        return None
    finally:
        connection.close()


def _differing(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    sums = [_rows(connection, _SUMS.format(table=name)) for name in (table, f"new.{table}")]
    return 0 if sums[0] == sums[1] else int(_rows(connection, _DIFFERING.format(table=table))[0][0])


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def replace_store(old: Path, new: Path) -> Path | None:
    """Put the new store in the old one's place; answers where the old one is kept now."""
    kept = old.with_name(old.name + ".bak")
    if not old.exists():
        _settle(old, new)
        return None
    remove_store(kept)
    with suppress(
        FileNotFoundError
    ):  # only a damaged store still has one, and it must not be taken for the new one's
        old.with_name(old.name + ".wal").rename(kept.with_name(kept.name + ".wal"))
    try:
        kept.hardlink_to(old)
    except OSError:  # a file system without links; here nothing is in the old one's place for an instant
        old.rename(kept)
    _settle(old, new)
    return kept


def _settle(old: Path, new: Path) -> None:
    new.replace(old)
    folder = os.open(old.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
