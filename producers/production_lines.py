"""Running lines of other plants, in two kinds, told apart by what they count.

What is weighed or measured comes from many cells side by side (electrolysis pots), of which a few are always down. What is
counted in pieces (trains) arrives by a timetable with gaps, queues, and is served by one machine that breaks down.
"""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Final

import simpy

from producers.chance import lifetime, wait
from producers.line_plan import LinePlan
from producers.site import DAY, Site, Steps
from producers.units import is_counted

__all__ = ["ProductionLines"]

_CELLS: Final = 300
_CELL_DAYS: Final = 420.0
"""Mean life of a cell between two repairs."""
_CELL_REPAIR: Final = (1, 4)
_MACHINE_DAYS: Final = 12.0
_MACHINE_REPAIR_HOURS: Final = (3, 20)
_SERVED_PER_DAY_MAX: Final = 200
"""Where more are counted in a day, so many of them come and are served as one."""
_TRAFFIC: Final = 1.04
"""How many pieces come, against the plan."""


class _Cells:
    """Cells side by side; what they make in a day is what ran of them, at a current that is never quite the rated one."""

    def __init__(self, site: Site, plan: LinePlan) -> None:
        self.site, self.plan = site, plan
        self._chance: Random = site.stream("cells", plan.id)
        self._running = _CELLS
        self._cell_minutes = 0
        self._counted_at = 0
        for _ in range(_CELLS):
            site.start(self._live())

    def made_today(self) -> float:
        """Output since this was asked last."""
        self._count()
        minutes, self._cell_minutes = self._cell_minutes, 0
        current = self._chance.uniform(0.993, 1.0)
        return round(self.plan.capacity * current * minutes / (_CELLS * DAY), 1)

    def note(self) -> str | None:
        """What the day's report says besides."""
        down = _CELLS - self._running
        return f"停槽{down}台 {down} cells down" if down else None

    def _count(self) -> None:
        self._cell_minutes += self._running * (self.site.minute - self._counted_at)
        self._counted_at = self.site.minute

    def _live(self) -> Steps:
        while True:
            yield self.site.env.timeout(lifetime(self._chance, _CELL_DAYS * DAY, 1.0))
            self._switch(-1)
            yield self.site.env.timeout(self._chance.randint(*_CELL_REPAIR) * DAY)
            self._switch(1)

    def _switch(self, by: int) -> None:
        self._count()
        self._running += by


class _Machine:
    """A machine that serves one piece after the other."""

    def __init__(self, site: Site, plan: LinePlan) -> None:
        self.site, self.plan = site, plan
        self._chance: Random = site.stream("machine", plan.id)
        self._queue = simpy.Store(site.env)
        self._batch = max(1, round(plan.capacity / _SERVED_PER_DAY_MAX))
        self._done = 0
        self._down = False
        site.start(self._arrive())
        site.start(self._serve())

    def made_today(self) -> float:
        """Pieces since this was asked last."""
        done, self._done = self._done, 0
        return done

    def note(self) -> str | None:
        """What the day's report says besides."""
        return "设备检修 machine under repair" if self._down else None

    def _arrive(self) -> Steps:
        while True:
            planned = self.plan.on(self.site.today)
            yield self.site.env.timeout(
                wait(self._chance, DAY * self._batch / (planned * _TRAFFIC)) if planned else DAY
            )
            yield self._queue.put(1)

    def _serve(self) -> Steps:
        minutes = max(1, round(DAY * self._batch / self.plan.capacity))
        left = lifetime(self._chance, _MACHINE_DAYS * DAY, 1.5)
        while True:
            yield self._queue.get()
            yield self.site.env.timeout(minutes)
            self._done += self._batch
            left -= minutes
            if left <= 0:
                yield from self._repair()
                left = lifetime(self._chance, _MACHINE_DAYS * DAY, 1.5)

    def _repair(self) -> Steps:
        self._down = True
        yield self.site.env.timeout(self._chance.randint(*_MACHINE_REPAIR_HOURS) * 60)
        self._down = False


class ProductionLines:
    """All lines of a plant, reported once a reporting interval, late in the evening."""

    def __init__(self, site: Site) -> None:
        self.site = site
        plans = [LinePlan(data) for data in site.plan.get("lines") or ()]
        self._lines: Sequence[_Cells | _Machine] = [
            _Machine(site, plan) if is_counted(plan.unit) else _Cells(site, plan) for plan in plans
        ]
        self._since = site.first_day
        self._last = _last_day(site, plans)
        site.start(self._report())

    @property
    def finished(self) -> bool:
        """Whether the last planned day has come."""
        return self._last is not None and self.site.today >= self._last

    def _report(self) -> Steps:
        for evening in self.site.evenings(23, 30):
            yield evening
            if self.site.reports_today or self.finished:
                for line in self._lines:
                    self._state(line)
                self._since = date.fromordinal(self.site.today.toordinal() + 1)

    def _state(self, line: "_Cells | _Machine") -> None:
        self.site.say(
            "production.reported",
            line=line.plan.id,
            period_start=self._since,
            period_end=self.site.today,
            quantity=line.made_today(),
            unit=line.plan.unit,
            note=line.note(),
        )


def _last_day(site: Site, plans: Sequence[LinePlan]) -> date | None:
    if finish := site.plan.get("finish"):
        return date.fromisoformat(finish)
    return max((plan.last_day for plan in plans if plan.last_day), default=None)
