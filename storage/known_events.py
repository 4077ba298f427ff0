"""Which records the journal holds, told by digests: for those who publish, so that a file read twice is appended once."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.acceptance import DAY_US
from schemas.duplicates import DIGEST_BYTES, DIGEST_SEPARATOR
from storage.results import Reader

__all__ = ["NewestRecord", "days_of_events", "digests_of_events", "newest_event"]

_NEWEST: Final = """
SELECT partition, "offset", epoch_us(recorded_at) FROM events WHERE topic = '{topic}' ORDER BY recorded_at DESC LIMIT 1
"""
_DAYS: Final = "SELECT epoch_us(min(time)), epoch_us(max(time)) FROM events WHERE topic = '{topic}'"
_DIGESTS: Final = f"""
SELECT unhex(left(sha256(concat_ws(chr({DIGEST_SEPARATOR}), type, project_id, epoch_us(time), source, id, data)), {{digits}}))
FROM events
WHERE topic = '{{topic}}' AND time >= make_timestamptz({{start}}) AND time < make_timestamptz({{stop}})
"""


class NewestRecord(NamedTuple):
    """The record that was appended last, of those that are stored."""

    partition: int
    offset: int
    recorded_at_us: int


def newest_event(reader: Reader, topic: str) -> NewestRecord | None:
    """The newest stored record of a topic."""
    rows = list(reader.query(_NEWEST.format(topic=topic)).rows)
    return NewestRecord(*rows[0]) if rows else None


def days_of_events(reader: Reader, topic: str) -> range:
    """Days of `time` in UTC, counted from 1970-01-01, from that of the first record to that of the last."""
    first, last = reader.query(_DAYS.format(topic=topic)).rows[0]
    return range(0) if first is None else range(first // DAY_US, last // DAY_US + 1)


def digests_of_events(reader: Reader, topic: str, days: range) -> Iterator[bytes]:
    """Digest of each record of these days, as `schemas.duplicates` computes it."""
    sql = _DIGESTS.format(
        topic=topic, digits=2 * DIGEST_BYTES, start=days.start * DAY_US, stop=days.stop * DAY_US
    )
    for (digest,) in reader.scan(sql).rows:
        yield digest
