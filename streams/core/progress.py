"""Budget, planned value, earned value and actual cost of a project on a day, exact, in 10⁻⁶ of the budget's unit.

PV is linear between points; the end of the day `start` is zero. EV comes from work items, milestones or reported value,
as `progress_by` says. Sources: ANSI/EIA-748, ISO 21508:2018, PMI Practice Standard for Earned Value Management.
"""

from functools import cached_property

from schemas.kpi import NullReason
from schemas.quantities import PICO, convert_to_micro, convertible, to_micro, to_pico
from streams.core.numbers import Number, over, quotient
from streams.core.plan import Part, Plan
from streams.core.project import Project
from streams.core.reasons import first_reason

__all__ = ["FULL", "MILESTONE", "Progress", "percent_of_milestone"]

MILESTONE = "milepost.milestone.reported.v1"
WORK = "milepost.work.reported.v1"
VALUE = "milepost.value.reported.v1"
COST = "milepost.cost.reported.v1"
FULL = 100 * PICO
"""100 % in 10⁻¹² of a percent."""


def percent_of_milestone(project: Project, milestone: str, day: int) -> int | None:
    """Percent complete in 10⁻¹²; a report with `actual_finish` counts as 100 %; None when nothing was said of it."""
    timeline = project.timeline(MILESTONE, milestone)
    if not timeline.count_until(day):
        return None
    if timeline.carried(day, "actual_finish") is not None:
        return FULL
    percent = timeline.carried(day, "percent_complete")
    return None if percent is None else to_pico(percent)


class Progress:
    """BAC, PV, EV, AC of one day; each a number or a reason."""

    def __init__(self, project: Project, plan: Plan | None, day: int) -> None:
        self._project = project
        self._plan = plan
        self.day = day

    @property
    def unit(self) -> str:
        """Unit of the budget; a plan without budget is measured in percent unless its curve or value has none."""
        return self._plan.budget_unit if self._plan and self._plan.budget is not None else "%"

    @cached_property
    def budget(self) -> int | NullReason:
        """BAC: the budget, else the last point of the curve, else 100."""
        return "no_baseline" if self._plan is None else self._plan.at_completion

    @cached_property
    def planned(self) -> Number:
        """PV at the end of the day."""
        if self._plan is None:
            return "no_baseline"
        curve = self._plan.planned_value
        return "not_planned" if curve is None else curve.at(self.day)

    @cached_property
    def earned(self) -> Number:
        """EV at the end of the day."""
        plan, budget = self._plan, self.budget
        if plan is None or isinstance(budget, str):
            return "no_baseline"
        if plan.progress_from == "value":
            return self._earned_by_value(plan, budget)
        if plan.progress_from == "milestones":
            return self._earned_by_milestones(plan, budget)
        return self._earned_by_work(plan, budget)

    def _earned_by_milestones(self, plan: Plan, budget: int) -> Number:
        if not plan.milestones:
            return "not_planned"
        percents = [
            (part.weight, percent_of_milestone(self._project, part.id, self.day)) for part in plan.milestones
        ]
        if all(percent is None for _, percent in percents):
            return self._before_reports(plan)
        done = sum(weight * percent for weight, percent in percents if percent)
        return quotient(done * budget, FULL * sum(weight for weight, _ in percents))

    def _earned_by_work(self, plan: Plan, budget: int) -> Number:
        scale = plan.work_scale
        if scale is None:
            return "not_planned"
        quantities = [(item, self._done(item)) for item in plan.work_items]
        if all(done is None for _, done in quantities):
            return self._before_reports(plan)
        earned = sum(_weighed(item, done, scale) for item, done in quantities if done is not None)
        return quotient(earned * budget, scale * sum(item.weight for item in plan.work_items))

    @cached_property
    def cost(self) -> int | NullReason:
        """AC at the end of the day."""
        plan = self._plan
        if plan is None:
            return "no_baseline"
        for _, statement in self._project.timeline(COST).backwards(self.day):
            if convertible(statement.data["unit"], self.unit):
                return convert_to_micro(statement.data["actual_cost"], statement.data["unit"], self.unit)
        return self._before_reports(plan)

    @property
    def cost_index(self) -> Number:
        """CPI = EV / AC, or why there is none."""
        early = self._plan is not None and self.day <= self._plan.start
        return first_reason(self.earned, self.cost, "not_started" if early else None) or over(
            self.earned, self.cost
        )

    @property
    def all_earned(self) -> bool:
        """Whether EV has reached the budget, even one of 0."""
        budget, earned = self.budget, self.earned
        if isinstance(budget, str) or isinstance(earned, str):
            return False
        return earned.numerator >= budget * earned.denominator

    @property
    def is_complete(self) -> bool:
        """Whether EV has reached a budget above 0."""
        return self.all_earned and self.budget != 0

    def _before_reports(self, plan: Plan) -> int | NullReason:
        return 0 if self.day <= plan.start else "no_data"

    def _earned_by_value(self, plan: Plan, budget: int) -> int | NullReason:
        newest = self._project.timeline(VALUE).newest(self.day)
        if newest is None:
            return self._before_reports(plan)
        return min(to_micro(newest.data["earned_value"]), budget)

    def _done(self, item: Part) -> int | None:
        """Quantity done in 10⁻⁶ of the item's unit; None when it has no report that counts."""
        unit = item.unit
        for _, statement in self._project.timeline(WORK, item.id).backwards(self.day):
            stated = statement.data["unit"]
            if unit is None or convertible(stated, unit):
                return convert_to_micro(statement.data["quantity"], stated, unit or stated)
        return None


def _weighed(item: Part, done: int, scale: int) -> int:
    """Weight of what is done, times `scale`; all of it from the planned quantity on."""
    if not item.quantity or done >= item.quantity:
        return item.weight * scale
    return item.weight * done * (scale // item.quantity)
