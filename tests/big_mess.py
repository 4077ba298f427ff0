"""One large mess and what comes of it along different ways: the promises say that the way does not matter.

Statements of every type, a tenth of them baselines, contradict each other about many projects between cuts; some are
doubled, refused or late. `MILEPOST_MESS_STATEMENTS` says how many there are: a few in CI, 100,000 by hand.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from eventlog.partitioning import place_key
from schemas.events import TICK_TYPE
from schemas.topics import Topics
from storage.store import Batch, Store
from streams.agents import entries_of
from streams.core.partition import Resume
from tests.builders import RECORDED_AT_US, tick
from tests.fault_feed import PARTITIONS
from tests.folds import RULES
from tests.lives import placed, subject_of
from tests.messes import KINDS, Mess, bad_record, closing_tick, cut_tick, some_statement
from tests.saved import saving_partition

__all__ = ["STATEMENTS", "WITHOUT_ORDER", "Parts", "big_mess", "entries", "fold_and_store", "reordered"]

STATEMENTS: Final = int(os.environ.get("MILEPOST_MESS_STATEMENTS", "1500"))
PER_PROJECT: Final = 60
PARTS: Final = 12
AFTER_ALL: Final = 400
WITHOUT_ORDER: Final = ("alert_history", "events", "rejected_events")
"""Exports that tell where a record stands, or what was known between two cuts: order is theirs to tell."""

Parts = list[list[bytes]]
"""Records between two ticks, and the tick that ends them."""


def big_mess(seed: int, statements: int = STATEMENTS) -> Parts:
    """The mess of a seed; each project is spoken of in a few parts, and the last tick closes a day far behind all."""
    chance = Random(seed)
    groups = [_group(number, max(1, statements // PER_PROJECT // PARTS)) for number in range(PARTS)]
    parts = []
    for number in range(PARTS):
        spoken_of = (*groups[number], *groups[number - 1])
        mess = Mess(spoken_of, KINDS, busy=6, last=40)
        said = [_record(chance, mess) for _ in range(statements // PARTS)]
        said += chance.choices(said, k=len(said) // 20)
        end = closing_tick(chance, mess) if chance.randrange(2) else cut_tick(chance, mess)
        parts.append([*said, end])
    return [*parts, [tick(AFTER_ALL)]]


def _group(number: int, projects: int) -> tuple[str, ...]:
    return tuple(f"项目-{number}-{place}" for place in range(projects))


def _record(chance: Random, mess: Mess) -> bytes:
    return bad_record(chance, mess) if chance.randrange(50) == 0 else some_statement(chance, mess)


def reordered(parts: Parts, seed: int) -> Parts:
    """The same statements between the same ticks in another order, others of them doubled."""
    chance = Random(seed)
    found = []
    for part in parts:
        said = [*part[:-1], *chance.choices(part[:-1], k=len(part) // 10)] if len(part) > 1 else []
        chance.shuffle(said)
        found.append([*said, part[-1]])
    return found


def entries(parts: Parts) -> list[Entry]:
    """The records as clients publish them: statements by project, ticks on every partition."""
    return [entry for part in parts for value in part for entry in _placed(value)]


def _placed(value: bytes) -> Iterable[Entry]:
    events = Topics().events
    if TICK_TYPE.encode() in value:
        return [Entry(events, b"clock", value, number) for number in range(PARTITIONS)]
    key = subject_of(value)
    return [Entry(events, key, value, 0 if key is None else place_key(key, PARTITIONS))]


def fold_and_store(log: EmbeddedLog, path: Path, records_max: int) -> None:
    """Fold and store a log in batches of one size."""
    topics = Topics()
    for number in range(PARTITIONS):
        partition, start = saving_partition(Resume(), RULES, placed(log), number), 0
        while records := log.read(topics.events, number, start, records_max):
            log.append(entries_of(partition.fold(records), topics, number))
            start = records[-1].offset + 1
    with closing(Store.open(path, log.identity, topics)) as store:
        while batch := _next_batch(log, store, topics.all, records_max):
            store.write(batch, RECORDED_AT_US)


def _next_batch(log: EmbeddedLog, store: Store, topics: Sequence[str], records_max: int) -> Batch:
    batch = Batch()
    lists = (batch.events, batch.kpis, batch.alerts, batch.rejected)
    for topic, records in zip(topics, lists, strict=True):
        for number in range(log.partitions(topic)):
            records.extend(log.read(topic, number, store.positions[topic, number].next_offset, records_max))
    return batch
