"""What holds for every command: where options stand, what errors look like, which language the output speaks."""

import json
from pathlib import Path

from tests.cli import Milepost


def test_without_a_command_the_help_lists_them(milepost: Milepost) -> None:
    shown = milepost("--help")
    assert shown.returncode == 0
    assert "contract" in shown.stdout


def test_an_unknown_command_is_wrong_usage_in_one_line(milepost: Milepost) -> None:
    refused = milepost("frobnicate")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1


def test_options_may_stand_before_or_after_the_command(milepost: Milepost, tmp_path: Path) -> None:
    before = milepost("--format", "json", "contract", tmp_path / "a")
    after = milepost("contract", tmp_path / "b", "--format", "json")
    assert json.loads(before.stdout) == json.loads(after.stdout)


def test_a_wrong_setting_is_refused_with_its_name(milepost: Milepost) -> None:
    refused = milepost("contract", "types", env={"MILEPOST_TIMEZONE": "Mars/Olympus"})
    assert refused.returncode == 2
    assert "MILEPOST_TIMEZONE" in refused.stderr


def test_the_contract_has_a_schema_for_every_type_and_the_catalog(milepost: Milepost, tmp_path: Path) -> None:
    assert milepost("contract", tmp_path / "types").returncode == 0
    written = {path.name for path in (tmp_path / "types").iterdir()}
    assert {"milepost.work.reported.v1.schema.json", "kpi_catalog.json"} <= written


def test_a_folder_that_cannot_be_made_is_wrong_usage(milepost: Milepost, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "inside", Path("/proc/nowhere")):
        refused = milepost("contract", folder)
        assert refused.returncode == 2
        assert str(folder) in refused.stderr


def test_chinese_survives_a_c_locale(milepost: Milepost) -> None:
    spoken = milepost("contract", "家", env={"LC_ALL": "C", "LANG": "C", "PYTHONIOENCODING": "ascii"})
    assert spoken.returncode == 0, spoken.stderr
    assert "家" in spoken.stdout
