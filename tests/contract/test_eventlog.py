"""The promise of the log's port. Every implementation runs this suite: add a fixture and name it in `LOGS`.

An implementation is a `LogUnderTest`: it opens logs on one place, as many as asked for, and says how another process
opens the same one.
"""

import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eventlog.embedded import EmbeddedLog
from eventlog.kafka import KafkaLog
from eventlog.log import Entry, EventLog, Record
from eventlog.partitioning import partition_of
from eventlog.scan import newest_first, records_between
from schemas.topics import Topics
from tests.kafka_broker import Broker

ROOT = Path(__file__).parents[2]
TOPICS = Topics("contract")
PARTITIONS = 4
NOW_US = 1_700_000_000_000_000


@dataclass
class LogUnderTest:
    """One place of a log; `dense` and `atomic` are promises that not every implementation gives."""

    open: Callable[[], Any]
    program: str
    dense: bool
    atomic: bool


OPEN_EMBEDDED = """
import itertools
from pathlib import Path
from eventlog.embedded import EmbeddedLog
from eventlog.kafka import KafkaLog
from eventlog.log import Entry
from schemas.topics import Topics
log = EmbeddedLog.open(Path({path!r}), timezone="Asia/Shanghai", partitions=4, topics=Topics("contract"),
                       log_id=lambda: "log", constants={{}}, now_us=lambda: 1)
"""


@pytest.fixture
def embedded_log(tmp_path: Path) -> LogUnderTest:
    path = tmp_path / "log.db"

    def open_log() -> EmbeddedLog:
        return EmbeddedLog.open(
            path, timezone="Asia/Shanghai", partitions=PARTITIONS, topics=TOPICS, log_id=lambda: "log",
            constants={"active_days": 62}, now_us=lambda: NOW_US,
        )  # fmt: skip

    return LogUnderTest(open_log, OPEN_EMBEDDED.format(path=str(path)), dense=True, atomic=True)


OPEN_KAFKA = """
import itertools
from eventlog.kafka import KafkaLog
from eventlog.log import Entry
from schemas.topics import Topics
log = KafkaLog.open({url!r}, timezone="Asia/Shanghai", partitions=4, topics=Topics("contract"),
                    log_id=lambda: "log", constants={{}})
"""


@pytest.fixture
def kafka_log(broker: Broker) -> Iterator[LogUnderTest]:
    def open_log() -> KafkaLog:
        return KafkaLog.open(
            broker.url, timezone="Asia/Shanghai", partitions=PARTITIONS, topics=TOPICS, log_id=lambda: "log",
            constants={"active_days": 62},
        )  # fmt: skip

    yield LogUnderTest(open_log, OPEN_KAFKA.format(url=broker.url), dense=True, atomic=False)
    broker.delete_topics([*TOPICS.all, TOPICS.state])
    broker.delete_groups(["worker", "store"])


LOGS = ["embedded_log", pytest.param("kafka_log", marks=pytest.mark.kafka)]


@pytest.fixture(params=LOGS)
def place(request: pytest.FixtureRequest) -> LogUnderTest:
    found: LogUnderTest = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def log(place: LogUnderTest) -> Iterator[EventLog]:
    with closing(place.open()) as opened:
        yield opened


def entries(count: int, *, partition: int | None = 0, start: int = 0) -> list[Entry]:
    return [Entry(TOPICS.events, b"key", b"%d" % at, partition) for at in range(start, start + count)]


def read_all(log: EventLog, topic: str, partition: int, page: int = 1000) -> list[Record]:
    found: list[Record] = []
    while records := log.read(topic, partition, found[-1].offset + 1 if found else 0, page):
        found += records
    return found


