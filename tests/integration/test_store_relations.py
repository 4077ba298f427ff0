"""What the published tables, views and macros say of a log: the names of the contract, and the rules behind them."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.catalog import KPIS
from schemas.envelope import data_text
from storage.publication import PUBLISHED_FUNCTIONS, PUBLISHED_RELATIONS
from storage.store import Store
from tests.builders import (
    assigned,
    baseline,
    closing,
    day,
    event,
    instant,
    milestone,
    production,
    reading,
    retraction,
    status,
    survey,
    tally,
    task,
    tick,
    work,
)
from tests.folds import RULES
from tests.stores import Feed, drained, opened, rows

_KPI_ROW: Final = (
    "project_id VARCHAR, kpi VARCHAR, scope VARCHAR, as_of DATE, known_at TIMESTAMP WITH TIME ZONE, baseline INTEGER,"
    " value DOUBLE, value_date DATE, numerator DECIMAL(38,12), denominator DECIMAL(38,12), unit VARCHAR, reason VARCHAR"
)
_GROUP_ROW: Final = (
    "level VARCHAR, member VARCHAR, kpi VARCHAR, as_of DATE, value DOUBLE, unit VARCHAR, numerator DECIMAL(38,12),"
    " denominator DECIMAL(38,12), count BIGINT, coverage DOUBLE, rank BIGINT, base_unit VARCHAR"
)
CONTRACT: Final = {
    "events": (
        "topic VARCHAR, partition INTEGER, offset BIGINT, id VARCHAR, source VARCHAR, type VARCHAR, project_id VARCHAR,"
        " time TIMESTAMP WITH TIME ZONE, recorded_at TIMESTAMP WITH TIME ZONE, data JSON"
    ),
    "rejected_events": (
        "topic VARCHAR, partition INTEGER, offset BIGINT, recorded_at TIMESTAMP WITH TIME ZONE, reason VARCHAR,"
        " detail VARCHAR, raw VARCHAR"
    ),
    "statements": (
        "type VARCHAR, project_id VARCHAR, key JSON, as_of DATE, revision BIGINT, time TIMESTAMP WITH TIME ZONE,"
        " source VARCHAR, id VARCHAR, data JSON"
    ),
    "findings": (
        "project_id VARCHAR, finding VARCHAR, scope VARCHAR, as_of DATE, detail VARCHAR, source VARCHAR, id VARCHAR,"
        " since TIMESTAMP WITH TIME ZONE"
    ),
    "projects": (
        "project_id VARCHAR, name VARCHAR, name_zh VARCHAR, kind VARCHAR, province VARCHAR, city VARCHAR, district VARCHAR,"
        " owner VARCHAR, sector VARCHAR, parent VARCHAR, tags VARCHAR[], start DATE, finish DATE, baseline INTEGER,"
        " budget_at_completion DOUBLE, unit VARCHAR, status_date DATE, status VARCHAR"
    ),
    "kpi_catalog": (
        "kpi VARCHAR, family VARCHAR, name VARCHAR, name_zh VARCHAR, unit VARCHAR, better VARCHAR, rollup VARCHAR,"
        " formula VARCHAR, formula_version INTEGER, source VARCHAR, numerator VARCHAR, denominator VARCHAR"
    ),
    "kpi_snapshots": _KPI_ROW,
    "kpi_snapshots_original": _KPI_ROW,
    "kpi_latest": _KPI_ROW,
    "kpi_latest_original": _KPI_ROW,
    "kpi_at(DATE '2024-01-01', now())": _KPI_ROW,
    "kpi_rollup('all', NULL, NULL)": _GROUP_ROW,
    "journal_digests()": "partition INTEGER, offset BIGINT, digest BIGINT",
    "ranking": _GROUP_ROW,
    "region_ranking": _GROUP_ROW,
    "project_status": (
        "project_id VARCHAR, name VARCHAR, name_zh VARCHAR, light VARCHAR, rule VARCHAR, status_date DATE, days_late BIGINT,"
        " forecast_finish DATE, last_report DATE, owner VARCHAR, open_alerts BIGINT, open_alert_names VARCHAR"
    ),
    "alerts": (
        "fingerprint VARCHAR, alertname VARCHAR, project_id VARCHAR, scope VARCHAR, severity VARCHAR, state VARCHAR,"
        " starts_at TIMESTAMP WITH TIME ZONE, ends_at TIMESTAMP WITH TIME ZONE, value DOUBLE, summary VARCHAR,"
        " labels JSON, annotations JSON"
    ),
    "alert_history": (
        "fingerprint VARCHAR, alertname VARCHAR, project_id VARCHAR, scope VARCHAR, severity VARCHAR, state VARCHAR,"
        " previous_state VARCHAR, reason VARCHAR, as_of DATE, changed_at TIMESTAMP WITH TIME ZONE,"
        " known_at TIMESTAMP WITH TIME ZONE, value DOUBLE, rule_hash VARCHAR"
    ),
    "ingest_progress": (
        "topic VARCHAR, partition INTEGER, next_offset BIGINT, lag BIGINT, closed_through DATE,"
        " updated_at TIMESTAMP WITH TIME ZONE"
    ),
}
TYPED_VIEWS: Final = [
    "milestones",
    "work_items",
    "production",
    "tallies",
    "tasks",
    "readings",
    "surveys",
    "baselines",
    "plan_curve",
]


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
    """The answer after more events."""
    feed.publish(*events)
    return rows(drained(store, feed.log), sql)


def test_relations_have_the_columns_of_the_contract(store: Store) -> None:
    for relation, columns in CONTRACT.items():
        described = rows(store, f"DESCRIBE FROM {relation}")
        assert ", ".join(f"{name} {kind}" for name, kind, *_ in described) == columns, relation
    macros = {name for name in CONTRACT if "(" in name}
    assert {*CONTRACT, *TYPED_VIEWS} == {*PUBLISHED_RELATIONS, *macros}
    assert {name.split("(")[0] for name in macros} == set(PUBLISHED_FUNCTIONS)


def test_the_catalog_of_kpis_is_the_registry(store: Store) -> None:
    assert {row[0]: row for row in rows(store, "FROM kpi_catalog")} == {
        name: tuple(kpi) for name, kpi in KPIS.items()
    }


# -- statements --------------------------------------------------------------------------------------------------------


def winner(store: Store, feed: Feed, *events: bytes) -> list[Any]:
    return [data for (data,) in told(store, feed, "SELECT CAST(data AS VARCHAR) FROM statements", *events)]


def said(percent: int, **more: Any) -> bytes:
    return milestone("m1", 3, percent=percent, id="a", **more)


def data_of(raw: bytes) -> list[str]:
    return [data_text(raw).decode()]


def test_the_greatest_revision_wins_whatever_comes_last(store: Store, feed: Feed) -> None:
    first, second = said(10, revision=2), said(20, revision=1, time=instant(9))
    assert winner(store, feed, first, second) == data_of(first)


def test_no_revision_and_null_are_revision_0(store: Store, feed: Feed) -> None:
    first, second, third = (
        said(10, revision=None),
        said(20, time=instant(4)),
        said(30, revision=0, time=instant(5)),
    )
    assert winner(store, feed, third, first, second) == data_of(third)
    assert rows(store, "SELECT revision FROM statements") == [(0,)]


def test_of_equal_revisions_the_newest_time_wins_however_it_is_written(store: Store, feed: Feed) -> None:
    earlier = said(10, time=instant(3, hour=18))  # 10:00 in UTC
    later = said(20, time=instant(3, hour=19)).replace(b"19:00:00+08:00", b"11:00:00Z")
    assert winner(store, feed, later, earlier) == data_of(later)


def test_then_the_source_and_the_id_decide_byte_by_byte(store: Store, feed: Feed) -> None:
    sources = [said(percent, source=source) for percent, source in enumerate(("Z", "a", "é", "站", "😀"))]
    assert winner(store, feed, *sources[::-1]) == data_of(sources[-1])
    ids = [milestone("m1", 4, percent=percent, id=f"i{name}") for percent, name in enumerate(("A", "a", "ÿ"))]
    assert winner(store, feed, *ids[::-1])[-1:] == data_of(ids[-1])


def test_at_last_the_digest_of_the_bytes_of_data_decides(store: Store, feed: Feed) -> None:
    same = [said(percent) for percent in range(8)]
    greatest = max(same, key=lambda raw: hashlib.sha256(data_text(raw)).digest())
    assert winner(store, feed, *same) == data_of(greatest)


def test_a_retraction_that_wins_leaves_no_statement(store: Store, feed: Feed) -> None:
    key = {"milestone": "m1", "as_of": day(3)}
    assert winner(store, feed, said(10), retraction("milestone.reported", key, time=instant(2))) == data_of(
        said(10)
    )
    assert winner(store, feed, retraction("milestone.reported", key, time=instant(5))) == []
    again = said(30, revision=1)
    assert winner(store, feed, again) == data_of(again)


def test_instants_of_a_key_are_equal_however_they_are_written(store: Store, feed: Feed) -> None:
    first = reading("s1", instant(3, hour=12), 1.0)
    second = reading("s1", instant(3, hour=12), 2.0, revision=1).replace(
        b'"at":"2024-01-04T12:00:00+08:00"', b'"at":"2024-01-04T04:00:00.000Z"'
    )
    assert winner(store, feed, first, second) == data_of(second)
    assert rows(store, "SELECT as_of FROM statements") == [(day(3),)]


def test_an_absent_part_of_a_key_equals_null_and_nothing_else(store: Store, feed: Feed) -> None:
    reports = (
        production("L1", 3, 1.0),
        production("L1", 3, 2.0, shift=None, revision=1),
        production("L1", 3, 4.0, shift="night"),
    )
    assert told(store, feed, "SELECT shift, quantity FROM production ORDER BY ALL", *reports) == [
        ("night", 4.0),
        (None, 2.0),
    ]


def test_a_key_names_its_fields(store: Store, feed: Feed) -> None:
    found = told(
        store,
        feed,
        "SELECT type, CAST(key AS VARCHAR), as_of FROM statements",
        production("线 1", 3, 1.0, end=5),
    )
    key = '{"line":"线 1","period_start":"2024-01-04","period_end":"2024-01-06","shift":null}'
    assert found == [("milepost.production.reported.v1", key, day(5))]


# -- views on statements -----------------------------------------------------------------------------------------------

PLAN: Final = baseline(
    name="油库", sections={
        "finish": "2024-06-30", "approved_on": "2023-12-20", "tags": ["重点", "二期"], "owner": '中建 "三局"',
        "region": {"province": "河南", "city": "洛阳", "district": "涧西"}, "kind": "construction",
        "budget_at_completion": {"value": 1234.5, "unit": "万元"},
        "planned_value": [{"date": "2024-02-01", "value": 10}, {"date": "2024-06-30", "value": 1234.5}],
    },
)  # fmt: skip


def test_typed_views_show_the_winning_statements_by_their_fields(store: Store, feed: Feed) -> None:
    feed.publish(
        PLAN, milestone("m1", 1, percent=10), milestone("m1", 1, percent=12.5, revision=1, forecast=20),
        work("tank 3", 2, 60.5), production("L1", 2, 4.25, end=4, shift="夜班"), tally(3, 92, total=100, district="d1"),
        reading("s1", instant(3, hour=9), -3.5), survey(4, 1487, population=2000), status(4, "started"),
    )  # fmt: skip
    drained(store, feed.log)
    expected: dict[str, list[tuple[Any, ...]]] = {
        "milestone, as_of, percent_complete, forecast_finish FROM milestones": [
            ("m1", day(1), 12.5, day(20))
        ],
        "item, as_of, quantity, unit FROM work_items": [("tank 3", day(2), 60.5, "t")],
        "line, period_start, period_end, shift, quantity FROM production": [
            ("L1", day(2), day(4), "夜班", 4.25)
        ],
        "district, as_of, done, total FROM tallies": [("d1", day(3), 92.0, 100.0)],
        'series, "at", value, unit FROM readings': [("s1", instant(3, hour=9), -3.5, "µg/m³")],
        "as_of, resumed, population FROM surveys": [(day(4), 1487.0, 2000.0)],
        "baseline, name, start, finish, owner FROM baselines": [
            (1, "油库", day(0), date(2024, 6, 30), '中建 "三局"')
        ],
        "baseline, date, value FROM plan_curve ORDER BY date": [
            (1, date(2024, 2, 1), 10.0),
            (1, date(2024, 6, 30), 1234.5),
        ],
    }
    for sql, found in expected.items():
        assert rows(store, f"SELECT {sql}") == found, sql


def test_a_task_has_the_state_of_its_newest_report(store: Store, feed: Feed) -> None:
    found = told(
        store, feed, "SELECT task, status, as_of, due FROM tasks ORDER BY task",
        assigned("t1", 0, due=9), assigned("t2", 0), task("t1", 5, "reopened"), task("t1", 3), task("t3", 3),
    )  # fmt: skip
    assert found == [("t1", "reopened", day(5), day(9)), ("t2", "open", None, None)]


def test_a_project_shows_the_baseline_in_force_on_its_status_date(store: Store, feed: Feed) -> None:
    sql = "SELECT baseline, name, status_date, status FROM projects"
    second = baseline(2, name="油库 (neu)", sections={"approved_on": day(5)}, time=instant(5))
    assert told(store, feed, sql, PLAN, second, status(3, "started"), closing(3)) == [
        (1, "油库", day(3), "started")
    ]
    found = told(store, feed, sql, status(5, "suspended"), closing(5))
    assert found == [(2, "油库 (neu)", day(5), "suspended")]


def test_a_project_shows_all_that_its_plan_says_of_it(store: Store, feed: Feed) -> None:
    found = told(
        store, feed,
        "SELECT kind, province, city, district, owner, tags, start, finish, budget_at_completion, unit FROM projects",
        PLAN,
    )  # fmt: skip
    assert found == [
        ("construction", "河南", "洛阳", "涧西", '中建 "三局"', ["重点", "二期"], day(0), date(2024, 6, 30), 1234.5, "万元")
    ]  # fmt: skip


def test_a_project_without_a_plan_is_there_as_soon_as_it_has_a_day(store: Store, feed: Feed) -> None:
    found = told(
        store, feed, "SELECT project_id, name, baseline, status_date FROM projects", said(5), tick(4)
    )
    assert found == [("p1", None, None, day(3))]


# -- findings ----------------------------------------------------------------------------------------------------------

_REUSED = "SELECT project_id, source, id, since FROM findings WHERE finding = 'id_reused'"


def test_an_id_with_another_content_is_a_finding(store: Store, feed: Feed) -> None:
    assert told(store, feed, _REUSED, said(10), said(10), said(10)) == []
    assert told(store, feed, _REUSED, said(11, time=instant(5))) == [("p1", "test", "a", instant(5))]


def test_an_id_that_two_projects_share_is_a_finding_of_both(store: Store, feed: Feed) -> None:
    found = told(store, feed, _REUSED, said(10), said(10, project="p2"))
    assert sorted(found) == [("p1", "test", "a", instant(3)), ("p2", "test", "a", instant(3))]


def test_ids_of_other_sources_and_ticks_reuse_nothing(store: Store, feed: Feed) -> None:
    others = (said(10), said(11, source="other"), tick(4, id="a"), tick(5, id="a"))
    assert told(store, feed, _REUSED, *others) == []


def test_findings_say_what_caused_them_and_go_with_their_cause(store: Store, feed: Feed) -> None:
    sql = "SELECT finding, scope, as_of, source, since FROM findings ORDER BY finding"
    found = told(store, feed, sql, said(10), tick(4))
    assert [row[0] for row in found] == ["no_baseline"]
    assert ("unknown_milestone", "m1", day(3), "test", instant(3)) in told(store, feed, sql, PLAN, tick(5))
    known = baseline(sections={"milestones": [{"id": "m1"}], "revision": 1})
    assert told(store, feed, sql, known, tick(6)) == []


# -- alerts ------------------------------------------------------------------------------------------------------------


def test_an_alert_stands_by_its_newest_transition_and_every_one_is_kept(store: Store, feed: Feed) -> None:
    alerts = "SELECT state, value, starts_at, ends_at, labels ->> '$.alertname' FROM alerts WHERE alertname = 'Silent'"
    history = "SELECT state, previous_state, as_of, value FROM alert_history WHERE alertname = 'Silent' ORDER BY changed_at"
    firing = told(store, feed, alerts, said(10), closing(5))
    assert [row[:2] + row[4:] for row in firing] == [("firing", 2.0, "Silent")]
    resolved = told(store, feed, alerts, milestone("m1", 6, percent=20), closing(6))
    assert [row[0] for row in resolved] == ["resolved"]
    assert resolved[0][2] == firing[0][2] < resolved[0][3]
    assert rows(store, history) == [("firing", "inactive", day(5), 2.0), ("resolved", "firing", day(6), 0.0)]


def test_an_alert_that_was_only_pending_goes_away(store: Store, feed: Feed) -> None:
    sql = "SELECT state FROM alerts WHERE alertname = 'OutputStays'"
    assert told(store, feed, sql, production("L1", 3, 30.0), closing(3)) == [("pending",)]
    assert told(store, feed, sql, production("L1", 3, 5.0, revision=1), closing(4)) == []
    history = rows(
        store, "SELECT state FROM alert_history WHERE alertname = 'OutputStays' ORDER BY changed_at"
    )
    assert history == [("pending",), ("inactive",)]


# -- history -----------------------------------------------------------------------------------------------------------


def test_kpi_at_shows_a_day_as_it_was_known_at_a_moment(store: Store, feed: Feed) -> None:
    feed.publish(said(10), tick(3), said(30, revision=1), tick(4), milestone("m1", 6, percent=50), tick(6))
    drained(store, feed.log)

    def known(on: date, known_at: Any) -> list[tuple[Any, ...]]:
        macro = f"kpi_at('{on}', TIMESTAMPTZ '{known_at.isoformat()}')"
        return rows(store, f"SELECT as_of FROM {macro} WHERE kpi = 'report_age'")

    end_of = {number: instant(number, hour=23, minute=59) for number in range(8)}
    assert known(day(5), end_of[3] - timedelta(seconds=1)) == []
    assert known(day(5), end_of[3]) == [(day(3),)]
    assert known(day(9), end_of[4]) == [(day(3),)]
    assert known(day(9), end_of[6]) == [(day(6),)]
    assert known(day(5), end_of[6]) == [(day(3),)]
    assert known(day(2), end_of[6]) == []


def test_an_unknown_field_of_a_foreign_type_disturbs_no_view(store: Store, feed: Feed) -> None:
    strange = event(
        "reading.taken", {"series": "s", "at": instant(2), "value": 1.0, "unit": "t", "x": {"at": [1, None]}}
    )
    assert told(store, feed, "SELECT series FROM readings", strange) == [("s",)]
    for name in PUBLISHED_RELATIONS:
        rows(store, f"FROM {name}")
