"""What is kept but cannot count, or contradicts (contract "findings", semantics 2), at the status date.

`id_reused` needs the whole journal and is the store's.
"""

from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle import campaign, restart
from tests.oracle.earned_value import budget, budget_unit, milestone_progress, progress_by
from tests.oracle.exact import converted, fits, quantity
from tests.oracle.investment import investment_unit
from tests.oracle.iso22400 import effectiveness_over_100
from tests.oracle.production import (
    PER_DAY,
    chosen_periods,
    days_between,
    earliness,
    fitting_reports,
    line_unit,
    lines_on,
    scale_to,
    sum_of,
)
from tests.oracle.project import Plan, Project
from tests.oracle.readings import series_unit
from tests.oracle.rows import known
from tests.oracle.statements import (
    ASSIGNED,
    COST,
    INVESTMENT,
    MILESTONE,
    PRODUCTION,
    READING,
    SURVEY,
    TALLY,
    TASK,
    VALUE,
    WORK,
    Statement,
    newest,
)

_SECTIONS = {
    MILESTONE: ("milestone", "milestones", "unknown_milestone"),
    WORK: ("item", "work_items", "unknown_item"),
    PRODUCTION: ("line", "lines", "unknown_line"),
    READING: ("series", "series", "unknown_series"),
    TALLY: ("district", "districts", "unknown_district"),
    ASSIGNED: ("district", "districts", "unknown_district"),
}
_OBJECTS = {
    MILESTONE: "milestone",
    WORK: "item",
    PRODUCTION: "line",
    READING: "series",
    TALLY: "district",
    TASK: "task",
    INVESTMENT: "year",
}
"""The field that tells the objects of a type apart."""
_SCOPES = {kind: field for kind, field in _OBJECTS.items() if kind != INVESTMENT}


class Finding(NamedTuple):
    """A finding without its detail."""

    finding: str
    scope: str
    as_of: date | None
    source: str | None
    id: str | None
    since: datetime | None


def findings(
    project: Project, rivals: dict[tuple[Any, ...], list[Statement]], day: date | None
) -> set[Finding]:
    """Every finding of a project."""
    found = {Finding("no_baseline", "", None, None, None, None)} if not project.plans else set()
    found |= {_of(name, s) for name, s in _retractions(rivals)}
    for statement in project.winning:
        found |= {_of(name, statement) for name in _about(project, statement, day)}
    found |= {_of("overlapping_period", s) for s in _overlapping(project, day)}
    found |= set(_lines_of_another_dimension(project, day))
    return found


def _of(name: str, s: Statement) -> Finding:
    scope = (
        s.data.get("district")
        if s.type == ASSIGNED and not s.retraction
        else s.data.get(_SCOPES.get(s.type, ""))
    )
    day = s.data["assigned_on"] if s.type == ASSIGNED and not s.retraction else s.day
    return Finding(name, scope or "", day, s.source, s.id, s.time)


def _retractions(rivals: dict[tuple[Any, ...], list[Statement]]) -> Iterator[tuple[str, Statement]]:
    for ranked in rivals.values():
        winner = ranked[-1]
        if winner.retraction and all(rival.retraction for rival in ranked):
            yield "retraction_of_nothing", winner
        if not winner.retraction:
            yield from (("retraction_superseded", rival) for rival in ranked if rival.retraction)


def _about(project: Project, statement: Statement, day: date | None) -> Iterator[str]:
    """Names of what is wrong with one winning statement."""
    plan, unknown = _placed(project, statement, day)
    if unknown is not None:
        yield unknown
        if statement.type != ASSIGNED:
            return
    if statement.type == TASK and not project.of(ASSIGNED, statement.data["task"]):
        yield "unknown_task"
    if not _fits(project, statement, plan):
        yield "unit_mismatch"
        return
    if plan is not None and (over := _over(project, statement, plan)):
        yield over
    if plan is not None and statement.type == PRODUCTION and _above_capacity(statement, plan):
        yield "capacity_exceeded"
    if statement.type == PRODUCTION and _too_effective(project, statement, plan):
        yield "effectiveness_over_100"
    if _fell(project, statement, plan):
        yield "progress_fell"


def _placed(project: Project, s: Statement, day: date | None) -> tuple[Plan | None, str | None]:
    """The baseline that knows the part of a statement: of the status date, else of its own day; or what it is."""
    own_day = s.data["assigned_on"] if s.type == ASSIGNED else s.day
    candidates = [project.plan_on(d) for d in (day, own_day) if d is not None]
    plans = [plan for plan in candidates if plan is not None]
    if not plans:
        return None, None
    field, section, name = _SECTIONS.get(s.type, ("", "", ""))
    part = s.data.get(field)
    if part is None:
        return plans[0], None
    knowing = [plan for plan in plans if _knows(plan, section, part)]
    return (knowing[0], None) if knowing else (None, name)


def _knows(plan: Plan, section: str, part: str) -> bool:
    parts = plan.districts() if section == "districts" else plan.parts(section)
    return any(known_part["id"] == part for known_part in parts)


def _target_unit(project: Project, s: Statement, plan: Plan | None) -> str | None:
    """Unit in which a statement must be convertible; None: any."""
    if s.type == PRODUCTION:
        part = None if plan is None else plan.part("lines", s.data["line"])
        return line_unit(part, project.of(PRODUCTION, s.data["line"]))
    if s.type == READING:
        part = None if plan is None else plan.part("series", s.data["series"])
        return series_unit(part, project.of(READING, s.data["series"]))
    if s.type == TALLY:
        return campaign.campaign(project, plan, max(project.days())).unit
    if s.type == INVESTMENT:
        return investment_unit(project, plan)
    if plan is None:
        return None
    if s.type == WORK:
        item = plan.part("work_items", s.data["item"]) or {}
        return item.get("unit")
    return budget_unit(plan) if s.type == COST else None


