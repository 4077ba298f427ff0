"""Production by hand-worked figures: output, rolling rates, plan attainment, capacity, required rate, projection."""

from datetime import date
from typing import Any

import pytest

from tests.builders import baseline, day, production, status
from tests.folding import Values, values_on

JANUARY = [{"period": "2024-01", "value": 310}]


def line(
    name: str = "A", *, plan: Any = None, capacity: Any = None, per: str = "P1D", unit: str = "t"
) -> dict[str, Any]:
    made: dict[str, Any] = {"id": name}
    if plan is not None:
        made["plan"] = plan
    if capacity is not None:
        made["capacity"] = {"value": capacity, "unit": unit, "per": per}
    return made


def planned(*lines: dict[str, Any], start: int = 0) -> bytes:
    return baseline(start=start, sections={"lines": list(lines)})


def daily(amount: float, first: int, last: int, name: str = "A", **more: Any) -> list[bytes]:
    return [production(name, n, amount, **more) for n in range(first, last + 1)]


def test_output_and_attainment_of_a_running_month() -> None:
    values = values_on([planned(line(plan=JANUARY)), *daily(9, 0, 9)], 9)
    assert values.number("output_cumulative", "A") == 90
    # 10 of 31 days of 310 t are 100 t.
    assert values.number("plan_attainment", "A") == 90
    assert values.parts("plan_attainment", "A") == (90, 100)
    assert values.number("required_rate", "A") == pytest.approx(220 / 21)
    assert values.parts("required_rate", "A") == (220, 21)
    assert values.number("projected_output", "A") == 90 + 9 * 21
    assert [
        values.row(kpi, "A").unit for kpi in ("output_cumulative", "output_rolling_7d", "required_rate")
    ] == [
        "t",
        "t/d",
        "t/d",
    ]


def test_the_project_has_the_same_figures_as_its_only_line() -> None:
    values = values_on([planned(line(plan=JANUARY, capacity=12)), *daily(9, 0, 9)], 9)
    for kpi in ("output_cumulative", "output_rolling_7d", "plan_attainment", "capacity_utilization", "required_rate",
                "projected_output"):  # fmt: skip
        assert values.row(kpi)._replace(scope="A") == values.row(kpi, "A")


@pytest.mark.parametrize(
    ("period", "to_date"),
    [("2024-01-05", 31), ("2024-01", 10), ("2024", 310 / 36.6), ("2024-01-01/2024-01-20", 155)],
)
def test_plan_periods_are_even_by_days(period: str, to_date: float) -> None:
    value = 31 if period != "2024-01-01/2024-01-20" else 310
    value = 310 if period == "2024" else value
    values = values_on([planned(line(plan=[{"period": period, "value": value}])), *daily(1, 0, 9)], 9)
    assert values.parts("plan_attainment", "A")[1] == pytest.approx(to_date)


def test_attainment_counts_since_the_start_and_output_everything() -> None:
    events = [planned(line(plan=JANUARY), start=5), *daily(10, 0, 9)]
    values = values_on(events, 9)
    assert values.number("output_cumulative", "A") == 100
    assert values.parts("plan_attainment", "A") == (50, 50)
    assert values.parts("required_rate", "A") == (210, 21)
    assert values_on(events, 4).reason("plan_attainment", "A") == "not_started"


def test_rolling_rates_are_per_reported_day_and_need_coverage() -> None:
    reported = [production("A", n, 10 + n) for n in (3, 4, 6, 7, 9)]
    values = values_on([planned(line()), *reported], 9)
    assert values.number("output_rolling_7d", "A") == pytest.approx((13 + 14 + 16 + 17 + 19) / 5)
    assert values.parts("output_rolling_7d", "A") == (79, 5)
    values = values_on([planned(line()), *reported], 10)
    assert values.reason("output_rolling_7d", "A") == "no_data"
    assert values.parts("output_rolling_7d", "A") == (66, 4)


def test_thirty_days_need_twenty() -> None:
    events = [planned(line()), *daily(3, 0, 18)]
    assert values_on(events, 18).reason("output_rolling_30d") == "no_data"
    events.append(production("A", 19, 23))
    assert values_on(events, 19).number("output_rolling_30d") == pytest.approx((19 * 3 + 23) / 20)
    assert values_on(events, 29).parts("output_rolling_30d") == (80, 20)
    assert values_on(events, 30).parts("output_rolling_30d") == (77, 19)


