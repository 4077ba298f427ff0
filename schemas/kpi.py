"""KPI values and the record that carries an evaluation of a project."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

__all__ = [
    "KpiData",
    "KpiEvaluated",
    "KpiHistory",
    "KpiOriginal",
    "KpiValue",
    "NullReason",
    "Position",
    "RuleSetRef",
]

from schemas.findings import Finding

NullReason = Literal[
    "no_baseline",
    "not_planned",
    "not_started",
    "no_data",
    "complete",
    "budget_exhausted",
    "target_passed",
    "unreachable",
    "no_pace",
    "zero_denominator",
]


class KpiValue(TypedDict):
    """One value: a number, or null with a reason. Numerator and denominator are decimal texts of at most 12 places."""

    kpi: str
    scope: str
    value: float | None
    value_date: str | None
    numerator: str | None
    denominator: str | None
    unit: str
    reason: NullReason | None


class Position(TypedDict):
    """Place of the cause in the log; `seq` numbers the records of a cut."""

    partition: int
    offset: int
    seq: int


class KpiOriginal(TypedDict):
    """Schedule KPIs against the first baseline, `baseline`, of a project that has several; `values` null, in a day of
    history: the record's own.
    """

    baseline: int
    values: list[KpiValue] | None


class KpiHistory(TypedDict):
    """Rows of one day that became history; `values` null: the record's own values and day."""

    as_of: str
    baseline: int
    values: list[KpiValue] | None
    original: NotRequired[KpiOriginal]


class RuleSetRef(TypedDict):
    """Rules under which alerts were evaluated, and the offset since which."""

    hash: str
    since_offset: int


class KpiData(TypedDict):
    """An evaluation of a project at its status date; `cut` true is history, false is live."""

    project_id: str
    as_of: str | None
    known_at: str | None
    baseline: int
    cut: bool
    position: Position
    values: list[KpiValue]
    original: NotRequired[KpiOriginal]
    findings: list[Finding]
    history: NotRequired[list[KpiHistory]]
    rules: NotRequired[RuleSetRef]


class KpiEvaluated(TypedDict):
    """CloudEvent on the topic of KPIs."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["milepost.kpi.evaluated.v1"]
    subject: str
    time: str
    datacontenttype: Literal["application/json"]
    data: KpiData
