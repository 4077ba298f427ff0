"""What the plan says of a production line: amounts per day, capacity per day, first and last planned day."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from schemas.periods import days_of_period

__all__ = ["LinePlan"]

_CAPACITY: Final = 10.0
"""Per day, of a line of which nothing is known."""
_DAYS_PER: Final = {"P1D": 1.0, "P1M": 365 / 12, "P1Y": 365.0, "PT1H": 1 / 24}


class LinePlan:
    """The plan of one line; amounts in its unit."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.id: str = data["id"]
        capacity = data.get("capacity") or {}
        self.unit: str = capacity.get("unit") or "1"
        self._periods = [(*days_of_period(each["period"]), each["value"]) for each in data.get("plan") or ()]
        per_day = capacity.get("value", 0) / _DAYS_PER[capacity.get("per", "P1D")]
        busiest = max((self._mean(period) for period in self._periods), default=0.0)
        self.capacity: float = per_day or 1.2 * busiest or _CAPACITY
        """Per day; without a stated one, what the busiest planned period needs and a fifth more."""

    @property
    def first_day(self) -> date | None:
        """First planned day."""
        return min((first for first, _, _ in self._periods), default=None)

    @property
    def last_day(self) -> date | None:
        """Last planned day."""
        return max((last for _, last, _ in self._periods), default=None)

    def on(self, day: date) -> float:
        """Planned amount of a day; beyond the plan, what its last days had."""
        for period in self._periods:
            if period[0] <= day <= period[1]:
                return self._mean(period)
        if not self._periods:
            return self.capacity * 0.9
        return 0.0 if day < self._periods[0][0] else self._mean(self._periods[-1])

    @staticmethod
    def _mean(period: tuple[date, date, float]) -> float:
        first, last, amount = period
        return amount / ((last - first).days + 1)
