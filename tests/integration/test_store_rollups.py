"""Roll-ups, rankings and lights by example: what a reader of a dashboard would compute by hand."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from schemas.catalog import KPIS
from schemas.quantities import dimensions
from storage.file_reader import FileReader
from storage.live_client import LiveReader
from storage.store import Store
from tests.builders import baseline, closing, cost, day, milestone, production, status, tally, tick, value
from tests.folds import RULES
from tests.stores import Feed, answering, drained, opened, rows

HENAN: Final[dict[str, Any]] = {"region": {"province": "河南", "city": "洛阳"}}
SHANDONG: Final[dict[str, Any]] = {"region": {"province": "山东", "city": "聊城"}}


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    feed = Feed(tmp_path / "log.db", rules=RULES)
    yield feed
    feed.log.close()


@pytest.fixture
def store(tmp_path: Path, feed: Feed) -> Iterator[Store]:
    with opened(tmp_path / "store.duckdb", feed.log) as opened_store:
        yield opened_store


def told(store: Store, feed: Feed, sql: str, *events: bytes) -> list[tuple[Any, ...]]:
    feed.publish(*events)
    return rows(drained(store, feed.log), sql)


def earning(
    project: str, earned: float, *, unit: str = "CNY", budget: float = 100.0, **sections: Any
) -> list[bytes]:
    """A project that was to have earned its budget on day 10, half of it on day 5, and says so on day 5."""
    plan = {
        "progress_by": "value",
        "budget_at_completion": {"value": budget, "unit": unit},
        "planned_value": [{"date": day(10), "value": budget}],
    }
    return [baseline(sections=plan | sections, project=project), value(5, earned, project=project)]


# -- roll-ups ----------------------------------------------------------------------------------------------------------


def test_a_ratio_is_the_sum_of_the_parts_and_no_mean_of_ratios(store: Store, feed: Feed) -> None:
    sql = "SELECT member, value, numerator, denominator, count, coverage, rank FROM kpi_rollup('province') WHERE kpi = 'spi'"
    events = [
        *earning("a", 50, **HENAN),
        *earning("b", 100, budget=900.0, **HENAN),
        *earning("c", 40, **SHANDONG),
    ]
    found = told(store, feed, f"{sql} ORDER BY rank", *events, closing(5))
    assert found == [
        ("山东", 0.8, Decimal(40), Decimal(50), 1, 1.0, 1),
        ("河南", 0.3, Decimal(150), Decimal(500), 2, 1.0, 2),
    ]


def test_percent_ratios_are_times_100_and_sums_are_sums(store: Store, feed: Feed) -> None:
    events = [*earning("a", 7), *earning("b", 7), *earning("c", 7, budget=0.3)]
    sql = "SELECT kpi, value, unit FROM kpi_rollup('all') WHERE kpi IN ('earned_value', 'percent_scheduled') ORDER BY kpi"
    assert told(store, feed, sql, *events, closing(5)) == [
        ("earned_value", 14.3, "CNY"),  # above its budget a project has earned the budget
        ("percent_scheduled", 50.0, "%"),
    ]


def test_units_never_mix(store: Store, feed: Feed) -> None:
    events = [
        *earning("a", 50),
        *earning("b", 30, unit="万元"),
        *earning("c", 20, unit="万元"),
        *earning("d", 1, unit="t"),
    ]
    sums = (
        "SELECT unit, value, count, coverage FROM kpi_rollup('all') WHERE kpi = 'earned_value' ORDER BY unit"
    )
    assert told(store, feed, sums, *events, closing(5)) == [
        ("CNY", 50.0, 1, 0.25), ("t", 1.0, 1, 0.25), ("万元", 50.0, 2, 0.5)
    ]  # fmt: skip
    ratios = "SELECT unit, base_unit, numerator, denominator, value FROM kpi_rollup('all') WHERE kpi = 'spi' ORDER BY base_unit"
    assert rows(store, ratios) == [
        ("1", "CNY", Decimal(500_050), Decimal(1_000_050), 500_050 / 1_000_050),
        ("1", "t", Decimal(1), Decimal(50), 0.02),
    ]


def test_parts_in_one_unit_stay_in_it(store: Store, feed: Feed) -> None:
    events = [*earning("a", 30, unit="万元"), *earning("b", 20, unit="万元"), baseline(project="c")]
    sql = "SELECT base_unit, numerator, denominator, count FROM kpi_rollup('all') WHERE kpi = 'spi'"
    assert told(store, feed, sql, *events, closing(5)) == [("万元", Decimal(50), Decimal(100), 2)]


def test_every_level_has_its_groups_and_a_tag_counts_once(store: Store, feed: Feed) -> None:
    labels: dict[str, Any] = {
        "owner": "业主",
        "sector": "water",
        "parent": "集团",
        "tags": ["重点", "二期", "重点"],
    }
    district: dict[str, Any] = {"region": {"province": "河南", "city": "洛阳", "district": "涧西"}}
    events = [
        *earning("a", 50, **labels, **district), *earning("b", 10, tags=["重点"], **SHANDONG), *earning("集团", 30)
    ]  # fmt: skip
    feed.publish(*events, closing(5))
    drained(store, feed.log)

    def members(level: str) -> list[tuple[Any, ...]]:
        sql = f"SELECT member, value, count FROM kpi_rollup('{level}') WHERE kpi = 'earned_value' ORDER BY member"
        return rows(store, sql)

    assert members("all") == [("all", 90.0, 3)]
    assert members("province") == [("山东", 10.0, 1), ("河南", 50.0, 1)]
    assert members("city") == [("洛阳", 50.0, 1), ("聊城", 10.0, 1)]
    assert [members(level) for level in ("district", "owner", "sector")] == [
        [("涧西", 50.0, 1)], [("业主", 50.0, 1)], [("water", 50.0, 1)]
    ]  # fmt: skip
    assert members("parent") == [("集团", 50.0, 1)]
    assert members("tag") == [("二期", 50.0, 1), ("重点", 60.0, 2)]


def test_what_nobody_knows_is_null_and_has_no_rank(store: Store, feed: Feed) -> None:
    plan: dict[str, Any] = {
        "progress_by": "value",
        "budget_at_completion": {"value": 10, "unit": "CNY"},
        **HENAN,
    }
    events = [baseline(sections=plan, project="a"), cost(5, 3, project="a"), *earning("b", 50, **SHANDONG)]
    sql = "SELECT member, value, count, coverage, rank FROM region_ranking WHERE level = 'province' AND kpi = 'spi' ORDER BY member"
    assert told(store, feed, sql, *events, closing(5)) == [
        ("山东", 1.0, 1, 1.0, 1),
        ("河南", None, 0, 0.0, None),
    ]


def test_a_project_without_a_plan_counts_in_the_coverage_of_all(store: Store, feed: Feed) -> None:
    sql = "SELECT count, coverage FROM kpi_rollup('all') WHERE kpi = 'spi'"
    assert told(store, feed, sql, *earning("a", 50), production("L1", 5, 3, project="b"), closing(5)) == [
        (1, 0.5)
    ]


def test_what_can_only_be_said_of_one_project_is_not_rolled_up(store: Store, feed: Feed) -> None:
    feed.publish(*earning("a", 50), *earning("b", 50), closing(5))
    rolled = {kpi for (kpi,) in rows(drained(store, feed.log), "SELECT kpi FROM kpi_rollup('all')")}
    assert "spi" in rolled
    assert {KPIS[kpi].rollup for kpi in rolled} == {"sum", "ratio"}


def test_without_a_day_groups_are_told_at_the_smallest_closed_day(store: Store, feed: Feed) -> None:
    sql = "SELECT as_of, value FROM kpi_rollup('all') WHERE kpi = 'earned_value'"
    assert told(store, feed, sql, *earning("a", 50), tick(5)) == [
        (day(5), 50.0)
    ]  # nothing is closed: newest status date
    assert told(store, feed, sql, closing(6), value(9, 80, project="a"), tick(9)) == [(day(6), 50.0)]
    assert told(store, feed, sql, closing(9)) == [(day(9), 80.0)]


def test_groups_can_be_told_for_a_day_as_known_at_a_moment(store: Store, feed: Feed) -> None:
    feed.publish(*earning("a", 50), closing(5), value(5, 60, 1, project="a"), closing(7))
    drained(store, feed.log)

    def earned(arguments: str) -> list[tuple[Any, ...]]:
        return rows(
            store, f"SELECT as_of, value FROM kpi_rollup('all', {arguments}) WHERE kpi = 'earned_value'"
        )

    (moment,) = rows(store, "SELECT min(known_at) FROM kpi_snapshots")[0]
    assert earned(f"DATE '{day(5)}', TIMESTAMPTZ '{moment}'") == [(day(5), 50.0)]
    assert earned(f"DATE '{day(5)}', NULL") == [(day(5), 60.0)]
    assert earned(f"known_at := TIMESTAMPTZ '{moment}'") == [(day(7), 50.0)]
    assert earned("DATE '2023-01-01', NULL") == []


def test_a_level_that_does_not_exist_is_named(store: Store, feed: Feed) -> None:
    feed.publish(status(5), closing(5))
    drained(store, feed.log)
    with pytest.raises(duckdb.Error, match="there is no level county; the levels are all, province"):
        rows(store, "FROM kpi_rollup('county')")


def test_every_ratio_says_in_which_unit_its_parts_are(store: Store) -> None:
    named = {kpi for (kpi,) in rows(store, "SELECT kpi FROM internal.ratio_bases")}
    assert {kpi for kpi, definition in KPIS.items() if definition.rollup == "ratio"} - named == set()


def test_units_that_are_told_in_one_another_are_those_of_the_fold(store: Store) -> None:
    told_in = {unit: (reference, factor) for unit, _, reference, factor in rows(store, "FROM internal.units")}
    assert told_in == {unit: (reference, factor) for unit, _, reference, factor in dimensions()}
    assert {unit: told_in[unit] for unit in ("万元", "CNY", "元", "kt", "h")} == {
        "万元": ("CNY", 10**4), "CNY": ("CNY", 1), "元": ("CNY", 1), "kt": ("kg", 10**6), "h": ("s", 3600)
    }  # fmt: skip


# -- rankings ----------------------------------------------------------------------------------------------------------


def ranked(store: Store, kpi: str) -> list[tuple[Any, ...]]:
    return rows(store, f"SELECT member, rank FROM ranking WHERE kpi = '{kpi}' ORDER BY rank, member")


def test_ties_share_a_rank_in_the_direction_of_better(store: Store, feed: Feed) -> None:
    events = [*earning("a", 50), *earning("b", 10), *earning("c", 5, budget=50.0), *earning("d", 1)]
    feed.publish(
        *events,
        baseline(sections={"budget_at_completion": {"value": 1, "unit": "CNY"}}, project="e"),
        closing(5),
    )
    drained(store, feed.log)
    assert ranked(store, "spi") == [("a", 1), ("b", 2), ("c", 2), ("d", 4), ("e", None)]
    assert [member for member, _ in ranked(store, "report_age")][:4] == ["a", "b", "c", "d"]


def test_lower_is_better_where_the_registry_says_so(store: Store, feed: Feed) -> None:
    feed.publish(status(3, project="a"), status(5, project="b"), status(5, project="c"), closing(9))
    assert ranked(drained(store, feed.log), "report_age") == [("b", 1), ("c", 1), ("a", 3)]


def test_amounts_in_different_units_are_not_compared(store: Store, feed: Feed) -> None:
    feed.publish(*earning("a", 50), *earning("b", 1, unit="t"), closing(5))
    assert ranked(drained(store, feed.log), "earned_value") == [("a", 1), ("b", 1)]


def test_forecasts_are_compared_by_the_day_that_they_mean(store: Store, feed: Feed) -> None:
    plan = {"campaign": {"total": 10}}
    feed.publish(
        baseline(sections=plan, project="a"), tally(2, 2, project="a"),  # 1 a day: on day 10
        baseline(sections=plan, project="b"), tally(4, 2, project="b"), tick(4),
    )  # fmt: skip
    found = rows(
        drained(store, feed.log),
        "SELECT member, as_of, value, rank FROM ranking WHERE kpi = 'projected_finish' ORDER BY 1",
    )
    assert found == [("a", day(2), 8.0, 1), ("b", day(4), 16.0, 2)]


# -- lights ------------------------------------------------------------------------------------------------------------

_LIGHT: Final = "SELECT light, rule, open_alerts, open_alert_names FROM project_status"


def test_a_critical_alert_is_red_before_any_other(store: Store, feed: Feed) -> None:
    late = [
        *earning("p1", 1),
        closing(5),
        closing(6),
        closing(7),
        closing(8),
    ]  # behind for three days, silent for one
    assert told(store, feed, _LIGHT, *late) == [("red", "Behind", 2, "Behind, Silent")]
    assert told(store, feed, _LIGHT, value(9, 95, project="p1"), closing(9)) == [("green", None, 0, None)]


def test_another_alert_is_yellow(store: Store, feed: Feed) -> None:
    assert told(store, feed, _LIGHT, *earning("p1", 50), closing(7)) == [("yellow", "Silent", 1, "Silent")]


def test_without_a_baseline_a_statement_or_for_too_long_it_is_grey(tmp_path: Path) -> None:
    feed = Feed(tmp_path / "quiet.db")
    with opened(tmp_path / "quiet.duckdb", feed.log) as store:
        sql = "SELECT project_id, light, rule, last_report FROM project_status ORDER BY project_id"
        feed.publish(status(5, project="a"), baseline(project="b"), *earning("c", 50), closing(6))
        assert rows(drained(store, feed.log), sql) == [
            ("a", "grey", "no_baseline", day(5)), ("b", "grey", "no_statement", None), ("c", "green", None, day(5))
        ]  # fmt: skip
        feed.publish(baseline(project="a"), closing(67))
        assert rows(drained(store, feed.log), sql)[2] == ("c", "green", None, day(5))
        feed.publish(closing(68))
        assert rows(drained(store, feed.log), sql)[::2] == [
            ("a", "grey", "silent", day(5)),
            ("c", "grey", "silent", day(5)),
        ]
    feed.log.close()


def test_a_project_says_how_late_it_is_and_when_it_will_be_ready(store: Store, feed: Feed) -> None:
    plan = {"campaign": {"total": 10, "due": day(3)}, "owner": "业主"}
    sql = "SELECT project_id, name, status_date, days_late, forecast_finish, last_report, owner FROM project_status"
    events = [baseline(sections=plan, name="整治"), tally(4, 4), milestone("m", 4, percent=10), closing(5)]
    assert told(store, feed, sql, *events) == [("p1", "整治", day(5), 2, date(2024, 1, 14), day(4), "业主")]


# -- readers -----------------------------------------------------------------------------------------------------------

READ: Final = [
    f"FROM {relation} ORDER BY ALL"
    for relation in (
        "kpi_rollup('all', NULL, NULL)",
        "kpi_rollup(level := 'province', as_of := DATE '2024-01-06')",
        "ranking",
        "region_ranking",
        "project_status",
    )
]


def test_readers_get_them_from_the_file_and_live(tmp_path: Path, store: Store, feed: Feed) -> None:
    feed.publish(*earning("p1", 50, **HENAN), closing(5))
    drained(store, feed.log)
    with answering(store, tmp_path) as address:
        live = LiveReader.open(address)
        answers = [live.query(sql) for sql in READ]
        live.close()
    assert all(answer.rows for answer in answers)
    store.close()
    reader = FileReader.open(store.path)
    assert [reader.query(sql) for sql in READ] == answers
    reader.close()
