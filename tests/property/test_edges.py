"""Numbers and days at the edges: every KPI is a finite number or null with a reason, and it can be stored.

Plans of one day and of forty years, of nothing and of 10¹⁵, from the first year to the last, with 29 February in them.
"""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.evaluation import evaluate
from tests import builders
from tests.builders import instant
from tests.folding import folded
from tests.messes import ISO_TIMES

AMOUNTS: Final = (0, 0, 1e-12, 1e-6, 1, 0.1, 100, 1e15, 999_999_999_999_999.9, 1e24)
PERCENTS: Final = (0, 1e-12, 50, 99.999999999999, 100)
SPANS: Final = (
    (date(2024, 2, 29), date(2024, 2, 29)),
    (date(2024, 2, 28), date(2024, 3, 1)),
    (date(2023, 12, 31), date(2024, 12, 31)),
    (date(1984, 2, 29), date(2024, 2, 29)),
    (date(1970, 1, 2), date(2010, 1, 1)),
    (date(2160, 2, 29), date(2199, 12, 20)),
)
"""Start and finish: a day, three days, a year, forty years, and both ends of the calendar."""
DECIMAL_38: Final = 10**38


def _plan(chance: Random, start: date, finish: date) -> bytes:
    def some() -> float:
        return chance.choice(AMOUNTS)

    points = sorted(some() for _ in range(2))
    days = [finish, finish] if finish > start else [finish + timedelta(days=1)] * 2
    sections: dict[str, Any] = {
        "finish": finish,
        "budget_at_completion": {"value": some(), "unit": chance.choice(("CNY", "亿元"))},
        "planned_value": [{"date": on, "value": value} for on, value in zip(days, points, strict=True)],
        "milestones": [{"id": "m", "finish": finish}, {"id": "n", "weight": some(), "finish": start}],
        "work_items": [{"id": "w", "quantity": some(), "unit": "t", "weight": 1, "start": start, "finish": finish}],
        "annual_plan": [{"year": year, "investment": some()} for year in {start.year, finish.year}],
        "lines": [
            {
                "id": "L",
                "capacity": {"value": some(), "unit": "t", "per": chance.choice(("P1D", "P1Y", "PT1H"))},
                "plan": [{"period": f"{start}/{finish}", "value": some()}],
            },
            {"id": "K", "capacity": {"value": some(), "unit": "万吨", "per": "P1M"}},
        ],
        "restart": {
            "population": some(), "target_rate": chance.choice(PERCENTS), "due": finish, "holiday_end": start,
            "previous": {"holiday_end": start, "rates": [{"day": 0, "rate": some()}, {"day": 1, "rate": some()}]},
        },
        "campaign": {"total": some(), "unit": "户", "due": finish, "districts": [{"id": "d", "total": some()}]},
        "series": [{"id": "s", "unit": "µg/m³", "target": some(), "base_value": some()}],
    }  # fmt: skip
    kept = {name: part for name, part in sections.items() if chance.random() < 0.8}
    how = {"progress_by": chance.choice((None, "value", "work", "milestones"))}
    return builders.baseline(start=start, sections={**kept, **how})


def _reports(chance: Random, on: date) -> Iterator[bytes]:
    def some() -> float:
        return chance.choice(AMOUNTS)

    times = {name: some() for name in ISO_TIMES if chance.random() < 0.9}
    yield builders.milestone("m", on, percent=chance.choice(PERCENTS))
    yield builders.work("w", on, some(), chance.choice(("t", "kg", "万吨")))
    yield builders.value(on, some())
    yield builders.cost(on, some(), chance.choice(("CNY", "亿元")))
    yield builders.investment(on, on.year, some(), chance.choice(("元", "亿元")))
    yield builders.production("L", on, some(), unit="kg", scrap=some(), times=times)
    yield builders.production("K", on, some(), good=some(), times=times)
    yield builders.survey(on, some(), population=chance.choice((..., some())))
    yield builders.tally(on, some(), total=chance.choice((..., some())))
    yield builders.tally(on, some(), district="d")
    yield builders.reading("s", instant(on), some())


def _days(chance: Random, start: date, finish: date) -> list[date]:
    length = (finish - start).days
    inside = [start + timedelta(days=round(length * share)) for share in (0, 0.5, 0.999, 1)]
    return sorted({*inside, start + timedelta(days=1), *(start + timedelta(days=n) for n in (2, 3, 4, 5, 6))})


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.sampled_from(SPANS))
def test_every_kpi_is_a_finite_number_or_a_reason(seed: int, span: tuple[date, date]) -> None:
    chance = Random(seed)
    days = _days(chance, *span)
    told = [report for on in days for report in _reports(chance, on) if chance.random() < 0.6]
    project = folded([_plan(chance, *span), *told])
    for on in (span[0] - timedelta(days=1), *days, min(days[-1] + timedelta(days=400), date(2200, 12, 31))):
        for row in evaluate(project, on.toordinal())[1]:
            assert (row.value is None and row.value_date is None) == (row.reason is not None), row
            assert row.value is None or math.isfinite(row.value), row
            assert all(abs(part or 0) < DECIMAL_38 for part in (row.numerator, row.denominator)), row
            assert row.value_date is None or row.value_date <= date.max.toordinal(), row
