"""The state of a partition as plain values under names, and back: what folding its records from the start gives.

Plain values are lists, texts, bytes, numbers, booleans and null, so that any packing will do and none can run code. A
state is whole or of no use: whoever keeps it writes all changes of one call together, with the place up to which the
records are folded, and gives back everything or nothing. Restored, a partition does from then on what it would have done.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from schemas.errors import ServiceUnavailable
from schemas.rejections import Rejected
from streams.core.partition import Partition
from streams.core.project import Project
from streams.core.saved_alerts import alerts_of, restore_alerts
from streams.core.saved_project import changed_chunks, head_of, restore_head, restore_keys

__all__ = [
    "STATE_FORMAT",
    "UNREADABLE",
    "Name",
    "UnreadableState",
    "changes_of",
    "restore_project",
    "restore_whole",
    "whole_of",
]

STATE_FORMAT = 1
"""Raised with every change of what is kept or how: a state in another format is of no use."""

UNREADABLE: Final = (Rejected, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What can come of plain values that somebody else has written."""


class UnreadableState(ServiceUnavailable):
    """A state, or a project in it, cannot be made of what was saved, though all of that is as it was written."""


class Name(NamedTuple):
    """Name of a part: a chunk of a project, or its head where there is no number."""

    project_id: str
    chunk: int | None = None


def changes_of(partition: Partition) -> Iterator[tuple[Name, Any]]:
    """Every part that has changed since it was last taken from here. Nothing may be folded before the last one is taken.

    Who stops half-way loses nothing: what was not taken comes again.
    """
    for project_id in sorted(partition.unsaved):
        project = partition.projects[project_id]
        for number, content in changed_chunks(project):
            yield Name(project_id, number), content
        yield (
            Name(project_id),
            [
                head_of(project),
                project_id in partition.touched,
                project_id in partition.touched_since_cut,
                alerts_of(partition.alerts, project_id),
            ],
        )
        partition.unsaved.discard(project_id)


def whole_of(partition: Partition) -> list[Any]:
    """What a partition keeps beside its projects, with the rules and since when they hold."""
    return [
        partition.rules_hash,
        partition.since_offset,
        partition.closed_through,
        partition.known_at_us,
        partition.rules_are_new,
    ]


def restore_whole(partition: Partition, whole: Sequence[Any]) -> bool:
    """Take over what `whole_of` told. False: it belongs to other rules, or these hold since another place."""
    rules_hash, since_offset, closed_through, known_at_us, rules_are_new = whole
    if (rules_hash, since_offset) != (partition.rules_hash, partition.since_offset):
        return False
    partition.closed_through, partition.known_at_us = closed_through, known_at_us
    partition.rules_are_new = rules_are_new
    return True


def restore_project(
    partition: Partition, project_id: str, head: Sequence[Any], chunks: Callable[[], Sequence[Any]]
) -> None:
    """Take over one project. `chunks`, in order of their numbers, are asked for when something first needs the project."""
    scalars, touched, touched_since_cut, alerts = head
    partition.projects.leave(project_id, partial(_load, partition.number, scalars, chunks))
    restore_alerts(partition.alerts, project_id, alerts)
    if touched:
        partition.touched.add(project_id)
    if touched_since_cut:
        partition.touched_since_cut.add(project_id)


def _load(number: int, scalars: Sequence[Any], chunks: Callable[[], Sequence[Any]], project: Project) -> None:
    try:
        restore_keys(project, chunks(), cuts=scalars[5])
        restore_head(project, scalars)
    except (UnreadableState, *UNREADABLE) as error:
        raise UnreadableState(
            f"project {project.id} cannot be made of the saved state of partition {number}: {error!r}; "
            "start the worker again, it folds that partition from its start"
        ) from error
