"""Offset bookkeeping for Faust messages that stand for a range of records; every transport of ours shares it.

Faust counts single messages: a batch, known by its last offset, looks to it like a gap and one message, its commits fall
behind, and a rebalance forgets what was acknowledged since the last commit. Here a batch is the unit: its end is queued
when it is handed out, a commit takes the ends that are acknowledged without a hole, and a rebalance commits first.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from faust.types.tuples import TP, ack_lock

__all__ = ["RangeAcks"]


class _Placed(Protocol):
    @property
    def offset(self) -> int:
        """Place in the partition."""


_R = TypeVar("_R", bound=_Placed)


class RangeAcks:
    """Mixin that stands before a Faust Consumer; all topics that it reads are handed out in batches.

    `epoch` changes with every seek and every rebalance: what was fetched in another epoch is void.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.epoch = 0
        self._next: dict[TP, int] = {}
        self._ends: defaultdict[TP, deque[int]] = defaultdict(deque)
        self._given_away = False
        self._final = False
        super().__init__(*args, **options)

    # -- what a transport uses -------------------------------------------------------------------------------------

    async def start_offsets(self, tps: set[TP]) -> Mapping[TP, int]:
        """Where the application wants to read on; asked after each assignment. Left out: the transport decides."""
        me: Any = self
        ask = getattr(me.app, "start_offsets", None)
        return {} if ask is None else await ask(tps)

    def next_offset(self, tp: TP) -> int:
        """Offset of the record to be handed out next."""
        return self._next.get(tp, 0)

    def hand_out(self, tp: TP, records: Sequence[_R]) -> Sequence[_R]:
        """What of these records is new; its end waits for an acknowledgement from now on."""
        expected = self.next_offset(tp)
        new = (
            [record for record in records if record.offset >= expected]
            if records[0].offset < expected
            else records
        )
        if not new:
            return new
        if new[0].offset > expected and tp in self._next:
            self.on_hole(tp, expected, new[0].offset)
        self._next[tp] = new[-1].offset + 1
        self._ends[tp].append(new[-1].offset)
        return new

    def pass_over(self, tp: TP, offset: int) -> None:
        """There is nothing to hand out before this offset, which waits for an acknowledgement like the end of a batch."""
        self._next[tp] = offset
        self._ends[tp].append(offset - 1)

    def on_hole(self, tp: TP, expected: int, found: int) -> None:
        """Offsets are missing; a transport on whose log that cannot be overrides this."""
        me: Any = self
        me.log.warning("%s: expected offset %d, found %d", tp, expected, found)

    # -- what Faust calls ------------------------------------------------------------------------------------------

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets inside a batch are no gaps."""

    def _new_offset(self, tp: TP) -> int | None:
        """Offset to commit: the one after the last batch before which all are acknowledged."""
        me: Any = self
        with ack_lock:
            done, ends, committable = me._acked_index[tp], self._ends[tp], None
            while ends and ends[0] in done:
                last = ends.popleft()
                done.discard(last)
                committable = last + 1
            me._acked[tp][:] = [offset for offset in me._acked[tp] if offset in done]
            return committable

    async def force_commit(self, *args: Any, **options: Any) -> bool:
        """Called by the timer, before partitions are given away and at the end; never twice at a time.

        Between giving them away and getting the next ones nothing is ours to save or to commit.
        """
        me: Any = self
        if self._given_away:
            return False
        before = getattr(me.app, "before_commit", None)
        if before is not None and not await before(final=self._final):
            return False
        parent: Any = super()
        return bool(await parent.force_commit(*args, **options))

    async def perform_seek(self) -> None:
        """Batches under way are void after a seek."""
        me: Any = self
        self.epoch += 1
        self._ends.clear()
        self._next.clear()
        for tp in list(me._acked):
            me._acked[tp].clear()
            me._acked_index[tp].clear()
        parent: Any = super()
        await parent.perform_seek()
        self._next.update({tp: offset for tp, offset in me._read_offset.items() if offset is not None})
        self.epoch += 1
        self._given_away = False

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit what is under way while its bookkeeping still exists: Faust drops that first."""
        me: Any = self
        self.epoch += 1
        me.stop_flow()
        me.app.flow_control.suspend()  # batches that wait in queues are skipped without acknowledgement
        me.app.flow_control.clear()
        if me.app.conf.stream_wait_empty and not me.app.should_stop:
            await self.wait_empty()
        self._given_away = True
        parent: Any = super()
        await parent.on_partitions_revoked(revoked)
        for tp in revoked:
            self._ends.pop(tp, None)
            self._next.pop(tp, None)

    def on_buffer_full(self, tp: TP) -> None:
        """A full queue lets its sender wait, and that is enough: taking the partition out of the next fetch, as Faust
        does, makes the fetcher sleep for a second once all are out.
        """

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing was taken out."""

    async def wait_empty(self) -> None:
        """Wait for the batches under way, then commit for the last time before partitions are given away or all ends;
        without the full garbage collections of the original.
        """
        me: Any = self
        while not me.should_stop and me._unacked_messages:
            await me._wait_for_ack(timeout=1)
            me._clean_unacked_messages()
        while await me.maybe_wait_for_commit_to_finish():
            """A commit that began earlier may lack the newest acknowledgements, and `commit` would only wait for it."""
        self._final = True
        try:
            await me.commit_and_end_transactions()
        finally:
            self._final = False
