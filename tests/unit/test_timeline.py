"""Timelines against sorted lists: newest, counts and carried fields after any order of changes."""

from random import Random
from typing import Any

import pytest

from streams.core.statements import Statement
from streams.core.timeline import Timeline

FIELDS = ("percent_complete", "total")


def said(**data: Any) -> Statement:
    return Statement(("milepost.tally.reported.v1",), (0, 0, "s", "i"), b"", data, 0)


def test_a_carried_field_is_that_of_the_newest_statement_that_has_it_and_null_clears_it() -> None:
    timeline = Timeline()
    timeline.put((1,), said(total=5))
    timeline.put((3,), said())
    timeline.put((5,), said(total=None))
    assert [timeline.carried(day, "total") for day in (0, 1, 3, 4, 5, 9)] == [None, 5, 5, 5, None, None]
    timeline.put((5,), None)
    timeline.put((2,), said(total=7))
    assert [timeline.carried(day, "total") for day in (1, 2, 9)] == [5, 7, 7]


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_changes_answers_as_a_sorted_list_does(seed: int) -> None:
    random, timeline, stated = Random(seed), Timeline(), dict[tuple[int, ...], dict[str, Any]]()
    for _ in range(80):
        place = (random.randrange(12), random.randrange(2))
        if random.random() < 0.3:
            stated.pop(place, None)
            timeline.put(place, None)
        else:
            stated[place] = {name: random.choice((None, 1, 2)) for name in FIELDS if random.random() < 0.4}
            timeline.put(place, said(**stated[place]))
        day = random.randrange(-1, 13)
        until = sorted((at for at in stated if at[0] <= day), reverse=True)
        newest = timeline.newest(day)
        assert (newest.data if newest else None) == (stated[until[0]] if until else None)
        assert timeline.count_until(day) == len(until)
        for name in FIELDS:
            carried = next((stated[at][name] for at in until if name in stated[at]), None)
            assert timeline.carried(day, name) == carried
