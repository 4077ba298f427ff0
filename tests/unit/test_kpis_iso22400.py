"""Indicators of ISO 22400-2: published examples, the identities of the standard, and what happens at its edges."""

from typing import Any, Final

import pytest

from tests.builders import baseline, production, retraction
from tests.builders import instant as at
from tests.folding import Values, values_on

RATIOS: Final = (
    "availability",
    "effectiveness",
    "quality_ratio",
    "oee",
    "nee",
    "allocation_efficiency",
    "utilization_efficiency",
    "throughput_rate",
)
SHIFT: Final = {
    "planned_busy_time": 8,
    "unit_busy_time": 7.5,
    "unit_processing_time": 7,
    "production_time": 6,
    "order_execution_time": 9,
    "planned_run_time_per_item": 0.05,
}
"""A shift of 8 hours: half an hour without order, half an hour of delay, an hour of setup."""


def planned(*lines: dict[str, Any], start: int = -1) -> bytes:
    return baseline(start=start, sections={"lines": list(lines or [{"id": "A"}])})


def shift(quantity: float, *, on: int = 0, times: dict[str, Any] | None = None, line: str = "A",
          **more: Any) -> bytes:  # fmt: skip
    return production(line, on, quantity, times=SHIFT if times is None else times, **more)


def minutes(**told: float) -> dict[str, float]:
    return {field: minute / 60 for field, minute in told.items()}


# -- published examples ----------------------------------------------------------------------------------------------


def test_the_worked_example_of_vorne() -> None:
    """Vorne Industries, "OEE calculation: definitions, formulas and examples" (oee.com): a shift of 480 min with 60 min
    of breaks and 47 min of stops, ideal cycle 1.0 s, 19,271 made, 423 rejected: 88.81 × 86.11 × 97.80 = 74.79 %."""
    times = minutes(planned_busy_time=420, production_time=373, planned_run_time_per_item=1 / 60)
    values = values_on([planned(), shift(19_271, unit="个", scrap=423, times=times)], 0)
    told = {
        kpi: round(values.number(kpi, "A"), 2)
        for kpi in ("availability", "effectiveness", "quality_ratio", "oee")
    }
    assert told == {"availability": 88.81, "effectiveness": 86.11, "quality_ratio": 97.8, "oee": 74.79}
    assert values.parts("quality_ratio", "A") == (18_848, 19_271)


def test_the_first_example_of_waycalculator() -> None:
    """waycalculator.com, "Overall Equipment Effectiveness Calculator", example 1: 87.5 × 95.2 × 95 = 79.1 %; the page
    multiplies the rounded performance, unrounded it is 79.17 %."""
    times = minutes(planned_busy_time=480, production_time=420, planned_run_time_per_item=1)
    values = values_on([planned(), shift(400, unit="1", good=380, times=times)], 0)
    assert values.number("availability") == 87.5
    assert round(values.number("effectiveness"), 1) == 95.2
    assert values.number("quality_ratio") == 95
    assert values.number("oee") == pytest.approx(100 * 380 / 480)


def test_the_formulas_that_opc_ua_for_machine_tools_quotes_from_the_standard() -> None:
    """OPC 40501-1, annex C.2.4: availability APT / PBT, effectiveness PRI × PQ / APT, quality GQ / PQ, OEE their product."""
    values = values_on([planned(), shift(100, good=90)], 0)
    assert values.parts("availability", "A") == (6, 8)
    assert values.parts("effectiveness", "A") == (5, 6)
    assert values.parts("quality_ratio", "A") == (90, 100)
    assert values.parts("oee", "A") == (4.5, 8)
    product = values.number("availability") * values.number("effectiveness") * values.number("quality_ratio")
    assert values.number("oee") == pytest.approx(product / 100**2)


# -- the other indicators and what ties them together ----------------------------------------------------------------


def test_the_indicators_of_a_shift() -> None:
    values = values_on([planned(), shift(100, good=90)], 0)
    told = {kpi: (values.number(kpi, "A"), values.row(kpi, "A").unit) for kpi in RATIOS[4:]}
    assert told == {
        "nee": (65.625, "%"),
        "allocation_efficiency": (93.75, "%"),
        "utilization_efficiency": (80, "%"),
        "throughput_rate": (pytest.approx(100 / 9), "t/h"),
    }
    assert values.parts("nee", "A") == (5.25, 8)
    assert values.number("availability") == pytest.approx(93.75 * 80 / 100)
    assert values.number("nee") == pytest.approx(values.number("oee") * 7 / 6)


def test_the_project_has_the_same_figures_as_its_only_line() -> None:
    for report in (shift(100, good=90), shift(0), shift(5, times={}), shift(5, good=4, times={})):
        values = values_on([planned(), report], 0)
        for kpi in RATIOS:
            assert values.row(kpi)._replace(scope="A") == values.row(kpi, "A")


