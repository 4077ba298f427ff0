"""Payload of `project.baselined`: the plan of a project and its parts. Unknown fields are kept in the journal."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from schemas.fields import (
    CONFIG,
    Amount,
    Day,
    DurationText,
    EventId,
    Number,
    Percent,
    Period,
    ProjectId,
    Qualifier,
    Revision,
    Text,
    Unit,
    Year,
)

__all__ = [
    "AnnualPlan",
    "Baseline",
    "Budget",
    "Campaign",
    "CampaignDistrict",
    "Capacity",
    "Line",
    "LinePlan",
    "Milestone",
    "PlannedValue",
    "Region",
    "Restart",
    "Series",
    "WorkItem",
]


@with_config(CONFIG)
class Region(TypedDict, total=False):
    """Where a project is."""

    province: Text | None
    city: Text | None
    district: Text | None


@with_config(CONFIG)
class Budget(TypedDict):
    """Budget at completion."""

    value: Amount
    unit: Unit


@with_config(CONFIG)
class Milestone(TypedDict):
    """A milestone; without `start` it runs from the previous finish."""

    id: EventId
    name: NotRequired[Text | None]
    weight: NotRequired[Amount | None]
    start: NotRequired[Day | None]
    finish: NotRequired[Day | None]


@with_config(CONFIG)
class WorkItem(TypedDict):
    """A quantity of work."""

    id: EventId
    name: NotRequired[Text | None]
    quantity: NotRequired[Amount | None]
    unit: NotRequired[Unit | None]
    weight: NotRequired[Amount | None]
    start: NotRequired[Day | None]
    finish: NotRequired[Day | None]


@with_config(CONFIG)
class PlannedValue(TypedDict):
    """A point of the cumulative planned value."""

    date: Day
    value: Amount


@with_config(CONFIG)
class AnnualPlan(TypedDict):
    """Planned investment of a year, in the budget's unit."""

    year: Year
    investment: Amount


@with_config(CONFIG)
class Capacity(TypedDict):
    """Design capacity of a line per period."""

    value: Amount
    unit: Unit
    per: Literal["P1D", "P1M", "P1Y", "PT1H"]


@with_config(CONFIG)
class LinePlan(TypedDict):
    """Planned amount of a period: `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `from/to`, inclusive."""

    period: Period
    value: Amount


@with_config(CONFIG)
class Line(TypedDict):
    """A production line."""

    id: EventId
    name: NotRequired[Text | None]
    capacity: NotRequired[Capacity | None]
    plan: NotRequired[list[LinePlan] | None]


@with_config(CONFIG)
class PreviousRate(TypedDict):
    """Resumption rate on a day after the holiday's end (day 0)."""

    day: Annotated[int, Field(ge=-366, le=366)]
    rate: Amount


@with_config(CONFIG)
class PreviousRestart(TypedDict):
    """Last year's restart, for comparison by days since the holiday."""

    holiday_end: Day
    rates: list[PreviousRate]


@with_config(CONFIG)
class Restart(TypedDict, total=False):
    """Resumption of work after a holiday; rates in percent."""

    population: Amount | None
    target_rate: Percent | None
    due: Day | None
    base: Text | None
    holiday_end: Day | None
    previous: PreviousRestart | None


@with_config(CONFIG)
class CampaignDistrict(TypedDict):
    """A district's share of a campaign; `qualifier` and `upper` say how exact its total is."""

    id: EventId
    name: NotRequired[Text | None]
    total: NotRequired[Amount | None]
    qualifier: NotRequired[Qualifier | None]
    upper: NotRequired[Number | None]
    due: NotRequired[Day | None]


@with_config(CONFIG)
class Campaign(TypedDict, total=False):
    """A number of tasks or a quantity to be done by a day; `qualifier` and `upper` say how exact the total is."""

    total: Amount | None
    qualifier: Qualifier | None
    upper: Number | None
    unit: Unit | None
    due: Day | None
    districts: list[CampaignDistrict] | None


@with_config(CONFIG)
class Series(TypedDict):
    """A series of readings; `qualifier` and `upper` say how exact the target is."""

    id: EventId
    name: NotRequired[Text | None]
    unit: NotRequired[Unit | None]
    better: NotRequired[Literal["higher", "lower", "band"] | None]
    target: NotRequired[Number | None]
    qualifier: NotRequired[Qualifier | None]
    upper: NotRequired[Number | None]
    due: NotRequired[Day | None]
    base_value: NotRequired[Number | None]


@with_config(CONFIG)
class Baseline(TypedDict):
    """The plan of a project; KPI families follow the sections present."""

    revision: NotRequired[Revision | None]
    note: NotRequired[Text | None]
    baseline: Annotated[int, Field(ge=1, le=2**31 - 1)]
    approved_on: NotRequired[Day | None]
    name: Text
    name_zh: NotRequired[Text | None]
    kind: NotRequired[Text | None]
    region: NotRequired[Region | None]
    owner: NotRequired[Text | None]
    sector: NotRequired[Text | None]
    parent: NotRequired[ProjectId | None]
    tags: NotRequired[list[Text] | None]
    start: Day
    finish: NotRequired[Day | None]
    progress_by: NotRequired[Literal["value", "work", "milestones"] | None]
    budget_at_completion: NotRequired[Budget | None]
    milestones: NotRequired[list[Milestone] | None]
    work_items: NotRequired[list[WorkItem] | None]
    planned_value: NotRequired[list[PlannedValue] | None]
    annual_plan: NotRequired[list[AnnualPlan] | None]
    lines: NotRequired[list[Line] | None]
    restart: NotRequired[Restart | None]
    campaign: NotRequired[Campaign | None]
    series: NotRequired[list[Series] | None]
    report_every: NotRequired[DurationText | None]
