"""Resumption of work after a holiday: how many have resumed, against the target, the pace and the year before.

Rates are in percent, exact; differences of rates in percentage points. A day without a survey keeps the last one.
Sources: provincial and city bulletins on the resumption of work, 2020–2025.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from schemas.quantities import PICO, to_micro
from streams.core.day_view import DayView
from streams.core.kpis.pace import Number, known, projected_finish, required_pace, why_null
from streams.core.plan import RestartPlan
from streams.core.reasons import first_reason
from streams.core.timeline import Timeline
from streams.core.values import Value, amount, null, ratio

__all__ = ["evaluate", "target_reached"]

SURVEYED = "milepost.restart.surveyed.v1"
_FULL_RATE = Fraction(100)
_SURVEYS_OF_A_SLOPE = 7


class _Survey(NamedTuple):
    """One survey: day (ordinal), resumed and population in 10⁻⁶."""

    day: int
    resumed: int
    population: Number

    @property
    def rate(self) -> Number:
        """Resumed / population in percent."""
        if isinstance(self.population, str):
            return self.population
        return 100 * Fraction(self.resumed) / self.population if self.population else "zero_denominator"


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the family at the end of the day, and the pace and finish of a project without a campaign."""
    if "restart" not in view.sections:
        return
    surveys = _surveys(view, _SURVEYS_OF_A_SLOPE)
    rate = surveys[0].rate if surveys else _nothing(view)
    left, slope = _left(view, rate), _slope(surveys)
    yield _rate(view, surveys)
    yield _gap(view, rate)
    yield _pace(view, surveys, rate)
    yield _year_on_year(view, rate)
    if "campaign" in view.sections:
        return
    due = view.restart.due if view.restart else None
    yield required_pace(view, "", "pp/d", left, due, scale=1)
    yield projected_finish(view, "", left, slope)


def target_reached(view: DayView) -> bool:
    """Whether the newest survey has reached the target rate; without one, whether all have resumed."""
    newest = _surveys(view, 1)
    rate = newest[0].rate if newest else "no_data"
    if isinstance(rate, str):
        return False
    target = _target(view)
    return rate >= (_FULL_RATE if target is None else target)


def _surveys(view: DayView, count: int) -> list[_Survey]:
    """The newest surveys, newest first."""
    timeline = view.project.timeline(SURVEYED)
    newest = islice(timeline.backwards(view.day), count)
    return [
        _Survey(day, to_micro(said.data["resumed"]), _population(view, timeline, day)) for day, said in newest
    ]


def _population(view: DayView, timeline: Timeline, day: int) -> Number:
    """Who is due to resume, in 10⁻⁶: as surveyed by the day, else as planned."""
    surveyed = timeline.carried(day, "population")
    if surveyed is not None:
        return to_micro(surveyed)
    planned = view.restart.population if view.restart else None
    return "not_planned" if planned is None else planned


def _nothing(view: DayView) -> Number:
    """Why there is no rate without a survey."""
    planned = view.restart is None or view.restart.population is not None
    return "no_data" if planned else "not_planned"


def _target(view: DayView) -> Fraction | None:
    """Target rate in percent."""
    target = view.restart.target_rate if view.restart else None
    return None if target is None else Fraction(target, PICO)


def _left(view: DayView, rate: Number) -> Number:
    """What is missing to the target rate, in percentage points, at least 0."""
    target = _target(view)
    if target is None or isinstance(rate, str):
        return first_reason(rate, view.plan_gap(planned=target is not None)) or "no_data"
    return max(Fraction(0), target - rate)


def _rate(view: DayView, surveys: list[_Survey]) -> Value:
    """Resumed / population, in percent; the base is who was due to resume as last surveyed or planned."""
    resumed = surveys[0].resumed if surveys else None
    population = surveys[0].population if surveys else _population(view, Timeline(), view.day)
    rate = surveys[0].rate if surveys else _nothing(view)
    base = known(population)
    missing = why_null(view, view.plan_gap(planned=True), rate)
    if missing is not None or resumed is None or base is None:
        return null("resumption_rate", "", "%", missing or "no_data", numerator=resumed, denominator=base)
    return ratio("resumption_rate", "", resumed, base, "%", times=100)


def _gap(view: DayView, rate: Number) -> Value:
    """Rate − target rate, in percentage points; negative is behind."""
    target = _target(view)
    missing = why_null(view, view.plan_gap(planned=target is not None), rate)
    if missing is not None or target is None or isinstance(rate, str):
        return null("resumption_gap", "", "pp", missing or "no_data")
    return amount("resumption_gap", "", rate - target, "pp", 1)


def _slope(surveys: list[_Survey]) -> Number:
    """Change of the rate per day from the oldest to the newest of the surveys, in percentage points."""
    if len(surveys) < 2:
        return "no_data"
    newest, oldest = surveys[0], surveys[-1]
    if isinstance(newest.rate, str) or isinstance(oldest.rate, str):
        return first_reason(newest.rate, oldest.rate) or "no_data"
    return Fraction(newest.rate - oldest.rate) / (newest.day - oldest.day)


def _pace(view: DayView, surveys: list[_Survey], rate: Number) -> Value:
    """Slope of the rate over the last seven surveys, in percentage points per day."""
    slope = _slope(surveys)
    days = surveys[0].day - surveys[-1].day if surveys else 0
    missing = why_null(view, view.plan_gap(planned=True), slope, rate)
    if missing is not None or isinstance(slope, str):
        gained = None if isinstance(slope, str) else slope * days
        return null(
            "resumption_pace",
            "",
            "pp/d",
            missing or "no_data",
            numerator=gained,
            denominator=days or None,
            scale=1,
        )
    return ratio("resumption_pace", "", slope * days, days, "pp/d", scale=1)


def _year_on_year(view: DayView, rate: Number) -> Value:
    """Rate − rate of the year before on the same day after the holiday's end (day 0), in percentage points."""
    plan = view.restart
    aligned = plan is not None and plan.holiday_end is not None and plan.previous is not None
    before = _rate_before(plan, view.day) if plan else None
    missing = why_null(view, view.plan_gap(planned=aligned), rate, "no_data" if before is None else None)
    if missing is not None or before is None or isinstance(rate, str):
        return null("resumption_rate_yoy", "", "pp", missing or "no_data")
    return amount("resumption_rate_yoy", "", rate - Fraction(before, PICO), "pp", 1)


def _rate_before(plan: RestartPlan, day: int) -> int | None:
    """Rate of the year before, as many days after that holiday's end."""
    if plan.previous is None or plan.holiday_end is None:
        return None
    return plan.previous.get(day - plan.holiday_end)
