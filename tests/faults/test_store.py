"""Stores that are killed, and two of them on one log."""

from random import Random

import pytest

from eventlog.log import Entry
from tests.fault_feed import TIMES, Exports, differences, exports
from tests.kafka_run import KafkaRun, Process, passes
from tests.waiting import until

SEED = 5
KILLS = 5
RESUME_SECONDS_MAX = 60 * TIMES
REFUSED_SECONDS_MAX = 10

pytestmark = pytest.mark.timeout(400 * TIMES)


def until_stored_more(run: KafkaRun, store: Process) -> None:
    """A store that has just started goes on with its work, or has none left."""
    until(lambda: run.stored(store.home), RESUME_SECONDS_MAX)
    before = sum(run.stored(store.home).values())
    until(
        lambda: sum(run.stored(store.home).values()) > before or run.has_stored(store.home),
        RESUME_SECONDS_MAX,
    )


def test_a_store_killed_at_random_stores_everything_once(
    run: KafkaRun, feed: list[Entry], undisturbed: Exports
) -> None:
    chance = Random(SEED)
    run.publish(feed)
    worker, store = run.start("worker"), run.start("store")
    for _ in range(KILLS):
        until_stored_more(run, store)
        passes(chance.random())
        store.kill()
        store.restart()
    assert differences(undisturbed, run.exports_of(store, worker)) == []
    assert (
        "milepost.duckdb was not closed in good order; it goes on after its last transaction" in store.heard
    )


def test_two_stores_with_homes_of_their_own_are_both_right(
    run: KafkaRun, feed: list[Entry], undisturbed: Exports
) -> None:
    run.publish(feed)
    worker = run.start("worker")
    one, other = run.start("store", home="one"), run.start("store", home="other")
    run.settle(one, other)
    for process in (worker, one, other):
        assert process.stop() == 0, process.heard[-4000:]
    assert differences(undisturbed, exports(one.home)) == []
    assert differences(undisturbed, exports(other.home)) == []


def test_a_second_store_in_the_same_home_is_refused_in_one_line(run: KafkaRun) -> None:
    first = run.start("store")
    until(lambda: "ready:" in first.heard, RESUME_SECONDS_MAX)
    second = run.start("store")
    assert second.wait(REFUSED_SECONDS_MAX) == 4
    [line] = second.heard.splitlines()
    assert "store" in line
    assert str(first.pid) in line
    assert first.stop() == 0
