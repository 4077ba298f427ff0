"""Earned schedule of a project: how far the plan has come in time, in days on the dated baseline.

Time is counted from the end of the day `start`; since a re-baseline, from its approval, with what was planned and
earned by then taken off. All of it stands still at the finish.
Sources: W. Lipke, Schedule is Different, The Measurable News, March 2003; PMI Practice Standard for Earned Value
Management, 2nd edition, appendix D; ISO 21508:2018.
"""

from dataclasses import dataclass
from functools import cached_property

from schemas.kpi import NullReason
from streams.core.numbers import Number, minus, over, plus, quotient
from streams.core.plan import Plan
from streams.core.progress import Progress
from streams.core.reasons import first_reason
from streams.core.values import Rational

__all__ = ["Schedule", "planned_duration"]


def planned_duration(plan: Plan | None) -> int | NullReason:
    """PD: days from the start to the first day on which PV reaches its end."""
    if plan is None:
        return "no_baseline"
    return plan.planned_value.duration if plan.planned_value else "not_planned"


@dataclass(frozen=True)
class Schedule:
    """ES, AT, PD at the end of `day`; `replanned` is the progress when a later baseline was approved, None for the first."""

    plan: Plan | None
    day: int
    progress: Progress
    replanned: Progress | None

    @cached_property
    def origin(self) -> int:
        """Day from whose end time is counted: start, or the approval of a later baseline."""
        if self.plan is None:
            return self.day
        return self.plan.start if self.replanned is None else max(self.plan.start, self.replanned.day)

    @cached_property
    def before(self) -> int:
        """Days from the start to the origin."""
        return self.origin - self.plan.start if self.plan else 0

    @cached_property
    def actual(self) -> Number:
        """AT: days from the origin to the day."""
        return "no_baseline" if self.plan is None else max(0, self.day - self.origin)

    @cached_property
    def planned(self) -> Number:
        """Days planned from the origin on: PD, or what was left of it."""
        duration = planned_duration(self.plan)
        return duration if isinstance(duration, str) else max(0, duration - self.before)

    @cached_property
    def earned(self) -> Number:
        """ES: days from the origin to where PV, counted from there, is EV; the end of a plateau; 0 while EV is 0."""
        curve = self.plan.planned_value if self.plan else None
        gained = minus(self.progress.earned, self.replanned.earned if self.replanned else 0)
        if curve is None or isinstance(gained, str):
            return first_reason(self.planned, gained) or "no_data"
        if self.progress.is_complete:
            return self.planned
        if gained.numerator <= 0:
            return 0
        passed = plus(gained, curve.at(self.origin))
        return 0 if isinstance(passed, str) else self._since_origin(curve.day_of(passed))

    def _since_origin(self, instant: Rational) -> Number:
        """Days from the origin to an instant, at least 0."""
        bottom = instant.denominator
        return quotient(max(0, instant.numerator - self.origin * bottom), bottom)

    @cached_property
    def index(self) -> Number:
        """SPI(t) = ES / AT."""
        return over(self.earned, self.actual)
