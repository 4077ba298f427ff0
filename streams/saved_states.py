"""The port of saved states: where a worker keeps the state of its partitions, so that a start need not fold from the beginning.

A saved state is a cache of what folding gives; deleting it changes only the time of a start. The promise, tried by one
suite (tests/contract): what one `save` was given is there as a whole or not at all, and who has acquired a partition
later than somebody else is the only one that can save it.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from schemas.errors import ServiceUnavailable

__all__ = ["NotSaved", "Overtaken", "SavedStates"]


class NotSaved(ServiceUnavailable):
    """Nothing was written; the same may succeed later, and nothing is lost meanwhile but the time of a start."""


class Overtaken(ServiceUnavailable):
    """Another worker has taken the partition over: whoever hears this must end at once, and write nothing more."""


class SavedStates(Protocol):
    """Parts of states by key, per partition. An object belongs to one event loop."""

    async def acquire(self, partitions: Collection[int]) -> None:
        """Become the only writer of these partitions; to be done before they are loaded."""

    async def load(self, partition: int) -> Mapping[bytes, bytes]:
        """All that was saved of a partition; empty when there is nothing, or nothing that can be read."""

    async def save(self, partition: int, changes: Mapping[bytes, bytes | None]) -> None:
        """Write all of the changes or none; None deletes. Raises NotSaved, Overtaken, or what should end the worker."""

    async def release(self, partitions: Collection[int]) -> None:
        """Save them no longer."""

    async def close(self) -> None:
        """Let go of everything."""
