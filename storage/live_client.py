"""The asking side of live SQL: a private DuckDB without data that sends statements to the store's server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb

from schemas.errors import CheckFailed, ServiceUnavailable
from storage.asking import Asking
from storage.errors import sql_problem
from storage.extensions import load_live_sql
from storage.live_address import LiveAddress, client_host
from storage.results import Result, Rows
from storage.statement_check import VERDICT_MACRO, refuse

if TYPE_CHECKING:  # loading it takes longer than most answers
    import pyarrow as pa

__all__ = ["LiveReader", "ServerGone"]

_ASK: Final = "FROM quack_query($uri, $sql, token = $token, disable_ssl = true)"
_REFUSED: Final = "Authorization failed"
_STRANGERS: Final = ("Authentication failed", "Invalid connection id")


class ServerGone(ServiceUnavailable):
    """Nobody serves this store there any more."""


class LiveReader:
    """Asks a running store."""

    def __init__(self, address: LiveAddress) -> None:
        self._address = address
        self.timezone = address.timezone
        host = client_host(address.host)
        self._uri = f"quack:[{host}]:{address.port}" if ":" in host else f"quack:{host}:{address.port}"
        self._asking = Asking(_connect(address))

    @classmethod
    def open(cls, address: LiveAddress) -> Self:
        """Connect, and see that this very store is served there. Raises ServerGone if not."""
        reader = cls(address)
        try:
            rows = reader._ask("SELECT served_store()").result().rows
        except duckdb.Error as error:
            reader.close()
            raise ServerGone(f"no live SQL at {address}") from error
        if rows != [(address.store,)]:
            reader.close()
            raise ServerGone(f"the live SQL at {address} serves another store")
        return reader

    def query(self, sql: str) -> Result:
        """Run one statement and take all of its rows."""
        return self.scan(sql).result()

    def scan(self, sql: str) -> Rows:
        """Run one statement on the server."""
        with self._translated(), self._explained(sql):
            return self._ask(sql)

    def table(self, sql: str) -> "pa.Table":
        """Run one statement on the server and take all of its rows as an Arrow table."""
        with self._translated(), self._explained(sql):
            self._asking.execute(_ASK, self._parameters(sql))
            return self._asking.table()

    @property
    def is_live(self) -> bool:
        """A store is running."""
        return True

    def _ask(self, sql: str) -> Rows:
        return Rows.of(self._asking, _ASK, self._parameters(sql), self._translated)

    def _parameters(self, sql: str) -> dict[str, Any]:
        return {"uri": self._uri, "sql": sql, "token": self._address.token}

    @contextmanager
    def _explained(self, sql: str) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            if sql_problem(error) == _REFUSED:
                self._explain_refusal(sql)
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except duckdb.IOException as error:
            raise ServerGone(f"the live SQL at {self._address} went away; run the command again") from error
        except duckdb.Error as error:
            problem = sql_problem(error)
            if problem in _STRANGERS:
                raise ServerGone(
                    f"the live SQL at {self._address} is another one now; run the command again"
                ) from error
            raise CheckFailed(f"SQL error: {problem}") from error

    def _explain_refusal(self, sql: str) -> None:
        """Ask the server why; what it refuses may also be no SQL at all."""
        quoted = sql.replace("'", "''")
        refuse(str(self._ask(f"SELECT {VERDICT_MACRO}('{quoted}')").result().rows[0][0]), self._exists)

    def _exists(self, sql: str) -> bool:
        return bool(self._ask(sql).result().rows)

    def close(self) -> None:
        """Leave."""
        self._asking.close()


def _connect(address: LiveAddress) -> duckdb.DuckDBPyConnection:
    # Checking the signatures of the extensions takes a quarter of a second; they come from where our own code comes from.
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    try:
        load_live_sql(connection)
        connection.execute("SET TimeZone = $zone", {"zone": address.timezone})
    except BaseException:
        connection.close()
        raise
    return connection
