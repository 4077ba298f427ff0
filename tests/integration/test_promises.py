"""The promises on one large mess: the way to the tables does not matter. Sorted exports are compared."""

import shutil
from contextlib import closing
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

import pytest

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from schemas.settings import ENGINE_CONSTANTS
from schemas.topics import Topics
from tests.big_mess import STATEMENTS, WITHOUT_ORDER, Parts, big_mess, entries, fold_and_store, reordered
from tests.builders import RECORDED_AT_US, ZONE
from tests.cli import Milepost
from tests.fault_feed import PARTITIONS, Exports, differences, exports
from tests.kafka_broker import Broker
from tests.kafka_run import kafka_run
from tests.waiting import until

SEED: Final = 5
SECONDS_MAX: Final = 60 + STATEMENTS // 50
KILLS: Final = 3
ALERTS: Final = ("alerts", "alert_history")

pytestmark = pytest.mark.timeout(3 * SECONDS_MAX)


def open_log(home: Path) -> EmbeddedLog:
    """The log of a home, which takes every record at the same moment."""
    return EmbeddedLog.open(
        home / "log.db", timezone=ZONE.key, partitions=PARTITIONS, topics=Topics(),
        log_id=lambda: "mess", constants=ENGINE_CONSTANTS, now_us=lambda: RECORDED_AT_US,
    )  # fmt: skip


def new_home(folder: Path, found: list[Entry]) -> Milepost:
    """A home whose log holds these records."""
    milepost = Milepost(folder / "home", folder)
    with closing(open_log(milepost.home)) as log:
        log.append(found)
    return milepost


def drained(milepost: Milepost) -> Exports:
    """What a home holds when all is folded and stored."""
    ran = milepost("run", "--drain", seconds_max=SECONDS_MAX)
    assert ran.returncode == 0, ran.stderr
    return exports(milepost.home)


@pytest.fixture(scope="module")
def mess() -> Parts:
    return big_mess(SEED)


@pytest.fixture(scope="module")
def undisturbed_home(mess: Parts, tmp_path_factory: pytest.TempPathFactory) -> Milepost:
    home = new_home(tmp_path_factory.mktemp("undisturbed"), entries(mess))
    drained(home)
    return home


@pytest.fixture(scope="module")
def undisturbed(undisturbed_home: Milepost) -> Exports:
    """What one quiet drain makes of the mess."""
    found = exports(undisturbed_home.home)
    assert len(found["kpi_snapshots"]) > STATEMENTS
    assert found["findings"]
    assert found["rejected_events"]
    return found


@pytest.mark.parametrize("records_max", [1, 5000])
def test_the_size_of_batches_changes_nothing(
    tmp_path: Path, mess: Parts, undisturbed: Exports, records_max: int
) -> None:
    milepost = new_home(tmp_path, entries(mess))
    with closing(open_log(milepost.home)) as log:
        fold_and_store(log, milepost.home / "milepost.duckdb", records_max)
    assert differences(undisturbed, exports(milepost.home), without=ALERTS) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_between_cuts_and_duplicates_change_nothing(
    tmp_path: Path, mess: Parts, undisturbed: Exports, seed: int
) -> None:
    told = drained(new_home(tmp_path, entries(reordered(mess, seed))))
    assert differences(undisturbed, told, without=WITHOUT_ORDER) == []


def test_a_drain_that_is_killed_again_and_again_changes_nothing(
    tmp_path: Path, mess: Parts, undisturbed: Exports
) -> None:
    milepost = new_home(tmp_path, entries(mess))
    chance = Random(SEED)
    for _ in range(KILLS):
        kill_drain(milepost, chance.uniform(0.5, 1.5))
    assert differences(undisturbed, drained(milepost), without=("alert_history",)) == []


def kill_drain(milepost: Milepost, seconds: float) -> None:
    """Kill a drain so long after the store has begun to grow, unless it is done before."""
    process = milepost.start("run", "--drain")
    with process:
        until(lambda: process.poll() is not None or (milepost.home / "milepost.duckdb").exists(), 60)
        began = monotonic()
        until(lambda: process.poll() is not None or monotonic() - began > seconds, seconds + 5)
        process.kill()


def test_a_rebuild_gives_the_same(tmp_path: Path, undisturbed_home: Milepost, undisturbed: Exports) -> None:
    milepost = Milepost(tmp_path / "home", tmp_path)
    shutil.copytree(undisturbed_home.home, milepost.home)
    ran = milepost("rebuild", seconds_max=SECONDS_MAX)
    assert ran.returncode == 0, ran.stderr
    assert differences(undisturbed, exports(milepost.home)) == []


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_workers_changes_nothing(
    tmp_path: Path, broker: Broker, topic_prefix: str, mess: Parts, undisturbed: Exports, workers: int
) -> None:
    with kafka_run(broker.url, topic_prefix, tmp_path) as run:
        running = [run.start("worker", home=f"worker-{number}") for number in range(workers)]
        until(run.has_folded, SECONDS_MAX)
        run.publish(entries(mess))
        store = run.start("store")
        run.settle(store, seconds_max=SECONDS_MAX)
        told = run.exports_of(store, *running)
    assert differences(undisturbed, told, without=("alert_history",)) == []
