"""The fixtures of tests that need a real broker; each test that takes one is marked `kafka`.

Without Java or Maven these tests skip with one line; where everything must run (CI=true, MILEPOST_KAFKA_REQUIRED) they
fail. Each process that runs tests has one broker, started by the first test that needs it.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.kafka_broker import Broker, what_is_missing
from tests.outside_tools import needs

__all__ = ["broker", "make_broker", "own_broker", "secure_broker", "topic_prefix"]

BROKERS = frozenset({"broker", "make_broker", "own_broker", "secure_broker"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a broker, before anybody selects by that mark."""
    for item in items:
        if BROKERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)


def needs_kafka() -> None:
    """Go on where a broker can run."""
    lacking = what_is_missing()
    if lacking is not None and os.environ.get("MILEPOST_KAFKA_REQUIRED"):
        pytest.fail(lacking, pytrace=False)
    needs(lacking is None, str(lacking))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker, shared by the tests of this process: take a `topic_prefix`, and do not stop it."""
    needs_kafka()
    secure = shutil.which("openssl") is not None
    with closing(Broker(tmp_path_factory.mktemp("kafka"), secure=secure)) as started:
        started.start()
        yield started


@pytest.fixture(scope="session")
def secure_broker(broker: Broker) -> Broker:
    """The same broker, which also listens at `secure_url` with TLS (`ca_file`) and a password."""
    needs(shutil.which("openssl"), "openssl is not installed (apt-get install openssl)")
    return broker


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    """Makes brokers of a test's own, not started yet; takes the arguments of `Broker` but its folder."""
    needs_kafka()
    with ExitStack() as made:

        def make(**how: object) -> Broker:
            folder = tmp_path / f"kafka-{uuid.uuid4().hex[:6]}"
            return made.enter_context(closing(Broker(folder, **how)))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def own_broker(make_broker: Callable[..., Broker]) -> Broker:
    """A running broker that the test may stop, kill and freeze."""
    started = make_broker()
    started.start()
    return started


@pytest.fixture
def topic_prefix() -> str:
    """A prefix of topics and groups that no other test has."""
    return f"t{uuid.uuid4().hex[:12]}"