def _fits(project: Project, s: Statement, plan: Plan | None) -> bool:
    if s.type == COST and plan is not None and not _has_budget(plan):
        return True
    return fits(s.data.get("unit"), _target_unit(project, s, plan))


def _has_budget(plan: Plan) -> bool:
    fields = ("planned_value", "work_items", "milestones", "budget_at_completion", "progress_by")
    return any(plan.data.get(field) for field in fields)


def _over(project: Project, s: Statement, plan: Plan) -> str | None:
    if s.type == WORK:
        item = plan.part("work_items", s.data["item"]) or {}
        whole = item.get("quantity")
        done = converted(s.data["quantity"], s.data["unit"], item.get("unit"))
        return "over_quantity" if whole is not None and done > quantity(whole) else None
    if s.type == VALUE:
        above = progress_by(plan) == "value" and quantity(s.data["earned_value"]) > budget(plan)
        return "over_budget" if above and _has_budget(plan) else None
    assert s.day is not None or s.type not in {SURVEY, TALLY}
    if s.type == SURVEY and s.day is not None:
        base = known(restart.population(project, restart.section(plan) or {}, s.day))
        return "over_population" if base is not None and quantity(s.data["resumed"]) > base else None
    if s.type == TALLY and s.day is not None:
        unit = campaign.campaign(project, plan, max(project.days())).unit
        whole = _tally_total(project, s, plan, unit)
        done = converted(s.data["done"], s.data.get("unit"), unit)
        return "over_total" if whole is not None and done > whole else None
    return None


def _above_capacity(s: Statement, plan: Plan) -> bool:
    """A report of more than its line can make in the period."""
    line = plan.part("lines", s.data["line"]) or {}
    capacity = line.get("capacity")
    if capacity is None:
        return False
    days = len(days_between(s.data["period_start"], s.data["period_end"]))
    made = converted(s.data["quantity"], s.data["unit"], capacity["unit"])
    return made > quantity(capacity["value"]) * PER_DAY[capacity["per"]] * days


def _too_effective(project: Project, s: Statement, plan: Plan | None) -> bool:
    """Whether a report makes the effectiveness of its period more than 100 %."""
    planned = None if plan is None else plan.part("lines", s.data["line"])
    span = (s.data["period_start"], s.data["period_end"])
    fitting = fitting_reports(project, s.data["line"], planned)
    same = [other for other in fitting if (other.data["period_start"], other.data["period_end"]) == span]
    return effectiveness_over_100(s, chosen_periods(same)[0], _target_unit(project, s, plan) or "")


def _tally_total(project: Project, s: Statement, plan: Plan, unit: str) -> Fraction | None:
    """The total that a tally is about: told with it or before it, else as planned."""
    scope = s.data.get("district") or ""
    assert s.day is not None
    same = [
        o
        for o in project.of(TALLY)
        if (o.data.get("district") or "") == scope and fits(o.data.get("unit"), unit)
    ]
    said = newest([o for o in same if "total" in o.data], s.day)
    if said is not None and said.data["total"] is not None:
        return converted(said.data["total"], said.data.get("unit"), unit)
    parts = [campaign.section(plan)] if not scope else [p for p in plan.districts() if p["id"] == scope]
    planned = parts[0].get("total") if parts else None
    return None if planned is None else quantity(planned)


def _fell(project: Project, s: Statement, plan: Plan | None) -> bool:
    """Below the figure of the newest earlier day of the same object."""
    unit = _target_unit(project, s, plan) or s.data.get("unit")
    now = _progress(project, s, unit)
    if now is None or s.day is None:
        return False
    field = _OBJECTS.get(s.type, "")
    same = [o for o in project.of(s.type) if o.data.get(field) == s.data.get(field)]
    before = [(o.day, _progress(project, o, unit)) for o in same if o.day is not None and o.day < s.day]
    figures = [(at, figure) for at, figure in before if figure is not None]
    return bool(figures) and now < max(figures)[1]


def _progress(project: Project, s: Statement, unit: str | None) -> Fraction | None:
    if s.type == MILESTONE and s.day is not None:
        return milestone_progress(project, s.data["milestone"], s.day)
    fields = {
        WORK: "quantity", VALUE: "earned_value", TALLY: "done", SURVEY: "resumed", INVESTMENT: "cumulative",
    }  # fmt: skip
    field = fields.get(s.type)
    if field is None or not fits(s.data.get("unit"), unit):
        return None
    return converted(s.data[field], s.data.get("unit"), unit)


def _overlapping(project: Project, day: date | None) -> Iterator[Statement]:
    for line in sorted({s.data["line"] for s in project.of(PRODUCTION)}):
        earliest = min(project.of(PRODUCTION, line), key=earliness)
        plan, unknown = _placed(project, earliest, day)
        if unknown is None:
            part = None if plan is None else plan.part("lines", line)
            yield from chosen_periods(fitting_reports(project, line, part))[1]


def _lines_of_another_dimension(project: Project, day: date | None) -> Iterator[Finding]:
    plan = None if day is None else project.plan_on(day)
    lines = [] if day is None else lines_on(project, plan, day)
    for line in lines[1:]:
        if scale_to(line, sum_of(lines).unit) is not None:
            continue
        planned = None if plan is None else plan.part("lines", line.id)
        by_capacity = plan is not None and planned is not None and planned.get("capacity")
        reports = sorted(project.of(PRODUCTION, line.id), key=earliness)
        cause = plan.statement if plan is not None and by_capacity else reports[0] if reports else None
        if cause is not None:
            yield Finding("unit_mismatch", line.id, cause.day, cause.source, cause.id, cause.time)
