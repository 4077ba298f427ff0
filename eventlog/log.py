"""The port of the log. What `append` has answered for is durable; offsets of a partition only grow.

The promise, kept by every implementation and tried by one suite (tests/contract): appended records come back byte for
byte, in order, with their headers; a record has one place for ever; several processes may append and read at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

__all__ = ["Entry", "EventLog", "Headers", "LogIdentity", "Member", "Record"]

Headers = tuple[tuple[str, bytes], ...]


class Record(NamedTuple):
    """One stored record."""

    topic: str
    partition: int
    offset: int
    recorded_at_us: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Entry(NamedTuple):
    """One record to append; without a partition the key decides (murmur2), without a key partition 0 is taken."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()


class Member(NamedTuple):
    """A process that reads for a consumer now: its host, and the (topic, partition) pairs that it was given."""

    host: str
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """What is fixed when a log is created."""

    log_id: str
    timezone: str
    partitions: int
    constants: Mapping[str, int] = field(default_factory=dict)


class EventLog(Protocol):
    """Append and read. An object belongs to one thread; several processes may use one log.

    Every method raises ServiceUnavailable when the log cannot be used and SettingsError for a topic or partition that
    it does not have.
    """

    @property
    def identity(self) -> LogIdentity:
        """What was fixed when the log was created."""

    def check_identity(self, *, timezone: str | None = None, partitions: int | None = None) -> None:
        """Refuse settings that contradict what the log was created with; None is no wish. Raises SettingsError."""

    def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """Append in order and answer (partition, offset) of each when all are durable."""

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        """At most `limit` records from `offset` on, in order; fewer when they are big, none only at the end."""

    def end_offset(self, topic: str, partition: int) -> int:
        """Offset that the next record will have."""

    def last(self, topic: str, partition: int) -> Record | None:
        """Newest record of a partition."""

    def partitions(self, topic: str) -> int:
        """Number of partitions of a topic."""

    def commit(self, consumer: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Note which offset of each (topic, partition) a consumer takes next; it never goes back. For information."""

    def committed(self, consumer: str) -> dict[tuple[str, int], int]:
        """What was noted for a consumer."""

    def members(self, consumer: str) -> list[Member]:
        """Who shares the partitions of a consumer now; none on a log that hands nothing out, such as a file."""

    def close(self) -> None:
        """Release what is held."""
