"""What is an event and what is refused, with the reason and a detail that names the field."""

import json
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from eventlog.log import Headers
from schemas.acceptance import accept
from schemas.codec import SIZE_MAX_BYTES
from schemas.envelope import data_text
from schemas.events import DATA_TYPES
from schemas.json_schema import json_schemas
from schemas.periods import duration_days
from schemas.quantities import to_micro
from schemas.rejections import Reason, Rejected, rejection_of

ZONE = ZoneInfo("Asia/Shanghai")
RECORDED_AT_US = 1_800_000_000 * 10**6
GOLDEN = Path(__file__).parents[1] / "golden"


def event(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:plant:a",
        "type": "milepost.production.reported.v1",
        "subject": "foil-1",
        "time": "2024-02-17T20:00:00+08:00",
        "datacontenttype": "application/json",
        "data": {
            "line": "L1",
            "period_start": "2024-02-17",
            "period_end": "2024-02-17",
            "quantity": 412.5,
            "unit": "t",
        },
    }
    data = changes.pop("data", {})
    made.update(changes)
    if isinstance(data, dict) and data.get("replace"):
        made["data"] = data["replace"]
    elif isinstance(data, dict):
        made["data"] = {
            name: value for name, value in {**made["data"], **data}.items() if value != "<absent>"
        }
    else:
        made["data"] = data
    return {name: value for name, value in made.items() if value != "<absent>"}


def raw_of(**changes: Any) -> bytes:
    return json.dumps(event(**changes), ensure_ascii=False).encode("utf-8", "surrogatepass")


def nested(levels: int) -> bytes:
    """An event of so many levels; the envelope and its data are two."""
    return raw_of(data={"x": json.loads("[" * (levels - 2) + "]" * (levels - 2))})


def refusal(raw: bytes | None, headers: Headers = ()) -> Rejected:
    with pytest.raises(Rejected) as caught:
        accept(raw, headers, RECORDED_AT_US, ZONE)
    return caught.value


@pytest.mark.parametrize("name", sorted(DATA_TYPES))
def test_golden_events_of_every_published_type_are_accepted_byte_for_byte(name: str) -> None:
    raw = (GOLDEN / f"{name}.json").read_bytes()
    accepted = accept(raw, (), RECORDED_AT_US, ZONE)
    assert accepted["type"] == name
    assert accepted["source"] == "urn:golden:演示"
    assert json.loads(data_text(raw)) == json.loads(raw)["data"]
    assert data_text(raw) in raw


