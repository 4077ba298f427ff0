"""The promise of the port of saved states. Every implementation runs this suite: add a fixture and name it in `STATES`."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from eventlog.kafka import KafkaLog
from schemas.errors import SettingsError
from schemas.topics import Topics
from streams.saved_states import NotSaved, Overtaken, SavedStates
from streams.transports.embedded_states import EmbeddedStates
from streams.transports.kafka_states import IDENTITY_KEY, KafkaStates
from tests.kafka_broker import Broker

PARTITIONS = 3


@dataclass
class Place:
    """One place of states, of which workers open as many as they like."""

    new: Callable[[], SavedStates]

    @asynccontextmanager
    async def worker(self, *partitions: int) -> AsyncIterator[SavedStates]:
        """A worker that owns these partitions."""
        states = self.new()
        try:
            await states.acquire(partitions)
            yield states
        finally:
            await states.close()


@pytest.fixture
def embedded_states(tmp_path: Path) -> Place:
    return Place(lambda: EmbeddedStates(tmp_path / "state.db"))


@pytest.fixture
def kafka_states(broker: Broker, topic_prefix: str) -> Place:
    topics = Topics(topic_prefix)
    log = KafkaLog.open(
        broker.url, timezone="Asia/Shanghai", partitions=PARTITIONS, topics=topics, log_id=lambda: "log", constants={}
    )  # fmt: skip
    log.close()
    return Place(lambda: KafkaStates([broker.address], topic=topics.state, group=topics.worker_group))


STATES = ("embedded_states", "kafka_states")


@pytest.fixture(params=STATES)
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


async def loaded(place: Place, partition: int) -> Mapping[bytes, bytes]:
    async with place.worker(partition) as states:
        return await states.load(partition)


def run(coroutine: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await coroutine

    return asyncio.run(main())


def test_what_was_saved_is_there_for_the_next_worker_partition_by_partition(place: Place) -> None:
    async def save() -> None:
        async with place.worker(0, 1, 2) as states:
            assert await states.load(0) == {}
            await states.save(0, {b"a": b"one", b"b": b"\x00\xff", b"gone": b"never"})
            await states.save(1, {"项目/🏗".encode(): b"two"})
            await states.save(0, {b"a": b"newer", b"gone": None, b"c": b""})

    run(save())
    assert run(loaded(place, 0)) == {b"a": b"newer", b"b": b"\x00\xff", b"c": b""}
    assert run(loaded(place, 1)) == {"项目/🏗".encode(): b"two"}
    assert run(loaded(place, 2)) == {}


def test_partitions_are_saved_side_by_side(place: Place) -> None:
    many = {number: {f"{number}/{key}".encode(): b"x" * 5000 for key in range(600)} for number in range(3)}

    async def save() -> None:
        async with place.worker(*many) as states:
            await asyncio.gather(*[states.save(number, changes) for number, changes in many.items()])

    run(save())
    assert {number: run(loaded(place, number)) for number in many} == many


def test_who_was_overtaken_can_save_nothing_more(place: Place) -> None:
    async def overtake() -> None:
        async with place.worker(0, 1) as frozen:
            await frozen.save(0, {b"a": b"old"})
            async with place.worker(0) as owner:
                assert await owner.load(0) == {b"a": b"old"}
                await owner.save(0, {b"a": b"new"})
                with pytest.raises(Overtaken, match="partition 0"):
                    await frozen.save(0, {b"a": b"older"})
                await owner.save(0, {b"b": b"newer"})
            await frozen.save(1, {b"a": b"still mine"})

    run(overtake())
    assert run(loaded(place, 0)) == {b"a": b"new", b"b": b"newer"}
    assert run(loaded(place, 1)) == {b"a": b"still mine"}


def test_who_was_overtaken_may_take_it_back(place: Place) -> None:
    async def back() -> None:
        async with place.worker(0) as first, place.worker(0):
            await first.acquire([0])
            await first.save(0, {b"a": b"mine again"})

    run(back())
    assert run(loaded(place, 0)) == {b"a": b"mine again"}


def test_a_partition_that_was_released_is_another_ones(place: Place) -> None:
    async def hand_over() -> None:
        async with place.worker(0, 1) as first:
            await first.save(0, {b"a": b"first"})
            await first.release([0])
            async with place.worker(0) as second:
                await second.save(0, {b"a": b"second"})
            await first.save(1, {b"a": b"first"})

    run(hand_over())
    assert run(loaded(place, 0)) == {b"a": b"second"}


# -- a save that fails in the middle -----------------------------------------------------------------------------------


class Failing(Exception):
    pass


class Torn(dict[bytes, bytes | None]):
    """Changes of which the process does not live to write the last."""

    def items(self) -> Any:
        yield from super().items()
        raise Failing


def test_a_save_that_is_cut_short_leaves_nothing(place: Place) -> None:
    async def cut_short() -> None:
        async with place.worker(0) as states:
            await states.save(0, {b"a": b"whole"})
            with pytest.raises(Failing):
                await states.save(0, Torn({b"a": b"torn", b"b": b"torn"}))
            assert await states.load(0) == {b"a": b"whole"}
            await states.save(0, {b"c": b"later"})

    run(cut_short())
    assert run(loaded(place, 0)) == {b"a": b"whole", b"c": b"later"}


# -- the embedded file -------------------------------------------------------------------------------------------------


def test_a_file_that_was_deleted_or_damaged_is_as_good_as_none(
    tmp_path: Path, embedded_states: Place
) -> None:
    file = tmp_path / "state.db"

    async def save() -> None:
        async with embedded_states.worker(0) as states:
            await states.save(0, {b"a": b"x" * 100_000})

    for spoil in (file.unlink, lambda: file.write_bytes(b"rubbish" * 1000), lambda: _scribble(file)):
        run(save())
        spoil()
        assert run(loaded(embedded_states, 0)) == {}
    run(save())
    assert len(run(loaded(embedded_states, 0))) == 1


def _scribble(file: Path) -> None:
    """Damage every page but the first."""
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path, embedded_states: Place) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        other.execute("CREATE TABLE mine (a)")
    with pytest.raises(SettingsError, match="holds no saved states"):
        run(loaded(embedded_states, 0))


def test_a_file_that_somebody_keeps_locked_is_written_later(
    tmp_path: Path, embedded_states: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.transports.embedded_states.BUSY_S_MAX", 0.01)

    async def save() -> None:
        async with embedded_states.worker(0) as states:
            with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(NotSaved, match=r"state\.db"):
                    await states.save(0, {b"a": b"1"})
            await states.save(0, {b"a": b"2"})

    run(save())
    assert run(loaded(embedded_states, 0)) == {b"a": b"2"}


# -- the topic ---------------------------------------------------------------------------------------------------------


def test_the_identity_of_the_log_is_no_part_of_a_state(
    broker: Broker, topic_prefix: str, kafka_states: Place
) -> None:
    async def try_to_overwrite() -> None:
        async with kafka_states.worker(0) as states:
            assert await states.load(0) == {}
            await states.save(0, {IDENTITY_KEY: b"spoilt", b"a": b"1"})

    run(try_to_overwrite())
    assert run(loaded(kafka_states, 0)) == {b"a": b"1"}
    with closing(KafkaLog.open_existing(broker.url, topics=Topics(topic_prefix))) as log:
        assert log.identity.log_id == "log"


def test_what_others_write_into_the_topic_is_handed_out_for_whoever_checks_it(
    broker: Broker, topic_prefix: str, kafka_states: Place
) -> None:
    async def write() -> None:
        async with AIOKafkaProducer(bootstrap_servers=[broker.address]) as producer:
            await producer.send_and_wait(Topics(topic_prefix).state, b"\x00rubbish", key=b"b", partition=1)

    run(write())
    assert run(loaded(kafka_states, 1)) == {b"b": b"\x00rubbish"}
