"""A baseline as the core uses it: days as ordinals, amounts as exact integers, durations as exact days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from schemas.periods import days_of_period, duration_days
from schemas.quantities import to_micro, to_pico
from streams.core.planned_value import PlannedValue, Span, of_parts, of_points

__all__ = [
    "BUDGET_PERCENT",
    "CampaignPlan",
    "District",
    "LinePlan",
    "Part",
    "Plan",
    "RestartPlan",
    "SeriesPlan",
    "plan_of",
]

BUDGET_PERCENT = 100 * 10**6
"""Budget of a plan that names none: 100 %."""


@dataclass(frozen=True, slots=True)
class Part:
    """A milestone or work item; `weight` in 10⁻¹², `quantity` in 10⁻⁶ of `unit`, days as ordinals."""

    id: str
    weight: int
    start: int | None
    finish: int | None
    quantity: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class LinePlan:
    """A production line; capacity in 10⁻⁶ of `unit` per `per`; plan as (first day, last day, amount)."""

    id: str
    capacity: int | None
    unit: str | None
    per: str | None
    plan: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class RestartPlan:
    """A restart; population in 10⁻⁶, rates in 10⁻¹² of a percent; previous rates by day after that holiday's end."""

    population: int | None
    target_rate: int | None
    due: int | None
    holiday_end: int | None
    previous: dict[int, int] | None


@dataclass(frozen=True, slots=True)
class District:
    """A district's share of a campaign; `total` in 10⁻⁶."""

    id: str
    total: int | None
    due: int | None


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """A campaign; `total` in 10⁻⁶ of `unit`."""

    total: int | None
    unit: str | None
    due: int | None
    districts: tuple[District, ...]


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """A series of readings; numbers in 10⁻¹² of `unit`."""

    id: str
    unit: str | None
    better: str | None
    target: int | None
    due: int | None
    base_value: int | None


@dataclass(frozen=True)
class Plan:
    """One baseline of a project."""

    baseline: int
    approved_on: int | None
    stated_on: int
    start: int
    finish: int | None
    progress_by: str | None
    budget: int | None
    budget_unit: str
    milestones: tuple[Part, ...]
    work_items: tuple[Part, ...]
    curve: tuple[tuple[int, int], ...]
    lines: tuple[LinePlan, ...]
    restart: RestartPlan | None
    campaign: CampaignPlan | None
    series: tuple[SeriesPlan, ...]
    report_every: Fraction
    annual_plan: tuple[tuple[int, int], ...]
    labels: "Labels"

    @cached_property
    def has_earned_value(self) -> bool:
        """Whether the earned-value section is present."""
        return bool(
            self.curve
            or self.work_items
            or self.milestones
            or self.budget is not None
            or self.progress_by is not None
        )

    @cached_property
    def progress_from(self) -> str:
        """Where earned value comes from: value, work or milestones."""
        if self.progress_by:
            return self.progress_by
        return "work" if self.work_items else "milestones" if self.milestones else "value"

    @cached_property
    def at_completion(self) -> int:
        """BAC in 10⁻⁶: the budget, else the last point of the curve, else 100."""
        if self.budget is not None:
            return self.budget
        return self.curve[-1][1] if self.curve else BUDGET_PERCENT

    @cached_property
    def planned_value(self) -> PlannedValue | None:
        """PV: the curve as given, else that of the parts that earn; None where neither is planned to its end."""
        if self.curve:
            return of_points(self.start, self.curve)
        spans = _spans(self)
        return of_parts(self.start, spans, self.at_completion) if spans else None

    @cached_property
    def work_scale(self) -> int | None:
        """A common multiple of the quantities of the work items; None when one of them, or all items, are missing."""
        quantities = [item.quantity for item in self.work_items]
        if not quantities or None in quantities:
            return None
        return lcm(*(quantity for quantity in quantities if quantity))

    @cached_property
    def part_ids(self) -> frozenset[tuple[str, str]]:
        """(section, id) of every part."""
        parts = [("milestone", part.id) for part in self.milestones]
        parts += [("item", part.id) for part in self.work_items]
        parts += [("line", line.id) for line in self.lines]
        parts += [("series", series.id) for series in self.series]
        if self.campaign:
            parts += [("district", district.id) for district in self.campaign.districts]
        return frozenset(parts)

    @cached_property
    def lines_by_id(self) -> dict[str, LinePlan]:
        """Lines by id."""
        return {line.id: line for line in self.lines}

    @cached_property
    def items_by_id(self) -> dict[str, Part]:
        """Work items by id."""
        return {item.id: item for item in self.work_items}

    @cached_property
    def series_by_id(self) -> dict[str, SeriesPlan]:
        """Series by id."""
        return {series.id: series for series in self.series}


def _spans(plan: Plan) -> list[Span] | None:
    """When the parts that earn are planned; None when one of them has no finish."""
    if plan.progress_from == "value":
        return None
    if plan.progress_from == "work":
        return _whole(plan, [(item, item.start or plan.start) for item in plan.work_items])
    finishes = sorted({milestone.finish or plan.finish or 0 for milestone in plan.milestones})
    # Those that finish on one day run together from the finish before that day.
    previous = dict(zip(finishes, [plan.start, *finishes], strict=False))
    return _whole(
        plan, [(part, part.start or previous[part.finish or plan.finish or 0]) for part in plan.milestones]
    )


