"""Arithmetic that is written down in words comes out without loss."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.verification.exact import work_out

numbers = st.fractions(min_value=-(10**30), max_value=10**30, max_denominator=10**12)


def text(number: Fraction | int) -> str:
    return str(number)


@given(numbers, numbers)
def test_sums_differences_products_and_quotients_are_those_of_fractions(
    left: Fraction, right: Fraction
) -> None:
    assert work_out(f"{text(left)} {text(right)} +") == text(left + right)
    assert work_out(f"{text(left)} {text(right)} -") == text(left - right)
    assert work_out(f"{text(left)} {text(right)} *") == text(left * right)
    assert work_out(f"{text(left)} {text(right)} /") == (text(left / right) if right else None)
    assert work_out(f"{text(left)} {text(right)} ?") == str((left > right) - (left < right))


@given(st.lists(numbers))
def test_a_sum_takes_as_many_as_it_is_told(members: list[Fraction]) -> None:
    words = " ".join([*map(text, members), str(len(members)), "sum"])
    assert work_out(f"7 {words} +") == text(7 + sum(members))


@given(numbers)
def test_doubles_and_ceilings_are_those_of_python(number: Fraction) -> None:
    assert float(work_out(f"{text(number)} double") or "") == float(number)
    if abs(number) < 10**6:
        assert work_out(f"{text(number)} ceiling") == str(-(-number.numerator // number.denominator))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("0.0000005 1 amount", "0"),
        ("0.0000015 1 amount", "1/500000"),
        ("1.5 1/1000 amount", "3/2000"),
        ("1e23 1 amount", "1" + "0" * 23),
        ("12345678901234567.891 1 amount", "12345678901234567891/1000"),
        ("0.3333333333333333 1 rate", "333333333333/1000000000000"),
    ],
)
def test_numbers_of_events_are_taken_as_written_and_rounded_half_to_even(words: str, said: str) -> None:
    assert work_out(words) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("1/3 decimal", "0.333333333333"),
        ("-7/2 decimal", "-3.500000000000"),
        ("1/2000000000000 decimal", "0.000000000000"),
        ("3/2000000000000 decimal", "0.000000000002"),
        ("99999999999999999999999999 decimal", "99999999999999999999999999.000000000000"),
        ("100000000000000000000000000 decimal", None),
    ],
)
def test_decimals_have_twelve_places_or_are_not_told(words: str, said: str | None) -> None:
    assert work_out(words) == said
