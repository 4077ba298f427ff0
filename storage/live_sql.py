"""Serves the store that this process writes to other processes: read-only SQL with a token, through Quack.

Quack is young, so nothing else knows it: a server starts on the store's connection and stops. What it lets through is
decided by the macro of `storage.statement_check` alone.
"""

import socket
from pathlib import Path
from typing import Final, Self

import duckdb

from schemas.errors import ServiceUnavailable, SettingsError
from storage.errors import sql_problem
from storage.extensions import load_live_sql
from storage.live_address import LiveAddress, listen_address, store_name
from storage.statement_check import AUTHORIZATION_MACRO

__all__ = ["LiveSql"]

TOKEN_LENGTH_MIN: Final = 4
"""Quack takes no shorter one."""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})

# The order matters: after the last line no client can change a setting, and neither can we.
_LOCK: Final = ("SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true")


class LiveSql:
    """A running server. Belongs to the thread of the store; its own threads answer."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, address: LiveAddress) -> None:
        self.address = address
        self._connection = connection

    @classmethod
    def start(
        cls, connection: duckdb.DuckDBPyConnection, store: Path, *, listen: str, token: str
    ) -> Self | None:
        """Serve the database of `connection`, the file `store`; None if `listen` is off.

        Raises SettingsError for what cannot be listened on and ServiceUnavailable if the port is taken.
        """
        place = listen_address(listen)
        if place is None:
            return None
        if len(token) < TOKEN_LENGTH_MIN:
            raise SettingsError(
                f"MILEPOST_SQL_TOKEN is shorter than {TOKEN_LENGTH_MIN} characters; leave it out for a random one"
            )
        host, port = place[0], _free_port(*place)
        address = LiveAddress(host, port, token, store_name(store), _timezone(connection))
        load_live_sql(connection)
        _serve(connection, address)
        return cls(connection, address)

    def stop(self) -> None:
        """Answer no more. A statement that still runs ends with the process."""
        self._connection.execute("CALL quack_stop($uri)", {"uri": _uri(self.address)})


def _serve(connection: duckdb.DuckDBPyConnection, address: LiveAddress) -> None:
    store = address.store.replace("'", "''")
    connection.execute(f"CREATE OR REPLACE MACRO served_store() AS '{store}'")
    connection.execute(f"SET GLOBAL quack_authorization_function = '{AUTHORIZATION_MACRO}'")
    serve = "CALL quack_serve($uri, token = $token, allow_other_hostname = $foreign, disable_ssl = true)"
    parameters = {"uri": _uri(address), "token": address.token, "foreign": address.host not in _LOCAL}
    try:
        connection.execute(serve, parameters)
    except duckdb.Error as error:
        raise ServiceUnavailable(
            f"live SQL cannot listen on {address}: {sql_problem(error)}; {_ADVICE}"
        ) from error
    for statement in _LOCK:
        connection.execute(statement)


_ADVICE: Final = "set MILEPOST_SQL_LISTEN to another host:port, port 0 for any, or off"


def _uri(address: LiveAddress) -> str:
    return f"quack:{address}"


def _timezone(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("SELECT value FROM internal.metadata WHERE name = 'timezone'").fetchone()
    return str(row[0]) if row else "UTC"


def _free_port(host: str, port: int) -> int:
    """The port, or a free one for 0. Quack itself shares a port with whoever has it, and answers go astray."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # a server that has just ended is no hindrance
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise ServiceUnavailable(
            f"live SQL cannot listen on {host}:{port}: {error.strerror or error}; {_ADVICE}"
        ) from error
