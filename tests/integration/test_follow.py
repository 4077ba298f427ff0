import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.follow import end_positions, follow
from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry, Record
from schemas.topics import Topics

TOPIC = Topics().alerts


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    opened = EmbeddedLog.open(
        tmp_path / "log.db",
        timezone="Asia/Shanghai",
        partitions=2,
        topics=Topics(),
        log_id=lambda: "log",
        constants={},
        now_us=lambda: 0,
    )
    yield opened
    opened.close()


def entries(*values: bytes) -> list[Entry]:
    return [Entry(TOPIC, None, value, partition=number % 2) for number, value in enumerate(values)]


def take(records: Iterator[Record], count: int, stop: threading.Event) -> list[bytes | None]:
    taken = [next(records).value for _ in range(count)]
    stop.set()
    assert list(records) == []
    return taken


def test_a_subscriber_gets_what_arrives_after_it_came(log: EmbeddedLog) -> None:
    log.append(entries(b"before", b"before"))
    stop = threading.Event()
    records = follow(log, TOPIC, end_positions(log, TOPIC), stop)
    log.append(entries(b"a", b"b", b"c"))
    assert sorted(take(records, 3, stop)) == [b"a", b"b", b"c"]  # type: ignore[type-var]


def test_a_subscriber_that_gives_positions_gets_everything_since_in_order(log: EmbeddedLog) -> None:
    log.append(entries(b"0", b"-", b"1", b"-", b"2"))
    stop = threading.Event()
    assert take(follow(log, TOPIC, {0: 1}, stop), 2, stop) == [b"1", b"2"]
