"""A broker that is absent at the start, goes away for a while, or dies under load."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from eventlog.log import Entry
from tests.cli import Milepost
from tests.fault_feed import TIMES, Exports, differences
from tests.kafka_broker import Broker, free_ports
from tests.kafka_run import KafkaRun, kafka_run, passes
from tests.waiting import until

AWAY_SECONDS = 10
SAID_SECONDS_MAX = 10
RESUME_SECONDS_MAX = 120 * TIMES

pytestmark = pytest.mark.timeout(400 * TIMES)


@pytest.fixture
def own_run(own_broker: Broker, topic_prefix: str, tmp_path: Path) -> Iterator[KafkaRun]:
    with kafka_run(own_broker.url, topic_prefix, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("part", ["worker", "store", "clock", "up"])
def test_a_part_that_finds_no_broker_ends_with_4_and_one_line(milepost: Milepost, part: str) -> None:
    [port] = free_ports(1)
    began = monotonic()
    done = milepost(part, "--log", f"kafka://127.0.0.1:{port}")
    assert monotonic() - began < SAID_SECONDS_MAX
    assert done.returncode == 4
    [line] = done.stderr.splitlines()
    assert f"127.0.0.1:{port}" in line


def stop(broker: Broker) -> None:
    broker.stop()
    passes(AWAY_SECONDS)


@pytest.mark.parametrize(
    "leaves", [stop, Broker.kill], ids=["gone for ten seconds", "killed and started again"]
)
def test_a_broker_that_comes_back_under_load_loses_and_repeats_nothing(
    own_broker: Broker,
    own_run: KafkaRun,
    feed: list[Entry],
    undisturbed: Exports,
    leaves: Callable[[Broker], None],
) -> None:
    run = own_run
    run.publish(feed)
    workers = [run.start("worker"), run.start("worker", home="other")]
    store = run.start("store")
    until(lambda: run.stored(store.home) and sum(run.ends(run.topics.kpis).values()) > 0, RESUME_SECONDS_MAX)
    leaves(own_broker)
    own_broker.start()
    told = run.exports_of(store, *workers)
    assert differences(undisturbed, told) == []
    for part in (*workers, store):
        assert "Traceback" not in part.heard
        assert_told_of_an_outage(part.heard, own_broker.address)


def assert_told_of_an_outage(said: str, address: str) -> None:
    """One line when it begins, in words, and one when it is over."""
    away = [line for line in said.splitlines() if "waiting until" in line]
    back = [line for line in said.splitlines() if "is back after" in line or "answers again" in line]
    assert away, said
    assert len(away) == len(back), said
    for line in away:
        assert address in line
        assert re.search(r"nothing listens|not ready yet|hangs up|Connect call failed|[Cc]onnection", line), (
            line
        )
