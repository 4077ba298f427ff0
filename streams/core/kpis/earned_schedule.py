"""Earned schedule: performance and forecasts in time, in days on the dated baseline; frozen at the finish.

Sources: W. Lipke, Schedule is Different, The Measurable News, March 2003; PMI Practice Standard for Earned Value
Management, 2nd edition, appendix D; ISO 21508:2018; Vandevoorde & Vanhoucke, IJPM 24 (2006) 289–302 (forecasts).
"""

from collections.abc import Iterator
from datetime import date

from schemas.kpi import NullReason
from streams.core.day_view import DayView
from streams.core.numbers import Number, known, minus, over, plus, times
from streams.core.reasons import first_reason
from streams.core.schedule import planned_duration
from streams.core.values import Value, amount, date_value, null, ratio

__all__ = ["evaluate"]

_LAST_DAY = date.max.toordinal()


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the family at the end of the day."""
    if "earned_value" not in view.sections:
        return
    yield from _times(view)
    yield from _indices(view)
    yield from _durations(view)
    yield _finish(view)
    yield _to_complete(view)


def _times(view: DayView) -> Iterator[Value]:
    """ES, AT, PD; SV(t) = ES − AT."""
    schedule = view.schedule
    yield _days("earned_schedule", schedule.earned)
    yield _days("actual_time", schedule.actual)
    yield _days("planned_duration", planned_duration(view.plan))
    yield _days("schedule_variance_time", minus(schedule.earned, schedule.actual))


def _indices(view: DayView) -> Iterator[Value]:
    """SPI(t) = ES / AT; SCI(t) = SPI(t) × CPI."""
    yield _ratio("spi_t", view.schedule.earned, view.schedule.actual)
    product = _cost_and_schedule(view)
    yield (
        null("sci_t", "", "1", product) if isinstance(product, str) else amount("sci_t", "", product, "1", 1)
    )


def _cost_and_schedule(view: DayView) -> Number:
    """SCI(t), or why there is none."""
    return times(view.schedule.index, view.progress.cost_index)


def _durations(view: DayView) -> Iterator[Value]:
    """From the start: PD / SPI(t), and AT + (PD − ES) / PF with PF = 1 and SCI(t); what it took once it is finished."""
    schedule = view.schedule
    rest = minus(schedule.planned, schedule.earned)
    yield _days("forecast_duration", _forecast(view))
    yield _days("forecast_duration_pf1", _counted(view, plus(schedule.actual, rest)))
    paced = over(rest, _cost_and_schedule(view))
    yield _days("forecast_duration_sci_t", _counted(view, plus(schedule.actual, paced)))


def _forecast(view: DayView) -> Number:
    """IEAC(t) in days from the start."""
    return _counted(view, over(view.schedule.planned, view.schedule.index))


def _counted(view: DayView, since_origin: Number) -> Number:
    """Days from the start to what is so many days from the origin; to the finish once there is one."""
    schedule = view.schedule
    if view.finish is not None and schedule.plan is not None:
        return view.finish - schedule.plan.start
    return plus(schedule.before, since_origin)


def _finish(view: DayView) -> Value:
    """Start + IEAC(t): the day that contains the instant; the finish itself once there is one."""
    duration, plan = _forecast(view), view.schedule.plan
    if isinstance(duration, str) or plan is None:
        return null("forecast_finish", "", "date", duration if isinstance(duration, str) else "no_baseline")
    ahead = minus(duration, view.day - plan.start)
    if isinstance(ahead, str) or ahead.numerator > (_LAST_DAY - view.day) * ahead.denominator:
        return null("forecast_finish", "", "date", "unreachable")
    value = date_value("forecast_finish", "", ahead, view.day)
    return value if view.finish is None else value._replace(value_date=view.finish)


def _to_complete(view: DayView) -> Value:
    """TSPI = (PD − ES) / (PD − AT): the pace that the rest of the plan needs to end in time."""
    schedule = view.schedule
    rest, left = minus(schedule.planned, schedule.earned), minus(schedule.planned, schedule.actual)
    return _ratio(
        "tspi",
        rest,
        left,
        "not_started" if view.plan is not None and view.day <= view.plan.start else None,
        "complete" if view.finish is not None or view.progress.all_earned else None,
        "target_passed" if not isinstance(left, str) and left.numerator <= 0 else None,
    )


def _days(kpi: str, number: Number) -> Value:
    return null(kpi, "", "d", number) if isinstance(number, str) else amount(kpi, "", number, "d", 1)


def _ratio(kpi: str, top: Number, bottom: Number, *conditions: NullReason | None) -> Value:
    """A ratio of days; null with the first reason of its parts and conditions, its parts told as far as they are known."""
    above, below = known(top), known(bottom)
    reason = first_reason(top, bottom, *conditions)
    if reason is not None or above is None or below is None:
        return null(kpi, "", "1", reason or "no_data", numerator=above, denominator=below, scale=1)
    return ratio(kpi, "", above, below, "1", scale=1)
