"""Plan periods (`YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `from/to`, inclusive days) and durations of ISO 8601."""

import re
from calendar import monthrange
from datetime import date
from fractions import Fraction
from typing import Final

__all__ = ["days_of_period", "duration_days"]

_DURATION: Final = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_SECONDS: Final = (31_536_000, 2_628_000, 604_800, 86_400, 3600, 60, 1)
"""A year has 365 days, a month is a twelfth of it."""


def days_of_period(text: str) -> tuple[date, date]:
    """First and last day of a period; raises ValueError for a day that does not exist or a period that runs backwards."""
    if "/" in text:
        first, last = (date.fromisoformat(part) for part in text.split("/"))
    elif len(text) == 4:
        first, last = date(int(text), 1, 1), date(int(text), 12, 31)
    elif len(text) == 7:
        year, month = int(text[:4]), int(text[5:])
        first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    else:
        first = last = date.fromisoformat(text)
    if last < first:
        msg = "the period runs backwards"
        raise ValueError(msg)
    return first, last


def duration_days(text: str) -> Fraction:
    """Days of an ISO 8601 duration, exactly; one day where it is nothing."""
    found = _DURATION.fullmatch(text)
    numbers = found.groups() if found else ()
    seconds = sum(int(number or 0) * scale for number, scale in zip(numbers, _SECONDS, strict=False))
    return Fraction(seconds, 86_400) if seconds else Fraction(1)
