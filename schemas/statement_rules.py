"""What a statement must satisfy in itself beyond the types of its fields."""

from collections.abc import Callable
from typing import Any

from schemas.rejections import Reason, Rejected

__all__ = ["STATEMENT_CHECKS"]


def _check_milestone(data: dict[str, Any]) -> None:
    finish = data.get("actual_finish")
    if finish is not None and finish > data["as_of"]:
        detail = f"data.actual_finish: {finish} lies after as_of {data['as_of']}; use forecast_finish for what is to come"
        raise Rejected(Reason.INVALID_VALUE, detail)


def _check_production(data: dict[str, Any]) -> None:
    if data["period_end"] < data["period_start"]:
        detail = f"data.period_end: {data['period_end']} lies before period_start {data['period_start']}; swap them"
        raise Rejected(Reason.INVALID_VALUE, detail)


STATEMENT_CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "milepost.milestone.reported.v1": _check_milestone,
    "milepost.production.reported.v1": _check_production,
}
"""By event type; each raises Rejected."""
