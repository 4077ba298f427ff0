"""Opens partitions from their saved states, and saves them now and then, at a bounded share of the time.

A state that does not belong to what runs now (another log, engine, calendar, number of partitions, set of rules), or that is
damaged in any part, is left alone with a line in the log: the partition is folded from its start, which takes longer.
All of it is checked before it is used; projects are made of it when the first record, cut or save needs them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from eventlog.log import LogIdentity
from streams.agents import Opened
from streams.core.partition import Partition
from streams.core.saved_state import (
    UNREADABLE,
    UnreadableState,
    changes_of,
    restore_project,
    restore_whole,
    whole_of,
)
from streams.packed_state import MARKER, Marker, PackedState, Unusable, projects_in, unpacked
from streams.saved_states import NotSaved, SavedStates

__all__ = ["StateSaver", "belongs_to"]

SAVE_SECONDS_MIN: Final = 1.0
COST_SHARE_MAX: Final = 0.05
"""Of the time while there is much to fold; what costs more is done less often."""
QUIET_RECORDS_PER_SECOND: Final = 2_000
"""With so few there is time to save."""
RECORD_SECONDS_EXPECTED: Final = 10e-6
"""What a save takes per record folded since the last one, until it is known better."""
RECORDS_TO_LEARN_FROM: Final = 10_000
PARTS_PER_TURN: Final = 16
"""After so many parts the event loop gets its turn."""
_log = logging.getLogger(__name__)


def belongs_to(identity: LogIdentity, engine: str, partition: int) -> list[Any]:
    """What a state of a partition belongs to; `engine` names the code that folds."""
    constants = [[name, number] for name, number in sorted(identity.constants.items())]
    return [engine, identity.log_id, identity.timezone, identity.partitions, constants, partition]


@dataclass
class _Held:
    """A partition whose state we save: what stands saved, and changes that are not written yet."""

    packed: PackedState = field(default_factory=PackedState)
    pending: dict[bytes, bytes | None] = field(default_factory=dict)
    saved_offset: int = -1


@dataclass
class StateSaver:
    """`open` gives partitions of which `save` later keeps what has changed.

    `new_partition` makes one of which nothing is folded yet, knowing what stands published. `recorded_at` answers when
    the record at an offset of a partition was appended; None: it is no longer there, -1: it has never been there.
    """

    states: SavedStates
    identity: LogIdentity
    engine: str
    new_partition: Callable[[int], Awaitable[Partition]]
    recorded_at: Callable[[int, int], Awaitable[int | None]]
    monotonic: Callable[[], float]
    final_seconds_max: float = 2.5
    """A last save in a hurry must be done in time; what takes longer is left out, and folded again by the next start."""
    in_hurry: Callable[[], bool] = lambda: True
    _held: dict[int, _Held] = field(default_factory=dict)
    _looked: tuple[float, int] | None = None
    _saved: tuple[float, int] = (0.0, 0)
    _seconds_per_record: float = RECORD_SECONDS_EXPECTED

    # -- opening ---------------------------------------------------------------------------------------------------

    async def open(self, number: int) -> Opened:
        """A partition as it was saved, if that is of use, else from its start. From now on only we save it."""
        await self.states.acquire([number])
        saved = await self.states.load(number)
        opened, held = await self._restored(number, saved) if saved else (None, None)
        if opened is None or held is None:
            opened = Opened(await self.new_partition(number))
            held = _Held(pending=dict.fromkeys(saved))
        self._held[number] = held
        return opened

    async def _restored(
        self, number: int, saved: Mapping[bytes, bytes]
    ) -> tuple[Opened | None, _Held | None]:
        partition = await self.new_partition(number)
        try:
            marker, packed = unpacked(saved)
            await self._check(number, marker)
            if not restore_whole(partition, marker.whole):
                raise Unusable("it belongs to other alert rules")
            await _restore_projects(partition, saved)
        except (UnreadableState, *UNREADABLE) as error:
            _log.warning(
                "partition %d is folded from its start, its saved state is of no use: %s", number, error
            )
            return None, None
        partition.newest = None if marker.newest is None else (marker.newest[0], marker.newest[1])
        return Opened(partition, marker.next_offset), _Held(packed, saved_offset=marker.next_offset)

    async def _check(self, number: int, marker: Marker) -> None:
        mine = belongs_to(self.identity, self.engine, number)
        if marker.belongs_to != mine:
            raise Unusable("it belongs to another log, another version of Milepost or other partitions")
        if marker.newest is not None:
            offset, recorded_at_us = marker.newest
            if await self.recorded_at(number, offset) not in (None, recorded_at_us):
                raise Unusable(
                    f"the log has another record at offset {offset}; it was put back to an earlier day"
                )

    # -- saving ----------------------------------------------------------------------------------------------------

    async def save(self, partitions: Mapping[int, Opened], *, final: bool = False) -> None:
        """Keep what has changed in these partitions, when it is time for that or for the last time.

        Nothing may be folded meanwhile. Those that are ours no longer are let go of. Raises Overtaken.
        """
        await self._release(self._held.keys() - partitions.keys())
        began = self.monotonic()
        if not final and not self._is_due(began, partitions):
            return
        changed = {
            number: opened for number, opened in partitions.items() if self._has_changed(number, opened)
        }
        until = began + self.final_seconds_max if final and self.in_hurry() else float("inf")
        packed = [number for number, opened in changed.items() if await self._packed(number, opened, until)]
        await asyncio.gather(*[self._write(number, changed[number]) for number in packed])
        self._learn(began, _folded(partitions))

    def _is_due(self, now: float, partitions: Mapping[int, Opened]) -> bool:
        """Whether the last save is long enough ago for what the next one will cost, or little is folded now."""
        folded = _folded(partitions)
        looked, self._looked = self._looked, (now, folded)
        if looked is None:
            self._saved = self._looked
            return False
        before, known = looked
        if abs(folded - known) <= QUIET_RECORDS_PER_SECOND * (now - before):
            return now - before >= SAVE_SECONDS_MIN / 2
        cost_s = max(0, folded - self._saved[1]) * self._seconds_per_record
        return now - self._saved[0] >= max(SAVE_SECONDS_MIN, cost_s / COST_SHARE_MAX)

    def _learn(self, began: float, folded: int) -> None:
        """What a save costs grows with what was folded since the one before."""
        now, records = self.monotonic(), folded - self._saved[1]
        if records >= RECORDS_TO_LEARN_FROM:
            self._seconds_per_record = (now - began) / records
        self._saved = now, folded

    def _has_changed(self, number: int, opened: Opened) -> bool:
        held = self._held[number]
        return bool(held.saved_offset != opened.next_offset or opened.partition.unsaved or held.pending)

    async def _packed(self, number: int, opened: Opened, until: float) -> bool:
        try:
            return await self._pack(number, opened, until)
        except UnreadableState:
            await self.discard(number)
            raise

    async def _pack(self, number: int, opened: Opened, until: float) -> bool:
        """Whether all was packed in time. What is packed waits in `pending` until it is written, whatever stops us."""
        held = self._held[number]
        for count, (name, content) in enumerate(changes_of(opened.partition), 1):
            held.pending.update(held.packed.packed(name, content))
            if count % PARTS_PER_TURN == 0:
                await asyncio.sleep(0)
                if self.monotonic() > until:
                    _log.warning(
                        "partition %d has changed too much to be saved in time; it is folded again", number
                    )
                    return False
        newest = opened.partition.newest
        marker = Marker(
            belongs_to(self.identity, self.engine, number),
            opened.next_offset,
            None if newest is None else list(newest),
            whole_of(opened.partition),
        )
        held.pending[MARKER] = held.packed.marker(marker)
        return True

    async def _write(self, number: int, opened: Opened) -> None:
        held = self._held[number]
        try:
            await self.states.save(number, held.pending)
        except NotSaved as error:
            _log.warning("the state of partition %d was not saved, it is tried again: %s", number, error)
            return
        held.pending = {}
        held.saved_offset = opened.next_offset

    async def discard(self, number: int) -> None:
        """Make the saved state of a partition one of no use: part of it could not be read when it was needed."""
        with suppress(NotSaved):  # the next start hears the same
            await self.states.save(number, {MARKER: None})

    async def _release(self, numbers: set[int]) -> None:
        for number in numbers:
            del self._held[number]
        if numbers:
            await self.states.release(numbers)

    async def close(self) -> None:
        """Let go of everything; the last `save` was the last."""
        self._held.clear()
        await self.states.close()


def _folded(partitions: Mapping[int, Opened]) -> int:
    return sum(opened.next_offset for opened in partitions.values())


async def _restore_projects(partition: Partition, saved: Mapping[bytes, bytes]) -> None:
    for count, (project_id, head, chunks) in enumerate(projects_in(saved), 1):
        restore_project(partition, project_id, head, chunks)
        if count % PARTS_PER_TURN == 0:
            await asyncio.sleep(0)
