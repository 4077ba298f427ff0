"""Restart after a holiday: firms whose people come back, inspections that not all pass at once, districts ahead and behind.

Some firms never stopped. Every other one means to start on a day that is spread like the year before's restart (the plan has
its rates), shifted by how ready its district is; it waits for its people, then for one of the district's inspectors, and
may have to mend something. Towards the deadline the office helps those who are left, and after it strikes off the list who
has closed. The curve is S-shaped because of that, not by formula. A city's survey is the sum of its districts'.

`python -m producers.plant_restart` publishes it day by day; it takes the options of `milepost simulate`.
"""

from bisect import bisect_right
from collections.abc import Generator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any, Final, NamedTuple

import simpy

from producers.chance import stream, wait
from producers.script import run_as_script
from producers.site import DAY, Plan, Site, Steps

__all__ = ["District", "RestartOf", "plant_restart"]

_USUAL_RATES: Final = ((-7, 12.0), (-1, 50.0), (0, 70.0), (3, 88.0), (7, 97.0))
"""Day after the holiday's end and rate, for plans without an earlier year (assumed)."""
_MORE_CONTINUOUS: Final = 1.2
"""Firms that do not stop, against the year before; published were 277 after 229."""
_READINESS_DAYS: Final = 0.9
"""How far districts differ in readiness."""
_EARLIER_DAYS: Final = 1.75
"""How much earlier than the year before firms mean to start."""
_FIRMS_PER_INSPECTOR: Final = 60
_FAILS_INSPECTION: Final = 0.12
_CLOSED: Final = 0.003
_SURVEYED_AT: Final = 17
_HELP_DAYS: Final = 3
_CORRECTED: Final = 0.01
"""Share of the firms by which a day's evening must differ from its survey to be stated again next morning."""


class RestartOf(NamedTuple):
    """A part of a restart with a stream of chance of its own: its project's id, and its plan."""

    project_id: str
    plan: Plan


def plant_restart(
    project_id: str, plan: Plan, seed: int, parts: Sequence[RestartOf] = (), whole: Plan | None = None
) -> Site:
    """The restart of a city with the parts given, or of one part of the `whole`: each part has the same numbers in both."""
    site = Site(project_id, plan, seed)
    usual = _rates(plan) or _rates(whole or plan) or _USUAL_RATES
    of = parts or (RestartOf(project_id, plan),)
    districts = [District(site, each, usual, stream(seed, each.project_id, "firms")) for each in of]
    site.begin(Surveys(site, districts), heartbeat=False)
    return site


def _rates(plan: Plan) -> Sequence[tuple[int, float]]:
    previous = (plan["restart"].get("previous") or {}).get("rates") or ()
    by_day = sorted((each["day"], each["rate"]) for each in previous)
    rising = accumulate((min(100, rate) for _, rate in by_day), max)
    return [(day, rate) for (day, _), rate in zip(by_day, rising, strict=True)]


