"""A monitoring network: series of readings that move by what drives them, stations that fail, values validated later.

Three kinds of series, told apart by unit. A share in percent is that of a few sections, each of which meets its class until
something is spilled upstream, and recovers. A rank is drawn against the other places, which improve and slip too. Anything
else is a concentration in a box of air: emissions, which heating raises in winter, pile up until wind or rain clear them.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from producers.chance import lifetime, wait
from producers.site import DAY, Site, Steps

__all__ = ["MonitoringNetwork", "moves"]

_READINGS_PER_DAY: Final = 12
"""Of a series that is reported every day; every two hours."""
_FAILS_EVERY_DAYS: Final = 90.0
_OUTAGE_HOURS: Final = (4, 80)
_RECALIBRATED: Final = 0.01
"""How often the laboratory corrects a reading the next day."""

_SECTIONS: Final = 8
_SPILL_DAYS: Final = 500.0
_RECOVERY_DAYS: Final = (6, 25)

_HEATING_MONTHS: Final = (11, 12, 1, 2)
_STILL_SHARE: Final = {True: 0.45, False: 0.25}
"""How often air is still when the weather changes, while people heat and otherwise."""
_WEATHER_LASTS: Final = 18
"""Mean number of readings that a kind of weather lasts."""


class _Process(Protocol):
    """What moves a series."""

    def next(self, day: date) -> float:
        """The next reading."""


class _Air:
    """Concentration in a box: each step the air takes away its part and emissions add theirs."""

    def __init__(self, chance: Random, level: float) -> None:
        self._chance, self._level = chance, level
        self._value = level
        self._cleared = 0.2
        self._left = 0

    def next(self, day: date) -> float:
        """After another two hours of emissions and of the weather that there is."""
        heating = day.month in _HEATING_MONTHS
        if self._left <= 0:
            self._change_weather(heating=heating)
        self._left -= 1
        emitted = self._level * (0.165 if heating else 0.135) * self._chance.uniform(0.6, 1.4)
        self._value = round(self._value * (1 - self._cleared) + emitted, 6)
        return round(self._value, 2)

    def _change_weather(self, *, heating: bool) -> None:
        still = self._chance.random() < _STILL_SHARE[heating]
        self._cleared = round(
            self._chance.uniform(0.08, 0.13) if still else self._chance.uniform(0.14, 0.26), 4
        )
        self._left = 1 + wait(self._chance, _WEATHER_LASTS)


class _Share:
    """Sections of a river, each in order until a spill, and again when it has recovered."""

    def __init__(self, chance: Random, every_days: int) -> None:
        self._chance, self._every = chance, every_days
        self._days = [lifetime(chance, _SPILL_DAYS, 1.0) for _ in range(_SECTIONS)]
        """Until the section leaves its state."""
        self._in_order = [True] * _SECTIONS

    def next(self, day: date) -> float:
        """Percent of the sections in order."""
        for number in range(_SECTIONS):
            self._days[number] -= self._every
            if self._days[number] <= 0:
                self._turn(number)
        return 100 * sum(self._in_order) / _SECTIONS

    def _turn(self, number: int) -> None:
        self._in_order[number] = not self._in_order[number]
        ok = self._in_order[number]
        self._days[number] = (
            lifetime(self._chance, _SPILL_DAYS, 1.0) if ok else self._chance.randint(*_RECOVERY_DAYS)
        )


class _Rank:
    """Place in a league: each month some places pass it and it passes some; it is drawn to where its measures bring it."""

    def __init__(self, chance: Random, places: int, aim: float) -> None:
        self._chance, self._places, self._aim = chance, places, aim
        self._rank = float(places)

    def next(self, day: date) -> float:
        """The rank of this month."""
        pull = 0.25 * (self._aim * 0.95 - self._rank)
        self._rank = round(self._rank + pull + self._chance.uniform(-7, 7), 3)
        self._rank = min(float(self._places), max(1.0, self._rank))
        return round(self._rank)


class _Station:
    """An instrument that fails now and then; what it did not measure is never made up."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._works = True
        self._left = lifetime(chance, _FAILS_EVERY_DAYS * DAY, 1.0)

    def works_after(self, minutes: int) -> bool:
        """Whether it works when so much more time has passed."""
        self._left -= minutes
        if self._left <= 0:
            self._works = not self._works
            good = lifetime(self._chance, _FAILS_EVERY_DAYS * DAY, 1.0)
            self._left = good if self._works else self._chance.randint(*_OUTAGE_HOURS) * 60
        return self._works


def moves(series: Mapping[str, Any]) -> bool:
    """Whether a series is watched: one that says which direction is better. Any other is a figure that stands."""
    return series.get("better") is not None


class MonitoringNetwork:
    """All series of a project, read until the plan's finish, or for as long as somebody looks."""

    def __init__(self, site: Site, zone: ZoneInfo) -> None:
        self.site, self._zone = site, zone
        finish = site.plan.get("finish")
        self._finish = date.fromisoformat(finish) if finish else None
        for series in site.plan.get("series") or ():
            if moves(series):
                site.start(self._read(series))

    @property
    def finished(self) -> bool:
        """Whether the plan's last day has come."""
        return self._finish is not None and self.site.today >= self._finish

    def _read(self, series: Mapping[str, Any]) -> Steps:
        chance = self.site.stream("series", series["id"])
        process = self._process(series, chance)
        station = _Station(chance)
        step = DAY // _READINGS_PER_DAY if self.site.report_every == 1 else self.site.report_every * DAY
        yield self.site.next(9 if step < DAY else 16)
        while True:
            value = process.next(self.site.today)
            if step >= DAY or station.works_after(step):
                self._state(series, value, chance)
            yield self.site.env.timeout(step)

    def _process(self, series: Mapping[str, Any], chance: Random) -> _Process:
        target, base = series.get("target"), series.get("base_value")
        if series.get("unit") == "%":
            return _Share(chance, self.site.report_every)
        if series.get("unit") == "rank":
            return _Rank(chance, int(base or 168), 100.0 if target is None else target)
        known = [number for number in (base, target) if number is not None]
        return _Air(chance, math.fsum(known) / len(known) if known else 50.0)

    def _state(self, series: Mapping[str, Any], value: float, chance: Random) -> None:
        self._say(series, self._now(), value)
        if chance.random() < _RECALIBRATED and series.get("unit") not in {"%", "rank"}:
            self.site.start(self._correct(series, self._now(), round(value * chance.uniform(0.9, 1.08), 2)))

    def _correct(self, series: Mapping[str, Any], at: datetime, value: float) -> Steps:
        yield self.site.next(11, 30)
        self._say(series, at, value, revision=1, note="审核修正 corrected by validation")

    def _say(self, series: Mapping[str, Any], at: datetime, value: float, **more: Any) -> None:
        unit = series.get("unit") or "1"
        self.site.say("reading.taken", series=series["id"], at=at.isoformat(), value=value, unit=unit, **more)

    def _now(self) -> datetime:
        midnight = datetime(
            self.site.today.year, self.site.today.month, self.site.today.day, tzinfo=self._zone
        )
        return midnight + timedelta(minutes=self.site.minute % DAY)
