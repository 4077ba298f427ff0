"""Findings: what is kept but cannot count, or contradicts its plan."""

from typing import Literal

from typing_extensions import TypedDict

__all__ = ["Finding", "FindingName"]

FindingName = Literal[
    "no_baseline",
    "unknown_milestone",
    "unknown_item",
    "unknown_line",
    "unknown_district",
    "unknown_series",
    "unknown_task",
    "unit_mismatch",
    "over_quantity",
    "over_total",
    "over_budget",
    "over_population",
    "progress_fell",
    "overlapping_period",
    "retraction_of_nothing",
    "retraction_superseded",
    "id_reused",
    "effectiveness_over_100",
    "capacity_exceeded",
]


class Finding(TypedDict):
    """One finding of a project; `source`, `id` and `since` (its `time`) are those of the causing statement."""

    finding: FindingName
    scope: str
    as_of: str | None
    detail: str
    source: str | None
    id: str | None
    since: str | None
