"""A partition that goes on from a saved state does what it would have done without having stopped."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from eventlog.log import Record
from streams.core.partition import Output, Partition, Resume
from streams.core.saved_state import UnreadableState
from tests.builders import production, tick
from tests.feeds import FOCI, Feed, feeds
from tests.folds import records_of
from tests.messes import Mess, closing_tick, cut_tick, some_statement
from tests.saved import Published, Saved, restored, saving_partition

Step = list[Record] | list[str] | None
"""Records to fold; projects to evaluate live (None: all that were touched)."""


def steps_of(feed: Feed, chance: Random) -> list[Step]:
    """A log in slices, with evaluations between them."""
    return steps_of_values(feed.values, chance)


def steps_of_values(values: list[bytes], chance: Random) -> list[Step]:
    steps: list[Step] = []
    records = records_of(values)
    while records:
        size = chance.randrange(1, 9)
        steps.append(records[:size])
        records = records[size:]
        if chance.randrange(3) == 0:
            steps.append(chance.choice((None, ["p1"], ["项目-2", "p1"])))
    return steps


def take(partition: Partition, step: Step) -> Output:
    if step and isinstance(step[0], Record):
        return partition.fold(step)
    return partition.evaluate_live(step)  # type: ignore[arg-type]


def place_of(chance: Random) -> Any:
    """Both projects live here, or one of them elsewhere."""
    elsewhere = chance.choice((None, None, "项目-2"))
    return lambda project: int(project == elsewhere)


def told(output: Output) -> list[bytes]:
    """All of an output as it is published."""
    forwards = [(owner, record.offset) for owner, record in output.forwards]
    return [to_json(each) for each in (output.kpis, output.alerts, output.rejections, forwards)]


def folded_to(steps: list[Step], published: Published, partition: Partition) -> int:
    """Take steps; answers the offset of the record after them."""
    next_offset = 0
    for step in steps:
        published.publish(take(partition, step))
        if step and isinstance(step[-1], Record):
            next_offset = step[-1].offset + 1
    return next_offset


def gone_on(saved: Saved, resume: Resume) -> Partition:
    partition = saving_partition(resume)
    assert restored(saved, partition)
    return partition


def pairs(steps: list[Step], one: Partition, other: Partition) -> Iterator[tuple[list[bytes], list[bytes]]]:
    for step in steps:
        yield told(take(one, step)), told(take(other, step))


@settings(max_examples=150)
@given(feeds(), st.randoms(use_true_random=False))
def test_whatever_comes_after_a_restart_causes_what_it_would_have_caused(feed: Feed, chance: Random) -> None:
    steps, place = steps_of(feed, chance), place_of(chance)
    at = chance.randrange(len(steps) + 1)
    published, saved = Published(), Saved()
    going_on = saving_partition(place=place)
    next_offset = folded_to(steps[:at], published, going_on)
    saved.save(going_on)
    restarted = saving_partition(published.resume(next_offset), place=place)
    assert restored(saved, restarted)
    for expected, found in pairs(steps[at:], going_on, restarted):
        assert found == expected


@settings(max_examples=100)
@given(feeds(), st.randoms(use_true_random=False))
def test_saves_at_many_places_and_restarts_between_them_give_what_one_save_gives(
    feed: Feed, chance: Random
) -> None:
    steps = steps_of(feed, chance)
    at = chance.randrange(len(steps) + 1)
    published, often, once = Published(), Saved(), Saved()
    partition, going_on = saving_partition(), saving_partition()
    next_offset = 0
    for step in steps[:at]:
        published.publish(take(partition, step))
        take(going_on, step)
        next_offset = step[-1].offset + 1 if step and isinstance(step[-1], Record) else next_offset
        if chance.randrange(3) == 0:
            often.save(partition)
            if chance.randrange(3) == 0:
                partition = gone_on(often, published.resume(next_offset))
    often.save(partition)
    once.save(going_on)
    resume = published.resume(next_offset)
    for expected, found in pairs(steps[at:], gone_on(once, resume), gone_on(often, resume)):
        assert found == expected


@settings(max_examples=60)
@given(feeds(), st.randoms(use_true_random=False))
def test_what_was_restored_is_saved_as_it_was(feed: Feed, chance: Random) -> None:
    steps = steps_of(feed, chance)
    published, saved, again = Published(), Saved(), Saved()
    partition = saving_partition()
    next_offset = folded_to(steps, published, partition)
    saved.save(partition)
    assert saved.save(partition) == 0
    other = gone_on(saved, published.resume(next_offset))
    assert again.save(other) == 0
    for project in other.projects.values():
        assert project.unsaved is not None
        project.unsaved.update(project.slots)
    other.unsaved.update(other.projects)
    again.save(other)
    assert again.parts == saved.parts
    assert again.whole == saved.whole


# -- what would be noticed if it were forgotten ------------------------------------------------------------------------


HEAD = (
    "newest_offset",
    "newest_time_us",
    "batch_time_us",
    "status_day_at_cut",
    "affected_from",
    "cuts",
    "row_days",
)
NOTHING: dict[str, Any] = {
    "newest_offset": -1,
    "newest_time_us": 0,
    "batch_time_us": 0,
    "cuts": -1,
    "row_days": [],
}


def forget_in_head(field: str) -> Callable[[Any], Any]:
    def forget(head: Any) -> Any:
        head[0][HEAD.index(field)] = NOTHING.get(field)
        return head

    return forget


def forget_alerts(place: int) -> Callable[[Any], Any]:
    def forget(head: Any) -> Any:
        if head[3]:
            head[3][place] = []
            if place == 0:
                head[3][1] = []
        return head

    return forget


def forget_flag(place: int) -> Callable[[Any], Any]:
    return lambda head: [*head[:place], False, *head[place + 1 :]]


def forget_in_chunk(place: int) -> Callable[[Any], Any]:
    return lambda chunk: [*chunk[:place], [], *chunk[place + 1 :]]


def forget_newest(chunk: Any) -> Any:
    last = len(chunk[3]) - 1
    others = [
        [each for each in some if last not in (each, each[0] if isinstance(each, list) else each)]
        for some in chunk[4:]
    ]
    return [*chunk[:3], chunk[3][:-1], *others]


IN_HEADS = {
    **{field: forget_in_head(field) for field in HEAD},
    "touched": forget_flag(1),
    "touched since the cut": forget_flag(2),
    "runs of alerts": forget_alerts(0),
    "breach days": forget_alerts(2),
}
IN_CHUNKS = {
    "which keys are new since the cut": forget_in_chunk(4),
    "what was replaced since the cut": forget_in_chunk(5),
    "what was ever retracted": forget_in_chunk(6),
    "retractions that lost": forget_in_chunk(7),
    "the newest key of a chunk": forget_newest,
}
IN_WHOLE = {"closed_through": (2, None), "known_at_us": (3, None), "rules_are_new": (4, True)}


def seeded_steps(seed: int) -> tuple[list[Step], int]:
    """A log of stretches in slices, with live evaluations, and where it is cut in two."""
    chance = Random(seed)
    mess = Mess(("p1", "项目-2"), chance.choice(FOCI), busy=chance.choice((4, 8)), last=40)
    values: list[bytes] = []
    for _ in range(6):
        values += [some_statement(chance, mess) for _ in range(chance.randrange(12))]
        values.append(chance.choice((closing_tick, cut_tick))(chance, mess))
    steps = steps_of_values([*values, tick(60)], chance)
    return [*steps, None], chance.randrange(len(steps))


def noticed(steps: list[Step], at: int, spoil: Callable[[Saved], None]) -> bool:
    """Whether the rest of a log comes out differently once the state saved before it was spoilt."""
    published, saved = Published(), Saved()
    going_on = saving_partition()
    next_offset = folded_to(steps[:at], published, going_on)
    saved.save(going_on)
    spoil(saved)
    try:
        restarted = gone_on(saved, published.resume(next_offset))
        return any(expected != found for expected, found in pairs(steps[at:], going_on, restarted))
    except UnreadableState:
        return True


def spoilt_parts(forget: Callable[[Any], Any], *, heads: bool) -> Callable[[Saved], None]:
    def spoil(saved: Saved) -> None:
        for name, packed in saved.parts.items():
            if (name.chunk is None) == heads:
                saved.parts[name] = msgspec.msgpack.encode(forget(msgspec.msgpack.decode(packed)))

    return spoil


def spoilt_whole(place: int, value: Any) -> Callable[[Saved], None]:
    def spoil(saved: Saved) -> None:
        saved.whole[place] = value

    return spoil


SPOILT = {
    **{name: spoilt_parts(forget, heads=True) for name, forget in IN_HEADS.items()},
    **{name: spoilt_parts(forget, heads=False) for name, forget in IN_CHUNKS.items()},
    **{name: spoilt_whole(*change) for name, change in IN_WHOLE.items()},
}
SEEDS_MAX = 400


def test_nothing_is_noticed_where_nothing_is_spoilt() -> None:
    assert not any(noticed(*seeded_steps(seed), lambda _: None) for seed in range(20))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(SPOILT.keys() - {"breach days"}))
def test_whatever_is_forgotten_is_noticed(name: str) -> None:
    """The canaries of the comparison above: each thing that a state keeps is needed, and its loss shows."""
    assert any(noticed(*seeded_steps(seed), SPOILT[name]) for seed in range(SEEDS_MAX))


def test_a_forgotten_day_of_a_breach_is_noticed() -> None:
    """Rare in messes: an alert goes on firing on a later day without a word, and then that day is corrected."""
    fired, went_on, corrected = records_of(
        [production("L1", 5, 30), production("L1", 6, 1), production("L1", 5, 10, revision=1)]
    )
    steps: list[Step] = [[fired], None, [went_on], None, [corrected], None]
    assert not noticed(steps, 4, lambda _: None)
    assert noticed(steps, 4, SPOILT["breach days"])
