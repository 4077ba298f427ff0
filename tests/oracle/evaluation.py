"""All rows of a project at the end of a day: which families, finished or not, reasons before the start."""

from collections.abc import Iterable
from datetime import date, timedelta

from tests.oracle import campaign, restart
from tests.oracle.earned_schedule import at_the_finish, earned_schedule_rows, standing
from tests.oracle.earned_value import earned_value_rows, is_earned
from tests.oracle.investment import investment_rows
from tests.oracle.iso22400 import iso_rows
from tests.oracle.milestones import milestone_rows
from tests.oracle.production import lines_on, production_rows
from tests.oracle.project import Plan, Project
from tests.oracle.readings import reading_rows
from tests.oracle.reporting import reporting_rows
from tests.oracle.rows import REASONS, Null, Row
from tests.oracle.statements import COST, INVESTMENT, MILESTONE, READING, SURVEY, TALLY, TASK, VALUE, WORK

DONE = {"completed", "commissioned"}
SILENT_DAYS = 62
PLANNED_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("earned_value", ("planned_value", "work_items", "milestones", "budget_at_completion", "progress_by")),
    ("milestones", ("milestones",)),
    ("production", ("lines",)),
    ("restart", ("restart",)),
    ("campaign", ("campaign",)),
    ("completion", ("restart", "campaign")),
    ("investment", ("annual_plan",)),
    ("readings", ("series",)),
)
REPORTED_SECTIONS: dict[str, tuple[str, ...]] = {
    MILESTONE: ("earned_value", "milestones"),
    WORK: ("earned_value",),
    VALUE: ("earned_value",),
    COST: ("earned_value",),
    INVESTMENT: ("investment",),
    SURVEY: ("restart", "completion"),
    TASK: ("campaign", "completion"),
    TALLY: ("campaign", "completion"),
    READING: ("readings",),
}
ORIGINAL_KPIS = {
    *("planned_value", "schedule_variance", "spi", "percent_scheduled"),
    *("earned_schedule", "actual_time", "planned_duration", "schedule_variance_time", "spi_t", "sci_t"),
    *("forecast_duration", "forecast_duration_pf1", "forecast_duration_sci_t", "forecast_finish", "tspi"),
    *("milestone_slip", "milestone_hit_rate", "milestone_on_time_rate", "milestone_bei"),
    "milestones_overdue",
}
NEEDS_NO_PLAN = ("output_", "quantity_done", "reading_", "report_age")


def _is_there(section: object) -> bool:
    """Neither null nor a list of nothing; what names no detail of itself is there all the same."""
    return section is not None and section != []


def sections_on(project: Project, plan: Plan | None, day: date) -> set[str]:
    """Families that have rows: of the baseline's sections, without a baseline of what was reported by the day."""
    if plan is not None:
        return {
            family for family, fields in PLANNED_SECTIONS if any(_is_there(plan.data.get(f)) for f in fields)
        }
    found: set[str] = set()
    for statement in project.winning:
        if statement.day is not None and statement.day <= day:
            found.update(REPORTED_SECTIONS.get(statement.type, ()))
    if project.assigned_by(day):
        found.update(("campaign", "completion"))
    if lines_on(project, None, day):
        found.add("production")
    return found


def is_finished(project: Project, day: date) -> bool:
    """EV has reached BAC, a campaign or restart its target, or the newest status says so."""
    if project.status_on(day) in DONE:
        return True
    plan = project.plan_on(day)
    if plan is None:
        return False
    earned = "earned_value" in sections_on(project, plan, day) and is_earned(project, plan, day)
    return earned or campaign.is_reached(project, plan, day) or restart.is_reached(project, plan, day)


def finish_on(project: Project, day: date) -> date | None:
    """The first day of the unbroken run of finished days up to `day`; nothing changes on days that nobody names."""
    if not is_finished(project, day):
        return None
    named = project.days() | {plan.approved_on for plan in project.plans}
    named |= {task.data["assigned_on"] for task in project.assigned_by(day)}
    since = day
    for earlier in sorted((each for each in named if each <= day), reverse=True):
        if not is_finished(project, earlier):
            break
        since = earlier
    return since


