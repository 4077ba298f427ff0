"""Which baselines stand in the log for some projects. Reads partitions of events; decides nothing and writes nothing."""

from collections.abc import Collection, Iterator, Mapping
from zoneinfo import ZoneInfo

from eventlog.log import EventLog, Record
from eventlog.partitioning import partition_of
from eventlog.scan import records_between
from milepost.applying import Standing
from schemas.acceptance import accept
from schemas.codec import structured
from schemas.events import BASELINE_TYPE
from schemas.rejections import Rejected
from streams.core.statements import Statement, statement_of, wins

__all__ = ["standing_plans"]

_MARK = b"project.baselined"
_ESCAPED_ASCII = b"\\u00"


def standing_plans(
    log: EventLog, topic: str, project_ids: Collection[str]
) -> Mapping[str, Mapping[int, Standing]]:
    """By project and number: the winning baseline, or that it is retracted. Projects without any are left out."""
    zone = ZoneInfo(log.identity.timezone)
    winners: dict[str, dict[int, Statement]] = {}
    for partition in sorted({partition_of(project, log.identity.partitions) for project in project_ids}):
        end = log.end_offset(topic, partition)
        for record in records_between(log, topic, partition, 0, end):
            for project, statement in _plans(record, project_ids, zone):
                number = statement.key[1]
                current = winners.setdefault(project, {}).get(number)
                if current is None or wins(statement, current):
                    winners[project][number] = statement
    return {project: dict(_standing(plans)) for project, plans in winners.items()}


def _plans(record: Record, wanted: Collection[str], zone: ZoneInfo) -> Iterator[tuple[str, Statement]]:
    """The statement about a baseline that a record may hold."""
    if not _may_be_plan(record):
        return
    try:
        raw = structured(record.value, record.headers)
        event = accept(raw, (), record.recorded_at_us, zone)
    except Rejected:
        return
    if event["subject"] in wanted and BASELINE_TYPE in (event["type"], event["data"].get("type")):
        yield event["subject"], statement_of(event, raw, record.offset)


def _may_be_plan(record: Record) -> bool:
    """A cheap look, so that a log of millions of reports is not decoded to find a few plans."""
    value = record.value or b""
    return _MARK in value or _ESCAPED_ASCII in value or bool(record.headers)


def _standing(plans: Mapping[int, Statement]) -> Iterator[tuple[int, Standing]]:
    for number, statement in plans.items():
        yield number, Standing(statement.order[0], None if statement.retracts else statement.data)
