"""What every test level shares."""

from pathlib import Path

import pytest

from tests.cli import Milepost

pytest_plugins = ("tests.kafka_fixtures",)


@pytest.fixture
def milepost(tmp_path: Path) -> Milepost:
    """The command line on a home that does not exist yet."""
    return Milepost(home=tmp_path / "home", folder=tmp_path)