REFUSED: list[tuple[str, bytes, Reason, str]] = [
    ("empty", b"", Reason.NOT_JSON, "JSON"),
    ("not json", b"hello", Reason.NOT_JSON, "JSON"),
    ("cut off", raw_of()[:-5], Reason.NOT_JSON, "JSON"),
    ("an array", b"[1, 2]", Reason.NOT_CLOUDEVENT, "CloudEvent"),
    ("another object", b'{"a": 1}', Reason.NOT_CLOUDEVENT, "CloudEvent"),
    ("broken utf-8", raw_of().replace(b"foil-1", b"foil\xff1"), Reason.NOT_UTF8, "UTF-8"),
    ("surrogate in utf-8", raw_of(id="x").replace(b'"x"', b'"\xed\xa0\x80"'), Reason.NOT_UTF8, "UTF-8"),
    ("lone surrogate", raw_of(id="x").replace(b'"x"', b'"\\ud800x"'), Reason.INVALID_TEXT, "surrogate"),
    ("bom in front", b"\xef\xbb\xbf" + raw_of(), Reason.NOT_JSON, "byte order mark"),
    (
        "bom in the middle",
        raw_of().replace(b', "id"', b',\xef\xbb\xbf "id"'),
        Reason.NOT_JSON,
        "byte order mark",
    ),
    ("bom in a text", raw_of(id="a\ufeffb"), Reason.NOT_JSON, "byte order mark"),
    ("nul byte", raw_of().replace(b"L1", b"L\x001"), Reason.NOT_JSON, "NUL"),
    ("nul escape in an id", raw_of(id="a\x00"), Reason.INVALID_TEXT, "id"),
    ("nul escape in a note", raw_of(data={"note": "a\x00"}), Reason.INVALID_TEXT, "NUL"),
    ("text for a number", raw_of(data={"quantity": "12"}), Reason.WRONG_TYPE, "data.quantity"),
    ("true for a number", raw_of(data={"quantity": True}), Reason.WRONG_TYPE, "data.quantity"),
    ("number for a text", raw_of(data={"unit": 5}), Reason.WRONG_TYPE, "data.unit"),
    ("nan", raw_of(data={"quantity": float("nan")}), Reason.OUT_OF_RANGE, "data.quantity"),
    ("nan where nobody reads", raw_of(data={"x": float("nan")}), Reason.NOT_JSON, "NaN"),
    ("infinity", raw_of(data={"quantity": float("inf")}), Reason.OUT_OF_RANGE, "data.quantity"),
    ("beyond double", raw_of().replace(b"412.5", b"1e999"), Reason.OUT_OF_RANGE, "data.quantity"),
    ("beyond double, whole", raw_of().replace(b"412.5", b"9" * 400), Reason.OUT_OF_RANGE, "data.quantity"),
    (
        "beyond double where nobody reads",
        raw_of(data={"x": 0}).replace(b": 0", b": 1e400"),
        Reason.OUT_OF_RANGE,
        "1e400",
    ),
    (
        "beyond double where nobody reads, whole",
        raw_of(x=0).replace(b": 0", b": [" + b"9" * 5000 + b"]"),
        Reason.OUT_OF_RANGE,
        "beyond the range",
    ),
    ("negative", raw_of(data={"quantity": -1}), Reason.OUT_OF_RANGE, "data.quantity"),
    ("no zone", raw_of(time="2024-02-17T20:00:00"), Reason.WRONG_TYPE, "time"),
    ("not a time", raw_of(time="yesterday"), Reason.WRONG_TYPE, "time"),
    ("digits for a time", raw_of(time="1708171200000"), Reason.WRONG_TYPE, "RFC 3339"),
    ("hour 24", raw_of(time="2024-02-17T24:00:00Z"), Reason.WRONG_TYPE, "hours 00–23"),
    ("a leap second", raw_of(time="2024-02-17T23:59:60Z"), Reason.WRONG_TYPE, "seconds 00–59"),
    ("an offset without colon", raw_of(time="2024-02-17T20:00:00+0800"), Reason.WRONG_TYPE, "offset"),
    ("a time before 1970", raw_of(time="1969-12-31T23:59:59Z"), Reason.OUT_OF_RANGE, "time"),
    ("a time after 2200", raw_of(time="2201-01-01T00:00:00Z"), Reason.OUT_OF_RANGE, "time"),
    ("digits for a day", raw_of(data={"period_end": "1708128000"}), Reason.WRONG_TYPE, "data.period_end"),
    ("a time for a day", raw_of(data={"period_end": "2024-02-17T00:00:00"}), Reason.WRONG_TYPE, "YYYY-MM-DD"),
    ("a number for a day", raw_of(data={"period_end": 20240217}), Reason.WRONG_TYPE, "data.period_end"),
    (
        "an instant without zone",
        raw_of(
            type="milepost.reading.taken.v1", data={"series": "s", "at": "2024-02-17T12:00:00", "value": 1}
        ),
        Reason.WRONG_TYPE,
        "data.at",
    ),
    ("a time in the future", raw_of(time="2100-01-01T00:00:00Z"), Reason.TIME_IN_FUTURE, "time"),
    (
        "a day in the future",
        raw_of(data={"period_end": "2024-02-19"}),
        Reason.DAY_AFTER_TIME,
        "data.period_end",
    ),
    (
        "a day before 1970",
        raw_of(data={"period_start": "1969-12-31"}),
        Reason.OUT_OF_RANGE,
        "data.period_start",
    ),
    ("a day after 2200", raw_of(data={"period_end": "2201-01-01"}), Reason.OUT_OF_RANGE, "data.period_end"),
    ("no such day", raw_of(data={"period_end": "2024-02-30"}), Reason.WRONG_TYPE, "a day of the calendar"),
    ("backwards", raw_of(data={"period_end": "2024-02-16"}), Reason.INVALID_VALUE, "data.period_end"),
    ("unknown type", raw_of(type="milepost.production.reported.v9"), Reason.UNKNOWN_TYPE, "type"),
    ("old specversion", raw_of(specversion="0.3"), Reason.NOT_CLOUDEVENT, "specversion"),
    ("missing attribute", raw_of(source="<absent>"), Reason.NOT_CLOUDEVENT, "source"),
    ("missing data", raw_of().replace(b'"data"', b'"date"'), Reason.NOT_CLOUDEVENT, "data"),
    ("missing field", raw_of(data={"quantity": "<absent>"}), Reason.MISSING_FIELD, "data.quantity"),
    (
        "duplicate key",
        raw_of().replace(b'"id": "e-1"', b'"id": "e-1", "id": "e-2"'),
        Reason.DUPLICATE_KEY,
        "'id'",
    ),
    (
        "duplicate key, spaced",
        raw_of().replace(b'"id": "e-1"', b'"id" : "e-1", "id": "e-2"'),
        Reason.DUPLICATE_KEY,
        "'id'",
    ),
    (
        "duplicate key, spelled otherwise",
        raw_of().replace(b'"line": "L1"', b'"line": "L1", "\\u006cine": "L2"'),
        Reason.DUPLICATE_KEY,
        "'line'",
    ),
    (
        "duplicate key where nobody reads",
        raw_of(x={}).replace(b"{}", b'{"a": 1, "a": 2}'),
        Reason.DUPLICATE_KEY,
        "'a'",
    ),
    (
        "duplicate key in data",
        raw_of().replace(b'"line": "L1"', b'"line": "L1", "line": "L2"'),
        Reason.DUPLICATE_KEY,
        "'line'",
    ),
    ("10 MB text", raw_of(data={"note": "x" * 10_000_000}), Reason.TOO_LARGE, str(SIZE_MAX_BYTES)),
    ("long text", raw_of(data={"note": "x" * 10_001}), Reason.INVALID_TEXT, "data.note"),
    ("long id", raw_of(id="x" * 201), Reason.INVALID_TEXT, "id"),
    ("no data", raw_of(data=None), Reason.WRONG_TYPE, "data"),
    ("another media type", raw_of(datacontenttype="text/plain"), Reason.INVALID_TEXT, "application/json"),
    ("revision beyond 64 bits", raw_of(data={"revision": 2**63}), Reason.OUT_OF_RANGE, "data.revision"),
    ("revision as a text", raw_of(data={"revision": "1"}), Reason.WRONG_TYPE, "data.revision"),
    ("65 deep", nested(65), Reason.TOO_DEEP, "64"),
    ("deep", raw_of(data={"x": json.loads("[" * 70 + "]" * 70)}), Reason.TOO_DEEP, "64"),
    ("very deep", b"[" * 100_000 + b"]" * 100_000, Reason.TOO_DEEP, "64"),
    ("control character in an id", raw_of(id="a\x1bb"), Reason.INVALID_TEXT, "id"),
    ("leading space in an id", raw_of(subject=" foil"), Reason.INVALID_TEXT, "subject"),
    ("slash in a project id", raw_of(subject="a/b"), Reason.INVALID_TEXT, "subject"),
    ("clock as a project", raw_of(subject="clock"), Reason.INVALID_VALUE, "subject"),
    (
        "percent over 100",
        raw_of(
            type="milepost.milestone.reported.v1",
            data={"milestone": "m", "as_of": "2024-02-17", "percent_complete": 104},
        ),
        Reason.OUT_OF_RANGE,
        "data.percent_complete",
    ),
    (
        "finished in the future",
        raw_of(
            type="milepost.milestone.reported.v1",
            data={"milestone": "m", "as_of": "2024-02-16", "actual_finish": "2024-02-17"},
        ),
        Reason.INVALID_VALUE,
        "data.actual_finish",
    ),
    (
        "tick that closes tomorrow",
        raw_of(
            type="milepost.clock.ticked.v1",
            subject="clock",
            data={"replace": {"at": "2024-02-17T20:00:00+08:00", "closes": "2024-02-18"}},
        ),
        Reason.INVALID_VALUE,
        "data.closes",
    ),
    (
        "retraction without its key",
        raw_of(
            type="milepost.statement.retracted.v1",
            data={"replace": {"type": "milepost.work.reported.v1", "item": "w"}},
        ),
        Reason.MISSING_FIELD,
        "data.as_of",
    ),
]


