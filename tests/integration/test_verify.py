"""The second implementation against the stream: it agrees, and it names what was broken on purpose."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic_core import from_json

import streams.core.kpis.production
import streams.core.kpis.reporting
from schemas.settings import Settings
from storage.reader import open_reader
from storage.verification.verify import verification
from tests import builders
from tests.big_mess import big_mess
from tests.builders import day, instant, tick
from tests.cli import Milepost
from tests.lives import append_events
from tests.stores import Feed, answering, drained, opened
from tests.verifying import change_store, verified

STATEMENTS: Final = 600


def build(home: Path, records: list[list[bytes]], *, live: bool = False) -> Path:
    """A home in which these records were folded and stored, part by part."""
    home.mkdir()
    feed = Feed(home / "log.db")
    with closing(feed.log), opened(home / "milepost.duckdb", feed.log) as store:
        for part in records:
            feed.publish(*part, live=live)
        drained(store, feed.log)
    return home


def small_feed() -> list[list[bytes]]:
    """A plant with a plan: production, a milestone that moves, a re-baseline, days closed without a word, a retraction."""
    plan: dict[str, Any] = {
        "milestones": [{"id": "m1", "finish": day(4)}, {"id": "m2", "finish": day(9), "weight": 3}],
        "lines": [
            {
                "id": "L1",
                "capacity": {"value": 50, "unit": "t", "per": "P1D"},
                "plan": [{"period": "2024-01", "value": 900}],
            }
        ],
        "finish": day(9),
    }
    said = [builders.baseline(1, start=0, sections=plan)]
    said += [builders.production("L1", day(n), 10 + n, unit="t") for n in range(1, 8)]
    said += [builders.milestone("m1", day(3), percent=40), builders.milestone("m1", day(5), percent=100)]
    closing = [tick(n, closes=day(n)) for n in range(1, 9)]
    again = {**plan, "finish": day(20), "approved_on": day(6)}
    later = [
        builders.milestone("m2", day(10), percent=70),
        builders.baseline(2, start=0, sections=again, time=instant(day(6), 8)),
        builders.retraction("production.reported", {"line": "L1", "period_start": day(2), "period_end": day(2)},
                            time=instant(day(8), 9)),
    ]  # fmt: skip
    return [said, *[[each] for each in closing], [*later, tick(12, closes=day(12))]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("verified") / "home", small_feed())


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(original, tmp_path / "home"))


# -- it agrees -----------------------------------------------------------------------------------------------------


def test_every_newest_row_of_a_feed_is_compared_and_equal(original: Path) -> None:
    rows, found = verified(original)
    assert found == []
    with open_reader(Settings.model_validate({"home": original})) as reader:
        stored = [
            reader.query(
                f"SELECT count(*) FROM (SELECT DISTINCT project_id, kpi, scope, as_of FROM {table})"
            ).rows[0][0]
            for table in ("kpi_snapshots", "kpi_latest", "kpi_snapshots_original", "kpi_latest_original")
        ]
    assert min(stored) > 0
    assert rows == sum(stored)
    assert rows > 500


def test_a_mess_of_every_type_is_equal(tmp_path: Path) -> None:
    rows, found = verified(build(tmp_path / "home", big_mess(3, STATEMENTS)))
    assert found == []
    assert rows > STATEMENTS


def test_what_follows_the_last_cut_moves_only_the_latest_rows(tmp_path: Path) -> None:
    parts = [*small_feed(), [builders.production("L1", day(13), 99, unit="t")]]
    assert verified(build(tmp_path / "home", parts, live=True))[1] == []


def test_a_log_without_a_cut_has_latest_rows_alone(tmp_path: Path) -> None:
    rows, found = verified(build(tmp_path / "home", [small_feed()[0]], live=True))
    assert found == []
    assert rows > 0


def test_an_empty_log_has_nothing_to_compare(tmp_path: Path) -> None:
    assert verified(build(tmp_path / "home", [])) == (0, [])


def test_a_live_store_is_verified_through_its_sql(original: Path, home: Path) -> None:
    feed = Feed(home / "log.db")
    with (
        closing(feed.log),
        opened(home / "milepost.duckdb", feed.log) as store,
        answering(store, home),
        open_reader(Settings.model_validate({"home": home})) as reader,
        verification(reader, lambda *_: None) as done,
    ):
        assert reader.is_live
        assert done.rows_compared == verified(original)[0]
        assert list(done.differences()) == []


# -- it can fail ---------------------------------------------------------------------------------------------------


NEWEST: Final = (
    "known_at = (SELECT max(n.known_at) FROM kpi_snapshots n WHERE n.kpi = {kpi} AND n.as_of = {day})"
)
COLUMNS: Final = {
    "output_cumulative": "value = value + 0.000001",
    "plan_attainment": "value = value + 0.00001",
    "earned_value": "value = value + 0.000000001",
    "forecast_finish": "value_date = value_date + 1",
    "budget_at_completion": "unit = 't'",
    "report_age": "baseline = 7",
    "vac": "reason = 'zero_denominator'",
}


def test_every_row_that_was_changed_dropped_or_added_is_named_and_no_other(home: Path) -> None:
    change_store(
        home,
        "UPDATE kpi_snapshots SET numerator = numerator + 0.000000000001 WHERE kpi = 'spi' AND as_of = DATE '2024-01-06' AND "
        + NEWEST.format(kpi="'spi'", day="DATE '2024-01-06'"),
        "DELETE FROM kpi_snapshots WHERE kpi = 'tcpi' AND as_of = DATE '2024-01-05'",
        "INSERT INTO kpi_snapshots SELECT * REPLACE ('L9' AS scope) FROM kpi_snapshots"
        " WHERE kpi = 'output_cumulative' AND scope = 'L1' AND as_of = DATE '2024-01-05'",
        "DELETE FROM kpi_latest WHERE kpi = 'oee' AND scope = 'L1'",
        *(
            f"UPDATE kpi_latest SET {change} WHERE kpi = '{kpi}' AND scope = ''"
            for kpi, change in COLUMNS.items()
        ),
    )
    found = verified(home)[1]
    wanted = {
        "kpi_snapshots: p1 spi 2024-01-06: stored numerator",
        "kpi_snapshots: p1 tcpi 2024-01-05: stored nothing, recomputed baseline",
        "kpi_snapshots: p1 output_cumulative L9 2024-01-05: stored baseline",
        "kpi_latest: p1 oee L1 2024-01-13: stored nothing, recomputed baseline",
        *(
            f"kpi_latest: p1 {kpi} 2024-01-13: stored {change.partition(' ')[0]}"
            for kpi, change in COLUMNS.items()
        ),
    }
    assert {line.partition("=")[0] for line in found} == wanted
    assert len(found) == len(wanted)


def test_whole_days_that_were_dropped_are_named_whether_reported_or_only_closed(home: Path) -> None:
    change_store(home, "DELETE FROM kpi_snapshots WHERE as_of IN (DATE '2024-01-05', DATE '2024-01-09')")
    found = verified(home)[1]
    assert all(line.startswith("kpi_snapshots: p1 ") for line in found)
    for lost in ("2024-01-05", "2024-01-09"):
        assert sum(f" {lost}: stored nothing, recomputed " in line for line in found) > 30


def test_an_older_row_that_was_restated_does_not_count(home: Path) -> None:
    older = NEWEST.format(kpi="'output_cumulative'", day="DATE '2024-01-06'").replace("=", "<", 1)
    change_store(
        home,
        f"UPDATE kpi_snapshots SET value = 1 WHERE kpi = 'output_cumulative' AND as_of = DATE '2024-01-06' AND {older}",
    )
    assert verified(home)[1] == []


def test_an_edited_entry_of_the_journal_is_named_with_the_rows_that_rest_on_it(home: Path) -> None:
    change_store(
        home,
        "UPDATE internal.journal SET data = replace(CAST(data AS VARCHAR), '\"quantity\":13', '\"quantity\":14')"
        " WHERE (data ->> '$.quantity') IN ('13.0', '13')",
    )
    found = verified(home)[1]
    (journal,) = [line for line in found if line.startswith("journal: ")]
    assert " offset " in journal
    assert ": stored hash " in journal
    assert any(line.startswith("kpi_latest: p1 output_cumulative L1") for line in found)


def test_an_entry_that_is_gone_from_the_journal_is_named(home: Path) -> None:
    change_store(
        home, "DELETE FROM internal.journal WHERE type = 'milepost.clock.ticked.v1' AND \"offset\" = 1"
    )
    assert any(
        line.startswith("journal: partition ") and "stored nothing" in line for line in verified(home)[1]
    )


def test_what_the_store_has_not_read_is_named(home: Path) -> None:
    with closing(Feed(home / "log.db").log) as log:
        append_events(log, [builders.production("L1", day(14), 1, unit="t")])
    (line,) = verified(home)[1]
    assert "run `milepost run --drain`" in line


def test_formulas_of_the_stream_that_are_broken_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams.core.kpis.production, "_WEEK", 8)
    monkeypatch.setattr(streams.core.kpis.reporting, "_WEEK_DAYS", 6)
    found = verified(build(tmp_path / "home", small_feed()))[1]
    named = {line.split(" ")[2] for line in found}
    assert named == {"output_rolling_7d", "projected_output", "reporting_coverage_7d"}


# -- the command ---------------------------------------------------------------------------------------------------


def test_the_command_tells_differences_a_line_each_and_leaves_the_log_alone(
    milepost: Milepost, home: Path
) -> None:
    before = (home / "log.db").read_bytes()
    fine = milepost("verify", "--home", home)
    assert (fine.returncode, fine.stderr) == (0, "")
    assert fine.stdout.startswith("rows compared ")
    assert fine.stdout.endswith(", differences 0\n")
    change_store(home, "DELETE FROM kpi_latest WHERE kpi = 'spi'")
    broken = milepost("verify", "--home", home, "--format", "json")
    assert broken.returncode == 1
    told = from_json(broken.stdout)
    assert told["rows"] == int(fine.stdout.split(" ")[2].rstrip(","))
    (difference,) = told["differences"]
    assert (difference["kpi"], difference["stored"]) == ("spi", "nothing")
    assert (home / "log.db").read_bytes() == before


def test_without_a_store_the_command_says_so(milepost: Milepost) -> None:
    done = milepost("verify")
    assert (done.returncode, done.stdout) == (4, "")
    assert "no store at" in done.stderr


def test_without_a_log_only_the_journal_is_not_compared(milepost: Milepost, home: Path) -> None:
    (home / "log.db").unlink()
    done = milepost("verify", "--home", home)
    assert done.returncode == 0
    assert "the journal is not compared with the log" in done.stderr
