"""Rejections from their topic, of records of the log and of rows of files. The same one told twice is stored once."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from eventlog.log import Record
from schemas.rejections import Rejection
from storage.relations import bound, table_of

__all__ = ["write_rejections"]

_log = logging.getLogger(__name__)
_rejections = TypeAdapter(Rejection)

_ROW: Final = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("raw", pa.string()),
    ]
)
_INSERT: Final = """
INSERT INTO rejected_events
SELECT a.* FROM arrived a
ANTI JOIN rejected_events r
ON r.topic = a.topic AND r.partition = a.partition AND r."offset" = a."offset" AND r.reason = a.reason AND r.raw = a.raw
"""


def write_rejections(connection: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> None:
    """Store the rejections that are not there yet."""
    arrived: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in _read(records):
        topic, partition, offset, _, reason, _, raw = row
        arrived.setdefault((topic, partition, offset, reason, raw), row)
    if arrived:
        with bound(connection, "arrived", table_of(list(arrived.values()), _ROW)):
            connection.execute(_INSERT)


def _read(records: Sequence[Record]) -> Iterable[tuple[Any, ...]]:
    for record in records:
        try:
            told = _rejections.validate_json(record.value or b"")
        except ValidationError as error:
            place = f"{record.topic} {record.partition}/{record.offset}"
            problem = error.errors(include_url=False, include_input=False)[0]["msg"]
            _log.warning("%s is not a rejection and was left out: %s", place, problem)
            continue
        place_of_event = (told["topic"], told["partition"], told["offset"])
        yield (*place_of_event, record.recorded_at_us, told["reason"].value, told["detail"], told["raw"])
