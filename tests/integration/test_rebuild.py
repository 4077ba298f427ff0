"""A rebuild gives the same store again, from the log or from the old journal, and is safe at every moment."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from eventlog.locks import HomeLock
from eventlog.log import Record
from milepost.refolding import refolding
from schemas.errors import CheckFailed
from storage.positions import Position
from storage.publication import PUBLISHED_RELATIONS
from storage.rebuild import RebuildSource, Rebuilt, rebuild
from storage.rebuild_sources import JournalSource, LogSource
from tests.builders import baseline, day, instant, milestone, production, retraction
from tests.builders import closing as closing_tick
from tests.cli import Milepost
from tests.folds import RULES
from tests.stores import TOPICS, Feed, drained, opened
from tests.waiting import until

PLAN = baseline(
    name="油库 🛢️", sections={"milestones": [{"id": "m1", "finish": day(5)}], "lines": [{"id": "L1"}]}
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def feed(home: Path) -> Iterator[Feed]:
    home.mkdir()
    feed = Feed(home / "log.db", rules=RULES)
    yield feed
    feed.log.close()


def store_of(home: Path) -> Path:
    return home / "milepost.duckdb"


def publish(feed: Feed, days: range, *, live: bool = True) -> None:
    """Reports, corrections, damage, retractions; a closing tick on most days."""
    for on in days:
        feed.append_raw(f"damaged {on}".encode())
        reports = [production("L1", on, 9.0 + on, project=project) for project in ("p1", "p2", "项目 3")]
        late = production("L1", max(0, on - 2), 1.0, revision=on + 1)
        taken_back = retraction(
            "milestone.reported", {"milestone": "m1", "as_of": day(on - 1)}, time=instant(on)
        )
        feed.publish(PLAN, *reports, late, milestone("m1", on, percent=on), taken_back, live=live)
        if on % 3:
            feed.publish(closing_tick(on), live=live)


def stored(home: Path, feed: Feed) -> None:
    with opened(store_of(home), feed.log) as store:
        drained(store, feed.log)


def contents(path: Path) -> dict[str, list[str]]:
    """Every published row in an order of its own; when the store wrote it plays no part."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            name: sorted(map(repr, connection.execute(f"FROM {name}").fetchall()))
            for name in PUBLISHED_RELATIONS
            if name != "ingest_progress"
        }


def ends_of(feed: Feed) -> dict[tuple[str, int], int]:
    return {
        (topic, number): feed.log.end_offset(topic, number) for topic in TOPICS.all for number in range(2)
    }


@pytest.mark.parametrize("origin", ["log", "journal"])
@pytest.mark.parametrize("ends_with", ["a cut", "live records"])
def test_a_rebuild_gives_every_row_again_and_appends_nothing(
    milepost: Milepost, home: Path, feed: Feed, origin: str, ends_with: str
) -> None:
    publish(feed, range(8) if ends_with == "a cut" else range(7))
    stored(home, feed)
    before, ends = contents(store_of(home)), ends_of(feed)
    assert (
        min(len(before[name]) for name in ("kpi_snapshots", "rejected_events", "alert_history", "findings"))
        > 0
    )
    done = milepost("rebuild", "--from", origin, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "events": len(feed.records()),
        "snapshots": len(before["kpi_snapshots"]),
        "differing": 0,
        "kept": f"{store_of(home)}.bak",
    }
    assert contents(store_of(home)) == before
    assert contents(home / "milepost.duckdb.bak") == before
    assert ends_of(feed) == ends


@pytest.mark.parametrize("origin", ["log", "journal"])
def test_a_rebuilt_store_goes_on_as_if_nothing_had_been(
    milepost: Milepost, home: Path, feed: Feed, origin: str, tmp_path: Path
) -> None:
    publish(feed, range(5))
    stored(home, feed)
    assert milepost("rebuild", "--from", origin).returncode == 0
    publish(feed, range(5, 9))
    stored(home, feed)
    with opened(tmp_path / "never rebuilt.duckdb", feed.log) as store:
        drained(store, feed.log)
    assert contents(store_of(home)) == contents(tmp_path / "never rebuilt.duckdb")


def test_history_comes_from_the_events_also_where_the_topic_of_kpis_was_never_written(
    milepost: Milepost, home: Path, feed: Feed, tmp_path: Path
) -> None:
    told = Feed(tmp_path / "told.db", rules=())
    for one in (feed, told):
        one.append(
            PLAN,
            production("L1", 1, 9.0),
            closing_tick(1),
            production("L1", 1, 5.0, revision=1),
            closing_tick(2),
        )
    told.fold()
    with closing(told.log), opened(tmp_path / "told.duckdb", told.log) as store:
        drained(store, told.log)
    stored(home, feed)
    done = milepost("rebuild")
    assert "rows of history" in done.stdout
    assert "all as before" not in done.stdout
    mine, theirs = contents(store_of(home)), contents(tmp_path / "told.duckdb")
    assert mine["kpi_snapshots"] == theirs["kpi_snapshots"] != []
    assert mine["kpi_latest"] == theirs["kpi_latest"]


def test_cuts_that_are_published_after_a_rebuild_are_not_stored_twice(
    milepost: Milepost, home: Path, feed: Feed
) -> None:
    publish(feed, range(3))
    feed.append(production("L1", 5, 9.0), closing_tick(5))
    stored(home, feed)
    assert milepost("rebuild").returncode == 0
    rebuilt = contents(store_of(home))
    feed.fold()
    stored(home, feed)
    assert contents(store_of(home))["kpi_snapshots"] == rebuilt["kpi_snapshots"]