def test_lines_add_up_and_quality_is_weighted_by_planned_run_time() -> None:
    slow = {**SHIFT, "planned_run_time_per_item": 0.5, "production_time": 7, "unit_processing_time": 7}
    lines = planned({"id": "A"}, {"id": "B"})
    values = values_on([lines, shift(100, good=90), shift(10, good=5, line="B", times=slow)], 0)
    assert values.parts("availability") == (13, 16)
    assert values.parts("effectiveness") == (10, 13)
    # 5 of 10 that take half an hour weigh as much as 50 of 100 that take three minutes.
    assert values.parts("quality_ratio") == (7, 10)
    assert values.parts("oee") == (7, 16)
    product = values.number("availability") * values.number("effectiveness") * values.number("quality_ratio")
    assert values.number("oee") == pytest.approx(product / 100**2)
    assert values.number("nee") == pytest.approx(100 * 14 / 16 * 10 / 13 * 7 / 10)
    assert values.parts("throughput_rate") == (110, 18)


def test_shifts_add_up_and_a_report_without_shift_replaces_them() -> None:
    shifts = [shift(100, good=90, shift="early"), shift(60, good=60, shift="late")]
    values = values_on([planned(), *shifts], 0)
    assert values.parts("quality_ratio", "A") == (150, 160)
    assert values.parts("availability", "A") == (12, 16)
    assert values.parts("oee", "A") == (7.5, 16)
    assert values_on([planned(), *shifts, shift(50, good=40)], 0).parts("oee", "A") == (2, 8)


# -- which reports count ---------------------------------------------------------------------------------------------


def test_a_period_of_several_days_counts_on_its_last() -> None:
    events = [planned(), shift(100, good=90, end=6)]
    assert values_on(events, 6).parts("availability", "A") == (6, 8)
    for on in (5, 7):
        values = values_on(events, on)
        assert {values.reason(kpi, "A") for kpi in RATIOS} == {"no_data"}
        assert values.parts("availability", "A") == (None, None)
    assert values_on(events, 5).number("output_cumulative", "A") > 0


def test_of_overlapping_periods_only_those_taken_count() -> None:
    week, monday, next_monday = shift(100, good=90, end=6), shift(7, good=1, on=2), shift(8, good=8, on=7)
    events = [planned(), week, monday, next_monday]
    assert values_on(events, 2).reason("quality_ratio", "A") == "no_data"
    assert values_on(events, 6).parts("quality_ratio", "A") == (90, 100)
    assert values_on(events, 7).parts("quality_ratio", "A") == (8, 8)


def test_a_retraction_and_a_correction_change_the_day() -> None:
    corrected = shift(100, good=80, revision=1)
    assert values_on([planned(), shift(100, good=90), corrected], 0).number("quality_ratio", "A") == 80
    key = {"line": "A", "period_start": "2024-01-01", "period_end": "2024-01-01"}
    taken_back = retraction("production.reported", key, time=at(1), revision=2)
    assert values_on([planned(), corrected, taken_back], 0).reason("oee", "A") == "no_data"


def test_a_line_without_report_leaves_the_others_alone() -> None:
    values = values_on([planned({"id": "A"}, {"id": "B"}), shift(100, good=90, line="B")], 0)
    assert {values.reason(kpi, "A") for kpi in RATIOS} == {"no_data"}
    assert values.parts("oee") == values.parts("oee", "B") == (4.5, 8)
    assert values.parts("quality_ratio") == (90, 100)


def test_lines_of_another_dimension_take_no_part_in_the_project() -> None:
    lines = [{"id": name, "capacity": {"value": 9, "unit": unit, "per": "PT1H"}} for name, unit in
             (("A", "kt"), ("B", "t"), ("C", "km"))]  # fmt: skip
    reports = [shift(1, unit="kt"), shift(500, line="B"), shift(500, line="C", unit="km")]
    values = values_on([planned(*lines), *reports], 0)
    assert values.parts("throughput_rate") == (1.5, 18)
    assert values.row("throughput_rate").unit == "kt/h"
    assert values.parts("availability") == (12, 16)
    assert values.parts("availability", "C") == (6, 8)


def test_a_report_in_another_unit_of_the_dimension_is_converted_its_run_time_per_item_the_other_way() -> None:
    line = {"id": "A", "capacity": {"value": 9, "unit": "t", "per": "PT1H"}}
    per_kilogram = {**SHIFT, "planned_run_time_per_item": 0.05 / 1000}
    told = values_on([planned(line), shift(100_000, unit="kg", good=90_000, times=per_kilogram)], 0)
    same = values_on([planned(line), shift(100, good=90)], 0)
    for kpi in RATIOS:
        assert told.row(kpi, "A") == same.row(kpi, "A")


def test_without_a_baseline_the_figures_are_told_and_nothing_is_rated() -> None:
    values = values_on([shift(100, good=90)], 0)
    assert {values.reason(kpi, scope) for kpi in RATIOS for scope in ("", "A")} == {"no_baseline"}
    assert values.parts("oee", "A") == (4.5, 8)


def test_on_the_start_day_what_was_made_is_rated_and_what_is_missing_has_not_started() -> None:
    reported = values_on([planned(start=0), shift(100, good=90)], 0)
    assert reported.number("oee", "A") == 56.25
    assert values_on([planned(start=0)], 0).reason("oee", "A") == "not_started"


# -- zero and missing ------------------------------------------------------------------------------------------------


