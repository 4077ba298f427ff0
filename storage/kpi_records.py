"""KPI records from their topic as Arrow tables: read by columns, not one by one.

A damaged record, which only a foreign client can have written, is left out and named in the log of the process.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from eventlog.log import Record

__all__ = ["KpiBatch", "read_kpi_records", "rows_of"]

_log = logging.getLogger(__name__)

_DECIMAL: Final = pa.decimal128(38, 12)
_INSTANT: Final = pa.timestamp("us", tz="UTC")


def _texts(names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, pa.string()) for name in names.split()]


_VALUE: Final = pa.struct(
    [
        *_texts("kpi scope"),
        ("value", pa.float64()),
        *_texts("value_date numerator denominator unit reason"),
    ]
)
_FINDING: Final = pa.struct(_texts("finding scope as_of detail source id since"))
_ORIGINAL: Final = pa.struct([("baseline", pa.int32()), ("values", pa.list_(_VALUE))])
_HISTORY: Final = pa.struct(
    [
        ("as_of", pa.string()),
        ("baseline", pa.int32()),
        ("values", pa.list_(_VALUE)),
        ("original", _ORIGINAL),
    ]
)
_DATA: Final = pa.struct(
    [
        *_texts("project_id as_of known_at"),
        ("baseline", pa.int32()),
        ("cut", pa.bool_()),
        ("position", pa.struct([("offset", pa.int64()), ("seq", pa.int64())])),
        ("values", pa.list_(_VALUE)),
        ("original", _ORIGINAL),
        ("findings", pa.list_(_FINDING)),
        ("history", pa.list_(_HISTORY)),
    ]
)
_PARSE: Final = pj.ParseOptions(
    explicit_schema=pa.schema([("data", _DATA)]), unexpected_field_behavior="ignore"
)
_ROW_NEEDS: Final = ("baseline", "kpi", "scope", "unit")
_TYPES: Final = {
    "as_of": pa.date32(),
    "value_date": pa.date32(),
    "numerator": _DECIMAL,
    "denominator": _DECIMAL,
    "known_at": _INSTANT,
    "since": _INSTANT,
}
"""Columns that stand as text in JSON."""


@dataclass(frozen=True, slots=True)
class KpiBatch:
    """KPI records in order of arrival. Lists are tables of rows that name their record by its number."""

    partition: list[int]
    offset: list[int]
    seq: list[int]
    project_id: list[str]
    cut: list[bool]
    as_of: list[date | None]
    heads: pa.Table
    """record, project_id, as_of, known_at."""
    values: pa.Table
    """record, baseline, and the fields of a value."""
    original: pa.Table
    """The same against the first baseline."""
    findings: pa.Table
    """record, and the fields of a finding."""
    history: pa.Table
    """record, as_of, baseline, and the fields of a value."""
    original_history: pa.Table
    """The same against the first baseline."""


def read_kpi_records(records: Sequence[Record]) -> KpiBatch | None:
    """Parse records; None if there is none to use."""
    if not records:
        return None
    try:
        return _batch(records)
    except pa.ArrowException:
        sound = [record for record in records if _is_sound(record)]
    return _batch(sound) if sound else None


def rows_of(rows: pa.Table, records: Sequence[int], count: int) -> pa.Table:
    """The rows of some records out of `count`."""
    wanted = [False] * count
    for record in records:
        wanted[record] = True
    return rows.filter(pa.array(wanted, pa.bool_()).take(rows["record"]))


def _is_sound(record: Record) -> bool:
    try:
        _batch([record])
    except pa.ArrowException as error:
        place = f"{record.topic} {record.partition}/{record.offset}"
        reason = str(error).split("\n", 1)[0]
        _log.warning("%s is not a KPI record and was left out: %s", place, reason)
        return False
    return True


def _batch(records: Sequence[Record]) -> KpiBatch:
    """Parse records of which none is damaged; raises ArrowInvalid."""
    data = _parsed(records)
    position = data.field("position")
    heads = _typed({name: data.field(name) for name in ("project_id", "as_of", "known_at")})
    batch = KpiBatch(
        partition=[record.partition for record in records],
        offset=position.field("offset").to_pylist(),
        seq=position.field("seq").to_pylist(),
        project_id=heads["project_id"].to_pylist(),
        cut=data.field("cut").to_pylist(),
        as_of=heads["as_of"].to_pylist(),
        heads=heads.add_column(0, "record", pa.array(range(len(records)), pa.int64())),
        values=_values(data),
        original=_values(data.field("original")),
        findings=_rows(data.field("findings"), pc.list_parent_indices(data.field("findings"))),
        history=_history(data, original=False),
        original_history=_history(data, original=True),
    )
    _require(batch, position)
    return batch


def _parsed(records: Sequence[Record]) -> pa.StructArray:
    """The member `data` of each record."""
    text = b"\n".join(record.value or b"" for record in records)
    options = pj.ReadOptions(block_size=len(text) + 1, use_threads=False)
    table = pj.read_json(pa.BufferReader(text), read_options=options, parse_options=_PARSE)
    if table.num_rows != len(records):
        raise pa.ArrowInvalid(f"{table.num_rows} JSON objects in {len(records)} records")
    return table["data"].combine_chunks()


def _typed(columns: dict[str, pa.Array]) -> pa.Table:
    return pa.table({name: column.cast(_TYPES.get(name, column.type)) for name, column in columns.items()})


def _rows(lists: pa.ListArray, owners: pa.Array, **more: pa.Array) -> pa.Table:
    """One row per member of the lists, with the number of its record, and columns that stand beside them."""
    members = lists.flatten()
    fields = {field.name: members.field(field.name) for field in members.type}
    return _typed({"record": owners.cast(pa.int64()), **more, **fields})


def _values(told: pa.StructArray) -> pa.Table:
    """Values of the records, against the baseline that is told with them."""
    lists = told.field("values")
    owners = pc.list_parent_indices(lists)
    return _rows(lists, owners, baseline=told.field("baseline").take(owners))


def _history(data: pa.StructArray, *, original: bool) -> pa.Table:
    """Rows that became history; a day without values of its own has those of the record."""
    days = data.field("history").flatten()
    owners = pc.list_parent_indices(data.field("history"))
    told, record = (days.field("original"), data.field("original")) if original else (days, data)
    own = pc.coalesce(told.field("values"), record.field("values").take(owners))
    lists = pc.if_else(told.is_valid(), own, None)
    place = pc.list_parent_indices(lists)
    beside = {"as_of": days.field("as_of").take(place), "baseline": told.field("baseline").take(place)}
    return _rows(lists, owners.take(place), **beside)


def _require(batch: KpiBatch, position: pa.StructArray) -> None:
    """What the tables of the store cannot do without."""
    needed = [
        batch.heads["project_id"],
        *(position.field(name) for name in ("offset", "seq")),
        *(rows[name] for rows in (batch.values, batch.original) for name in _ROW_NEEDS),
        *(rows[name] for rows in (batch.history, batch.original_history) for name in ("as_of", *_ROW_NEEDS)),
        *(batch.findings[name] for name in ("finding", "scope")),
        batch.heads["known_at"].filter(pa.array(batch.cut, pa.bool_())),
    ]
    if None in batch.cut or any(column.null_count for column in needed):
        raise pa.ArrowInvalid("a required field is missing")
    undated = pc.is_null(batch.heads["as_of"])
    if any(pc.any(undated.take(rows["record"])).as_py() for rows in (batch.values, batch.original)):
        raise pa.ArrowInvalid("values without as_of")
