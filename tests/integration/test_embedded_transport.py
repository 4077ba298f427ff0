"""The embedded transport under an ordinary Faust application: batches, positions, and quiet when nothing happens."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import quote

import faust
import pytest
from faust.types.tuples import TP

from eventlog.embedded import EmbeddedLog
from eventlog.log import EventLog, Record
from schemas.errors import SettingsError
from streams.app import _NoTables
from streams.transports import embedded
from tests.counting_worker import PARTITIONS, TOPICS, Place, entries, open_log
from tests.waiting import until_async

EVENTS = [TP(TOPICS.events, number) for number in range(PARTITIONS)]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with closing(open_log(Place(str(tmp_path / "log.db")))) as opened:
        yield opened


class Passing(faust.Schema[Any, Any]):
    def loads_key(self, app: Any, message: Any, **options: Any) -> Any:
        return message.key

    def loads_value(self, app: Any, message: Any, **options: Any) -> Any:
        return message.value


def application(
    tmp_path: Path, take: Callable[[Any], Coroutine[Any, Any, None]], **options: Any
) -> faust.App:
    app = faust.App(
        "plain", broker="embedded://" + quote(str(tmp_path / "log.db")), store="memory://", web_enabled=False,
        topic_disable_leader=True, topic_allow_declare=False, table_standby_replicas=0, autodiscover=False,
        loghandlers=[], datadir=str(tmp_path / "data"), broker_commit_interval=0.05, stream_buffer_maxsize=4,
        TableManager=_NoTables, **options,
    )  # fmt: skip

    async def agent(batches: Any) -> None:
        async for batch in batches.noack().events():
            await take(batch)

    app.agent(app.topic(TOPICS.events, schema=Passing()))(agent)
    return app


@asynccontextmanager
async def started(app: faust.App) -> AsyncIterator[Any]:
    app.finalize()
    await app.start()
    try:
        yield app.consumer
    finally:
        await app.stop()


class Taker:
    """An agent that keeps what it was given and acknowledges it."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []

    async def __call__(self, batch: Any) -> None:
        self.batches.append(batch.value)
        batch.ack()

    def values(self, partition: int) -> list[int]:
        records = (record for batch in self.batches for record in batch if record.partition == partition)
        return [int(record.value or b"") for record in records]

    def count(self) -> int:
        return sum(map(len, self.batches))


def test_the_transport_is_registered_under_its_scheme() -> None:
    [found] = entry_points(group="faust.transports", name="embedded")
    assert found.load() is embedded.Transport


def test_every_record_comes_once_in_bounded_batches_of_one_partition(tmp_path: Path, log: EventLog) -> None:
    log.append(entries(21_000))
    taker = Taker()

    async def run() -> None:
        async with started(application(tmp_path, taker)):
            await until_async(lambda: taker.count() >= 21_000)
            log.append(entries(8, 21_000))
            await until_async(lambda: taker.count() >= 21_008)

    asyncio.run(run())
    for partition in range(PARTITIONS):
        assert taker.values(partition) == list(range(partition, 21_008, PARTITIONS))
    assert max(map(len, taker.batches)) <= embedded.BATCH_RECORDS_MAX
    assert all(len({record.partition for record in batch}) == 1 for batch in taker.batches)


def test_a_start_reads_from_the_beginning_whatever_was_committed(tmp_path: Path, log: EventLog) -> None:
    log.append(entries(400))

    async def run(taker: Taker) -> None:
        async with started(application(tmp_path, taker)):
            await until_async(lambda: taker.count() >= 400)
            await until_async(lambda: sum(log.committed("plain").values()) == 400)

    for _ in range(2):
        taker = Taker()
        asyncio.run(run(taker))
        assert taker.count() == 400


def test_a_batch_without_acknowledgement_holds_the_commits_of_its_partition(
    tmp_path: Path, log: EventLog
) -> None:
    taken = 0

    async def all_but_the_second(batch: Any) -> None:
        nonlocal taken
        taken += len(batch.value)
        if not (batch.value[0].partition == 1 and batch.value[0].offset == 0):
            batch.ack()

    async def run() -> None:
        async with started(application(tmp_path, all_but_the_second, stream_wait_empty=False)) as consumer:
            log.append(entries(4))
            await until_async(lambda: taken == 4)
            log.append(entries(8, 4))
            await until_async(lambda: taken == 12)
            await until_async(lambda: len(log.committed("plain")) == 3)
            await consumer.commit()

    asyncio.run(run())
    assert log.committed("plain") == {(TOPICS.events, number): 3 for number in (0, 2, 3)}


def test_a_seek_reads_again_from_there(tmp_path: Path, log: EventLog) -> None:
    log.append(entries(40))
    taker = Taker()

    async def run() -> None:
        async with started(application(tmp_path, taker)) as consumer:
            await until_async(lambda: taker.count() == 40)
            await consumer.seek(EVENTS[2], 7)
            await until_async(lambda: taker.count() == 43)
            await consumer.seek_wait({EVENTS[3]: 9})
            await until_async(lambda: taker.count() == 44)
            assert await consumer.position(EVENTS[2]) == 10

    asyncio.run(run())
    assert taker.values(2)[-3:] == [30, 34, 38]
    assert taker.values(3)[-1] == 39


def test_what_recovery_may_ask_has_an_answer(tmp_path: Path, log: EventLog) -> None:
    log.append(entries(42))

    async def run() -> None:
        async with started(application(tmp_path, Taker())) as consumer:
            assert await consumer.highwaters(*EVENTS[:2]) == {EVENTS[0]: 11, EVENTS[1]: 11}
            assert await consumer.earliest_offsets(*EVENTS[:2]) == {EVENTS[0]: 0, EVENTS[1]: 0}
            assert consumer.topic_partitions(TOPICS.events) == PARTITIONS
            assert consumer.key_partition(TOPICS.events, b"k", 3) == 3
            assert consumer.key_partition(TOPICS.events, b"21") == (-973932308 & 0x7FFFFFFF) % PARTITIONS
            assert consumer.assignment() == set(EVENTS)

    asyncio.run(run())


def test_faust_publishes_nothing_here(tmp_path: Path, log: EventLog) -> None:
    async def run() -> None:
        app = application(tmp_path, Taker())
        async with started(app):
            with pytest.raises(SettingsError, match="only reads"):
                await app.producer.send_and_wait(TOPICS.events, b"k", b"v", None, None, None)

    asyncio.run(run())


def test_the_event_loop_stays_free_while_a_backlog_is_read(tmp_path: Path, log: EventLog) -> None:
    for start in range(0, 100_000, 20_000):
        log.append(entries(20_000, start))
    taker = Taker()
    lags: list[float] = []

    async def run() -> None:
        async with started(application(tmp_path, taker)):
            while taker.count() < 100_000:
                before = time.perf_counter()
                await asyncio.sleep(0)
                lags.append(time.perf_counter() - before)

    asyncio.run(run())
    assert sorted(lags)[int(len(lags) * 0.9)] < 0.02


def test_a_worker_that_waits_asks_one_cheap_question_and_reads_nothing(
    tmp_path: Path, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()
    for name in ("changes", "read"):
        monkeypatch.setattr(EmbeddedLog, name, counted(calls, name, getattr(EmbeddedLog, name)))

    async def run() -> None:
        async with started(application(tmp_path, Taker())):
            await until_async(lambda: calls["changes"] >= 5)
            read = calls["read"]
            await until_async(lambda: calls["changes"] >= 50)
            assert calls["read"] == read

    asyncio.run(run())


def counted(calls: Counter[str], name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        calls[name] += 1
        return original(*args)

    return call
