"""A real log, a real fold and a real store side by side in one process: for tests of the store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry, EventLog, Record
from eventlog.scan import records_between
from schemas.alerts import Rule
from storage.live_address import LiveAddress, remove_address, write_address
from storage.live_sql import LiveSql
from storage.store import Batch, Store
from storage.writer import StoreWriter
from streams.agents import entries_of
from streams.core.partition import Partition
from tests import lives
from tests.builders import RECORDED_AT_US
from tests.folds import new_partition
from tests.lives import TOPICS

__all__ = ["PARTITIONS", "TOKEN", "TOPICS", "Feed", "answering", "drained", "everything", "opened", "rows"]

PARTITIONS: Final = 2
TOKEN: Final = "a token that nobody guesses"
UPDATED_AT_US: Final = RECORDED_AT_US + 1


class Feed:
    """Appends events to a log and folds them as a worker does, when a test says so."""

    def __init__(self, path: Path, *, partitions: int = PARTITIONS, rules: Sequence[Rule] = ()) -> None:
        self.log: EmbeddedLog = lives.new_log(path, partitions=partitions)
        self._rules = rules
        self._partitions: dict[int, Partition] = {}
        self._next: dict[int, int] = {}

    def append(self, *events: bytes) -> None:
        """Append statements by their project, ticks on every partition."""
        lives.append_events(self.log, events)

    def append_raw(self, *values: bytes | None, **entry: Any) -> None:
        """Append anything to the topic of events, also with headers."""
        self.log.append([Entry(TOPICS.events, entry.pop("key", None), value, 0, **entry) for value in values])

    def fold(self, *, live: bool = True) -> None:
        """Fold what is new and publish what it causes; `live`: also values between cuts."""
        for number in range(self.log.identity.partitions):
            if number not in self._partitions:
                self._partitions[number] = new_partition(
                    number, rules=self._rules, place=lives.placed(self.log)
                )
            partition = self._partitions[number]
            start, end = self._next.get(number, 0), self.log.end_offset(TOPICS.events, number)
            output = partition.fold(records_between(self.log, TOPICS.events, number, start, end))
            self.log.append(entries_of(output, TOPICS, number))
            if live:
                self.log.append(entries_of(partition.evaluate_live(), TOPICS, number))
            self._next[number] = end

    def publish(self, *events: bytes, live: bool = True) -> None:
        """Append and fold."""
        self.append(*events)
        self.fold(live=live)

    def records(self, topic: str = TOPICS.events) -> list[Record]:
        """All records of a topic."""
        return lives.records_of_topic(self.log, topic)


@contextmanager
def opened(path: Path, log: EventLog, *, home: Path | None = None) -> Iterator[Store]:
    """The store of a log, open for writing."""
    with Store.open(path, log.identity, TOPICS, home=home) as store:
        yield store


def drained(store: Store, log: EventLog) -> Store:
    """The store after it has taken in what the log holds."""
    StoreWriter(log, TOPICS, store, now_us=lambda: UPDATED_AT_US).drain()
    return store


def everything(log: EventLog) -> Batch:
    """Every record of the log as one batch."""
    read = {topic: lives.records_of_topic(log, topic) for topic in TOPICS.all}
    ends = {
        (topic, number): log.end_offset(topic, number)
        for topic in TOPICS.all
        for number in range(log.partitions(topic))
    }
    events, kpis, alerts, rejected = (read[topic] for topic in TOPICS.all)
    return Batch(events, kpis, alerts, rejected, ends)


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the store's own connection."""
    return store.connection.execute(sql).fetchall()


@contextmanager
def answering(
    store: Store, home: Path, *, listen: str = "localhost:0", token: str = TOKEN
) -> Iterator[LiveAddress]:
    """Live SQL on a store, told to others in `home`."""
    server = LiveSql.start(store.connection, store.path, listen=listen, token=token)
    assert server is not None
    write_address(home, server.address)
    try:
        yield server.address
    finally:
        remove_address(home)
        server.stop()