def test_a_period_counts_by_its_days_also_before_it_ends() -> None:
    events = [planned(line(plan=JANUARY)), production("A", 0, 70, end=6)]
    values = values_on(events, 4)
    assert values.number("output_cumulative", "A") == 50
    assert values.number("output_rolling_7d", "A") == 10


@pytest.mark.parametrize(
    ("per", "value", "percent"),
    [
        ("P1D", 20, 50),
        ("P1Y", 3650, 100),
        ("P1M", 730, pytest.approx(100 * 10 / 24)),
        ("PT1H", 1, pytest.approx(100 / 2.4)),
    ],
)
def test_capacity_is_that_of_the_days_reported(per: str, value: float, percent: float) -> None:
    events = [planned(line(capacity=value, per=per)), *daily(10, 0, 3), *daily(10, 8, 9)]
    values = values_on(events, 9)
    assert values.number("capacity_utilization", "A") == percent
    assert values.parts("capacity_utilization", "A")[0] == 60


def test_capacity_looks_at_thirty_days() -> None:
    events = [planned(line(capacity=10)), production("A", 0, 100), production("A", 1, 5)]
    assert values_on(events, 29).number("capacity_utilization") == pytest.approx(525)
    assert values_on(events, 30).number("capacity_utilization") == 50
    assert values_on(events, 31).reason("capacity_utilization") == "no_data"


def test_lines_add_up_and_a_day_is_reported_once() -> None:
    events = [
        planned(line("A", plan=JANUARY), line("B", plan=JANUARY)),
        *daily(10, 0, 9),
        *daily(4, 5, 9, "B"),
    ]
    values = values_on(events, 9)
    assert values.number("output_cumulative") == 120
    assert values.parts("output_rolling_7d") == (90, 7)
    assert values.parts("plan_attainment") == (120, 200)
    assert values.parts("required_rate") == (500, 21)


def test_the_project_is_told_in_the_unit_of_its_first_line_and_other_dimensions_stay_out() -> None:
    lines = (
        line("A", capacity=1, unit="kt"),
        line("B", capacity=50, unit="t"),
        line("C", capacity=9, unit="km"),
    )
    events = [
        planned(*lines),
        *daily(0.5, 0, 0),
        *daily(50, 0, 0, "B", unit="t"),
        *daily(9, 0, 0, "C", unit="km"),
    ]
    events[1] = production("A", 0, 0.5, unit="kt")
    values = values_on(events, 0)
    assert values.row("output_cumulative").unit == "kt"
    assert values.number("output_cumulative") == 0.55
    assert values.parts("capacity_utilization") == (0.55, 1.05)
    assert values.number("output_cumulative", "C") == 9


def test_a_silent_first_line_without_capacity_leaves_the_unit_to_the_next() -> None:
    values = values_on([planned(line("A", plan=JANUARY), line("B", plan=JANUARY)), *daily(10, 0, 9, "B")], 9)
    assert values.row("output_cumulative").unit == "t"
    assert values.parts("plan_attainment") == (100, 200)
    assert values.row("output_cumulative", "A").unit == "1"
    assert values.reason("output_cumulative", "A") == "no_data"


def test_reports_of_another_dimension_or_an_unknown_line_take_no_part() -> None:
    events = [
        planned(line(capacity=10)),
        production("A", 0, 5),
        production("A", 1, 5, unit="km"),
        production("X", 0, 7),
    ]
    values = values_on(events, 1)
    assert values.number("output_cumulative", "A") == 5
    assert values.number("output_cumulative") == 5
    assert values.scopes("output_cumulative") == ["", "A"]


def test_shifts_add_up_and_a_report_without_shift_replaces_them() -> None:
    shifts = [production("A", 0, 4, shift="early"), production("A", 0, 5, shift="late")]
    assert values_on([planned(line()), *shifts], 0).number("output_cumulative") == 9
    assert values_on([planned(line()), *shifts, production("A", 0, 8)], 0).number("output_cumulative") == 8


