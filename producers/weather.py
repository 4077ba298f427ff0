"""Weather of a building site on the northern Chinese plain: a chain of days that tend to stay as they are."""

from datetime import date
from random import Random
from typing import Final, NamedTuple

__all__ = ["CLEAR", "Sky", "Weather"]


class Sky(NamedTuple):
    """A kind of day: how much of a day's outdoor work gets done, and what the site says about it."""

    name: str
    work: float
    note: str


CLEAR: Final = Sky("clear", 1.0, "")
_FROST: Final = Sky("frost", 0.75, "低温 frost: 焊前预热 preheating before welding")
_GALE: Final = Sky("gale", 0.4, "大风 gale: 停止吊装 no lifting")
_RAIN: Final = Sky("rain", 0.3, "降雨 rain: 室外作业受限 little outdoor work")
_SNOW: Final = Sky("snow", 0.1, "降雪 snow: 室外停工 outdoor work stopped")
_KINDS: Final = (_FROST, _GALE, _RAIN, _SNOW)

_PERSISTENCE: Final = 0.4
"""How often a day is like the day before without being drawn anew."""

_PERCENT_BY_MONTH: Final = {
    1: (40, 6, 0, 10),
    2: (25, 8, 3, 8),
    3: (5, 12, 7, 2),
    4: (0, 12, 10, 0),
    5: (0, 8, 12, 0),
    6: (0, 4, 14, 0),
    7: (0, 3, 26, 0),
    8: (0, 3, 22, 0),
    9: (0, 3, 18, 0),
    10: (0, 5, 12, 0),
    11: (12, 9, 8, 3),
    12: (34, 8, 1, 7),
}
"""Share of the days of each month with frost, gale, rain and snow; the rest is clear (assumed, after the region's climate)."""


class Weather:
    """One kind of sky for each day from the first on, drawn as days are asked for."""

    def __init__(self, chance: Random, first_day: date) -> None:
        self._chance = chance
        self._first_day = first_day
        self._skies: list[Sky] = []

    def on(self, day: date) -> Sky:
        """The sky of a day; it does not depend on the order of the questions."""
        number = (day - self._first_day).days
        while len(self._skies) <= number:
            self._skies.append(self._next())
        return self._skies[number]

    def _next(self) -> Sky:
        if self._skies and self._chance.random() < _PERSISTENCE:
            return self._skies[-1]
        month = date.fromordinal(self._first_day.toordinal() + len(self._skies)).month
        left = self._chance.random() * 100
        for sky, percent in zip(_KINDS, _PERCENT_BY_MONTH[month], strict=True):
            if left < percent:
                return sky
            left -= percent
        return CLEAR
