"""Journal rows: every record of the topic of events as received, parsed as far as it can be.

Most records are flat and well-formed: DuckDB parses those while it inserts them. What is nested, damaged, binary or a
tick goes through Python one by one. Nothing is judged here and nothing can fail for what a record holds: whether an
event is accepted is the worker's answer, the journal keeps the bytes either way.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime, TypeAdapter
from pydantic_core import from_json

from eventlog.log import Headers, Record
from schemas.acceptance import epoch_us
from schemas.codec import SIZE_MAX_BYTES, structured
from schemas.envelope import data_text
from schemas.events import TICK_TYPE
from schemas.rejections import Rejected
from storage.relations import bound, table_of

__all__ = ["headers_text", "headers_tuple", "parsed_event", "write_journal"]

_TIME: Final = r'"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)"'
_NO_TICK: Final = r'"type":"milepost\.(?:[^c\\]|c[^l\\])'
"""No type that may be `milepost.clock…`, however it is spelled: one look at the text is enough."""
_PLAIN: Final = (
    rf'^\{{[^{{}}]*(?:{_NO_TICK}[^{{}}]*{_TIME}|{_TIME}[^{{}}]*{_NO_TICK})[^{{}}]*"data":\{{[^{{}}]*\}}\}}$'
)
"""An envelope without nested objects around flat data that stands last: its text can be cut where data begins."""
_MARK: Final = '"data":{'

_INSERT_PLAIN: Final = """
INSERT INTO internal.journal
SELECT topic, partition, "offset", recorded_at, key, NULL, f.id, f.source, f.type, f.subject, TRY_CAST(f.time AS TIMESTAMPTZ),
       CASE WHEN data IS NOT NULL THEN decode(bytes[:mark + 7]) END, data, CASE WHEN data IS NOT NULL THEN '}' END,
       CASE WHEN data IS NULL THEN bytes END
FROM (
    SELECT *, TRY_CAST(decode(bytes[mark + 8:-2]) AS JSON) AS data,
           json_transform(TRY_CAST(text AS JSON),
               '{"id":"VARCHAR","source":"VARCHAR","type":"VARCHAR","subject":"VARCHAR","time":"VARCHAR"}') AS f
    FROM arrived
)
"""
"""`bytes` is `text` once more: cutting bytes is several times faster than cutting characters."""
_INSERT_OTHERS: Final = """
INSERT INTO internal.journal
SELECT topic, partition, "offset", recorded_at, key, headers, id, source, type, project_id, time,
       NULL, TRY_CAST(data AS JSON), NULL, raw
FROM arrived
"""
_INSERT_CLOSING: Final = (
    'INSERT INTO internal.closing_ticks SELECT topic, partition, "offset", closes FROM arrived'
)

_INSTANT = pa.timestamp("us", tz="UTC")
_PLACES: Final = (
    ("topic", pa.string()),
    ("partition", pa.int32()),
    ("offset", pa.int64()),
    ("recorded_at", _INSTANT),
    ("key", pa.binary()),
)
_OTHERS: Final = pa.schema(
    [
        *_PLACES,
        *((name, pa.string()) for name in ("headers", "id", "source", "type", "project_id")),
        ("time", _INSTANT),
        ("data", pa.string()),
        ("raw", pa.binary()),
    ]
)
_CLOSING: Final = pa.schema([*_PLACES[:3], ("closes", pa.date32())])


def write_journal(connection: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> None:
    """Append records of the topic of events."""
    if not records:
        return
    topics, partitions, offsets, recorded_at, keys, values, headers = zip(*records, strict=True)
    texts = _texts(values)
    plain = _plain(texts, headers)
    columns = (topics, partitions, offsets, recorded_at, keys)
    arrays = [pa.array(column, kind) for column, (_, kind) in zip(columns, _PLACES, strict=True)]
    arrived = pa.table([*arrays, texts], names=[*(name for name, _ in _PLACES), "text"]).filter(plain)
    if arrived.num_rows:
        with bound(connection, "arrived", _cut_up(arrived)):
            connection.execute(_INSERT_PLAIN)
    if arrived.num_rows < len(records):
        others = pc.indices_nonzero(pc.invert(plain)).to_pylist()
        _write_others(connection, [records[index] for index in others])


def _cut_up(arrived: pa.Table) -> pa.Table:
    """The bytes of each text, and where data begins in them."""
    texts = arrived["text"]
    marks = pc.find_substring(texts, pattern=_MARK)
    return arrived.append_column("bytes", texts.cast(pa.binary())).append_column("mark", marks)


def _texts(values: Sequence[bytes | None]) -> pa.Array:
    """Values as text; what is not UTF-8 is NULL."""
    try:
        return pa.array(values, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([_text(value) for value in values], pa.string())


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _plain(texts: pa.Array, headers: Sequence[Headers]) -> pa.Array:
    plain = pc.match_substring_regex(texts, _PLAIN)
    if any(headers):
        plain = pc.and_(plain, pa.array([not pairs for pairs in headers], pa.bool_()))
    return pc.fill_null(plain, fill_value=False)


# -- one by one --------------------------------------------------------------------------------------------------


def _write_others(connection: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> None:
    rows = [_row(record) for record in records]
    with bound(connection, "arrived", table_of(rows, _OTHERS)):
        connection.execute(_INSERT_OTHERS)
    closing = [(*row[:3], closes) for row in rows if (closes := _closes(row)) is not None]
    if closing:
        with bound(connection, "arrived", table_of(closing, _CLOSING)):
            connection.execute(_INSERT_CLOSING)


def _row(record: Record) -> tuple[Any, ...]:
    place = record[:5]
    headers = headers_text(record.headers)
    return (*place, headers, *parsed_event(record.value, record.headers), record.value)


_NOTHING: Final = (None,) * 6
_instants = TypeAdapter(AwareDatetime)


def parsed_event(value: bytes | None, headers: Headers) -> tuple[Any, ...]:
    """id, source, type, project, time in microseconds and text of data; NULLs for what is no event."""
    if value is None or len(value) > SIZE_MAX_BYTES:
        return _NOTHING
    try:
        text = structured(value, headers)
        envelope = from_json(text)
        attributes = tuple(str(envelope[name]) for name in ("id", "source", "type", "subject"))
        stated_at = _instants.validate_python(envelope["time"])
        return (*attributes, epoch_us(stated_at), data_text(text).decode())
    except (Rejected, ValueError, LookupError, TypeError, RecursionError):
        return _NOTHING


def _closes(row: tuple[Any, ...]) -> date | None:
    """The day that a tick closes; the worker judges whether it may."""
    kind, data = row[8], row[11]
    if kind != TICK_TYPE or data is None:
        return None
    try:
        closes = from_json(data).get("closes")
        return None if closes is None else date.fromisoformat(closes)
    except (ValueError, TypeError, AttributeError):
        return None


# -- headers -----------------------------------------------------------------------------------------------------


def headers_text(headers: Headers) -> str | None:
    """Headers as JSON: names with values in hexadecimal."""
    return json.dumps([[name, value.hex()] for name, value in headers]) if headers else None


def headers_tuple(text: str | None) -> Headers:
    """Headers back from their text."""
    pairs: Iterable[tuple[str, str]] = from_json(text) if text else ()
    return tuple((name, bytes.fromhex(value)) for name, value in pairs)
