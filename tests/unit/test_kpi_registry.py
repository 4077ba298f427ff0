"""The registry of KPIs against what is evaluated: every KPI is there, named in both languages, in the unit that it says."""

import re
from collections import Counter

import pytest

from schemas.catalog import KPIS, KpiDefinition
from tests.builders import (
    assigned,
    baseline,
    cost,
    day,
    investment,
    milestone,
    production,
    reading,
    survey,
    tally,
    value,
)
from tests.folding import Values, values_on

UNITS = {"<budget>": "万元", "<line>": "t", "<series>": "µg/m³", "<campaign>": "户", "<unit>": "户"}

TIMES = {
    "planned_busy_time": 8,
    "unit_busy_time": 7,
    "unit_processing_time": 6,
    "production_time": 5,
    "order_execution_time": 7.5,
    "planned_run_time_per_item": 0.9,
}


def everything() -> Values:
    """A project with every section, in units that no two sections share."""
    plan = baseline(
        sections={
            "finish": day(30),
            "budget_at_completion": {"value": 100, "unit": "万元"},
            "planned_value": [{"date": day(30), "value": 100}],
            "progress_by": "value",
            "milestones": [{"id": "m", "finish": day(5)}],
            "lines": [
                {
                    "id": "L",
                    "capacity": {"value": 10, "unit": "t", "per": "P1D"},
                    "plan": [{"period": "2024", "value": 3660}],
                }
            ],
            "annual_plan": [{"year": 2024, "investment": 80}],
            "restart": {"population": 100, "target_rate": 90},
            "campaign": {"total": 50, "unit": "户", "due": day(20)},
            "series": [{"id": "pm", "unit": "µg/m³", "target": 30, "base_value": 60}],
        }
    )
    reports = [
        value(3, 20),
        cost(3, 30, "万元"),
        milestone("m", 3, percent=100),
        production("L", 3, 5, good=4, times=TIMES),
        investment(3, 2024, 20, "万元"),
        survey(2, 30),
        survey(3, 40),
        reading("pm", day(3).replace(year=2023), 60),
    ]
    return values_on([plan, *reports, assigned("t", 1), tally(3, 9), reading("pm", 3, 50)], 3)


def test_every_kpi_of_the_registry_is_evaluated_and_every_evaluated_one_is_registered() -> None:
    assert {row.kpi for row in everything().all} == set(KPIS)


def test_every_value_is_in_the_unit_that_the_registry_says() -> None:
    told = {row.kpi: row.unit for row in everything().all}
    said = {
        kpi: re.sub(r"<\w+>", lambda found: UNITS[found[0]], definition.unit)
        for kpi, definition in KPIS.items()
    }
    assert told == said


def test_a_kpi_that_rolls_up_as_a_ratio_has_both_its_parts_and_a_sum_has_none() -> None:
    values = everything()
    for row in values.all:
        rollup = KPIS[row.kpi].rollup
        if rollup == "ratio" and row.value is not None:
            assert None not in {row.numerator, row.denominator}, row.kpi
        if rollup == "sum":
            assert (row.numerator, row.denominator) == (None, None), row.kpi


def test_what_has_a_numerator_and_a_denominator_is_told_with_both_and_the_rest_with_none() -> None:
    for row in everything().all:
        definition = KPIS[row.kpi]
        told = (row.numerator is not None, row.denominator is not None)
        assert told == (definition.numerator is not None, definition.denominator is not None), row.kpi


@pytest.mark.parametrize("definition", KPIS.values(), ids=list(KPIS))
def test_every_definition_is_whole(definition: KpiDefinition) -> None:
    assert all(field not in {"", None} for field in definition[:-2])
    assert (definition.numerator is None) == (definition.denominator is None)


def test_no_two_kpis_have_one_name() -> None:
    for names in (
        [definition.name for definition in KPIS.values()],
        [definition.name_zh for definition in KPIS.values()],
    ):
        assert [name for name, count in Counter(names).items() if count > 1] == []
