"""The README: its commands run in the order in which a reader types them, and its tables name what there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic_core import from_json

from milepost.commands import COMMANDS
from milepost.environment import variable_name
from schemas.acceptance import accept
from schemas.settings import Settings
from tests.builders import RECORDED_AT_US, ZONE
from tests.cli import ROOT, product_environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECONDS_MAX = 110


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def first_cells(heading: str) -> str:
    """First column of the table below a heading."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return "\n".join(re.findall(r"^\| (`.*?) \|", section, flags=re.MULTILINE))


def typed(block: str) -> str:
    """A block as a shell takes it; what `make` does first is done, and the tests do not run the tests."""
    lines = [line for line in block.splitlines() if not line.startswith("make test")]
    return "\n".join(lines).replace("make demo", "milepost demo").replace(".venv/bin/", "")


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX,
        env=product_environment(PATH=path, PYTHONPATH=str(ROOT)), check=False,
    )  # fmt: skip


@pytest.mark.timeout(SECONDS_MAX * 3)
def test_the_commands_of_the_readme_run_in_the_order_in_which_they_stand(tmp_path: Path) -> None:
    reports = tmp_path / "reports.jsonl"
    reports.write_text("".join(blocks("json")), encoding="utf-8")
    (tmp_path / "projects.yaml").write_text("".join(blocks("yaml")), encoding="utf-8")
    ran = [shell(typed(block), tmp_path) for block in blocks("sh")]
    assert [done.stderr for done in ran if done.returncode != 0] == []
    assert "accepted 1, rejected 0, duplicates 0" in "".join(done.stdout for done in ran)


def test_the_event_of_the_readme_is_accepted() -> None:
    events = "".join(blocks("json")).splitlines()
    assert events
    for line in events:
        assert accept(line.encode(), (), RECORDED_AT_US, ZONE)["id"] == from_json(line)["id"]


def test_the_table_of_commands_names_every_command_and_no_other() -> None:
    named = re.findall(r"`(?:milepost )?([a-z]+)", first_cells("Commands"))
    assert sorted(named) == sorted(COMMANDS)


def test_the_table_of_settings_names_every_setting_and_no_other() -> None:
    named = re.findall(r"`(MILEPOST_[A-Z_]+)`", first_cells("Settings"))
    assert named == [variable_name(field) for field in Settings.model_fields]
