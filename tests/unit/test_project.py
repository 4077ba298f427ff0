"""Which statement wins, what a retraction does, and the project as it was at the last cut."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from schemas.acceptance import accept
from streams.core.evaluation import evaluate
from streams.core.statements import statement_of
from tests.builders import (
    RECORDED_AT_US,
    ZONE,
    baseline,
    day,
    instant,
    production,
    reading,
    retraction,
    status,
    survey,
    work,
)
from tests.folding import folded, values_on

KEY = {"item": "w", "as_of": day(3).isoformat()}
NOON = instant(4, hour=12)


def won(*events: bytes) -> tuple[str, str]:
    """Source and id of the winner of the one key that the events share, whatever their order."""
    winners = set()
    for order in permutations(events):
        (winner,) = folded(order).slots.values()
        winners.add((winner.source, winner.id))
    (only,) = winners
    return only


def test_a_higher_revision_wins_over_everything_else() -> None:
    assert won(
        work("w", 3, 1, revision=2, id="a", time=instant(3)), work("w", 3, 2, id="b", time=instant(9))
    ) == ("test", "a")
    assert won(work("w", 3, 1, revision=-1, id="a", time=NOON), work("w", 3, 2, id="b", time=instant(3))) == (
        "test",
        "b",
    )


def test_of_one_revision_the_later_time_wins_in_whatever_zone_it_is_written() -> None:
    later = datetime(2024, 1, 5, 4, 0, 0, 1, tzinfo=UTC)
    assert won(work("w", 3, 1, id="z", time=NOON), work("w", 3, 2, id="a", time=later)) == ("test", "a")


def test_of_one_time_the_greater_source_wins_and_then_the_greater_id_by_their_bytes() -> None:
    assert won(
        work("w", 3, 1, source="b", id="a", time=NOON), work("w", 3, 2, source="a", id="b", time=NOON)
    ) == (
        "b",
        "a",
    )
    assert won(work("w", 3, 1, id="Z", time=NOON), work("w", 3, 2, id="a", time=NOON)) == ("test", "a")
    # In UTF-8, as by code points, the emoji is the greater; in UTF-16 it would be the lesser.
    assert won(work("w", 3, 1, id="😀", time=NOON), work("w", 3, 2, id="￮", time=NOON)) == ("test", "😀")


def test_a_retraction_competes_in_the_order_of_the_key_that_it_names() -> None:
    said = [
        baseline(start=-9, sections={"work_items": [{"id": "w", "quantity": 9, "unit": "t"}]}),
        work("w", 3, 5, time=NOON),
    ]
    for gone, left in (
        (retraction("work.reported", KEY, time=NOON + timedelta(microseconds=1)), None),
        (retraction("work.reported", KEY, time=instant(3)), 3),
        (retraction("work.reported", KEY, time=instant(3), revision=1), None),
    ):
        for order in permutations([*said, gone]):
            assert folded(order).days.last() == (None if left is None else day(left).toordinal())


def test_a_retraction_without_shift_leaves_the_shifts() -> None:
    key = {"line": "L", "period_start": day(3).isoformat(), "period_end": day(3).isoformat()}
    shifts = [production("L", 3, 5, shift="A"), production("L", 3, 7, shift=None)]
    for named, made in ((key, 5), ({**key, "shift": None}, 5), ({**key, "shift": "A"}, 7)):
        events = [*shifts, retraction("production.reported", named, time=instant(9))]
        assert values_on(events, 3).number("output_cumulative", "L") == made


def test_an_instant_is_one_key_in_whatever_zone_it_is_written() -> None:
    there = NOON.astimezone(UTC)
    project = folded([reading("s", NOON, 1), reading("s", there, 2, revision=1)])
    (winner,) = project.slots.values()
    assert winner.data["value"] == 2


def test_a_winner_replaces_its_whole_statement() -> None:
    events = [
        baseline(sections={"restart": {"population": 50}}),
        survey(3, 10, 40),
        survey(3, 10, revision=1),
    ]
    assert values_on(events, 3).parts("resumption_rate") == (10, 50)


@pytest.mark.parametrize("last", [2, 4, 6])
def test_undone_and_done_again_the_project_is_the_same(last: int) -> None:
    before = [baseline(start=-9, sections={"lines": [{"id": "L"}]}), production("L", 1, 5, end=2), status(2)]
    since = [
        production("L", 2, 7, end=6),
        production("L", 1, 6, end=2, revision=1),
        baseline(2, start=-9, sections={"lines": [{"id": "L"}, {"id": "M"}]}, time=instant(3)),
        retraction("project.status_reported", {"as_of": day(2).isoformat()}, time=instant(5)),
        production("L", 4, 1, unit="box"),
        status(6),
    ]
    project = folded(before)
    project.forget_undo()
    for event in since:
        project.fold(statement_of(accept(event, (), RECORDED_AT_US, ZONE), event, 0))
    on = day(last).toordinal()
    now = evaluate(project, on)
    project.swap_undo()
    assert evaluate(project, on) == evaluate(folded(before), on)
    assert project.days.days == folded(before).days.days
    project.swap_undo()
    assert evaluate(project, on) == now == evaluate(folded([*before, *since]), on)
