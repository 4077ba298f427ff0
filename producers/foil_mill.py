"""A foil rolling line: coils from a crew that learns, strip breaks, roll changes, bearings that wear out, one repair crew.

Planning releases orders for a day: the plan and what is missing of it, but no more than annealing can take in a day,
which is the line's capacity. The mill runs in one, two or three shifts as the orders need. Every minute of a shift
on duty is production, setup, delay, waiting for the crane, or idle for want of orders, so the times of a report add up
as in ISO 22400.
Durations are multiples of three minutes: hours then have two decimals.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

import simpy

from producers.chance import lifetime
from producers.line_plan import LinePlan
from producers.site import DAY, Site, Steps

__all__ = ["FoilLine", "Shift"]

_GRAIN: Final = 3
_SHIFT: Final = 480
_OFFSET: Final = 30
"""The night shift of a day begins half an hour before its midnight."""
_ON_DUTY: Final[tuple[tuple[int, ...], ...]] = ((), (1,), (1, 2), (0, 1, 2))
"""Which shifts work when so many do."""
_COIL_DAYS: Final = (0.059, 0.065)
"""Weight of a coil, as a share of what annealing takes in a day: sixteen and a bit of them."""
_SPEED_RESERVE: Final = 0.84
"""Capacity as a share of what the mill would roll without a stop."""
_CRANE_BUSY: Final = 0.3
_COILS_PER_SETUP: Final = 6
_CATCH_UP: Final = 0.3
"""How much more than the plan of a day planning releases to make up for a backlog."""
_WEAR_DAYS: Final = 16.0
_WEAR_SHAPE: Final = 1.3
_LOOK_AGAIN: Final = 30
"""After how many minutes a crew that waits for a repair looks whether it is done."""
_MAJOR: Final = 0.4
"""How often a failure is one of a main bearing, whose spare part takes days."""

_BEARING: Final = "主轧机轴承故障，等备件 main bearing failed, waiting for the spare"
_STOPPED: Final = "停机抢修 under repair"


@dataclass
class Shift:
    """What one shift did: minutes by kind, and tonnes in hundredths."""

    production: int = 0
    setup: int = 0
    delay: int = 0
    waiting: int = 0
    idle: int = 0
    coils: int = 0
    made: int = 0
    scrap: int = 0
    rework: int = 0
    note: str = ""


class FoilLine:
    """One line, from its installation on."""

    def __init__(
        self, site: Site, plan: LinePlan, installed: simpy.Event, repair_crew: simpy.Resource
    ) -> None:
        self.site, self.plan = site, plan
        self.installed_on: date | None = None
        self.made_on: dict[date, int] = {}
        """Hundredths of tonnes by day."""
        self.shifts: dict[tuple[date, int], Shift] = {}
        self.speed = plan.capacity / 24 / _SPEED_RESERVE
        """Tonnes per hour without a stop."""
        self._installed, self._repair_crew = installed, repair_crew
        self._chance: Random = site.stream("line", plan.id)
        self._orders = 0
        self._backlog = 0.0
        self._crews = 0
        self._coils = 0
        self._wear_left = self._new_life()
        self._at = (site.first_day, 0)
        site.start(self._release_orders())
        site.start(self._run())

    def rate(self, days: int) -> float:
        """Mean output per day of the last days before today, in tonnes."""
        before = (self.site.today - timedelta(days=number + 1) for number in range(days))
        return sum(self.made_on.get(day, 0) for day in before) / days / 100

    # -- planning ----------------------------------------------------------------------------------------------

    def _release_orders(self) -> Steps:
        """Each night at the change of shifts: orders of the coming day, and as many shifts as they need."""
        yield self._installed
        self.installed_on = self.site.today
        for night in self.site.evenings(23, 30):
            self._plan_day()
            yield night

    def _plan_day(self) -> None:
        day = self._window()[0]
        missing = self._planned_until(day - timedelta(days=1)) - sum(self.made_on.values()) / 100
        wanted = self.plan.on(day)
        released = wanted + min(max(0.0, missing), _CATCH_UP * wanted)
        self._orders = int(100 * min(released, self.plan.capacity))
        hours = self._orders / 100 / (self.speed * self._skill) * 1.25
        self._crews = min(3, -(-round(60 * hours) // _SHIFT))

    def _planned_until(self, day: date) -> float:
        first = self.plan.first_day or day
        return sum(self.plan.on(first + timedelta(days=number)) for number in range((day - first).days + 1))

    # -- rolling -----------------------------------------------------------------------------------------------

    @property
    def _skill(self) -> float:
        """Speed reached, as a share of the mill's; crews learn with every coil."""
        return 0.97 - 0.42 / (1 + self._coils / 40)

    def _run(self) -> Steps:
        yield self._installed
        while True:
            coil = max(1, round(100 * self.plan.capacity * self._chance.uniform(*_COIL_DAYS)))
            yield from self._wait_for_order(coil)
            if self._chance.random() < _CRANE_BUSY:
                yield from self._spend("waiting", self._chance.randint(1, 4) * _GRAIN)
            if self._coils % _COILS_PER_SETUP == 0:
                yield from self._spend("setup", self._chance.randint(12, 24) * _GRAIN)
            yield from self._roll(coil)

    def _wait_for_order(self, coil: int) -> Steps:
        while self._orders < coil:
            yield from self._spend("idle", self._until_next_window())

    def _roll(self, coil: int) -> Steps:
        minutes = 60 * coil / 100 / (self.speed * self._skill)
        scrap = round(coil * self._chance.uniform(0.03, 0.045))
        breaks = self._chance.random() < 0.02 + 0.2 / (1 + self._coils / 60)
        if breaks:
            scrap += round(coil * self._chance.uniform(0.1, 0.4))
        yield from self._spend("production", _GRAIN * max(1, round(minutes / _GRAIN)), coil, scrap)
        if breaks:
            yield from self._spend("delay", self._chance.randint(5, 15) * _GRAIN)
            self._note("断带 strip break")
        self._finish(coil)
        self._wear_left -= round(minutes)
        if self._wear_left <= 0:
            yield from self._break_down()

    def _finish(self, coil: int) -> None:
        shift = self._shift()
        shift.coils += 1
        if self._chance.random() < 0.05:
            shift.rework += round(coil * 0.2)
        self._coils += 1
        self._orders -= coil

    def _break_down(self) -> Steps:
        major = self._chance.random() < _MAJOR
        hours = self._chance.uniform(30, 84) if major else self._chance.uniform(2, 9)
        with self._repair_crew.request() as crew:
            repaired = self.site.env.event()
            self.site.start(self._repair(crew, round(hours * 20) * _GRAIN, repaired))
            while not repaired.triggered:
                yield from self._spend("delay", _LOOK_AGAIN)
                self._note(_BEARING if major else _STOPPED)
        self._wear_left = self._new_life()

    def _repair(self, crew: simpy.Event, minutes: int, repaired: simpy.Event) -> Steps:
        """Repair goes on day and night, once the crew is free."""
        yield crew
        yield self.site.env.timeout(minutes)
        repaired.succeed()

    def _new_life(self) -> int:
        return lifetime(self._chance, _WEAR_DAYS * DAY * 0.8, _WEAR_SHAPE)

    # -- shifts ------------------------------------------------------------------------------------------------

    def _window(self) -> tuple[date, int, int]:
        """Day and number of the present shift, and the minute at which it ends."""
        number, into = divmod(self.site.minute + _OFFSET, _SHIFT)
        day = self.site.first_day + timedelta(days=number // 3)
        return day, number % 3, self.site.minute + _SHIFT - into

    def _until_next_window(self) -> int:
        return self._window()[2] - self.site.minute

    def _shift(self) -> Shift:
        """The shift that was on duty last: what ends with a shift is still its own."""
        return self.shifts.setdefault(self._at, Shift())

    def _book(self, kind: str, minutes: int) -> None:
        shift = self._shift()
        setattr(shift, kind, getattr(shift, kind) + minutes)

    def _note(self, text: str) -> None:
        self._shift().note = text

    def _weigh(self, made: int, scrap: int) -> None:
        """The mill's counter tells each shift what it has rolled, also of a coil that the next one ends."""
        day, shift = self._at[0], self._shift()
        shift.made += made
        shift.scrap += scrap
        self.made_on[day] = self.made_on.get(day, 0) + made

    def _spend(self, kind: str, minutes: int, made: int = 0, scrap: int = 0) -> Steps:
        """Let minutes on duty pass and book them, with what is made in them; without a shift the mill stands still."""
        left = minutes
        while left > 0:
            day, number, end = self._window()
            on_duty = number in _ON_DUTY[self._crews]
            step = min(left, end - self.site.minute) if on_duty else end - self.site.minute
            yield self.site.env.timeout(step)
            if on_duty:
                self._at = (day, number)
                self._book(kind, step)
                self._weigh(
                    *(whole * left // minutes - whole * (left - step) // minutes for whole in (made, scrap))
                )
            if on_duty or kind == "idle":
                left -= step
