"""What can be wrong with one winning statement, by its type. Each check is a function of the statement and those before it.

A statement is checked against the baseline in force at the status date if that knows its part, else against the one in
force on its own day. It knows nothing of memory between evaluations; that is `streams.core.findings`.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from schemas.findings import Finding, FindingName
from schemas.quantities import PICO, convert_to_micro, convertible, to_micro, to_pico
from streams.core.kpis.investment import unit_of_investment
from streams.core.plan import Plan
from streams.core.progress import Progress
from streams.core.project import Project
from streams.core.render import day_text, decimal_text, instant_text
from streams.core.statements import Statement
from streams.core.timeline import Timeline

__all__ = [
    "KINDS",
    "TALLIED",
    "TASKED",
    "Said",
    "Subject",
    "check_assignment",
    "check_statement",
    "finding_of",
    "placed",
    "plain_text",
    "unit_mismatch",
    "unknown_part",
]

TASKED = "milepost.task.reported.v1"
TALLIED = "milepost.tally.reported.v1"
READ = "milepost.reading.taken.v1"
_FULL = 100 * PICO
_FELL = "the figure is below that of {}; if that day was wrong, report it again with a higher revision"

Said = tuple[FindingName, str]
"""Name and detail of a finding."""


def finding_of(name: FindingName, detail: str, scope: str, day: int | None, statement: Statement) -> Finding:
    """A finding that a statement causes; `day` as ordinal."""
    return {
        "finding": name,
        "scope": scope,
        "as_of": None if day is None else day_text(day),
        "detail": detail,
        "source": statement.source,
        "id": statement.id,
        "since": instant_text(statement.stated_at_us),
    }


def placed(
    project: Project, in_force: Plan | None, part: tuple[str, str] | None, own_day: int
) -> tuple[Plan | None, bool]:
    """The baseline to check a statement against, and whether it knows the part (None: it is about the whole project)."""
    if in_force is not None and (part is None or part in in_force.part_ids):
        return in_force, True
    own = project.plan_on(own_day)
    if own is None:
        return None, True
    return own, part is None or part in own.part_ids


# -- statements about one object on a timeline -------------------------------------------------------------------------


class Subject(NamedTuple):
    """One object with its statements in order; `carried[i]` is what a report left out keeps after statement i."""

    project: Project
    in_force: Plan | None
    kind: str
    id: Any
    timeline: Timeline
    carried: list[Any]


def check_statement(subject: Subject, index: int) -> Iterator[Said]:
    """What is wrong with the statement at an index; the ones before it have been carried."""
    statement, day, kind = subject.timeline.nth(index), subject.timeline.day_of(index), KINDS[subject.kind]
    before = subject.carried[index - 1] if index else None
    part = (kind.section, subject.id) if kind.section and subject.id else None
    plan, known = placed(subject.project, subject.in_force, part, day)
    unit = kind.unit(subject.project, plan, subject.id) if known else None
    subject.carried.append(kind.carry(before, statement, unit))
    if not known:
        yield kind.unknown, unknown_part(kind.section, str(subject.id))
        return
    if not _fits(statement, unit):
        yield "unit_mismatch", unit_mismatch(statement.data["unit"], unit)
        return
    over = None if plan is None else kind.over(subject, index, plan, unit)
    if over is not None:
        yield over
    yield from _fell(subject, index, unit)


def unknown_part(section: str, part: str) -> str:
    """What is said of a part that no baseline knows."""
    what = {"item": "work item"}.get(section, section)
    return f"the {what} {part} is not in the baseline; correct its id, or put it into the next baseline"


def unit_mismatch(unit: str, wanted: str | None) -> str:
    """What is said of a unit of another dimension."""
    return f"{unit} cannot be converted to {wanted}; report again in {wanted}"


def _fits(statement: Statement, unit: str | None) -> bool:
    stated = statement.data.get("unit")
    return stated is None or unit is None or convertible(stated, unit)


def _fell(subject: Subject, index: int, unit: str | None) -> Iterator[Said]:
    """Below the newest earlier figure of the same object."""
    kind, timeline = KINDS[subject.kind], subject.timeline
    unit = unit or timeline.nth(index).data.get("unit")
    now = _figure(kind, subject, index, unit)
    if now is None:
        return
    for earlier in range(index - 1, -1, -1):
        before = _figure(kind, subject, earlier, unit)
        if before is not None:
            if now < before:
                yield "progress_fell", _FELL.format(day_text(timeline.day_of(earlier)))
            return


# -- types -------------------------------------------------------------------------------------------------------------


class Kind:
    """How statements of a type are checked; the base checks nothing but the figure in `field`, if there is one."""

    section = ""
    """Section of `Plan.part_ids`; '' where the type is about the whole project."""
    unknown: FindingName = "unknown_item"
    field = ""
    """Cumulative figure that should not fall."""
    one_unit = True
    """Whether all objects of the type have one unit."""

    def unit(self, project: Project, plan: Plan | None, part: Any) -> str | None:
        """Unit to which a statement must be convertible; None: any."""
        return None

    def carry(self, before: Any, statement: Statement, unit: str | None) -> Any:
        """What a later report that leaves it out keeps, after this statement."""
        return None

    def figure(self, statement: Statement, carried: Any, unit: str | None) -> int | None:
        """The cumulative figure, if it can be told in the unit."""
        if not self.field or not _fits(statement, unit):
            return None
        return _micro(statement.data[self.field], statement, unit)

    def over(self, subject: Subject, index: int, plan: Plan, unit: str | None) -> Said | None:
        """What is said of a figure above its plan."""
        return None


class _Milestones(Kind):
    section, unknown = "milestone", "unknown_milestone"

    def carry(self, before: Any, statement: Statement, unit: str | None) -> Any:
        actual, percent = before or (None, None)
        data = statement.data
        return data.get("actual_finish", actual), data.get("percent_complete", percent)

    def figure(self, statement: Statement, carried: Any, unit: str | None) -> int | None:
        actual, percent = carried
        if actual is not None:
            return _FULL
        return None if percent is None else to_pico(percent)


class _Work(Kind):
    section, unknown, field, one_unit = "item", "unknown_item", "quantity", False

    def unit(self, project: Project, plan: Plan | None, part: Any) -> str | None:
        item = plan.items_by_id.get(part) if plan else None
        return item.unit if item else None

    def over(self, subject: Subject, index: int, plan: Plan, unit: str | None) -> Said | None:
        item = plan.items_by_id.get(subject.id)
        done = _figure(self, subject, index, unit)
        return _over("over_quantity", done, item.quantity if item else None, "the planned quantity")


class _EarnedValue(Kind):
    field = "earned_value"

    def over(self, subject: Subject, index: int, plan: Plan, unit: str | None) -> Said | None:
        if plan.progress_from != "value" or not plan.has_earned_value:
            return None
        budget = Progress(subject.project, plan, subject.timeline.day_of(index)).budget
        earned = _figure(self, subject, index, unit)
        return _over("over_budget", earned, None if isinstance(budget, str) else budget, "the budget")


class _Costs(Kind):
    def unit(self, project: Project, plan: Plan | None, part: Any) -> str | None:
        return Progress(project, plan, 0).unit if plan and plan.has_earned_value else None


class _Investments(Kind):
    field = "cumulative"

    def unit(self, project: Project, plan: Plan | None, part: Any) -> str | None:
        return unit_of_investment(project, plan)


class _Surveys(Kind):
    field = "resumed"

    def carry(self, before: Any, statement: Statement, unit: str | None) -> Any:
        if "population" not in statement.data:
            return before
        population = statement.data["population"]
        return None if population is None else to_micro(population)

    def over(self, subject: Subject, index: int, plan: Plan, unit: str | None) -> Said | None:
        surveyed = subject.carried[index]
        planned = plan.restart.population if plan.restart else None
        population = planned if surveyed is None else surveyed
        return _over("over_population", _figure(self, subject, index, unit), population, "the population")


class _Tallies(Kind):
    section, unknown, field = "district", "unknown_district", "done"

    def unit(self, project: Project, plan: Plan | None, part: Any) -> str | None:
        """As planned, else that of the earliest tally that names one and can be placed."""
        campaign = plan.campaign if plan else None
        if campaign is not None and campaign.unit:
            return campaign.unit
        districts = project.objects(TALLIED)
        known = [d for d in districts if plan is None or not d or ("district", d) in plan.part_ids]
        named = [found for found in (_first_unit(project, district) for district in known) if found]
        return min(named)[2] if named else "1"

    def over(self, subject: Subject, index: int, plan: Plan, unit: str | None) -> Said | None:
        total = _told_total(subject, index, unit)
        if total is None and plan.campaign is not None:
            shares = {district.id: district.total for district in plan.campaign.districts}
            total = shares.get(subject.id) if subject.id else plan.campaign.total
        return _over("over_total", _figure(self, subject, index, unit), total, "the total")


class _Readings(Kind):
    section, unknown, one_unit = "series", "unknown_series", False

    def unit(self, project: Project, plan: Plan | None, part: Any) -> str | None:
        series = plan.series_by_id.get(part) if plan else None
        if series is not None and series.unit:
            return series.unit
        timeline = project.timeline(READ, part)
        return str(timeline.nth(0).data["unit"]) if len(timeline) else None


def _first_unit(project: Project, district: str) -> tuple[int, str, str] | None:
    """Day, district and unit of the first tally of a district that names a unit."""
    timeline = project.timeline(TALLIED, district)
    for index, tally in enumerate(timeline):
        if tally.data.get("unit"):
            return timeline.day_of(index), district, tally.data["unit"]
    return None


def _told_total(subject: Subject, index: int, unit: str | None) -> int | None:
    """Total of the newest tally that has the field; earlier ones may have been checked against a plan with another unit."""
    for tally in subject.timeline.having(subject.timeline.day_of(index), "total"):
        if _fits(tally, unit):
            total = tally.data["total"]
            return None if total is None else _micro(total, tally, unit)
    return None


def _micro(number: float, statement: Statement, unit: str | None) -> int:
    stated = statement.data.get("unit") or unit
    return to_micro(number) if stated is None or unit is None else convert_to_micro(number, stated, unit)


def _figure(kind: Kind, subject: Subject, index: int, unit: str | None) -> int | None:
    return kind.figure(subject.timeline.nth(index), subject.carried[index], unit)


def _over(name: FindingName, done: int | None, whole: int | None, what: str) -> Said | None:
    if whole is None or done is None or done <= whole:
        return None
    return name, f"{plain_text(done)} is above {what} {plain_text(whole)}; correct the report or the plan"


def plain_text(micro: int) -> str:
    """An amount of 10⁻⁶ as it is written."""
    return decimal_text(micro * 10**6)


KINDS: Final[dict[str, Kind]] = {
    "milepost.milestone.reported.v1": _Milestones(),
    "milepost.work.reported.v1": _Work(),
    "milepost.value.reported.v1": _EarnedValue(),
    "milepost.cost.reported.v1": _Costs(),
    "milepost.investment.reported.v1": _Investments(),
    "milepost.restart.surveyed.v1": _Surveys(),
    TALLIED: _Tallies(),
    READ: _Readings(),
}


# -- assignments --------------------------------------------------------------------------------


def check_assignment(project: Project, in_force: Plan | None, assignment: Statement) -> Finding | None:
    """An assignment to a district that the baseline does not have."""
    district = assignment.data.get("district")
    day = assignment.data["assigned_on"].toordinal()
    if district is None or placed(project, in_force, ("district", district), day)[1]:
        return None
    return finding_of("unknown_district", unknown_part("district", district), district, day, assignment)
