"""Rows of KPIs: a value or a null with the first reason that applies (semantics 5)."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from tests.oracle.exact import decimal12

REASONS = (
    "no_baseline",
    "not_planned",
    "not_started",
    "no_data",
    "complete",
    "budget_exhausted",
    "target_passed",
    "unreachable",
    "no_pace",
    "zero_denominator",
)
ONE_DAY = timedelta(days=1)
Row = dict[str, Any]


@dataclass(frozen=True)
class Null:
    """A value that cannot be given, and why."""

    reason: str


Value = Fraction | Null


def first(*reasons: str | None) -> str | None:
    """The first reason in the order of the law; None when none applies."""
    applying = [reason for reason in reasons if reason is not None]
    return min(applying, key=REASONS.index, default=None)


def lacking(*values: Value) -> str | None:
    """The reason for which one of the values is missing."""
    return first(*(value.reason for value in values if isinstance(value, Null)))


def known(value: Value) -> Fraction | None:
    """The number, if it is one."""
    return None if isinstance(value, Null) else value


def row(kpi: str, scope: str, unit: str, value: Value) -> Row:
    """A plain figure."""
    number = known(value)
    return {
        "kpi": kpi,
        "scope": scope,
        "value": None if number is None else float(number),
        "value_date": None,
        "numerator": None,
        "denominator": None,
        "unit": unit,
        "reason": value.reason if isinstance(value, Null) else None,
    }


def quotient(numerator: Value, denominator: Value, *reasons: str | None) -> Value:
    """One division at the end; `reasons` are conditions beyond the two numbers for which there is no value."""
    zero = "zero_denominator" if known(denominator) == 0 else None
    if reason := first(lacking(numerator, denominator), zero, *reasons):
        return Null(reason)
    assert isinstance(numerator, Fraction)
    assert isinstance(denominator, Fraction)
    return numerator / denominator


def ratio_row(
    kpi: str, scope: str, unit: str, numerator: Value, denominator: Value, *reasons: str | None
) -> Row:
    """A quotient with both its numbers, times 100 when the unit is %."""
    value = quotient(numerator, denominator, *reasons)
    if unit == "%" and isinstance(value, Fraction):
        value *= 100
    both = {"numerator": decimal12(known(numerator)), "denominator": decimal12(known(denominator))}
    return row(kpi, scope, unit, value) | both


def forecast_row(kpi: str, scope: str, day: date, days_ahead: Value) -> Row:
    """A date: the calendar day that contains the instant so many days after the end of `day`."""
    if isinstance(days_ahead, Fraction) and ceil(days_ahead) > (date.max - day).days:
        days_ahead = Null("unreachable")
    result = row(kpi, scope, "date", days_ahead)
    if isinstance(days_ahead, Fraction):
        result["value_date"] = day + max(0, ceil(days_ahead)) * ONE_DAY
    return result


def add(left: Value, right: Value) -> Value:
    """Sum of two values, null if one is."""
    if reason := lacking(left, right):
        return Null(reason)
    assert isinstance(left, Fraction)
    assert isinstance(right, Fraction)
    return left + right


def subtract(left: Value, right: Value) -> Value:
    """Difference of two values, null if one is."""
    return add(left, times(right, Fraction(-1)))


def times(left: Value, right: Value) -> Value:
    """Product of two values, null if one is."""
    if reason := lacking(left, right):
        return Null(reason)
    assert isinstance(left, Fraction)
    assert isinstance(right, Fraction)
    return left * right
