"""Budget, planned value, earned value and actual cost of a project on a day, exact, in 10⁻⁶ of the budget's unit.

PV is linear between points; the end of the day `start` is zero. EV comes from work items, milestones or reported value,
as `progress_by` says. Sources: ANSI/EIA-748, ISO 21508:2018, PMI Practice Standard for Earned Value Management.
"""

from bisect import bisect_right
from fractions import Fraction
from functools import cached_property

from schemas.kpi import NullReason
from schemas.quantities import PICO, convert_to_micro, convertible, to_micro, to_pico
from streams.core.plan import BUDGET_PERCENT, Part, Plan
from streams.core.project import Project
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
        self._day = day

    @property
    def unit(self) -> str:
        """Unit of the budget; a plan without budget is measured in percent unless its curve or value has none."""
        return self._plan.budget_unit if self._plan and self._plan.budget is not None else "%"

    @cached_property
    def budget(self) -> int | NullReason:
        """BAC: the budget, else the last point of the curve, else 100."""
        plan = self._plan
        if plan is None:
            return "no_baseline"
        if plan.budget is not None:
            return plan.budget
        return plan.curve[-1][1] if plan.curve else BUDGET_PERCENT

    @cached_property
    def planned(self) -> Exact | NullReason:
        """PV at the end of the day."""
        plan, budget = self._plan, self.budget
        if plan is None or isinstance(budget, str):
            return "no_baseline"
        if plan.curve:
            return _on_curve(plan.start, plan.curve, self._day)
        if plan.progress_from == "value":
            return "not_planned"
        parts = _scheduled(plan)
        if not parts:
            return "not_planned"
        return _planned_by_parts(plan.start, parts, budget, self._day)

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
        for _, statement in self._project.timeline(COST).backwards(self._day):
            if convertible(statement.data["unit"], self.unit):
                return convert_to_micro(statement.data["actual_cost"], statement.data["unit"], self.unit)
        return self._before_reports(plan)

    @property
    def is_complete(self) -> bool:
        """Whether EV has reached a budget above 0."""
        budget, earned = self.budget, self.earned
        return not isinstance(budget, str) and budget > 0 and not isinstance(earned, str) and earned >= budget

    def _before_reports(self, plan: Plan) -> int | NullReason:
        return 0 if self._day <= plan.start else "no_data"

    def _earned_by_value(self, plan: Plan, budget: int) -> int | NullReason:
        newest = self._project.timeline(VALUE).newest(self._day)
        if newest is None:
            return self._before_reports(plan)
        return min(to_micro(newest.data["earned_value"]), budget)

    def _share(self, part: Part, source: str) -> Fraction | None:
        """Done share of a part in 0…1; None when it has no report that counts."""
        if source == "milestones":
            percent = percent_of_milestone(self._project, part.id, self._day)
            return None if percent is None else Fraction(percent, FULL)
        return self._share_of_work(part)

    def _share_of_work(self, item: Part) -> Fraction | None:
        unit = item.unit
        for _, statement in self._project.timeline(WORK, item.id).backwards(self._day):
            stated = statement.data["unit"]
            if unit is None or convertible(stated, unit):
                done = convert_to_micro(statement.data["quantity"], stated, unit or stated)
                if item.quantity is None:
                    return None
                return min(Fraction(done, item.quantity), Fraction(1)) if item.quantity else Fraction(1)
        return None


def _plain(number: Fraction) -> Exact:
    return number.numerator if number.denominator == 1 else number


def _on_curve(start: int, curve: tuple[tuple[int, int], ...], day: int) -> Exact:
    if day <= start:
        return 0
    index = bisect_right(curve, day, key=lambda point: point[0])
    from_day, from_value = curve[index - 1] if index else (start, 0)
    if index == len(curve):
        return from_value
    to_day, to_value = curve[index]
    return _plain(from_value + Fraction((to_value - from_value) * (day - from_day), to_day - from_day))


def _scheduled(plan: Plan) -> list[tuple[int, int, int]] | None:
    """(weight, start, finish) of the parts; None when one of them has no finish."""
    if plan.progress_from == "work":
        return _complete([_span_of_work(item, plan) for item in plan.work_items])
    ends = [(milestone, milestone.finish or plan.finish) for milestone in plan.milestones]
    if any(end is None for _, end in ends):
        return None
    finishes = sorted({end for _, end in ends if end is not None})
    # Those that finish on one day run together from the finish before that day.
    previous = dict(zip(finishes, [plan.start, *finishes], strict=False))
    return _complete(
        [
            (
                milestone.weight,
                previous[end] if milestone.start is None and end else milestone.start or 0,
                end,
            )
            for milestone, end in ends
        ]
    )


def _span_of_work(item: Part, plan: Plan) -> tuple[int, int, int | None]:
    start = plan.start if item.start is None else item.start
    return item.weight, start, plan.finish if item.finish is None else item.finish


def _complete(spans: list[tuple[int, int, int | None]]) -> list[tuple[int, int, int]] | None:
    whole = [(weight, start, finish) for weight, start, finish in spans if finish is not None]
    return whole if len(whole) == len(spans) else None


def _planned_by_parts(start: int, parts: list[tuple[int, int, int]], budget: int, day: int) -> Exact:
    if day <= start:
        return 0
    total = sum(weight for weight, _, _ in parts)
    done = sum((weight * _elapsed(first, last, day) for weight, first, last in parts), Fraction(0))
    return _plain(Fraction(done) * budget / total)


def _elapsed(first: int, last: int, day: int) -> Fraction | int:
    if day >= last:
        return 1
    return Fraction(day - first, last - first) if day > first else 0
