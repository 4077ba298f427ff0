"""An ordinary subscriber: reads a topic from a position on and hands out what arrives. Has no right that others lack."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from pydantic import TypeAdapter, ValidationError

from eventlog.log import EventLog, Record
from eventlog.outages import StopSignal, outlast
from schemas.alerts import AlertTransition

__all__ = ["alert_of", "end_positions", "follow"]

READ_RECORDS_MAX: Final = 1_000
POLL_SECONDS: Final = 0.05
_transitions: TypeAdapter[AlertTransition] = TypeAdapter(AlertTransition)


def end_positions(log: EventLog, topic: str) -> dict[int, int]:
    """The position after the newest record of each partition: from here on everything is new."""
    return {partition: log.end_offset(topic, partition) for partition in range(log.partitions(topic))}


def follow(log: EventLog, topic: str, positions: Mapping[int, int], stop: StopSignal) -> Iterator[Record]:
    """Hand out the records of a topic from these positions on, as they arrive, until `stop` is set. A log that is away is waited for."""
    next_offsets = dict(positions)
    while not stop.is_set():
        found = False
        for partition, offset in next_offsets.items():
            read = partial(log.read, topic, partition, offset, READ_RECORDS_MAX)
            for record in outlast(read, stop) or ():
                next_offsets[partition] = record.offset + 1
                found = True
                yield record
        if not found:
            stop.wait(POLL_SECONDS)


def alert_of(record: Record) -> AlertTransition | None:
    """The transition that a record of the topic of alerts holds; None for what a foreign client put there."""
    try:
        return _transitions.validate_json(record.value or b"")
    except ValidationError:
        return None
