"""`python -m tests.storing_process HOME`: takes what a log holds into a store in small batches, until it is killed.

After each commit it says how many records of events it has stored.
"""

import sys
from contextlib import closing
from pathlib import Path

from eventlog.embedded import EmbeddedLog
from storage.store import Batch, Store
from tests.builders import RECORDED_AT_US
from tests.lives import TOPICS

EVENTS, OTHERS = 7, 3


def main(home: Path) -> None:
    """Small batches, so that there are many moments to die at."""
    with (
        closing(EmbeddedLog.open_existing(home / "log.db")) as log,
        Store.open(home / "store.duckdb", log.identity, TOPICS, home=home) as store,
    ):
        while batch := next_batch(log, store):
            store.write(batch, RECORDED_AT_US)
            stored = sum(store.positions[TOPICS.events, number].next_offset for number in range(2))
            sys.stdout.write(f"{stored}\n")
            sys.stdout.flush()


def next_batch(log: EmbeddedLog, store: Store) -> Batch:
    """A few records of every topic and partition."""
    batch = Batch()
    lists = (batch.events, batch.kpis, batch.alerts, batch.rejected)
    for topic, records in zip(TOPICS.all, lists, strict=True):
        for number in range(log.partitions(topic)):
            start = store.positions[topic, number].next_offset
            records.extend(log.read(topic, number, start, EVENTS if topic == TOPICS.events else OTHERS))
    return batch


if __name__ == "__main__":
    main(Path(sys.argv[1]))
