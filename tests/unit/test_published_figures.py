"""The plans of the catalog with the reports of their sources give the figures that follow from what was published."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from producers.catalog import baseline_event, bundled_catalog, load_catalog
from tests.builders import production, reading, survey, tally, work
from tests.folding import Values, values_on

EVE: Final = datetime(2019, 1, 1, tzinfo=UTC)
LAST_HOLIDAY: Final = date(2024, 2, 17)


def on_plan(project_id: str, reports: list[bytes], on: date) -> Values:
    project = load_catalog(bundled_catalog()).project(project_id)
    return values_on([baseline_event(project, source="catalog", event_id="b", stated_at=EVE), *reports], on)


def test_one_finished_tank_of_the_crude_reserve_is_an_eighth() -> None:
    values = on_plan("luoyang-crude-reserve-2", [work("tank-1", date(2021, 1, 7), 1600)], date(2021, 1, 7))
    assert values.number("percent_complete") == 12.5
    assert 0 < values.number("percent_scheduled") < 100


def test_the_restart_of_2024() -> None:
    """76.3 %, seven days left, 3.39 points a day needed; 462 of 1,949 have not resumed."""
    values = on_plan("luoyang-restart-2024", [survey(LAST_HOLIDAY, 1487)], LAST_HOLIDAY)
    assert round(values.number("resumption_rate"), 1) == 76.3
    assert values.parts("resumption_rate") == (1487, 1949)
    assert round(values.number("required_pace"), 2) == 3.39
    assert values.number("target_days_late") == -7
    assert values.number("resumption_rate_yoy") == pytest.approx(100 * 1487 / 1949 - 70)


def test_the_foil_project_has_134_days_left() -> None:
    values = on_plan("xinxing-battery-foil-1", [], LAST_HOLIDAY)
    assert values.number("target_days_late") == -134


def test_the_potlines_made_their_holiday_plan() -> None:
    made = production("potlines", date(2024, 2, 10), 23_815, end=LAST_HOLIDAY)
    values = on_plan("yidian-primary-aluminium", [made], LAST_HOLIDAY)
    assert values.number("output_cumulative") == 23_815
    assert round(values.number("output_rolling_7d"), 1) == 2976.9
    assert values.number("plan_attainment") > 100


def test_the_outfalls_of_anyang_are_76_percent_done() -> None:
    values = on_plan("anyang-river-outfalls", [tally(date(2023, 12, 31), 92)], date(2023, 12, 31))
    assert round(values.number("completion_rate")) == 76


def test_the_composite_index_of_anyang_is_above_its_target_still() -> None:
    index = reading("composite-index", date(2023, 12, 31), 5.03, unit="index")
    values = on_plan("anyang-air-composite-index", [index], date(2023, 12, 31))
    assert values.number("reading_latest", "composite-index") == 5.03
    assert 0 < values.number("target_attainment", "composite-index") < 100


def test_the_sewers_of_zhuzhou_add_up_over_the_districts() -> None:
    done: dict[str, Any] = {"municipal": 21, "liling": 5, "chaling": 5, "youxian": 1, "yanling": 3}
    tallies = [tally(date(2024, 6, 30), length, district=district) for district, length in done.items()]
    values = on_plan("zhuzhou-sewer-new", tallies, date(2024, 6, 30))
    assert values.number("completion_rate") == 50
    assert values.number("lead_lag") == 0
    assert values.number("completion_rate", "yanling") == 50