def test_nothing_made_in_a_busy_shift_has_no_quality_and_an_oee_of_0() -> None:
    broken_down = {"planned_busy_time": 8, "unit_busy_time": 8, "production_time": 2}
    values = values_on([planned(), shift(0, times=broken_down)], 0)
    assert values.reason("quality_ratio", "A") == "zero_denominator"
    assert values.parts("quality_ratio", "A") == (0, 0)
    assert values.number("oee", "A") == 0
    assert values.number("effectiveness", "A") == 0
    assert values.number("availability", "A") == 25
    assert values.reason("nee", "A") == "no_data"
    assert values_on([planned(), shift(0)], 0).reason("nee", "A") == "zero_denominator"


def test_an_hour_that_was_not_planned_has_no_oee() -> None:
    values = values_on([planned(), shift(100, good=90, times={**SHIFT, "planned_busy_time": 0})], 0)
    for kpi in ("availability", "oee", "nee", "allocation_efficiency"):
        assert values.reason(kpi, "A") == "zero_denominator"
        assert values.parts(kpi, "A")[1] == 0
    assert values.number("quality_ratio", "A") == 90


def test_all_zero_is_a_reason_everywhere_and_never_a_crash() -> None:
    values = values_on([planned(), shift(0, times=dict.fromkeys(SHIFT, 0))], 0)
    assert {values.reason(kpi, scope) for kpi in RATIOS for scope in ("", "A")} == {"zero_denominator"}


def test_without_times_only_quality_is_told() -> None:
    values = values_on([planned(), shift(100, scrap=10, times={})], 0)
    assert values.number("quality_ratio", "A") == 90
    for kpi in set(RATIOS) - {"quality_ratio"}:
        assert values.reason(kpi, "A") == "no_data"
    assert values.parts("throughput_rate", "A") == (100, None)


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ({"good": 80, "scrap": 50}, 80),
        ({"scrap": 15}, 85),
        ({"rework": 15}, 85),
        ({"scrap": 10, "rework": 5}, 85),
        ({"good": None, "scrap": 0}, 100),
        ({"scrap": 70, "rework": 40}, 0),
    ],
)
def test_what_is_good_is_told_or_what_is_left_of_scrap_and_rework(told: dict[str, Any], good: float) -> None:
    assert values_on([planned(), shift(100, **told)], 0).parts("quality_ratio", "A") == (good, 100)


def test_without_good_scrap_and_rework_there_is_no_quality() -> None:
    values = values_on([planned(), shift(100)], 0)
    for kpi in ("quality_ratio", "oee", "nee"):
        assert values.reason(kpi, "A") == "no_data"
    assert values.parts("quality_ratio", "A") == (None, 100)
    assert values.number("effectiveness", "A") == pytest.approx(100 * 5 / 6)


def test_times_that_are_sums_of_others_are_added_up() -> None:
    parts = {"planned_busy_time": 8, "production_time": 6, "setup_time": 1, "delay_time": 0.5}
    values = values_on(
        [planned(), shift(100, times={**parts, "planned_run_time_per_item": 0.05}, good=90)], 0
    )
    assert values.parts("allocation_efficiency", "A") == (7.5, 8)
    assert values.parts("nee", "A") == (5.25, 8)


def test_a_shift_that_does_not_tell_a_figure_leaves_the_line_without_its_sum() -> None:
    """Missing is not zero: what nobody told of half a day is not told of the day."""
    events = [planned(), shift(100, good=90, shift="early"), shift(50, good=50, shift="late", times={})]
    values = values_on(events, 0)
    assert values.reason("availability", "A") == "no_data"
    assert values.parts("quality_ratio", "A") == (140, 150)


def test_the_project_adds_over_the_lines_that_tell_both_numbers() -> None:
    lines = planned({"id": "A"}, {"id": "B"}, {"id": "C"})
    reports = [
        shift(100, good=90),
        shift(50, line="B", times={"production_time": 3}),
        shift(9, line="C", times={"planned_busy_time": 8}),
    ]
    values = values_on([lines, *reports], 0)
    assert values.parts("availability") == (6, 8)
    apart = values_on([lines, *reports[1:]], 0)
    assert apart.reason("availability") == "no_data"
    assert apart.parts("availability") == (3, 8)


def test_effectiveness_is_not_capped() -> None:
    values = values_on([planned(), shift(240, good=240)], 0)
    assert values.number("effectiveness", "A") == 200
    assert values.number("oee", "A") == 150


def test_amounts_at_the_edge_of_what_is_accepted_give_a_value() -> None:
    large = {**SHIFT, "planned_run_time_per_item": 1e24}
    values: Values = values_on([planned(), shift(1e24, good=1e24, times=large)], 0)
    assert values.number("oee", "A") == pytest.approx(100 * 1e48 / 8)
    assert values.parts("oee", "A") == (None, 8)
    tiny = values_on([planned(), shift(1e-6, good=1e-6, times=dict.fromkeys(SHIFT, 1e-12))], 0)
    assert tiny.number("availability", "A") == 100
    assert tiny.number("oee", "A") == pytest.approx(1e-4)