def test_a_plan_that_is_met_requires_nothing() -> None:
    events = [planned(line(plan=JANUARY)), production("A", 0, 400)]
    assert values_on(events, 0).number("required_rate", "A") == 0
    assert values_on(events, 0).parts("required_rate", "A") == (0, 30)
    assert values_on(events, 40).number("required_rate", "A") == 0


def test_a_plan_that_is_over_and_not_met_has_no_required_rate() -> None:
    events = [planned(line(plan=JANUARY)), *daily(1, 20, 30)]
    values = values_on(events, 30)
    assert values.reason("required_rate", "A") == "target_passed"
    assert values.parts("required_rate", "A") == (299, 0)
    assert values.number("projected_output", "A") == 11
    assert values_on(events, 32).number("projected_output", "A") == 11


def test_after_the_finish_no_rate_is_required() -> None:
    events = [planned(line(plan=JANUARY)), *daily(1, 0, 9), status(5, "completed")]
    assert values_on(events, 9).reason("required_rate", "A") == "complete"
    assert values_on(events, 9).number("projected_output", "A") == 10 + 21


def test_without_plan_or_capacity_they_are_not_planned() -> None:
    values = values_on([planned(line()), *daily(1, 0, 9)], 9)
    for kpi in ("plan_attainment", "required_rate", "projected_output", "capacity_utilization"):
        assert values.reason(kpi, "A") == "not_planned"
        assert values.reason(kpi) == "not_planned"


def test_without_a_baseline_output_is_computed_and_the_rest_is_not() -> None:
    values: Values = values_on(daily(2, 0, 9), 9)
    assert values.number("output_cumulative", "A") == 20
    assert values.number("output_rolling_7d") == 2
    for kpi in ("plan_attainment", "required_rate", "projected_output", "capacity_utilization"):
        assert values.reason(kpi) == "no_baseline"


def test_without_a_baseline_the_line_of_the_earliest_report_gives_the_unit() -> None:
    values = values_on(
        [production("A", 1, 5, unit="km"), production("B", 0, 7), production("C", 2, 1, end=9)], 2
    )
    assert values.row("output_cumulative").unit == "t"
    assert values.number("output_cumulative") == pytest.approx(7 + 1 / 8)
    assert values.scopes("output_cumulative") == ["", "B", "A", "C"]


def test_zero_plans_and_capacities_have_no_ratio() -> None:
    nothing = [{"period": "2024-01", "value": 0}]
    values = values_on([planned(line(plan=nothing, capacity=0)), *daily(1, 0, 1)], 1)
    assert values.reason("plan_attainment", "A") == "zero_denominator"
    assert values.reason("capacity_utilization", "A") == "zero_denominator"
    assert values.number("required_rate", "A") == 0


def test_no_report_is_no_data_and_not_started_up_to_the_start() -> None:
    plan = planned(line(plan=JANUARY, capacity=10))
    for kpi in ("output_cumulative", "output_rolling_7d", "plan_attainment", "capacity_utilization", "required_rate",
                "projected_output"):  # fmt: skip
        assert values_on([plan], 1).reason(kpi, "A") == "no_data"
        assert values_on([plan], 0).reason(kpi, "A") == "not_started"


def test_a_correction_replaces_its_whole_report() -> None:
    events = [planned(line()), production("A", 0, 4), production("A", 0, 6, revision=1)]
    assert values_on(events, 0).number("output_cumulative") == 6


def test_sums_are_exact() -> None:
    values = values_on([planned(line(plan=[{"period": "2024", "value": 1}])), *daily(0.1, 0, 9)], 9)
    assert values.number("output_cumulative") == 1.0
    assert values.row("plan_attainment").numerator == 10**12
    assert day(9) == date(2024, 1, 10)


def test_an_amount_beyond_what_the_store_can_hold_has_a_value_without_its_parts() -> None:
    """1e24 × 100,000,000 does not fit DECIMAL(38,12); nobody's rows may be lost for it."""
    events = [planned(line(capacity=1, unit="CNY")), *daily(1e24, 0, 4, unit="亿元")]
    values = values_on(events, 4)
    assert values.number("output_rolling_7d", "A") == 1e32
    assert values.parts("output_rolling_7d", "A") == (None, 5)
    assert values.number("output_cumulative", "A") == 5e32
