"""Whether what the product published says the same as the oracle: history, rows now, findings, status dates.

It reads published records only, as any subscriber would. A difference is told by its row and its columns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from schemas.findings import Finding as ToldFinding
from schemas.kpi import KpiEvaluated, KpiValue
from tests.oracle import Outcome
from tests.oracle.findings import Finding
from tests.oracle.rows import Row

__all__ = ["COLUMNS", "Told", "differences", "read_records", "row_differences"]

KEY: Final = ("project_id", "kpi", "scope", "as_of", "known_at")
REST: Final = ("baseline", "value", "value_date", "numerator", "denominator", "unit", "reason")
COLUMNS: Final = (*KEY, *REST)
SHOWN_MAX: Final = 12


@dataclass
class Told:
    """What the KPI records of a log say; rows as the oracle writes them."""

    history: list[Row] = field(default_factory=list)
    history_original: list[Row] = field(default_factory=list)
    latest: dict[str, list[Row]] = field(default_factory=dict)
    latest_original: dict[str, list[Row]] = field(default_factory=dict)
    findings: dict[str, set[Finding]] = field(default_factory=dict)
    status_dates: dict[str, date | None] = field(default_factory=dict)
    newest: dict[str, list[Any]] = field(default_factory=dict)
    """Values and findings of the newest record of each project, word for word."""


def read_records(records: Iterable[KpiEvaluated]) -> Told:
    """Read KPI records in the order of their topic."""
    told = Told()
    for record in records:
        data = record["data"]
        project_id, as_of = data["project_id"], _day(data["as_of"])
        head = {"project_id": project_id, "as_of": as_of, "baseline": data["baseline"]}
        told.latest[project_id] = [_row(head, value) for value in data["values"]]
        told.latest_original[project_id] = _original(head, data, data)
        told.findings[project_id] = {_finding(said) for said in data["findings"]}
        told.status_dates[project_id] = as_of
        told.newest[project_id] = [data["values"], data.get("original"), data["findings"]]
        if data["cut"]:
            told.history += _history(record)
            told.history_original += _original_history(record)
    return told


def _original(head: Mapping[str, Any], told: Any, record: Any) -> list[Row]:
    """Rows against the first baseline, of a record or of one of its days."""
    if "original" not in told:
        return []
    said = told["original"]
    values = record["original"]["values"] if said["values"] is None else said["values"]
    return [_row({**head, "baseline": said["baseline"]}, value) for value in values]


def _original_history(record: KpiEvaluated) -> Iterable[Row]:
    data = record["data"]
    known_at = _instant(data["known_at"])
    for rows in data.get("history", ()):
        head = {"project_id": data["project_id"], "as_of": _day(rows["as_of"]), "known_at": known_at}
        yield from _original(head, rows, data)


def _history(record: KpiEvaluated) -> Iterable[Row]:
    data = record["data"]
    known_at = _instant(data["known_at"])
    for rows in data.get("history", ()):
        head = {"project_id": data["project_id"], "as_of": _day(rows["as_of"]), "known_at": known_at}
        for value in data["values"] if rows["values"] is None else rows["values"]:
            yield _row({**head, "baseline": rows["baseline"]}, value)


def _row(head: Mapping[str, Any], value: KpiValue) -> Row:
    return {
        **head,
        **value,
        "value_date": _day(value["value_date"]),
        "numerator": None if value["numerator"] is None else Decimal(value["numerator"]),
        "denominator": None if value["denominator"] is None else Decimal(value["denominator"]),
    }


def _finding(said: ToldFinding) -> Finding:
    since = None if said["since"] is None else _instant(said["since"])
    return Finding(said["finding"], said["scope"], _day(said["as_of"]), said["source"], said["id"], since)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _instant(text: str | None) -> datetime:
    assert text is not None
    return datetime.fromisoformat(text).astimezone(UTC)


# -- comparing -----------------------------------------------------------------------------------------------------


def differences(expected: Outcome, told: Told) -> list[str]:
    """Where the records contradict the oracle; empty when they agree. The log must end with a cut."""
    found = row_differences("history", expected.snapshots, told.history)
    found += row_differences("history, original", expected.snapshots_original, told.history_original)
    found += row_differences("latest", _undated(expected.latest), chain(*told.latest.values()))
    found += row_differences(
        "latest, original", _undated(expected.latest_original), chain(*told.latest_original.values())
    )
    found += _finding_differences(expected.findings, told.findings)
    for project_id, day in expected.status_dates.items():
        if told.status_dates.get(project_id) != day:
            found.append(
                f"status date of {project_id}: {day} expected, {told.status_dates.get(project_id)} told"
            )
    return found


def _undated(rows: Iterable[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "known_at"} for row in rows]


def row_differences(what: str, expected: Iterable[Row], told: Iterable[Row]) -> list[str]:
    """Rows that are missing, that should not be there, or that differ, each with the columns that differ."""
    wanted, told = list(expected), list(told)
    keyed, keyed_told = _keyed(wanted), _keyed(told)
    found = [f"{what}: {len(rows) - len(keys)} rows stand twice" for rows, keys in ((wanted, keyed), (told, keyed_told))
             if len(rows) != len(keys)]  # fmt: skip
    for key in sorted(keyed.keys() | keyed_told.keys(), key=repr):
        mine, its = keyed.get(key), keyed_told.get(key)
        if mine is None or its is None:
            found.append(
                f"{what}: {_shown(key)} {'should not be there' if mine is None else 'is missing'}: {mine or its}"
            )
        elif unequal := [name for name in COLUMNS if mine.get(name) != its.get(name)]:
            cells = ", ".join(f"{name} {mine.get(name)!s} ≠ {its.get(name)!s}" for name in unequal)
            found.append(f"{what}: {_shown(key)}: {cells}")
    return found


def _keyed(rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row.get(name) for name in KEY): row for row in rows}


def _shown(key: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in key)


def _finding_differences(expected: Mapping[str, set[Finding]], told: Mapping[str, set[Finding]]) -> list[str]:
    found = []
    for project_id, wanted in expected.items():
        said = told.get(project_id, set())
        found += [
            f"finding of {project_id} is missing: {finding}" for finding in sorted(wanted - said, key=repr)
        ]
        found += [
            f"finding of {project_id} should not be there: {finding}"
            for finding in sorted(said - wanted, key=repr)
        ]
    return found
