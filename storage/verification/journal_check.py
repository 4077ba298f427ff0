"""Whether the journal holds what the log holds: counts and hashes of every partition, and the records where they differ."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final

from eventlog.log import EventLog, Record
from eventlog.scan import records_between
from storage.journal import headers_text, parsed_event
from storage.reader import Reader
from storage.verification.verdict import Difference

__all__ = ["journal_differences"]

_SUMS: Final = (
    "SELECT partition, count(*), CAST(sum(digest) AS VARCHAR) FROM journal_digests() GROUP BY partition"
)
_DIGESTS: Final = 'SELECT "offset", digest FROM journal_digests() WHERE partition = {partition}'
_REJECTED: Final = "SELECT partition, \"offset\" FROM rejected_events WHERE topic = '{topic}'"
_NEXT: Final = "SELECT partition, next_offset FROM ingest_progress WHERE topic = '{topic}'"
_NAMED_MAX: Final = 20
"""So many records of a partition are named; of the others the number is told."""

OnRead = Callable[[int, int], None]
"""Hears how many records of the log were read, and of how many."""


def journal_differences(log: EventLog, topic: str, reader: Reader, on_read: OnRead) -> Iterator[Difference]:
    """Compare partition by partition, up to where the store has read; what it has not read is a difference unless it is live."""
    sums = {partition: (count, int(total)) for partition, count, total in reader.query(_SUMS).rows}
    quoted = topic.replace("'", "''")
    rejected = set(reader.query(_REJECTED.format(topic=quoted)).rows)
    next_offsets: dict[int, int] = dict(reader.query(_NEXT.format(topic=quoted)).rows)
    ends = {number: log.end_offset(topic, number) for number in range(log.partitions(topic))}
    done, whole = 0, sum(ends.values())
    for number, end in ends.items():
        read = min(end, next_offsets.get(number, 0))
        digests = {}
        for record in records_between(log, topic, number, 0, read):
            digests[record.offset] = _digest(record, accepted=(number, record.offset) not in rejected)
            done += 1
            on_read(done, whole)
        if sums.get(number, (0, 0)) != (len(digests), sum(digests.values())):
            yield from _named(number, digests, dict(reader.query(_DIGESTS.format(partition=number)).rows))
        if read < end and not reader.is_live:
            yield _difference(
                number, f"from offset {read}", "nothing", f"records up to {end}; run `milepost run --drain`"
            )
        done += end - read


def _named(partition: int, log: dict[int, int], journal: dict[int, int]) -> Iterator[Difference]:
    differing = sorted(
        offset for offset in log.keys() | journal.keys() if log.get(offset) != journal.get(offset)
    )
    for offset in differing[:_NAMED_MAX]:
        stored, wanted = (_hash_text(side.get(offset)) for side in (journal, log))
        yield _difference(partition, f"offset {offset}", stored, wanted)
    if len(differing) > _NAMED_MAX:
        yield _difference(
            partition, "", f"{len(journal)} records", f"{len(log)}; {len(differing)} of them differ"
        )
    elif not differing:
        yield _difference(partition, "", f"{len(journal)} records, some of them twice", f"{len(log)}")


def _difference(partition: int, place: str, stored: str, wanted: str) -> Difference:
    return Difference("journal", f"partition {partition}", place, "", "", stored, wanted)


def _hash_text(digest: int | None) -> str:
    return "nothing" if digest is None else f"hash {digest:015x}"


def _digest(record: Record, *, accepted: bool) -> int:
    """Sixty bits over everything that is kept of a record; the macro `journal_digests` has the same in SQL."""
    headers = headers_text(record.headers)
    parts = (
        str(record.offset),
        str(record.recorded_at_us),
        "-" if record.key is None else sha256(record.key).hexdigest(),
        "-" if headers is None else headers,
        "-" if record.value is None else sha256(record.value).hexdigest(),
        _event_digest(record) if accepted else "-",
    )
    return int(sha256("|".join(parts).encode()).hexdigest()[:15], 16)


def _event_digest(record: Record) -> str:
    """Over the attributes and the data that the journal shows of an accepted event."""
    shown = parsed_event(record.value, record.headers)
    return sha256("|".join(str(part) for part in shown if part is not None).encode()).hexdigest()
