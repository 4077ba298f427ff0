"""Partitions whose state is saved now and then, and lives that go on from what was saved."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec
from pydantic_core import from_json, to_json

from schemas.alerts import Rule
from streams.core.constants import Constants
from streams.core.partition import Output, Partition, Resume
from streams.core.rules import RuleSet
from streams.core.saved_state import Name, changes_of, restore_project, restore_whole, whole_of
from tests.builders import ZONE
from tests.folds import RULES

__all__ = ["Published", "Saved", "restored", "saving_partition"]

Place = Callable[[str], int]


def saving_partition(
    resume: Resume | None = None,
    rules: Sequence[Rule] = RULES,
    place: Place = lambda _: 0,
    number: int = 0,
) -> Partition:
    """A partition that notes what changes."""
    return Partition(
        number, place=place, zone=ZONE, constants=Constants(), rules=RuleSet(rules), resume=resume, notes_changes=True
    )  # fmt: skip


class Saved:
    """All parts of a state as they were packed last."""

    def __init__(self) -> None:
        self.parts: dict[Name, bytes] = {}
        self.whole: list[Any] = []
        self.next_offset = 0

    def save(self, partition: Partition) -> int:
        """How many parts had changed."""
        changes = {name: msgspec.msgpack.encode(part) for name, part in changes_of(partition)}
        self.parts.update(changes)
        self.whole = msgspec.msgpack.decode(msgspec.msgpack.encode(whole_of(partition)))
        return len(changes)


def restored(saved: Saved, partition: Partition) -> bool:
    """Whether a new partition goes on from what was saved; else it is as new as before."""
    if not saved.whole or not restore_whole(partition, saved.whole):
        return False
    heads, chunks = {}, dict[str, dict[int, Any]]()
    for name, packed in saved.parts.items():
        part = msgspec.msgpack.decode(packed)
        if name.chunk is None:
            heads[name.project_id] = part
        else:
            chunks.setdefault(name.project_id, {})[name.chunk] = part
    for project_id, head in heads.items():
        restore_project(partition, project_id, head, partial(_in_order, chunks.get(project_id, {})))
    return True


def _in_order(chunks: dict[int, Any]) -> list[Any]:
    return [chunks[number] for number in range(len(chunks))]


class Published:
    """What stands on the topics, and what a new worker reads there."""

    def __init__(self) -> None:
        self.kpis: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []

    def publish(self, output: Output) -> None:
        self.kpis += _read(output.kpis)
        self.alerts += _read(output.alerts)

    def resume(self, next_offset: int) -> Resume:
        """As `streams.recovery.read_resume` answers when all before `next_offset` was acknowledged."""
        newest = {data["fingerprint"]: data for data in self.alerts}
        last = self.kpis[-1] if self.kpis else None
        return Resume(
            kpi_position=None if last is None else (last["position"]["offset"], last["position"]["seq"]),
            rejected_offset=next_offset - 1,
            alerts_offset=max((data["position"]["offset"] for data in newest.values()), default=-1),
            active_alerts=tuple(data for data in newest.values() if data["state"] in {"pending", "firing"}),
            rules=None if last is None else last["rules"],
        )


def _read(records: Iterable[Any]) -> list[dict[str, Any]]:
    return [from_json(to_json(record))["data"] for record in records]
