"""Explains one value: what its formula reads on that day, and the statements behind it."""

from typing import NamedTuple

from schemas.catalog import KPIS
from streams.core.evaluation import evaluate
from streams.core.explain import (
    campaign,
    completion,
    earned_schedule,
    earned_value,
    investment,
    iso22400,
    milestones,
    production,
    readings,
    reporting,
    restart,
)
from streams.core.explain.finish import before_run, finish_from, standing_from
from streams.core.explain.formula import worked_out
from streams.core.explain.inputs import Case, Declaration, Input, Statements, together
from streams.core.finish import view_of
from streams.core.project import Project, day_of
from streams.core.values import Value

__all__ = ["DECLARED", "Explanation", "explain", "explain_day"]

DECLARED: dict[str, Declaration] = {
    **earned_value.DECLARED,
    **earned_schedule.DECLARED,
    **milestones.DECLARED,
    **production.DECLARED,
    **iso22400.DECLARED,
    **restart.DECLARED,
    **campaign.DECLARED,
    **completion.DECLARED,
    **investment.DECLARED,
    **readings.DECLARED,
    **reporting.DECLARED,
}
"""What the formula of each KPI reads."""


class Explanation(NamedTuple):
    """A value with what it rests on; `formula` has the numbers filled in, `names` is the same in names of inputs."""

    day: int
    baseline: int
    value: Value
    formula: str
    names: str
    inputs: tuple[Input, ...]
    statements: Statements


def explain(project: Project, day: int, kpi: str, scope: str) -> Explanation | None:
    """Why the value of a KPI and scope is what it is on a day; None where the day has no such value."""
    found = [each for each in explain_day(project, day, kpi) if each.value.scope == scope]
    return found[0] if found else None


def explain_day(project: Project, day: int, kpi: str) -> list[Explanation]:
    """Explanations of a KPI in every scope that the day has."""
    baseline, values = evaluate(project, day)
    by_key = {(value.kpi, value.scope): value for value in values}
    view = view_of(project, day)
    cases = (Case(view, value, by_key) for value in values if value.kpi == kpi)
    return [_explained(case, baseline) for case in cases]


def _explained(case: Case, baseline: int) -> Explanation:
    value = case.value
    inputs, names = DECLARED[value.kpi](case)
    formula = KPIS[value.kpi].formula
    read = together(*(each.statements for each in inputs))
    statements = together(read, _finish(case, read))
    worked = worked_out(formula, names or formula, inputs, value)
    return Explanation(
        case.day, baseline, value, worked, names or formula, inputs, _ordered(case.project, statements)
    )


def _finish(case: Case, read: Statements) -> Statements:
    """What says that the project is finished, or that it is not, as far as the inputs alone leave that open."""
    view = case.view
    added: Statements = ()
    steps = (standing_from,) if view.finish is None else (finish_from, before_run)
    for step in steps:
        if case.plan is None or _is_enough(case, together(read, added)):
            break
        added = together(added, step(view))
    return added


def _is_enough(case: Case, read: Statements) -> bool:
    """Whether some statements alone give the value."""
    alone = Project(case.project.id, case.project.zone)
    alone.load(read)
    return case.value in evaluate(alone, case.day)[1]


def _ordered(project: Project, statements: Statements) -> Statements:
    """Baselines and assignments first, the others by their days."""
    return tuple(
        sorted(statements, key=lambda each: (day_of(each.key, project.zone) or 0, each.key[0], each.order))
    )
