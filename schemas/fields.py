"""Field types shared by the payloads: ids, texts, amounts, days, instants. Every limit of the public contract is here.

Days and instants are matched as texts first: a parser that is left to itself takes digits for seconds since 1970.
"""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, GetPydanticSchema, StringConstraints, WithJsonSchema
from pydantic_core import core_schema

__all__ = [
    "ADVICE",
    "CONFIG",
    "DAY_PATTERN",
    "ID_PATTERNS",
    "INSTANT_PATTERN",
    "YEAR_MAX",
    "YEAR_MIN",
    "Amount",
    "Count",
    "Day",
    "DurationText",
    "EventId",
    "Instant",
    "MediaType",
    "Number",
    "Percent",
    "Period",
    "ProjectId",
    "Qualifier",
    "Revision",
    "Text",
    "Unit",
    "Year",
]

CONFIG = ConfigDict(strict=True, cache_strings="all")

YEAR_MIN, YEAR_MAX = 1970, 2200

# Patterns are published in JSON Schema, so they keep to what every engine of regular expressions reads.
_CONTROL = r"\x00-\x1f\x7f-\x9f"
_ID = rf"^[^{_CONTROL}\s]([^{_CONTROL}]*[^{_CONTROL}\s])?$"
_PROJECT_ID = rf"^[^{_CONTROL}\s/]([^{_CONTROL}/]*[^{_CONTROL}\s/])?$"
ID_PATTERNS: Final = frozenset({_ID, _PROJECT_ID})
"""Met by every text of printable ASCII that is not empty and has no space; in a project id, no slash either."""

DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT_PATTERN = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ]{_CLOCK}:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]{_CLOCK})$"
_PERIOD = r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?|[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2})$"
_N = "[0-9]{1,5}"
_DURATION = rf"^P({_N}W|({_N}Y)?({_N}M)?({_N}D)?(T({_N}H)?({_N}M)?({_N}S)?)?)$"
_MEDIA_TYPE = r"^[Aa][Pp][Pp][Ll][Ii][Cc][Aa][Tt][Ii][Oo][Nn]/[Jj][Ss][Oo][Nn](\s*;.*)?$"

ADVICE: Final = {
    _ID: "no control characters, no space at either end",
    _PROJECT_ID: "no control characters, no space at either end, no / in a project id",
    DAY_PATTERN: "write the day as YYYY-MM-DD",
    INSTANT_PATTERN: "write the instant as RFC 3339 with its offset from UTC, such as 2024-02-17T20:00:00+08:00 (hours 00–23, seconds 00–59)",
    _PERIOD: "write it as 2024, 2024-02, 2024-02-17 or 2024-02-10/2024-02-17",
    _DURATION: "write it as a duration of ISO 8601 such as P1D, P1M, P1W or PT12H",
    _MEDIA_TYPE: "the media type is application/json; leave it out or send that",
}
"""What a text that does not match a pattern should have been."""


def _chained(pattern: str, parsed: core_schema.CoreSchema) -> GetPydanticSchema:
    """A text of a pattern, then parsed."""
    text = core_schema.str_schema(pattern=pattern, strict=True)
    schema = core_schema.chain_schema([text, parsed])

    def of(_source: Any, _handler: Any) -> core_schema.CoreSchema:
        return schema

    return GetPydanticSchema(of)


EventId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_ID)]
ProjectId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PROJECT_ID)]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
# DECIMAL(38,12) holds numbers below 10²⁶; sums of a hundred of these still fit.
_NUMBER_MAX = 1e24
Number = Annotated[float, Field(ge=-_NUMBER_MAX, le=_NUMBER_MAX, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=_NUMBER_MAX, allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Year = Annotated[int, Field(ge=YEAR_MIN, le=YEAR_MAX)]
Revision = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Day = Annotated[
    date,
    _chained(DAY_PATTERN, core_schema.date_schema(strict=False, ge=date(1970, 1, 1), le=date(2200, 12, 31))),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Instant = Annotated[
    datetime,
    _chained(
        INSTANT_PATTERN,
        core_schema.datetime_schema(
            strict=False,
            tz_constraint="aware",
            ge=datetime.fromisoformat("1970-01-01T00:00:00+00:00"),
            le=datetime.fromisoformat("2200-12-31T23:59:59.999999+00:00"),
        ),
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Period = Annotated[str, StringConstraints(pattern=_PERIOD)]
DurationText = Annotated[str, StringConstraints(pattern=_DURATION)]
MediaType = Annotated[str, StringConstraints(pattern=_MEDIA_TYPE)]
Qualifier = Literal["about", "at-least", "more-than", "nearly", "up-to", "range"]
