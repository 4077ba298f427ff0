"""The battery foil lines: built first, then run up shift by shift until the plant is in full production.

`python -m producers.battery_foil` publishes it day by day; it takes the options of `milepost simulate`.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import simpy

from producers.construction import Construction, Manner
from producers.foil_mill import FoilLine, Shift
from producers.line_plan import LinePlan
from producers.milestones import Milestones
from producers.script import run_as_script
from producers.site import Plan, Site, Steps

__all__ = ["ShiftReports", "battery_foil"]

_BUILDING: Final = Manner(vigour=1.2, vigour_max=1.4, civil_vigour=1.4)
_ENDS: Final = ((7, 45), (15, 45), (23, 45))
_SHIFTS: Final = ("night", "day", "evening")
_FULL: Final = 0.88
"""Share of its capacity at which a line is in full production."""
_RATED_DAYS: Final = 14
_INSPECTED_AGAIN: Final = 0.08
"""How often the laboratory finds more scrap the next morning."""


def battery_foil(project_id: str, plan: Plan, seed: int) -> Site:
    """A plant under construction whose lines start as they are installed."""
    site = Site(project_id, plan, seed)
    line_plans = [LinePlan(data) for data in plan.get("lines") or ()]
    construction = Construction(site, _BUILDING)
    driven = _driven_by_output(plan, line_plans)
    milestones = Milestones(site, construction, driven)
    crew = simpy.Resource(site.env, capacity=1)
    lines = [FoilLine(site, each, _installed(site, milestones, each), crew) for each in line_plans]
    site.start(_run_up(site, milestones, driven, lines))
    site.begin(construction, milestones, ShiftReports(site, lines))
    return site


def _driven_by_output(plan: Plan, lines: Sequence[LinePlan]) -> list[str]:
    """Milestones planned to begin when a line already runs: they are reached by what the lines make."""
    first = min((line.first_day for line in lines if line.first_day), default=date.max)
    planned = plan.get("milestones") or ()
    return [
        each["id"] for each in planned if each.get("start") and date.fromisoformat(each["start"]) >= first
    ]


def _installed(site: Site, milestones: Milestones, line: LinePlan) -> simpy.Event:
    """The milestone that names the line, else the first day of the line's plan."""
    for gate in milestones.gates:
        if line.id.casefold() in re.split(r"[\W_]+", gate.id.casefold()):
            return gate.reached
    return site.until(line.first_day or site.first_day, 7)


def _run_up(site: Site, milestones: Milestones, driven: Sequence[str], lines: Sequence[FoilLine]) -> Steps:
    """The k-th of n milestones is reached when every line has kept k/n of full production for some days."""
    for evening in site.evenings(17):
        yield evening
        slowest = min((line.rate(_RATED_DAYS) / line.plan.capacity for line in lines), default=0.0)
        for number, milestone in enumerate(driven, start=1):
            wanted = _FULL * number / len(driven)
            milestones.drive(milestones.gate(milestone), round(slowest / wanted, 4))


class ShiftReports:
    """What each shift of each line states after its end, and what the laboratory corrects the next morning."""

    def __init__(self, site: Site, lines: Sequence[FoilLine]) -> None:
        self.site, self.lines = site, lines
        self._chance: Random = site.stream("laboratory")
        for number in range(len(_SHIFTS)):
            site.start(self._report(number))
        site.start(self._inspect())

    @property
    def finished(self) -> bool:
        """Whether the last planned day has been reported."""
        last = [line.plan.last_day for line in self.lines if line.plan.last_day]
        return not last or self.site.today >= max(last)

    def _report(self, number: int) -> Steps:
        for end in self.site.evenings(*_ENDS[number]):
            yield end
            for line in self.lines:
                if shift := line.shifts.get((self.site.today, number)):
                    self._state(line, self.site.today, number, shift)

    def _inspect(self) -> Steps:
        for morning in self.site.evenings(10):
            yield morning
            yesterday = self.site.today - timedelta(days=1)
            for line in self.lines:
                for number in range(len(_SHIFTS)):
                    shift = line.shifts.get((yesterday, number))
                    if shift and shift.made and self._chance.random() < _INSPECTED_AGAIN:
                        shift.scrap += round(shift.made * self._chance.uniform(0.01, 0.03))
                        shift.note = "复检降级 downgraded by the laboratory"
                        self._state(line, yesterday, number, shift, revision=1)

    def _state(
        self, line: FoilLine, day: date, number: int, shift: Shift, *, revision: int | None = None
    ) -> None:
        self.site.say(
            "production.reported",
            line=line.plan.id,
            period_start=day,
            period_end=day,
            shift=_SHIFTS[number],
            **_amounts(line, shift),
            **_times(line, shift),
            note=shift.note or None,
            revision=revision,
        )


def _amounts(line: FoilLine, shift: Shift) -> dict[str, Any]:
    rework = min(shift.rework, shift.made - shift.scrap)
    good = shift.made - shift.scrap - rework
    tonnes = {"quantity": shift.made, "good": good, "scrap": shift.scrap, "rework": rework}
    return {"unit": line.plan.unit, **{name: hundredths / 100 for name, hundredths in tonnes.items()}}


def _times(line: FoilLine, shift: Shift) -> dict[str, Any]:
    """ISO 22400: the unit is planned busy while it has orders; busy is production, setup and delay."""
    busy = shift.production + shift.setup + shift.delay
    minutes = {
        "planned_busy_time": busy + shift.waiting,
        "unit_busy_time": busy,
        "unit_processing_time": shift.production + shift.setup,
        "production_time": shift.production,
        "setup_time": shift.setup,
        "delay_time": shift.delay,
        "order_execution_time": busy + shift.waiting,
    }
    hours = {name: value / 60 for name, value in minutes.items()}
    return {**hours, "planned_run_time_per_item": int(10_000 / line.speed) / 10_000}


if __name__ == "__main__":
    run_as_script("battery-foil")
