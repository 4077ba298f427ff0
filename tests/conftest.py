"""What every test level shares."""

from pathlib import Path

import pytest

from tests.cli import Milepost

pytest_plugins = ("tests.kafka_fixtures",)


# Levels that run real brokers and processes: a machine that stalls for a second can fail one of them for no reason of
# ours. Each gets a second try, and the summary lists who needed it: that is a fault to find, but holds up nobody.
REAL_SERVICES = frozenset({"contract", "docs", "faults", "integration"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests on real services their second try."""
    for item in items:
        if item.path.parent.name in REAL_SERVICES:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def milepost(tmp_path: Path) -> Milepost:
    """The command line on a home that does not exist yet."""
    return Milepost(home=tmp_path / "home", folder=tmp_path)
