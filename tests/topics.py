"""Whether the topics of a log say what the law says of its events: values, cuts, rejections and alerts.

The log must end with a cut on every partition.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from pydantic_core import from_json

from eventlog.log import EventLog, Record
from schemas.alerts import Rule, rule_set_hash
from schemas.rejections import Rejected
from tests.agreement import differences, read_records
from tests.builders import ZONE
from tests.lives import TOPICS, placed, records_of_topic
from tests.oracle import LogRecord, Outcome, replay
from tests.oracle.alerts import Alert, Alerts
from tests.oracle.statements import Tick, read_record

__all__ = ["contradictions", "expected_of", "oracle_records"]


def oracle_records(log: EventLog) -> list[LogRecord]:
    """The events of a log as the oracle reads them."""
    return [
        LogRecord(record.partition, record.offset, record.recorded_at_us, record.value, record.headers)
        for record in records_of_topic(log, TOPICS.events)
    ]


def expected_of(log: EventLog) -> Outcome:
    """What the law says of the events of a log."""
    return replay(oracle_records(log), ZONE, place=placed(log))


def contradictions(log: EventLog, expected: Outcome, *rule_sets: Sequence[Rule]) -> list[str]:
    """Where the topics contradict the law; empty when they do not. `rule_sets` are those that workers had."""
    kpis = records_of_topic(log, TOPICS.kpis)
    return [
        *differences(expected, read_records(from_json(record.value or b"") for record in kpis)),
        *_of_cuts(kpis),
        *_of_rejections(log),
        *_of_alerts(log, rule_sets),
    ]


def _data(record: Record) -> dict[str, Any]:
    data: dict[str, Any] = from_json(record.value or b"")["data"]
    return data


def _of_cuts(kpis: Iterable[Record]) -> list[str]:
    """Each cut of a partition is published once, in order."""
    found = []
    for number, records in groupby(kpis, key=lambda record: record.partition):
        cuts = [data["position"] for data in map(_data, records) if data["cut"]]
        places = [(position["offset"], position["seq"]) for position in cuts]
        if places != sorted(set(places)):
            found.append(f"cuts of partition {number} are not published once each in order: {places}")
    return found


def _of_rejections(log: EventLog) -> list[str]:
    refused = [
        (record.partition, record.offset)
        for record in oracle_records(log)
        if isinstance(read_record(record, ZONE), Rejected)
    ]
    rejections = [from_json(record.value or b"") for record in records_of_topic(log, TOPICS.rejected)]
    told = [(rejection["partition"], rejection["offset"]) for rejection in rejections]
    return [] if told == refused else [f"rejected: {refused} expected, {told} told"]


def _of_alerts(log: EventLog, rule_sets: Iterable[Sequence[Rule]]) -> list[str]:
    """At each cut the active alerts are those of the pure run over the cuts since the newest rules."""
    found = []
    by_hash = {rule_set_hash(rules): rules for rules in rule_sets}
    for number in range(log.identity.partitions):
        changes = _transitions(log, number)
        records = [record for record in oracle_records(log) if record.partition == number]
        for since, until, rules_hash in _spans_of_rules(log, number):
            run = Alerts(by_hash[rules_hash], ZONE, since_offset=since, place=placed(log))
            for record in records[:until]:
                run.record(record)
                if record.offset < since or not isinstance(read_record(record, ZONE), Tick):
                    continue
                told = _active_at(changes, record.offset)
                if told != run.active:
                    found.append(
                        f"alerts at cut {number}/{record.offset}: {run.active} expected, {told} told"
                    )
    return found


def _transitions(log: EventLog, number: int) -> list[dict[str, Any]]:
    """Transitions of a partition in order; one that comes again is the same transition."""
    events = [
        from_json(r.value or b"") for r in records_of_topic(log, TOPICS.alerts) if r.partition == number
    ]
    return [event["data"] for event in {event["id"]: event for event in events}.values()]


def _spans_of_rules(log: EventLog, number: int) -> list[tuple[int, int, str]]:
    """First offset, end and hash of each set of rules that held, as the KPI records tell."""
    told = [_data(r)["rules"] for r in records_of_topic(log, TOPICS.kpis) if r.partition == number]
    starts = list(dict.fromkeys((rules["since_offset"], rules["hash"]) for rules in told))
    ends = [since for since, _ in starts[1:]] + [log.end_offset(TOPICS.events, number)]
    return [(since, end, rules_hash) for (since, rules_hash), end in zip(starts, ends, strict=False)]


def _active_at(changes: Iterable[dict[str, Any]], offset: int) -> dict[Alert, str]:
    active: dict[Alert, str] = {}
    for data in changes:
        if data["position"]["offset"] > offset:
            continue
        labels = data["labels"]
        alert = Alert(data["project_id"], labels["alertname"], labels["severity"], data["scope"])
        active.pop(alert, None)
        if data["state"] in {"pending", "firing"}:
            active[alert] = data["state"]
    return active
