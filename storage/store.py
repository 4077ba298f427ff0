"""The store open for writing: one transaction writes what a batch of log records says, and how far the log was read.

One process at a time. An object belongs to one thread; other threads of the process read through cursors of their own.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final, Self

import duckdb
from pydantic_core import to_json

from eventlog.locks import HomeLock
from eventlog.log import LogIdentity, Record
from schemas.errors import SettingsError
from schemas.topics import Topics
from storage.alert_tables import write_alerts
from storage.definition import define, schema_version
from storage.errors import held_by_another, translated
from storage.journal import write_journal
from storage.kpi_choice import Cut
from storage.kpi_tables import KpiTables
from storage.positions import Place, Positions
from storage.rejections import write_rejections

__all__ = ["Batch", "Store", "connect_waiting"]

READER_WAIT_SECONDS: Final = 5.0
"""How long the opening waits for a command that happens to read the file."""

CHECKPOINT_AT: Final = "128MB"
"""Size of the write-ahead log at which DuckDB moves it into the file; replaying it takes well under a second."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """Records of the four topics, each in the order of its partitions, and what is known of the log's ends."""

    events: list[Record] = field(default_factory=list)
    kpis: list[Record] = field(default_factory=list)
    alerts: list[Record] = field(default_factory=list)
    rejected: list[Record] = field(default_factory=list)
    ends: dict[Place, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.events) + len(self.kpis) + len(self.alerts) + len(self.rejected)


class Store:
    """The store, open for writing."""

    def __init__(
        self, path: Path, connection: duckdb.DuckDBPyConnection, topics: Topics, lock: HomeLock | None = None
    ) -> None:
        self.path = path
        self.connection = connection
        self.positions = Positions(connection)
        self._topics = topics
        self._kpis = KpiTables(connection)
        self._lock = lock

    @classmethod
    def open(cls, path: Path, identity: LogIdentity, topics: Topics, *, home: Path | None = None) -> Self:
        """Open or create the store of a log; with `home`, take the lock of the store there.

        Raises ServiceUnavailable if another process holds it or the disk refuses, SettingsError for a store of another
        log, of another topic prefix, or of a newer release.
        """
        lock = None if home is None else HomeLock(home, "store")
        if lock is not None:
            lock.acquire()
        try:
            with translated(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                was_killed = path.with_name(f"{path.name}.wal").exists()
                store = cls(path, connect_waiting(path), topics, lock)
                try:
                    store._prepare(identity)
                except BaseException:
                    store.connection.close()
                    raise
                if was_killed:
                    _log.warning(
                        "%s was not closed in good order; it goes on after its last transaction", path
                    )
                return store
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def _prepare(self, identity: LogIdentity) -> None:
        for statement in (
            f"SET GLOBAL TimeZone = '{identity.timezone}'",
            f"SET GLOBAL wal_autocheckpoint = '{CHECKPOINT_AT}'",
            f"SET GLOBAL threads = {max(1, (os.cpu_count() or 1) - 1)}",  # the worker needs a core of its own
            "SET GLOBAL python_enable_replacements = false",
            "SET GLOBAL autoinstall_known_extensions = false",
            "SET GLOBAL autoload_known_extensions = false",
        ):
            self.connection.execute(statement)
        define(self.connection)
        _check_owner(self.path, self.connection, identity, self._topics)
        self.positions.load()
        self._kpis.load()

    def write(self, batch: Batch, updated_at_us: int) -> None:
        """Write a batch and its positions, all or nothing; what is there already is not written again."""
        new = self.positions.unseen
        events, kpis, alerts, rejected = map(new, (batch.events, batch.kpis, batch.alerts, batch.rejected))
        with translated(self.path), self._transaction():
            write_journal(self.connection, events)
            cuts = self._kpis.write(kpis, self.positions.cuts(self._topics.kpis))
            write_alerts(self.connection, alerts)
            write_rejections(self.connection, rejected)
            records = (*events, *kpis, *alerts, *rejected)
            places = {(self._topics.kpis, partition): cut for partition, cut in cuts.items()}
            self.positions.write(records, batch.ends, places, updated_at_us)
        self.positions.committed()
        self._kpis.committed()

    def take_as_read(self, ends: Mapping[Place, int], cuts: Mapping[Place, Cut], updated_at_us: int) -> None:
        """Go on behind `ends`; `cuts` are the newest that what is stored includes."""
        with translated(self.path), self._transaction():
            self.positions.place(ends, cuts, updated_at_us)
        self.positions.committed()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # a failed COMMIT has rolled back; what failed is raised below
                self.connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Move everything into the file, close it and release the lock."""
        try:
            with translated(self.path):
                self.connection.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect_waiting(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file; a command that reads it holds it for a moment only, so that is waited for."""
    deadline = monotonic() + READER_WAIT_SECONDS
    pause = Event()
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.IOException as error:
            if not held_by_another(error) or monotonic() > deadline:
                raise
        pause.wait(0.05)


def _check_owner(
    path: Path, connection: duckdb.DuckDBPyConnection, identity: LogIdentity, topics: Topics
) -> None:
    """A store follows one log and one topic prefix for ever."""
    mine = {
        "log_id": identity.log_id,
        "timezone": identity.timezone,
        "partitions": str(identity.partitions),
        "topic_prefix": topics.prefix,
        "constants": to_json(dict(sorted(identity.constants.items()))).decode(),
    }
    found = dict(connection.execute("SELECT name, value FROM internal.metadata").fetchall())
    for name, value in mine.items():
        if name not in found:
            connection.execute(
                "INSERT INTO internal.metadata VALUES ($name, $value)", {"name": name, "value": value}
            )
        elif found[name] != value:
            raise SettingsError(
                f"the store {path} belongs to a log with {name} {found[name]}, this one has {value};"
                " choose another --store or --home"
            )
    connection.execute(
        "INSERT OR REPLACE INTO internal.metadata VALUES ('schema_version', $value)",
        {"value": schema_version()},
    )
