"""Offsets of messages that stand for ranges: a commit takes what is acknowledged without a hole, and nothing else."""

import asyncio
from collections import defaultdict
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from faust.types.tuples import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.transports.range_acks import RangeAcks

A = TP("events", 0)
B = TP("events", 1)


class Placed(NamedTuple):
    offset: int


class Base:
    """As much of Faust's Consumer as the bookkeeping touches."""

    def __init__(self) -> None:
        self.app: Any = None
        self._acked: defaultdict[TP, list[int]] = defaultdict(list)
        self._acked_index: defaultdict[TP, set[int]] = defaultdict(set)
        self._read_offset: dict[TP, int | None] = {}
        self.start: dict[TP, int | None] = {}
        self.commits: list[dict[TP, int | None]] = []
        self.running_commits = 0
        self.should_stop = False
        self._unacked_messages: set[Any] = set()

    def ack(self, tp: TP, offset: int) -> None:
        self._acked[tp].append(offset)
        self._acked_index[tp].add(offset)

    async def perform_seek(self) -> None:
        self._read_offset.update(self.start)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        for tp in revoked:
            self._acked.pop(tp, None)

    async def force_commit(self) -> bool:
        self.commits.append({tp: self._new_offset(tp) for tp in self._acked})  # type: ignore[attr-defined]
        return True

    async def commit_and_end_transactions(self) -> None:
        await self.force_commit()

    async def maybe_wait_for_commit_to_finish(self) -> bool:
        self.running_commits -= 1
        return self.running_commits >= 0

    def stop_flow(self) -> None:
        """Nothing flows here."""


class Acks(RangeAcks, Base):
    holes: tuple[int, int] | None = None

    def on_hole(self, tp: TP, expected: int, found: int) -> None:
        self.holes = (expected, found)


def batch(first: int, last: int) -> list[Placed]:
    return [Placed(offset) for offset in range(first, last + 1)]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_commit_takes_exactly_what_is_acknowledged_without_a_hole(sizes: list[int], chance: Any) -> None:
    acks = Acks()
    ends: list[int] = []
    for size in sizes:
        first = ends[-1] + 1 if ends else 0
        acks.hand_out(A, batch(first, first + size - 1))
        ends.append(first + size - 1)
    order = ends[:]
    chance.shuffle(order)
    committed = 0
    acknowledged: set[int] = set()
    for offset in order:
        acks.ack(A, offset)
        acknowledged.add(offset)
        if chance.random() < 0.7:
            committed = acks._new_offset(A) or committed
            whole = next((at for at, end in enumerate(ends) if end not in acknowledged), len(ends))
            assert committed == (ends[whole - 1] + 1 if whole else 0)
    assert (acks._new_offset(A) or committed) == ends[-1] + 1
    assert acks._acked[A] == []
    assert acks._acked_index[A] == set()


def test_partitions_are_apart() -> None:
    acks = Acks()
    acks.hand_out(A, batch(0, 4))
    acks.hand_out(B, batch(0, 9))
    acks.ack(B, 9)
    assert acks._new_offset(A) is None
    assert acks._new_offset(B) == 10


def test_what_was_handed_out_is_not_handed_out_again() -> None:
    acks = Acks()
    acks.hand_out(A, batch(0, 4))
    assert acks.hand_out(A, batch(2, 4)) == []
    assert acks.hand_out(A, batch(3, 8)) == batch(5, 8)
    acks.ack(A, 4)
    acks.ack(A, 8)
    assert acks._new_offset(A) == 9
    assert acks.holes is None


def test_a_hole_is_told_unless_it_is_the_beginning() -> None:
    acks = Acks()
    acks.hand_out(A, batch(7, 8))
    assert acks.holes is None
    acks.hand_out(A, batch(10, 12))
    assert acks.holes == (9, 10)


def test_a_seek_voids_what_is_under_way() -> None:
    acks = Acks()
    acks.hand_out(A, batch(0, 4))
    acks.hand_out(A, batch(5, 9))
    acks.ack(A, 4)
    acks.start = {A: 3, B: None}
    epoch = acks.epoch
    asyncio.run(acks.perform_seek())
    assert acks.epoch > epoch
    assert (acks.next_offset(A), acks.next_offset(B)) == (3, 0)
    assert acks._new_offset(A) is None
    assert acks.hand_out(A, batch(0, 4)) == batch(3, 4)
    acks.ack(A, 4)
    assert acks._new_offset(A) == 5


def test_a_failed_seek_leaves_nothing_to_commit() -> None:
    class Fails(Base):
        async def perform_seek(self) -> None:
            raise ConnectionError

    class FailingAcks(RangeAcks, Fails):
        pass

    acks = FailingAcks()
    acks.hand_out(A, batch(0, 4))
    acks.ack(A, 4)
    with pytest.raises(ConnectionError):
        asyncio.run(acks.perform_seek())
    assert acks._new_offset(A) is None


def test_the_application_may_say_where_to_begin() -> None:
    class App:
        async def start_offsets(self, tps: set[TP]) -> dict[TP, int]:
            return dict.fromkeys(tps, 42)

    acks = Acks()
    acks.app = object()
    assert asyncio.run(acks.start_offsets({A})) == {}
    acks.app = App()
    assert asyncio.run(acks.start_offsets({A})) == {A: 42}


class Saving:
    """An application that notes what happens before commits."""

    def __init__(self) -> None:
        self.saved: list[bool] = []
        self.should_stop = False
        self.conf = SimpleNamespace(stream_wait_empty=True)
        self.flow_control = SimpleNamespace(suspend=lambda: None, clear=lambda: None)

    async def before_commit(self, *, final: bool) -> bool:
        self.saved.append(final)
        return True


def test_a_gap_is_committed_after_what_stands_before_it() -> None:
    acks = Acks()
    acks.hand_out(A, batch(0, 4))
    acks.pass_over(A, 8)
    acks.ack(A, 7)
    assert acks._new_offset(A) is None
    acks.ack(A, 4)
    assert acks._new_offset(A) == 8
    assert acks.hand_out(A, batch(5, 9)) == batch(8, 9)


def test_partitions_are_saved_and_committed_before_they_are_given_away_and_never_until_the_next_come() -> (
    None
):
    acks, app = Acks(), Saving()
    acks.app = app
    acks.hand_out(A, batch(0, 4))
    acks.ack(A, 4)
    acks.running_commits = 2

    async def run() -> None:
        await acks.force_commit()
        await acks.on_partitions_revoked({A})
        assert not await acks.force_commit()
        await acks.perform_seek()
        assert await acks.force_commit()

    asyncio.run(run())
    assert app.saved == [False, True, False]
    assert acks.commits[0] == {A: 5}
    assert acks.running_commits < 0
