"""KPI values: a number or null with a reason, never a stand-in, exact until the one division at the end.

`Value.numerator` and `Value.denominator` are integers of 10⁻¹² (DECIMAL(38,12)), None where they are larger than that
holds; `Value.value` is a double.
"""

from fractions import Fraction
from typing import NamedTuple, Protocol

from schemas.kpi import NullReason
from schemas.quantities import MICRO, PICO, half_even

__all__ = ["Exact", "Rational", "Value", "amount", "date_value", "null", "ratio"]

Exact = int | Fraction
"""An exact number in units of 10⁻⁶ or 10⁻¹²; which one is said by the `scale` beside it."""


class Rational(Protocol):
    """An exact number as two integers, the denominator above 0: an int, a fraction, or a quotient that is not reduced."""

    @property
    def numerator(self) -> int:
        """What is divided."""

    @property
    def denominator(self) -> int:
        """What it is divided by."""


class Value(NamedTuple):
    """One KPI value of one scope."""

    kpi: str
    scope: str
    value: float | None
    value_date: int | None
    numerator: int | None
    denominator: int | None
    unit: str
    reason: NullReason | None


_BEYOND_DECIMAL = 10**38


def _pico(number: Rational, scale: int) -> int | None:
    if type(number) is int and scale <= PICO:
        pico = number * (PICO // scale)
    else:
        pico = half_even(number.numerator * PICO, number.denominator * scale)
    return pico if -_BEYOND_DECIMAL < pico < _BEYOND_DECIMAL else None


def amount(kpi: str, scope: str, number: Rational, unit: str, scale: int = MICRO) -> Value:
    """A plain amount of `number` / `scale`."""
    return Value(
        kpi,
        scope,
        number.numerator / (number.denominator * scale),
        None,
        None,
        None,
        unit,
        None,
    )


def ratio(  # noqa: PLR0913 - one keyword per property of a ratio
    kpi: str,
    scope: str,
    numerator: Rational,
    denominator: Rational,
    unit: str,
    *,
    scale: int = MICRO,
    denominator_scale: int | None = None,
    times: int = 1,
    empty: NullReason = "zero_denominator",
) -> Value:
    """`times` × numerator / denominator; null with `empty` when the denominator is 0."""
    below = scale if denominator_scale is None else denominator_scale
    top, bottom = _pico(numerator, scale), _pico(denominator, below)
    if denominator.numerator == 0:
        return Value(kpi, scope, None, None, top, bottom, unit, empty)
    number = (numerator.numerator * denominator.denominator * times * below) / (
        numerator.denominator * denominator.numerator * scale
    )
    return Value(kpi, scope, number, None, top, bottom, unit, None)


def null(
    kpi: str,
    scope: str,
    unit: str,
    reason: NullReason,
    *,
    numerator: Rational | None = None,
    denominator: Rational | None = None,
    scale: int = MICRO,
    denominator_scale: int | None = None,
) -> Value:
    """Null with its reason; a known numerator or denominator is told all the same."""
    top = None if numerator is None else _pico(numerator, scale)
    bottom = (
        None
        if denominator is None
        else _pico(denominator, scale if denominator_scale is None else denominator_scale)
    )
    return Value(kpi, scope, None, None, top, bottom, unit, reason)


def date_value(kpi: str, scope: str, days_ahead: Rational, day: int) -> Value:
    """A date `days_ahead` days after `day`: the calendar day that contains the instant, never before `day`."""
    top, bottom = days_ahead.numerator, days_ahead.denominator
    return Value(kpi, scope, top / bottom, day + max(0, -(-top // bottom)), None, None, "date", None)
