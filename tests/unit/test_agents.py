"""What happens to a batch: folded in slices, evaluated live when the time has come, published in one append."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic_core import from_json

from eventlog.log import Entry, Record
from schemas.rejections import source_of
from schemas.topics import Topics
from streams.agents import SLICE_RECORDS, EventFolder, Opened, entries_of
from streams.batches import Gap
from streams.core.partition import Output

TOPICS = Topics("t")


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeLog:
    """Remembers what is published; the end of events is what a test says."""

    end: int = 0
    appended: list[list[Entry]] = field(default_factory=list)

    async def publish(self, entries: Sequence[Entry]) -> None:
        self.appended.append(list(entries))

    def end_offset(self, partition: int) -> int:
        return self.end


class Touching:
    """A partition in which the value of a record names the project that it touches; `tick` is a cut."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.touched: set[str] = set()
        self.slices: list[int] = []
        self.evaluated: list[list[str]] = []

    def fold(self, records: Sequence[Record]) -> Output:
        self.slices.append(len(records))
        for record in records:
            name = (record.value or b"").decode()
            self.touched = set() if name == "tick" else {*self.touched, name}
        return Output()

    def evaluate_live(self, project_ids: Iterable[str]) -> Output:
        chosen = sorted(self.touched.intersection(project_ids))
        self.evaluated.append(chosen)
        self.touched -= set(chosen)
        kpis: Any = [{"subject": name} for name in chosen]
        return Output(kpis=kpis)


@dataclass
class Shell:
    """A folder with everything faked; `arrive` appends to the pretended log, `fold` hands it over."""

    live: bool = True
    log: Any = field(default_factory=FakeLog)
    clock: Clock = field(default_factory=Clock)
    waiting: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.partition = Touching(3)
        self.folder = EventFolder(
            TOPICS, self._open, self.log.publish, self.log.end_offset, self.clock, live=self.live
        )

    async def _open(self, number: int) -> Opened:
        opened: Any = self.partition
        return Opened(opened)

    def arrive(self, *names: str) -> None:
        for name in names:
            record = Record(TOPICS.events, 3, self.log.end, 0, b"k", name.encode())
            self.waiting.append(record)
            self.log.end += 1

    def fold(self, count: int | None = None) -> list[str]:
        """Hand over the next records; answers the projects that were evaluated live."""
        batch = self.waiting[:count] if count else self.waiting
        self.waiting = self.waiting[len(batch) :]
        before = len(self.partition.evaluated)
        asyncio.run(self._fold(batch))
        return [name for chosen in self.partition.evaluated[before:] for name in chosen]

    async def _fold(self, batch: Sequence[Record]) -> None:
        if not self.folder.partitions:
            await self.folder.assign({3: self.log.end})
        await self.folder.fold(batch)


def started(**options: Any) -> Shell:
    """A shell that has caught up with one record of project old."""
    shell = Shell(**options)
    shell.arrive("old")
    shell.fold()
    return shell


def test_a_batch_is_folded_in_slices_and_published_in_one_append() -> None:
    shell = Shell()
    shell.arrive(*["a"] * (2 * SLICE_RECORDS + 10))
    shell.fold()
    assert shell.partition.slices == [SLICE_RECORDS, SLICE_RECORDS, 10]
    assert len(shell.log.appended) == 1


def test_at_the_end_of_the_log_every_touched_project_is_evaluated_at_once() -> None:
    shell = started()
    shell.arrive("a", "b", "a")
    assert shell.fold() == ["a", "b"]
    shell.arrive("a")
    assert shell.fold() == ["a"]
    assert [entry.key for entry in shell.log.appended[-1]] == [b"a"]


def test_under_load_a_project_is_evaluated_once_a_second_at_most() -> None:
    shell = started()
    shell.arrive("a", "b", "a", "a", "b", "c", "a", "b")
    assert shell.fold(2) == ["a", "b"]
    shell.clock.now += 0.5
    assert shell.fold(2) == []
    assert shell.fold(2) == ["c"]
    shell.clock.now += 0.5
    assert shell.fold(1) == ["a", "b"]
    assert shell.fold(1) == ["b"]


def test_what_was_held_back_under_load_is_evaluated_when_the_load_is_over() -> None:
    shell = started()
    shell.arrive("a", "a", "b")
    assert shell.fold(1) == ["a"]
    assert shell.fold(1) == []
    assert shell.fold(1) == ["a", "b"]
    assert shell.partition.touched == set()


def test_the_past_of_the_log_is_folded_in_silence_and_then_what_no_cut_has_seen_is_published() -> None:
    shell = Shell()
    shell.arrive("a", "tick", "b", "c", "b")
    assert shell.fold(1) == []
    shell.arrive("d", "e")
    shell.clock.now += 60
    assert shell.fold(2) == []
    assert shell.fold(2) == ["b", "c"]
    assert shell.fold(2) == ["d", "e"]


def behind(shell: Shell) -> bool:
    return shell.folder.catching_up


def test_a_folder_catches_up_until_it_is_where_the_log_ended_when_it_was_opened() -> None:
    shell = Shell()
    assert not behind(shell)
    shell.arrive("a", "b")
    shell.fold(1)
    assert behind(shell)
    shell.arrive("c")
    shell.fold(1)
    assert not behind(shell)
    shell.folder.forget([3])
    shell.fold()
    assert not behind(shell)
    shell.folder.forget([3])
    shell.arrive("d", "e")
    shell.fold(1)
    assert behind(shell)
    shell.folder.forget([3])
    assert not behind(shell)


