"""The real core behind the worker: whatever a restart interrupts, the topics read as if nothing had happened."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import from_json

from eventlog.log import Entry, EventLog
from eventlog.partitioning import partition_of
from eventlog.scan import records_between
from schemas.alerts import Rule
from schemas.errors import ServiceUnavailable
from streams.agents import EventFolder, Opened
from streams.app import WorkerApp, create_app
from streams.broker import Broker
from streams.core.constants import Constants
from streams.core.partition import Partition
from streams.core.rules import RuleSet
from streams.output import publish_to
from streams.recovery import read_resume
from streams.runner import end_offsets, fold_until, running
from streams.transports import embedded
from tests.builders import baseline, production, value
from tests.builders import closing as closing_tick
from tests.counting_worker import PARTITIONS, TOPICS, Place, open_log

PROJECTS = [f"项目-{number}" for number in range(24)]
DAYS = 8
RULES = RuleSet(
    [
        Rule.model_validate({"alert": "HighOutput", "kpi": "output_cumulative", "above": 30.0}),
        Rule.model_validate({"alert": "StaysHigh", "kpi": "output_cumulative", "above": 20.0, "for": "2d"}),
    ]
)
OUTPUT = (TOPICS.kpis, TOPICS.alerts, TOPICS.rejected)


def open_partition(log: EventLog, number: int) -> Partition:
    return Partition(
        number, place=lambda project: partition_of(project, PARTITIONS), zone=ZoneInfo(log.identity.timezone),
        constants=Constants.of(log.identity.constants), rules=RULES, resume=read_resume(log, TOPICS, number),
    )  # fmt: skip


class Crashes:
    """A log that dies at one append: before anything of it is there, or when all of it is."""

    def __init__(self, log: EventLog, appends: int, *, after: bool) -> None:
        self._log, self._left, self._after = log, appends, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        self._left -= bool(entries)
        if self._left == 0 and not self._after:
            raise ServiceUnavailable("planted")
        places = self._log.append(entries)
        if self._left == 0:
            raise ServiceUnavailable("planted")
        return places


def app_on(path: Path, *, live: bool = False, crash: tuple[int, bool] | None = None) -> WorkerApp:
    def open_folder(app: WorkerApp) -> EventFolder:
        log = open_log(Place(str(path)))
        used: Any = log if crash is None else Crashes(log, crash[0], after=crash[1])

        async def opened(number: int) -> Opened:
            return Opened(open_partition(log, number))

        async def close() -> None:
            log.close()

        return EventFolder(
            TOPICS, opened, publish_to(used), app.end_offset, lambda: 0.0, live=live, close=close
        )

    return create_app(Broker.embedded(path), TOPICS, open_folder)


async def drained(path: Path, log: EventLog, **options: Any) -> bool:
    """Whether the worker came to the end of the log."""
    try:
        async with running(app_on(path, **options)) as folder:
            return await fold_until(folder, end_offsets(log, TOPICS.events))
    except ServiceUnavailable as error:
        if str(error) != "planted":
            raise
        return False


def drain(path: Path, log: EventLog, **options: Any) -> bool:
    return asyncio.run(drained(path, log, **options))


def event(project: str, raw: bytes, partition: int | None = None) -> Entry:
    return Entry(TOPICS.events, project.encode(), raw, partition)


def tick(on: int) -> list[Entry]:
    return [Entry(TOPICS.events, b"clock", closing_tick(on), number) for number in range(PARTITIONS)]


def feed() -> list[Entry]:
    """Some days of reports, corrections and damage, each day closed by a tick."""
    chance = random.Random(3)
    entries = [event(name, baseline(project=name, name=name)) for name in PROJECTS[::2]]
    for on in range(DAYS):
        for name in PROJECTS:
            entries.append(event(name, production("L", on, chance.randrange(12), project=name)))
            if chance.random() < 0.2:
                back = chance.randrange(on + 1)
                raw = production("L", back, chance.randrange(12), project=name, revision=on + 1)
                entries.append(event(name, raw))
            if chance.random() < 0.1:
                entries.append(event(name, b'{"specversion": "1.0", "source": "erp"'))
        if on == DAYS - 1:  # it was all a mistake
            nothing = [(name, day) for name in PROJECTS[:6] for day in range(DAYS)]
            entries += [
                event(name, production("L", day, 0, project=name, revision=99)) for name, day in nothing
            ]
        entries += tick(on)
    return entries


def content(log: EventLog, topic: str) -> list[list[bytes | None]]:
    return [
        [record.value for record in records_between(log, topic, number, 0, log.end_offset(topic, number))]
        for number in range(PARTITIONS)
    ]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with closing(open_log(Place(str(tmp_path / "log.db")))) as opened:
        opened.append(feed())
        yield opened


@pytest.fixture
def undisturbed(tmp_path: Path, log: EventLog) -> dict[str, list[list[bytes | None]]]:
    path = tmp_path / "undisturbed" / "log.db"
    with closing(open_log(Place(str(path)))) as other:
        other.append(feed())
        assert drain(path, other)
        return {topic: content(other, topic) for topic in OUTPUT}


def test_the_feed_causes_output_of_every_kind(undisturbed: dict[str, list[list[bytes | None]]]) -> None:
    assert all(any(partitions) for partitions in undisturbed.values())
    alerts = [from_json(raw or b"")["data"] for raw in chain(*undisturbed[TOPICS.alerts])]
    assert {"pending", "firing", "resolved"} <= {data["state"] for data in alerts}


@pytest.mark.parametrize("after", [False, True], ids=["before it is durable", "after it is durable"])
def test_a_crash_at_any_append_changes_nothing_in_the_output(
    tmp_path: Path,
    log: EventLog,
    undisturbed: dict[str, list[list[bytes | None]]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    after: bool,
) -> None:
    monkeypatch.setattr(embedded, "BATCH_RECORDS_MAX", 9)
    crashes = 0
    while not drain(tmp_path / "log.db", log, crash=(2, after)):
        crashes += 1
        assert crashes < 100
    assert crashes > 10
    for topic in OUTPUT:
        assert content(log, topic) == undisturbed[topic]


def test_a_log_that_grows_between_drains_gives_the_output_of_one_drain(
    tmp_path: Path, undisturbed: dict[str, list[list[bytes | None]]]
) -> None:
    path = tmp_path / "growing" / "log.db"
    chance = random.Random(11)
    waiting = feed()
    with closing(open_log(Place(str(path)))) as log:
        while waiting:
            size = chance.randrange(1, 120)
            log.append(waiting[:size])
            waiting = waiting[size:]
            assert drain(path, log)
        for topic in OUTPUT:
            assert content(log, topic) == undisturbed[topic]


def test_a_misplaced_record_is_forwarded_once_and_counts_in_its_own_partition(
    tmp_path: Path, log: EventLog
) -> None:
    path = tmp_path / "log.db"
    project = "misplaced"
    own = partition_of(project, PARTITIONS)
    raw = production("L", 2, 77, project=project)
    log.append([Entry(TOPICS.events, None, raw, (own + 1) % PARTITIONS)])
    before = end_offsets(log, TOPICS.events)
    for _ in range(3):
        assert drain(path, log)
    assert end_offsets(log, TOPICS.events) == {**before, own: before[own] + 1}
    log.append(tick(DAYS))
    assert drain(path, log)
    kpis = [from_json(found or b"")["data"] for found in content(log, TOPICS.kpis)[own]]
    [mine] = [data for data in kpis if data["project_id"] == project]
    values = {value["kpi"]: value["value"] for value in mine["values"]}
    assert values["output_cumulative"] == 77


def test_a_restarted_live_worker_tells_once_what_no_cut_has_seen(tmp_path: Path, log: EventLog) -> None:
    path = tmp_path / "log.db"
    assert drain(path, log, live=True)
    log.append([event("late", value(3, 5.0, project="late"))])
    before = end_offsets(log, TOPICS.kpis)
    for run in (1, 2):
        assert drain(path, log, live=True)
        told = {number: end - before[number] for number, end in end_offsets(log, TOPICS.kpis).items()}
        assert told == {number: run * (number == partition_of("late", PARTITIONS)) for number in told}
