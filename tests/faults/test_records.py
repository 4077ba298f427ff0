"""Records as nobody should publish them, and damage in the topic of saved states: said, and harmless."""

import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import Entry
from eventlog.partitioning import partition_of, place_key
from schemas.topics import Topics
from tests.builders import baseline, production
from tests.builders import closing as closing_tick
from tests.fault_feed import PARTITIONS, Exports, differences, embedded_exports
from tests.kafka_run import KafkaRun
from tests.waiting import until

EVENTS = Topics().events
PROJECTS = [f"厂-{number} 🏭" for number in range(12)]
DAYS = 6
TWO_MEGABYTES = 2 << 20
STARTED_SECONDS_MAX = 60

pytestmark = pytest.mark.timeout(300)


def sound(days: range) -> list[Entry]:
    """Reports of all projects, each on its own partition."""
    plans = [(name, baseline(project=name, name=name)) for name in PROJECTS] if 0 in days else []
    reports = [(name, production("L", on, on + 1, project=name)) for on in days for name in PROJECTS]
    return [
        Entry(EVENTS, name.encode(), raw, partition_of(name, PARTITIONS)) for name, raw in [*plans, *reports]
    ]


def ticks(on: int) -> list[Entry]:
    return [Entry(EVENTS, b"clock", closing_tick(on), number) for number in range(PARTITIONS)]


def by_a_foreign_client(entry: Entry, number: int) -> Entry:
    """With another partitioner's choice, and every third without a key."""
    assert entry.key is not None
    key = None if number % 3 == 0 else entry.key
    return entry._replace(key=key, partition=zlib.crc32(entry.key) % PARTITIONS)


def wrong(value: bytes | None, key: bytes | None = b"p") -> Entry:
    return Entry(EVENTS, key, value, place_key(b"p", PARTITIONS))


WRONG = [
    wrong(None), wrong(None, None), wrong(b""), wrong(b"\xff\xfe\x00rubbish"), wrong(b"{}", None),
    wrong(b'{"specversion":"1.0"'), wrong(b"[" * 100_000), wrong(b"x" * TWO_MEGABYTES),
    wrong(production("L", 1, 1, project="p") + b" " * TWO_MEGABYTES),
]  # fmt: skip


def test_wrong_and_misplaced_records_stop_nobody_and_every_one_is_accounted_for(
    run: KafkaRun, tmp_path: Path
) -> None:
    records = sound(range(DAYS))
    misplaced = [by_a_foreign_client(entry, number) for number, entry in enumerate(records)]
    forwarded = sum(new.partition != old.partition for new, old in zip(misplaced, records, strict=True))
    store, worker = run.start("store"), run.start("worker")
    run.publish([*WRONG[:5], *misplaced, *WRONG[5:]])
    until(run.has_folded, STARTED_SECONDS_MAX)
    run.publish(ticks(DAYS))
    told = run.exports_of(store, worker)
    wanted = embedded_exports([*WRONG[:5], *records, *WRONG[5:], *ticks(DAYS)], tmp_path)
    assert differences(wanted, told, without=["events", "rejected_events"]) == []
    assert len(told["events"]) == len(records) + forwarded + PARTITIONS
    assert reasons(told) == reasons(wanted)
    assert len(told["rejected_events"]) == len(WRONG)
    assert "Traceback" not in worker.heard
    assert sum(map(int, re.findall(r"refused (\d+) records of", worker.heard))) == len(WRONG)


def reasons(told: Exports) -> list[tuple[Any, ...]]:
    return sorted(row[2:] for row in told["rejected_events"])


def test_a_damaged_record_among_the_saved_states_costs_time_and_nothing_else(
    run: KafkaRun, tmp_path: Path
) -> None:
    worker, store = run.start("worker"), run.start("store")
    first, second = [*sound(range(3)), *ticks(3)], [*sound(range(3, DAYS)), *ticks(DAYS)]
    run.publish(first)
    run.settle(store)
    assert worker.stop() == 0
    damaged = run.damage_saved_states()
    assert damaged
    run.publish(second)
    worker.restart()
    told = run.exports_of(store, worker)
    assert differences(embedded_exports([*first, *second], tmp_path), told) == []
    for number in damaged:
        assert f"partition {number} is folded from its start, its saved state is of no use" in worker.heard
