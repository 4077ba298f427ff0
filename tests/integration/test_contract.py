"""`milepost contract`: the AsyncAPI document is valid and says what Milepost accepts. Judges: the official parser, Ajv, the codec."""

import json
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from eventlog.embedded import EmbeddedLog
from schemas.acceptance import accept
from schemas.events import DATA_TYPES
from schemas.rejections import Rejected
from tests.builders import RECORDED_AT_US, ZONE
from tests.cli import ROOT, Milepost
from tests.kafka_broker import Broker
from tests.lives import TOPICS, records_of_topic
from tests.outside_tools import needs, program

JUDGE = ROOT / "tests" / "asyncapi"
GOLDEN = ROOT / "tests" / "golden"
SECONDS_MAX = 60
Record = dict[str, Any]


@pytest.fixture
def document(milepost: Milepost, tmp_path: Path) -> Path:
    assert milepost("contract", tmp_path / "types").returncode == 0
    return tmp_path / "types" / "asyncapi.json"


def read(document: Path) -> Record:
    content: Record = json.loads(document.read_text(encoding="utf-8"))
    return content


def judged(document: Path, records: Iterable[Record] = ()) -> Record:
    """What the official parser finds wrong with a document, and which records its schemas accept."""
    node = program("node", "install Node.js 20 with npm, then `make test` fetches the AsyncAPI parser")
    needs(
        (JUDGE / "node_modules" / "@asyncapi" / "parser").is_dir(),
        "the AsyncAPI parser is not installed (`make test` does it)",
    )
    done = subprocess.run(
        [node, JUDGE / "judge.mjs", document], input=json.dumps(list(records)), cwd=JUDGE,
        capture_output=True, text=True, timeout=SECONDS_MAX, check=True,
    )  # fmt: skip
    answer: Record = json.loads(done.stdout)
    return answer


def in_structured_mode(event: Record) -> Record:
    return {"message": event["type"], "headers": {}, "payload": event}


def in_binary_mode(event: Record) -> Record:
    headers = {f"ce_{name}": text for name, text in event.items() if name not in {"data", "datacontenttype"}}
    media_type = {"content-type": event["datacontenttype"]} if "datacontenttype" in event else {}
    message = f"{event['type']}.binary"
    return {"message": message, "headers": {**headers, **media_type}, "payload": event["data"]}


def taken(record: Record) -> bool:
    """Whether the product takes a record."""
    headers = tuple((name, str(text).encode()) for name, text in record["headers"].items())
    try:
        accept(json.dumps(record["payload"]).encode(), headers, RECORDED_AT_US, ZONE)
    except Rejected:
        return False
    return True


def golden_events() -> list[Record]:
    return [read(path) for path in sorted(GOLDEN.glob("*.json"))]


def without(record: Record, name: str) -> Record:
    return {key: content for key, content in record.items() if key != name}


def damaged(event: Record) -> list[Record]:
    """An event with one thing wrong each time, in both modes where both can say it."""
    wrong = [
        {**event, "specversion": "0.3"},
        {**event, "id": ""},
        {**event, "subject": "a/b"},
        {**event, "data": {**event["data"], "note": 7}},
        without(event, "source"),
    ]
    return [mode(each) for each in wrong for mode in (in_structured_mode, in_binary_mode)]


def test_the_document_of_the_topics_is_valid(document: Path) -> None:
    assert judged(document)["problems"] == []


def test_the_parser_would_see_a_mistake(document: Path, tmp_path: Path) -> None:
    content = read(document)
    content["operations"]["receive_events"]["channel"]["$ref"] = "#/channels/nowhere"
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(content), encoding="utf-8")
    assert judged(broken)["problems"]


def test_the_document_accepts_what_milepost_accepts_in_both_content_modes(document: Path) -> None:
    records = [mode(event) for event in golden_events() for mode in (in_structured_mode, in_binary_mode)]
    assert [record["message"] for record in records if not taken(record)] == []
    assert judged(document, records)["verdicts"] == [True] * 2 * len(DATA_TYPES)


def test_the_document_refuses_what_milepost_refuses(document: Path) -> None:
    records = [record for event in golden_events() for record in damaged(event)]
    assert [record["message"] for record in records if taken(record)] == []
    assert judged(document, records)["verdicts"] == [False] * len(records)


