"""One TypedDict per event type: the only definition of what Milepost is told.

Pydantic validates JSON bytes straight into these; JSON Schema is generated from them. A change that old events do not
satisfy is a new version of the type with an upcaster (`schemas.upcast`). Events are facts: their names are past tense.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Discriminator, TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.baseline import Baseline
from schemas.fields import (
    CONFIG,
    Amount,
    Count,
    Day,
    EventId,
    Instant,
    MediaType,
    Number,
    Percent,
    ProjectId,
    Qualifier,
    Revision,
    Text,
    Unit,
    Year,
)

__all__ = [
    "BASELINE_TYPE",
    "DATA_TYPES",
    "EVENT_ADAPTER",
    "RETRACTION_TYPE",
    "STATEMENT_TYPES",
    "TICK_TYPE",
    "Event",
    "TickData",
]

STATUSES = Literal["planned", "started", "suspended", "resumed", "completed", "commissioned", "cancelled"]


@with_config(CONFIG)
class _Statement(TypedDict):
    """Fields that every statement may carry."""

    revision: NotRequired[Revision | None]
    note: NotRequired[Text | None]


class _Report(_Statement):
    """Fields that every report of a quantity may carry."""

    qualifier: NotRequired[Qualifier | None]
    upper: NotRequired[Number | None]


class StatusData(_Statement):
    """State of a project on a day."""

    as_of: Day
    status: STATUSES
    progress_text: NotRequired[Text | None]


class MilestoneData(_Report):
    """Progress of a milestone on a day."""

    milestone: EventId
    as_of: Day
    percent_complete: NotRequired[Percent | None]
    forecast_finish: NotRequired[Day | None]
    actual_finish: NotRequired[Day | None]


class WorkData(_Report):
    """Cumulative quantity of a work item."""

    item: EventId
    as_of: Day
    quantity: Amount
    unit: Unit


class ValueData(_Report):
    """Cumulative earned value, where a project reports it directly."""

    as_of: Day
    earned_value: Amount


class CostData(_Report):
    """Cumulative actual cost."""

    as_of: Day
    actual_cost: Amount
    unit: Unit


class InvestmentData(_Report):
    """Investment done within a year, cumulative."""

    as_of: Day
    year: Year
    cumulative: Amount
    unit: Unit


class ProductionData(_Report):
    """Output of a line in a period of inclusive days; times in hours (ISO 22400)."""

    line: EventId
    period_start: Day
    period_end: Day
    shift: NotRequired[EventId | None]
    quantity: Amount
    unit: Unit
    good: NotRequired[Amount | None]
    scrap: NotRequired[Amount | None]
    rework: NotRequired[Amount | None]
    planned_busy_time: NotRequired[Amount | None]
    unit_busy_time: NotRequired[Amount | None]
    unit_processing_time: NotRequired[Amount | None]
    production_time: NotRequired[Amount | None]
    setup_time: NotRequired[Amount | None]
    delay_time: NotRequired[Amount | None]
    order_execution_time: NotRequired[Amount | None]
    planned_run_time_per_item: NotRequired[Amount | None]


class SurveyData(_Report):
    """How many have resumed work."""

    as_of: Day
    resumed: Amount
    population: NotRequired[Amount | None]
    continuous: NotRequired[Amount | None]


class AssignmentData(_Statement):
    """A task and whose it is."""

    task: EventId
    title: NotRequired[Text | None]
    district: NotRequired[EventId | None]
    owner: NotRequired[Text | None]
    assigned_on: Day
    due: NotRequired[Day | None]
    weight: NotRequired[Amount | None]


class TaskData(_Statement):
    """State of a task on a day."""

    task: EventId
    as_of: Day
    status: Literal["done", "reopened", "withdrawn"]
    evidence: NotRequired[Text | None]


class TallyData(_Report):
    """Cumulative number or quantity done."""

    as_of: Day
    done: Amount
    total: NotRequired[Amount | None]
    unit: NotRequired[Unit | None]
    district: NotRequired[EventId | None]


class ReadingData(_Report):
    """A measured value at an instant."""

    series: EventId
    at: Instant
    value: Number
    unit: Unit


StatementType = Literal[
    "milepost.project.baselined.v1",
    "milepost.project.status_reported.v1",
    "milepost.milestone.reported.v1",
    "milepost.work.reported.v1",
    "milepost.value.reported.v1",
    "milepost.cost.reported.v1",
    "milepost.investment.reported.v1",
    "milepost.production.reported.v1",
    "milepost.restart.surveyed.v1",
    "milepost.task.assigned.v1",
    "milepost.task.reported.v1",
    "milepost.tally.reported.v1",
    "milepost.reading.taken.v1",
]


class RetractionData(_Statement):
    """Takes a statement back: its type and its natural key."""

    type: StatementType
    baseline: NotRequired[Count | None]
    milestone: NotRequired[EventId | None]
    item: NotRequired[EventId | None]
    line: NotRequired[EventId | None]
    task: NotRequired[EventId | None]
    series: NotRequired[EventId | None]
    district: NotRequired[EventId | None]
    shift: NotRequired[EventId | None]
    year: NotRequired[Year | None]
    as_of: NotRequired[Day | None]
    period_start: NotRequired[Day | None]
    period_end: NotRequired[Day | None]
    at: NotRequired[Instant | None]


@with_config(CONFIG)
class TickData(TypedDict):
    """Time passed: `at` is the instant, `closes` the business day that is over."""

    at: Instant
    closes: NotRequired[Day | None]
    clock: NotRequired[Literal["live", "simulated"] | None]
    note: NotRequired[Text | None]


@with_config(CONFIG)
class _Attributes(TypedDict):
    """CloudEvents 1.0 context attributes."""

    specversion: Literal["1.0"]
    id: EventId
    source: EventId
    subject: ProjectId
    time: Instant
    datacontenttype: NotRequired[MediaType | None]


class ProjectBaselined(_Attributes):
    """A plan was approved."""

    type: Literal["milepost.project.baselined.v1"]
    data: Baseline


class ProjectStatusReported(_Attributes):
    """A project's state was reported."""

    type: Literal["milepost.project.status_reported.v1"]
    data: StatusData


