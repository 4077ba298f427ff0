"""Lives of workers on one real log: each folds from the start, goes on where others stopped, and may die at any append.

It is the worker without its event loop: partitions of the core, what `streams.recovery` reads back, what
`streams.agents` appends, states that one life saves now and then and the next one goes on from. All choices are made by the `random.Random` that is given.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from pydantic_core import from_json, to_json

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry, EventLog, Headers, Record
from eventlog.partitioning import partition_of
from eventlog.scan import records_between
from schemas.alerts import Rule
from schemas.events import TICK_TYPE
from schemas.settings import ENGINE_CONSTANTS
from schemas.topics import Topics
from streams.agents import entries_of
from streams.core.partition import Partition
from streams.recovery import read_resume
from streams.runner import end_offsets
from tests.builders import RECORDED_AT_US, ZONE
from tests.folds import RULES
from tests.saved import Saved, restored, saving_partition

__all__ = [
    "TOPICS",
    "Worker",
    "append_events",
    "live_and_die",
    "new_log",
    "placed",
    "records_of_topic",
    "subject_of",
]

TOPICS: Final = Topics()
SLICE_MAX: Final = 12
DEATHS_MAX: Final = 5
"""How many may die over one part of a feed."""


class Died(Exception):
    """The process is gone."""


class Dying:
    """A log that lets its worker die at an append: before anything of it is there, or when all of it is."""

    def __init__(self, log: EventLog, appends: int, *, after: bool) -> None:
        self._log, self._left, self._after = log, appends, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        self._left -= bool(entries)
        if self._left == 0 and not self._after:
            raise Died
        places = self._log.append(entries)
        if self._left == 0:
            raise Died
        return places


def new_log(path: Path, partitions: int) -> EmbeddedLog:
    """A log in the calendar of the builders."""
    return EmbeddedLog.open(
        path, timezone=ZONE.key, partitions=partitions, topics=TOPICS, log_id=lambda: "log",
        constants=ENGINE_CONSTANTS, now_us=lambda: RECORDED_AT_US,
    )  # fmt: skip


def placed(log: EventLog) -> Callable[[str], int]:
    """Where a project lives."""
    partitions = log.identity.partitions
    return lambda project_id: partition_of(project_id, partitions)


def append_events(log: EventLog, values: Iterable[bytes], chance: Random | None = None) -> None:
    """Append as clients do: statements by project, ticks everywhere; with `chance` some on a wrong partition."""
    entries: list[Entry] = []
    for value in values:
        entries += _entries(value, log.identity.partitions, chance)
    log.append(entries)


def _entries(value: bytes, partitions: int, chance: Random | None) -> list[Entry]:
    wrong = chance is not None and chance.randrange(20) == 0
    somewhere = chance.randrange(partitions) if chance else 0
    if TICK_TYPE.encode() in value:
        numbers = [somewhere] if wrong else range(partitions)
        return [Entry(TOPICS.events, b"clock", value, number) for number in numbers]
    key = subject_of(value)
    if chance is not None and key is not None and chance.randrange(15) == 0:
        return [Entry(TOPICS.events, key, *_in_binary_mode(value))]
    if key is None or wrong:
        return [Entry(TOPICS.events, key, value, somewhere)]
    return [Entry(TOPICS.events, key, value)]


def _in_binary_mode(value: bytes) -> tuple[bytes, int | None, Headers]:
    """The data alone, with the attributes in headers."""
    event = from_json(value)
    data = to_json(event.pop("data"))
    headers = tuple((f"ce_{name}", str(text).encode()) for name, text in event.items())
    return data, None, (*headers, ("content-type", b"application/json"))


def subject_of(value: bytes) -> bytes | None:
    """Key that a client gives to a record: its project; None where it names none."""
    try:
        subject: str = from_json(value)["subject"]
    except (ValueError, LookupError, TypeError):
        return None
    return subject.encode()


class Worker:
    """One life. What is in the log when a partition is opened is its past, of which nothing is evaluated live."""

    def __init__(
        self, log: EventLog, rules: Sequence[Rule] = RULES, kept: dict[int, Saved] | None = None
    ) -> None:
        self._log = log
        self._rules = rules
        self._kept = {} if kept is None else kept
        self._when_to_save = Random(sum(end_offsets(log, TOPICS.events).values()))
        self._partitions: dict[int, Partition] = {}
        self._next: dict[int, int] = {}
        self._live_from: dict[int, int] = {}

    def work(self, chance: Random) -> None:
        """Fold slices of all partitions in turn until there is no more."""
        numbers = list(range(self._log.identity.partitions))
        while numbers:
            number = chance.choice(numbers)
            if not self._fold_slice(number, chance):
                numbers.remove(number)
            elif len(numbers) < self._log.identity.partitions:
                numbers = list(range(self._log.identity.partitions))

    def _fold_slice(self, number: int, chance: Random) -> bool:
        partition = self._partition(number)
        start = self._next.get(number, 0)
        records = self._log.read(TOPICS.events, number, start, chance.randrange(1, SLICE_MAX))
        if not records:
            return False
        self._next[number] = records[-1].offset + 1
        entries = entries_of(partition.fold(records), TOPICS, number)
        if self._next[number] >= self._live_from[number] and chance.randrange(2):
            ids = [project for project in sorted(partition.touched) if chance.randrange(3)]
            entries += entries_of(partition.evaluate_live(ids), TOPICS, number)
        self._log.append(entries)
        if chance.randrange(4) == 0:
            self._log.commit(TOPICS.worker_group, {(TOPICS.events, number): self._next[number]})
        if self._when_to_save.randrange(4) == 0:
            self._save(number)
        return True

    def _save(self, number: int) -> None:
        kept = self._kept.setdefault(number, Saved())
        kept.save(self._partitions[number])
        kept.next_offset = self._next[number]

    def evaluate_all(self) -> None:
        """Evaluate live whatever was touched, as a worker does that has come to the end of the log."""
        for number, partition in sorted(self._partitions.items()):
            self._log.append(entries_of(partition.evaluate_live(), TOPICS, number))

    def _partition(self, number: int) -> Partition:
        if number not in self._partitions:
            resume = read_resume(self._log, TOPICS, number)
            self._partitions[number] = partition = saving_partition(
                resume, self._rules, placed(self._log), number
            )
            if number in self._kept and restored(self._kept[number], partition):
                self._next[number] = self._kept[number].next_offset
            else:
                self._kept.pop(number, None)
            self._live_from[number] = self._log.end_offset(TOPICS.events, number)
        return self._partitions[number]


def live_and_die(
    log: EventLog, parts: Iterable[list[bytes]], chance: Random, rules: Sequence[Rule] = RULES
) -> Worker:
    """Append a feed part by part while workers live and die; the last of them comes to the end of the log."""
    kept: dict[int, Saved] = {}
    worker = Worker(log, rules, kept)
    for part in parts:
        append_events(log, part, chance)
        for _ in range(DEATHS_MAX):
            try:
                worker.work(chance)
                break
            except Died:
                worker = Worker(_mortal(log, chance), rules, kept)
        if chance.randrange(3) == 0:
            worker = Worker(_mortal(log, chance), rules, kept)
    worker = Worker(log, rules, kept)
    worker.work(chance)
    return worker


def _mortal(log: EventLog, chance: Random) -> Any:
    return Dying(log, chance.randrange(1, 15), after=chance.randrange(2) == 0)


def records_of_topic(log: EventLog, topic: str) -> list[Record]:
    """All records, partition by partition."""
    return [
        record
        for number in range(log.partitions(topic))
        for record in records_between(log, topic, number, 0, log.end_offset(topic, number))
    ]
