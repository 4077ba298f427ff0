"""Opening partitions from saved states: what belongs to what runs now is used, all else is folded from the start."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from eventlog.embedded import EmbeddedLog
from eventlog.kafka import KafkaLog
from eventlog.log import LogIdentity
from schemas.alerts import Rule
from schemas.topics import Topics
from streams.agents import EventFolder, Opened, entries_of
from streams.core.partition import Partition
from streams.core.saved_state import Name, UnreadableState
from streams.output import publish_to
from streams.packed_state import MARKER, unpacked
from streams.recovery import read_resume
from streams.runner import end_offsets
from streams.saved_states import Overtaken, SavedStates
from streams.state_saving import COST_SHARE_MAX, SAVE_SECONDS_MIN, StateSaver
from streams.transports.embedded_states import EmbeddedStates
from streams.transports.kafka_states import KafkaStates
from tests.builders import tick
from tests.folds import RULES, RULES_LATER
from tests.kafka_broker import Broker
from tests.lives import TOPICS, append_events, new_log, placed
from tests.messes import KINDS, Mess, closing_tick, some_statement
from tests.saved import saving_partition

PARTITIONS = 2
PROJECTS = ("p1", "项目-2", "p3")


def feed(seed: int, days: int = 12) -> list[bytes]:
    chance = Random(seed)
    mess = Mess(PROJECTS, KINDS, busy=5, last=40)
    values: list[bytes] = []
    for _ in range(days):
        values += [some_statement(chance, mess) for _ in range(chance.randrange(1, 12))]
        values.append(closing_tick(chance, mess))
    return values


@dataclass
class Home:
    """A folder with a log and saved states, and the time that its worker sees."""

    folder: Path
    log: EmbeddedLog
    engine: str = "engine 1"
    rules: Sequence[Rule] = RULES
    identity: LogIdentity | None = None
    now: float = 0.0
    states: Callable[[], SavedStates] | None = None
    opened: dict[int, Opened] = field(default_factory=dict)

    async def recorded_at(self, number: int, offset: int) -> int | None:
        found = self.log.read(TOPICS.events, number, offset, 1)
        return found[0].recorded_at_us if found else -1

    def saver(self) -> StateSaver:
        async def new_partition(number: int) -> Partition:
            resume = read_resume(self.log, TOPICS, number)
            return saving_partition(resume, self.rules, placed(self.log), number)

        states = EmbeddedStates(self.folder / "state.db") if self.states is None else self.states()
        return StateSaver(
            states, self.identity or self.log.identity, self.engine,
            new_partition, self.recorded_at, lambda: self.now,
        )  # fmt: skip

    def fold(self, number: int, opened: Opened) -> tuple[Opened, int]:
        """Fold and publish what the log has more; answers how many records that were."""
        records = self.log.read(TOPICS.events, number, opened.next_offset, 100_000)
        self.log.append(entries_of(opened.partition.fold(records), TOPICS, number))
        self.log.append(entries_of(opened.partition.evaluate_live(), TOPICS, number))
        return Opened(opened.partition, opened.next_offset + len(records)), len(records)

    def fold_all(self) -> int:
        """The same in one life that goes on."""
        count = 0
        for number, opened in list(self.opened.items()):
            self.opened[number], folded = self.fold(number, opened)
            count += folded
        return count

    async def life(self, *, save: bool = True) -> int:
        """Open, fold to the end, save; answers how many records were folded."""
        saver, count = self.saver(), 0
        for number in range(PARTITIONS):
            self.opened[number], folded = self.fold(number, await saver.open(number))
            count += folded
        if save:
            await saver.save(self.opened, final=True)
        await saver.close()
        return count

    def live(self, *, save: bool = True) -> int:
        return asyncio.run(self.life(save=save))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with closing(new_log(tmp_path / "log.db", PARTITIONS)) as log:
        append_events(log, feed(1))
        yield Home(tmp_path, log)


def size(log: EmbeddedLog) -> int:
    return sum(end_offsets(log, TOPICS.events).values())


def content(log: EmbeddedLog) -> list[Any]:
    topics = (TOPICS.kpis, TOPICS.alerts, TOPICS.rejected)
    return [
        (topic, number, record.value)
        for topic in topics
        for number in range(PARTITIONS)
        for record in log.read(topic, number, 0, 100_000)
    ]


def test_lives_that_go_on_from_saved_states_fold_nothing_twice_and_publish_what_one_life_would(
    home: Home, tmp_path: Path
) -> None:
    with closing(new_log(tmp_path / "one" / "log.db", PARTITIONS)) as log:
        one = Home(tmp_path / "one", log)
        for number in range(PARTITIONS):
            one.opened[number] = Opened(saving_partition(None, RULES, placed(log), number))
        append_events(log, feed(1))
        for seed in (2, 3, 4):
            new = one.fold_all()
            assert home.live() == new
            assert home.live() == 0
            append_events(home.log, feed(seed))
            append_events(log, feed(seed))
        assert content(home.log) == content(log)
        assert {topic for topic, _, _ in content(log)} == {TOPICS.kpis, TOPICS.alerts, TOPICS.rejected}


Spoil = Callable[[Home], Home]


def without_state(home: Home) -> Home:
    for file in home.folder.glob("state.db*"):
        file.unlink()
    return home


def with_damage(home: Home) -> Home:
    with closing(sqlite3.connect(home.folder / "state.db")) as states:
        states.execute("UPDATE parts SET value = zeroblob(20)")
        states.commit()
    return home


def with_other_identity(**change: Any) -> Spoil:
    return lambda home: replace(home, identity=replace(home.log.identity, **change))


OF_NO_USE = {
    "deleted": (without_state, None),
    "damaged": (with_damage, "is damaged"),
    "of another version": (lambda home: replace(home, engine="engine 2"), "another version"),
    "of other rules": (lambda home: replace(home, rules=RULES_LATER), "other alert rules"),
    "of another log": (with_other_identity(log_id="other"), "another log"),
    "of other partitions": (with_other_identity(partitions=16), "other partitions"),
    "of another calendar": (with_other_identity(timezone="UTC"), "another log"),
    "of other constants": (with_other_identity(constants={"engine_version": 2}), "another version"),
}


@pytest.mark.parametrize("name", OF_NO_USE)
def test_a_state_that_is_of_no_use_is_left_alone_and_all_is_folded_again(
    home: Home, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    spoil, reason = OF_NO_USE[name]
    home.live()
    other = spoil(home)
    with caplog.at_level(logging.WARNING, "streams"):
        assert other.live() == size(home.log)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == (0 if reason is None else PARTITIONS)
    assert all(str(reason) in line and "folded from its start" in line for line in told)
    assert other.live() == 0


def test_a_log_that_was_put_back_to_an_earlier_day_is_noticed(
    home: Home, tmp_path: Path, caplog: Any
) -> None:
    append_events(home.log, feed(2))
    home.live()
    for later in (feed(1)[:20], feed(3)):
        with closing(new_log(tmp_path / f"back-{len(later)}.db", PARTITIONS)) as log:
            log._now_us = lambda: 1_900_000_000_000_000
            append_events(log, later)
            back = replace(home, log=log)
            assert back.live(save=False) == size(log)
    assert "put back to an earlier day" in caplog.text


async def spoil_chunk(home: Home) -> None:
    """Write a chunk that no version of ours would, with all that makes it look like one."""
    states = EmbeddedStates(home.folder / "state.db")
    await states.acquire([0])
    marker, packed = unpacked(await states.load(0))
    changes = packed.packed(Name("p1", 0), ["no chunk"])
    await states.save(0, {**changes, MARKER: packed.marker(marker)})
    await states.close()


@pytest.mark.parametrize("when", ["folding", "saving"])
def test_a_project_that_cannot_be_made_of_what_was_saved_ends_the_worker_and_the_next_start_folds_all(
    home: Home, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    async def fold(folder: EventFolder, end: int) -> None:
        await folder.assign({0: end})
        folder.partitions[0].unsaved.update(["p1"] if when == "saving" else [])
        if when == "folding":
            await folder.fold(home.log.read(TOPICS.events, 0, end - 1, 1))
        await folder.save_state(final=True)

    async def life() -> None:
        saver = home.saver()
        save, end = saver.save, home.log.end_offset(TOPICS.events, 0)
        folder = EventFolder(
            TOPICS, saver.open, publish_to(home.log), lambda _: end, lambda: 0.0, save=save, discard=saver.discard
        )  # fmt: skip
        try:
            with pytest.raises(UnreadableState, match=r"project p1 .* partition 0.*; start the worker again"):
                await fold(folder, end)
        finally:
            await saver.close()

    home.live()
    asyncio.run(spoil_chunk(home))
    append_events(home.log, [closing_tick(Random(1), Mess(PROJECTS, KINDS, busy=5, last=40))])
    asyncio.run(life())
    assert caplog.text == ""
    assert home.live() == home.log.end_offset(TOPICS.events, 0) + 1
    assert (
        "partition 0 is folded from its start, its saved state is of no use: it has no marker" in caplog.text
    )


def test_parts_that_a_new_state_does_not_have_are_gone_after_the_first_save(home: Home) -> None:
    home.live()
    with closing(sqlite3.connect(home.folder / "state.db")) as states:
        states.execute("INSERT INTO parts VALUES (0, x'6162', x'00')")
        states.commit()
    assert home.live() > 0
    assert home.live() == 0
    with closing(sqlite3.connect(home.folder / "state.db")) as states:
        assert states.execute("SELECT count(*) FROM parts WHERE key = x'6162'").fetchone() == (0,)


def test_what_was_not_saved_in_time_is_folded_again(home: Home) -> None:
    home.live()
    before = size(home.log)
    append_events(home.log, feed(2))
    more = size(home.log) - before
    assert home.live(save=False) == more
    assert home.live() == more
    assert home.live() == 0


# -- when and how much is saved ----------------------------------------------------------------------------------------


class Counting(EmbeddedStates):
    """Counts what is saved, and takes its time over it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.saved: list[int] = []
        self.pass_time: Callable[[], None] = lambda: None

    async def save(self, partition: int, changes: Any) -> None:
        self.saved.append(len(changes))
        self.pass_time()
        await super().save(partition, changes)


