"""A building site: work items that crews build stage by stage in the weather, and the milestones that follow from them.

What is late has a cause: no crew was free, material did not come, the weather forbade it, an inspection failed. On the
last day of a month a site claims what it hopes to finish that night; the measurement of the next morning corrects it.
When behind its schedule it works harder and calls more crews.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

import simpy

from producers.chance import wait
from producers.holidays import in_spring_festival
from producers.site import DAY, Plan, Site, Steps
from producers.weather import Weather

__all__ = ["Construction", "Item", "Manner", "weighted"]

_FESTIVAL_WORK: Final = 0.35
_FOUL: Final = 0.5
_SHORT_DAYS: Final = 14
_REVIEWED_DAYS: Final = 14
_BEHIND: Final = 0.02
"""Share of the whole work by which a site must be behind to work harder."""


@dataclass(frozen=True)
class Manner:
    """How a site builds. Means are assumed; what happens is drawn."""

    stages: int = 1
    crews: int | None = None
    """Crews at the beginning; each builds one stage at a time. None: one for each item."""
    crews_more: int = 0
    """How many more come when the site falls behind."""
    vigour: float = 1.15
    """Work done on a clear day, against the plan's mean day."""
    vigour_max: float = 1.4
    civil_vigour: float = 1.02
    """The same for work that is no item: most of it is planned with little to spare."""
    late_delivery_days: float = 0.0
    """Mean delay of the material of a stage."""
    defects: float = 0.0
    """How often a finished stage has to be repaired before the next begins."""
    material_share: float = 0.55
    """Share of the budget that is spent with deliveries; the rest is crews' time."""


@dataclass(eq=False)
class Item:
    """A work item: what is planned, how much of it is built, and how much was claimed. Shares are 0…1."""

    id: str
    unit: str
    quantity: float
    weight: float
    start: date
    finish: date
    built: simpy.Event
    share: float = 0.0
    claimed: float = 0.0
    reported_on: date | None = None
    delivered: int = 0
    waits_for: str = ""
    deliveries: list[simpy.Event] = field(default_factory=list)

    @property
    def days(self) -> int:
        """Planned duration."""
        return max(1, (self.finish - self.start).days)

    def planned_share(self, day: date) -> float:
        """Share that should be built by the end of a day."""
        return min(1.0, max(0.0, (day - self.start).days / self.days))

    def amount(self, share: float) -> float:
        """A share as a quantity with as many decimals as a site would write."""
        if share >= 1:
            return self.quantity
        places = max(0, 4 - len(str(int(self.quantity))))
        scale = 10**places
        done = int(Decimal(repr(self.quantity)) * Decimal(repr(share)) * scale)
        return done / scale if places else done


def _item(env: simpy.Environment, data: dict[str, Any], plan: Plan) -> Item:
    start = date.fromisoformat(data.get("start") or plan["start"])
    finish = data.get("finish") or plan.get("finish")
    quantity, weight = data.get("quantity"), data.get("weight")
    return Item(
        id=data["id"],
        unit=data.get("unit") or "1",
        quantity=100 if quantity is None else quantity,
        weight=1 if weight is None else weight,
        start=start,
        finish=date.fromisoformat(finish) if finish else start + timedelta(days=90),
        built=env.event(),
    )


