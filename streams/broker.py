"""Where a worker reads, and what differs between one log and another for the application."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from faust.types.auth import CredentialsT

__all__ = ["Broker"]

KAFKA_BATCHES: Final = 6
"""A batch of Kafka has up to a megabyte as it is sent, and several when it was compressed."""
KAFKA_STOP_SECONDS_MAX: Final = 19.0


@dataclass(frozen=True, slots=True)
class Broker:
    """A log as Faust names it. A stop may take so long; so many batches may wait for the agent; and so long after a crash
    nobody folds the partitions of the dead worker.
    """

    url: str
    servers: tuple[str, ...] = ()
    credentials: CredentialsT | None = None
    stop_seconds_max: float = 4.0
    buffer_batches: int = 16
    session_seconds: float = 6.0
    """The shortest that a broker allows by default; heartbeats go on in a thread of their own while events are folded."""

    @classmethod
    def embedded(cls, file: Path) -> Self:
        """The log in this file."""
        return cls("embedded://" + quote(str(file.absolute())))

    @classmethod
    def kafka(cls, servers: Sequence[str], credentials: CredentialsT | None = None) -> Self:
        """The brokers at these addresses (host:port)."""
        url = ";".join(f"kafka-batches://{server}" for server in servers)
        return cls(url, tuple(servers), credentials, KAFKA_STOP_SECONDS_MAX, KAFKA_BATCHES)
