import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from milepost.render import write_csv, write_json, write_table

COLUMNS = ["id", "name", "value", "day", "at", "data"]
TYPES = ["VARCHAR", "VARCHAR", "DOUBLE", "DATE", "TIMESTAMP WITH TIME ZONE", "JSON"]
SHANGHAI = timezone(timedelta(hours=8))
ROW = [
    "洛阳",
    'say "hi", 你好',
    0.1 + 0.2,
    date(2024, 2, 17),
    datetime(2024, 2, 17, 8, tzinfo=SHANGHAI),
    '{"b":1,"a":[2]}',
]


def as_json(columns: list[str], rows: list[list[object]], types: list[str] | None = None) -> str:
    out = io.StringIO()
    write_json(out, columns, rows, types or [])
    return out.getvalue()


def as_csv(columns: list[str], rows: list[list[object]]) -> str:
    out = io.StringIO()
    write_csv(out, columns, rows)
    return out.getvalue()


def as_table(columns: list[str], rows: list[list[object]]) -> str:
    out = io.StringIO()
    write_table(out, columns, rows)
    return out.getvalue()


def test_json_is_one_array_of_objects_with_keys_in_column_order() -> None:
    found = json.loads(as_json(COLUMNS, [ROW], TYPES), object_pairs_hook=list)
    assert [name for name, _ in found[0]] == COLUMNS


def test_json_nests_json_columns_and_leaves_text_unescaped() -> None:
    text = as_json(COLUMNS, [ROW], TYPES)
    assert json.loads(text)[0]["data"] == {"b": 1, "a": [2]}
    assert "洛阳" in text


def test_json_gives_days_instants_and_every_digit() -> None:
    found = json.loads(as_json(COLUMNS, [ROW], TYPES))[0]
    assert found["day"] == "2024-02-17"
    assert found["at"] == "2024-02-17T08:00:00+08:00"
    assert found["value"] == 0.30000000000000004


def test_json_of_no_rows_is_an_empty_array() -> None:
    assert json.loads(as_json(COLUMNS, [])) == []


def test_json_keeps_all_digits_of_decimals_and_large_integers() -> None:
    text = as_json(["d", "i"], [[Decimal("12345678901234567890.123456789012"), 2**100]])
    assert "12345678901234567890.123456789012" in text
    assert str(2**100) in text


def test_json_has_null_for_null_also_in_a_json_column_and_texts_for_numbers_that_json_lacks() -> None:
    found = json.loads(
        as_json(["a", "b", "c"], [[None, float("nan"), float("-inf")]], ["JSON", "DOUBLE", "DOUBLE"])
    )
    assert found == [{"a": None, "b": "NaN", "c": "-Infinity"}]


def test_json_nests_lists_and_structs() -> None:
    found = json.loads(as_json(["v"], [[{"days": [date(2024, 1, 1)], "ok": True, "half": Decimal("0.5")}]]))
    assert found == [{"v": {"days": ["2024-01-01"], "ok": True, "half": 0.5}}]


def test_json_escapes_what_json_must_escape() -> None:
    assert json.loads(as_json(['a"b'], [["line\nbreak\x01"]])) == [{'a"b': "line\nbreak\x01"}]


def test_csv_quotes_what_rfc_4180_says_and_ends_lines_with_crlf() -> None:
    assert as_csv(["a", "b"], [['say "hi"', "x,y"]]) == 'a,b\r\n"say ""hi""","x,y"\r\n'


def test_csv_tells_null_from_an_empty_text() -> None:
    assert as_csv(["a", "b"], [[None, ""]]) == 'a,b\r\n,""\r\n'


def test_csv_writes_true_as_true_and_utc_with_its_offset() -> None:
    assert as_csv(["a", "b"], [[True, datetime(2024, 1, 1, tzinfo=UTC)]]).endswith(
        "true,2024-01-01T00:00:00+00:00\r\n"
    )


def test_a_table_cuts_nothing_where_there_is_no_terminal() -> None:
    assert "x" * 500 in as_table(["long"], [["x" * 500]])


def test_a_table_takes_wide_characters_for_what_they_are() -> None:
    lines = as_table(["名称", "n"], [["原油储备", 1], ["ab", 22]]).splitlines()
    body = [line for line in lines if "原" in line or "ab" in line]
    columns = [len(line.encode("gbk", "replace")) for line in body]
    assert columns[0] == columns[1]


def test_a_table_spells_out_control_characters_and_reads_no_markup() -> None:
    text = as_table(["v"], [["\x1b[31mred\x07 [bold]b[/bold]\n"]])
    assert "\\x1b[31mred\\x07 [bold]b[/bold]\\n" in text
