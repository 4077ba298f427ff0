"""The published form of an alert: labels that identify, annotations that explain, and the CloudEvent of a transition."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, NamedTuple
from urllib.parse import quote

from schemas.alerts import AlertData, AlertState, AlertTransition, Rule, fill_in, fingerprint
from schemas.kpi import Position
from streams.core.plan import Plan
from streams.core.render import day_text, instant_text
from streams.core.rules import AlertKey
from streams.core.values import Value

__all__ = ["Change", "alert_transition", "annotations_of", "first_data", "labels_of"]

_CENT = Decimal("0.01")
_ALL_DIGITS = Context(prec=400)
"""A double has up to 309 digits before the point; rounding to cents must not fail for want of places."""
_NO_VALUE = "–"
_SUMMARY = "{name}: {kpi} is {value} on {as_of}"
_SUMMARY_ZH = "{name_zh}：{kpi} 为 {value}（{as_of}）"
_OVER = "{name}: {alert} is over, {kpi} is {value} on {as_of}"
_OVER_ZH = "{name_zh}：{alert} 已解除，{kpi} 为 {value}（{as_of}）"
"""What a rule says of a breach would be untrue of an alert that has ended."""
_EVENT_TYPES: Final = {
    "pending": "milepost.alert.pending.v1",
    "firing": "milepost.alert.firing.v1",
    "resolved": "milepost.alert.resolved.v1",
    "inactive": "milepost.alert.inactive.v1",
}


class Change(NamedTuple):
    """A change of a published alert: `changed_at_us` is the known_at of the cut, or the time of an early one.

    `known_at_us` is None between cuts; `day` is the status date as an ordinal.
    """

    state: AlertState
    reason: str
    value: float | None
    day: int | None
    changed_at_us: int
    known_at_us: int | None
    position: Position


def labels_of(project_id: str, key: AlertKey) -> dict[str, str]:
    """Labels of an alert; they name it and route it, values never stand in them."""
    labels = {"alertname": key.alert, "project_id": project_id, "severity": key.severity}
    if key.scope:
        labels["scope"] = key.scope
    return labels


def annotations_of(
    rule: Rule,
    project_id: str,
    scope: str,
    plan: Plan | None,
    value: Value | None,
    day: int | None,
    *,
    over: bool,
) -> dict[str, str]:
    """Texts of an alert for people, filled in with the names of the project and the value; `over`: it has ended."""
    labels = None if plan is None else plan.labels
    fields = {
        "project_id": project_id,
        "name": project_id if labels is None else labels.name,
        "name_zh": project_id if labels is None else labels.name_zh,
        "alert": rule.alert,
        "kpi": rule.kpi,
        "scope": scope,
        "value": _reason_or_value(value) if over else _shown(value),
        "as_of": _NO_VALUE if day is None else day_text(day),
        "threshold": _threshold(rule),
    }
    annotations = {
        "summary": fill_in(_OVER if over else rule.summary or _SUMMARY, fields),
        "summary_zh": fill_in(_OVER_ZH if over else rule.summary_zh or _SUMMARY_ZH, fields),
        "value": "" if value is None or value.value is None else _number(value.value),
    }
    if rule.runbook:
        annotations["runbook"] = fill_in(rule.runbook, fields)
    return annotations


def _reason_or_value(value: Value | None) -> str:
    """A value, or why there is none any more, which is what ended the alert."""
    return value.reason if value is not None and value.reason is not None else _shown(value)


def _shown(value: Value | None) -> str:
    """A value as people read it: two decimals, half-up; a date as a date."""
    if value is None or value.value is None:
        return _NO_VALUE
    if value.value_date is not None:
        return day_text(value.value_date)
    rounded = Decimal(repr(value.value)).quantize(_CENT, rounding=ROUND_HALF_UP, context=_ALL_DIGITS)
    return f"{rounded.normalize():f}" if rounded else "0"


def _threshold(rule: Rule) -> str:
    threshold = rule.below if rule.above is None else rule.above
    return _NO_VALUE if threshold is None else _number(threshold)


def _number(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


def first_data(project_id: str, key: AlertKey, kpi: str, rule_hash: str, position: Position) -> AlertData:
    """An alert that was never published."""
    labels = labels_of(project_id, key)
    return {
        "labels": labels,
        "annotations": {},
        "startsAt": None,
        "endsAt": None,
        "activeAt": None,
        "generatorURL": f"milepost:kpi/{kpi}/{quote(project_id, safe='')}",
        "fingerprint": fingerprint(labels),
        "state": "inactive",
        "previous_state": "inactive",
        "reason": "",
        "value": None,
        "as_of": None,
        "known_at": None,
        "project_id": project_id,
        "scope": key.scope,
        "rule_hash": rule_hash,
        "position": position,
    }


def alert_transition(
    before: AlertData, change: Change, annotations: dict[str, str] | None, rule_hash: str
) -> AlertTransition:
    """The CloudEvent that takes a published alert on; `annotations` None keeps those that it has."""
    changed_at = instant_text(change.changed_at_us)
    data = before.copy()
    _set_times(data, change.state, changed_at)
    data["annotations"] = before["annotations"] if annotations is None else annotations
    data["previous_state"], data["state"] = before["state"], change.state
    data["reason"] = change.reason
    data["value"] = change.value
    data["as_of"] = None if change.day is None else day_text(change.day)
    data["known_at"] = None if change.known_at_us is None else instant_text(change.known_at_us)
    data["rule_hash"] = rule_hash
    data["position"] = change.position
    return {
        "specversion": "1.0",
        "id": f"{data['fingerprint']}/{change.position['offset']}/{change.state}",
        "source": "milepost/worker",
        "type": _EVENT_TYPES[change.state],  # type: ignore[typeddict-item]  # one of the four literals
        "subject": data["project_id"],
        "time": changed_at,
        "datacontenttype": "application/json",
        "data": data,
    }


def _set_times(data: AlertData, state: AlertState, changed_at: str) -> None:
    if state in ("resolved", "inactive"):
        data["endsAt"] = max(changed_at, data["startsAt"] or changed_at)
        return
    if state == "pending" or data["state"] != "pending":
        data["activeAt"] = changed_at
    data["startsAt"], data["endsAt"] = changed_at, None
