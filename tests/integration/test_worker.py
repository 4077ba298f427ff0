"""A Faust worker on either log: every record is folded once and published once, whatever ends the worker."""

import asyncio
import gc
import logging
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest

import streams.app
from eventlog.log import Entry, EventLog, Record
from schemas.errors import MilepostError, ServiceUnavailable, SettingsError
from schemas.topics import Topics
from streams.agents import EventFolder
from streams.app import WorkerApp, create_app
from streams.broker import Broker
from streams.core.partition import Output
from streams.runner import end_offsets, fold_until, running
from tests.cli import product_environment
from tests.counting_worker import (
    PARTITIONS,
    CountingPartition,
    Place,
    counting_app,
    entries,
    folded_offsets,
    open_log,
)
from tests.waiting import until, until_async

ROOT = Path(__file__).parents[2]


@pytest.fixture
def embedded(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "a folder 100%" / "log.db"))


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def place(request: pytest.FixtureRequest, embedded: Place) -> Place:
    if request.param == "embedded":
        return embedded
    broker, prefix = request.getfixturevalue("broker"), request.getfixturevalue("topic_prefix")
    return Place(broker.url, Topics(prefix))


@pytest.fixture
def log(place: Place) -> Iterator[EventLog]:
    with closing(open_log(place)) as opened:
        yield opened


async def drain(place: Place, log: EventLog) -> None:
    async with running(counting_app(place)) as folder:
        assert await fold_until(folder, end_offsets(log, place.topics.events))


def folded_at_least(folder: EventFolder, count: int) -> bool:
    return sum(folder.next_offsets.values()) >= count


def published_at_least(place: Place, log: EventLog, count: int) -> bool:
    return sum(end_offsets(log, place.topics.kpis).values()) >= count


def assert_each_published_once(place: Place, log: EventLog) -> None:
    for number in range(PARTITIONS):
        assert folded_offsets(log, number, place.topics) == list(
            range(log.end_offset(place.topics.events, number))
        )


def test_a_drain_folds_every_record_once_in_order(place: Place, log: EventLog) -> None:
    log.append(entries(30_000, topics=place.topics))
    asyncio.run(drain(place, log))
    assert_each_published_once(place, log)
    assert sum(end_offsets(log, place.topics.kpis).values()) == 30_000


def test_a_drain_of_an_empty_log_ends_at_once(place: Place, log: EventLog) -> None:
    asyncio.run(drain(place, log))
    assert end_offsets(log, place.topics.kpis) == dict.fromkeys(range(PARTITIONS), 0)


def test_a_second_drain_publishes_nothing_again(place: Place, log: EventLog) -> None:
    log.append(entries(500, topics=place.topics))
    for _ in range(2):
        asyncio.run(drain(place, log))
    assert_each_published_once(place, log)


def test_a_running_worker_can_be_asked_to_drain_again(place: Place, log: EventLog) -> None:
    async def twice() -> list[int]:
        heard: list[int] = []
        async with running(counting_app(place)) as folder:
            for start in (0, 700):
                log.append(entries(700, start, topics=place.topics))
                ends = end_offsets(log, place.topics.events)
                assert await fold_until(folder, ends, on_progress=lambda at: heard.append(sum(at.values())))
        return heard

    assert asyncio.run(twice())[-1] == 1_400
    assert_each_published_once(place, log)


def test_progress_is_committed_when_the_worker_stops(place: Place, log: EventLog) -> None:
    log.append(entries(5_000, topics=place.topics))
    asyncio.run(drain(place, log))
    committed = {number: offset for (_, number), offset in log.committed(place.topics.worker_group).items()}
    assert committed == end_offsets(log, place.topics.events)


def test_a_record_is_folded_soon_after_it_was_appended(place: Place, log: EventLog) -> None:
    async def delays() -> list[float]:
        found = []
        async with running(counting_app(place)) as folder:
            for at in range(100):
                before = time.perf_counter()
                log.append(entries(1, at, topics=place.topics))
                assert await fold_until(folder, end_offsets(log, place.topics.events))
                found.append(time.perf_counter() - before)
        return found

    # Whoever waits for a timer waits a second; a busy machine may hold up some records, never half of them.
    assert median(asyncio.run(delays())) < 0.5


