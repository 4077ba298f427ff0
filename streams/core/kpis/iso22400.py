"""Indicators of ISO 22400-2 of production lines: availability, effectiveness, quality, OEE and NEE, and their kin.

The figures of a day are those of the reports whose period ends on it; shifts of a period are added. '' sums its lines,
each time over those that tell both numbers of a ratio; lines of another dimension than the first take no part. Nothing
is capped. Source: ISO 22400-2:2014, key performance indicators, formulas by their short names.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from schemas.kpi import NullReason
from schemas.quantities import MICRO, PICO, conversion, convertible
from streams.core.day_view import DayView
from streams.core.kpis.lines import Line, lines_of, unit_of
from streams.core.time_elements import RUN_TIME, Elements
from streams.core.values import Exact, Value, null, ratio

__all__ = ["evaluate"]

_WORK: Final = ("processing", "production", "run_good", "run_made")
"""What effectiveness, quality and processing rest on, each by its name in `Elements`."""


class _Scope(NamedTuple):
    """A line, or the project, and what is told of its lines; quantities in 10⁻⁶ of `unit`."""

    id: str
    unit: str
    parts: Sequence[Elements]


class _Pair(NamedTuple):
    """Numerator and denominator in units of 1 / `scale` and 1 / `below`; None where nobody tells them.

    `missing`: why they make no ratio; two lines of which each tells one of the numbers make none.
    """

    top: Exact | None
    bottom: Exact | None
    missing: NullReason | None
    scale: int = PICO
    below: int = PICO


def evaluate(view: DayView) -> Iterator[Value]:
    """All indicators of the project and of each line at the end of the day."""
    if "production" not in view.sections:
        return
    lines = lines_of(view)
    for scope in (_project(view, lines), *(_of_line(view, line) for line in lines)):
        yield _availability(view, scope)
        yield _effectiveness(view, scope)
        yield _quality(view, scope)
        yield _oee(view, scope)
        yield _nee(view, scope)
        yield _allocation(view, scope)
        yield _utilization(view, scope)
        yield _throughput(view, scope)


# -- what is told ----------------------------------------------------------------------------------------------------


def _of_line(view: DayView, line: Line) -> _Scope:
    told = line.reports.elements_on(view.day, line.unit)
    return _Scope(line.plan.id, line.unit, [] if told is None else [told])


def _project(view: DayView, lines: Sequence[Line]) -> _Scope:
    """What its lines tell, in the unit of the first whose unit is known."""
    unit = unit_of(lines)
    fitting = [line for line in lines if line.unit and convertible(line.unit, unit)]
    told = [(line.unit, line.reports.elements_on(view.day, line.unit)) for line in fitting]
    return _Scope("", unit, [_told_in(unit, of, each) for of, each in told if each is not None])


def _told_in(unit: str, line_unit: str, told: Elements) -> Elements:
    """The same with quantities in another unit of the dimension, exactly; hours stay hours."""
    if line_unit == unit:
        return told
    factor = conversion(line_unit, unit)
    return told._replace(
        made=None if told.made is None else told.made * factor,
        good=None if told.good is None else told.good * factor,
    )


def _telling(parts: Sequence[Elements], *names: str) -> list[Elements]:
    return [part for part in parts if None not in [getattr(part, name) for name in names]]


def _sum(parts: Sequence[Elements], name: str) -> Exact | None:
    told = [number for number in (getattr(part, name) for part in parts) if number is not None]
    return sum(told) if told else None


def _pair(scope: _Scope, top: str, bottom: str, *, scale: int = PICO, below: int = PICO) -> _Pair:
    """Sums over those that tell both; where nobody does, what is told of each."""
    if len(scope.parts) == 1:
        (part,) = scope.parts
        above, under = getattr(part, top), getattr(part, bottom)
        return _Pair(above, under, "no_data" if above is None or under is None else None, scale, below)
    both = _telling(scope.parts, top, bottom)
    parts = both or scope.parts
    return _Pair(_sum(parts, top), _sum(parts, bottom), None if both else "no_data", scale, below)


# -- indicators ------------------------------------------------------------------------------------------------------


def _availability(view: DayView, scope: _Scope) -> Value:
    """Availability = APT / PBT."""
    return _percent(view, scope, "availability", _pair(scope, "production", "planned_busy"))


def _effectiveness(view: DayView, scope: _Scope) -> Value:
    """Effectiveness = PRI × PQ / APT."""
    return _percent(view, scope, "effectiveness", _pair(scope, "run_made", "production", scale=RUN_TIME))


def _quality(view: DayView, scope: _Scope) -> Value:
    """Quality ratio = GQ / PQ; of several lines weighted by the planned run time of what each has made."""
    if len(_telling(scope.parts, "made", "good")) > 1:
        pair = _pair(scope, "run_good", "run_made", scale=RUN_TIME, below=RUN_TIME)
    else:
        pair = _pair(scope, "good", "made", scale=MICRO, below=MICRO)
    return _percent(view, scope, "quality_ratio", pair)


def _oee(view: DayView, scope: _Scope) -> Value:
    """OEE index = availability × effectiveness × quality ratio = PRI × GQ / PBT, which holds where nothing was made."""
    return _percent(view, scope, "oee", _pair(scope, "run_good", "planned_busy", scale=RUN_TIME))


def _nee(view: DayView, scope: _Scope) -> Value:
    """NEE index = (AUPT / PBT) × effectiveness × quality ratio = (AUPT × PRI × GQ / APT) / PBT."""
    if not scope.parts:
        return _percent(view, scope, "nee", _Pair(None, None, "no_data", RUN_TIME))
    whole = _telling(scope.parts, *_WORK, "planned_busy")
    top = _good_work(whole or _telling(scope.parts, *_WORK))
    bottom = _sum(whole or scope.parts, "planned_busy")
    # Without effectiveness or quality there is no product of them.
    missing: NullReason | None = "no_data" if not whole else "zero_denominator" if top is None else None
    return _percent(view, scope, "nee", _Pair(top, bottom, missing, RUN_TIME))


def _good_work(parts: Sequence[Elements]) -> Fraction | None:
    """AUPT × PRI × GQ / APT; None where effectiveness or quality has no value."""
    production, made = _sum(parts, "production"), _sum(parts, "made")
    if not production or not made:
        return None
    return Fraction((_sum(parts, "processing") or 0) * (_sum(parts, "run_good") or 0)) / production


def _allocation(view: DayView, scope: _Scope) -> Value:
    """Allocation efficiency = AUBT / PBT."""
    return _percent(view, scope, "allocation_efficiency", _pair(scope, "busy", "planned_busy"))


def _utilization(view: DayView, scope: _Scope) -> Value:
    """Utilization efficiency = APT / AUBT."""
    return _percent(view, scope, "utilization_efficiency", _pair(scope, "production", "busy"))


def _throughput(view: DayView, scope: _Scope) -> Value:
    """Throughput rate = PQ / AOET, per hour."""
    unit = f"{scope.unit or '1'}/h"
    return _value(view, scope, "throughput_rate", unit, _pair(scope, "made", "execution", scale=MICRO))


def _percent(view: DayView, scope: _Scope, kpi: str, pair: _Pair) -> Value:
    return _value(view, scope, kpi, "%", pair)


def _value(view: DayView, scope: _Scope, kpi: str, unit: str, pair: _Pair) -> Value:
    top, bottom, missing, scale, below = pair
    reason = "no_baseline" if view.plan is None else missing
    if reason is not None or top is None or bottom is None:
        return null(kpi, scope.id, unit, reason or "no_data",
                    numerator=top, denominator=bottom, scale=scale, denominator_scale=below)  # fmt: skip
    return ratio(kpi, scope.id, top, bottom, unit,
                 scale=scale, denominator_scale=below, times=100 if unit == "%" else 1)  # fmt: skip
