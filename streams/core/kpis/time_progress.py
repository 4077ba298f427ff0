"""How much of the time has passed: the share of a year by months, as bulletins count it (序时进度).

Source: key-project dispatch; two bulletins only come out with months, not with days of 365.
"""

from calendar import monthrange
from datetime import date
from fractions import Fraction

__all__ = ["months_passed", "time_progress"]


def months_passed(day: date) -> Fraction:
    """(m − 1 + day / days) / 12: whole months at their ends, even by days inside one."""
    return (day.month - 1 + Fraction(day.day, monthrange(day.year, day.month)[1])) / 12


def time_progress(start: int, due: int, day: int) -> Fraction:
    """Share of the time between two days that has passed, 0…1: by months for a campaign of a whole year."""
    if day >= due:
        return Fraction(1)
    last, today = date.fromordinal(due), date.fromordinal(day)
    whole_year = (last.month, last.day) == (12, 31) and start in {
        date(last.year, 1, 1).toordinal(),
        date(last.year, 1, 1).toordinal() - 1,
    }
    if whole_year and today.year == last.year:
        return months_passed(today)
    return Fraction(day - start, due - start) if day > start else Fraction(0)
