"""Earned value by semantics 3 and 6 and kpi-definitions 1: BAC, PV, EV, AC and the indices on them."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.exact import converted, fits, quantity, rate
from tests.oracle.project import Plan, Project
from tests.oracle.rows import Null, Row, Value, add, first, known, quotient, ratio_row, row, subtract, times
from tests.oracle.statements import COST, VALUE, WORK, Statement, newest

NO_DATA = Null("no_data")
NOT_PLANNED = Null("not_planned")
ONE = Fraction(1)


def budget(plan: Plan) -> Fraction:
    """BAC: as budgeted, else the last point of the curve, else 100."""
    given = plan.data.get("budget_at_completion")
    if given is not None:
        return quantity(given["value"])
    curve = plan.parts("planned_value")
    return quantity(curve[-1]["value"]) if curve else Fraction(100)


def budget_unit(plan: Plan | None) -> str:
    """Unit of all amounts of the family."""
    given = None if plan is None else plan.data.get("budget_at_completion")
    return "%" if given is None else str(given["unit"])


def progress_by(plan: Plan) -> str:
    """Where EV comes from."""
    if plan.data.get("progress_by"):
        return str(plan.data["progress_by"])
    if plan.parts("work_items"):
        return "work"
    return "milestones" if plan.parts("milestones") else "value"


def weight(part: dict[str, Any]) -> Fraction:
    """Weights default to 1."""
    return ONE if part.get("weight") is None else rate(part["weight"])


def planned_value(plan: Plan, day: date) -> Value:
    """PV at the end of a day."""
    by_parts = {"work": "work_items", "milestones": "milestones"}.get(progress_by(plan))
    if curve := plan.parts("planned_value"):
        return _on_curve(plan.start, curve, day)
    if by_parts is None or not plan.parts(by_parts):
        return NOT_PLANNED
    spans = _spans(plan, by_parts)
    if spans is None:
        return NOT_PLANNED
    if day <= plan.start:
        return Fraction(0)
    total = sum(share for share, _, _ in spans)
    return budget(plan) * sum(share * _elapsed(begin, end, day) for share, begin, end in spans) / total


def _on_curve(start: date, curve: list[dict[str, Any]], day: date) -> Fraction:
    if day <= start:
        return Fraction(0)
    values = {start: Fraction(0)}
    for point in curve:
        values[point["date"]] = max(values.get(point["date"], Fraction(0)), quantity(point["value"]))
    before = max(at for at in values if at <= day)
    after = min((at for at in values if at > day), default=None)
    if after is None:
        return values[before]
    return values[before] + (values[after] - values[before]) * Fraction(
        (day - before).days, (after - before).days
    )


def _spans(plan: Plan, section: str) -> list[tuple[Fraction, date, date]] | None:
    """Weight, start and finish of each part; None if a finish is missing everywhere."""
    spans = []
    dated = {part["id"]: part.get("finish") or plan.data.get("finish") for part in plan.parts(section)}
    for part in plan.parts(section):
        finish = dated[part["id"]]
        if finish is None:
            return None
        earlier = [other for other in dated.values() if other is not None and other < finish]
        previous = max(earlier, default=plan.start) if section == "milestones" else plan.start
        spans.append((weight(part), part.get("start") or previous, finish))
    return spans


def _elapsed(begin: date, end: date, day: date) -> Fraction:
    """Linear share of a part that is planned to be done at the end of a day; a step where it takes no time."""
    if day >= end:
        return ONE
    return Fraction(0) if day <= begin else Fraction((day - begin).days, (end - begin).days)


def earned_value(project: Project, plan: Plan, day: date) -> Value:
    """EV at the end of a day."""
    source = progress_by(plan)
    if source == "value":
        return _reported_value(project, plan, day)
    section = "work_items" if source == "work" else "milestones"
    parts = plan.parts(section)
    if not parts or (source == "work" and any(item.get("quantity") is None for item in parts)):
        return NOT_PLANNED
    done = [
        _item_progress(project, p, day) if source == "work" else milestone_progress(project, p["id"], day)
        for p in parts
    ]
    if all(progress is None for progress in done):
        return Fraction(0) if day <= plan.start else NO_DATA
    total = sum(weight(part) for part in parts)
    return (
        budget(plan)
        * sum(weight(part) * (progress or 0) for part, progress in zip(parts, done, strict=True))
        / total
    )


def _reported_value(project: Project, plan: Plan, day: date) -> Value:
    said = newest(project.of(VALUE), day)
    if said is None:
        return Fraction(0) if day <= plan.start else NO_DATA
    return min(quantity(said.data["earned_value"]), budget(plan))


def item_reports(project: Project, item: dict[str, Any]) -> list[Statement]:
    """Reports of a work item in a unit that fits its plan."""
    return [s for s in project.of(WORK, item["id"]) if fits(s.data["unit"], item.get("unit"))]


def _item_progress(project: Project, item: dict[str, Any], day: date) -> Fraction | None:
    said = newest(item_reports(project, item), day)
    if said is None:
        return None
    whole = quantity(item["quantity"])
    done = converted(said.data["quantity"], said.data["unit"], item.get("unit"))
    return ONE if done >= whole else done / whole


def milestone_progress(project: Project, milestone: str, day: date) -> Fraction | None:
    """0…1; an actual finish is 100 %; None while no report says."""
    if project.milestone_field(milestone, "actual_finish", day) is not None:
        return ONE
    percent = project.milestone_field(milestone, "percent_complete", day)
    return None if percent is None else rate(percent) / 100


def actual_cost(project: Project, plan: Plan, day: date) -> Value:
    """AC at the end of a day."""
    unit = budget_unit(plan)
    said = newest([s for s in project.of(COST) if fits(s.data["unit"], unit)], day)
    if said is None:
        return Fraction(0) if day <= plan.start else NO_DATA
    return converted(said.data["actual_cost"], said.data["unit"], unit)


def is_earned(project: Project, plan: Plan, day: date) -> bool:
    """EV has reached BAC."""
    ev = known(earned_value(project, plan, day))
    return ev is not None and ev >= budget(plan) > 0


def earned_value_rows(
    project: Project, plan: Plan | None, day: date, index_in_time: Value, *, finished: bool
) -> list[Row]:
    """The family, at the end of a day; `index_in_time` is SPI(t)."""
    if plan is None:
        nothing = Null("no_baseline")
        return _rows(budget_unit(None), (nothing, nothing, nothing, nothing), nothing, None, None)
    bac, ev = budget(plan), earned_value(project, plan, day)
    figures = (bac, planned_value(plan, day), ev, actual_cost(project, plan, day))
    early = "not_started" if day <= plan.start else None
    complete = "complete" if finished or (isinstance(ev, Fraction) and ev >= bac) else None
    return _rows(budget_unit(plan), figures, index_in_time, early, complete)


def _rows(
    unit: str,
    figures: tuple[Value, Value, Value, Value],
    index_in_time: Value,
    early: str | None,
    complete: str | None,
) -> list[Row]:
    bac, pv, ev, ac = figures
    unplanned = first(early, "not_started" if known(pv) == 0 else None)
    spi, cpi = quotient(ev, pv, unplanned), quotient(ev, ac, early)
    sci, left = times(spi, cpi), subtract(bac, ev)
    eac = quotient(bac, cpi)
    spent = (
        "budget_exhausted" if isinstance(ac, Fraction) and isinstance(bac, Fraction) and ac >= bac else None
    )
    remaining = subtract(bac, ac)
    return [
        row("budget_at_completion", "", unit, bac),
        row("planned_value", "", unit, pv),
        row("earned_value", "", unit, ev),
        row("actual_cost", "", unit, ac),
        row("schedule_variance", "", unit, subtract(ev, pv)),
        row("cost_variance", "", unit, subtract(ev, ac)),
        ratio_row("spi", "", "1", ev, pv, unplanned),
        ratio_row("cpi", "", "1", ev, ac, early),
        row("sci", "", "1", sci),
        ratio_row("percent_complete", "", "%", ev, bac),
        ratio_row("percent_scheduled", "", "%", pv, bac),
        ratio_row("percent_spent", "", "%", ac, bac),
        row("eac", "", unit, eac),
        row("eac_budget", "", unit, add(ac, left)),
        row("eac_sci", "", unit, add(ac, quotient(left, sci))),
        row("eac_sci_t", "", unit, add(ac, quotient(left, times(index_in_time, cpi)))),
        row("etc", "", unit, subtract(eac, ac)),
        row("vac", "", unit, subtract(bac, eac)),
        ratio_row("tcpi", "", "1", left, remaining, early, complete, spent),
        ratio_row("tcpi_eac", "", "1", left, subtract(eac, ac), early, complete),
    ]