@pytest.mark.parametrize(
    ("raw", "reason", "named"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_bad_record_is_refused_with_a_reason_and_the_field(raw: bytes, reason: Reason, named: str) -> None:
    refused = refusal(raw)
    assert refused.reason == reason
    assert named in refused.detail


BASELINES: list[tuple[dict[str, Any], str]] = [
    ({"finish": "2023-12-31"}, "data.finish"),
    ({"parent": "foil-1"}, "data.parent"),
    ({"planned_value": [{"date": "2024-01-01", "value": 1}]}, "data.planned_value[0].value"),
    ({"planned_value": [{"date": "2023-01-01", "value": 0}]}, "data.planned_value[0].date"),
    (
        {"planned_value": [{"date": "2024-02-01", "value": 5}, {"date": "2024-03-01", "value": 4}]},
        "data.planned_value[1].value",
    ),
    (
        {"planned_value": [{"date": "2024-03-01", "value": 5}, {"date": "2024-02-01", "value": 6}]},
        "data.planned_value[1].date",
    ),
    (
        {"milestones": [{"id": "a", "start": "2024-02-02", "finish": "2024-02-01"}]},
        "data.milestones[0].finish",
    ),
    ({"milestones": [{"id": "a"}, {"id": "a"}]}, "data.milestones[1].id"),
    ({"work_items": [{"id": "a", "weight": 0}, {"id": "b", "weight": 0}]}, "data.work_items[0].weight"),
    ({"milestones": [{"id": "a", "weight": 1e-13}, {"id": "b", "weight": 0}]}, "data.milestones[0].weight"),
    ({"lines": [{"id": "a"}, {"id": "a"}]}, "data.lines[1].id"),
    ({"lines": [{"id": "a", "plan": [{"period": "2024-13", "value": 1}]}]}, "data.lines[0].plan[0].period"),
    (
        {"lines": [{"id": "a", "plan": [{"period": "2024-02-02/2024-02-01", "value": 1}]}]},
        "data.lines[0].plan[0].period",
    ),
    ({"lines": [{"id": "a", "plan": [{"period": "1969", "value": 1}]}]}, "data.lines[0].plan[0].period"),
    ({"lines": [{"id": "a", "plan": [{"period": "2201-01", "value": 1}]}]}, "data.lines[0].plan[0].period"),
    ({"series": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}, "data.series[2].id"),
    ({"work_items": [{"id": "a"}, {"id": "a"}]}, "data.work_items[1].id"),
    ({"campaign": {"districts": [{"id": "d"}, {"id": "d"}]}}, "data.campaign.districts[1].id"),
    (
        {"annual_plan": [{"year": 2024, "investment": 1}, {"year": 2024, "investment": 2}]},
        "data.annual_plan[1].year",
    ),
    (
        {
            "restart": {
                "previous": {
                    "holiday_end": "2023-01-27",
                    "rates": [{"day": 1, "rate": 5}, {"day": 1, "rate": 6}],
                }
            }
        },
        "data.restart.previous.rates[1].day",
    ),
    ({"report_every": "P"}, "data.report_every"),
    ({"report_every": "PT0S"}, "data.report_every"),
]


@pytest.mark.parametrize(("change", "field"), BASELINES)
def test_a_plan_that_contradicts_itself_is_refused_with_the_field(change: dict[str, Any], field: str) -> None:
    plan = {"baseline": 1, "name": "Foil", "start": "2024-01-01", **change}
    refused = refusal(raw_of(type="milepost.project.baselined.v1", data={"replace": plan}))
    assert refused.reason == Reason.INVALID_VALUE
    assert refused.detail.startswith(field)


@pytest.mark.parametrize("better", ["higher", "lower", "band", None])
def test_a_series_may_be_good_upwards_downwards_or_within_a_band(better: str | None) -> None:
    plan = {"baseline": 1, "name": "Foil", "start": "2024-01-01", "series": [{"id": "pH", "better": better}]}
    raw = raw_of(type="milepost.project.baselined.v1", data={"replace": plan})
    assert accept(raw, (), RECORDED_AT_US, ZONE)["data"]["series"] == [{"id": "pH", "better": better}]


@pytest.mark.parametrize(
    ("change", "field"), [({"region": "Henan"}, "data.region"), ({"lines": ["L1"]}, "data.lines[0]")]
)
def test_a_section_that_is_no_object_is_refused_with_the_field(change: dict[str, Any], field: str) -> None:
    plan = {"baseline": 1, "name": "Foil", "start": "2024-01-01", **change}
    refused = refusal(raw_of(type="milepost.project.baselined.v1", data={"replace": plan}))
    assert refused.reason == Reason.WRONG_TYPE
    assert refused.detail.startswith(field)


def test_a_record_without_value_is_refused() -> None:
    assert refusal(None).reason == Reason.NO_VALUE


def test_a_day_may_lie_one_day_after_the_day_of_the_time_in_the_business_calendar() -> None:
    late_evening_in_shanghai = raw_of(time="2024-02-17T23:30:00+08:00", data={"period_end": "2024-02-18"})
    assert accept(late_evening_in_shanghai, (), RECORDED_AT_US, ZONE)["data"]["quantity"] == 412.5
    still_the_17th_in_new_york = raw_of(time="2024-02-17T23:30:00-05:00", data={"period_end": "2024-02-19"})
    assert accept(still_the_17th_in_new_york, (), RECORDED_AT_US, ZONE)["id"] == "e-1"


def test_text_in_any_script_survives() -> None:
    for text in (
        "洛阳原油储备",
        "😀📷",
        "שלום עולם",
        "مرحبا",
        "'; DROP TABLE events; --",
        "../../etc/passwd",
    ):
        accepted = accept(raw_of(id=text, data={"note": text}), (), RECORDED_AT_US, ZONE)
        assert accepted["id"] == text
        assert accepted["data"]["note"] == text


def test_unknown_fields_are_let_through() -> None:
    raw = raw_of(traceparent="00-abc", data={"colour": {"deep": [1, 2, {"x": None}]}})
    assert accept(raw, (), RECORDED_AT_US, ZONE)["id"] == "e-1"
    assert b'"colour"' in data_text(raw)


def test_binary_mode_is_the_same_event() -> None:
    plain = event()
    data = json.dumps(plain.pop("data")).encode()
    plain.pop("datacontenttype")
    headers = [(f"ce_{name}", str(value).encode()) for name, value in plain.items()]
    headers.append(("content-type", b"application/json"))
    assert accept(data, tuple(headers), RECORDED_AT_US, ZONE) == accept(raw_of(), (), RECORDED_AT_US, ZONE)


def test_a_content_type_of_cloudevents_says_that_the_value_is_the_event() -> None:
    headers = (("ce_specversion", b"0.3"), ("content-type", b"application/cloudevents+json; charset=utf-8"))
    assert accept(raw_of(), headers, RECORDED_AT_US, ZONE)["id"] == "e-1"


def test_the_value_of_a_binary_mode_record_cannot_reach_into_its_attributes() -> None:
    plain = event(subject="foil-1")
    data = json.dumps(plain.pop("data")).encode()
    headers = tuple(
        (f"ce_{name}", str(value).encode()) for name, value in plain.items() if name != "datacontenttype"
    )
    for value, reason in (
        (data + b', "traceparent": {"a": 1}', Reason.NOT_JSON),
        (data[:-1], Reason.NOT_JSON),
        (b"", Reason.NOT_JSON),
        (data.replace(b"L1", b"\xff"), Reason.NOT_UTF8),
        (b"[" * 1000 + b"]" * 1000, Reason.TOO_DEEP),
    ):
        assert refusal(value, headers).reason == reason


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "x" * 200},
        {"id": "中" * 200},
        {"id": "😀" * 200},
        {"subject": "Clock"},
        {"data": {"line": "a/b"}},
        {"data": {"note": "中" * 10_000}},
        {"data": {"revision": 2**63 - 1}},
        {"data": {"revision": None}},
        {"data": {"revision": -1}},
        {"data": {"unit": "吨 (干)\t"}},
        {"data": {"quantity": 2**64}},
        {"data": {"quantity": -0.0}},
        {"datacontenttype": "Application/JSON; charset=utf-8"},
        {"datacontenttype": None},
        {"datacontenttype": "<absent>"},
        {"time": "2024-02-17t12:00:00z"},
        {"time": "2024-02-17T12:00:00.123456789Z"},
    ],
)
def test_what_lies_within_the_limits_is_accepted(changes: dict[str, Any]) -> None:
    assert accept(raw_of(**changes), (), RECORDED_AT_US, ZONE)["source"] == "urn:plant:a"


