"""A campaign: lots of work that teams take from a queue, finish, and now and then get back from a later inspection.

A campaign that counts tasks hands each one out in waves with a due day and an owner, and says of each when it is done, reopened or
withdrawn. Any other reports how much is done, by district where the plan has districts. Teams are as many as the plan
needs; districts differ in how well they are staffed, hence ahead and behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import simpy

from producers.site import DAY, Site, Steps
from producers.units import is_counted

__all__ = ["Campaign"]

_LOTS_MEASURED: Final = 40
"""Into how many lots a measured quantity is divided."""
_LOTS_COUNTED_MAX: Final = 1000
_STAFFING: Final = (0.9, 1.1)
"""Teams against what the plan needs, by district."""
_EFFORT: Final = (0.5, 0.9, 1.7)
"""Effort of a lot against the mean: least, usual, most."""
_PARALLEL: Final = 6
"""How many lots of a share are under way at once, so far as their size is not known otherwise."""
_FEW: Final = (0.4, 0.85, 1.05)
"""Time of a lot against the campaign's where each has a team of its own."""
_TASK_DAYS: Final = 20.0
_INSPECTED_AFTER: Final = (5, 20)
_REOPENED: Final = 0.06
_WITHDRAWN: Final = 0.02
_RUSH_DAYS: Final = 45
"""Towards the due day teams work longer."""
_RUSH: Final = 1.3
_WAVES: Final = ((0.0, 0.4), (0.2, 0.25), (0.45, 0.25), (0.68, 0.1))
"""When tasks are handed out, as a share of the campaign's time, and which share of them."""
_OWNERS: Final = (
    "生态环境局 ecology bureau",
    "住房和城乡建设局 housing bureau",
    "工业和信息化局 industry bureau",
    "水利局 water bureau",
    "城市管理局 city management",
    "农业农村局 agriculture bureau",
)


@dataclass(eq=False)
class _Lot:
    """One piece of work; `size` is its amount in the campaign's unit."""

    number: int
    size: float
    effort: int
    due: date
    owner: str
    done: bool = False


class Campaign:
    """All lots of a project's campaign on their way."""

    def __init__(self, site: Site) -> None:
        self.site = site
        plan: Mapping[str, Any] = site.plan["campaign"]
        self.unit: str = plan.get("unit") or "1"
        self.due = date.fromisoformat(
            plan.get("due") or site.plan.get("finish") or str(_year_after(site.first_day))
        )
        self._by_tasks = self.unit == "task"
        districts = plan.get("districts") or ({"id": None, "total": plan.get("total")},)
        self.shares = [_Share(self, each) for each in districts]
        if not self._by_tasks:
            site.start(self._tally())

    @property
    def finished(self) -> bool:
        """Whether everything is done."""
        return all(share.finished for share in self.shares)

    @property
    def by_tasks(self) -> bool:
        """Whether it counts tasks."""
        return self._by_tasks

    def _tally(self) -> Steps:
        for evening in self.site.evenings(17):
            yield evening
            if self.site.reports_today or self.finished:
                for share in self.shares:
                    share.state()


