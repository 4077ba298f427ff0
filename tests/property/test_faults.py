"""Faults do what they say and nothing else, whatever the feed and the probabilities."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.chance import stream
from producers.faults import Faults, disturbed
from producers.simulation import Line
from schemas.acceptance import accept
from schemas.rejections import Rejected
from tests.builders import RECORDED_AT_US, START, ZONE, closing, day, instant, tally

PROBABILITIES: Final = st.sampled_from((0.0, 0.1, 0.5, 1.0))
SEEDS: Final = st.integers(0, 2**32)


def an_event(number: int, on: int) -> Line:
    raw = tally(on, number, id=f"e-{number}")
    return Line(raw, day(on), instant(on), "p1")


@st.composite
def feeds(draw: st.DrawFn, *, ticks: bool = True) -> list[Line]:
    """Days of a few events each, every day ended by its tick; each event is another one."""
    sizes = draw(st.lists(st.integers(0, 8), min_size=1, max_size=9))
    lines: list[Line] = []
    for number, size in enumerate(sizes):
        lines += (an_event(len(lines) + place, number) for place in range(size))
        if ticks:
            lines.append(Line(closing(number), day(number), instant(number, 23, 59), "clock"))
    return lines


def with_faults(lines: Sequence[Line], seed: int, **faults: float) -> list[Line]:
    return list(disturbed(lines, Faults(**faults), stream(seed, "faults")))


def copies(lines: Iterable[Line]) -> Counter[bytes]:
    return Counter(line.raw for line in lines if not line.is_tick)


def stretches(lines: Iterable[Line]) -> list[list[bytes]]:
    """Events between the ticks."""
    found: list[list[bytes]] = [[]]
    for line in lines:
        if line.is_tick:
            found.append([])
        else:
            found[-1].append(line.raw)
    return found


def is_refused(line: Line) -> bool:
    try:
        accept(line.raw, (), RECORDED_AT_US, ZONE)
    except Rejected:
        return True
    return False


probabilities = st.fixed_dictionaries(dict.fromkeys(Faults._fields, PROBABILITIES))


@given(feeds(), SEEDS, probabilities)
def test_ticks_stay_as_and_where_they_are(lines: list[Line], seed: int, faults: dict[str, float]) -> None:
    after = with_faults(lines, seed, **faults)
    assert [line for line in after if line.is_tick] == [line for line in lines if line.is_tick]


@given(feeds(), SEEDS, probabilities)
def test_no_event_is_lost_and_none_comes_more_than_twice(
    lines: list[Line], seed: int, faults: dict[str, float]
) -> None:
    after = with_faults(lines, seed, **{**faults, "corrupt": 0.0})
    counted = copies(after)
    assert counted.keys() == copies(lines).keys()
    wanted = {1, 2} if 0 < faults["duplicates"] < 1 else {1 + round(faults["duplicates"])}
    assert set(counted.values()) <= wanted


@given(feeds(), SEEDS, PROBABILITIES, PROBABILITIES)
def test_without_late_lines_every_event_stays_on_its_day(
    lines: list[Line], seed: int, twice: float, swapped: float
) -> None:
    after = with_faults(lines, seed, duplicates=twice, reorder=swapped)
    for was, became in zip(stretches(lines), stretches(after), strict=True):
        assert set(became) == set(was)


@given(feeds(), SEEDS)
def test_duplicates_follow_their_line_at_once(lines: list[Line], seed: int) -> None:
    after = with_faults(lines, seed, duplicates=0.5)
    kept = [line for before, line in pairwise([None, *after]) if line is not None and line != before]
    assert kept == lines


@given(feeds(), SEEDS, PROBABILITIES)
def test_reordering_is_a_permutation_of_each_day(lines: list[Line], seed: int, swapped: float) -> None:
    after = with_faults(lines, seed, reorder=swapped)
    for was, became in zip(stretches(lines), stretches(after), strict=True):
        assert sorted(became) == sorted(was)
        if swapped == 1 and len(was) > 1:
            assert became != was


@given(feeds(), SEEDS, PROBABILITIES)
def test_a_late_line_passes_the_ticks_of_its_own_day_and_of_later_ones(
    lines: list[Line], seed: int, late: float
) -> None:
    after = with_faults(lines, seed, late=late)
    assert copies(after) == copies(lines)
    place = {raw: number for number, stretch in enumerate(stretches(after)) for raw in stretch}
    days = sum(line.is_tick for line in lines)
    moved = 0
    for number, stretch in enumerate(stretches(lines)):
        for raw in stretch:
            passed = place[raw] - number
            moved += passed != 0
            assert passed == 0 or 2 <= passed <= 4 or place[raw] == days
    if late in (0, 1):
        assert moved == late * len(copies(lines))


@given(feeds(), SEEDS, PROBABILITIES)
def test_lines_that_are_not_late_keep_their_order(lines: list[Line], seed: int, late: float) -> None:
    after = with_faults(lines, seed, late=late)
    place = {line.raw: line.day for line in lines}
    punctual = [
        raw for number, stretch in enumerate(stretches(after)) for raw in stretch if place[raw] == day(number)
    ]
    assert punctual == [raw for stretch in stretches(lines) for raw in stretch if raw in set(punctual)]


@given(feeds(), SEEDS)
def test_every_damaged_line_is_refused_and_stays_one_line(lines: list[Line], seed: int) -> None:
    after = with_faults(lines, seed, corrupt=1)
    assert [line._replace(raw=b"") for line in after] == [line._replace(raw=b"") for line in lines]
    for line in after:
        assert line.is_tick != is_refused(line)
        assert b"\n" not in line.raw
        assert b"\r" not in line.raw


@given(feeds(), SEEDS)
def test_lines_that_are_not_damaged_keep_their_bytes(lines: list[Line], seed: int) -> None:
    for before, after in zip(lines, with_faults(lines, seed, corrupt=0.5), strict=True):
        assert after == before or is_refused(after)


@given(feeds(), SEEDS, probabilities)
def test_one_fault_is_drawn_without_regard_to_the_others(
    lines: list[Line], seed: int, faults: dict[str, float]
) -> None:
    together = {**faults, "duplicates": 0.5, "corrupt": 0.0}
    assert copies(with_faults(lines, seed, **together)) == copies(with_faults(lines, seed, duplicates=0.5))


@given(feeds(ticks=False), SEEDS, probabilities)
def test_without_ticks_a_line_is_late_by_days_all_the_same(
    lines: list[Line], seed: int, faults: dict[str, float]
) -> None:
    after = with_faults(lines, seed, **{**faults, "duplicates": 0.0, "corrupt": 0.0, "late": 1.0})
    assert copies(after) == copies(lines)
    for before, line in pairwise(after):
        assert line.day >= before.day - timedelta(days=3)


def test_without_faults_the_feed_is_as_it_was() -> None:
    lines = [an_event(number, number) for number in range(5)]
    assert with_faults(lines, 0) == lines


def test_about_as_many_lines_are_hit_as_the_probability_says() -> None:
    lines = [an_event(number, number // 100) for number in range(10_000)]
    assert len(with_faults(lines, 0, duplicates=0.05)) == pytest.approx(10_500, abs=70)
    damaged = sum(is_refused(line) for line in with_faults(lines, 0, corrupt=0.01))
    assert damaged == pytest.approx(100, abs=35)
    assert lines[0].day == START
