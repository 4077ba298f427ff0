"""What a baseline must satisfy in itself: no plan that contradicts itself is accepted."""

from collections.abc import Iterable
from typing import Any, NoReturn

from schemas.fields import YEAR_MAX, YEAR_MIN
from schemas.periods import days_of_period
from schemas.quantities import to_pico
from schemas.rejections import Reason, Rejected

__all__ = ["check_baseline"]

_PARTS = ("milestones", "work_items", "lines", "series")


def _refuse(field: str, problem: str) -> NoReturn:
    raise Rejected(Reason.INVALID_VALUE, f"data.{field}: {problem}")


def check_baseline(data: dict[str, Any], project_id: str) -> None:
    """Raise Rejected with the field and the fix for a plan that contradicts itself."""
    if data.get("parent") == project_id:
        _refuse("parent", "a project cannot be its own parent; name the other project or leave it out")
    _check_span(data, "")
    for section in _PARTS:
        parts = data.get(section) or ()
        _check_ids(parts, section)
        for index, part in enumerate(parts):
            _check_span(part, f"{section}[{index}].")
    for section in ("milestones", "work_items"):
        _check_weights(data.get(section) or (), section)
    _check_curve(data)
    _check_line_plans(data.get("lines") or ())
    _check_ids(((data.get("campaign") or {}).get("districts")) or (), "campaign.districts")
    _check_unique(data.get("annual_plan") or (), "annual_plan", "year")
    previous = (data.get("restart") or {}).get("previous") or {}
    _check_unique(previous.get("rates") or (), "restart.previous.rates", "day")
    _check_rhythm(data.get("report_every"))


def _check_span(part: dict[str, Any], prefix: str) -> None:
    start, finish = part.get("start"), part.get("finish")
    if start is not None and finish is not None and finish < start:
        _refuse(f"{prefix}finish", f"{finish} lies before start {start}; swap them")


def _check_ids(parts: Iterable[dict[str, Any]], section: str) -> None:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if part["id"] in seen:
            _refuse(f"{section}[{index}].id", f"{part['id']!r} stands twice; give each its own id")
        seen.add(part["id"])


def _check_weights(parts: Iterable[dict[str, Any]], section: str) -> None:
    # As exact as they will be counted: what is below half of 10⁻¹² weighs nothing.
    weights = [1 if part.get("weight") is None else to_pico(part["weight"]) for part in parts]
    if weights and not any(weights):
        _refuse(f"{section}[0].weight", "all weights are 0; give at least one part a weight above 0")


def _check_curve(data: dict[str, Any]) -> None:
    day, value = data["start"], 0.0
    for index, point in enumerate(data.get("planned_value") or ()):
        field = f"planned_value[{index}]"
        if point["date"] < day:
            before = "start" if index == 0 else "the point before it"
            _refuse(f"{field}.date", f"{point['date']} lies before {before} ({day}); sort the points by date")
        if point["date"] == data["start"] and point["value"] > 0:
            _refuse(
                f"{field}.value",
                "planned value on the start day must be 0: the curve begins at the end of that day",
            )
        if point["value"] < value:
            _refuse(
                f"{field}.value", f"{point['value']} is below {value} before it; planned value is cumulative"
            )
        day, value = point["date"], point["value"]


def _check_line_plans(lines: Iterable[dict[str, Any]]) -> None:
    for index, line in enumerate(lines):
        for number, plan in enumerate(line.get("plan") or ()):
            field = f"lines[{index}].plan[{number}].period"
            try:
                first, last = days_of_period(plan["period"])
            except ValueError as error:
                _refuse(field, f"{plan['period']!r}: {error}")
            if first.year < YEAR_MIN or last.year > YEAR_MAX:
                _refuse(field, f"{plan['period']!r}: years lie within {YEAR_MIN} and {YEAR_MAX}")


def _check_unique(parts: Iterable[dict[str, Any]], section: str, field: str) -> None:
    seen: set[int] = set()
    for index, part in enumerate(parts):
        if part[field] in seen:
            _refuse(f"{section}[{index}].{field}", f"{part[field]} stands twice; keep one")
        seen.add(part[field])


def _check_rhythm(report_every: str | None) -> None:
    if report_every is not None and not any(digit in report_every for digit in "123456789"):
        _refuse(
            "report_every", f"{report_every!r} is no time at all; give a duration such as P1D, P1W or P1M"
        )