@dataclass
class Saving:
    """A worker of one partition that saves, and sees its time pass with every save."""

    home: Home
    saver: StateSaver
    states: Counting

    async def fold_some(self, values: list[bytes]) -> None:
        append_events(self.home.log, values)
        self.home.opened[0], _ = self.home.fold(0, self.home.opened[0])

    async def save_after(self, seconds: float, *, final: bool = False) -> int:
        """How many saves there were when so much time has passed."""
        self.home.now += seconds
        await self.saver.save(self.home.opened, final=final)
        return len(self.states.saved)


@pytest.fixture
def saving(home: Home) -> Callable[[Callable[[Saving], Any]], None]:
    async def live(script: Callable[[Saving], Any]) -> None:
        saver = home.saver()
        saver.states = states = Counting(home.folder / "state.db")
        home.opened[0], _ = home.fold(0, await saver.open(0))
        home.now = 100.0
        await script(Saving(home, saver, states))
        await saver.close()

    return lambda script: asyncio.run(live(script))


def test_under_load_states_are_saved_at_a_bounded_share_of_the_time(
    home: Home, saving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.state_saving.QUIET_RECORDS_PER_SECOND", 0)
    monkeypatch.setattr("streams.state_saving.RECORDS_TO_LEARN_FROM", 1)

    async def script(worker: Saving) -> None:
        def cost() -> None:
            home.now += 0.5

        worker.states.pass_time = cost
        worker.saver._seconds_per_record = (
            0.025 / COST_SHARE_MAX
        )  # expected; a half, while 20 times as long must pass
        assert await worker.save_after(0) == 0
        for seconds, saves in ((9, 0), (2, 0), (20, 1), (2.8, 1), (1, 1), (7, 2)):
            await worker.fold_some([tick(100)])
            assert await worker.save_after(seconds) == saves

    saving(script)


def test_where_there_is_little_to_do_changes_are_saved_soon_and_nothing_else(home: Home, saving: Any) -> None:
    async def script(worker: Saving) -> None:
        def cost() -> None:
            home.now += 0.5

        worker.states.pass_time = cost
        assert await worker.save_after(0) == 0
        await worker.fold_some([tick(100)])
        assert await worker.save_after(SAVE_SECONDS_MIN) == 1
        assert await worker.save_after(100) == 1
        await worker.fold_some([tick(101)])
        assert await worker.save_after(0, final=True) == 2

    saving(script)


def test_a_last_save_that_takes_too_long_is_left_out_and_the_earlier_one_holds(
    home: Home, saving: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr("streams.state_saving.PARTS_PER_TURN", 1)

    async def script(worker: Saving) -> None:
        await worker.save_after(0)
        assert await worker.save_after(1) == 1
        await worker.fold_some([tick(100)])
        worker.saver.final_seconds_max = -1.0
        assert await worker.save_after(1, final=True) == 1
        worker.saver.in_hurry = lambda: False
        assert await worker.save_after(1, final=True) == 2

    saving(script)
    assert "changed too much to be saved in time" in caplog.text
    assert asyncio.run(_next_offset(home)) == home.log.end_offset(TOPICS.events, 0)


async def _next_offset(home: Home) -> int:
    saver = home.saver()
    opened = await saver.open(0)
    await saver.close()
    return opened.next_offset


def test_what_could_not_be_written_is_written_with_the_next_save(
    home: Home, caplog: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("streams.transports.embedded_states.BUSY_S_MAX", 0.01)

    async def live() -> None:
        saver = home.saver()
        for number in range(PARTITIONS):
            home.opened[number], _ = home.fold(number, await saver.open(number))
        with closing(sqlite3.connect(home.folder / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await saver.save(home.opened, final=True)
        await saver.save(home.opened, final=True)
        await saver.close()

    asyncio.run(live())
    assert caplog.text.count("was not saved, it is tried again") == PARTITIONS
    assert home.live() == 0


def test_a_save_that_is_cancelled_loses_nothing(home: Home) -> None:
    async def live() -> None:
        saver = home.saver()
        for number in range(PARTITIONS):
            home.opened[number], _ = home.fold(number, await saver.open(number))
        for turns in range(6):
            task = asyncio.ensure_future(saver.save(home.opened, final=True))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await saver.save(home.opened, final=True)
        await saver.close()

    asyncio.run(live())
    assert home.live() == 0


# -- on a broker -------------------------------------------------------------------------------------------------------


@pytest.fixture
def topic(broker: Broker, topic_prefix: str) -> str:
    topics = Topics(topic_prefix)
    KafkaLog.open(
        broker.url, timezone="Asia/Shanghai", partitions=PARTITIONS, topics=topics, log_id=lambda: "log", constants={}
    ).close()  # fmt: skip
    return topics.state


@pytest.fixture
def kafka_home(home: Home, broker: Broker, topic: str) -> Home:
    """States on the broker; whether the events stand there as well makes no difference to them."""
    return replace(home, states=lambda: KafkaStates([broker.address], topic=topic, group=f"{topic}.workers"))


async def write(broker: Broker, topic: str, key: bytes, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=[broker.address]) as producer:
        for number in range(PARTITIONS):
            await producer.send_and_wait(topic, value, key=key, partition=number)


def test_lives_on_a_broker_fold_nothing_twice(kafka_home: Home) -> None:
    assert kafka_home.live() == size(kafka_home.log)
    before = size(kafka_home.log)
    append_events(kafka_home.log, feed(2))
    assert kafka_home.live() == size(kafka_home.log) - before
    assert kafka_home.live() == 0


@pytest.mark.parametrize("key", [b"marker", b"0/0/p1", b"rubbish", "head/0/项目-2".encode()])
def test_a_damaged_record_in_the_topic_costs_one_fold_from_the_start(
    kafka_home: Home, broker: Broker, topic: str, caplog: Any, key: bytes
) -> None:
    kafka_home.live()
    asyncio.run(write(broker, topic, key, b"\xff\x00 no state"))
    assert kafka_home.live() == size(kafka_home.log)
    assert caplog.text.count("is folded from its start, its saved state is of no use") == PARTITIONS
    assert kafka_home.live() == 0


def test_a_worker_that_was_overtaken_hears_it_and_changes_nothing(kafka_home: Home) -> None:
    async def overtake() -> None:
        frozen, owner = kafka_home.saver(), kafka_home.saver()
        old = {0: kafka_home.fold(0, await frozen.open(0))[0]}
        new = {0: kafka_home.fold(0, await owner.open(0))[0]}
        await owner.save(new, final=True)
        append_events(kafka_home.log, [tick(90)])
        with pytest.raises(Overtaken, match="another worker has taken over partition 0"):
            await frozen.save({0: kafka_home.fold(0, old[0])[0]}, final=True)
        await frozen.close()
        again = kafka_home.saver()
        assert (await again.open(0)).next_offset == new[0].next_offset
        await again.close()
        await owner.close()

    asyncio.run(overtake())
