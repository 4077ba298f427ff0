"""The same feed on Kafka and on the embedded log: the same rows, the same history, the same alerts."""

import pytest

from eventlog.log import Entry
from tests.fault_feed import TIMES, Exports, differences
from tests.kafka_run import KafkaRun

pytestmark = pytest.mark.timeout(400 * TIMES)


def test_the_parts_one_by_one_on_kafka_do_what_the_embedded_run_does(
    run: KafkaRun, feed: list[Entry], undisturbed: Exports
) -> None:
    run.publish(feed)
    workers = [run.start("worker"), run.start("worker", home="other")]
    store = run.start("store")
    assert differences(undisturbed, run.exports_of(store, *workers)) == []


def test_all_parts_in_one_process_on_kafka_do_what_the_embedded_run_does(
    run: KafkaRun, feed: list[Entry], undisturbed: Exports
) -> None:
    run.publish(feed)
    everything = run.start("up", "--no-clock")
    assert differences(undisturbed, run.exports_of(everything)) == []
