"""Which records the journal holds, told by digests: for those who publish, so that a file read twice is appended once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from pydantic_core import from_json

from schemas.acceptance import DAY_US
from schemas.duplicates import DIGEST_BYTES, DIGEST_SEPARATOR
from schemas.events import BASELINE_TYPE
from storage.results import Reader

__all__ = [
    "NO_BASELINES",
    "NewestRecord",
    "StoredBaselines",
    "days_of_events",
    "digests_of_events",
    "newest_event",
    "stored_baselines",
]

_NEWEST: Final = """
SELECT partition, "offset", epoch_us(recorded_at) FROM events WHERE topic = '{topic}' ORDER BY recorded_at DESC LIMIT 1
"""
_DAYS: Final = "SELECT epoch_us(min(time)), epoch_us(max(time)) FROM events WHERE topic = '{topic}'"
_DIGESTS: Final = f"""
SELECT unhex(left(sha256(concat_ws(chr({DIGEST_SEPARATOR}), type, project_id, epoch_us(time), source, id, data)), {{digits}}))
FROM events
WHERE topic = '{{topic}}' AND time >= make_timestamptz({{start}}) AND time < make_timestamptz({{stop}})
"""


_BASELINES: Final = f"""
SELECT project_id, data FROM events WHERE topic = '{{topic}}' AND type = '{BASELINE_TYPE}'
"""
_READ: Final = "SELECT partition, next_offset FROM ingest_progress WHERE topic = '{topic}'"


class StoredBaselines(NamedTuple):
    """Data of the baselines that were accepted, by project, and the next offset of each partition."""

    plans: Mapping[str, list[dict[str, Any]]]
    next_offsets: Mapping[int, int]


NO_BASELINES: Final = StoredBaselines({}, {})


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


def stored_baselines(reader: Reader, topic: str) -> StoredBaselines:
    """Every accepted baseline, also those that a later revision replaced."""
    next_offsets: dict[int, int] = dict(reader.query(_READ.format(topic=topic)).rows)
    plans: dict[str, list[dict[str, Any]]] = {}
    for project, data in reader.scan(_BASELINES.format(topic=topic)).rows:
        plans.setdefault(project, []).append(from_json(data))
    return StoredBaselines(plans, next_offsets)
