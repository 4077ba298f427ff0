"""Numbers that may be missing: an exact number, or why there is none, which then passes through every sum and ratio."""

from fractions import Fraction

from schemas.kpi import NullReason
from streams.core.reasons import first_reason
from streams.core.values import Exact

__all__ = ["Number", "known", "minus", "over", "plus", "times"]

Number = Exact | NullReason
"""An exact number, or why there is none."""


def known(number: Number | None) -> Exact | None:
    """The number itself; None where a reason stands instead."""
    return None if isinstance(number, str) else number


def minus(left: Number, right: Number) -> Number:
    """Difference, or the first reason of the two."""
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return left - right


def plus(left: Number, right: Number) -> Number:
    """Sum, or the first reason of the two."""
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return left + right


def times(left: Number, right: Number) -> Number:
    """Product, or the first reason of the two."""
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return left * right


def over(left: Number, right: Number) -> Number:
    """Quotient, or the first reason of the two; `zero_denominator` over 0."""
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return Fraction(left) / right if right else "zero_denominator"
