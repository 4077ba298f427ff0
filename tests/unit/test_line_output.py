"""Which production periods are taken, and how much was made up to a day, against the rule worked naively."""

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from streams.core.line_output import LineReports
from streams.core.statements import Statement

Period = tuple[int, int]


def report(quantity: float, unit: str = "t", **more: Any) -> Statement:
    return Statement(
        ("milepost.production.reported.v1",),
        (0, 0, "s", "i"),
        b"",
        {"quantity": quantity, "unit": unit, **more},
        0,
    )


def reports(*periods: tuple[int, int, float]) -> LineReports:
    line = LineReports()
    for first, last, quantity in periods:
        line.put((first, last), None, report(quantity))
    return line


def test_the_longest_period_is_taken_first_and_then_the_earliest() -> None:
    line = reports((1, 3, 3), (3, 7, 50), (8, 10, 9), (10, 12, 6), (11, 12, 7))
    assert line.taken("t") == [(3, 7), (8, 10), (11, 12)]
    assert line.made_until(12, "t") == (66 * 10**6, 10)


def test_a_period_is_spread_evenly_over_its_days() -> None:
    line = reports((1, 3, 10))
    assert line.made_until(0, "t") == (0, 0)
    assert line.made_until(1, "t") == (Fraction(10**7, 3), 1)
    assert line.made_until(3, "t") == (10**7, 3)


def test_the_first_day_that_may_change_includes_that_of_a_displaced_period() -> None:
    line = reports((1, 3, 3))
    assert line.taken("t") == [(1, 3)]
    assert line.put((3, 7), None, report(5)) == 1
    assert line.taken("t") == [(3, 7)]
    assert line.put((3, 7), None, None) == 1
    assert line.taken("t") == [(1, 3)]


def test_displaced_periods_are_seen_also_before_anybody_read_the_line() -> None:
    line = LineReports()
    line.put((1, 3), None, report(1))
    assert line.put((3, 7), None, report(5)) == 1


def test_a_report_that_loses_changes_nothing_earlier() -> None:
    line = reports((1, 9, 9))
    assert line.put((9, 10), None, report(5)) == 9
    assert line.taken("t") == [(1, 9)]
    assert line.put((5, 6), "early", report(5)) == 5
    assert line.made_until(20, "t") == (9 * 10**6, 9)


def test_shifts_add_up_unless_one_report_has_none() -> None:
    line = LineReports()
    line.put((1, 1), "a", report(4))
    line.put((1, 1), "b", report(5))
    assert line.made_until(1, "t") == (9 * 10**6, 1)
    line.put((1, 1), None, report(8))
    assert line.made_until(1, "t") == (8 * 10**6, 1)
    line.put((1, 1), None, None)
    assert line.made_until(1, "t") == (9 * 10**6, 1)


def test_a_whole_report_of_another_dimension_does_not_replace_the_shifts() -> None:
    line = LineReports()
    line.put((1, 1), "a", report(4))
    line.put((1, 1), None, report(8, "km"))
    assert line.made_until(1, "t") == (4 * 10**6, 1)


def test_the_unit_is_that_of_the_earliest_report() -> None:
    line = LineReports()
    assert line.unit() is None
    line.put((5, 5), None, report(1, "t"))
    assert line.unit() == "t"
    assert line.put((4, 5), None, report(1, "kg")) == 0
    assert line.unit() == "kg"
    line.put((4, 5), None, None)
    assert line.unit() == "t"
    assert line.earliest() == (5, 5, "")


def test_amounts_are_converted_exactly_and_other_dimensions_left_out() -> None:
    line = LineReports()
    line.put((1, 1), None, report(1500, "kg"))
    line.put((2, 2), None, report(2, "t"))
    line.put((3, 3), None, report(7, "km"))
    assert line.made_until(9, "t") == (3_500_000, 2)
    assert line.made_until(9, "kg") == (3_500_000_000, 2)
    assert line.made_until(9, "km") == (7_000_000, 1)


def test_a_line_is_reported_from_the_first_day_of_a_period() -> None:
    line = reports((3, 9, 1))
    assert not line.reported_until(2)
    assert line.reported_until(3)


def naive(stated: dict[Period, int]) -> list[Period]:
    taken: list[Period] = []
    for period in sorted(stated, key=lambda span: (span[0] - span[1], span[0])):
        if all(period[1] < first or last < period[0] for first, last in taken):
            taken.append(period)
    return sorted(taken)


def naive_made(stated: dict[Period, int], day: int) -> tuple[Fraction, int]:
    made, days = Fraction(0), 0
    for first, last in naive(stated):
        part = max(0, min(last, day) - first + 1)
        made += Fraction(stated[first, last] * 10**6 * part, last - first + 1)
        days += part
    return made, days


@pytest.mark.parametrize("seed", range(30))
def test_any_order_of_reports_revisions_and_retractions_gives_what_the_rule_says(seed: int) -> None:
    random, line, stated = Random(seed), LineReports(), dict[Period, int]()
    for _ in range(60):
        first = random.randrange(1, 30)
        period = (first, first + random.choice((0, 0, 1, 4, 9)))
        before = {day: naive_made(stated, day) for day in range(45)}
        quantity = random.choice((None, 1, 5, 12))
        if quantity is None and period not in stated:
            continue
        if quantity is None:
            del stated[period]
        else:
            stated[period] = quantity
        changed_from = line.put(period, None, None if quantity is None else report(quantity))
        if random.random() < 0.7:
            assert line.taken("t") == naive(stated)
        for day in range(45):
            now = naive_made(stated, day)
            assert day >= changed_from or now == before[day]
            if random.random() < 0.1:
                assert line.made_until(day, "t") == now
