"""What the fault tests share: one feed, what an undisturbed run makes of it, and a new log on a broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventlog.log import Entry
from schemas.topics import Topics
from tests.fault_feed import Exports, embedded_exports, entries
from tests.kafka_broker import Broker
from tests.kafka_run import KafkaRun, kafka_run


@pytest.fixture(scope="session")
def feed() -> list[Entry]:
    return entries(Topics())


@pytest.fixture(scope="session")
def undisturbed(feed: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """What an embedded drain makes of the feed."""
    return embedded_exports(feed, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def run(broker: Broker, topic_prefix: str, tmp_path: Path) -> Iterator[KafkaRun]:
    with kafka_run(broker.url, topic_prefix, tmp_path) as opened:
        yield opened
