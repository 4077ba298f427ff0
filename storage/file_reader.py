"""Reads the store's file while no store is running. Several readers may do so at once; a store that starts waits for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import duckdb

from schemas.errors import CheckFailed, ServiceUnavailable
from storage.asking import Asking
from storage.errors import held_by_another, sql_problem, translated
from storage.results import Result, Rows
from storage.statement_check import VERDICT_MACRO, refuse

if TYPE_CHECKING:  # loading it takes longer than most answers
    import pyarrow as pa

__all__ = ["FileHeld", "FileReader"]

_LOCKED_DOWN: Final = (
    "SET python_enable_replacements = false",  # no name may stand for a variable of this process
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class FileHeld(ServiceUnavailable):
    """Another process has the file open for writing."""


class FileReader:
    """The store's file, open for reading."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, timezone: str) -> None:
        self._path = path
        self.timezone = timezone
        self._asking = Asking(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file. Raises FileHeld while a store writes it, ServiceUnavailable for what is no store."""
        with translated(path):
            try:
                connection = duckdb.connect(str(path), read_only=True)
            except duckdb.IOException as error:
                if held_by_another(error):
                    raise FileHeld(f"the store {path} is held by another process") from error
                raise
        try:
            timezone = _lock_down(path, connection)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, timezone)

    def query(self, sql: str) -> Result:
        """Run one statement and take all of its rows."""
        return self.scan(sql).result()

    def scan(self, sql: str) -> Rows:
        """Run one statement on the file."""
        with self._translated():
            self._check(sql)
            return Rows.of(self._asking, sql, None, self._translated)

    def table(self, sql: str) -> "pa.Table":
        """Run one statement and take all of its rows as an Arrow table."""
        with self._translated():
            self._check(sql)
            self._asking.execute(sql)
            return self._asking.table()

    @property
    def is_live(self) -> bool:
        """No store is running."""
        return False

    def _check(self, sql: str) -> None:
        row = self._asking.execute(f"SELECT {VERDICT_MACRO}($sql)", {"sql": sql}).fetchone()
        refuse(str(row[0] if row else "refused|"), self._exists)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException) as error:
            raise ServiceUnavailable(f"the store {self._path}: {sql_problem(error)}") from error
        except duckdb.Error as error:
            raise CheckFailed(f"SQL error: {sql_problem(error)}") from error

    def _exists(self, sql: str) -> bool:
        return self._asking.execute(sql).fetchone() is not None

    def close(self) -> None:
        """Let the file go."""
        self._asking.close()


def _lock_down(path: Path, connection: duckdb.DuckDBPyConnection) -> str:
    """Let the connection do nothing but read this file; answers the time zone of the log."""
    try:
        found = connection.execute("SELECT value FROM internal.metadata WHERE name = 'timezone'").fetchone()
        if found is None:
            raise ServiceUnavailable(f"the store {path} is not complete; `milepost run --drain` makes it so")
        connection.execute("SET TimeZone = $zone", {"zone": found[0]})
        for statement in _LOCKED_DOWN:
            connection.execute(statement)
    except duckdb.CatalogException as error:
        raise ServiceUnavailable(
            f"{path} is a DuckDB file, but no store of Milepost; check --store and --home"
        ) from error
    return str(found[0])