def is_active(project: Project, day: date) -> bool:
    """Whether a closed day must have rows."""
    plan, days = project.plan_on(day), project.days()
    start = None if plan is None else plan.start
    heard = max(days) if days else start
    if heard is None or (day - heard).days > SILENT_DAYS:
        return False
    if start is not None and (start - day).days > SILENT_DAYS:
        return False
    return not is_finished(project, day)


def has_rows_when_closed(project: Project, day: date) -> bool:
    """Active projects each day, the others at the end of a month, not before their start."""
    if is_active(project, day):
        return True
    plan = project.plan_on(day)
    last_of_month = (day + timedelta(days=1)).day == 1
    return last_of_month and (plan is None or plan.start <= day)


def evaluate(project: Project, day: date) -> dict[tuple[str, str], Row]:
    """Every row of the project at the end of a day by (kpi, scope), without known_at."""
    plan = project.plan_on(day)
    finish = finish_on(project, day)
    finished = finish is not None
    rows: list[Row] = []
    sections = sections_on(project, plan, day)
    if "earned_value" in sections:
        now = None if plan is None else at_the_finish(project, plan, day, finish)
        index = Null("no_baseline") if now is None else now.index
        rows += earned_value_rows(project, plan, day, index, finished=finished)
        rows += earned_schedule_rows(project, plan, now, day, finish=finish)
    rows += _completion_and_reporting(project, plan, day, rows, finished=finished)
    if "milestones" in sections:
        rows += milestone_rows(project, plan, day)
    if "production" in sections:
        rows += production_rows(project, plan, day, finished=finished)
        rows += iso_rows(project, plan, day)
    if "restart" in sections:
        rows += restart.restart_rows(project, plan, day)
    if "campaign" in sections:
        rows += campaign.campaign_rows(project, plan, day)
    if "investment" in sections:
        rows += investment_rows(project, plan, day)
    if "readings" in sections:
        rows += reading_rows(project, plan, day)
    return _keyed(project, plan, day, rows)


def evaluate_original(project: Project, day: date) -> dict[tuple[str, str], Row]:
    """The schedule rows against the first baseline, of a project that has several."""
    plan = project.first_plan()
    if plan is None or len(project.plans) == 1:
        return {}
    finish = finish_on(project, day)
    now = standing(project, plan, min(day, finish or day))
    sections = sections_on(project, plan, day)
    rows: list[Row] = []
    if "earned_value" in sections:
        rows += earned_value_rows(project, plan, day, now.index, finished=finish is not None)
        rows += earned_schedule_rows(project, plan, now, day, finish=finish)
    if "milestones" in sections:
        rows += milestone_rows(project, plan, day)
    return _keyed(project, plan, day, [row for row in rows if row["kpi"] in ORIGINAL_KPIS])


def _completion_and_reporting(
    project: Project, plan: Plan | None, day: date, schedule: list[Row], *, finished: bool
) -> list[Row]:
    sections = sections_on(project, plan, day)
    rows: list[Row] = []
    if "campaign" in sections:
        rows = campaign.campaign_completion_rows(project, plan, day, finished=finished)
    elif "restart" in sections:
        rows = restart.restart_completion_rows(project, plan, day, finished=finished)
    finishes = {r["kpi"]: r for r in (*schedule, *rows) if r["scope"] == ""}
    projected = finishes.get("projected_finish", finishes.get("forecast_finish"))
    dated = None if projected is None else projected | {"as_of": day}
    return rows + reporting_rows(project, plan, day, dated, finished=finished)


def _keyed(project: Project, plan: Plan | None, day: date, rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    head = {"project_id": project.project_id, "as_of": day, "baseline": 0 if plan is None else plan.number}
    early = plan is not None and day <= plan.start
    keyed = {(r["kpi"], r["scope"]): head | _started(r, early=early) for r in rows}
    assert len(keyed) == len(list(rows)), "two rows with one key"
    return keyed


def _started(row: Row, *, early: bool) -> Row:
    """`not_started` applies to every missing value up to the start."""
    if early and row["reason"] and REASONS.index(row["reason"]) > REASONS.index("not_started"):
        return row | {"reason": "not_started"}
    return row


def reason_when_gone(project: Project, kpi: str, day: date) -> str:
    """Why a key that had a row has none any more."""
    if project.plan_on(day) is not None:
        return "not_planned"
    return "no_data" if kpi.startswith(NEEDS_NO_PLAN) else "no_baseline"
