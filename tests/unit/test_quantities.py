"""Exact numbers: integers of 10⁻⁶ and 10⁻¹², half-even beyond, and the conversions of the contract."""

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.quantities import (
    conversion,
    convert_to_micro,
    convert_to_pico,
    convertible,
    half_even,
    to_micro,
    to_pico,
)

DIMENSIONS: tuple[dict[str, Fraction | int], ...] = (
    {"t": 1, "kg": Fraction(1, 1000), "kt": 1000, "万吨": 10_000},
    {"m": 1, "km": 1000},
    {"m2": 1, "ha": 10_000, "km2": 1_000_000},
    {"m3": 1, "万立方米": 10_000},
    {"h": 1, "min": Fraction(1, 60), "s": Fraction(1, 3600), "d": 24},
    {"kWh": 1, "MWh": 1000},
    {"CNY": 1, "元": 1, "万元": 10_000, "亿元": 100_000_000},
    {"%": 1},
)


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda units: next(iter(units)))
def test_units_of_one_dimension_are_converted_exactly_both_ways(dimension: dict[str, Fraction | int]) -> None:
    for unit, target in permutations(dimension, 2):
        assert convertible(unit, target)
        assert conversion(unit, target) == Fraction(dimension[unit]) / dimension[target]
        assert convert_to_micro(3, unit, target) == round(3 * conversion(unit, target) * 10**6)


def test_units_of_two_dimensions_are_not_converted() -> None:
    for mine, other in permutations(DIMENSIONS, 2):
        assert not any(convertible(unit, its) for unit in mine for its in other)


@pytest.mark.parametrize(
    ("unit", "other"), [("户", "家"), ("T", "t"), ("m³", "m3"), ("吨", "t"), ("1", "%"), ("", "t")]
)
def test_any_other_text_is_a_unit_equal_only_to_itself(unit: str, other: str) -> None:
    assert not convertible(unit, other)
    assert not convertible(other, unit)
    assert convertible(unit, unit)
    assert convert_to_micro(2.5, unit, unit) == 2_500_000


@pytest.mark.parametrize(
    ("number", "micro"),
    [
        (0.0000005, 0),
        (0.0000015, 2),
        (0.0000025, 2),
        (-0.0000015, -2),
        (-0.0000005, 0),
        (0.1, 100_000),
        (2.675, 2_675_000),
        (1e15, 10**21),
        (1e24, 10**30),
        (5e-324, 0),
        (-0.0, 0),
    ],
)
def test_what_lies_beyond_the_last_place_goes_to_the_even_one(number: float, micro: int) -> None:
    assert to_micro(number) == micro


def test_rates_and_readings_have_twelve_places() -> None:
    assert to_pico(99.9) == 99_900_000_000_000
    assert to_pico(1e-12) == 1
    assert to_pico(5e-13) == 0
    assert to_pico(1.5e-12) == 2
    assert convert_to_pico(30, "min", "h") == 500_000_000_000


def test_conversion_comes_before_rounding() -> None:
    assert convert_to_micro(0.0004, "kg", "t") == 0
    assert convert_to_micro(0.0005, "kg", "t") == 0
    assert convert_to_micro(0.00051, "kg", "t") == 1
    assert convert_to_micro(1, "CNY", "亿元") == 0
    assert convert_to_micro(123_456_789.12, "CNY", "亿元") == 1_234_568
    assert convert_to_micro(20, "min", "h") == 333_333


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_half_even_rounds_as_a_fraction_does(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))
    assert half_even(2 * numerator + 1, 2) == round(Fraction(2 * numerator + 1, 2))
