"""Readings by hand-worked figures: latest, means with coverage, year on year, targets."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import ZONE, baseline, day, instant, reading
from tests.folding import values_on

PM = "pm"
UNIT = "µg/m³"


def planned(start: int = -400, **series: Any) -> bytes:
    return baseline(start=start, sections={"series": [{"id": PM, "unit": UNIT, **series}]})


def daily(value: float, first: int, last: int) -> list[bytes]:
    return [reading(PM, n, value) for n in range(first, last + 1)]


def test_the_latest_reading_is_the_newest_by_its_instant_whatever_arrived_last() -> None:
    morning, evening = instant(0, hour=8), instant(0, hour=20)
    values = values_on([planned(), reading(PM, evening, 40), reading(PM, morning, 60)], 0)
    assert values.number("reading_latest", PM) == 40
    assert values.row("reading_latest", PM).unit == UNIT
    assert values_on([planned(), reading(PM, 0, 40)], 50).number("reading_latest", PM) == 40


def test_readings_have_no_row_of_the_whole_project() -> None:
    assert values_on([planned(), reading(PM, 0, 40)], 0).scopes("reading_latest") == [PM]


def test_readings_a_microsecond_apart_all_count() -> None:
    first = instant(6, hour=12)
    close = [reading(PM, first + n * timedelta(microseconds=1), 20) for n in range(300)]
    events = [planned(), *daily(20, 0, 5), *close]
    assert values_on(events, 6).parts("reading_mean_7d", PM) == (20 * 306, 306)


def test_a_mean_is_over_readings_and_needs_five_of_seven_days() -> None:
    events = [planned(), *daily(10, 0, 4), reading(PM, instant(4, hour=20), 40)]
    values = values_on(events, 6)
    assert values.number("reading_mean_7d", PM) == 15
    assert values.parts("reading_mean_7d", PM) == (90, 6)
    values = values_on(events, 7)
    assert values.reason("reading_mean_7d", PM) == "no_data"
    assert values.parts("reading_mean_7d", PM) == (80, 5)


def test_a_mean_of_thirty_days_needs_twenty() -> None:
    events = [planned(), *daily(10, 0, 18), reading(PM, 19, 30)]
    assert values_on(events, 18).reason("reading_mean_30d", PM) == "no_data"
    assert values_on(events, 19).number("reading_mean_30d", PM) == 11
    assert values_on(events, 30).reason("reading_mean_30d", PM) == "no_data"


def test_a_reading_at_midnight_belongs_to_the_new_day() -> None:
    midnight = instant(1, hour=0).astimezone(ZONE)
    assert values_on([planned(), reading(PM, midnight, 5)], 0).reason("reading_latest", PM) == "no_data"
    assert values_on([planned(), reading(PM, midnight, 5)], 1).number("reading_latest", PM) == 5


def test_year_on_year_compares_with_the_newest_reading_of_the_same_date() -> None:
    before = [
        reading(PM, instant(date(2023, 1, 5), hour=8), 99),
        reading(PM, instant(date(2023, 1, 5), hour=9), 50),
    ]
    events = [planned(), *before, reading(PM, date(2024, 1, 5), 40)]
    values = values_on(events, date(2024, 1, 5))
    assert values.number("reading_yoy", PM) == -20
    assert values.parts("reading_yoy", PM) == (-10, 50)
    assert values.row("reading_yoy", PM).unit == "%"
    # The reading is older than the day; and no reading a year before.
    assert values_on(events, date(2024, 1, 6)).reason("reading_yoy", PM) == "no_data"
    assert values_on([planned(), reading(PM, 7, 1)], 7).reason("reading_yoy", PM) == "no_data"


def test_the_29th_of_february_compares_with_the_28th() -> None:
    events = [planned(), reading(PM, date(2023, 2, 28), 50), reading(PM, date(2024, 2, 29), 60)]
    assert values_on(events, date(2024, 2, 29)).number("reading_yoy", PM) == 20


@pytest.mark.parametrize("base", [0, -5])
def test_a_base_of_nothing_or_less_gives_the_difference_only(base: float) -> None:
    events = [planned(), reading(PM, date(2023, 1, 5), base), reading(PM, date(2024, 1, 5), 40)]
    values = values_on(events, date(2024, 1, 5))
    assert values.reason("reading_yoy", PM) == "zero_denominator"
    assert values.parts("reading_yoy", PM) == (40 - base, base)


def test_a_series_in_percent_changes_by_points() -> None:
    events = [
        planned(unit="%"),
        reading(PM, date(2023, 1, 5), 80, "%"),
        reading(PM, date(2024, 1, 5), 84, "%"),
    ]
    values = values_on(events, date(2024, 1, 5))
    assert values.number("reading_yoy", PM) == 4
    assert values.row("reading_yoy", PM).unit == "pp"
    assert values.parts("reading_yoy", PM) == (None, None)


def test_distance_keeps_its_sign_and_attainment_counts_from_the_base() -> None:
    events = [planned(target=50, base_value=80), reading(PM, 0, 59), reading(PM, 1, 44)]
    assert values_on(events, 0).number("target_distance", PM) == pytest.approx(18)
    assert values_on(events, 0).number("target_attainment", PM) == 70
    assert values_on(events, 1).number("target_distance", PM) == pytest.approx(-12)
    assert values_on(events, 1).number("target_attainment", PM) == 120
    assert values_on(events, 0).parts("target_attainment", PM) == (21, 30)


def test_targets_without_a_target_or_base_are_not_planned() -> None:
    values = values_on([planned(), reading(PM, 0, 59)], 0)
    assert values.reason("target_distance", PM) == "not_planned"
    assert values.reason("target_attainment", PM) == "not_planned"
    values = values_on([planned(target=50), reading(PM, 0, 59)], 0)
    assert values.number("target_distance", PM) == pytest.approx(18)
    assert values.reason("target_attainment", PM) == "not_planned"


def test_a_target_of_zero_or_equal_to_the_base_has_no_ratio() -> None:
    values = values_on([planned(target=0, base_value=0), reading(PM, 0, 59)], 0)
    assert values.reason("target_distance", PM) == "zero_denominator"
    assert values.reason("target_attainment", PM) == "zero_denominator"


def test_units_are_converted_and_another_dimension_takes_no_part() -> None:
    events = [planned(unit="t", target=2), reading(PM, 0, 1500, "kg"), reading(PM, 1, 9, "km")]
    values = values_on(events, 1)
    assert values.number("reading_latest", PM) == 1.5
    assert values.number("target_distance", PM) == -25


def test_without_a_baseline_readings_are_told_in_the_unit_of_the_earliest() -> None:
    events = [*daily(10, 0, 4), reading(PM, 5, 1, "km")]
    values = values_on(events, 5)
    assert values.number("reading_latest", PM) == 10
    assert values.number("reading_mean_7d", PM) == 10
    assert values.reason("target_distance", PM) == "no_baseline"


def test_no_reading_is_no_data_and_not_started_up_to_the_start() -> None:
    plan = planned(start=0, target=50, base_value=80)
    for kpi in ("reading_latest", "reading_mean_7d", "reading_mean_30d", "reading_yoy", "target_distance",
                "target_attainment"):  # fmt: skip
        assert values_on([plan], 1).reason(kpi, PM) == "no_data"
        assert values_on([plan], 0).reason(kpi, PM) == "not_started"


def test_a_series_that_the_baseline_does_not_name_takes_no_part() -> None:
    values = values_on([planned(), reading("other", 0, 1), reading(PM, 0, 2)], 0)
    assert values.scopes("reading_latest") == [PM]
    assert day(0) == date(2024, 1, 1)


def test_a_correction_of_an_instant_replaces_it() -> None:
    events = [planned(), reading(PM, 0, 2), reading(PM, 0, 3, revision=1)]
    assert values_on(events, 0).number("reading_latest", PM) == 3
