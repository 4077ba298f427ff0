"""Workers that share a real broker: partitions come and go, brokers and workers die, and every record is folded once."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition

from eventlog.log import EventLog, Record
from schemas.errors import ServiceUnavailable
from schemas.topics import Topics
from streams.core.partition import Output
from streams.runner import end_offsets, fold_until, running
from tests.cli import Milepost, product_environment
from tests.counting_worker import (
    PARTITIONS,
    CountingPartition,
    Place,
    counting_app,
    entries,
    folded_offsets,
    open_log,
)
from tests.kafka_broker import Broker, free_ports
from tests.outside_tools import program
from tests.waiting import until, until_async

ROOT = Path(__file__).parents[2]
STOP_SECONDS_MAX = 20


@pytest.fixture
def place(broker: Broker, topic_prefix: str) -> Place:
    return Place(broker.url, Topics(topic_prefix))


@pytest.fixture
def log(place: Place) -> Iterator[EventLog]:
    with closing(open_log(place)) as opened:
        yield opened


@pytest.fixture
def own_place(own_broker: Broker, topic_prefix: str) -> Place:
    return Place(own_broker.url, Topics(topic_prefix))


def committed(place: Place, log: EventLog) -> dict[int, int]:
    found = log.committed(place.topics.worker_group)
    return {number: found.get((place.topics.events, number), 0) for number in range(PARTITIONS)}


def published(place: Place, log: EventLog) -> int:
    return sum(end_offsets(log, place.topics.kpis).values())


def published_at_least(place: Place, log: EventLog, count: int) -> bool:
    return published(place, log) >= count


def assert_all_published(place: Place, log: EventLog) -> None:
    """Nothing is missing; what died may have left something twice, which is told by its position."""
    for number in range(PARTITIONS):
        end = log.end_offset(place.topics.events, number)
        assert sorted(set(folded_offsets(log, number, place.topics))) == list(range(end))


def assert_each_published_once(place: Place, log: EventLog) -> None:
    for number in range(PARTITIONS):
        end = log.end_offset(place.topics.events, number)
        assert folded_offsets(log, number, place.topics) == list(range(end))


@contextmanager
def worker(place: Place, said: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that goes on until SIGTERM; killed at the end if it still runs."""
    words = ("-m", "tests.counting_worker", place.address, place.topics.prefix, "--for-ever")
    with ExitStack() as opened:
        out = subprocess.DEVNULL if said is None else opened.enter_context(said.open("ab"))
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=product_environment(), stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_SECONDS_MAX) == 0


class Folded:
    """What was folded, by whichever of the workers of a process."""

    def __init__(self) -> None:
        self.offsets: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}

    def partition(self, _log: EventLog, number: int) -> CountingPartition:
        return NotingPartition(number, self.offsets[number])


class NotingPartition(CountingPartition):
    """Notes every record that it is given; goes on where the others stopped."""

    def __init__(self, number: int, noted: list[int]) -> None:
        super().__init__(number)
        self._noted = noted

    def fold(self, records: Any) -> Output:
        batch: list[Record] = list(records)
        self._noted += [record.offset for record in batch]
        return super().fold(batch)


# -- sharing -------------------------------------------------------------------------------------------------------


def test_three_workers_share_four_partitions_and_only_what_must_moves(place: Place, log: EventLog) -> None:
    async def run() -> None:
        async with running(counting_app(place)) as first:
            await until_async(lambda: len(first.partitions) == PARTITIONS)
            async with running(counting_app(place)) as second:
                await until_async(lambda: (len(first.partitions), len(second.partitions)) == (2, 2))
                kept = set(first.partitions), set(second.partitions)
                async with running(counting_app(place)) as third:
                    await until_async(lambda: len(third.partitions) == 1)
                    moved = set(third.partitions)
                    await until_async(
                        lambda: (
                            [set(first.partitions), set(second.partitions)]
                            == [kept[0] - moved, kept[1] - moved]
                        )
                    )
                await until_async(lambda: len(first.partitions) == len(second.partitions) == 2)

    asyncio.run(run())


def test_a_fifth_worker_of_four_partitions_waits_with_nothing(place: Place, log: EventLog) -> None:
    async def run() -> None:
        async with running(counting_app(place)) as first:
            await until_async(lambda: len(first.partitions) == PARTITIONS)
            async with (
                running(counting_app(place)) as second, running(counting_app(place)) as third,
                running(counting_app(place)) as fourth, running(counting_app(place)) as fifth,
            ):  # fmt: skip
                folders = (first, second, third, fourth, fifth)
                await until_async(
                    lambda: sorted(len(folder.partitions) for folder in folders) == [0, 1, 1, 1, 1]
                )
                log.append(entries(400, topics=place.topics))
                await until_async(partial(published_at_least, place, log, 400))

    asyncio.run(run())
    assert_each_published_once(place, log)