def test_a_stop_signal_ends_an_endless_run_with_the_running_batch_finished(
    place: Place, log: EventLog
) -> None:
    stop = threading.Event()
    log.append(entries(40_000, topics=place.topics))

    async def run() -> bool:
        async with running(counting_app(place)) as folder:
            return await fold_until(folder, None, stop, on_progress=lambda _: stop.set())

    before = time.monotonic()
    assert asyncio.run(run()) is False
    assert time.monotonic() - before < 5
    committed = log.committed(place.topics.worker_group)
    for number in range(PARTITIONS):
        done = committed.get((place.topics.events, number), 0)
        assert folded_offsets(log, number, place.topics) == list(range(done))


def test_a_worker_runs_in_a_thread_that_is_not_the_main_one(place: Place, log: EventLog) -> None:
    log.append(entries(1_000, topics=place.topics))

    def run() -> None:
        with closing(open_log(place)) as own:
            asyncio.run(drain(place, own))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert_each_published_once(place, log)


class FailsOnce(CountingPartition):
    """Fails at a record the first time."""

    failed = False

    def fold(self, records: Iterable[Record]) -> Output:
        batch = list(records)
        if any(record.offset >= 3_000 for record in batch) and not FailsOnce.failed:
            FailsOnce.failed = True
            raise ServiceUnavailable("planted")
        return super().fold(batch)


def test_a_batch_whose_fold_failed_is_not_acknowledged_and_folded_by_the_next_worker(
    place: Place, log: EventLog
) -> None:
    FailsOnce.failed = False
    log.append(entries(20_000, topics=place.topics))

    async def fail() -> None:
        app = counting_app(place, lambda _, number: FailsOnce(number))
        async with running(app) as folder:
            await fold_until(folder, end_offsets(log, place.topics.events))

    with pytest.raises(ServiceUnavailable, match="planted"):
        asyncio.run(fail())
    committed = log.committed(place.topics.worker_group)
    at = [committed.get((place.topics.events, number), 0) for number in range(PARTITIONS)]
    assert min(at) < 5_000
    assert all(at[number] <= len(folded_offsets(log, number, place.topics)) for number in range(PARTITIONS))
    asyncio.run(drain(place, log))
    assert_each_published_once(place, log)


async def refuse_to_publish(_entries: Sequence[Entry]) -> None:
    raise ServiceUnavailable("the disk is full")


def test_a_worker_that_cannot_publish_stops_and_says_why(place: Place, log: EventLog) -> None:
    log.append(entries(9_000, topics=place.topics))

    async def fail() -> None:
        async with running(counting_app(place)) as folder:
            folder.publish = refuse_to_publish
            await fold_until(folder, end_offsets(log, place.topics.events))

    with pytest.raises(ServiceUnavailable, match="the disk is full"):
        asyncio.run(fail())
    assert log.committed(place.topics.worker_group) == {}
    asyncio.run(drain(place, log))
    assert_each_published_once(place, log)


def test_a_worker_whose_log_breaks_while_it_waits_stops_and_says_why(embedded: Place) -> None:
    async def fail(log: Any) -> None:
        async with running(counting_app(embedded)) as folder:
            log.append(entries(10))
            assert await fold_until(folder, end_offsets(log, embedded.topics.events))
            log._connection.execute("DROP TABLE batches")
            await fold_until(folder, None)

    with closing(open_log(embedded)) as log, pytest.raises(ServiceUnavailable, match="no such table"):
        asyncio.run(fail(log))


async def start(app: WorkerApp) -> None:
    async with running(app) as folder:
        await fold_until(folder, None)


def test_what_is_wrong_at_the_start_is_raised_at_once(place: Place, log: EventLog) -> None:
    def refuse(_app: WorkerApp) -> EventFolder:
        raise ServiceUnavailable("held by another process (pid 7)")

    with pytest.raises(ServiceUnavailable, match="pid 7"):
        asyncio.run(start(create_app(place.broker, place.topics, refuse)))


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("embedded:///no/such/log.db", "there is no log"),
        ("embedded://", "names no file"),
        (
            "kafka-batches://127.0.0.1:1",
            "no Kafka at 127.0.0.1:1; start it or correct MILEPOST_LOG",
        ),
    ],
)
def test_a_transport_that_finds_no_log_says_so(embedded: Place, url: str, error: str) -> None:
    with pytest.raises(MilepostError, match=error):
        asyncio.run(start(create_app(Broker(url), embedded.topics, counting_app(embedded)._open_folder)))


async def rebalance(app: WorkerApp) -> None:
    """Let all partitions be given away and come again."""
    consumer: Any = app.consumer
    before = app.consumer_generation_id
    if hasattr(consumer, "_assign"):
        await consumer._assign(consumer.assignment())
    else:
        thread = consumer._thread
        thread.thread_loop.call_soon_threadsafe(thread._consumer._coordinator.request_rejoin)
    await until_async(lambda: app.consumer_generation_id != before)


