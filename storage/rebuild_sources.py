"""Where a rebuild takes its records from: the log, or the journal of a store whose log is gone."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
from pydantic_core import from_json

from eventlog.log import EventLog, LogIdentity, Record
from schemas.errors import CheckFailed, ServiceUnavailable
from schemas.topics import Topics
from storage.errors import translated
from storage.journal import headers_tuple
from storage.positions import Ends
from storage.relations import bound
from storage.store import Batch, Store, connect_waiting

__all__ = ["JournalSource", "LogSource"]

PAGE_RECORDS: Final = 5_000


class LogSource:
    """Takes everything from the log, up to the ends that it has when this is made."""

    def __init__(self, log: EventLog, topics: Topics) -> None:
        self._log = log
        self._topics = topics
        self.identity: LogIdentity = log.identity
        self.ends: Ends = {
            (topic, partition): log.end_offset(topic, partition)
            for topic in topics.all
            for partition in range(log.partitions(topic))
        }

    def events(self, partition: int) -> Iterator[list[Record]]:
        """Pages of one partition of events."""
        return self._pages(self._topics.events, partition)

    def copy_facts(self, store: Store, updated_at_us: int) -> None:
        """Store alerts and rejections as their topics tell them."""
        for topic, partition in self.ends:
            if topic not in (self._topics.alerts, self._topics.rejected):
                continue
            for page in self._pages(topic, partition):
                batch = Batch(alerts=page) if topic == self._topics.alerts else Batch(rejected=page)
                store.write(batch, updated_at_us)

    def _pages(self, topic: str, partition: int) -> Iterator[list[Record]]:
        offset, end = 0, self.ends[topic, partition]
        while offset < end:
            page = self._log.read(topic, partition, offset, min(PAGE_RECORDS, end - offset))
            page = [record for record in page if record.offset < end]
            if not page:
                return
            yield page
            offset = page[-1].offset + 1


_EVENTS: Final = """
SELECT topic, partition, "offset", epoch_us(recorded_at), key, coalesce(raw, encode(head || CAST(data AS VARCHAR) || tail)), headers
FROM internal.journal WHERE topic = $topic AND partition = $partition AND "offset" >= $start
ORDER BY "offset" LIMIT $limit
"""
_FACTS: Final = ("internal.alert_transitions", "alerts", "rejected_events")


class JournalSource:
    """Takes events from the journal of a store, and copies what was published from its tables.

    The file is closed whenever nothing is read from it, so that another one can take its place.
    """

    def __init__(self, path: Path, topics: Topics) -> None:
        """Raises ServiceUnavailable when there is no store."""
        if not path.exists():
            raise ServiceUnavailable(
                f"no store at {path}, so there is no journal to rebuild from; check --store and --home"
            )
        self._path = path
        self._topics = topics
        with self._opened() as connection:
            self.identity = _identity(path, connection)
            rows = connection.execute(
                "SELECT topic, partition, next_offset FROM internal.positions"
            ).fetchall()
        self.ends: Ends = {(topic, partition): end for topic, partition, end in rows}

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with translated(self._path), closing(connect_waiting(self._path)) as connection:
            yield connection

    def events(self, partition: int) -> Iterator[list[Record]]:
        """Pages of one partition of events."""
        place = {"topic": self._topics.events, "partition": partition, "limit": PAGE_RECORDS}
        start = 0
        with self._opened() as connection:
            while rows := connection.execute(_EVENTS, {**place, "start": start}).fetchall():
                yield [Record._make((*row[:6], headers_tuple(row[6]))) for row in rows]
                start = rows[-1][2] + 1

    def copy_facts(self, store: Store, updated_at_us: int) -> None:
        """Copy alerts and rejections."""
        with self._opened() as connection:
            for table in _FACTS:
                with bound(store.connection, "copied", connection.execute(f"FROM {table}").to_arrow_table()):
                    store.connection.execute(f"INSERT INTO {table} FROM copied")


def _identity(path: Path, connection: duckdb.DuckDBPyConnection) -> LogIdentity:
    found: dict[str, Any] = dict(connection.execute("SELECT name, value FROM internal.metadata").fetchall())
    try:
        return LogIdentity(
            found["log_id"], found["timezone"], int(found["partitions"]), from_json(found["constants"])
        )
    except KeyError as error:
        raise CheckFailed(f"the store {path} does not say what log it belongs to") from error
