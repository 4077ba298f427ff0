"""Milestones: slip and shift of each, and what was due and achieved to date (kpi-definitions 3)."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.earned_value import milestone_progress
from tests.oracle.project import Plan, Project
from tests.oracle.rows import Null, Row, Value, ratio_row, row
from tests.oracle.statements import MILESTONE

_RATES = (("milestone_hit_rate", "%"), ("milestone_on_time_rate", "%"), ("milestone_bei", "1"))


def achieved_on(project: Project, milestone: str, day: date) -> date | None:
    """The actual finish, else the first day of the unbroken run of 100 % up to `day`; None while not achieved."""
    actual: date | None = project.milestone_field(milestone, "actual_finish", day)
    if actual is not None:
        return actual
    since = None
    for reported_on in sorted(
        {s.day for s in project.of(MILESTONE, milestone) if s.day and s.day <= day}, reverse=True
    ):
        if milestone_progress(project, milestone, reported_on) != 1:
            break
        since = reported_on
    return since


def _slip(project: Project, planned: dict[str, Any], day: date) -> Value:
    finish = planned.get("finish")
    if finish is None:
        return Null("not_planned")
    expected = achieved_on(project, planned["id"], day) or project.milestone_field(
        planned["id"], "forecast_finish", day
    )
    if expected is None and day < finish:
        return Null("no_data")
    return Fraction(((expected or day) - finish).days)


def _shift(project: Project, planned: dict[str, Any]) -> Value:
    first_plan = project.first_plan()
    original = None if first_plan is None else first_plan.part("milestones", planned["id"])
    if planned.get("finish") is None or original is None or original.get("finish") is None:
        return Null("not_planned")
    return Fraction((planned["finish"] - original["finish"]).days)


def milestone_rows(project: Project, plan: Plan | None, day: date) -> list[Row]:
    """The family, at the end of a day."""
    if plan is None:
        return _rows_without_plan(project, day)
    rows = []
    for planned in plan.parts("milestones"):
        rows.append(row("milestone_slip", planned["id"], "d", _slip(project, planned, day)))
        rows.append(row("baseline_shift", planned["id"], "d", _shift(project, planned)))
    return rows + _rows_to_date(project, plan, day)


def _rows_without_plan(project: Project, day: date) -> list[Row]:
    nothing = Null("no_baseline")
    reported = sorted({s.data["milestone"] for s in project.of(MILESTONE) if s.day and s.day <= day})
    rows = [
        row(kpi, scope, "d", nothing) for scope in reported for kpi in ("milestone_slip", "baseline_shift")
    ]
    rows.append(row("milestones_overdue", "", "1", nothing))
    return rows + [ratio_row(kpi, "", unit, nothing, nothing) for kpi, unit in _RATES]


def _rows_to_date(project: Project, plan: Plan, day: date) -> list[Row]:
    dated = {part["id"]: part["finish"] for part in plan.parts("milestones") if part.get("finish")}
    if not dated:
        nothing = Null("not_planned")
        return [row("milestones_overdue", "", "1", nothing)] + [
            ratio_row(kpi, "", unit, nothing, nothing) for kpi, unit in _RATES
        ]
    achieved = {part: done for part in dated if (done := achieved_on(project, part, day)) is not None}
    on_time = {part for part, done in achieved.items() if done <= dated[part]}
    due = {part for part, finish in dated.items() if finish <= day}
    overdue = [part for part, finish in dated.items() if finish < day and part not in achieved]
    counts = ((on_time & due, due), (on_time, achieved), (achieved, due))
    return [row("milestones_overdue", "", "1", Fraction(len(overdue)))] + [
        ratio_row(kpi, "", unit, Fraction(len(part)), Fraction(len(whole)))
        for (kpi, unit), (part, whole) in zip(_RATES, counts, strict=True)
    ]
