"""The journal of one project: its events and the ticks of its partition, in the order of the log."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import to_json

from eventlog.log import Record
from eventlog.partitioning import partition_of
from schemas.events import TICK_TYPE
from storage.literals import quoted
from storage.results import Reader

__all__ = ["journal_of", "project_ids"]

_PARTITIONS: Final = "SELECT count(*) FROM ingest_progress WHERE topic = {topic}"
_EVENTS: Final = f"""
SELECT "offset", epoch_us(recorded_at), id, source, type, project_id, epoch_us(time), CAST(data AS VARCHAR)
FROM events
WHERE topic = {{topic}} AND partition = {{partition}} AND (project_id = {{project}} OR type = {quoted(TICK_TYPE)})
  AND data IS NOT NULL AND time IS NOT NULL
ORDER BY "offset"
"""
_IDS: Final = f"""
SELECT DISTINCT project_id FROM events WHERE project_id IS NOT NULL AND type <> {quoted(TICK_TYPE)} ORDER BY project_id
"""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def journal_of(reader: Reader, topic: str, project_id: str) -> Iterator[Record]:
    """Accepted records of a project where it lives, with all ticks of that partition; none of a project nobody knows.

    What stands on another partition was forwarded, and counts where it arrived.
    """
    partitions = int(reader.query(_PARTITIONS.format(topic=quoted(topic))).rows[0][0])
    if not partitions:
        return
    partition = partition_of(project_id, partitions)
    sql = _EVENTS.format(topic=quoted(topic), partition=partition, project=quoted(project_id))
    for offset, recorded_at_us, *event in reader.scan(sql).rows:
        yield Record(topic, partition, offset, recorded_at_us, None, _structured(*event))


def project_ids(reader: Reader) -> list[str]:
    """Projects about which something was stated."""
    return [project_id for (project_id,) in reader.query(_IDS).rows]


def _structured(event_id: str, source: str, kind: str, subject: str, time_us: int, data: str) -> bytes:
    """An event in structured form; the text of its data is that which was received."""
    time = (_EPOCH + timedelta(microseconds=time_us)).isoformat().replace("+00:00", "Z")
    head: dict[str, Any] = {"specversion": "1.0", "id": event_id, "source": source, "type": kind, "subject": subject,
                            "time": time}  # fmt: skip
    return b"".join((to_json(head)[:-1], b',"data":', data.encode(), b"}"))
