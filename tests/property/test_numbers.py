"""Quotients that are never reduced, and the curve of planned value that is made of them, against plain fractions."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from streams.core.numbers import Number, known, minus, over, plus, quotient, times
from streams.core.planned_value import Span, of_parts

EXACT = st.builds(quotient, st.integers(-(10**20), 10**20), st.integers(1, 10**12))


def fraction(number: Number) -> Fraction:
    exact = known(number)
    assert exact is not None
    return Fraction(exact.numerator, exact.denominator)


@given(EXACT, EXACT)
def test_arithmetic_is_that_of_fractions(left: Number, right: Number) -> None:
    one, other = fraction(left), fraction(right)
    assert fraction(plus(left, right)) == one + other
    assert fraction(minus(left, right)) == one - other
    assert fraction(times(left, right)) == one * other
    if other:
        assert fraction(over(left, right)) == one / other
    else:
        assert over(left, right) == "zero_denominator"


@given(EXACT)
def test_nothing_is_the_integer_and_a_denominator_is_above_it(number: Number) -> None:
    assert minus(number, number) == 0
    for result in (over(number, -3), minus(0, number), times(number, -1)):
        exact = known(result)
        assert exact is None or exact.denominator > 0


@given(EXACT)
def test_a_reason_passes_through_and_the_first_one_stands(number: Number) -> None:
    for operation in (plus, minus, times, over):
        assert operation(number, "no_data") == operation("no_data", number) == "no_data"
        assert operation("no_data", "not_planned") == "not_planned"


SPANS = st.lists(
    st.builds(Span, st.integers(0, 5), st.integers(-5, 12), st.integers(-3, 12)), min_size=1, max_size=6
).filter(lambda spans: any(span.weight for span in spans))


def _elapsed(span: Span, day: int) -> Fraction:
    if day >= span.last:
        return Fraction(1)
    return Fraction(day - span.first, span.last - span.first) if day > span.first else Fraction(0)


def planned_by_day(spans: list[Span], budget: int, day: int) -> Fraction:
    """PV at the end of a day as the law says it, part by part; the start is day 0."""
    if day <= 0:
        return Fraction(0)
    shares = [_elapsed(span, day) for span in spans]
    total = sum(span.weight for span in spans)
    return (
        budget
        * sum((span.weight * share for span, share in zip(spans, shares, strict=True)), Fraction(0))
        / total
    )


@given(SPANS, st.integers(0, 10**9))
def test_the_curve_of_parts_is_their_sum_on_every_day(spans: list[Span], budget: int) -> None:
    curve = of_parts(0, spans, budget)
    assert [fraction(curve.at(day)) for day in range(-2, 15)] == [
        planned_by_day(spans, budget, day) for day in range(-2, 15)
    ]


@given(SPANS, st.integers(1, 10**9), st.fractions(0, 1))
def test_the_curve_read_backwards_is_where_no_more_is_planned(
    spans: list[Span], budget: int, share: Fraction
) -> None:
    """Lipke's C + I on the table of days: C whole days, and the share of the next one."""
    curve, earned = of_parts(0, spans, budget), share * budget
    table = [planned_by_day(spans, budget, day) for day in range(curve.duration + 1)]
    whole = max(day for day, planned in enumerate(table) if planned <= earned)
    expected = Fraction(whole)
    if whole < curve.duration:
        expected += (earned - table[whole]) / (table[whole + 1] - table[whole])
    assert fraction(curve.day_of(earned)) == expected
    assert curve.duration == table.index(Fraction(budget))
