"""Writes topics into a store in random batches, with failed transactions and closed files in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from eventlog.log import Entry, EventLog
from storage.store import Batch, Store
from tests.builders import RECORDED_AT_US
from tests.lives import TOPICS, records_of_topic

__all__ = ["repeat_some_output", "store_in_batches"]

UPDATED_AT_US: Final = RECORDED_AT_US + 1


class Failed(Exception):
    """The transaction did not come to its end."""


def repeat_some_output(log: EventLog, chance: Random) -> None:
    """Append output again, as a worker does that was overtaken."""
    for topic in (TOPICS.kpis, TOPICS.alerts, TOPICS.rejected):
        records = [record for record in records_of_topic(log, topic) if chance.randrange(8) == 0]
        log.append([Entry(topic, record.key, record.value, record.partition) for record in records])


def store_in_batches(log: EventLog, path: Path, chance: Random) -> Store:
    """The store of a log, open, after it has taken in everything; whoever called closes it."""
    store = Store.open(path, log.identity, TOPICS)
    while batch := _some_records(log, store, chance):
        if chance.randrange(6) == 0:
            _write_in_vain(store, batch)
        store.write(batch, UPDATED_AT_US)
        if chance.randrange(8) == 0:
            store.close()
            store = Store.open(path, log.identity, TOPICS)
    return store


def _some_records(log: EventLog, store: Store, chance: Random) -> Batch:
    """New records of some topics and partitions; empty only when everything is stored."""
    while True:
        batch, more = Batch(), False
        lists = dict(zip(TOPICS.all, (batch.events, batch.kpis, batch.alerts, batch.rejected), strict=True))
        for topic, number in _places(log):
            start, end = store.positions[topic, number].next_offset, log.end_offset(topic, number)
            more |= start < end
            if start < end and chance.randrange(3):
                lists[topic] += log.read(topic, number, start, chance.choice((1, 4, 12, 40)))
                batch.ends[topic, number] = end
        if batch or not more:
            return batch


def _places(log: EventLog) -> list[tuple[str, int]]:
    return [(topic, number) for topic in TOPICS.all for number in range(log.partitions(topic))]


def _write_in_vain(store: Store, batch: Batch) -> None:
    """A write that fails at its end leaves nothing behind."""
    with _failing(store):
        try:
            store.write(batch, UPDATED_AT_US)
        except Failed:
            return
    raise AssertionError


@contextmanager
def _failing(store: Store) -> Iterator[None]:
    """The last step of a transaction fails after it has done its work."""
    positions: Any = store.positions

    def fail(*arguments: Any) -> None:
        type(positions).write(positions, *arguments)
        raise Failed

    positions.write = fail
    try:
        yield
    finally:
        del positions.write