def test_a_storm_of_rebalances_loses_nothing_and_publishes_nothing_twice(place: Place, log: EventLog) -> None:
    total = 200_000
    for start in range(0, total, 20_000):
        log.append(entries(20_000, start, topics=place.topics))

    def is_further(than: int) -> bool:
        return published(place, log) > than or than >= total

    async def run() -> int:
        rebalances = 0
        async with running(counting_app(place)):
            while published(place, log) < total:
                async with running(counting_app(place)) as other:
                    await until_async(lambda: other.partitions)
                    await until_async(partial(is_further, published(place, log)))
                rebalances += 2
        return rebalances

    assert asyncio.run(run()) >= 4
    assert_each_published_once(place, log)
    assert committed(place, log) == end_offsets(log, place.topics.events)


def test_a_worker_that_joins_in_the_middle_folds_what_it_gets_from_the_start_and_the_other_goes_on(
    place: Place, log: EventLog
) -> None:
    log.append(entries(40_000, topics=place.topics))

    async def run() -> None:
        app, joining = counting_app(place), counting_app(place)
        async with running(app) as folder:
            await until_async(lambda: sum(folder.next_offsets.values()) == 40_000)
            kept: Any = dict(folder.partitions)
            async with running(joining) as other:
                await until_async(lambda: sum(other.next_offsets.values()) == 20_000)
                gained: Any = other.partitions
                assert all(len(gained[number].folded) == 10_000 for number in gained)
                assert all(folder.partitions[number] is kept[number] for number in folder.partitions)

    asyncio.run(run())
    assert_each_published_once(place, log)


def test_a_drain_beside_a_worker_ends_when_the_group_has_come_to_the_end(place: Place, log: EventLog) -> None:
    log.append(entries(30_000, topics=place.topics))

    async def run() -> None:
        async with running(counting_app(place)) as other:
            await until_async(lambda: other.partitions)
            async with running(counting_app(place)) as folder:
                ends = end_offsets(log, place.topics.events)
                assert await fold_until(folder, ends, by_group=partial(committed, place, log))
                assert len(folder.partitions) == 2

    asyncio.run(run())
    assert committed(place, log) == end_offsets(log, place.topics.events)


# -- dying ---------------------------------------------------------------------------------------------------------


def test_a_killed_worker_s_partitions_are_folded_by_the_other_one(place: Place, log: EventLog) -> None:
    total = 120_000
    with worker(place) as first, worker(place) as second:
        for start in range(0, total, 20_000):
            log.append(entries(20_000, start, topics=place.topics))
        until(partial(published_at_least, place, log, 20_000))
        first.kill()
        until(lambda: committed(place, log) == end_offsets(log, place.topics.events), 40)
        stop(second)
    assert_all_published(place, log)


def test_a_frozen_worker_wakes_up_and_nothing_is_missing(place: Place, log: EventLog) -> None:
    total = 120_000
    with worker(place) as first, worker(place) as second:
        for start in range(0, total, 20_000):
            log.append(entries(20_000, start, topics=place.topics))
        until(partial(published_at_least, place, log, 10_000))
        first.send_signal(signal.SIGSTOP)
        until(partial(published_at_least, place, log, total), 40)
        first.send_signal(signal.SIGCONT)
        log.append(entries(4_000, total, topics=place.topics))
        until(lambda: sum(committed(place, log).values()) == total + 4_000, 30)
        stop(second)
        stop(first)
    assert_all_published(place, log)


def test_who_was_thrown_out_for_good_ends_and_says_so(place: Place, log: EventLog, tmp_path: Path) -> None:
    async def other_way_of_assigning() -> None:
        """A member that speaks the range protocol alone."""
        consumer = AIOKafkaConsumer(
            place.topics.events, bootstrap_servers=place.address.removeprefix("kafka://"),
            group_id=place.topics.worker_group,
        )  # fmt: skip
        async with consumer:
            await until_async(consumer.assignment)
            with pytest.raises(
                ServiceUnavailable, match=f"the group {place.topics.worker_group} has a member"
            ):
                async with running(counting_app(place)) as folder:
                    await fold_until(folder)

    asyncio.run(other_way_of_assigning())


# -- brokers that go away ------------------------------------------------------------------------------------------


