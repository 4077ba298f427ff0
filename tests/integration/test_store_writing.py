"""Writing the store: all of a batch or nothing of it, nothing twice, one writer, and clear words when it cannot be."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlog.log import Entry, LogIdentity
from schemas.catalog import KPIS
from schemas.errors import MilepostError, ServiceUnavailable, SettingsError
from schemas.topics import Topics
from storage.publication import PUBLISHED_RELATIONS
from storage.store import Store
from tests.builders import baseline, closing, day, instant, milestone, production, retraction, tick
from tests.cli import product_environment
from tests.folds import RULES
from tests.stores import TOPICS, Feed, drained, everything, opened, rows

ROOT = Path(__file__).parents[2]
PLAN = baseline(sections={"milestones": [{"id": "m1", "finish": day(5)}]})


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    feed = Feed(tmp_path / "log.db", rules=RULES)
    yield feed
    feed.log.close()


def fill(feed: Feed) -> None:
    """A little of everything, on both partitions."""
    for on in range(6):
        feed.append_raw(f"damaged {on}".encode())
        for project in ("p1", "p2", "项目 3"):
            feed.append(
                milestone("m1", on, percent=10 * on, project=project),
                production("L1", on, 9.0, project=project),
            )
        feed.publish(PLAN, milestone("m1", on, percent=10 * on + 1, revision=1), closing(on))


def contents(store: Store) -> dict[str, list[str]]:
    """Every published row, in an order of its own; when the store wrote it plays no part."""
    return {
        name: sorted(map(repr, rows(store, f"FROM {name}")))
        for name in PUBLISHED_RELATIONS
        if name != "ingest_progress"
    }


def test_a_batch_that_comes_again_changes_nothing(tmp_path: Path, feed: Feed) -> None:
    fill(feed)
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        whole = everything(feed.log)
        store.write(whole, 1)
        before = contents(store)
        assert min(len(before[name]) for name in ("events", "rejected_events", "kpi_snapshots", "alerts")) > 0
        for _ in range(2):
            store.write(whole, 2)
            assert contents(store) == before


def test_what_a_store_says_does_not_depend_on_its_batches(tmp_path: Path, feed: Feed) -> None:
    with opened(tmp_path / "often.duckdb", feed.log) as often:
        for on in range(6):
            feed.publish(PLAN, production("L1", on, 9.0), milestone("m1", on, percent=on), closing(on))
            drained(often, feed.log)
        with opened(tmp_path / "once.duckdb", feed.log) as once:
            assert contents(drained(once, feed.log)) == contents(often)


def test_a_store_opens_again_as_it_was_closed(tmp_path: Path, feed: Feed) -> None:
    fill(feed)
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        before = contents(drained(store, feed.log))
    for _ in range(2):
        with opened(tmp_path / "store.duckdb", feed.log) as store:
            assert contents(store) == before
            assert contents(drained(store, feed.log)) == before


def test_a_store_that_is_killed_while_it_writes_is_whole_and_goes_on(tmp_path: Path, feed: Feed) -> None:
    fill(feed)
    stored = 0
    for commits in (1, 3, 2, 5, 100):
        stored = max(stored, killed_after(tmp_path, commits))
        with opened(tmp_path / "store.duckdb", feed.log, home=tmp_path) as store:
            assert_whole(store, feed, stored)
    with (
        opened(tmp_path / "store.duckdb", feed.log) as store,
        opened(tmp_path / "never killed.duckdb", feed.log) as other,
    ):
        assert contents(drained(store, feed.log)) == contents(drained(other, feed.log))


def killed_after(home: Path, commits: int) -> int:
    """Kill a storing process some commits after its start; answers how many events it had acknowledged."""
    environment = product_environment(PYTHONPATH=str(ROOT))
    command = [sys.executable, "-m", "tests.storing_process", str(home)]
    acknowledged = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home) as process:
        assert process.stdout is not None
        for _ in range(commits):
            if line := process.stdout.readline():
                acknowledged = int(line)
        process.kill()
    return acknowledged


def assert_whole(store: Store, feed: Feed, stored: int) -> None:
    """The tables hold exactly what the positions say, and no less than was acknowledged."""
    ends = {number: store.positions[TOPICS.events, number].next_offset for number in range(2)}
    assert sum(ends.values()) >= stored
    journal = rows(store, 'SELECT partition, "offset" FROM internal.journal')
    assert sorted(journal) == [(number, offset) for number in range(2) for offset in range(ends[number])]
    kpis = [
        record
        for record in feed.records(TOPICS.kpis)
        if record.offset < store.positions[TOPICS.kpis, record.partition].next_offset
    ]
    cuts = sum(b'"cut":true' in (record.value or b"") for record in kpis)
    kept = rows(store, "SELECT count(DISTINCT (project_id, known_at)) FROM kpi_snapshots")
    assert kept == [(cuts,)]


# -- rows between cuts -------------------------------------------------------------------------------------------------


def known_at(store: Store, kpi: str = "report_age") -> list[tuple[Any, ...]]:
    return rows(store, f"SELECT value, known_at FROM kpi_latest WHERE kpi = '{kpi}'")


def end_of(on: int) -> datetime:
    return instant(on, hour=23, minute=59)


def test_a_live_row_that_differs_has_no_known_at_and_history_does_not_know_it(
    tmp_path: Path, feed: Feed
) -> None:
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        feed.publish(production("L1", 3, 9.0), tick(3))
        assert known_at(drained(store, feed.log), "output_cumulative") == [(9.0, end_of(3))] * 2
        snapshots = rows(store, "SELECT count(*) FROM kpi_snapshots")
        feed.publish(production("L1", 3, 5.0, revision=1))
        assert known_at(drained(store, feed.log), "output_cumulative") == [(5.0, None)] * 2
        assert rows(store, "SELECT count(*) FROM kpi_snapshots") == snapshots


def test_a_live_row_that_is_as_at_the_cut_keeps_its_known_at(tmp_path: Path, feed: Feed) -> None:
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        feed.publish(production("L1", 3, 9.0), tick(3))
        feed.publish(production("L1", 3, 5.0, revision=1))
        drained(store, feed.log)
        feed.publish(production("L1", 3, 9.0, revision=2))
        assert known_at(drained(store, feed.log), "output_cumulative") == [(9.0, end_of(3))] * 2


@pytest.mark.parametrize("drains", [True, False])
def test_known_at_is_that_of_the_first_cut_since_which_a_row_stands(
    tmp_path: Path, feed: Feed, *, drains: bool
) -> None:
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        for events in (
            (production("L1", 3, 9.0), tick(3)),
            (production("L1", 3, 5.0, revision=1), tick(4)),
            (production("L1", 3, 5.0, revision=2), tick(5)),
            (production("L2", 3, 1.0), tick(6)),
        ):
            feed.publish(*events)
            if drains:
                drained(store, feed.log)
        drained(store, feed.log)
        found = rows(
            store, "SELECT scope, known_at FROM kpi_latest WHERE kpi = 'output_cumulative' ORDER BY scope"
        )
        assert found == [("", end_of(6)), ("L1", end_of(4)), ("L2", end_of(6))]


def test_a_row_whose_scope_is_gone_leaves_kpi_latest(tmp_path: Path, feed: Feed) -> None:
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        scopes = "SELECT scope FROM kpi_latest WHERE kpi = 'milestone_slip'"
        feed.publish(PLAN, milestone("m1", 2, percent=1), tick(3))
        assert rows(drained(store, feed.log), scopes) == [("m1",)]
        feed.publish(baseline(sections={"milestones": [{"id": "m2"}], "revision": 1}), tick(4))
        assert rows(drained(store, feed.log), scopes) == [("m2",)]


# -- rows against the first baseline -----------------------------------------------------------------------------------


def planned(number: int, finish: int, approved: int) -> bytes:
    sections = {"milestones": [{"id": "m1", "finish": day(finish)}], "approved_on": day(approved)}
    return baseline(number, sections=sections, time=instant(approved))


def slip(store: Store, ending: str) -> list[tuple[Any, ...]]:
    columns = f"SELECT as_of, known_at, baseline, value FROM {{}}{ending} WHERE kpi = 'milestone_slip'"
    newest = rows(store, columns.format("kpi_latest"))
    return newest + rows(store, columns.format("kpi_snapshots") + " ORDER BY known_at")


@pytest.mark.parametrize("drains", [True, False])
def test_rows_against_the_first_baseline_stand_through_a_third_one(
    tmp_path: Path, feed: Feed, *, drains: bool
) -> None:
    late = milestone("m1", 4, forecast=9)
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        for events in (
            (planned(1, 5, 0), late, tick(4)),
            (planned(2, 7, 3), tick(5)),
            (planned(3, 8, 4), tick(6)),
        ):
            feed.publish(*events)
            if drains:
                drained(store, feed.log)
        drained(store, feed.log)
        assert slip(store, "_original") == [(day(4), end_of(5), 1, 4.0)] * 2
        assert slip(store, "") == [
            (day(4), end_of(6), 3, 1.0),
            *((day(4), end_of(4 + n), 1 + n, 4.0 - 2 * n + n // 2) for n in range(3)),
        ]


def test_rows_against_the_first_baseline_follow_live_reports_and_go_with_the_second(
    tmp_path: Path, feed: Feed
) -> None:
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        feed.publish(planned(1, 5, 0), planned(2, 7, 3), milestone("m1", 4, forecast=9), tick(4))
        feed.publish(milestone("m1", 4, forecast=10, revision=1))
        assert slip(drained(store, feed.log), "_original")[0] == (day(4), None, 1, 5.0)
        feed.publish(milestone("m1", 4, forecast=9, revision=2))
        assert slip(drained(store, feed.log), "_original")[0] == (day(4), end_of(4), 1, 4.0)
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        feed.publish(retraction("project.baselined", {"baseline": 2}, time=instant(5)), tick(5))
        assert rows(drained(store, feed.log), "FROM kpi_latest_original") == []
        assert slip(store, "_original") == [(day(4), end_of(4), 1, 4.0), (day(4), end_of(5), 1, None)]


# -- what cannot be ----------------------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_with_the_process_that_holds_the_store(tmp_path: Path, feed: Feed) -> None:
    with (
        opened(tmp_path / "store.duckdb", feed.log, home=tmp_path),
        pytest.raises(ServiceUnavailable, match=r"store of .* is held by another process \(pid \d+\)"),
        opened(tmp_path / "store.duckdb", feed.log, home=tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "identity", "topics"),
    [
        ("log_id", LogIdentity("another", "Asia/Shanghai", 2), TOPICS),
        ("timezone", LogIdentity("log", "Europe/Berlin", 2), TOPICS),
        ("partitions", LogIdentity("log", "Asia/Shanghai", 4), TOPICS),
        ("topic_prefix", LogIdentity("log", "Asia/Shanghai", 2), Topics("other")),
    ],
)
def test_a_store_follows_one_log_for_ever(
    tmp_path: Path, feed: Feed, name: str, identity: LogIdentity, topics: Topics
) -> None:
    with opened(tmp_path / "store.duckdb", feed.log):
        pass
    same = LogIdentity(identity.log_id, identity.timezone, identity.partitions, feed.log.identity.constants)
    with pytest.raises(SettingsError, match=name):
        Store.open(tmp_path / "store.duckdb", same, topics)
    with opened(tmp_path / "store.duckdb", feed.log):
        pass


def test_a_store_of_a_newer_release_is_refused(tmp_path: Path, feed: Feed) -> None:
    path = tmp_path / "store.duckdb"
    with opened(path, feed.log):
        pass
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO internal.migrations VALUES ('999_later', 999)")
    with pytest.raises(SettingsError, match=r"newer release \(schema 999_later\)"):
        Store.open(path, feed.log.identity, TOPICS)


def test_a_store_of_the_first_release_is_brought_up_to_date(tmp_path: Path, feed: Feed) -> None:
    path = tmp_path / "store.duckdb"
    first = files("storage").joinpath("migrations", "001_tables.sql").read_text("utf-8")
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA internal")
        connection.execute(
            "CREATE TABLE internal.migrations (name VARCHAR PRIMARY KEY, place INTEGER NOT NULL)"
        )
        connection.execute(first)
        connection.execute("INSERT INTO internal.migrations VALUES ('001_tables', 1)")
    with opened(path, feed.log) as store:
        sql = "SELECT numerator, denominator FROM kpi_catalog WHERE kpi = 'oee'"
        assert rows(store, sql) == [(KPIS["oee"].numerator, KPIS["oee"].denominator)]


def test_a_file_that_is_no_store_is_named_and_left_alone(tmp_path: Path, feed: Feed) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(b"a letter" * 1000)
    with pytest.raises(ServiceUnavailable, match=r"store\.duckdb is not a DuckDB file"):
        Store.open(path, feed.log.identity, TOPICS)
    assert path.read_bytes() == b"a letter" * 1000


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, feed: Feed) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceUnavailable, match="choose another --home"):
        Store.open(tmp_path / "file" / "store.duckdb", feed.log.identity, TOPICS)


def test_an_error_while_opening_leaves_no_lock_behind(tmp_path: Path, feed: Feed) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(b"a letter" * 1000)
    for _ in range(2):
        with suppress(MilepostError):
            Store.open(path, feed.log.identity, TOPICS, home=tmp_path).close()
    path.unlink()
    with opened(path, feed.log, home=tmp_path) as store:
        assert rows(store, "SELECT count(*) FROM events") == [(0,)]


def test_a_damaged_record_of_a_foreign_client_stops_no_store(
    tmp_path: Path, feed: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    feed.publish(PLAN, milestone("m1", 2, percent=1), tick(3))
    places = [(topic, 0) for topic in (TOPICS.kpis, TOPICS.alerts, TOPICS.rejected)]
    for topic, number in places:
        for damaged in (b"nothing", b"{}", b'{"data":{}}', b'{"data":{"project_id":1}}', b"\xff", None):
            feed.log.append([Entry(topic, b"k", damaged, number)])
    feed.publish(milestone("m1", 4, percent=2), tick(5))
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        drained(store, feed.log)
        assert rows(store, "SELECT DISTINCT as_of FROM kpi_latest WHERE project_id = 'p1'") == [(day(4),)]
        assert all(store.positions[place].next_offset == feed.log.end_offset(*place) for place in places)
    assert {f"{topic} {number}/" in caplog.text for topic, number in places} == {True}


def test_dates_and_amounts_at_their_limits_are_stored(tmp_path: Path, feed: Feed) -> None:
    last = date(2199, 12, 31)
    feed.publish(production("L1", last, 1e24), production("L1", date(1970, 1, 2), 1e-12), tick(last))
    with opened(tmp_path / "store.duckdb", feed.log) as store:
        drained(store, feed.log)
        found = rows(
            store, "SELECT as_of, value FROM kpi_latest WHERE kpi = 'output_cumulative' AND scope = ''"
        )
        assert found == [(last, 1e24)]
