"""What `ingest` can know of its rows: which of them will stand among the findings, and how often."""

from itertools import permutations
from typing import Any

import pytest

from producers.forewarning import Forewarning
from schemas.acceptance import accept
from tests.builders import (
    RECORDED_AT_US,
    ZONE,
    baseline,
    cost,
    event,
    instant,
    milestone,
    production,
    reading,
    status,
    survey,
    tally,
    work,
)

SECTIONS: dict[str, Any] = {
    "work_items": [{"id": "w", "quantity": 10, "unit": "t"}],
    "milestones": [{"id": "m"}],
    "lines": [{"id": "l", "capacity": {"value": 1, "unit": "t", "per": "P1D"}}],
    "series": [{"id": "s", "unit": "µg/m³"}],
    "campaign": {"total": 100, "unit": "件", "districts": [{"id": "d", "total": 10}]},
    "restart": {"population": 50},
    "budget_at_completion": {"value": 100, "unit": "CNY"},
}
PLAN = baseline(sections=SECTIONS)


def warned(
    *rows: bytes, earlier: Any = (), judged: tuple[str, ...] = ("p1", "p2")
) -> list[tuple[str, int, str]]:
    forewarning = Forewarning()
    for row in rows:
        forewarning.note(accept(row, (), RECORDED_AT_US, ZONE))
    found = forewarning.warned({"p1": earlier} if earlier else {}, judged)
    return [(said.finding, said.times, said.example) for said in found]


def names(*rows: bytes, **more: Any) -> list[tuple[str, int]]:
    return [(name, times) for name, times, _ in warned(*rows, **more)]


def test_rows_that_keep_to_their_plan_are_no_warning() -> None:
    rows = [
        PLAN, work("w", 1, 10_000, "kg"), milestone("m", 1, percent=5), production("l", 1, 5, unit="kg"),
        reading("s", instant(1), 3), tally(1, 10, district="d", unit="件"), tally(1, 100), survey(1, 50), cost(1, 5, "万元"), status(1),
    ]  # fmt: skip
    assert warned(*rows) == []


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (work("x", 1, 1), "unknown_item"),
        (milestone("x", 1, percent=5), "unknown_milestone"),
        (production("x", 1, 5), "unknown_line"),
        (reading("x", instant(1), 3), "unknown_series"),
        (tally(1, 1, district="x"), "unknown_district"),
        (event("task.assigned", {"task": "t", "assigned_on": "2024-01-02", "district": "x"}, time=instant(1)), "unknown_district"),
        (work("w", 1, 1, "km"), "unit_mismatch"),
        (production("l", 1, 1, unit="km"), "unit_mismatch"),
        (reading("s", instant(1), 3, "km"), "unit_mismatch"),
        (tally(1, 1, unit="km"), "unit_mismatch"),
        (cost(1, 1, "t"), "unit_mismatch"),
        (work("w", 1, 10_001, "kg"), "over_quantity"),
        (tally(1, 11, district="d"), "over_total"),
        (tally(1, 101), "over_total"),
        (survey(1, 51), "over_population"),
    ],
)  # fmt: skip
def test_what_contradicts_the_plan_is_told_whichever_comes_first(row: bytes, name: str) -> None:
    assert names(PLAN, row) == names(row, PLAN) == [(name, 1)]


def test_a_project_without_baseline_is_told_once_unless_one_is_known_from_before() -> None:
    rows = [status(1), work("w", 1, 1), status(1, project="p2")]
    assert names(*rows) == [("no_baseline", 2)]
    assert names(*rows, earlier=[SECTIONS]) == [("no_baseline", 1)]


def test_of_projects_whose_baselines_may_not_all_be_known_nothing_is_said() -> None:
    assert warned(status(1), work("w", 1, 1), judged=("p2",)) == []


def test_rows_of_a_kind_are_counted_and_the_first_is_the_example() -> None:
    rows = [work("x", day, 1, id=f"r{day}") for day in (3, 1, 2)]
    ((name, times, example),) = warned(PLAN, *rows, work("y", 1, 1))
    assert (name, times) == ("unknown_item", 4)
    assert (
        example
        == "x of p1 (id r3 of test) is in no baseline of p1; correct the id, or put it into the next one"
    )


def test_a_later_baseline_that_knows_the_part_or_plans_more_ends_the_warning() -> None:
    more = {"work_items": [{"id": "w", "quantity": 20, "unit": "t"}, {"id": "x"}]}
    rows = [PLAN, baseline(2, sections=more), work("x", 1, 1), work("w", 1, 15)]
    assert {tuple(names(*order)) for order in permutations(rows)} == {()}


def test_a_report_that_tells_its_own_total_is_not_measured_against_the_plan() -> None:
    assert warned(PLAN, tally(1, 110, total=120), tally(2, 115), survey(1, 60, population=70)) == []
