"""Elements of ISO 22400 that production reports tell: quantities, times, and the planned run time of what was made.

Quantities are integers of 10⁻⁶ of the line's unit, times of 10⁻¹² h, planned run times of 10⁻¹⁸ h (`RUN_TIME`).
What a report does not tell is None, never 0; sums are formed where the standard's time model has them, no differences.
Source: ISO 22400-2:2014, time model and quantity elements.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from schemas.quantities import MICRO, PICO, convert_to_micro, convert_to_pico, to_pico
from streams.core.statements import Statement
from streams.core.values import Exact

__all__ = ["RUN_TIME", "Elements", "elements_of", "total_of"]

RUN_TIME: Final = MICRO * PICO
"""Scale of a planned run time per item times a quantity."""

Told = int | None


class Elements(NamedTuple):
    """What is told of a line's work in a period, by the names and symbols of the standard."""

    made: Exact | None
    """PQ, produced quantity."""
    good: Exact | None
    """GQ, good quantity."""
    planned_busy: Told
    """PBT, planned busy time."""
    busy: Told
    """AUBT, actual unit busy time."""
    processing: Told
    """AUPT, actual unit processing time."""
    production: Told
    """APT, actual production time."""
    execution: Told
    """AOET, actual order execution time."""
    run_made: Told
    """PRI × PQ, planned run time of what was made."""
    run_good: Told
    """PRI × GQ, planned run time of what was made good."""


def elements_of(report: Statement, unit: str) -> Elements:
    """Elements of one report, its quantities in `unit`, to which that of the report must be convertible."""
    data = report.data
    made = convert_to_micro(data["quantity"], data["unit"], unit)
    good = _good(data, made, unit)
    production, delay = _hours(data, "production_time"), _hours(data, "delay_time")
    processing = _else(_hours(data, "unit_processing_time"), production, _hours(data, "setup_time"))
    per_item = data.get("planned_run_time_per_item")
    # An hour per kilogram are a thousand hours per tonne: the run time converts the other way round.
    run_time = None if per_item is None else convert_to_pico(per_item, unit, data["unit"])
    return Elements(
        made=made,
        good=good,
        planned_busy=_hours(data, "planned_busy_time"),
        busy=_else(_hours(data, "unit_busy_time"), processing, delay),
        processing=processing,
        production=production,
        execution=_hours(data, "order_execution_time"),
        run_made=_run(run_time, made),
        run_good=_run(run_time, good),
    )


def total_of(parts: Iterable[Elements]) -> Elements:
    """Sums over reports; of what one of them does not tell there is no sum."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    return Elements(*(_sum(column) for column in zip(*parts, strict=True)))


def _sum(column: Iterable[Told]) -> Told:
    told = 0
    for number in column:
        if number is None:
            return None
        told += number
    return told


def _good(data: dict[str, Any], made: int, unit: str) -> Told:
    """As reported, else what is neither scrap nor rework; of nothing, nothing is good."""
    if data.get("good") is not None:
        return convert_to_micro(data["good"], data["unit"], unit)
    bad = [data[field] for field in ("scrap", "rework") if data.get(field) is not None]
    if not bad:
        return None if made else 0
    return max(0, made - sum(convert_to_micro(part, data["unit"], unit) for part in bad))


def _hours(data: dict[str, Any], field: str) -> Told:
    hours = data.get(field)
    return None if hours is None else to_pico(hours)


def _else(told: Told, *parts: Told) -> Told:
    """As told, else the sum of its parts."""
    return _sum(parts) if told is None else told


def _run(per_item: Told, quantity: Told) -> Told:
    """Planned run time of a quantity; nothing takes none, whatever one item is planned to take."""
    if quantity == 0:
        return 0
    return None if per_item is None or quantity is None else per_item * quantity
