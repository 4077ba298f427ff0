"""A demo replaces what a demo made, and nothing else."""

from pathlib import Path

import pytest

from milepost.demo_home import DEFAULT_HOME, home_of_demo, prepare_home
from milepost.environment import settings_from
from schemas.errors import UsageError


def test_a_home_that_was_chosen_is_taken_else_the_default() -> None:
    assert home_of_demo(settings_from({}, {})) == DEFAULT_HOME
    assert home_of_demo(settings_from({}, {"MILEPOST_HOME": "elsewhere"})) == Path("elsewhere")


def test_a_demo_replaces_the_log_the_store_and_the_states_of_a_demo(tmp_path: Path) -> None:
    prepare_home(tmp_path)
    for name in ("log.db", "log.db-wal", "milepost.duckdb", "milepost.duckdb.bak", "state.db", "notes.txt"):
        (tmp_path / name).write_text("old")
    prepare_home(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.txt", "notes.txt"]


def test_a_folder_that_no_demo_made_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("precious")
    with pytest.raises(UsageError, match="not empty and no demo made it"):
        prepare_home(tmp_path)
    assert (tmp_path / "log.db").read_text() == "precious"


def test_the_locks_that_the_caller_holds_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "worker.lock").write_text("17")
    prepare_home(tmp_path)
    assert (tmp_path / "demo.txt").is_file()
