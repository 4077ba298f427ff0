"""Alert transitions from their topic: every one in the history, the newest of each fingerprint in `alerts`.

A transition is a fact; the same one published twice has the same id and is stored once.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from eventlog.log import Record
from schemas.alerts import AlertTransition
from storage.relations import bound, table_of

__all__ = ["write_alerts"]

_log = logging.getLogger(__name__)
_transitions = TypeAdapter(AlertTransition)

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_WHOSE: Final = [
    (name, pa.string()) for name in ("fingerprint", "alertname", "project_id", "scope", "severity", "state")
]
_TRANSITION: Final = pa.schema(
    [
        ("event_id", pa.string()),
        *_WHOSE,
        ("previous_state", pa.string()),
        ("reason", pa.string()),
        ("as_of", pa.string()),
        ("changed_at", pa.string()),
        ("known_at", pa.string()),
        ("value", pa.float64()),
        ("rule_hash", pa.string()),
    ]
)
_ALERT: Final = pa.schema(
    [
        *_WHOSE,
        ("starts_at", pa.string()),
        ("ends_at", pa.string()),
        ("value", pa.float64()),
        ("summary", pa.string()),
        ("labels", pa.string()),
        ("annotations", pa.string()),
    ]
)


def write_alerts(connection: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> None:
    """Store the transitions that are not there yet."""
    arrived = {event["id"]: event for event in _read(records)}
    if not arrived:
        return
    known = connection.execute(
        "SELECT event_id FROM internal.alert_transitions WHERE event_id IN (SELECT unnest($ids))",
        {"ids": list(arrived)},
    ).fetchall()
    for (event_id,) in known:
        del arrived[event_id]
    rows = [_transition_row(event) for event in arrived.values()]
    with bound(connection, "arrived", table_of(rows, _TRANSITION)):
        connection.execute("INSERT INTO internal.alert_transitions SELECT * FROM arrived")
    newest = {event["data"]["fingerprint"]: event for event in arrived.values()}
    with bound(connection, "arrived", table_of([_alert_row(event) for event in newest.values()], _ALERT)):
        connection.execute("INSERT OR REPLACE INTO alerts SELECT * FROM arrived WHERE state <> 'inactive'")
        connection.execute(
            "DELETE FROM alerts WHERE fingerprint IN (SELECT fingerprint FROM arrived WHERE state = 'inactive')"
        )


def _read(records: Sequence[Record]) -> Iterable[AlertTransition]:
    for record in records:
        try:
            yield _transitions.validate_json(record.value or b"")
        except ValidationError as error:
            place = f"{record.topic} {record.partition}/{record.offset}"
            problem = error.errors(include_url=False, include_input=False)[0]["msg"]
            _log.warning("%s is not an alert transition and was left out: %s", place, problem)


def _whose(event: AlertTransition) -> tuple[Any, ...]:
    data = event["data"]
    labels = data["labels"]
    return (
        data["fingerprint"],
        labels.get("alertname", ""),
        data["project_id"],
        data["scope"],
        labels.get("severity", ""),
        data["state"],
    )


def _transition_row(event: AlertTransition) -> tuple[Any, ...]:
    data = event["data"]
    stood = (data["previous_state"], data["reason"], data["as_of"], event["time"], data["known_at"])
    return (event["id"], *_whose(event), *stood, data["value"], data["rule_hash"])


def _alert_row(event: AlertTransition) -> tuple[Any, ...]:
    data = event["data"]
    texts = (data["annotations"].get("summary"), _text(data["labels"]), _text(data["annotations"]))
    return (*_whose(event), data["startsAt"], data["endsAt"], data["value"], *texts)


def _text(value: dict[str, str]) -> str:
    return to_json(value).decode()
