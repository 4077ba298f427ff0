"""Baselines of earlier runs, for the warnings of `ingest`: those in the store, and those in the log that it has not read yet."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from eventlog.log import EventLog
from eventlog.partitioning import partition_of
from milepost.known_events import StoredJournal
from milepost.standing import baselines_between
from schemas.topics import Topics

__all__ = ["KnownPlans", "known_plans"]

RECORDS_MAX: Final = 100_000
"""So many records of the log are looked through; of projects behind more of them nothing is said."""

Data = Mapping[str, Any]


class KnownPlans(NamedTuple):
    """Baselines by project, superseded ones included, and the projects of which all are known."""

    plans: dict[str, list[Data]]
    judged: set[str]


def known_plans(
    journal: StoredJournal,
    log: EventLog,
    topics: Topics,
    ends: Mapping[int, int],
    project_ids: Collection[str],
) -> KnownPlans:
    """Baselines of some projects before the offsets `ends`."""
    stored = journal.baselines()
    known = KnownPlans({}, set())
    for partition, projects in _by_partition(project_ids, log.identity.partitions):
        start = stored.next_offsets.get(partition, 0)
        if ends[partition] - start > RECORDS_MAX:
            continue
        known.judged.update(projects)
        for project in projects & stored.plans.keys():
            known.plans.setdefault(project, []).extend(stored.plans[project])
        for project, data in baselines_between(log, topics.events, partition, range(start, ends[partition])):
            known.plans.setdefault(project, []).append(data)
    return known


def _by_partition(project_ids: Collection[str], count: int) -> Iterator[tuple[int, set[str]]]:
    places = {project: partition_of(project, count) for project in project_ids}
    for partition in sorted(set(places.values())):
        yield partition, {project for project, place in places.items() if place == partition}
