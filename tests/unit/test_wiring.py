"""Opening the log of a home: what it was created with must be what the program works with."""

from contextlib import closing
from pathlib import Path

import pytest

from eventlog.embedded import EmbeddedLog
from milepost.environment import settings_from
from milepost.wiring import existing_log, open_log
from schemas.errors import SettingsError
from schemas.settings import ENGINE_CONSTANTS
from schemas.topics import Topics


def created(home: Path, constants: dict[str, int]) -> None:
    log = EmbeddedLog.open(
        home / "log.db",
        timezone="Asia/Shanghai",
        partitions=2,
        topics=Topics("milepost"),
        log_id=lambda: "log",
        constants=constants,
        now_us=lambda: 1,
    )
    with closing(log):
        pass


def test_a_log_with_the_constants_of_the_engine_opens(tmp_path: Path) -> None:
    created(tmp_path, ENGINE_CONSTANTS)
    with open_log(settings_from({"home": str(tmp_path)}, {})) as log:
        assert log.identity.constants == ENGINE_CONSTANTS


def test_a_log_with_other_constants_is_refused_with_what_differs(tmp_path: Path) -> None:
    created(tmp_path, {**ENGINE_CONSTANTS, "coverage_7d_min": 4})
    sourced = settings_from({"home": str(tmp_path)}, {})
    for opened in (open_log, existing_log):
        with pytest.raises(SettingsError, match=r"coverage_7d_min.*choose another home"), opened(sourced):
            pass
