"""Workers that are killed and frozen at random, under load: nothing is lost, nothing counts twice, nobody hangs."""

import re
from random import Random
from time import monotonic

import pytest

from eventlog.log import Entry
from tests.fault_feed import PARTITIONS, TIMES, Exports, broken_alerts, differences
from tests.kafka_run import KafkaRun, Process, passes
from tests.waiting import until

SEED = 4
KILLS, FREEZES = 10, 3
FROZEN_SECONDS = 10.0
SHARED = [PARTITIONS // 2, PARTITIONS // 2]
TAKEN_OVER = [PARTITIONS]
RESUME_SECONDS_MAX = 60 * TIMES
OVERTAKEN = 4

pytestmark = pytest.mark.timeout(600 * TIMES)


def parts_of(feed: list[Entry], count: int) -> list[list[Entry]]:
    return [feed[len(feed) * number // count : len(feed) * (number + 1) // count] for number in range(count)]


def publish_until_folding(run: KafkaRun, part: list[Entry]) -> None:
    """Publish, and wait until some of it is folded."""
    before = run.folded()
    run.publish(part)
    until(lambda: run.folded() > before, RESUME_SECONDS_MAX)


def test_workers_killed_ten_times_at_random_lose_and_repeat_nothing(
    run: KafkaRun, feed: list[Entry], undisturbed: Exports
) -> None:
    chance = Random(SEED)
    store = run.start("store")
    workers = [run.start("worker"), run.start("worker", home="other")]
    for part in parts_of(feed, KILLS):
        publish_until_folding(run, part)
        passes(chance.random())
        victim = chance.choice(workers)
        victim.kill()
        victim.restart()
    until(lambda: all(tells_where_it_goes_on(run, worker) for worker in workers), RESUME_SECONDS_MAX)
    told = run.exports_of(store, *workers)
    assert differences(undisturbed, told, without=["alert_history"]) == []
    assert broken_alerts(store.home) == []


def tells_where_it_goes_on(run: KafkaRun, worker: Process) -> bool:
    return (
        re.search(
            rf"folding partitions [\d, ]+ of {run.topics.events} \(new: \d from offset \d+",
            worker.heard_in_this_life,
        )
        is not None
    )


def test_a_worker_that_stood_still_for_long_ends_or_goes_on_but_harms_nobody(
    run: KafkaRun, feed: list[Entry], undisturbed: Exports
) -> None:
    chance = Random(SEED)
    store = run.start("store")
    workers = [run.start("worker"), run.start("worker", home="other")]
    for part in parts_of(feed, FREEZES):
        half = len(part) // 2
        until(lambda: run.shares() == SHARED or restart_who_ended(workers), RESUME_SECONDS_MAX)
        publish_until_folding(run, part[:half])
        passes(chance.random())
        victim = chance.choice(workers)
        [other] = [worker for worker in workers if worker is not victim]
        freeze_until_taken_over(run, victim, other, part[half:])
    until(lambda: run.has_folded() or restart_who_ended(workers), RESUME_SECONDS_MAX)
    told = run.exports_of(store)
    for worker in workers:
        assert worker.returncode == OVERTAKEN or worker.stop() in {0, OVERTAKEN}, worker.heard[-4000:]
    assert differences(undisturbed, told, without=["alert_history"]) == []
    assert broken_alerts(store.home) == []
    assert not any("Traceback" in worker.heard for worker in workers)


def freeze_until_taken_over(run: KafkaRun, victim: Process, other: Process, part: list[Entry]) -> None:
    """Let a worker stand still, for ten seconds or more, until the other one folds everything, and tells so."""
    began, told = monotonic(), len(other.heard)
    victim.freeze()
    run.publish(part)
    until(lambda: run.shares() == TAKEN_OVER and is_folding_all(run, other.heard[told:]), RESUME_SECONDS_MAX)
    assert other.returncode is None, other.heard[-4000:]
    passes(FROZEN_SECONDS - (monotonic() - began))
    victim.thaw()


def is_folding_all(run: KafkaRun, said: str) -> bool:
    numbers = ", ".join(map(str, range(PARTITIONS)))
    return f"folding partitions {numbers} of {run.topics.events} (new: " in said


def restart_who_ended(workers: list[Process]) -> bool:
    """As a supervisor does. Who ends says in its last line why: it was overtaken, or the broker had hung up on it."""
    for worker in workers:
        if worker.returncode is not None:
            assert worker.returncode == OVERTAKEN, worker.heard[-4000:]
            assert worker.heard.splitlines()[-1].startswith("milepost: ")
            worker.restart()
    return False
