"""From the core's integers to the plain JSON types of the published records."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from schemas.findings import Finding
from schemas.kpi import KpiData, KpiEvaluated, KpiHistory, KpiValue, Position, RuleSetRef
from schemas.quantities import PICO
from streams.core.values import Value

__all__ = ["day_text", "decimal_text", "instant_text", "kpi_record", "value_record"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=8192)
def day_text(day: int) -> str:
    """ISO date of an ordinal."""
    return date.fromordinal(day).isoformat()


def instant_text(instant_us: int) -> str:
    """RFC 3339 in UTC with microseconds."""
    moment = _EPOCH + timedelta(microseconds=instant_us)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def decimal_text(number: int) -> str:
    """Decimal text of an integer of 10⁻¹²."""
    whole, part = divmod(abs(number), PICO)
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}.{part:012d}".rstrip("0") if part else f"{sign}{whole}"


def value_record(value: Value) -> KpiValue:
    """One value as published."""
    kpi, scope, number, day, numerator, denominator, unit, reason = value
    return {
        "kpi": kpi,
        "scope": scope,
        "value": number,
        "value_date": None if day is None else day_text(day),
        "numerator": None if numerator is None else decimal_text(numerator),
        "denominator": None if denominator is None else decimal_text(denominator),
        "unit": unit,
        "reason": reason,
    }


def kpi_record(  # noqa: PLR0913 - one keyword per attribute of the record
    *,
    project_id: str,
    as_of: int | None,
    baseline: int,
    known_at_us: int | None,
    stated_at_us: int,
    position: Position,
    values: Iterable[Value],
    original: tuple[int, list[Value]],
    findings: list[Finding],
    history: list[KpiHistory] | None,
    rules: RuleSetRef,
) -> KpiEvaluated:
    """The CloudEvent of one evaluation; `known_at_us` None: live, at `stated_at_us`, the newest time that it rests on.

    `original` are the values against the first baseline, none where the project has only one.
    """
    data: KpiData = {
        "project_id": project_id,
        "as_of": None if as_of is None else day_text(as_of),
        "known_at": None if known_at_us is None else instant_text(known_at_us),
        "baseline": baseline,
        "cut": known_at_us is not None,
        "position": position,
        "values": [value_record(value) for value in values],
        "findings": findings,
        "rules": rules,
    }
    if original[1]:
        data["original"] = {
            "baseline": original[0],
            "values": [value_record(value) for value in original[1]],
        }
    if history is not None:
        data["history"] = history
    return {
        "specversion": "1.0",
        "id": f"{position['partition']}/{position['offset']}/{position['seq']}",
        "source": "milepost/worker",
        "type": "milepost.kpi.evaluated.v1",
        "subject": project_id,
        "time": instant_text(stated_at_us if known_at_us is None else known_at_us),
        "datacontenttype": "application/json",
        "data": data,
    }