def test_without_an_old_store_a_new_one_is_built(milepost: Milepost, home: Path, feed: Feed) -> None:
    publish(feed, range(5))
    stored(home, feed)
    before = contents(store_of(home))
    store_of(home).unlink()
    done = milepost("rebuild", "--format", "json")
    assert (json.loads(done.stdout)["differing"], json.loads(done.stdout)["kept"]) == (None, None)
    assert contents(store_of(home)) == before


def test_a_damaged_store_is_kept_and_a_whole_one_takes_its_place(
    milepost: Milepost, home: Path, feed: Feed
) -> None:
    publish(feed, range(5))
    stored(home, feed)
    before = contents(store_of(home))
    store_of(home).write_bytes(b"damaged" * 5000)
    (home / "milepost.duckdb.wal").write_bytes(b"damaged too")
    done = milepost("rebuild")
    assert done.returncode == 0, done.stderr
    assert contents(store_of(home)) == before
    assert (home / "milepost.duckdb.bak").read_bytes() == b"damaged" * 5000
    assert (home / "milepost.duckdb.bak.wal").read_bytes() == b"damaged too"


def test_the_journal_serves_when_the_log_is_gone(milepost: Milepost, home: Path, feed: Feed) -> None:
    publish(feed, range(5))
    stored(home, feed)
    before = contents(store_of(home))
    for path in home.glob("log.db*"):
        path.unlink()
    refused = milepost("rebuild")
    assert refused.returncode == 4
    assert "there is no log" in refused.stderr
    assert milepost("rebuild", "--from", "journal").returncode == 0
    assert contents(store_of(home)) == before
    assert not (home / "log.db").exists()


def test_without_a_store_there_is_no_journal(milepost: Milepost, home: Path) -> None:
    home.mkdir()
    refused = milepost("rebuild", "--from", "journal")
    assert refused.returncode == 4
    assert "no journal to rebuild from" in refused.stderr


@pytest.mark.parametrize("origin", ["log", "journal"])
def test_a_home_that_is_missing_is_named_and_stays_missing(milepost: Milepost, origin: str) -> None:
    refused = milepost("rebuild", "--from", origin)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr.count("\n") == 1
    assert f"there is no home {milepost.home}" in refused.stderr
    assert not milepost.home.exists()


@pytest.mark.parametrize("part", ["worker", "store"])
def test_a_running_part_is_named_and_nothing_is_touched(
    milepost: Milepost, home: Path, feed: Feed, part: str
) -> None:
    stored(home, feed)
    with HomeLock(home, part):
        refused = milepost("rebuild")
    assert refused.returncode == 4
    assert f"the {part} of {home} is held by another process (pid" in refused.stderr
    assert not (home / "milepost.duckdb.new").exists()


def test_a_rebuild_that_is_killed_leaves_the_old_store_and_begins_again(
    milepost: Milepost, home: Path, feed: Feed
) -> None:
    publish(feed, range(41), live=False)
    stored(home, feed)
    before = contents(store_of(home))
    for moment in ("milepost.duckdb.new", "milepost.duckdb.new.wal"):
        process = milepost.start("rebuild")
        until((home / moment).exists)
        process.kill()
        process.communicate()
        assert contents(store_of(home)) == before
    assert milepost("rebuild").returncode == 0
    assert contents(store_of(home)) == before
    assert not list(home.glob("*.new*"))


# -- checks ------------------------------------------------------------------------------------------------------------


class Forgetful(LogSource):
    """Says a page twice instead of the next one."""

    def events(self, partition: int) -> Iterator[list[Record]]:
        for page in super().events(partition):
            yield page
            yield page


def rebuilt(source: RebuildSource, path: Path) -> Rebuilt:
    return rebuild(
        source,
        TOPICS,
        path,
        refolding(source.identity),
        now_us=lambda: 1,
        on_progress=lambda _done, _whole: None,
    )


def test_a_new_store_that_does_not_hold_what_was_read_does_not_take_the_place(home: Path, feed: Feed) -> None:
    publish(feed, range(4))
    stored(home, feed)
    before = contents(store_of(home))
    with pytest.raises(CheckFailed, match="events by partition"):
        rebuilt(Forgetful(feed.log, TOPICS), store_of(home))
    assert contents(store_of(home)) == before
    assert rebuilt(LogSource(feed.log, TOPICS), store_of(home)).differing == 0


def test_events_that_arrive_meanwhile_are_for_the_store_that_goes_on(home: Path, feed: Feed) -> None:
    publish(feed, range(4))
    source = LogSource(feed.log, TOPICS)
    count = len(feed.records())
    publish(feed, range(4, 6))
    assert rebuilt(source, store_of(home)).events == count
    stored(home, feed)
    with opened(home / "other.duckdb", feed.log) as store:
        drained(store, feed.log)
    assert contents(store_of(home)) == contents(home / "other.duckdb")


def test_positions_stand_at_the_ends_of_the_log(home: Path, feed: Feed) -> None:
    publish(feed, range(4))
    stored(home, feed)
    for source in (LogSource(feed.log, TOPICS), JournalSource(store_of(home), TOPICS)):
        rebuilt(source, store_of(home))
        with opened(store_of(home), feed.log) as store:
            for place, end in ends_of(feed).items():
                found = store.positions[place]
                assert (found.next_offset, found.end_offset) == (end, end) or (
                    end == 0 and found == Position()
                )
