"""What a worker publishes, on a log that answers when it is durable."""

from collections.abc import Sequence

from eventlog.log import Entry, EventLog
from streams.agents import Publish

__all__ = ["publish_to"]


def publish_to(log: EventLog) -> Publish:
    """Append to a log of this process; it takes a few milliseconds, which the event loop can spare."""

    async def publish(entries: Sequence[Entry]) -> None:
        log.append(entries)

    return publish
