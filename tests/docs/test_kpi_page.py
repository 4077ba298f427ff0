"""docs/kpis.md is what the registry says, in a form that a Markdown reader takes."""

import json
import re
from pathlib import Path
from typing import get_args

from schemas.catalog import KPIS
from schemas.kpi import NullReason
from schemas.kpi_page import kpi_page
from tests.cli import ROOT, Milepost

PAGE = ROOT / "docs" / "kpis.md"


def test_the_page_is_up_to_date() -> None:
    stale = "docs/kpis.md is stale: run `milepost contract DIR` and copy DIR/kpis.md there"
    assert PAGE.read_text(encoding="utf-8") == kpi_page(), stale


def test_contract_writes_the_page(milepost: Milepost, tmp_path: Path) -> None:
    done = milepost("contract", tmp_path, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "kpis.md" in json.loads(done.stdout)
    assert (tmp_path / "kpis.md").read_text(encoding="utf-8") == kpi_page()


def test_every_kpi_and_every_reason_has_its_line_and_every_table_is_even() -> None:
    lines = [line for line in kpi_page().splitlines() if line.startswith("|")]
    first = [match[1] for line in lines if (match := re.match(r"\| `(\w+)` \|", line))]
    assert first == [*get_args(NullReason), *KPIS]
    assert {line.count(" | ") for line in lines} == {1, 9}