class District:
    """The firms of one district on their way back."""

    def __init__(self, site: Site, of: RestartOf, usual: Sequence[tuple[int, float]], chance: Random) -> None:
        restart = of.plan["restart"]
        self.site = site
        self.population: int = round(restart.get("population") or 100)
        self.continuous = round(self.population * min(100, usual[0][1] * _MORE_CONTINUOUS) / 100)
        self.resumed = self.continuous
        self._usual = usual
        self._chance = chance
        self._holiday_end = _day(restart.get("holiday_end")) or site.first_day
        self._due = _day(restart.get("due")) or self._holiday_end + timedelta(days=7)
        self._shift = round(chance.uniform(-_READINESS_DAYS, _READINESS_DAYS), 3) - _EARLIER_DAYS
        self._inspectors = simpy.Resource(
            site.env, capacity=max(1, round(self.population / _FIRMS_PER_INSPECTOR))
        )
        for _ in range(self.population - self.continuous):
            site.start(self._come_back())

    def strike_off(self) -> None:
        """Take those off the list who have not come back."""
        self.population = self.resumed

    def _come_back(self) -> Steps:
        yield self.site.env.timeout(self._planned_minute())
        yield self.site.env.timeout(wait(self._chance, 0.25 * DAY))
        passed = False
        while not passed:
            passed = yield from self._inspect()
        self.resumed += 1

    def _planned_minute(self) -> int:
        """When a firm means to start: drawn from the usual curve by inversion, then shifted; late ones are helped."""
        if self._chance.random() < _CLOSED:
            return 400 * DAY
        first = self._usual[0][1]
        rate = self._chance.uniform(first, 100)
        day = _day_of_rate(self._usual, rate, self._chance) + self._shift
        latest = (self._due - self._holiday_end).days - 0.5
        if day > latest - _HELP_DAYS:
            day = min(day, latest - self._chance.uniform(0, _HELP_DAYS))
        begin = (self._holiday_end - self.site.first_day).days
        return max(0, round((begin + day) * DAY))

    def _inspect(self) -> Generator[simpy.Event, Any, bool]:
        """Wait for an inspector in working hours; whoever fails mends for a day and asks again."""
        with self._inspectors.request() as inspector:
            yield inspector
            if not 8 <= self.site.minute % DAY // 60 < 18:
                yield self.site.next(8)
            yield self.site.env.timeout(self._chance.randint(40, 80))
        if self._chance.random() >= _FAILS_INSPECTION:
            return True
        yield self.site.env.timeout(self._chance.randint(8, 30) * 60)
        return False


def _day_of_rate(rates: Sequence[tuple[int, float]], rate: float, chance: Random) -> float:
    """Day on which the usual curve passed a rate; the end of a day has its rate. Beyond the last known one, some days more."""
    index = max(1, bisect_right([known for _, known in rates], rate))
    if index == len(rates):
        return rates[-1][0] + 1 + chance.uniform(0, 3)
    (day, low), (next_day, high) = rates[index - 1], rates[index]
    return day + 1 + (next_day - day) * (rate - low) / (high - low)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


class Surveys:
    """The office's daily survey of its districts."""

    def __init__(self, site: Site, districts: Sequence[District]) -> None:
        self.site, self.districts = site, districts
        self._due = _day(site.plan["restart"].get("due"))
        self._struck_off = False
        site.start(self._survey())
        site.start(self._correct())

    @property
    def finished(self) -> bool:
        """Whether everybody on the list is back."""
        return all(district.resumed >= district.population for district in self.districts)

    def _survey(self) -> Steps:
        for evening in self.site.evenings(_SURVEYED_AT):
            yield evening
            if self._due and self.site.today > self._due + timedelta(days=1):
                self._strike_off()
            self._surveyed = self._resumed()
            self._state(self.site.today)

    def _correct(self) -> Steps:
        """In the morning: who came back the evening before, after the survey."""
        for morning in self.site.evenings(8, 30):
            yield morning
            yesterday = self.site.today - timedelta(days=1)
            if (
                yesterday >= self.site.first_day
                and self._resumed() - self._surveyed > _CORRECTED * self._population()
            ):
                self._state(yesterday, revision=1, note="含晚间复工 with those of the evening")

    def _strike_off(self) -> None:
        for district in self.districts:
            district.strike_off()
        self._struck_off = True

    def _resumed(self) -> int:
        return sum(district.resumed for district in self.districts)

    def _population(self) -> int:
        return sum(district.population for district in self.districts)

    def _state(self, day: date, **more: Any) -> None:
        self.site.say(
            "restart.surveyed",
            as_of=day,
            resumed=self._resumed(),
            population=self._population() if self._struck_off else None,
            continuous=sum(district.continuous for district in self.districts),
            **more,
        )


if __name__ == "__main__":
    run_as_script("plant-restart")
