"""JSON Schema of every message, generated from the types."""

from typing import Any

from pydantic import TypeAdapter

from schemas.alerts import AlertTransition, Rule
from schemas.events import EVENT_ADAPTER, TypedEvent
from schemas.kpi import KpiEvaluated
from schemas.rejections import Rejection

__all__ = ["json_schemas"]


def json_schemas() -> dict[str, dict[str, Any]]:
    """Schema by file stem: one per event type, and one each for KPI records, alerts, rejections and rules."""
    schemas = {event_type: _schema_of(kind) for event_type, kind in _event_types().items()}
    schemas["milepost.event"] = EVENT_ADAPTER.json_schema()
    for name, kind in (
        ("milepost.kpi.evaluated.v1", KpiEvaluated),
        ("milepost.alert", AlertTransition),
        ("milepost.rejected", Rejection),
        ("milepost.rule", Rule),
    ):
        schemas[name] = _schema_of(kind)
    return schemas


def _schema_of(kind: Any) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema()


def _event_types() -> dict[str, Any]:
    """Envelope type by event type, read from the union so that none can be left out."""
    union = TypedEvent.__args__[0]
    return {_tag(kind): kind for kind in union.__args__}


def _tag(kind: Any) -> str:
    schema = TypeAdapter(kind).json_schema()
    return str(schema["properties"]["type"]["const"])
