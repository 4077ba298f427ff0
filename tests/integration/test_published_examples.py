"""Published examples come out to the printed digit by the product's own commands: ingest, run --drain, query."""

import json
from pathlib import Path
from typing import Any, Final

from tests.builders import baseline, investment, production
from tests.cli import Milepost

VORNE: Final = {
    "planned_busy_time": 420 / 60,
    "production_time": 373 / 60,
    "planned_run_time_per_item": 1 / 3600,
}
"""Vorne Industries, "OEE calculation" (oee.com): 480 min with 60 min of breaks and 47 min of stops, ideal cycle 1.0 s."""


def answered(milepost: Milepost, tmp_path: Path, events: list[bytes], sql: str) -> Any:
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(events))
    for words in (("ingest", tmp_path / "events.jsonl"), ("run", "--drain")):
        done = milepost(*words)
        assert done.returncode == 0, done.stderr
    answer = milepost("query", sql, "--format", "json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_oee_of_a_shift_and_investment_of_a_year(milepost: Milepost, tmp_path: Path) -> None:
    """19,271 made and 423 rejected give 88.81 × 86.11 × 97.80 = 74.79 %; 60 % of a year's plan by its middle are 10 points ahead."""
    sections = {"lines": [{"id": "L1"}], "annual_plan": [{"year": 2024, "investment": 50}],
                "budget_at_completion": {"value": 90, "unit": "亿元"}}  # fmt: skip
    events = [
        baseline(sections=sections),
        production("L1", 181, 19_271, unit="pcs", scrap=423, times=VORNE),
        investment(181, 2024, 300_000, "万元"),
    ]
    sql = (
        "SELECT kpi, round(value, 2) AS value FROM kpi_latest WHERE scope = '' AND (kpi LIKE 'investment%' OR kpi IN"
        " ('availability', 'effectiveness', 'quality_ratio', 'oee')) ORDER BY kpi"
    )
    told = {row["kpi"]: row["value"] for row in answered(milepost, tmp_path, events, sql)}
    assert told == {
        "availability": 88.81, "effectiveness": 86.11, "quality_ratio": 97.8, "oee": 74.79,
        "investment_completion": 60, "investment_lead_lag": 10,
    }  # fmt: skip
