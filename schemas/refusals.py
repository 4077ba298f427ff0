"""From pydantic's errors to the reasons and details of the contract: which field, and what to do."""

from typing import Any, NoReturn

from pydantic import ValidationError

from schemas.fields import ADVICE, DAY_PATTERN, INSTANT_PATTERN
from schemas.keys import KEY_FIELDS, OPTIONAL_KEY_FIELDS
from schemas.rejections import Reason, Rejected

__all__ = ["refuse_invalid", "refuse_missing_key"]

_ENVELOPE = frozenset({"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"})
_RANGE_TYPES = frozenset(
    {
        "greater_than_equal",
        "less_than_equal",
        "greater_than",
        "less_than",
        "finite_number",
        "date_from_datetime_inexact",
        "literal_error",
        "int_parsing_size",
    }
)
_TEXT_TYPES = frozenset({"string_pattern_mismatch", "string_too_long", "string_too_short", "string_unicode"})
_TIME_PATTERNS = frozenset({DAY_PATTERN, INSTANT_PATTERN})
_OF_CALENDAR = ("a valid date or datetime", "a day of the calendar as YYYY-MM-DD")
_SHOWN_MAX = 80


def refuse_invalid(raw: bytes, error: ValidationError) -> NoReturn:
    """Raise the rejection that the first error of a validation stands for."""
    first = error.errors(include_url=False)[0]
    kind, message = first["type"], first["msg"]
    if kind == "json_invalid":
        _refuse_json(raw, message)
    if kind == "union_tag_not_found" or (kind == "dict_type" and not _field(first["loc"])):
        raise Rejected(
            Reason.NOT_CLOUDEVENT,
            "not a CloudEvent: send a JSON object with specversion, id, source, type, …",
        )
    if kind == "union_tag_invalid":
        shown = str(first.get("ctx", {}).get("tag", ""))[:_SHOWN_MAX]
        raise Rejected(
            Reason.UNKNOWN_TYPE, f"type: {shown!r} is not an event type of Milepost; see `milepost contract`"
        )
    field, pattern = _field(first["loc"]), first.get("ctx", {}).get("pattern", "")
    if pattern in _TIME_PATTERNS:
        kind = "not_a_time"
    message = ADVICE.get(pattern) or message.replace(*_OF_CALENDAR)
    raise Rejected(_reason(kind, field), _detail(field, kind, message, first.get("input")))


def _refuse_json(raw: bytes, message: str) -> NoReturn:
    if "surrogate" in message or "hex escape" in message:
        raise Rejected(Reason.INVALID_TEXT, f"a text holds a lone surrogate or a broken escape; {message}")
    if "recursion" in message:
        raise Rejected(Reason.TOO_DEEP, "the event is nested too deep; flatten it")
    if "number out of range" in message:
        raise Rejected(
            Reason.OUT_OF_RANGE, f"a number is beyond the range of a double; send a smaller one; {message}"
        )
    if b"\0" in raw:
        raise Rejected(Reason.NOT_JSON, "not JSON: a NUL byte; remove it")
    raise Rejected(Reason.NOT_JSON, f"not JSON: {message.removeprefix('Invalid JSON: ')}")


def _field(location: tuple[int | str, ...]) -> str:
    """Dotted path without the tag of the union that pydantic puts first."""
    parts = location[1:] if location and str(location[0]).startswith("milepost.") else location
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _reason(kind: str, field: str) -> Reason:
    if field == "specversion":
        return Reason.NOT_CLOUDEVENT
    if kind == "missing":
        return Reason.NOT_CLOUDEVENT if field in _ENVELOPE else Reason.MISSING_FIELD
    if kind in _TEXT_TYPES:
        return Reason.INVALID_TEXT
    if kind in _RANGE_TYPES:
        return Reason.OUT_OF_RANGE
    return Reason.WRONG_TYPE


def _detail(field: str, kind: str, message: str, value: Any) -> str:
    if kind == "missing":
        return f"{field}: the field is missing; add it"
    shown = "" if isinstance(value, dict | list) else f", not {repr(value)[:_SHOWN_MAX]}"
    return f"{field}: {message[0].lower()}{message[1:]}{shown}"


def refuse_missing_key(data: dict[str, Any]) -> None:
    """A retraction must name the whole natural key of the statement that it takes back."""
    for field in KEY_FIELDS[data["type"]]:
        if field not in OPTIONAL_KEY_FIELDS and data.get(field) is None:
            raise Rejected(
                Reason.MISSING_FIELD, f"data.{field}: a retraction of {data['type']} needs it; add it"
            )