def test_a_rebalance_loses_and_repeats_nothing(place: Place, log: EventLog) -> None:
    log.append(entries(60_000, topics=place.topics))
    app = counting_app(place)

    async def run() -> None:
        async with running(app) as folder:
            for done in (5_000, 20_000, 40_000):
                await until_async(partial(folded_at_least, folder, done))
                await rebalance(app)
            assert await fold_until(folder, end_offsets(log, place.topics.events))
            counted: Any = folder.partitions
            assert {number: len(counted[number].folded) for number in counted} == end_offsets(
                log, place.topics.events
            )

    asyncio.run(run())
    assert_each_published_once(place, log)


def test_kill_9_at_any_moment_loses_and_doubles_nothing(place: Place, log: EventLog) -> None:
    total = 120_000
    for start in range(0, total, 20_000):
        log.append(entries(20_000, start, topics=place.topics))
    chance = random.Random(4)
    for kill in range(4):
        worker = start_worker(place)
        wanted = total * kill // 6 + chance.randrange(1, total // 8)
        until(partial(published_at_least, place, log, wanted))
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
    assert sum(end_offsets(log, place.topics.kpis).values()) < total
    assert start_worker(place).wait() == 0
    assert_each_published_once(place, log)


def start_worker(place: Place) -> subprocess.Popen[bytes]:
    words = ("-m", "tests.counting_worker", place.address, place.topics.prefix)
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=product_environment())


HANG = """
import asyncio, sys
from schemas.topics import Topics
from streams.runner import running
from tests.counting_worker import Place, counting_app

async def hang(batch):
    print("hanging", flush=True)
    await asyncio.Event().wait()

async def main():
    app = counting_app(Place(sys.argv[1], Topics(sys.argv[2])))
    app.stop_seconds_max = 0.2
    async with running(app) as folder:
        folder.fold = hang
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)

asyncio.run(main())
"""


def test_a_stop_that_hangs_ends_the_process_with_a_word(place: Place, log: EventLog) -> None:
    log.append(entries(4, topics=place.topics))
    worker = subprocess.Popen(
        [sys.executable, "-c", HANG, place.address, place.topics.prefix], cwd=ROOT, env=product_environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "hanging\n"
    _, said = worker.communicate("stop\n", timeout=10)
    assert worker.returncode == 1
    last = said.splitlines()[-1]
    assert last == "milepost: the worker did not stop in time and was ended; nothing is lost, start it again"


def interpreter() -> tuple[Any, ...]:
    """What a worker changes while it runs."""
    collector = (gc.get_threshold(), list(gc.callbacks), gc.get_freeze_count())
    return collector, sys.getswitchinterval(), logging.getLogger("faust").level


def test_the_interpreter_is_left_as_it_was_found(place: Place, log: EventLog) -> None:
    before = interpreter()
    asyncio.run(drain(place, log))
    assert interpreter() == before


FAUST = """
import sys
from types import SimpleNamespace
import streams.app
from faust.cli.faust import cli
from schemas.topics import Topics
from tests.counting_worker import Place, counting_app

def registered(group, name):
    assert (group, name) == ("milepost.wiring", "worker_app")
    return [SimpleNamespace(load=lambda: lambda: counting_app(Place(sys.argv[1], Topics(sys.argv[2]))))]

streams.app.entry_points = registered
cli(["-A", "streams.app", "worker", "--loglevel", "warn"])
"""


def test_faust_s_own_command_runs_the_worker_and_leaves_nothing_behind(
    place: Place, log: EventLog, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    log.append(entries(1_000, topics=place.topics))
    worker = subprocess.Popen(
        [sys.executable, "-c", FAUST, place.address, place.topics.prefix], cwd=here, env=product_environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    until(partial(published_at_least, place, log, 1_000))
    log.append(entries(1_000, 1_000, topics=place.topics))
    until(partial(published_at_least, place, log, 2_000))
    worker.send_signal(signal.SIGTERM)
    said, _ = worker.communicate(timeout=5)
    assert worker.returncode == 0, said
    assert "Traceback" not in said
    assert list(here.iterdir()) == []
    assert_each_published_once(place, log)


def test_without_wiring_the_application_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams.app, "entry_points", lambda **_: [])
    with pytest.raises(SettingsError, match="install the package milepost"):
        _ = streams.app.app
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = streams.app.nothing
