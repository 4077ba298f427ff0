"""The worker as it is built from settings, on saved states: it folds nothing twice, and their loss costs only time."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milepost.environment import SourcedSettings, settings_from
from milepost.wiring import existing_log
from milepost.worker import worker_app
from schemas.topics import Topics
from streams.core.partition import Partition
from streams.runner import end_offsets, fold_until, running
from tests.cli import Milepost
from tests.kafka_broker import Broker

FEED = ("simulate", "battery-foil", "--seed", 3, "--from", "2024-02-01", "--to", "2024-02-20")
MORE = ("simulate", "battery-foil", "--seed", 3, "--from", "2024-02-21", "--to", "2024-02-25")
EXPORT = (
    "SELECT * EXCLUDE (known_at) FROM kpi_latest ORDER BY ALL",
    "SELECT * FROM kpi_snapshots ORDER BY ALL",
    "SELECT fingerprint, state, reason, as_of, changed_at, value FROM alert_history ORDER BY ALL",
)


def done(milepost: Milepost, *words: object) -> str:
    ran = milepost(*words)
    assert ran.returncode == 0, ran.stderr
    assert "saved state" not in ran.stderr
    return ran.stdout


def export(milepost: Milepost) -> list[str]:
    return [done(milepost, "query", sql, "--format", "csv") for sql in EXPORT]


def sourced(milepost: Milepost) -> SourcedSettings:
    return settings_from({}, {"MILEPOST_HOME": str(milepost.home)})


def forget(home: Path) -> None:
    for file in home.glob("state.db*"):
        file.unlink()


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records each call of a partition folds."""
    counts: list[int] = []
    fold: Callable[..., Any] = Partition.fold

    def counting(partition: Partition, records: Any) -> Any:
        counts.append(len(records))
        return fold(partition, records)

    monkeypatch.setattr(Partition, "fold", counting)
    return counts


def fold_all(settings: SourcedSettings) -> dict[int, int]:
    """Fold to the end, in this process."""

    async def main() -> dict[int, int]:
        with existing_log(settings) as log:
            ends = end_offsets(log, Topics(settings.settings.topic_prefix).events)
        async with running(worker_app(settings, live=False)) as folder:
            await fold_until(folder, ends)
            return dict(folder.next_offsets)

    return asyncio.run(main())


def test_what_was_drained_is_not_folded_again(milepost: Milepost, folded: list[int]) -> None:
    done(milepost, *FEED)
    done(milepost, "run", "--drain")
    ends = fold_all(sourced(milepost))
    assert sum(folded) == 0
    said = export(milepost)
    done(milepost, *MORE)
    done(milepost, "run", "--drain")
    assert export(milepost) != said
    assert fold_all(sourced(milepost))[0] > ends[0]
    assert sum(folded) == 0


def test_without_its_states_a_worker_folds_everything_again_and_says_the_same(
    milepost: Milepost, tmp_path: Path, folded: list[int]
) -> None:
    for words in (FEED, ("run", "--drain")):
        done(milepost, *words)
    said = export(milepost)
    forget(milepost.home)
    ends = fold_all(sourced(milepost))
    assert sum(folded) == sum(ends.values())
    for words in (MORE, ("run", "--drain")):
        done(milepost, *words)
    with_states = export(milepost)
    assert with_states != said
    other = Milepost(tmp_path / "other", tmp_path)
    for words in (FEED, ("run", "--drain"), MORE):
        done(other, *words)
    forget(other.home)
    done(other, "run", "--drain")
    assert export(other) == with_states


def test_a_rebuild_makes_the_store_anew_from_events_alone(milepost: Milepost) -> None:
    for words in (FEED, ("run", "--drain")):
        done(milepost, *words)
    said = export(milepost)
    kept = (milepost.home / "state.db").read_bytes()
    done(milepost, "rebuild")
    assert export(milepost) == said
    assert (milepost.home / "state.db").read_bytes() == kept


def test_a_worker_on_a_broker_folds_nothing_twice(
    milepost: Milepost, broker: Broker, topic_prefix: str, folded: list[int]
) -> None:
    place = {"MILEPOST_LOG": broker.url, "MILEPOST_TOPIC_PREFIX": topic_prefix, "MILEPOST_PARTITIONS": "4"}
    assert milepost(*FEED, env=place).returncode == 0
    settings = settings_from({}, place)
    ends = fold_all(settings)
    assert sum(folded) == sum(ends.values()) > 0
    folded.clear()
    assert fold_all(settings) == ends
    assert sum(folded) == 0
    assert milepost(*MORE, env=place).returncode == 0
    later = fold_all(settings)
    assert sum(folded) == sum(later.values()) - sum(ends.values()) > 0
