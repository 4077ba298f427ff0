"""Saved states beside the embedded log: `state.db` in home, one SQLite file that may be deleted at any time.

It is a cache, so it is not flushed to the disk with every transaction (`synchronous=NORMAL`), and a file that is damaged is
thrown away. The lock of the worker keeps others out; a number per partition notices whoever gets in all the same.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from schemas.errors import ServiceUnavailable, SettingsError
from streams.saved_states import NotSaved, Overtaken

__all__ = ["EmbeddedStates"]

BUSY_S_MAX: Final = 5
ROWS_PER_TURN: Final = 250
"""After so many rows the event loop gets its turn."""
_APPLICATION_ID: Final = 0x4D505354  # "MPST", in the header of the file
_SCHEMA: Final = f"""
CREATE TABLE owners (partition INTEGER PRIMARY KEY, turn INTEGER NOT NULL);
CREATE TABLE parts (partition INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (partition, key));
PRAGMA application_id = {_APPLICATION_ID};
"""
_ACQUIRE: Final = "INSERT INTO owners VALUES (?, 1) ON CONFLICT DO UPDATE SET turn = turn + 1 RETURNING turn"
_PUT: Final = "INSERT INTO parts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_DELETE: Final = "DELETE FROM parts WHERE partition = ? AND key = ?"
_log = logging.getLogger(__name__)


class EmbeddedStates:
    """States in one file, made on first use. An object belongs to one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: sqlite3.Connection | None = None
        self._turns: dict[int, int] = {}
        # A transaction gives others their turn, and a connection has but one at a time.
        self._one = asyncio.Lock()

    async def acquire(self, partitions: Collection[int]) -> None:
        """Become the only writer. Raises ServiceUnavailable and, for a file of somebody else, SettingsError."""
        try:
            self._take(partitions)
        except sqlite3.DatabaseError as error:
            self._throw_away(error)
            self._take(partitions)

    def _take(self, partitions: Collection[int]) -> None:
        with _transaction(self._connection()) as connection:
            for number in partitions:
                self._turns[number] = connection.execute(_ACQUIRE, (number,)).fetchone()[0]

    async def load(self, partition: int) -> Mapping[bytes, bytes]:
        """All that was saved; nothing where the file cannot be read."""
        try:
            rows = self._connection().execute(
                "SELECT key, value FROM parts WHERE partition = ?", (partition,)
            )
            return dict(rows.fetchall())
        except sqlite3.DatabaseError as error:
            self._throw_away(error)
            await self.acquire(list(self._turns))
            return {}

    async def save(self, partition: int, changes: Mapping[bytes, bytes | None]) -> None:
        """Write all or nothing. Raises NotSaved and Overtaken."""
        try:
            async with self._one:
                with _transaction(self._connection()) as connection:
                    self._check_turn(connection, partition)
                    await _write(connection, partition, changes)
        except sqlite3.DatabaseError as error:
            raise NotSaved(f"{self._path}: {error}; it may be deleted") from error

    def _check_turn(self, connection: sqlite3.Connection, partition: int) -> None:
        found = connection.execute("SELECT turn FROM owners WHERE partition = ?", (partition,)).fetchone()
        if found is None or found[0] != self._turns.get(partition):
            raise Overtaken(f"another worker saves partition {partition} in {self._path}; stop one of them")

    async def release(self, partitions: Collection[int]) -> None:
        """Save them no longer."""
        for number in partitions:
            self._turns.pop(number, None)

    async def close(self) -> None:
        """Close the file."""
        self._turns.clear()
        self._disconnect()

    # -- the file --------------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = _connected(self._path)
        return self._open

    def _disconnect(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _throw_away(self, error: sqlite3.DatabaseError) -> None:
        """Start anew where the file is damaged; what else is wrong with it is for somebody to mend."""
        self._disconnect()
        if error.sqlite_errorname not in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
            raise ServiceUnavailable(
                f"cannot use {self._path}: {error}; make it and its folder writable, or delete it"
            ) from error
        _log.warning("%s is damaged and is made anew; all is folded from the start: %s", self._path, error)
        for end in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S_MAX)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with _transaction(connection):
            _create(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path, connection: sqlite3.Connection) -> None:
    """Make the tables where there is nothing."""
    if connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION_ID:
        return
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise SettingsError(f"{path} holds no saved states; move it away or choose another --home")
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)


async def _write(
    connection: sqlite3.Connection, partition: int, changes: Mapping[bytes, bytes | None]
) -> None:
    put = [(partition, key, value) for key, value in changes.items() if value is not None]
    connection.executemany(_DELETE, [(partition, key) for key, value in changes.items() if value is None])
    for start in range(0, len(put), ROWS_PER_TURN):
        connection.executemany(_PUT, put[start : start + ROWS_PER_TURN])
        await asyncio.sleep(0)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled it back
            connection.execute("ROLLBACK")
        raise
