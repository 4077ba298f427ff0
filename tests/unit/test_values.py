"""KPI values: a number or a null with a reason, exact to the one division, a date from the instant that it falls on."""

from datetime import date
from fractions import Fraction

import pytest

from schemas.quantities import MICRO, PICO
from streams.core.reasons import first_reason
from streams.core.values import amount, date_value, null, ratio

DAY = date(2024, 2, 27).toordinal()


def test_a_ratio_is_one_division_of_what_it_shows() -> None:
    value = ratio("spi", "", 1 * MICRO, 3 * MICRO, "1")
    assert (value.numerator, value.denominator) == (PICO, 3 * PICO)
    assert value.value == 1 / 3
    assert ratio("percent_complete", "", 2 * MICRO, 3 * MICRO, "%", times=100).value == 200 / 3


def test_a_fraction_is_shown_to_twelve_places_and_divided_unrounded() -> None:
    value = ratio("spi", "", Fraction(10**6, 3), Fraction(10**6, 7), "1")
    assert (value.numerator, value.denominator) == (333_333_333_333, 142_857_142_857)
    assert value.value == 7 / 3


def test_amounts_of_two_scales_divide_as_what_they_are() -> None:
    assert ratio("required_pace", "", 55 * MICRO, 20, "t/d", denominator_scale=1).value == 2.75


def test_nothing_is_divided_by_nothing() -> None:
    value = ratio("spi", "", 5 * MICRO, 0, "1", empty="not_started")
    assert (value.value, value.reason) == (None, "not_started")
    assert (value.numerator, value.denominator) == (5 * PICO, 0)


def test_a_null_tells_what_is_known() -> None:
    value = null("spi", "", "1", "no_data", denominator=4 * MICRO)
    assert (value.numerator, value.denominator) == (None, 4 * PICO)


def test_what_a_decimal_of_38_places_cannot_hold_is_not_shown_but_divided() -> None:
    value = ratio("tcpi_eac", "", 10**30, 10**33, "1")
    assert (value.numerator, value.denominator, value.value) == (10**36, None, 0.001)


@pytest.mark.parametrize(
    ("ahead", "on"),
    [
        (0, date(2024, 2, 27)),
        (1, date(2024, 2, 28)),
        (Fraction(3, 2), date(2024, 2, 29)),
        (2, date(2024, 2, 29)),
        (Fraction(1, 10**9), date(2024, 2, 28)),
        (3, date(2024, 3, 1)),
        (-5, date(2024, 2, 27)),
    ],
)
def test_a_date_is_the_day_that_contains_the_instant_never_before_its_own(
    ahead: int | Fraction, on: date
) -> None:
    value = date_value("projected_finish", "", ahead, DAY)
    assert value.value_date == on.toordinal()
    assert value.value == float(ahead)


def test_an_amount_is_rounded_once() -> None:
    assert amount("planned_value", "", Fraction(10**6, 3), "t").value == 1 / 3
    assert amount("planned_value", "", 10**21 + 500_000, "t").value == 1e15 + 0.5


def test_of_several_reasons_the_first_of_the_order_stands() -> None:
    assert first_reason("zero_denominator", 5, "no_data", None) == "no_data"
    assert first_reason("complete", "no_baseline", "not_planned") == "no_baseline"
    assert first_reason("budget_exhausted", "complete") == "complete"
    assert first_reason("no_pace", "unreachable", "target_passed") == "target_passed"
    assert first_reason(1, None, Fraction(1, 2)) is None
