"""Ways through a partition, over any log: forwards between two offsets, and backwards from the end.

A page may be shorter than asked for when its records are big; here nobody has to think of that.
"""

from collections.abc import Iterator
from typing import Final

from eventlog.log import EventLog, Record

__all__ = ["PAGE_RECORDS", "newest_first", "records_between"]

PAGE_RECORDS: Final = 1000


def records_between(log: EventLog, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
    """Every record with start ≤ offset < end, in order; the end may lie beyond that of the partition."""
    while start < end:
        records = log.read(topic, partition, start, min(PAGE_RECORDS, end - start))
        for record in records:
            if record.offset >= end:
                return
            yield record
        if not records:
            return
        start = records[-1].offset + 1


def newest_first(log: EventLog, topic: str, partition: int) -> Iterator[Record]:
    """Every record from the end that the partition has now back to its start."""
    end = log.end_offset(topic, partition)
    while end > 0:
        start = max(0, end - PAGE_RECORDS)
        yield from reversed(list(records_between(log, topic, partition, start, end)))
        end = start