def test_a_drain_evaluates_nothing_live() -> None:
    shell = started(live=False)
    shell.arrive("a")
    assert shell.fold() == []
    assert shell.partition.touched == {"old", "a"}


def test_a_record_that_comes_twice_is_folded_once() -> None:
    shell = Shell()
    shell.arrive("a", "b", "c", "d")
    again = shell.waiting[:3]
    shell.fold(2)
    shell.waiting = again + shell.waiting
    shell.fold(3)
    shell.fold()
    assert shell.partition.slices == [2, 1, 1]
    assert shell.folder.next_offsets == {3: 4}


def test_a_gap_ends_the_wait_for_records_that_do_not_exist() -> None:
    shell = Shell()
    shell.arrive("a", "b")
    shell.log.end = 4
    shell.fold()
    assert behind(shell)
    asyncio.run(shell.folder.fold(Gap(3, 4)))
    assert not behind(shell)
    assert shell.folder.next_offsets == {3: 4}
    assert shell.partition.evaluated == [["a", "b"]]
    asyncio.run(shell.folder.fold(Gap(3, 2)))
    assert shell.folder.next_offsets == {3: 4}


def test_nothing_counts_as_folded_when_publishing_fails() -> None:
    class FullDisk(FakeLog):
        async def publish(self, entries: Sequence[Entry]) -> None:
            raise OSError

    shell = Shell(log=FullDisk())
    shell.arrive("a")
    with pytest.raises(OSError):  # noqa: PT011 - any error of the log
        shell.fold()
    assert shell.folder.next_offsets == {}
    assert shell.folder.partitions == {}


def test_a_batch_of_a_partition_that_was_taken_from_us_is_left_to_its_new_owner() -> None:
    shell = started()
    shell.arrive("a")
    asyncio.run(shell.folder.assign({}))
    asyncio.run(shell.folder.fold(shell.waiting))
    assert shell.partition.slices == [1]
    assert shell.folder.next_offsets == {}


def test_a_partition_that_stays_ours_is_not_opened_again() -> None:
    opened: list[int] = []

    async def open_partition(number: int) -> Opened:
        opened.append(number)
        partition: Any = Touching(number)
        return Opened(partition, next_offset=number * 10)

    log = FakeLog()
    folder = EventFolder(TOPICS, open_partition, log.publish, log.end_offset, Clock())
    asyncio.run(folder.assign({1: 0, 2: 0}))
    asyncio.run(folder.assign({2: 0, 3: 0}))
    assert opened == [1, 2, 3]
    assert folder.next_offsets == {2: 20, 3: 30}


def test_state_is_saved_between_two_batches_never_in_the_middle_of_one() -> None:
    saved: list[dict[int, int]] = []

    async def save(partitions: Mapping[int, Opened], *, final: bool) -> None:
        saved.append({number: opened.next_offset for number, opened in partitions.items()})

    shell = Shell()
    shell.folder.save = save
    shell.arrive(*["a"] * (3 * SLICE_RECORDS))

    async def both() -> None:
        await shell.folder.assign({3: shell.log.end})
        await asyncio.gather(shell.folder.fold(shell.waiting), shell.folder.save_state(final=True))

    asyncio.run(both())
    assert saved == [{3: 3 * SLICE_RECORDS}]


def test_the_first_failure_is_the_one_that_is_told() -> None:
    folder = Shell().folder
    first, second = ValueError("first"), ValueError("second")
    folder.fail(first)
    folder.fail(second)
    assert folder.failure is first
    assert folder.progressed.is_set()


def output() -> Output:
    alert: Any = {"subject": "p", "data": {"fingerprint": "00ff"}}
    kpi: Any = {"subject": "项目", "data": {}}
    rejection: Any = {"reason": "not_json", "raw": '{"source": "ERP 甲"}', "encoding": "utf-8"}
    forward: Any = Record(TOPICS.events, 3, 9, 0, None, b"raw", (("ce_id", b"1"),))
    return Output(kpis=[kpi], alerts=[alert], rejections=[rejection], forwards=[(1, forward)])


def test_output_goes_to_the_partition_of_its_cause_and_kpi_records_come_last() -> None:
    found = entries_of(output(), TOPICS, 3)
    assert [(entry.topic, entry.key, entry.partition) for entry in found] == [
        (TOPICS.events, None, 1),
        (TOPICS.rejected, "ERP 甲".encode(), 3),
        (TOPICS.alerts, b"00ff", 3),
        (TOPICS.kpis, "项目".encode(), 3),
    ]
    assert found[0].value == b"raw"
    assert found[0].headers == (("ce_id", b"1"),)
    assert from_json(found[3].value or b"")["subject"] == "项目"


@pytest.mark.parametrize(
    ("raw", "encoding", "source"),
    [
        ('{"source": "erp"}', "utf-8", "erp"),
        ('{"source": 7}', "utf-8", ""),
        ("[1, 2]", "utf-8", ""),
        ("{broken", "utf-8", ""),
        ("[" * 100_000, "utf-8", ""),
        ('{"source": "\\ud800"}', "utf-8", ""),
        ("/w==", "base64", ""),
    ],
)
def test_the_source_of_a_refused_record_is_read_as_far_as_it_can_be(
    raw: str, encoding: str, source: str
) -> None:
    rejection: Any = {"raw": raw, "encoding": encoding}
    assert source_of(rejection) == source
