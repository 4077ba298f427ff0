"""What a restart reads: the plan, the newest surveys, and the surveys that give them their population."""

from itertools import islice

from schemas.quantities import PICO
from streams.core.day_view import DayView
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    carrier,
    date_of,
    fraction_input,
    number_of,
    together,
    value_input,
)
from streams.core.kpis.restart import SURVEYED

__all__ = ["DECLARED", "finish", "pace", "rate_from"]

_SURVEYS_OF_A_SLOPE = 7


def rate_from(view: DayView) -> Statements:
    """Statements behind the rate of a day."""
    timeline = view.project.timeline(SURVEYED)
    newest = timeline.newest(view.day)
    surveyed = (newest,) if newest else ()
    population = carrier(timeline, view.day, "population") if newest else ()
    return together(baseline_of(view.project, view.plan), surveyed, population)


def _slope_from(view: DayView) -> Statements:
    """The last seven surveys, and what gives the first and the last of them their population."""
    timeline = view.project.timeline(SURVEYED)
    surveys = list(islice(timeline.backwards(view.day), _SURVEYS_OF_A_SLOPE))
    ends = {surveys[0][0], surveys[-1][0]} if surveys else set()
    populations = (carrier(timeline, day, "population") for day in sorted(ends))
    return together(baseline_of(view.project, view.plan), (said for _, said in surveys), *populations)


def _rate(case: Case) -> Worked:
    said = rate_from(case.view)
    resumed = fraction_input("resumed", case.value.numerator, "1", said)
    return Worked((resumed, fraction_input("population", case.value.denominator, "1", said)))


def _rate_input(case: Case) -> Input:
    return value_input("rate", case.other("resumption_rate"), rate_from(case.view))


def _target_input(case: Case) -> Input:
    target = case.view.restart.target_rate if case.view.restart else None
    return Input("target", number_of(target, PICO), "%", baseline_of(case.project, case.plan))


def _gap(case: Case) -> Worked:
    return Worked((_rate_input(case), _target_input(case)))


def _pace(case: Case) -> Worked:
    slope = _slope_from(case.view)
    gained = fraction_input("change of the rate", case.value.numerator, "pp", slope)
    days = fraction_input("days between", case.value.denominator, "d", slope)
    return Worked((gained, days), "change of the rate / days between")


def _year_on_year(case: Case) -> Worked:
    plan = case.view.restart
    aligned = plan.previous if plan and plan.holiday_end is not None else None
    before = aligned.get(case.day - plan.holiday_end) if aligned and plan and plan.holiday_end else None
    name = "rate of the same day after the holiday"
    base = Input(name, number_of(before, PICO), "%", baseline_of(case.project, case.plan))
    return Worked((_rate_input(case), base))


# -- completion ----------------------------------------------------------------------------------------------------


def pace(case: Case) -> Worked:
    """Required pace of a restart: what is missing to the target rate / days left."""
    days = fraction_input("days left", case.value.denominator, "d", baseline_of(case.project, case.plan))
    left, formula = _left(case)
    return Worked((*left, days), f"{formula} / days left")


def finish(case: Case) -> Worked:
    """Projected finish of a restart: D + what is missing / pace."""
    today = Input("D", date_of(case.day), "date")
    left, formula = _left(case)
    slope = value_input("pace", case.other("resumption_pace"), _slope_from(case.view))
    return Worked((today, *left, slope), f"D + {formula} / pace")


def _left(case: Case) -> tuple[tuple[Input, Input], str]:
    rate, target = _rate_input(case), _target_input(case)
    reached = rate.value is not None and target.value is not None and _over(case)
    return (target, rate), "max(0, target − rate)" if reached else "(target − rate)"


def _over(case: Case) -> bool:
    gap = case.other("resumption_gap")
    return gap is not None and gap.value is not None and gap.value > 0


DECLARED: dict[str, Declaration] = {
    "resumption_rate": _rate,
    "resumption_gap": _gap,
    "resumption_pace": _pace,
    "resumption_rate_yoy": _year_on_year,
}
"""By KPI."""
