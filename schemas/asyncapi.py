"""The AsyncAPI 3 document of the topics, generated from the same types as the JSON Schemas. Pure: it knows no broker.

An event may come in either content mode of CloudEvents on Kafka, so each type stands there twice: structured (the whole
event is the value) and binary (the attributes are `ce_` headers, `data` is the value).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from schemas.alerts import AlertTransition
from schemas.events import TypedEvent
from schemas.kpi import KpiEvaluated
from schemas.rejections import Rejection
from schemas.settings import KafkaOptions
from schemas.topics import Topics

__all__ = ["asyncapi_document"]

_Json = dict[str, Any]

_BINDING: Final = "0.5.0"
_STRUCTURED: Final = "application/cloudevents+json"
_JSON: Final = "application/json"
_SCHEMA_REF: Final = "#/components/schemas/"
_ATTRIBUTES: Final = "CloudEventHeaders"
_KPI_TYPE: Final = "milepost.kpi.evaluated.v1"
_SASL: Final = {"PLAIN": "plain", "SCRAM-SHA-256": "scramSha256", "SCRAM-SHA-512": "scramSha512"}
_TOPIC: Final = {
    "cleanup.policy": ["delete"],
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": 16 << 20,
    "retention.bytes": -1,
    "retention.ms": -1,
}
_COMPACTED: Final = {**_TOPIC, "cleanup.policy": ["compact"]}
"""How a Kafka log makes the topics; the test of this document asks a broker."""

_DESCRIPTION: Final = """\
Milepost watches industrial projects as they happen. Anyone may publish statements on the topic of events and subscribe
to the others. A record's partition is murmur2(key) mod the number of partitions, as Kafka's own clients place it; an
event that another partitioner or a missing key put elsewhere is forwarded to its partition and counts once.
"""


class _Channel(NamedTuple):
    """A topic: its id in the document, what its key is, how it is kept and which messages it carries."""

    name: str
    address: str
    description: str
    key: _Json
    configuration: Mapping[str, Any]
    messages: Mapping[str, _Json]


def asyncapi_document(
    topics: Topics, *, brokers: Sequence[str], access: KafkaOptions, partitions: int, version: str
) -> _Json:
    """The topics under a prefix, their messages, and what Milepost receives and sends. `brokers`: host:port of each."""
    schemas, event_types = _schemas_and_event_types()
    channels = _channels(topics, schemas, event_types)
    return {
        "asyncapi": "3.0.0",
        "info": _info(version),
        "defaultContentType": _STRUCTURED,
        "servers": {f"kafka{number}": _server(broker, access) for number, broker in enumerate(brokers, 1)},
        "channels": {channel.name: _channel(channel, partitions) for channel in channels},
        "operations": _operations(topics, channels),
        "components": {"schemas": schemas, "messages": _messages(channels)},
    }


def _info(version: str) -> _Json:
    licence = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
    return {"title": "Milepost", "version": version, "description": _DESCRIPTION, "license": licence}


def _server(broker: str, access: KafkaOptions) -> _Json:
    """A broker and how to be let in; no secrets."""
    server = {
        "host": broker,
        "protocol": "kafka-secure" if access.encrypted else "kafka",
        "description": f"Listener with {access.security_protocol}",
    }
    return (
        {**server, "security": [{"type": _SASL[access.sasl_mechanism]}]} if access.with_password else server
    )


def _schemas_and_event_types() -> tuple[dict[str, _Json], dict[str, str]]:
    """All schemas by name, with references between them, and the name of the envelope's schema by event type."""
    envelopes = TypedEvent.__args__[0].__args__
    kinds: list[Any] = [*envelopes, KpiEvaluated, AlertTransition, Rejection]
    inputs = [(kind.__name__, "validation", TypeAdapter(kind)) for kind in kinds]
    _, whole = TypeAdapter.json_schemas(inputs, ref_template=_SCHEMA_REF + "{model}")  # type: ignore[arg-type]
    schemas: dict[str, _Json] = whole["$defs"]
    names = [kind.__name__ for kind in envelopes]
    schemas[_ATTRIBUTES] = _attribute_headers(schemas[names[0]])
    return schemas, {schemas[name]["properties"]["type"]["const"]: name for name in names}


def _attribute_headers(envelope: _Json) -> _Json:
    """Headers of an event in binary mode, but for its type: one per attribute, and the media type of the value."""
    attributes = dict(envelope["properties"])
    media_type = attributes.pop("datacontenttype")
    own = [name for name in attributes if name not in {"type", "data"}]
    return {
        "type": "object",
        "description": "Context attributes of a CloudEvent in binary mode; texts are UTF-8",
        "properties": {
            **{f"ce_{name}": attributes[name] for name in own},
            "content-type": media_type,
        },
        "required": [f"ce_{name}" for name in own],
    }