def test_a_broker_that_was_away_is_told_once_and_nothing_is_lost(
    own_place: Place, own_broker: Broker, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    with worker(own_place, said) as process:
        with closing(open_log(own_place)) as log:
            log.append(entries(20_000, topics=own_place.topics))
            until(partial(published_at_least, own_place, log, 10_000))
        own_broker.kill()
        until(lambda: "cannot be reached" in said.read_text())
        own_broker.start()
        with closing(open_log(own_place)) as log:
            log.append(entries(20_000, 20_000, topics=own_place.topics))
            until(lambda: committed(own_place, log) == end_offsets(log, own_place.topics.events), 40)
            until(lambda: "is back after" in said.read_text())
            stop(process)
            assert_all_published(own_place, log)
    lines = [line for line in said.read_text().splitlines() if line and "folding partitions" not in line]
    assert [bool(re.search("cannot be reached|is back after", line)) for line in lines] == [True, True], lines


def test_sigterm_ends_a_worker_whose_broker_is_gone(
    own_place: Place, own_broker: Broker, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    with closing(open_log(own_place)) as log, worker(own_place, said) as process:
        log.append(entries(4_000, topics=own_place.topics))
        until(partial(published_at_least, own_place, log, 4_000))
        own_broker.kill()
        until(lambda: "cannot be reached" in said.read_text())
        before = time.monotonic()
        stop(process)
        assert time.monotonic() - before < STOP_SECONDS_MAX
    assert "Traceback" not in said.read_text()


def test_a_broker_that_is_absent_is_one_line_and_exit_4(milepost: Milepost) -> None:
    [port] = free_ports(1)
    url = f"kafka://127.0.0.1:{port}"
    before = time.monotonic()
    run = milepost("worker", "--log", url)
    assert time.monotonic() - before < 10
    assert run.returncode == 4
    assert run.stderr == (
        f"milepost: no Kafka at {url}: nothing listens at 127.0.0.1:{port}; start Kafka or correct MILEPOST_LOG\n"
    )


# -- what stands in a topic ------------------------------------------------------------------------------------------


async def publish_in_transactions(place: Place) -> None:
    """One that counts, one that is taken back, in each partition."""
    address = place.address.removeprefix("kafka://")
    async with AIOKafkaProducer(bootstrap_servers=address, transactional_id=place.topics.prefix) as producer:
        for word in (b"counts", b"taken back"):
            await producer.begin_transaction()
            for number in range(PARTITIONS):
                await producer.send_and_wait(place.topics.events, word, word, partition=number)
            await (producer.commit_transaction() if word == b"counts" else producer.abort_transaction())


def test_transactions_of_others_count_when_they_are_done_and_hold_nobody_up(
    place: Place, log: EventLog
) -> None:
    folded = Folded()
    log.append(entries(8, topics=place.topics))

    async def run() -> None:
        await publish_in_transactions(place)
        for _ in range(2):
            async with running(counting_app(place, folded.partition)) as folder:
                ends = end_offsets(log, place.topics.events)
                assert await asyncio.wait_for(fold_until(folder, ends), 20)
                assert not folder.catching_up

    asyncio.run(run())
    assert list(folded.offsets.values()) == [[0, 1, 2, 0, 1, 2]] * PARTITIONS
    assert committed(place, log) == dict.fromkeys(range(PARTITIONS), 6)


def test_events_that_the_broker_has_deleted_end_the_worker_with_a_word(place: Place, log: EventLog) -> None:
    log.append(entries(400, topics=place.topics))
    with closing(KafkaAdminClient(bootstrap_servers=place.address.removeprefix("kafka://"))) as admin:
        admin.delete_records({TopicPartition(place.topics.events, 2): 60})

    async def run() -> None:
        async with running(counting_app(place)) as folder:
            await fold_until(folder)

    with pytest.raises(
        ServiceUnavailable, match=rf"{place.topics.events}/2: the events from offset 0 to 59 are gone"
    ):
        asyncio.run(run())


def test_a_record_of_two_megabytes_is_folded(place: Place, log: EventLog) -> None:
    big = entries(1, topics=place.topics)[0]._replace(value=os.urandom(1 << 21))
    log.append([big, *entries(8, 4, topics=place.topics)])

    async def run() -> None:
        async with running(counting_app(place)) as folder:
            assert await asyncio.wait_for(fold_until(folder, end_offsets(log, place.topics.events)), 20)

    asyncio.run(run())
    assert_each_published_once(place, log)


def test_a_header_whose_name_is_no_text_stops_no_worker(place: Place, log: EventLog) -> None:
    kcat = program("kcat", "apt-get install kcat")
    address, topic = place.address.removeprefix("kafka://"), place.topics.events
    words: list[str | bytes] = [kcat, "-P", "-b", address, "-t", topic, "-p", "2", "-H", b"a\xffb=1"]
    log.append(entries(8, topics=place.topics))
    subprocess.run(words, input=b"odd", check=True, timeout=20)
    log.append(entries(8, topics=place.topics))

    async def run() -> None:
        async with running(counting_app(place)) as folder:
            assert await asyncio.wait_for(fold_until(folder, end_offsets(log, place.topics.events)), 20)

    asyncio.run(run())
    assert_each_published_once(place, log)
    assert log.end_offset(place.topics.events, 2) == 5
