"""What restarts and campaigns share: why a value is null, the pace that the due day asks for, and the day on which the
goal will be reached. A number is exact; where there is none, its reason stands in its place.

Source: key-project dispatch (required pace, linear projection).
"""

from datetime import date
from fractions import Fraction

from schemas.kpi import NullReason
from schemas.quantities import MICRO
from streams.core.day_view import DayView
from streams.core.reasons import first_reason
from streams.core.values import Exact, Value, date_value, null, ratio

__all__ = ["Number", "known", "projected_finish", "required_pace", "why_null"]

Number = Exact | NullReason
"""A number, or why there is none."""

_LAST_DAY = date.max.toordinal()


def known(number: Number | None) -> Exact | None:
    """The number itself; None where a reason stands instead."""
    return None if isinstance(number, str) else number


def why_null(view: DayView, *candidates: Number | None) -> NullReason | None:
    """First reason among the candidates, None if there is none; what is null up to the start has `not_started`."""
    found = first_reason(*candidates)
    if found is None or view.plan is None or view.day > view.plan.start:
        return found
    return first_reason(found, "not_started")


def required_pace(
    view: DayView, scope: str, unit: str, left: Number, due: int | None, *, scale: int = MICRO
) -> Value:
    """What is left / days left, per day; 0 where nothing is left, null once the due day has come with work left."""
    days_left = None if due is None else due - view.day
    rest = known(left)
    missing = why_null(
        view,
        view.plan_gap(planned=due is not None),
        left,
        "complete" if view.finish is not None else None,
        "target_passed" if days_left is not None and days_left <= 0 and rest != 0 else None,
    )
    if missing is not None or rest is None or days_left is None:
        return null("required_pace", scope, unit, missing or "not_planned", numerator=rest, denominator=days_left,
                    scale=scale, denominator_scale=1)  # fmt: skip
    # Nothing is left to be done, whatever the day: 0 of at least one day.
    days_left = days_left if rest else max(1, days_left)
    return ratio("required_pace", scope, rest, days_left, unit, scale=scale, denominator_scale=1)


def projected_finish(view: DayView, scope: str, left: Number, pace: Number) -> Value:
    """D + what is left / pace per day; both in the same unit."""
    reached = view.finish is not None or left == 0
    # What is reached needs no pace.
    ahead = ("complete",) if reached else (pace, _no_date(pace))
    reason = why_null(view, view.plan_gap(planned=True), left, *ahead)
    if reason is not None or isinstance(left, str) or isinstance(pace, str):
        return null("projected_finish", scope, "date", reason or "no_data")
    days_ahead = Fraction(left) / pace
    if view.day + days_ahead > _LAST_DAY:
        return null("projected_finish", scope, "date", why_null(view, "unreachable") or "unreachable")
    return date_value("projected_finish", scope, days_ahead, view.day)


def _no_date(pace: Number) -> NullReason | None:
    """A pace that leads nowhere."""
    if isinstance(pace, str) or pace > 0:
        return None
    return "unreachable" if pace < 0 else "no_pace"
