"""The examples run as they stand, on the log that the settings name."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventlog.log import Entry, EventLog
from eventlog.scan import records_between
from milepost.environment import settings_from
from milepost.wiring import open_log, topics_of
from tests.builders import baseline, status, tick
from tests.cli import ROOT, Milepost
from tests.kafka_broker import Broker
from tests.waiting import until

SUBSCRIBE = ROOT / "examples" / "01_subscribe_to_alerts.py"
HEARD_SECONDS_MAX = DRAIN_SECONDS_MAX = 120
PLAN = baseline(sections={"milestones": [{"id": "m1", "name": "Roof 屋顶", "finish": "2024-01-11"}]})

Settings = Mapping[str, str]


def newest_alert(milepost: Milepost, settings: Settings) -> Callable[[], object]:
    """Let a milestone be overdue; answers how to publish that alert again."""
    feed = b"\n".join([PLAN, status(12), tick(13, closes=13)])
    assert milepost("ingest", "-", stdin=feed, env=settings).returncode == 0
    assert milepost("run", "--drain", env=settings, seconds_max=DRAIN_SECONDS_MAX).returncode == 0
    alert = next(entry for entry in published(milepost, settings) if b'"firing"' in (entry.value or b""))
    return lambda: append(milepost, settings, alert)


@contextmanager
def opened(milepost: Milepost, settings: Settings) -> Iterator[tuple[EventLog, str]]:
    sourced = settings_from({"home": str(milepost.home)}, settings)
    with open_log(sourced) as log:
        yield log, topics_of(sourced.settings).alerts


def published(milepost: Milepost, settings: Settings) -> list[Entry]:
    with opened(milepost, settings) as (log, topic):
        return [
            Entry(topic, record.key, record.value, number)
            for number in range(log.partitions(topic))
            for record in records_between(log, topic, number, 0, log.end_offset(topic, number))
        ]


def append(milepost: Milepost, settings: Settings, entry: Entry) -> None:
    with opened(milepost, settings) as (log, _):
        log.append([entry])


def subscriber_hears(milepost: Milepost, settings: Settings, said: Path, *words: str) -> None:
    publish_again = newest_alert(milepost, settings)
    with said.open("wb") as out:
        example = subprocess.Popen(
            [sys.executable, str(SUBSCRIBE), *words], cwd=milepost.folder, env=milepost.environment(**settings),
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        until(lambda: publish_again() or "firing MilestoneOverdue p1" in said.read_text(), HEARD_SECONDS_MAX)
        assert example.poll() is None
    finally:
        example.kill()
        example.wait()


def test_a_subscriber_hears_alerts_of_a_home(milepost: Milepost, tmp_path: Path) -> None:
    subscriber_hears(milepost, {}, tmp_path / "said", str(milepost.home))


@pytest.mark.timeout(300)
def test_a_subscriber_hears_alerts_of_the_broker_that_the_settings_name(
    milepost: Milepost, broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = {"MILEPOST_LOG": broker.url, "MILEPOST_TOPIC_PREFIX": topic_prefix}
    subscriber_hears(milepost, settings, tmp_path / "said")
