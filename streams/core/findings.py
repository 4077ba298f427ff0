"""Findings of a project: all that is kept but cannot count, or contradicts its plan.

They are a function of the statements known and of the status date, never of the order of arrival. What was found of an
object is kept in `Project.memo`, so that a new report costs the check of that report and not of its whole object.
`id_reused` needs the whole journal and is found by the store.
"""

from collections.abc import Iterator
from typing import Any

from schemas.findings import Finding
from schemas.quantities import convertible
from streams.core.finding_checks import (
    KINDS,
    TASKED,
    Subject,
    check_assignment,
    check_statement,
    finding_of,
    placed,
)
from streams.core.line_checks import check_period, line_unit
from streams.core.line_output import LineReports
from streams.core.plan import Plan
from streams.core.project import Project, day_of
from streams.core.statements import Key, Statement
from streams.core.timeline import Timeline

__all__ = ["findings_of"]

_BASELINED = "milepost.project.baselined.v1"
_KEY_SCOPES = frozenset(
    {
        "milepost.milestone.reported.v1",
        "milepost.work.reported.v1",
        "milepost.production.reported.v1",
        "milepost.reading.taken.v1",
        "milepost.tally.reported.v1",
        TASKED,
    }
)
"""Types whose key begins with the part that is the scope."""


class _Checked:
    """What was found of one object; kept from one evaluation to the next."""

    __slots__ = ("carried", "found", "unit")

    def __init__(self, unit: str | None) -> None:
        self.unit = unit
        self.carried: list[Any] = []
        self.found: dict[Any, list[Finding]] = {}


class _Memo:
    """What was found of a project under one set of baselines."""

    __slots__ = ("assigned", "assignments_version", "in_force", "lines", "objects", "plans_version")

    def __init__(self, in_force: Plan | None, plans_version: int) -> None:
        self.in_force = in_force
        self.plans_version = plans_version
        self.objects: dict[tuple[str, Any], _Checked] = {}
        self.lines: dict[str, _Checked] = {}
        self.assigned: list[Finding] = []
        self.assignments_version = -1


def findings_of(project: Project, status_day: int | None) -> list[Finding]:
    """The complete list of a project at its status date (ordinal), in a fixed order."""
    in_force = None if status_day is None else project.plan_on(status_day)
    memo = _memo_of(project, in_force)
    found = [*_of_assignments(project, memo), *_of_retractions(project)]
    _check_objects(project, memo)
    for checked in memo.objects.values():
        for some in checked.found.values():
            found += some
    found += _of_unassigned_tasks(project)
    for line, reports in project.lines.items():
        found += _of_line(project, memo, line, reports)
    found += _of_other_dimensions(project, in_force)
    if not project.plans:
        found.append(_no_baseline())
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[str, ...]:
    fields = (finding["as_of"], finding["since"], finding["source"], finding["id"])
    return (finding["finding"], finding["scope"], *[field or "" for field in fields], finding["detail"])


def _memo_of(project: Project, in_force: Plan | None) -> _Memo:
    memo: _Memo | None = project.memo.get("findings")
    if memo is None or memo.in_force is not in_force or memo.plans_version != project.plans_version:
        memo = project.memo["findings"] = _Memo(in_force, project.plans_version)
    return memo


def _no_baseline() -> Finding:
    return {
        "finding": "no_baseline",
        "scope": "",
        "as_of": None,
        "detail": "no baseline is known, so nothing can be compared with a plan; apply one (project.baselined)",
        "source": None,
        "id": None,
        "since": None,
    }


# -- objects on timelines ----------------------------------------------------------------------------------------------


def _check_objects(project: Project, memo: _Memo) -> None:
    """Check what changed on every timeline."""
    units: dict[str, str | None] = {}
    for (name, object_id), timeline in project.timelines.items():
        kind = KINDS.get(name)
        if kind is None:
            continue
        if not kind.one_unit or name not in units:
            units[name] = kind.unit(project, memo.in_force, object_id)
        _check_object(project, memo, (name, object_id), timeline, units[name])


def _check_object(
    project: Project, memo: _Memo, key: tuple[str, Any], timeline: Timeline, unit: str | None
) -> None:
    """Check the statements of an object from the first that changed; all of them when its unit changed."""
    checked = memo.objects.get(key)
    if checked is None or checked.unit != unit:
        checked = memo.objects[key] = _Checked(unit)
    elif timeline.changed_from is None:
        return
    first = len(checked.carried)
    if timeline.changed_from is not None:
        first = min(first, timeline.index_of(timeline.changed_from))
    timeline.changed_from = None
    _forget_from(checked, first)
    subject = Subject(project, memo.in_force, *key, timeline, checked.carried)
    scope = key[1] if key[0] in _KEY_SCOPES else ""
    for index in range(first, len(timeline)):
        said = [
            finding_of(name, detail, scope, timeline.day_of(index), timeline.nth(index))
            for name, detail in check_statement(subject, index)
        ]
        if said:
            checked.found[index] = said


