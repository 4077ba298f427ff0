"""Exact numbers of earned value, and numbers that may be missing: the reason then passes through every sum and ratio.

A quotient is two integers that are never reduced: what one evaluation computes is short, and looking for common
divisors, as `Fraction` does at every step, would cost more than all the rest.
"""

from schemas.kpi import NullReason
from streams.core.reasons import first_reason
from streams.core.values import Rational

__all__ = ["Number", "Quotient", "known", "minus", "over", "plus", "quotient", "times"]


class Quotient:
    """`numerator` / `denominator`, which is above 0."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: int, denominator: int) -> None:
        self.numerator = numerator
        self.denominator = denominator

    def __repr__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


Exact = int | Quotient
Number = int | Quotient | NullReason
"""An exact number, or why there is none."""


def quotient(numerator: int, denominator: int) -> Exact:
    """An integer where it is one at sight; the denominator must be above 0."""
    return numerator if denominator == 1 or not numerator else Quotient(numerator, denominator)


def known(number: Number | None) -> Exact | None:
    """The number itself; None where a reason stands instead."""
    return None if isinstance(number, str) else number


def minus(left: Number, right: Number) -> Number:
    """Difference, or the first reason of the two."""
    if isinstance(left, str) or isinstance(right, str):
        return _missing(left, right)
    top, bottom = right.numerator, right.denominator
    return _sum(left.numerator, left.denominator, -top, bottom)


def plus(left: Number, right: Number) -> Number:
    """Sum, or the first reason of the two."""
    if isinstance(left, str) or isinstance(right, str):
        return _missing(left, right)
    return _sum(left.numerator, left.denominator, right.numerator, right.denominator)


def times(left: Number, right: Number) -> Number:
    """Product, or the first reason of the two."""
    if isinstance(left, str) or isinstance(right, str):
        return _missing(left, right)
    return quotient(left.numerator * right.numerator, left.denominator * right.denominator)


def over(left: Number, right: Number) -> Number:
    """Quotient, or the first reason of the two; `zero_denominator` over 0."""
    if isinstance(left, str) or isinstance(right, str):
        return _missing(left, right)
    top, bottom = left.numerator * right.denominator, left.denominator * right.numerator
    if bottom == 0:
        return "zero_denominator"
    return quotient(top, bottom) if bottom > 0 else quotient(-top, -bottom)


def _sum(top: int, bottom: int, other_top: int, other_bottom: int) -> Exact:
    if bottom == other_bottom:
        return quotient(top + other_top, bottom)
    return quotient(top * other_bottom + other_top * bottom, bottom * other_bottom)


def _missing(left: Rational | NullReason, right: Rational | NullReason) -> NullReason:
    return first_reason(left, right) or "no_data"