class Construction:
    """The work items of a site. Its milestones are a part of their own (`producers.milestones`)."""

    def __init__(self, site: Site, manner: Manner) -> None:
        self.site, self.manner = site, manner
        self.items = [_item(site.env, data, site.plan) for data in site.plan.get("work_items") or ()]
        self.vigour = manner.vigour
        self.weather = Weather(site.stream("weather"), site.first_day)
        self.worked: list[float] = []
        """How much of a planned day's work each day allowed so far."""
        self.crew_days = 0.0
        self._chance = site.stream("construction")
        self._crews = self._hire(manner.crews or max(1, len(self.items)), manner.crews_more)
        self._crews_to_come = manner.crews_more
        for item in self.items:
            self._order_material(item)
            site.start(self._build(item))
        site.start(self._note_days())
        site.start(self._report())
        site.start(self._measure())

    @property
    def finished(self) -> bool:
        """Whether every item is built."""
        return all(item.share >= 1 for item in self.items)

    @property
    def share(self) -> float:
        """Built share of all work, by weight."""
        return weighted(self.items, [item.share for item in self.items])

    def day_of_work(self, planned_days: int) -> float:
        """How much of a planned day's work today allows. Short work that is planned into a holiday has its crews there."""
        today = self.site.today
        at_home = in_spring_festival(today) and planned_days > _SHORT_DAYS
        return round(self.vigour * self.weather.on(today).work * (_FESTIVAL_WORK if at_home else 1.0), 6)

    def recent_pace(self) -> float:
        """Mean of what the last weeks allowed."""
        recent = self.worked[-_REVIEWED_DAYS:]
        return max(0.2, sum(recent) / len(recent)) if recent else 1.0

    def foul_days(self, days: int) -> int:
        """How many of the last days allowed little outdoor work."""
        recent = (self.site.today - timedelta(days=number) for number in range(days))
        return sum(self.weather.on(day).work < _FOUL for day in recent if day >= self.site.first_day)

    def expected(self, item: Item) -> date:
        """Day on which an item will be built at the present pace."""
        begin = max(self.site.today, item.start)
        return begin + timedelta(days=round((1 - item.share) * item.days / self.recent_pace()))

    def planned_share(self) -> float:
        """Share of all work that should be built by the end of today."""
        return weighted(self.items, [item.planned_share(self.site.today) for item in self.items])

    def review(self, planned: float, done: float) -> None:
        """The weekly look at the schedule: work harder and call crews when behind, ease off when ahead."""
        if planned - done > _BEHIND:
            self.vigour = min(self.manner.vigour_max, round(self.vigour + 0.05, 6))
            if self._crews_to_come:
                self._crews_to_come -= 1
                self._crews.put(1)
        elif planned <= done:
            self.vigour = max(self.manner.vigour, round(self.vigour - 0.05, 6))

    def spent_share(self) -> float:
        """Share of the budget of the items spent on what was delivered and worked."""
        delivered = sum(item.delivered for item in self.items) / (len(self.items) * self.manner.stages)
        material = self.manner.material_share
        return material * delivered + (1 - material) * self.crew_days / sum(item.days for item in self.items)

    # -- building ----------------------------------------------------------------------------------------------

    def _hire(self, crews: int, more: int) -> simpy.Container:
        return simpy.Container(self.site.env, capacity=crews + more, init=crews)

    def _order_material(self, item: Item) -> None:
        for stage in range(self.manner.stages):
            arrived = self.site.env.event()
            item.deliveries.append(arrived)
            planned = item.start + timedelta(days=item.days * stage // self.manner.stages - 5)
            self.site.start(self._deliver(item, planned, arrived))

    def _deliver(self, item: Item, planned: date, arrived: simpy.Event) -> Steps:
        yield self.site.until(planned, 8)
        yield self.site.env.timeout(wait(self._chance, self.manner.late_delivery_days * DAY))
        item.delivered += 1
        arrived.succeed()

    def _build(self, item: Item) -> Steps:
        yield self.site.until(item.start)
        for stage, material in enumerate(item.deliveries, start=1):
            item.waits_for = "" if material.triggered else "等待材料到货 waiting for material"
            yield material
            item.waits_for = "等待班组 waiting for a crew"
            yield self._crews.get(1)
            item.waits_for = ""
            yield from self._work(item, stage / self.manner.stages)
            if self._chance.random() < self.manner.defects:
                item.waits_for = "焊缝返修 repair after inspection"
                yield self.site.env.timeout(self._chance.randint(1, 3) * DAY)
                item.waits_for = ""
            yield self._crews.put(1)
        item.built.succeed()

    def _work(self, item: Item, target: float) -> Steps:
        while item.share < target:
            yield self.site.next(17)
            item.share = min(target, round(item.share + self.day_of_work(item.days) / item.days, 9))
            self.crew_days += 1.0

    def _note_days(self) -> Steps:
        for evening in self.site.evenings(17):
            yield evening
            self.worked.append(self.day_of_work(_SHORT_DAYS + 1))

    # -- reporting ---------------------------------------------------------------------------------------------

    def _report(self) -> Steps:
        """What each begun item has come to, as claimed, until it is built."""
        for evening in self.site.evenings(18):
            yield evening
            if self.site.reports_today or self.finished:
                for item in self.items:
                    self._report_item(item)

    def _report_item(self, item: Item) -> None:
        if self.site.today < item.start or item.claimed >= 1:
            return
        item.claimed = self._claim(item)
        item.reported_on = self.site.today
        note = item.waits_for or self.weather.on(self.site.today).note
        self._state(item, self.site.today, note or None)

    def _claim(self, item: Item) -> float:
        """The share built; on the last day of a month with what is hoped for the night, but never the whole."""
        if item.share >= 1 or (self.site.today + timedelta(days=1)).day != 1:
            return item.share
        hoped = self._chance.uniform(0, 2) / item.days
        return max(item.share, min(0.999, round(item.share + hoped, 9)))

    def _measure(self) -> Steps:
        """On the first of a month the quantities are measured; the last claim is corrected."""
        for morning in self.site.evenings(10):
            yield morning
            if self.site.today.day == 1:
                for item in self.items:
                    self._correct(item)

    def _correct(self, item: Item) -> None:
        if item.reported_on is None or item.claimed >= 1:
            return
        claimed, item.claimed = item.claimed, item.share
        if item.amount(claimed) != item.amount(item.share):
            self._state(item, item.reported_on, "月末实测 measured at the end of the month", revision=1)

    def _state(self, item: Item, day: date, note: str | None, revision: int | None = None) -> None:
        self.site.say(
            "work.reported",
            item=item.id,
            as_of=day,
            quantity=item.amount(item.claimed),
            unit=item.unit,
            note=note,
            revision=revision,
        )


class _Weighted(Protocol):
    @property
    def weight(self) -> float: ...


def weighted(parts: Sequence[_Weighted], shares: Sequence[float]) -> float:
    """Share of a whole from the shares of its parts."""
    total = sum(part.weight for part in parts)
    done = sum(part.weight * share for part, share in zip(parts, shares, strict=True))
    return done / total if total else 1.0
