"""Budget, planned value, earned value and actual cost of a project on a day, exact, in 10⁻⁶ of the budget's unit.

PV is linear between points; the end of the day `start` is zero. EV comes from work items, milestones or reported value,
as `progress_by` says. Sources: ANSI/EIA-748, ISO 21508:2018, PMI Practice Standard for Earned Value Management.
"""

from fractions import Fraction
from functools import cached_property

from schemas.kpi import NullReason
from schemas.quantities import PICO, convert_to_micro, convertible, to_micro, to_pico
from streams.core.numbers import Number, over
from streams.core.plan import Part, Plan
from streams.core.project import Project
from streams.core.reasons import first_reason
from streams.core.values import Exact

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
    def planned(self) -> Exact | NullReason:
        """PV at the end of the day."""
        if self._plan is None:
            return "no_baseline"
        curve = self._plan.planned_value
        return "not_planned" if curve is None else curve.at(self.day)

    @cached_property
    def earned(self) -> Exact | NullReason:
        """EV at the end of the day."""
        plan, budget = self._plan, self.budget
        if plan is None or isinstance(budget, str):
            return "no_baseline"
        if plan.progress_from == "value":
            return self._earned_by_value(plan, budget)
        parts = plan.work_items if plan.progress_from == "work" else plan.milestones
        if not parts or (plan.progress_from == "work" and any(part.quantity is None for part in parts)):
            return "not_planned"
        shares = [self._share(part, plan.progress_from) for part in parts]
        if all(share is None for share in shares):
            return self._before_reports(plan)
        total = sum(part.weight for part in parts)
        done = sum(
            (part.weight * share for part, share in zip(parts, shares, strict=True) if share), Fraction(0)
        )
        return _plain(done * budget / total)

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
        return (
            not isinstance(self.budget, str)
            and not isinstance(self.earned, str)
            and self.earned >= self.budget
        )

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

    def _share(self, part: Part, source: str) -> Fraction | None:
        """Done share of a part in 0…1; None when it has no report that counts."""
        if source == "milestones":
            percent = percent_of_milestone(self._project, part.id, self.day)
            return None if percent is None else Fraction(percent, FULL)
        return self._share_of_work(part)

    def _share_of_work(self, item: Part) -> Fraction | None:
        unit = item.unit
        for _, statement in self._project.timeline(WORK, item.id).backwards(self.day):
            stated = statement.data["unit"]
            if unit is None or convertible(stated, unit):
                done = convert_to_micro(statement.data["quantity"], stated, unit or stated)
                if item.quantity is None:
                    return None
                return min(Fraction(done, item.quantity), Fraction(1)) if item.quantity else Fraction(1)
        return None


def _plain(number: Fraction) -> Exact:
    return number.numerator if number.denominator == 1 else number
