"""What earlier workers of a partition have published, read from their own output partitions."""

from typing import Any

from pydantic_core import from_json

from eventlog.log import EventLog, Record
from eventlog.scan import newest_first, records_between
from schemas.topics import Topics
from streams.core.partition import Resume

__all__ = ["read_resume"]

_ACTIVE = frozenset({"pending", "firing"})


def read_resume(log: EventLog, topics: Topics, partition: int) -> Resume:
    """Where publishing resumes: newest position of KPI records and rejections, alerts that stand.

    What lies before the committed offset was acknowledged, so its rejections and forwards are published as well.
    """
    newest = log.last(topics.kpis, partition)
    data = _data(newest) if newest else None
    position = None if data is None else (data["position"]["offset"], data["position"]["seq"])
    committed = log.committed(topics.worker_group).get((topics.events, partition), 0)
    alerts = _newest_alerts(log, topics, partition)
    return Resume(
        kpi_position=position,
        rejected_offset=max(committed - 1, _newest_rejected(log, topics, partition)),
        alerts_offset=max((data["position"]["offset"] for data in alerts), default=-1),
        active_alerts=tuple(data for data in alerts if data["state"] in _ACTIVE),
        rules=None if data is None else data.get("rules"),
    )


def _data(record: Record) -> dict[str, Any]:
    data: dict[str, Any] = from_json(record.value or b"{}")["data"]
    return data


def _newest_rejected(log: EventLog, topics: Topics, partition: int) -> int:
    """Offset in events of the newest rejection by a worker; rejections of files stand on the same topic."""
    for record in newest_first(log, topics.rejected, partition):
        rejection = from_json(record.value or b"{}")
        if rejection.get("topic") == topics.events:
            return int(rejection["offset"])
    return -1


def _newest_alerts(log: EventLog, topics: Topics, partition: int) -> list[dict[str, Any]]:
    """Newest transition of each fingerprint by its cause: a worker that was overtaken may have published last."""
    newest: dict[str, dict[str, Any]] = {}
    for record in records_between(log, topics.alerts, partition, 0, log.end_offset(topics.alerts, partition)):
        data = _data(record)
        known = newest.get(data["fingerprint"])
        if known is None or known["position"]["offset"] <= data["position"]["offset"]:
            newest[data["fingerprint"]] = data
    return list(newest.values())