def _forget_from(checked: _Checked, first: int) -> None:
    del checked.carried[first:]
    if checked.found:
        checked.found = {index: some for index, some in checked.found.items() if index < first}


# -- tasks and retractions ---------------------------------------------------------------------------------------------


def _of_assignments(project: Project, memo: _Memo) -> list[Finding]:
    if memo.assignments_version != project.assignments_version:
        memo.assignments_version = project.assignments_version
        checks = (check_assignment(project, memo.in_force, said) for said in project.assignments.values())
        memo.assigned = [finding for finding in checks if finding is not None]
    return memo.assigned


def _of_unassigned_tasks(project: Project) -> Iterator[Finding]:
    for (kind, task), timeline in project.timelines.items():
        if kind == TASKED and task not in project.assignments:
            for index, statement in enumerate(timeline):
                detail = f"the task {task} was never assigned; correct its id, or send task.assigned"
                yield finding_of("unknown_task", detail, task, timeline.day_of(index), statement)


def _of_retractions(project: Project) -> Iterator[Finding]:
    """Retractions that take nothing back, or that lose to a statement."""
    for key, rivals in project.retractions.items():
        winner = project.slots[key]
        scope, day = _scope_of(key), day_of(key, project.zone)
        if not winner.retracts:
            detail = (
                "a later statement of the same key holds; to take it back, retract it with a higher revision"
            )
            for rival in rivals.values():
                yield finding_of("retraction_superseded", detail, scope, day, rival)
        elif key not in project.retracted:
            detail = "no statement of this key is known; correct the fields of the key"
            yield finding_of("retraction_of_nothing", detail, scope, day, winner)


def _scope_of(key: Key) -> str:
    return str(key[1] or "") if key[0] in _KEY_SCOPES else ""


# -- production --------------------------------------------------------------------------------------------------------


def _of_line(project: Project, memo: _Memo, line: str, reports: LineReports) -> list[Finding]:
    plan = _plan_of_line(project, memo.in_force, line, reports)
    unit = line_unit(project, plan, line)
    checked = memo.lines.get(line)
    if checked is None or checked.unit != unit:
        checked = memo.lines[line] = _Checked(unit)
        reports.changed.update(reports.periods)
    for period in reports.changed:
        said = [
            finding_of(name, detail, line, period[1], report)
            for report, (name, detail) in check_period(project, memo.in_force, line, reports, period)
        ]
        checked.found.pop(period, None)
        if said:
            checked.found[period] = said
    reports.changed.clear()
    found = [finding for some in checked.found.values() for finding in some]
    known = plan is None or line in plan.lines_by_id
    return found + _overlapping(line, reports, unit) if known and unit is not None else found


def _plan_of_line(project: Project, in_force: Plan | None, line: str, reports: LineReports) -> Plan | None:
    earliest = reports.earliest()
    return in_force if earliest is None else placed(project, in_force, ("line", line), earliest[0])[0]


def _overlapping(line: str, reports: LineReports, unit: str) -> list[Finding]:
    """Reports of periods that were not taken because they overlap a longer or earlier one."""
    taken = reports.taken(unit)
    if len(taken) == len(reports.periods):
        return []
    left = reports.periods.keys() - set(taken)
    detail = "the period overlaps a longer or an earlier one of the line, which counts; retract one of them"
    return [
        finding_of("overlapping_period", detail, line, period[1], report)
        for period in sorted(left)
        for report in reports.periods[period].values()
        if convertible(report.data["unit"], unit)
    ]


def _of_other_dimensions(project: Project, in_force: Plan | None) -> Iterator[Finding]:
    """Lines whose unit is of another dimension than that of the first line: they take no part in the project's rows."""
    lines = _lines(project, in_force)
    units = {line: line_unit(project, in_force, line) for line in lines} if len(lines) > 1 else {}
    first = next((unit for unit in units.values() if unit is not None), None)
    for line, unit in units.items():
        if unit is None or first is None or convertible(unit, first):
            continue
        cause, day = _cause_of_unit(project, in_force, line)
        detail = (
            f"the line is measured in {unit}, the project in {first}; it takes no part in the project's rows"
        )
        yield finding_of("unit_mismatch", detail, line, day, cause)


def _lines(project: Project, in_force: Plan | None) -> list[str]:
    if in_force is not None:
        return [line.id for line in in_force.lines]
    reported = [(reports.earliest(), line) for line, reports in project.lines.items() if reports]
    return [line for _, line in sorted(reported)]


def _cause_of_unit(project: Project, in_force: Plan | None, line: str) -> tuple[Statement, int | None]:
    """The statement that gave a line its unit: the baseline by its capacity, else the earliest report."""
    if in_force is not None and in_force.lines_by_id[line].unit is not None:
        return project.slots[_BASELINED, in_force.baseline], None
    reports = project.line(line)
    last_day, first_day, shift = reports.earliest() or (0, 0, "")
    return reports.periods[first_day, last_day][shift or None], last_day
