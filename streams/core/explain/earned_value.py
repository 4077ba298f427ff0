"""What earned value reads: the plan, the newest report of each part, the newest cost."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from schemas.quantities import PICO, convert_to_micro, convertible
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    carrier,
    newest_where,
    number_of,
    plain,
    together,
    value_input,
)
from streams.core.plan import Part, Plan
from streams.core.progress import COST, MILESTONE, VALUE, WORK, percent_of_milestone
from streams.core.project import Project

__all__ = ["DECLARED", "cost_index", "earned_from", "estimate_inputs", "percent_from"]


# -- statements ----------------------------------------------------------------------------------------------------


def earned_from(project: Project, plan: Plan | None, day: int) -> Statements:
    """Statements behind EV: the baseline and the newest report of each part."""
    if plan is None:
        return ()
    return together(baseline_of(project, plan), *(said for _, said in _reports(project, plan, day)))


def _reports(project: Project, plan: Plan, day: int) -> Iterator[tuple[Part | None, Statements]]:
    """What was reported last of each part; of the whole where its value is reported."""
    if plan.progress_from == "value":
        yield None, newest_where(project.timeline(VALUE), day, lambda _: True)
    elif plan.progress_from == "milestones":
        for part in plan.milestones:
            yield part, percent_from(project, part.id, day)
    elif all(part.quantity is not None for part in plan.work_items):
        for part in plan.work_items:
            yield part, _work_of(project, part, day)


def percent_from(project: Project, milestone: str, day: int) -> Statements:
    """Statements behind the percent of a milestone: its actual finish, or what its percent is carried from."""
    timeline = project.timeline(MILESTONE, milestone)
    actual = carrier(timeline, day, "actual_finish")
    if actual and actual[0].data["actual_finish"] is not None:
        return actual
    return together(actual, carrier(timeline, day, "percent_complete"))


def _work_of(project: Project, item: Part, day: int) -> Statements:
    def counts(data: dict[str, str]) -> bool:
        return item.unit is None or convertible(data["unit"], item.unit)

    return newest_where(project.timeline(WORK, item.id), day, counts)


def _cost_from(case: Case) -> Statements:
    unit = case.view.progress.unit
    timeline = case.project.timeline(COST)
    return newest_where(timeline, case.day, lambda data: convertible(data["unit"], unit)) if case.plan else ()


# -- inputs --------------------------------------------------------------------------------------------------------


def _bac(case: Case) -> Input:
    statements = baseline_of(case.project, case.plan)
    return Input("BAC", number_of(case.view.progress.budget), case.view.progress.unit, statements)


def _pv(case: Case) -> Input:
    statements = baseline_of(case.project, case.plan)
    return Input("PV", number_of(case.view.progress.planned), case.view.progress.unit, statements)


def _ev(case: Case) -> Input:
    statements = earned_from(case.project, case.plan, case.day)
    return Input("EV", number_of(case.view.progress.earned), case.view.progress.unit, statements)


def _ac(case: Case) -> Input:
    statements = together(baseline_of(case.project, case.plan), _cost_from(case))
    return Input("AC", number_of(case.view.progress.cost), case.view.progress.unit, statements)


def _from_other(name: str, kpi: str, *parts: Callable[[Case], Input]) -> Callable[[Case], Input]:
    """Another KPI of the family as an input, with the statements of its own inputs."""

    def make(case: Case) -> Input:
        return value_input(name, case.other(kpi), together(*(part(case).statements for part in parts)))

    return make


cost_index = _from_other("CPI", "cpi", _ev, _ac)
_spi = _from_other("SPI", "spi", _ev, _pv)
_eac = _from_other("EAC", "eac", _bac, _ev, _ac)


def estimate_inputs(case: Case) -> tuple[Input, ...]:
    """What every estimate by an index reads but for an index of the schedule."""
    return _ac(case), _bac(case), _ev(case), cost_index(case)


def _reads(*inputs: Callable[[Case], Input]) -> Declaration:
    return lambda case: Worked(tuple(make(case) for make in inputs))


def _renamed(make: Callable[[Case], Input], name: str) -> Declaration:
    return lambda case: Worked((make(case)._replace(name=name),))


def _earned_value(case: Case) -> Worked:
    """EV with the progress of each part; a value that was reported stands for itself."""
    whole = _ev(case)._replace(name="Σ budget × progress")
    plan = case.plan
    if plan is None or plan.progress_from == "value":
        return Worked((whole,))
    parts = [
        Input(f"progress of {part.id}", _percent(case.project, part, said, case.day), "%", said)
        for part, said in _reports(case.project, plan, case.day)
        if part is not None
    ]
    return Worked((whole, _bac(case), *parts))


def _percent(project: Project, part: Part, said: Statements, day: int) -> int | float | None:
    """Progress of a part in percent, as reported; None when nothing was."""
    if part.quantity is None:
        return number_of(percent_of_milestone(project, part.id, day), PICO)
    if not said:
        return None
    data = said[0].data
    done = convert_to_micro(data["quantity"], data["unit"], part.unit or data["unit"])
    return plain(100 * min(Fraction(1), _share(done, part.quantity)))


def _share(done: int, quantity: int) -> Fraction:
    return Fraction(done, quantity) if quantity else Fraction(1)


DECLARED: dict[str, Declaration] = {
    "budget_at_completion": _reads(_bac),
    "planned_value": _renamed(_pv, "PV(D)"),
    "earned_value": _earned_value,
    "actual_cost": _renamed(_ac, "AC(D)"),
    "schedule_variance": _reads(_ev, _pv),
    "cost_variance": _reads(_ev, _ac),
    "spi": _reads(_ev, _pv),
    "cpi": _reads(_ev, _ac),
    "sci": _reads(_spi, cost_index),
    "percent_complete": _reads(_ev, _bac),
    "percent_scheduled": _reads(_pv, _bac),
    "percent_spent": _reads(_ac, _bac),
    "eac": _reads(_bac, cost_index),
    "eac_budget": _reads(_ac, _bac, _ev),
    "eac_sci": _reads(_ac, _bac, _ev, cost_index, _spi),
    "etc": _reads(_eac, _ac),
    "vac": _reads(_bac, _eac),
    "tcpi": _reads(_bac, _ev, _ac),
    "tcpi_eac": _reads(_bac, _ev, _eac, _ac),
}
"""By KPI."""
