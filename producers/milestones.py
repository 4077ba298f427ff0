"""Milestones of a building site, its weekly meeting and its week in words: percent, forecasts that slip with their causes, cost.

A milestone named after a work item (`tank-1-accepted` after `tank-1`) is the test that follows it. Any other is work of its
own, begun when it is planned to begin and everything planned to be done by then is done. A model may drive some
milestones itself: it says their share, and they are reached when that is whole.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import simpy

from producers.chance import wait
from producers.construction import Construction, Item, weighted
from producers.site import DAY, Site, Steps

__all__ = ["Gate", "Milestones"]

_MONDAY: Final = 0
_FRIDAY: Final = 4
_TROUBLED: Final = 0.35
"""How often a milestone waits for a late delivery on its way."""
_TEST_FAILS: Final = 0.12
_FAILS_AT: Final = 0.8
_MOVED: Final = timedelta(days=2)
"""By how much a forecast must move to be stated anew."""


@dataclass(eq=False)
class Gate:
    """A milestone on its way: planned, how far it is, what stands before it."""

    id: str
    weight: float
    start: date
    finish: date
    reached: simpy.Event
    item: Item | None
    driven: bool
    before: list["Gate"] = field(default_factory=list)
    share: float = 0.0
    reached_on: date | None = None
    percent_said: int | None = None
    forecast_said: date | None = None

    @property
    def days(self) -> int:
        """Planned duration; of a test, from the planned end of the work."""
        begin = self.start if self.item is None else self.item.finish
        return max(1, (self.finish - begin).days)

    @property
    def percent(self) -> int:
        """Whole percent complete; 100 only when reached. A test is the last third of what it follows."""
        if self.reached_on is not None:
            return 100
        share = self.share if self.item is None else (2 * self.item.share + self.share) / 3
        return min(99, int(100 * share))

    def planned_share(self, day: date) -> float:
        """Share that should be done by the end of a day."""
        return min(1.0, max(0.0, (day - self.start).days / max(1, (self.finish - self.start).days)))


def _gates(site: Site, items: list[Item], driven: Collection[str]) -> list[Gate]:
    """In the order of the plan; without a start a milestone runs from the finish before it."""
    planned = site.plan.get("milestones") or ()
    last = site.plan.get("finish") or site.plan["start"]
    found: dict[str, Gate] = {}
    previous = site.first_day
    for data in sorted(planned, key=lambda each: each.get("finish") or last):
        gate = _gate(site, data, previous, date.fromisoformat(data.get("finish") or last), items, driven)
        gate.before = [other for other in found.values() if other.finish <= gate.start and not gate.item]
        found[gate.id] = gate
        previous = gate.finish
    return [found[data["id"]] for data in planned]


def _gate(
    site: Site, data: dict[str, Any], previous: date, finish: date, items: list[Item], driven: Collection[str]
) -> Gate:
    start = data.get("start")
    weight = data.get("weight")
    return Gate(
        id=data["id"],
        weight=1 if weight is None else weight,
        start=date.fromisoformat(start) if start else min(previous, finish),
        finish=finish,
        reached=site.env.event(),
        item=next((item for item in items if data["id"].startswith(f"{item.id}-")), None),
        driven=data["id"] in driven,
    )


def _has_moved(gate: Gate, expected: date) -> bool:
    if gate.forecast_said is None or gate.percent != gate.percent_said:
        return True
    return abs(expected - gate.forecast_said) >= _MOVED


def _why(gate: Gate, expected: date) -> str | None:
    late = (expected - gate.finish).days
    if late <= 0:
        return None
    cause = gate.item.waits_for if gate.item is not None else ""
    return f"晚{late}天 {late} d late" + (f"; {cause}" if cause else "")


class Milestones:
    """The milestones of a site as they are reached, the weekly meeting, and what the work has cost so far."""

    def __init__(self, site: Site, construction: Construction, driven: Collection[str] = ()) -> None:
        self.site, self.construction = site, construction
        self.gates = _gates(site, construction.items, driven)
        self._chance = site.stream("milestones")
        self._effort = 0.0
        for gate in self.gates:
            if not gate.driven:
                site.start(self._reach(gate))
        site.start(self._meet())
        site.start(self._report())
        site.start(self._account())

    @property
    def finished(self) -> bool:
        """Whether all are reached."""
        return all(gate.reached_on is not None for gate in self.gates)

    def gate(self, milestone: str) -> Gate:
        """The milestone of that id."""
        return next(gate for gate in self.gates if gate.id == milestone)

    def drive(self, gate: Gate, share: float) -> None:
        """Say how far a driven milestone is; it never goes back, and is reached when whole and nothing stands before it."""
        before, gate.share = gate.share, max(gate.share, min(1.0, share))
        self._effort += gate.weight * (gate.share - before)
        if gate.share >= 1 and gate.reached_on is None and all(other.reached_on for other in gate.before):
            self._is_reached(gate)

    def forecasts(self) -> dict[Gate, date]:
        """Day on which each milestone will be reached, as the site sees it today."""
        days: dict[Gate, date] = {}
        for gate in sorted(self.gates, key=lambda each: each.finish):
            begin = [self.site.today, *(days[other] for other in gate.before)]
            begin.append(gate.start if gate.item is None else self.construction.expected(gate.item))
            left = (1 - gate.share) * gate.days / self._civil_pace(self.construction.recent_pace())
            days[gate] = gate.reached_on or max(begin) + timedelta(days=max(1, round(left)))
        return days

    def _civil_pace(self, work: float) -> float:
        """What a day allows of work that is no item."""
        return work * self.construction.manner.civil_vigour / self.construction.manner.vigour

    # -- on the way --------------------------------------------------------------------------------------------

    def _reach(self, gate: Gate) -> Steps:
        if gate.item is not None:
            yield gate.item.built
            yield from self._test(gate)
        else:
            yield self.site.until(gate.start)
            for other in gate.before:
                yield other.reached
            yield from self._work(gate)
        self._is_reached(gate)

    def _is_reached(self, gate: Gate) -> None:
        gate.share, gate.reached_on = 1.0, self.site.today
        gate.reached.succeed()

    def _test(self, gate: Gate) -> Steps:
        """Inspection and test of what was built; the valves for it may be late, and it may fail once."""
        yield self.site.env.timeout(wait(self._chance, DAY))
        fails = self._chance.random() < _TEST_FAILS
        while gate.share < 1:
            yield self.site.next(17)
            gate.share = min(1.0, round(gate.share + 1.1 / gate.days, 9))
            if fails and gate.share > _FAILS_AT:
                fails = False
                yield self.site.env.timeout(gate.days * DAY // 2)

    def _work(self, gate: Gate) -> Steps:
        troubled_at = self._chance.uniform(0.3, 0.8) if self._chance.random() < _TROUBLED else 2.0
        while gate.share < 1:
            yield self.site.next(17)
            gate.share = min(
                1.0,
                round(gate.share + self._civil_pace(self.construction.day_of_work(gate.days)) / gate.days, 9),
            )
            self._effort += gate.weight / gate.days
            if gate.share >= troubled_at:
                troubled_at = 2.0
                yield self.site.env.timeout(self._chance.randint(3, 14) * DAY)

    # -- meetings ----------------------------------------------------------------------------------------------

    def _meet(self) -> Steps:
        for morning in self.site.evenings(9, 30):
            yield morning
            if self.site.today.weekday() == _MONDAY:
                self.construction.review(*self._standing())

    def _standing(self) -> tuple[float, float]:
        """Planned and done share of the whole: of the work items if there are any, else of the milestones."""
        if self.construction.items:
            return self.construction.planned_share(), self.construction.share
        planned = [gate.planned_share(self.site.today) for gate in self.gates]
        return weighted(self.gates, planned), weighted(self.gates, [gate.share for gate in self.gates])

    def _report(self) -> Steps:
        """What is reached is stated the same evening; on Mondays all that has moved."""
        for evening in self.site.evenings(18, 10):
            yield evening
            monday = self.site.today.weekday() == _MONDAY
            open_ones = [gate for gate in self.gates if gate.percent_said != 100]
            if monday or any(gate.reached_on for gate in open_ones):
                forecasts = self.forecasts()
                for gate in open_ones:
                    if gate.reached_on or (monday and _has_moved(gate, forecasts[gate])):
                        self._state(gate, forecasts[gate])

    def _state(self, gate: Gate, expected: date) -> None:
        gate.percent_said, gate.forecast_said = gate.percent, expected
        self.site.say(
            "milestone.reported",
            milestone=gate.id,
            as_of=self.site.today,
            percent_complete=gate.percent,
            forecast_finish=None if gate.reached_on else expected,
            actual_finish=gate.reached_on,
            note=_why(gate, expected),
        )

    # -- Fridays --------------------------------------------------------------------------------------------------

    def _account(self) -> Steps:
        """Actual cost and the state of things each Friday; cost in the unit of the budget; in percent of it where the plan does not publish it."""
        budget = self.site.plan.get("budget_at_completion") or {"value": 100, "unit": "%"}
        for evening in self.site.evenings(17, 30):
            yield evening
            if self.site.today.weekday() == _FRIDAY and self._effort + self.construction.crew_days > 0:
                spent = round(self._spent_share() * budget["value"], 2)
                self.site.say("cost.reported", as_of=self.site.today, actual_cost=spent, unit=budget["unit"])
                self._tell_the_week()

    def _tell_the_week(self) -> None:
        """How far all is, and what the weather was like, in words."""
        done, foul = round(100 * self._standing()[1], 1), self.construction.foul_days(7)
        text = f"累计完成{done}%，近七日恶劣天气{foul}天 {done} % done, {foul} foul days of the last seven"
        self.site.say("project.status_reported", as_of=self.site.today, status="started", progress_text=text)

    def _spent_share(self) -> float:
        if self.construction.items:
            return self.construction.spent_share()
        return self._effort / (sum(gate.weight for gate in self.gates) or 1)