def _channels(
    topics: Topics, schemas: Mapping[str, _Json], event_types: Mapping[str, str]
) -> tuple[_Channel, ...]:
    project = {"type": "string", "description": "Project id; `clock` for ticks"}
    fingerprint = {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "Fingerprint of the alert"}
    source = {"type": "string", "description": "Source of the refused record, empty where it cannot be read"}
    return (
        _Channel(
            "events",
            topics.events,
            "Statements about projects, and ticks of clocks. Open to every producer. Kept for ever",
            project,
            _TOPIC,
            {
                name: message
                for kind, schema in event_types.items()
                for name, message in _in_both_modes(kind, schema, schemas[schema])
            },
        ),
        _Channel(
            "kpis",
            topics.kpis,
            "One record per project and evaluation, on the partition of its cause. After thirty days only the newest of a project stays; the store has them all",
            project,
            _COMPACTED,
            {_KPI_TYPE: _message(_KPI_TYPE, _ref("KpiEvaluated"), _summary(schemas["KpiEvaluated"]))},
        ),
        _Channel(
            "alerts",
            topics.alerts,
            "Every transition of every alert, on the partition of its cause. Kept for ever",
            fingerprint,
            _TOPIC,
            {kind: _transition(kind) for kind in schemas["AlertTransition"]["properties"]["type"]["enum"]},
        ),
        _Channel(
            "rejected",
            topics.rejected,
            "Records that are wrong in themselves, with the reason and their bytes. Kept for ever",
            source,
            _TOPIC,
            {
                "milepost.rejected": _message(
                    "milepost.rejected", _ref("Rejection"), _summary(schemas["Rejection"]), _JSON
                )
            },
        ),
    )


def _ref(schema: str) -> _Json:
    return {"$ref": _SCHEMA_REF + schema}


def _summary(schema: _Json) -> str:
    return str(schema["description"]).splitlines()[0]


def _message(name: str, payload: _Json, summary: str, content_type: str = _STRUCTURED) -> _Json:
    return {"name": name, "summary": summary, "contentType": content_type, "payload": payload}


def _in_both_modes(kind: str, schema: str, envelope: _Json) -> list[tuple[str, _Json]]:
    """An event type in structured and in binary content mode."""
    structured = _message(kind, _ref(schema), _summary(envelope))
    binary = _message(
        kind, envelope["properties"]["data"], f"{_summary(envelope)} (binary content mode)", _JSON
    )
    return [(kind, structured), (f"{kind}.binary", {**binary, "headers": _binary_headers(kind)})]


def _binary_headers(kind: str) -> _Json:
    own = {"type": "object", "properties": {"ce_type": {"const": kind}}, "required": ["ce_type"]}
    return {"allOf": [_ref(_ATTRIBUTES), own]}


def _transition(kind: str) -> _Json:
    of_kind = {"type": "object", "properties": {"type": {"const": kind}}}
    state = kind.split(".")[2]
    return _message(kind, {"allOf": [_ref("AlertTransition"), of_kind]}, f"An alert became {state}.")


def _channel(channel: _Channel, partitions: int) -> _Json:
    binding = {
        "topic": channel.address,
        "partitions": partitions,
        "topicConfiguration": dict(channel.configuration),
        "bindingVersion": _BINDING,
    }
    return {
        "address": channel.address,
        "description": channel.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages},
        "bindings": {"kafka": binding},
    }


def _messages(channels: Sequence[_Channel]) -> _Json:
    return {
        name: {**message, "bindings": {"kafka": {"key": channel.key, "bindingVersion": _BINDING}}}
        for channel in channels
        for name, message in channel.messages.items()
    }


def _operations(topics: Topics, channels: Sequence[_Channel]) -> _Json:
    """What Milepost itself does: it receives events and sends the rest; of events it sends ticks and catalogs' plans too."""
    group = {"type": "string", "const": topics.worker_group}
    receives = {"bindings": {"kafka": {"groupId": group, "bindingVersion": _BINDING}}}
    sends = {
        f"send_{channel.name}": _operation("send", channel.name, f"Publishes to {channel.address}")
        for channel in channels
    }
    received = _operation("receive", "events", "Workers fold what anyone has published")
    return {"receive_events": {**received, **receives}, **sends}


def _operation(action: str, channel: str, summary: str) -> _Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
