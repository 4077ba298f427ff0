"""Bytes to events and back.

`decode` accepts exactly what the public contract calls an event and explains every refusal. It knows no other event
and no clock. One pass of pydantic decides most; whatever a pass cannot see (duplicate keys, NUL, NaN in a field that
nobody reads) is looked for only where cheap signs of it are in the bytes. Plain events, the most, take a quicker pass.
"""

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_core import from_json
from pydantic_core import to_json as _to_json

from schemas.baseline_rules import check_baseline
from schemas.envelope import structured_from_binary
from schemas.events import BASELINE_TYPE, EVENT_ADAPTER, RETRACTION_TYPE, Event
from schemas.plain_events import has_plain_bytes, validate_plain
from schemas.refusals import refuse_invalid, refuse_missing_key
from schemas.rejections import Reason, Rejected
from schemas.statement_rules import STATEMENT_CHECKS
from schemas.written import LARGE, as_written

__all__ = ["DEPTH_MAX", "SIZE_MAX_BYTES", "decode", "is_binary_mode", "structured", "to_json"]

SIZE_MAX_BYTES = 1 << 20
DEPTH_MAX = 64

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_KEY_END = b'":'
_SHOWN_MAX = 40

_validate = EVENT_ADAPTER.validator.validate_json


def to_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; text in any script stays as it is."""
    return _to_json(value)


def is_binary_mode(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Whether a record is a CloudEvent in binary mode; a content type of CloudEvents says that it is not."""
    named = dict(headers)
    media_type = named.get("content-type", b"").lower()
    return "ce_specversion" in named and not media_type.startswith(b"application/cloudevents")


def structured(value: bytes | None, headers: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """The structured form of a record."""
    if value is None:
        raise Rejected(Reason.NO_VALUE, "the record has no value; publish a CloudEvent as JSON")
    if not headers or not is_binary_mode(headers):
        return value
    if len(value) <= SIZE_MAX_BYTES:
        _refuse_no_json(value)
    try:
        return structured_from_binary(value, headers)
    except UnicodeDecodeError as error:
        raise Rejected(Reason.NOT_UTF8, "a ce_ header is not UTF-8; send attributes as UTF-8 text") from error


def _refuse_no_json(value: bytes) -> None:
    """The value of a binary-mode record is JSON by itself: it must not reach into the attributes around it."""
    try:
        from_json(value)
    except ValueError as error:
        _refuse_bytes(value, error)
        raise Rejected(Reason.NOT_JSON, f"data: the value of the record is not JSON: {error}") from error


def decode(raw: bytes) -> Event:
    """One event from structured CloudEvents JSON; raises Rejected with the field and the fix."""
    if len(raw) > SIZE_MAX_BYTES:
        raise Rejected(
            Reason.TOO_LARGE,
            f"the event has {len(raw)} bytes; at most {SIZE_MAX_BYTES} are allowed: split it",
        )
    event = (_decode_plain(raw) if has_plain_bytes(raw) else None) or _decode_any(raw)
    kind = event["type"]
    if check := STATEMENT_CHECKS.get(kind):
        check(event["data"])
    elif kind == BASELINE_TYPE:
        check_baseline(event["data"], event["subject"])
    elif kind == RETRACTION_TYPE:
        refuse_missing_key(event["data"])
    return event


def _decode_plain(raw: bytes) -> Event | None:
    """An event of plain bytes, without nesting, unknown or doubled members and large numbers; None: look at it as at any."""
    try:
        event: Event = validate_plain(raw)
    except (ValidationError, RecursionError):
        return None
    if raw.count(_KEY_END) != len(event) + len(event["data"]):
        return None
    return None if event["type"] == BASELINE_TYPE or "/" in event["subject"] else event


def _decode_any(raw: bytes) -> Event:
    if not raw.isascii() and _BYTE_ORDER_MARK in raw:
        raise Rejected(Reason.NOT_JSON, "not JSON: a byte order mark (U+FEFF); remove it")
    try:
        event: Event = _validate(raw)
    except ValidationError as error:
        _refuse(raw, error)
    except RecursionError:
        _refuse_depth(raw)
    kind, data = event["type"], event["data"]
    # Where every key is one that the types know and the types are flat, nothing can be nested, doubled or not finite.
    if raw.count(_KEY_END) != len(event) + len(data) or kind == BASELINE_TYPE or _hides_something(raw):
        _look_closely(raw)
    if kind == BASELINE_TYPE or _has_large_number(data):
        event["data"] = as_written(raw, data)
    return event


def _has_large_number(data: dict[str, Any]) -> bool:
    # A loop: this is asked for every event, and a generator costs more than all that it looks at.
    for value in data.values():  # noqa: SIM110
        if value.__class__ is float and not -LARGE < value < LARGE:
            return True
    return False


def _hides_something(raw: bytes) -> bool:
    """Whether white space before a colon could hide a key from the count, or a text may hold NUL.

    Single bytes are found many times faster than pairs, and most events hold none of these.
    """
    if 0x20 in raw and b'" ' in raw:
        return True
    if 0x5C in raw and b"\\u0000" in raw:
        return True
    return (
        (0x0A in raw and b'"\n' in raw) or (0x0D in raw and b'"\r' in raw) or (0x09 in raw and b'"\t' in raw)
    )


def _look_closely(raw: bytes) -> None:
    """Refuse what JSON parsers let pass in silence."""
    _refuse_depth(raw, only_if_deep=True)
    try:
        json.loads(
            raw,
            object_pairs_hook=_refuse_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise Rejected(Reason.NOT_JSON, f"not JSON: {error}") from error
    if b"\\u0000" in raw and _has_nul(json.loads(raw)):
        raise Rejected(Reason.INVALID_TEXT, "a text holds the character NUL (\\u0000); remove it")


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Rejected(Reason.DUPLICATE_KEY, f"the key {twice!r} stands twice in one object; keep one")
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise Rejected(Reason.NOT_JSON, f"{text} is not JSON; leave the field out or send a finite number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        shown = text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
        raise Rejected(Reason.OUT_OF_RANGE, f"{shown} is beyond the range of a double; send a smaller number")
    return number


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(member) for key, member in value.items())
    return isinstance(value, list) and any(_has_nul(member) for member in value)


def _refuse(raw: bytes, error: ValidationError) -> NoReturn:
    _refuse_bytes(raw, error)
    refuse_invalid(raw, error)


def _refuse_bytes(raw: bytes, error: ValueError) -> None:
    """What no parser can read: no UTF-8, or nested too deep."""
    try:
        raw.decode()
    except UnicodeDecodeError as bad:
        detail = f"byte {bad.start} is not UTF-8; encode the event as UTF-8"
        raise Rejected(Reason.NOT_UTF8, detail) from error
    _refuse_depth(raw, only_if_deep=True)


def _refuse_depth(raw: bytes, *, only_if_deep: bool = False) -> None:
    if only_if_deep and (raw.count(b"{") + raw.count(b"[") <= DEPTH_MAX or depth_of(raw) <= DEPTH_MAX):
        return
    raise Rejected(Reason.TOO_DEEP, f"the event is nested deeper than {DEPTH_MAX} levels; flatten it")


def depth_of(raw: bytes) -> int:
    """Greatest nesting of objects and arrays, brackets in strings left out."""
    depth = deepest = 0
    in_string = escaped = False
    for char in raw:
        if in_string:
            if escaped:
                escaped = False
            elif char == 0x5C:
                escaped = True
            elif char == 0x22:
                in_string = False
        elif char == 0x22:
            in_string = True
        elif char in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in b"}]":
            depth -= 1
    return deepest
