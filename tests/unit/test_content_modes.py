"""Both content modes of CloudEvents on Kafka say the same: structured, and binary with `ce_` headers."""

import json
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import Headers, Record
from schemas.acceptance import accept
from schemas.codec import structured
from schemas.envelope import data_text
from schemas.rejections import Reason, Rejected, Rejection
from streams.core.partition import Output
from tests.builders import RECORDED_AT_US, ZONE, baseline, closing, milestone, tally, work
from tests.folds import TOPIC, new_partition

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.json"))
CAMPAIGN = {"campaign": {"total": 120, "unit": "处", "due": "2024-06-30"}}


def in_binary_mode(raw: bytes) -> tuple[bytes, Headers]:
    """The data as it stands in the structured form, and the attributes as headers."""
    attributes: dict[str, Any] = json.loads(raw)
    del attributes["data"]
    media_type = attributes.pop("datacontenttype", "application/json")
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    return data_text(raw), (*headers, ("content-type", media_type.encode()))


def told(rejection: Rejection) -> tuple[str, str, int]:
    return rejection["reason"], rejection["detail"], rejection["offset"]


def folded(values: list[tuple[bytes, Headers]]) -> Output:
    records = [
        Record(TOPIC, 0, offset, RECORDED_AT_US, b"p1", value, headers)
        for offset, (value, headers) in enumerate(values)
    ]
    return new_partition().fold(records)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_type_is_the_same_event_in_both_modes(path: Path) -> None:
    raw = path.read_bytes().strip()
    value, headers = in_binary_mode(raw)
    assert accept(value, headers, RECORDED_AT_US, ZONE) == accept(raw, (), RECORDED_AT_US, ZONE)
    assert data_text(structured(value, headers)) == data_text(raw)


def test_a_partition_makes_the_same_of_both_modes() -> None:
    events = [
        baseline(
            name="入河排污口 🚰 إصلاح",
            sections={**CAMPAIGN, "milestones": [{"id": "罐-1", "finish": "2024-02-01"}]},
        ),
        tally(3, 90, unit="处"),
        milestone("罐-1", 40, percent=50),
        tally(3, 91, unit="处", revision=2),
        tally(3, 90, unit="处"),
        work("w", 4, -1),
        closing(41),
    ]
    plain = folded([(raw, ()) for raw in events])
    binary = folded([in_binary_mode(raw) for raw in events])
    assert binary.kpis == plain.kpis
    assert binary.alerts == plain.alerts
    assert [told(rejection) for rejection in binary.rejections] == [
        told(rejection) for rejection in plain.rejections
    ]
    assert len(plain.kpis) == len(plain.rejections) == 1
    assert plain.alerts


def test_an_attribute_that_two_headers_give_is_refused_like_a_doubled_key() -> None:
    value, headers = in_binary_mode(tally(3, 90))
    for doubled in (("ce_id", b"another"), ("ce_id", dict(headers)["ce_id"]), ("ce_data", b"{}")):
        with pytest.raises(Rejected) as refused:
            accept(value, (*headers, doubled), RECORDED_AT_US, ZONE)
        assert refused.value.reason == Reason.DUPLICATE_KEY


def test_headers_that_are_not_of_cloudevents_change_nothing() -> None:
    value, headers = in_binary_mode(tally(3, 90))
    foreign = (("traceparent", b"00-1-2-01"), ("traceparent", b"\xff"), ("x", b""))
    with_them = accept(value, (*foreign, *headers), RECORDED_AT_US, ZONE)
    assert with_them == accept(value, headers, RECORDED_AT_US, ZONE)


def test_a_header_that_is_not_utf8_is_refused() -> None:
    value, headers = in_binary_mode(tally(3, 90))
    with pytest.raises(Rejected) as refused:
        accept(value, (*headers, ("ce_tag", b"\xff")), RECORDED_AT_US, ZONE)
    assert refused.value.reason == Reason.NOT_UTF8