def test_an_event_of_exactly_one_mebibyte_and_of_64_levels_is_accepted() -> None:
    padding = SIZE_MAX_BYTES - len(raw_of(padding=""))
    whole = raw_of(padding="x" * padding)
    assert len(whole) == SIZE_MAX_BYTES
    assert accept(whole, (), RECORDED_AT_US, ZONE)["id"] == "e-1"
    assert refusal(whole + b" ").reason == Reason.TOO_LARGE
    assert accept(nested(64), (), RECORDED_AT_US, ZONE)["id"] == "e-1"


@pytest.mark.parametrize(
    ("text", "days"),
    [("P1D", 1), ("P2W", 14), ("P1M", 365 / 12), ("P1Y", 365), ("PT12H", 0.5), ("P1DT12H", 1.5)],
)
def test_reports_are_due_by_any_iso_8601_duration(text: str, days: float) -> None:
    plan = {"baseline": 1, "name": "Foil", "start": "2024-01-01", "report_every": text}
    raw = raw_of(type="milepost.project.baselined.v1", data={"replace": plan})
    assert accept(raw, (), RECORDED_AT_US, ZONE)["data"]["report_every"] == text
    assert float(duration_days(text)) == pytest.approx(days, rel=1e-15)


def test_published_patterns_are_read_by_other_engines_than_ours() -> None:
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(json_schemas()))
    assert len(patterns) > 20
    for pattern in patterns:
        re.compile(json.loads(pattern))


