"""Production lines of a day: those of the baseline in force, before a baseline those that have reported."""

from collections.abc import Sequence
from typing import NamedTuple

from streams.core.day_view import DayView
from streams.core.line_output import LineReports
from streams.core.plan import LinePlan

__all__ = ["Line", "lines_of", "unit_of"]


class Line(NamedTuple):
    """A line with its reports and its unit; '' while neither capacity nor report tells one."""

    plan: LinePlan
    reports: LineReports
    unit: str


def lines_of(view: DayView) -> list[Line]:
    """All lines in the order of the baseline; before a baseline, those reported, the earliest first."""
    return [_line(view, plan) for plan in _plans(view)]


def unit_of(lines: Sequence[Line]) -> str:
    """Unit of the project: that of its first line whose unit is known."""
    return next((line.unit for line in lines if line.unit), "")


def _plans(view: DayView) -> Sequence[LinePlan]:
    if view.plan is not None:
        return view.plan.lines
    lines = view.project.lines.items()
    reported = sorted((line.earliest(), oid) for oid, line in lines if line.reported_until(view.day))
    return [LinePlan(oid, None, None, None, ()) for _, oid in reported]


def _line(view: DayView, plan: LinePlan) -> Line:
    reports = view.project.line(plan.id)
    return Line(plan, reports, plan.unit or reports.unit() or "")
