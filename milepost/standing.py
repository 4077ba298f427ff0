"""Which statements stand in the log for some projects. Reads partitions of events; decides nothing and writes nothing."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from eventlog.log import EventLog, Record
from eventlog.partitioning import partition_of
from eventlog.scan import records_between
from milepost.applying import Standing
from schemas.acceptance import accept
from schemas.codec import structured
from schemas.events import BASELINE_TYPE
from schemas.rejections import Rejected
from streams.core.statements import Key, Statement, statement_of, wins

__all__ = ["baselines_between", "standing_statements"]

_MARK = b"project.baselined"
_ESCAPED_ASCII = b"\\u00"


def standing_statements(
    log: EventLog, topic: str, wanted: Mapping[str, Collection[Key]]
) -> Mapping[str, Mapping[Key, Standing]]:
    """By project and natural key: the winner, or that it is retracted; of all baselines and of the keys that are wanted.

    What nobody said anything about is left out.
    """
    zone = ZoneInfo(log.identity.timezone)
    look = _Look({project.encode() for project, keys in wanted.items() if keys})
    winners: dict[str, dict[Key, Statement]] = {}
    for partition in sorted({partition_of(project, log.identity.partitions) for project in wanted}):
        end = log.end_offset(topic, partition)
        for record in records_between(log, topic, partition, 0, end):
            for project, statement in _statements(record, look, zone):
                if project not in wanted or not _counts(statement.key, wanted[project]):
                    continue
                current = winners.setdefault(project, {}).get(statement.key)
                if current is None or wins(statement, current):
                    winners[project][statement.key] = statement
    return {project: dict(_standing(found)) for project, found in winners.items()}


def baselines_between(
    log: EventLog, topic: str, partition: int, offsets: range
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Project and data of every baseline in a part of a partition, replaced and retracted ones included."""
    zone, look = ZoneInfo(log.identity.timezone), _Look(())
    for record in records_between(log, topic, partition, offsets.start, offsets.stop):
        for project, statement in _statements(record, look, zone):
            if statement.key[0] == BASELINE_TYPE and not statement.retracts:
                yield project, statement.data


def _counts(key: Key, wanted: Collection[Key]) -> bool:
    return key[0] == BASELINE_TYPE or key in wanted


def _statements(record: Record, look: "_Look", zone: ZoneInfo) -> Iterator[tuple[str, Statement]]:
    """The statement that a record may hold."""
    if not look.worth(record):
        return
    try:
        raw = structured(record.value, record.headers)
        event = accept(raw, (), record.recorded_at_us, zone)
    except Rejected:
        return
    if event["subject"] != "clock":
        yield event["subject"], statement_of(event, raw, record.offset)


class _Look:
    """A cheap look, so that a log of millions of reports is not decoded to find a few plans."""

    def __init__(self, projects: Collection[bytes]) -> None:
        self._projects = projects
        """Keys of those of whom more than plans is wanted."""

    def worth(self, record: Record) -> bool:
        """Whether the record may be a plan, or a statement of one of the projects."""
        value, key = record.value or b"", record.key or b""
        if _MARK in value or _ESCAPED_ASCII in value or record.headers:
            return True
        # A key that is not the record's own project says nothing about it.
        return bool(self._projects) and (key in self._projects or not key or key not in value)


def _standing(found: Mapping[Key, Statement]) -> Iterator[tuple[Key, Standing]]:
    for key, statement in found.items():
        yield (
            key,
            Standing(statement.order[0], None if statement.retracts else statement.data, statement.source),
        )