def test_the_text_of_data_is_found_wherever_it_stands() -> None:
    inner = b'{"a": "}{ \\"data\\":", "b": [1.50, {"data": {}}]}'
    assert data_text(b'{"id": "1", "data": ' + inner + b', "zz": {"data": 1}}') == inner
    assert data_text(b'{"data":{"q":1.50}}') == b'{"q":1.50}'


def test_a_rejection_keeps_the_bytes() -> None:
    refused = refusal(b"\xff\xfe")
    kept = rejection_of(refused, "milepost.events", 3, 17, b"\xff\xfe")
    assert (kept["raw"], kept["encoding"], kept["partition"], kept["offset"]) == ("//4=", "base64", 3, 17)
    assert rejection_of(refused, "f.jsonl", 0, 1, "错".encode())["raw"] == "错"


@pytest.mark.parametrize(
    ("text", "micro"),
    [
        ("9007199254740993", 9007199254740993 * 10**6),
        ("12345678901234.567891", 12345678901234567891),
        ("4503599627370497.25", 4503599627370497250000),
        ("1234567890123.0000005", 1234567890123 * 10**6),
        ("1234567890123.0000015", 1234567890123 * 10**6 + 2),
        ("123456789012345678901234", 123456789012345678901234 * 10**6),
        ("1.2345678901234567e12", 1234567890123456700),
        ("412.1", 412100000),
    ],
)
def test_large_numbers_are_taken_as_written(text: str, micro: int) -> None:
    number = accept(raw_of().replace(b"412.5", text.encode()), (), RECORDED_AT_US, ZONE)["data"]["quantity"]
    assert to_micro(number) == micro
    assert number == float(text)
    capacity = {"value": 0, "unit": "t", "per": "P1D"}
    plan = {
        "baseline": 1,
        "name": "Foil",
        "start": "2024-01-01",
        "lines": [{"id": "L", "capacity": capacity}],
    }
    raw = raw_of(type="milepost.project.baselined.v1", data={"replace": plan})
    accepted = accept(raw.replace(b'"value": 0', b'"value": ' + text.encode()), (), RECORDED_AT_US, ZONE)
    assert to_micro(accepted["data"]["lines"][0]["capacity"]["value"]) == micro