class MilestoneReported(_Attributes):
    """A milestone's progress was reported."""

    type: Literal["milepost.milestone.reported.v1"]
    data: MilestoneData


class WorkReported(_Attributes):
    """A quantity of work was reported."""

    type: Literal["milepost.work.reported.v1"]
    data: WorkData


class ValueReported(_Attributes):
    """Earned value was reported."""

    type: Literal["milepost.value.reported.v1"]
    data: ValueData


class CostReported(_Attributes):
    """Actual cost was reported."""

    type: Literal["milepost.cost.reported.v1"]
    data: CostData


class InvestmentReported(_Attributes):
    """Investment of a year was reported."""

    type: Literal["milepost.investment.reported.v1"]
    data: InvestmentData


class ProductionReported(_Attributes):
    """Output of a line was reported."""

    type: Literal["milepost.production.reported.v1"]
    data: ProductionData


class RestartSurveyed(_Attributes):
    """Resumption was surveyed."""

    type: Literal["milepost.restart.surveyed.v1"]
    data: SurveyData


class TaskAssigned(_Attributes):
    """A task was assigned."""

    type: Literal["milepost.task.assigned.v1"]
    data: AssignmentData


class TaskReported(_Attributes):
    """A task's state was reported."""

    type: Literal["milepost.task.reported.v1"]
    data: TaskData


class TallyReported(_Attributes):
    """A cumulative count was reported."""

    type: Literal["milepost.tally.reported.v1"]
    data: TallyData


class ReadingTaken(_Attributes):
    """A value was measured."""

    type: Literal["milepost.reading.taken.v1"]
    data: ReadingData


class StatementRetracted(_Attributes):
    """A statement was taken back."""

    type: Literal["milepost.statement.retracted.v1"]
    data: RetractionData


class ClockTicked(_Attributes):
    """Time passed."""

    type: Literal["milepost.clock.ticked.v1"]
    data: TickData


TypedEvent = Annotated[
    ProjectBaselined
    | ProjectStatusReported
    | MilestoneReported
    | WorkReported
    | ValueReported
    | CostReported
    | InvestmentReported
    | ProductionReported
    | RestartSurveyed
    | TaskAssigned
    | TaskReported
    | TallyReported
    | ReadingTaken
    | StatementRetracted
    | ClockTicked,
    Discriminator("type"),
]

Event = dict[str, Any]
"""An accepted event: a plain dict that satisfies one of the types above."""

EVENT_ADAPTER: TypeAdapter[Any] = TypeAdapter(TypedEvent)

TICK_TYPE = "milepost.clock.ticked.v1"
RETRACTION_TYPE = "milepost.statement.retracted.v1"
BASELINE_TYPE = "milepost.project.baselined.v1"

DATA_TYPES: dict[str, Any] = {
    BASELINE_TYPE: Baseline,
    "milepost.project.status_reported.v1": StatusData,
    "milepost.milestone.reported.v1": MilestoneData,
    "milepost.work.reported.v1": WorkData,
    "milepost.value.reported.v1": ValueData,
    "milepost.cost.reported.v1": CostData,
    "milepost.investment.reported.v1": InvestmentData,
    "milepost.production.reported.v1": ProductionData,
    "milepost.restart.surveyed.v1": SurveyData,
    "milepost.task.assigned.v1": AssignmentData,
    "milepost.task.reported.v1": TaskData,
    "milepost.tally.reported.v1": TallyData,
    "milepost.reading.taken.v1": ReadingData,
    RETRACTION_TYPE: RetractionData,
    TICK_TYPE: TickData,
}
"""Payload type by event type."""

STATEMENT_TYPES = tuple(name for name in DATA_TYPES if name not in {RETRACTION_TYPE, TICK_TYPE})