def run_program(place: LogUnderTest, body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", place.program + body], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_an_empty_partition_has_an_end_but_no_records(log: EventLog) -> None:
    assert log.end_offset(TOPICS.events, 0) == 0
    assert log.read(TOPICS.events, 0, 0, 10) == []
    assert log.last(TOPICS.events, 0) is None


def test_every_topic_has_the_partitions_of_the_log(log: EventLog) -> None:
    assert [log.partitions(topic) for topic in TOPICS.all] == [PARTITIONS] * 4


@pytest.mark.parametrize(
    "entry",
    [
        Entry(TOPICS.events, b"key", b'{"text": "\xe7\x94\xb2"}', 2),
        Entry(TOPICS.events, None, b"no key", 2),
        Entry(TOPICS.events, b"", b"", 2),
        Entry(TOPICS.events, b"no value", None, 2),
        Entry(TOPICS.events, b"\x00\xff", b"\x00\xffnot text\x00", 2),
        Entry(TOPICS.events, b"key", b"v", 2, (("ce_id", b"1"), ("ce_id", b"\x00\xff"), ("empty", b""))),
        Entry(TOPICS.events, b"key", b"x" * 3_000_000, 2),
    ],
    ids=["text", "no key", "empty", "no value", "any bytes", "headers", "big"],
)  # fmt: skip
def test_a_record_comes_back_byte_for_byte(log: EventLog, entry: Entry) -> None:
    log.append([entry])
    [record] = log.read(TOPICS.events, 2, 0, 10)
    assert (record.topic, record.partition, record.key, record.value, record.headers) == (
        TOPICS.events, 2, entry.key, entry.value, entry.headers,
    )  # fmt: skip


def test_the_log_says_when_it_appended_a_record(log: EventLog) -> None:
    log.append(entries(1))
    [record] = log.read(TOPICS.events, 0, 0, 1)
    assert record.recorded_at_us >= NOW_US


def test_the_key_decides_the_partition_as_in_kafka(log: EventLog) -> None:
    keys = [f"project-{number}" for number in range(50)]
    places = log.append([Entry(TOPICS.events, key.encode(), b"{}") for key in keys])
    assert [partition for partition, _ in places] == [partition_of(key, PARTITIONS) for key in keys]


def test_a_record_without_key_goes_to_partition_zero(log: EventLog) -> None:
    [(partition, _)] = log.append([Entry(TOPICS.events, None, b"{}")])
    assert partition == 0


def test_append_answers_with_the_place_of_each_entry_in_order(log: EventLog) -> None:
    wanted = [random.Random(7).randrange(PARTITIONS) for _ in range(3_000)]
    places = log.append([Entry(TOPICS.events, b"k", b"%d" % at, number) for at, number in enumerate(wanted)])
    assert [partition for partition, _ in places] == wanted
    found = {
        (record.partition, record.offset): record.value
        for number in range(PARTITIONS)
        for record in read_all(log, TOPICS.events, number)
    }
    assert [found[place] for place in places] == [b"%d" % at for at in range(3_000)]


def test_offsets_grow_and_are_dense_where_that_is_promised(place: LogUnderTest, log: EventLog) -> None:
    for size in (1, 2500, 3, 1000):
        log.append(entries(size))
    offsets = [record.offset for record in read_all(log, TOPICS.events, 0)]
    assert offsets == sorted(set(offsets))
    if place.dense:
        assert offsets == list(range(3504))


def test_topics_and_partitions_are_apart(log: EventLog) -> None:
    log.append([Entry(TOPICS.kpis, b"k", b"kpi", 1), Entry(TOPICS.events, b"k", b"event", 1)])
    assert [record.value for record in read_all(log, TOPICS.kpis, 1)] == [b"kpi"]
    assert [record.value for record in read_all(log, TOPICS.events, 1)] == [b"event"]
    assert read_all(log, TOPICS.events, 0) == []


@pytest.mark.parametrize("page", [1, 7, 999, 1000, 1001, 5000])
def test_pages_of_any_size_give_every_record_once(log: EventLog, page: int) -> None:
    count = 40 if page == 1 else 3_210
    for size in (1, 1, count - 2):
        log.append(entries(size))
    pages = []
    offset = 0
    while records := log.read(TOPICS.events, 0, offset, page):
        assert len(records) <= page
        pages += records
        offset = records[-1].offset + 1
    assert len(pages) == count
    assert [record.offset for record in pages] == sorted({record.offset for record in pages})


def test_reading_may_begin_anywhere(log: EventLog) -> None:
    places = log.append(entries(2_500))
    for at in (0, 1, 999, 1000, 1001, 2_499):
        [record] = log.read(TOPICS.events, 0, places[at][1], 1)
        assert record.value == b"%d" % at
    assert log.read(TOPICS.events, 0, places[-1][1] + 1, 10) == []
    assert log.read(TOPICS.events, 0, places[-1][1] + 1_000, 10) == []
    assert log.read(TOPICS.events, 0, 0, 0) == []


def test_a_page_of_big_records_is_bounded_but_nothing_is_left_out(log: EventLog) -> None:
    value = b"x" * 900_000
    log.append([Entry(TOPICS.events, b"k", value, 0)] * 30)
    first = log.read(TOPICS.events, 0, 0, 2_000)
    assert len(first) > 0
    assert sum(len(record.value or b"") for record in first) < 20_000_000
    assert len(read_all(log, TOPICS.events, 0, 2_000)) == 30


def test_a_scan_gives_every_record_once_forwards_and_backwards(log: EventLog) -> None:
    log.append(entries(2_300))
    log.append([Entry(TOPICS.events, b"k", b"x" * 700_000, 0)] * 9)
    log.append(entries(5))
    end = log.end_offset(TOPICS.events, 0)
    offsets = [record.offset for record in read_all(log, TOPICS.events, 0)]
    assert [record.offset for record in records_between(log, TOPICS.events, 0, 0, end + 10)] == offsets
    assert [record.offset for record in newest_first(log, TOPICS.events, 0)] == offsets[::-1]
    assert [record.offset for record in records_between(log, TOPICS.events, 0, 7, 1_500)] == [
        offset for offset in offsets if 7 <= offset < 1_500
    ]
    assert list(newest_first(log, TOPICS.events, 1)) == []


def test_the_last_record_and_the_end_follow_each_append(log: EventLog) -> None:
    for at in range(3):
        [(_, offset)] = log.append(entries(1, start=at))
        last = log.last(TOPICS.events, 0)
        assert last is not None
        assert (last.offset, last.value) == (offset, b"%d" % at)
        assert log.end_offset(TOPICS.events, 0) == offset + 1


def test_appending_nothing_is_nothing(log: EventLog) -> None:
    assert log.append([]) == []


def test_a_second_reader_sees_what_was_appended(place: LogUnderTest, log: EventLog) -> None:
    with closing(place.open()) as other:
        log.append(entries(10))
        assert len(read_all(other, TOPICS.events, 0)) == 10


def test_what_was_appended_is_there_after_closing_and_opening(place: LogUnderTest) -> None:
    with closing(place.open()) as log:
        log.append(entries(10))
    with closing(place.open()) as log:
        assert [record.value for record in read_all(log, TOPICS.events, 0)] == [
            b"%d" % at for at in range(10)
        ]


def test_the_identity_is_fixed_by_the_first_who_opens(place: LogUnderTest, log: EventLog) -> None:
    with closing(place.open()) as again:
        assert again.identity == log.identity
        assert (again.identity.timezone, again.identity.partitions) == ("Asia/Shanghai", PARTITIONS)
        assert again.identity.log_id == "log"


def test_progress_of_a_consumer_is_noted_and_never_goes_back(log: EventLog) -> None:
    assert log.committed("worker") == {}
    log.commit("worker", {(TOPICS.events, 0): 5, (TOPICS.events, 1): 7})
    log.commit("worker", {(TOPICS.events, 0): 3})
    log.commit("worker", {(TOPICS.events, 1): 9})
    assert log.committed("worker") == {(TOPICS.events, 0): 5, (TOPICS.events, 1): 9}
    assert log.committed("store") == {}


APPEND_FOR_EVER = """
for number in itertools.count():
    value = str(number).encode()
    log.append([Entry("contract.events", value, value, partition) for partition in range(4) for _ in range(50)])
    print(number, flush=True)
"""


def newest_number(log: EventLog, partition: int) -> int:
    last = log.last(TOPICS.events, partition)
    return -1 if last is None or last.value is None else int(last.value)


@pytest.mark.parametrize("kill_after", [1, 7, 30])
def test_what_append_answered_for_survives_kill_9(place: LogUnderTest, kill_after: int) -> None:
    writer = run_program(place, APPEND_FOR_EVER)
    assert writer.stdout is not None
    with writer.stdout as lines:
        acknowledged = [int(next(lines)) for _ in range(kill_after)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in lines]
    writer.wait()
    with closing(place.open()) as log:
        newest = [newest_number(log, number) for number in range(PARTITIONS)]
        assert min(newest) >= acknowledged[-1]
        if place.atomic:
            assert len(set(newest)) == 1
            assert {log.end_offset(TOPICS.events, number) % 50 for number in range(PARTITIONS)} == {0}
        log.append(entries(1))
        assert newest_number(log, 0) == 0


APPEND_MANY = """
for number in range(100):
    log.append([Entry("contract.events", NAME, b"%d" % (number * 20 + at), at % 4) for at in range(20)])
"""


def test_processes_append_at_once_and_nothing_is_lost_or_mixed(place: LogUnderTest) -> None:
    names = [b"one", b"two", b"three"]
    with ExitStack() as stack:
        writers = [
            stack.enter_context(run_program(place, APPEND_MANY.replace("NAME", repr(name)))) for name in names
        ]
        assert [writer.wait() for writer in writers] == [0, 0, 0]
    with closing(place.open()) as log:
        for partition in range(PARTITIONS):
            records = read_all(log, TOPICS.events, partition)
            assert len(records) == 1500
            for name in names:
                mine = [int(record.value or b"") for record in records if record.key == name]
                assert mine == [at for at in range(2000) if at % 4 == partition]


def test_a_reader_beside_a_writer_sees_only_whole_appends(place: LogUnderTest) -> None:
    writer = run_program(place, APPEND_FOR_EVER)
    assert writer.stdout is not None
    with writer.stdout as lines, closing(place.open()) as log:
        next(lines)
        for _ in range(200):
            end = log.end_offset(TOPICS.events, 0)
            assert not place.atomic or end % 50 == 0
            assert len(log.read(TOPICS.events, 0, max(0, end - 50), 50)) == 50
        writer.send_signal(signal.SIGKILL)
    writer.wait()
