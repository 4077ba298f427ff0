"""Writes rows as a table, as JSON or as CSV. Knows nothing about where the rows come from."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["FORMATS", "JsonText", "json_text", "write_csv", "write_json", "write_rows", "write_table"]

FORMATS = ("table", "json", "csv")
_WIDTH_UNLIMITED = 100_000
"""Columns for output that goes to a file or a pipe, where nothing may be folded or cut."""


def write_rows(
    out: TextIO,
    output_format: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    types: Sequence[str] = (),
) -> None:
    """Write rows in the named format. `types` are SQL type names; `JSON` columns are nested, not quoted."""
    if output_format == "json":
        write_json(out, columns, rows, types)
    elif output_format == "csv":
        write_csv(out, columns, rows)
    else:
        write_table(out, columns, rows)


def write_json(
    out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]], types: Sequence[str] = ()
) -> None:
    """One array of objects, keys in column order. Decimals keep all their digits; NaN and infinity are texts."""
    names = [json.dumps(column, ensure_ascii=False) for column in columns]
    nested = [name == "JSON" for name in types] or [False] * len(names)
    separator = "["
    for row in rows:
        cells = zip(names, row, nested, strict=True)
        fields = (f"{name}: {_json_cell(value, raw=raw)}" for name, value, raw in cells)
        out.write(f"{separator}\n{{{', '.join(fields)}}}")
        separator = ","
    out.write("[]\n" if separator == "[" else "\n]\n")


def _json_cell(value: Any, *, raw: bool) -> str:
    return str(value) if raw and value is not None else json_text(value)


class JsonText(str):
    """A text that is JSON already and is written as it stands."""

    __slots__ = ()


def json_text(value: Any) -> str:
    """JSON of one value."""
    if isinstance(value, JsonText):
        return str(value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        fields = (
            f"{json.dumps(plain_text(key), ensure_ascii=False)}: {json_text(v)}" for key, v in value.items()
        )
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(json_text, value))}]"
    return json.dumps(plain_text(value), ensure_ascii=False)


def write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """RFC 4180 with a header. NULL is an empty field, an empty text a quoted one."""
    out.write(",".join(map(_csv_field, columns)) + "\r\n")
    out.writelines(",".join(map(_csv_field, row)) + "\r\n" for row in rows)


def _csv_field(value: Any) -> str:
    if value is None:
        return ""
    text = plain_text(value)
    if text and not any(mark in text for mark in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def write_table(
    out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None
) -> None:
    """A table for people; numbers stand right. In a pipe nothing is folded or cut."""
    body = list(rows)
    table = Table(title=title, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        right = any(isinstance(row[position], int | float | Decimal) for row in body)
        table.add_column(Text(column), justify="right" if right else "left", overflow="fold")
    for row in body:
        table.add_row(*(Text(_visible(value)) for value in row))
    console_for(out).print(table)


def console_for(out: TextIO) -> Console:
    """A console that takes the terminal's width, or no limit where there is no terminal."""
    width = None if out.isatty() else _WIDTH_UNLIMITED
    return Console(file=out, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def _visible(value: Any) -> str:
    """Text of a table cell; control characters are spelled out, so that data cannot steer the terminal."""
    if value is None:
        return ""
    text = plain_text(value)
    return text if text.isprintable() else "".join(map(_spelled, text))


def _spelled(character: str) -> str:
    control = not character.isprintable() and cell_len(character) < 1
    return character.encode("unicode_escape").decode("ascii") if control or ord(character) < 32 else character


def plain_text(value: Any) -> str:
    """One value as text: dates and times as RFC 3339, decimals without exponent, nested values as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping | list | tuple):
        return json_text(value)
    return _rare_text(value)


def _float_text(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _rare_text(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)
