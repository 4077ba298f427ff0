import io
from datetime import UTC, date, datetime

from milepost.kpi_tables import KPI_COLUMNS, in_catalog_order, kpi_sql, write_kpi_tables
from storage.literals import quoted


def row(
    kpi: str, value: float | None, *, scope: str = "", reason: str | None = None, day: date | None = None
) -> tuple[object, ...]:
    cells: dict[str, object] = dict.fromkeys(KPI_COLUMNS)
    cells |= {
        "project_id": "p",
        "kpi": kpi,
        "scope": scope,
        "value": value,
        "reason": reason,
        "value_date": day,
    }
    cells |= {"as_of": date(2024, 2, 17), "unit": "1"}
    return tuple(cells.values())


def shown(*rows: tuple[object, ...]) -> str:
    out = io.StringIO()
    write_kpi_tables(out, rows)
    return out.getvalue()


def test_a_text_that_looks_like_sql_stays_a_text() -> None:
    assert quoted("x'; DROP TABLE events; --") == "'x''; DROP TABLE events; --'"


def test_without_a_day_or_a_moment_the_newest_values_are_read() -> None:
    assert "FROM kpi_latest WHERE project_id = 'p'" in kpi_sql("p", None, None, None)


def test_a_day_alone_is_asked_as_known_for_ever_after() -> None:
    assert "kpi_at(DATE '2024-02-17', TIMESTAMPTZ '9999" in kpi_sql(None, date(2024, 2, 17), None, None)


def test_a_moment_alone_is_asked_for_the_newest_day() -> None:
    assert "TIMESTAMPTZ '2024-02-17T08:00:00+00:00'" in kpi_sql(
        None, None, datetime(2024, 2, 17, 8, tzinfo=UTC), None
    )


def test_a_family_is_asked_by_the_names_of_its_kpis() -> None:
    assert "kpi IN ('resumption_rate'" in kpi_sql(None, None, None, "restart")


def test_rows_stand_in_the_order_of_the_catalog() -> None:
    rows = [row("report_age", 1.0), row("cpi", 1.0), row("spi", 1.0)]
    assert [found[1] for found in in_catalog_order(rows)] == ["spi", "cpi", "report_age"]


def test_every_family_has_a_table_of_its_own() -> None:
    text = shown(row("spi", 0.91), row("resumption_rate", 88.5))
    assert (
        text.index("earned value") < text.index("spi") < text.index("restart") < text.index("resumption_rate")
    )


def test_a_null_shows_its_reason_and_a_date_its_day() -> None:
    text = shown(row("cpi", None, reason="no_data"), row("forecast_finish", 12.5, day=date(2024, 9, 30)))
    assert "no_data" in text
    assert "2024-09-30" in text
