"""The Spring Festival, during which most crews are at home. Dates as published; days outside the table are workdays."""

from datetime import date
from typing import Final

__all__ = ["in_spring_festival"]

_SPRING_FESTIVALS: Final = {
    2019: (date(2019, 2, 4), date(2019, 2, 10)),
    2020: (date(2020, 1, 24), date(2020, 2, 2)),
    2021: (date(2021, 2, 11), date(2021, 2, 17)),
    2022: (date(2022, 1, 31), date(2022, 2, 6)),
    2023: (date(2023, 1, 21), date(2023, 1, 27)),
    2024: (date(2024, 2, 10), date(2024, 2, 17)),
    2025: (date(2025, 1, 28), date(2025, 2, 4)),
    2026: (date(2026, 2, 15), date(2026, 2, 23)),
}
"""First and last day off, by year."""


def in_spring_festival(day: date) -> bool:
    """Whether the public holiday of the Spring Festival includes this day."""
    first, last = _SPRING_FESTIVALS.get(day.year, (date.max, date.max))
    return first <= day <= last
