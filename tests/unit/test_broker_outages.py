"""What is said of a broker that is away: one line when it goes, one when it comes, and nothing of its client's own."""

import logging
from collections.abc import Iterator

import pytest

from streams.broker_outages import BrokerOutages

CLIENT = logging.getLogger("aiokafka.client")
AWAY = "Unable connect to node with id 1: [Errno 111] Connect call failed"


@pytest.fixture
def outages() -> Iterator[BrokerOutages]:
    opened = BrokerOutages("broker:9092")
    opened.listen()
    yield opened
    opened.close()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What reaches those who run the worker."""
    return [record.getMessage() for record in caplog.records if not record.name.startswith("aiokafka")]


def test_an_outage_is_two_lines(outages: BrokerOutages, caplog: pytest.LogCaptureFixture) -> None:
    outages.begin()
    for _ in range(2):
        for _ in range(100):
            CLIENT.error(AWAY)
        assert outages.away
        outages.end()
        outages.end()
        assert not outages.away
    assert (
        told(caplog)
        == [
            f"Kafka at broker:9092 cannot be reached ({AWAY}); waiting until it is back",
            "Kafka at broker:9092 is back after 0 s",
        ]
        * 2
    )


def test_what_else_the_client_says_is_no_outage(
    outages: BrokerOutages, caplog: pytest.LogCaptureFixture
) -> None:
    outages.begin()
    CLIENT.warning("Heartbeat failed for group g because it is rebalancing")
    assert not outages.away
    assert told(caplog) == []


def test_before_the_first_answer_nothing_is_said(
    outages: BrokerOutages, caplog: pytest.LogCaptureFixture
) -> None:
    CLIENT.error(AWAY)
    assert not outages.away
    assert told(caplog) == []


def test_the_log_of_the_client_is_left_as_it_was_found(outages: BrokerOutages) -> None:
    second = BrokerOutages("other:9092")
    second.listen()
    kept_off = [logging.getLogger("aiokafka").propagate]
    for each in (second, outages):
        each.close()
        kept_off.append(logging.getLogger("aiokafka").propagate)
    assert kept_off == [False, False, True]
    assert not any(isinstance(handler, BrokerOutages) for handler in logging.getLogger("aiokafka").handlers)
