"""One row of every kind that is wrong in itself, with the reason it is refused for and what the detail must name."""

from typing import Final, NamedTuple

from schemas.rejections import Reason
from tests.builders import (
    baseline,
    day,
    instant,
    milestone,
    production,
    reading,
    retraction,
    status,
    tick,
    work,
)

__all__ = ["BAD_ROWS", "BadRow"]


class BadRow(NamedTuple):
    """A row, why it is refused, and words of its detail: the field and the fix."""

    kind: str
    raw: bytes
    reason: Reason
    words: tuple[str, ...]


_WORK: Final = work("tank", 3, 12.5, source="bad", id="bad")
_STATUS: Final = status(3, source="bad", id="bad")


def _work(old: bytes, new: bytes) -> bytes:
    assert old in _WORK
    return _WORK.replace(old, new)


def _status(old: bytes, new: bytes) -> bytes:
    assert old in _STATUS
    return _STATUS.replace(old, new)


_QUANTITY: Final = b'"quantity":12.5'
_TIME: Final = b'"time":"2024-01-04T18:00:00+08:00"'

BAD_ROWS: Final = [
    BadRow("no JSON", b"quantity;12.5", Reason.NOT_JSON, ("not JSON", "column 1")),
    BadRow("cut off", _WORK[:-9], Reason.NOT_JSON, ("not JSON",)),
    BadRow("two rows in one", _WORK + _WORK, Reason.NOT_JSON, ("not JSON",)),
    BadRow("a table's row", b'["tank", 12.5]', Reason.NOT_CLOUDEVENT, ("CloudEvent", "specversion")),
    BadRow("data alone", b'{"item":"tank","quantity":12.5}', Reason.NOT_CLOUDEVENT, ("CloudEvent", "type")),
    BadRow("broken UTF-8", _work(b"tank", b"\xe6\xb2\xb9\xe7"), Reason.NOT_UTF8, ("byte", "encode", "UTF-8")),
    BadRow("GBK", _work(b"tank", "油罐".encode("gbk")), Reason.NOT_UTF8, ("encode", "UTF-8")),
    BadRow("a BOM in the middle", _work(b',"data"', b',\xef\xbb\xbf"data"'), Reason.NOT_JSON, ("U+FEFF", "remove")),
    BadRow("a NUL byte", _work(b"tank", b"ta\0nk"), Reason.NOT_JSON, ("NUL", "remove")),
    BadRow("NUL in a text", _work(_QUANTITY, _QUANTITY + b',"note":"\\u0000"'), Reason.INVALID_TEXT, ("NUL", "remove")),
    BadRow("a lone surrogate", _work(b'"tank"', b'"\\ud800"'), Reason.INVALID_TEXT, ("surrogate",)),
    BadRow("a text for a number", _work(b"12.5", b'"12.5"'), Reason.WRONG_TYPE, ("data.quantity", "number")),
    BadRow("a truth for a number", _work(b"12.5", b"true"), Reason.WRONG_TYPE, ("data.quantity", "number")),
    BadRow("a list for a text", _work(b'"tank"', b'["tank"]'), Reason.WRONG_TYPE, ("data.item", "string")),
    BadRow("null for a number", _work(b"12.5", b"null"), Reason.WRONG_TYPE, ("data.quantity", "number")),
    BadRow("NaN", _work(b"12.5", b"NaN"), Reason.OUT_OF_RANGE, ("data.quantity", "finite")),
    BadRow("infinity", _work(b"12.5", b"-Infinity"), Reason.OUT_OF_RANGE, ("data.quantity", "finite")),
    BadRow("beyond double", _work(b"12.5", b"1e999"), Reason.OUT_OF_RANGE, ("data.quantity",)),
    BadRow("beyond double, aside", _work(_QUANTITY, _QUANTITY + b',"x":1e999'), Reason.OUT_OF_RANGE, ("1e999", "smaller")),
    BadRow("too much", _work(b"12.5", b"1e25"), Reason.OUT_OF_RANGE, ("data.quantity",)),
    BadRow("below zero", _work(b"12.5", b"-0.1"), Reason.OUT_OF_RANGE, ("data.quantity", "0")),
    BadRow("a time without zone", _work(b"+08:00", b""), Reason.WRONG_TYPE, ("time", "offset", "+08:00")),
    BadRow("digits for a time", _work(_TIME, b'"time":1704362400'), Reason.WRONG_TYPE, ("time",)),
    BadRow("a time after tomorrow", _work(b"2024-01-04T", b"2199-01-04T"), Reason.TIME_IN_FUTURE, ("time", "clock")),
    BadRow("a time before 1970", _work(b"2024-01-04T", b"1969-01-04T"), Reason.OUT_OF_RANGE, ("time", "1970")),
    BadRow("a day before 1970", _work(b'"2024-01-04"', b'"1969-12-31"'), Reason.OUT_OF_RANGE, ("data.as_of", "1970")),
    BadRow("a day after 2200", _work(b'"2024-01-04"', b'"2201-01-01"'), Reason.OUT_OF_RANGE, ("data.as_of", "2200")),
    BadRow("a day that is not", _work(b'"2024-01-04"', b'"2024-02-30"'), Reason.WRONG_TYPE, ("data.as_of",)),
    BadRow("a day of another order", _work(b'"2024-01-04"', b'"04.01.2024"'), Reason.WRONG_TYPE, ("data.as_of", "YYYY-MM-DD")),
    BadRow("a day ahead", work("tank", 5, 1, time=instant(3), source="bad"), Reason.DAY_AFTER_TIME, ("data.as_of", "time")),
    BadRow("over a hundred percent", milestone("roof", 3, percent=100.1), Reason.OUT_OF_RANGE, ("data.percent_complete", "100")),
    BadRow("a word of its own", _status(b'"started"', b'"begun"'), Reason.OUT_OF_RANGE, ("data.status", "started")),
    BadRow("a finish to come", milestone("roof", 3, percent=100, actual=4), Reason.INVALID_VALUE, ("actual_finish", "forecast_finish")),
    BadRow("a period that runs back", production("L1", 3, 1, end=2, time=instant(3)), Reason.INVALID_VALUE, ("period_end", "swap")),
    BadRow("an unknown type", _work(b"work.reported.v1", b"work.done.v9"), Reason.UNKNOWN_TYPE, ("milepost.work.done.v9", "milepost contract")),
    BadRow("a field that is missing", _work(_QUANTITY + b",", b""), Reason.MISSING_FIELD, ("data.quantity", "add it")),
    BadRow("an attribute that is missing", _work(b'"source":"bad",', b""), Reason.NOT_CLOUDEVENT, ("source", "add it")),
    BadRow("half a key", retraction("work.reported", {"item": "tank"}, time=instant(3)), Reason.MISSING_FIELD, ("data.as_of", "add it")),
    BadRow("another version", _work(b'"1.0"', b'"0.3"'), Reason.NOT_CLOUDEVENT, ("specversion", "1.0")),
    BadRow("a key twice", _work(_QUANTITY, b'"quantity":1,' + _QUANTITY), Reason.DUPLICATE_KEY, ("quantity", "keep one")),
    BadRow("an attribute twice", _work(_TIME, _TIME + b"," + _TIME), Reason.DUPLICATE_KEY, ("time", "keep one")),
    BadRow("ten megabytes", _work(b"tank", b"x" * 10_000_000), Reason.TOO_LARGE, ("1048576", "split")),
    BadRow("deep nesting", _work(b"12.5", b"[" * 70 + b"]" * 70), Reason.TOO_DEEP, ("64", "flatten")),
    BadRow("very deep nesting", b"[" * 100_000, Reason.TOO_DEEP, ("64", "flatten")),
    BadRow("a control character", _work(b'"tank"', b'"ta\\u0007nk"'), Reason.INVALID_TEXT, ("data.item", "control characters")),
    BadRow("a line break in an id", _status(b'"source":"bad"', b'"source":"b\\nad"'), Reason.INVALID_TEXT, ("source", "control characters")),
    BadRow("a space at the end", _work(b'"tank"', b'"tank "'), Reason.INVALID_TEXT, ("data.item", "space")),
    BadRow("no id", _work(b'"tank"', b'""'), Reason.INVALID_TEXT, ("data.item", "1 character")),
    BadRow("a long id", _work(b'"tank"', b'"%s"' % (b"x" * 201)), Reason.INVALID_TEXT, ("data.item", "200")),
    BadRow("a path for a project", _work(b'"subject":"p1"', b'"subject":"a/b"'), Reason.INVALID_TEXT, ("subject", "/")),
    BadRow("the clock's name", status(3, project="clock"), Reason.INVALID_VALUE, ("subject", "clock", "another")),
    BadRow("a tick of a project", tick(3).replace(b'"subject":"clock"', b'"subject":"p1"'), Reason.INVALID_VALUE, ("subject", "clock")),
    BadRow("a day closed ahead", tick(3, closes=4), Reason.INVALID_VALUE, ("data.closes", "over")),
    BadRow("no instant", reading("s", 3, 1.0, time=instant(4), id="r").replace(b"T12:00:00+08:00", b""), Reason.WRONG_TYPE, ("data.at", "RFC 3339")),
    BadRow("a plan that ends first", baseline(3, sections={"finish": day(-1)}), Reason.INVALID_VALUE, ("data.finish", "start")),
]  # fmt: skip
"""Every kind; none of them says what another one or a good row says."""