class _Share:
    """A district's share of a campaign, or the whole of one without districts."""

    def __init__(self, campaign: Campaign, plan: Mapping[str, Any]) -> None:
        self.campaign, self.site = campaign, campaign.site
        self.district: str | None = plan["id"]
        total = plan.get("total")
        self.total: float = 100 if total is None else total
        self.due = date.fromisoformat(plan["due"]) if plan.get("due") else campaign.due
        self._chance: Random = self.site.stream("campaign", self.district or "")
        self._days = max(7, (self.due - self.site.first_day).days)
        self.lots = self._divide()
        self._queue = simpy.PriorityStore(self.site.env)
        self._said: float | None = None
        self._said_before = 0.0
        self._said_on: date | None = None
        if campaign.by_tasks:
            self.site.start(self._hand_out())
        else:
            for lot in self.lots:
                self._put(lot)
        for _ in range(self._teams()):
            self.site.start(self._team())

    @property
    def finished(self) -> bool:
        """Whether every lot is done."""
        return all(lot.done for lot in self.lots)

    @property
    def done(self) -> float:
        """Amount done so far."""
        if self.finished:
            return self.total
        return round(sum(lot.size for lot in self.lots if lot.done), 3)

    # -- planning ----------------------------------------------------------------------------------------------

    def _divide(self) -> list[_Lot]:
        sizes = self._sizes()
        number = len(sizes)
        few = number <= _PARALLEL
        mean = self._days * (1 if few else _PARALLEL / number)
        days = _TASK_DAYS if self.campaign.by_tasks else mean
        return [self._lot(index, size, _FEW if few else _EFFORT, days) for index, size in enumerate(sizes, 1)]

    def _sizes(self) -> list[float]:
        """Amounts of the lots: one each of what is counted, or more where there are very many."""
        if not is_counted(self.campaign.unit):
            return [self.total / _LOTS_MEASURED] * _LOTS_MEASURED
        whole = int(self.total)
        number = whole if self.campaign.by_tasks else min(whole, _LOTS_COUNTED_MAX)
        return [(index + 1) * whole // number - index * whole // number for index in range(number)]

    def _lot(self, number: int, size: float, spread: tuple[float, float, float], days: float) -> _Lot:
        least, usual, most = spread
        effort = round(self._chance.triangular(least, most, usual) * days * DAY)
        return _Lot(number, size, effort, self.due, self._chance.choice(_OWNERS))

    def _teams(self) -> int:
        """As many as finish all lots by the due day, times how well the district is staffed; few lots have one each."""
        if len(self.lots) <= _PARALLEL:
            return max(1, len(self.lots))
        needed = sum(lot.effort + DAY // 2 for lot in self.lots) / (self._days * DAY)
        return max(1, round(needed * self._chance.uniform(*_STAFFING)))

    def _put(self, lot: _Lot) -> None:
        self._queue.put(simpy.PriorityItem((lot.due.toordinal(), lot.number), lot))

    # -- work --------------------------------------------------------------------------------------------------

    def _team(self) -> Steps:
        while True:
            item: Any = yield self._queue.get()
            lot: _Lot = item.item
            rush = _RUSH if (self.due - self.site.today).days < _RUSH_DAYS else 1.0
            yield self.site.env.timeout(round(lot.effort / rush))
            yield self.site.next(16)
            lot.done = True
            if self.campaign.by_tasks:
                self._say_task(lot, "done", evidence=f"验收单 acceptance {self.site.today}")
            self.site.start(self._inspect_again(lot))

    def _inspect_again(self, lot: _Lot) -> Steps:
        """Some time later somebody looks again; what does not hold goes back to the queue."""
        yield self.site.env.timeout(self._chance.randint(*_INSPECTED_AFTER) * DAY)
        if self._chance.random() >= _REOPENED or self.finished or not self._can_take_out(lot):
            return
        lot.done, lot.effort = False, lot.effort // 4
        self._put(lot)
        if self.campaign.by_tasks:
            self._say_task(lot, "reopened", evidence="回头看发现问题 found wanting")
        else:
            self._correct()

    def _can_take_out(self, lot: _Lot) -> bool:
        """Whether a count without this lot would not fall below the tally before the last, which stands for good."""
        return self.campaign.by_tasks or self.done - lot.size >= self._said_before

    # -- tasks -------------------------------------------------------------------------------------------------

    def _hand_out(self) -> Steps:
        waiting = list(self.lots)
        for share_of_time, share in _WAVES:
            yield self.site.until(
                self.site.first_day + timedelta(days=3 + int(self._days * share_of_time)), 9
            )
            wave, waiting = waiting[: round(len(self.lots) * share)], waiting[round(len(self.lots) * share) :]
            self._assign(wave, share_of_time)
        self._assign(waiting, 1.0)

    def _assign(self, wave: Sequence[_Lot], share_of_time: float) -> None:
        for lot in wave:
            self._hand(lot)
            if self._chance.random() < _WITHDRAWN:
                self.site.start(self._withdraw(lot))
            else:
                self._put(lot)

    def _hand(self, lot: _Lot) -> None:
        left = max(0, (self.due - self.site.today).days)
        lot.due = self.site.today + timedelta(days=min(left, self._chance.randint(45, max(46, left))))
        self.site.say(
            "task.assigned",
            task=_task(lot),
            title=f"{self.site.plan.get('name_zh') or self.site.plan['name']} 任务{lot.number}",
            district=self.district,
            owner=lot.owner,
            assigned_on=self.site.today,
            due=lot.due,
        )

    def _withdraw(self, lot: _Lot) -> Steps:
        """A task that turns out to belong elsewhere is withdrawn, and another handed out instead."""
        yield self.site.env.timeout(self._chance.randint(10, 40) * DAY)
        self._say_task(lot, "withdrawn", evidence="并入其他任务 merged into another task")
        lot.done = True
        other = _Lot(len(self.lots) + 1, lot.size, lot.effort, lot.due, lot.owner)
        self.lots.append(other)
        self._hand(other)
        self._put(other)

    def _say_task(self, lot: _Lot, status: str, *, evidence: str) -> None:
        self.site.say(
            "task.reported", task=_task(lot), as_of=self.site.today, status=status, evidence=evidence
        )

    # -- tallies -----------------------------------------------------------------------------------------------

    def state(self) -> None:
        """The tally of today, until it is whole."""
        if self._said == self.total:
            return
        self._said_before = self._said or 0.0
        self._said, self._said_on = self.done, self.site.today
        self._say_tally(self.site.today)

    def _correct(self) -> None:
        """What was counted and did not hold is taken out of the last tally."""
        if self._said is not None and self._said_on is not None and self.done < self._said:
            self._said = self.done
            self._say_tally(self._said_on, revision=1, note="回头看核减 taken out after another look")

    def _say_tally(self, day: date, revision: int | None = None, note: str | None = None) -> None:
        unit, district = self.campaign.unit, self.district
        self.site.say(
            "tally.reported",
            as_of=day,
            done=self.done,
            unit=unit,
            district=district,
            revision=revision,
            note=note,
        )


def _task(lot: _Lot) -> str:
    return f"task-{lot.number:03d}"


def _year_after(day: date) -> date:
    return day + timedelta(days=365)
