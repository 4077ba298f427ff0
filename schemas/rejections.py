"""Rejections: records that are wrong in themselves. The reasons are a closed list."""

from base64 import b64encode
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic_core import from_json
from typing_extensions import TypedDict

from schemas.errors import MilepostError

__all__ = ["Reason", "Rejected", "Rejection", "rejection_of", "source_of"]


class Reason(StrEnum):
    """Why a record was refused."""

    NO_VALUE = "no_value"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    DUPLICATE_KEY = "duplicate_key"
    INVALID_TEXT = "invalid_text"
    NOT_CLOUDEVENT = "not_cloudevent"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    INVALID_VALUE = "invalid_value"
    DAY_AFTER_TIME = "day_after_time"
    TIME_IN_FUTURE = "time_in_future"


class Rejected(MilepostError):
    """One record is wrong in itself; `detail` names the field and the fix."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class Rejection(TypedDict):
    """Value of a record on the rejected topic. From a file, `topic` is its base name or `-`, `offset` the line."""

    reason: Reason
    detail: str
    topic: str
    partition: int
    offset: int
    raw: str
    encoding: Literal["utf-8", "base64"]


def rejection_of(error: Rejected, topic: str, partition: int, offset: int, raw: bytes) -> Rejection:
    """Describe a refused record with its bytes, base64 if they are not UTF-8."""
    encoding: Literal["utf-8", "base64"] = "utf-8"
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text, encoding = b64encode(raw).decode("ascii"), "base64"
    return Rejection(
        reason=error.reason,
        detail=error.detail,
        topic=topic,
        partition=partition,
        offset=offset,
        raw=text,
        encoding=encoding,
    )


def source_of(rejection: Rejection) -> str:
    """Source of a refused record, as far as it can be read."""
    if rejection["encoding"] != "utf-8":
        return ""
    try:
        envelope = from_json(rejection["raw"])
    except ValueError:
        return ""
    source = envelope.get("source") if isinstance(envelope, Mapping) else None
    return source if isinstance(source, str) else ""
