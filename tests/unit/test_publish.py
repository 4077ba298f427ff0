"""Publishing a feed: batches, partitions, ticks, pace and stops, on a real log."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from eventlog.embedded import EmbeddedLog
from eventlog.log import Record
from eventlog.partitioning import partition_of
from producers.publish import Counts, Pace, publish
from producers.simulation import Line
from schemas.topics import Topics
from tests.simulated import feed

TOPICS: Final = Topics()
PARTITIONS: Final = 4


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    opened = EmbeddedLog.open(
        tmp_path / "log.db", timezone="Asia/Shanghai", partitions=PARTITIONS, topics=TOPICS,
        log_id=lambda: "test", constants={}, now_us=lambda: 2**51,
    )  # fmt: skip
    yield opened
    opened.close()


def records(log: EmbeddedLog, partition: int) -> list[Record]:
    return log.read(TOPICS.events, partition, 0, 10_000)


@dataclass
class Wall:
    """A clock that moves when somebody waits."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def never() -> bool:
    return False


def test_events_go_to_the_partition_of_their_project_and_ticks_to_every_one(log: EmbeddedLog) -> None:
    lines, counts = feed("plant-restart"), Counts()
    assert publish(lines, log, TOPICS, counts, stopped=never)
    for partition in range(PARTITIONS):
        mine = [line for line in lines if line.is_tick or partition_of(line.key, PARTITIONS) == partition]
        found = records(log, partition)
        assert [record.value for record in found] == [line.raw for line in mine]
        assert [record.key for record in found] == [line.key.encode() for line in mine]
    assert counts == Counts(sum(not line.is_tick for line in lines), sum(line.is_tick for line in lines))


def test_a_pace_makes_simulated_time_pass_so_many_times_as_fast(log: EmbeddedLog) -> None:
    wall, lines = Wall(), feed("plant-restart")
    pace = Pace(100_000, wall.read, wall.wait)
    assert publish(lines, log, TOPICS, Counts(), stopped=never, pace=pace)
    assert wall.now - 1000 == pytest.approx((lines[-1].time - lines[0].time).total_seconds() / 100_000)
    assert max(wall.waits) <= 0.1


def test_nothing_is_held_back_while_a_pace_waits(log: EmbeddedLog) -> None:
    wall, counts, lines = Wall(), Counts(), feed("plant-restart")
    due: list[tuple[float, int]] = [
        ((line.time - lines[0].time).total_seconds() / 1e5, number) for number, line in enumerate(lines, 1)
    ]

    def wait(seconds: float) -> None:
        published = counts.events + counts.ticks
        assert published == max(number for at, number in due if at <= wall.now - 1000 + 1e-9)
        wall.wait(seconds)

    assert publish(lines, log, TOPICS, counts, stopped=never, pace=Pace(1e5, wall.read, wait))


def test_a_stop_keeps_what_was_counted_and_publishes_nothing_more(log: EmbeddedLog) -> None:
    wall, counts, lines = Wall(), Counts(), feed("plant-restart")
    stopped = publish(
        lines, log, TOPICS, counts, stopped=lambda: counts.events >= 50, pace=Pace(1e6, wall.read, wall.wait)
    )
    assert not stopped
    assert 50 <= counts.events < 132
    in_log = sum(not is_tick(record) for partition in range(PARTITIONS) for record in records(log, partition))
    assert in_log == counts.events


def is_tick(record: Record) -> bool:
    return record.key == b"clock"


def test_without_a_pace_a_stop_is_looked_for_between_batches(log: EmbeddedLog) -> None:
    counts = Counts()
    assert not publish(feed("crude-reserve"), log, TOPICS, counts, stopped=lambda: True)
    assert 0 < counts.events < len(feed("crude-reserve"))


def test_days_are_told_as_they_become_durable(log: EmbeddedLog) -> None:
    wall, lines = Wall(), feed("plant-restart")
    told: list[date] = []
    pace = Pace(1e5, wall.read, wall.wait)
    publish(lines, log, TOPICS, Counts(), stopped=never, pace=pace, on_day=told.append)
    assert sorted(set(told)) == sorted({line.day for line in lines})
    assert told == sorted(told)


def test_an_empty_feed_publishes_nothing(log: EmbeddedLog) -> None:
    lines: list[Line] = []
    counts = Counts()
    assert publish(lines, log, TOPICS, counts, stopped=never)
    assert counts == Counts()