def _whole(plan: Plan, starts: list[tuple[Part, int]]) -> list[Span] | None:
    ends = [(part.weight, start, part.finish or plan.finish) for part, start in starts]
    spans = [Span(weight, start, end) for weight, start, end in ends if end is not None]
    return spans if len(spans) == len(ends) else None


@dataclass(frozen=True, slots=True)
class Labels:
    """What alert rules select projects by, and what texts call them."""

    name: str
    name_zh: str
    kind: str
    city: str
    tags: frozenset[str]


def _day(value: date | None) -> int | None:
    return None if value is None else value.toordinal()


def _micro(value: float | None) -> int | None:
    return None if value is None else to_micro(value)


def _pico(value: float | None) -> int | None:
    return None if value is None else to_pico(value)


def plan_of(data: dict[str, Any], stated_on: int) -> Plan:
    """The plan of a `project.baselined` payload; `stated_on` is the day of its `time`."""
    budget = data.get("budget_at_completion")
    return Plan(
        baseline=data["baseline"],
        approved_on=_day(data.get("approved_on")),
        stated_on=stated_on,
        start=data["start"].toordinal(),
        finish=_day(data.get("finish")),
        progress_by=data.get("progress_by"),
        budget=to_micro(budget["value"]) if budget else None,
        budget_unit=budget["unit"] if budget else "",
        milestones=_milestones(data.get("milestones") or ()),
        work_items=tuple(_work_item(item) for item in data.get("work_items") or ()),
        curve=_curve(data.get("planned_value") or ()),
        lines=tuple(_line(line) for line in data.get("lines") or ()),
        restart=_restart(data.get("restart")),
        campaign=_campaign(data.get("campaign")),
        series=tuple(_series(series) for series in data.get("series") or ()),
        report_every=duration_days(data.get("report_every") or "P1D"),
        annual_plan=tuple(
            (plan["year"], to_micro(plan["investment"])) for plan in data.get("annual_plan") or ()
        ),
        labels=_labels(data),
    )


def _curve(points: Iterable[dict[str, Any]]) -> tuple[tuple[int, int], ...]:
    """Points in order; of two on one day the larger, which is the later: they never fall."""
    return tuple({point["date"].toordinal(): to_micro(point["value"]) for point in points}.items())


def _labels(data: dict[str, Any]) -> Labels:
    return Labels(
        name=data["name"],
        name_zh=data.get("name_zh") or data["name"],
        kind=data.get("kind") or "",
        city=(data.get("region") or {}).get("city") or "",
        tags=frozenset(data.get("tags") or ()),
    )


def _weight(part: dict[str, Any]) -> int:
    weight = part.get("weight")
    return to_pico(1.0 if weight is None else weight)


def _milestones(parts: Iterable[dict[str, Any]]) -> tuple[Part, ...]:
    return tuple(
        Part(part["id"], _weight(part), _day(part.get("start")), _day(part.get("finish"))) for part in parts
    )


def _work_item(item: dict[str, Any]) -> Part:
    return Part(
        item["id"],
        _weight(item),
        _day(item.get("start")),
        _day(item.get("finish")),
        _micro(item.get("quantity")),
        item.get("unit"),
    )


def _line(line: dict[str, Any]) -> LinePlan:
    capacity = line.get("capacity")
    spans = ((*days_of_period(plan["period"]), plan["value"]) for plan in line.get("plan") or ())
    return LinePlan(
        id=line["id"],
        capacity=to_micro(capacity["value"]) if capacity else None,
        unit=capacity["unit"] if capacity else None,
        per=capacity["per"] if capacity else None,
        plan=tuple((first.toordinal(), last.toordinal(), to_micro(value)) for first, last, value in spans),
    )


def _restart(restart: dict[str, Any] | None) -> RestartPlan | None:
    if restart is None:
        return None
    previous = restart.get("previous")
    return RestartPlan(
        population=_micro(restart.get("population")),
        target_rate=_pico(restart.get("target_rate")),
        due=_day(restart.get("due")),
        holiday_end=_day(restart.get("holiday_end")),
        previous={rate["day"]: to_pico(rate["rate"]) for rate in previous["rates"]} if previous else None,
    )


def _campaign(campaign: dict[str, Any] | None) -> CampaignPlan | None:
    if campaign is None:
        return None
    return CampaignPlan(
        total=_micro(campaign.get("total")),
        unit=campaign.get("unit"),
        due=_day(campaign.get("due")),
        districts=tuple(
            District(district["id"], _micro(district.get("total")), _day(district.get("due")))
            for district in campaign.get("districts") or ()
        ),
    )


def _series(series: dict[str, Any]) -> SeriesPlan:
    return SeriesPlan(
        id=series["id"],
        unit=series.get("unit"),
        better=series.get("better"),
        target=_pico(series.get("target")),
        due=_day(series.get("due")),
        base_value=_pico(series.get("base_value")),
    )