def published(log: EmbeddedLog) -> list[Record]:
    """What stands on the topics that workers write, each with the message that it is."""
    outputs = (TOPICS.kpis, TOPICS.alerts, TOPICS.rejected)
    values = (record.value or b"" for topic in outputs for record in records_of_topic(log, topic))
    contents: list[Record] = [json.loads(value) for value in values]
    return [
        {"message": content.get("type", "milepost.rejected"), "headers": {}, "payload": content}
        for content in contents
    ]


def test_the_document_describes_what_a_worker_publishes(milepost: Milepost, document: Path) -> None:
    assert milepost("simulate", "battery-foil", "--corrupt", 0.02).returncode == 0
    assert milepost("run", "--drain").returncode == 0
    with closing(EmbeddedLog.open_existing(milepost.home / "log.db")) as log:
        records = published(log)
    assert {record["message"].split(".")[1] for record in records} == {"kpi", "alert", "rejected"}
    assert judged(document, records)["verdicts"] == [True] * len(records)


def test_the_document_says_how_to_be_let_in_but_no_secrets(milepost: Milepost, tmp_path: Path) -> None:
    how = (
        "--kafka-security-protocol",
        "SASL_SSL",
        "--kafka-sasl-username",
        "u-17",
        "--kafka-sasl-password",
        "s-18",
    )
    made = milepost("contract", tmp_path / "types", "--log", "kafka://broker.example", *how)
    assert made.returncode == 0
    document = tmp_path / "types" / "asyncapi.json"
    (server,) = read(document)["servers"].values()
    assert (server["host"], server["protocol"]) == ("broker.example:9092", "kafka-secure")
    assert server["security"] == [{"type": "scramSha512"}]
    assert not {"u-17", "s-18"} & set(document.read_text(encoding="utf-8").split('"'))
    assert judged(document)["problems"] == []


def test_the_document_says_how_a_broker_keeps_the_topics(
    milepost: Milepost, broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    where = ("--log", broker.url, "--topic-prefix", topic_prefix, "--partitions", 3)
    assert milepost("contract", tmp_path / "types", *where).returncode == 0
    published = milepost("simulate", "plant-restart", *where)
    assert published.returncode == 0, published.stderr
    bindings = [
        channel["bindings"]["kafka"]
        for channel in read(tmp_path / "types" / "asyncapi.json")["channels"].values()
    ]
    with broker.admin() as admin:
        made = {
            each["name"]: len(each["partitions"])
            for each in admin.describe_topics([b["topic"] for b in bindings])
        }
        asked = [ConfigResource(ConfigResourceType.TOPIC, each["topic"]) for each in bindings]
        kept = admin.describe_configs(asked, config_filter="all")["topic"]
    assert made == {each["topic"]: each["partitions"] for each in bindings}
    for each in bindings:
        said = {name: as_set(value) for name, value in each["topicConfiguration"].items()}
        assert said == {name: kept[each["topic"]][name]["value"] for name in said}


def as_set(value: Any) -> str:
    """A value of the document as Kafka's settings have it."""
    return ",".join(value) if isinstance(value, list) else str(value)


def test_a_log_that_names_no_broker_is_refused(milepost: Milepost, tmp_path: Path) -> None:
    refused = milepost("contract", tmp_path / "types", "--log", "kafka://")
    assert refused.returncode == 2
    assert "MILEPOST_LOG" in refused.stderr


def test_the_topics_stand_under_the_prefix_with_what_travels_on_them(
    milepost: Milepost, tmp_path: Path
) -> None:
    folder = tmp_path / "types"
    made = milepost(
        "contract", folder, "--topic-prefix", "works", "--partitions", 3, "--log", "kafka://a:9092,b:9093"
    )
    assert made.returncode == 0
    content = read(folder / "asyncapi.json")
    channels = content["channels"]
    assert {name: channel["address"] for name, channel in channels.items()} == {
        "events": "works.events", "kpis": "works.kpis", "alerts": "works.alerts", "rejected": "works.rejected",
    }  # fmt: skip
    assert {channel["bindings"]["kafka"]["partitions"] for channel in channels.values()} == {3}
    assert [server["host"] for server in content["servers"].values()] == ["a:9092", "b:9093"]
    both_modes = {name for kind in DATA_TYPES for name in (kind, f"{kind}.binary")}
    assert set(channels["events"]["messages"]) == both_modes
    assert set(channels["alerts"]["messages"]) == {
        f"milepost.alert.{state}.v1" for state in ("pending", "firing", "resolved", "inactive")
    }
