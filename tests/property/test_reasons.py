"""What the page of KPIs says about reasons: no KPI is null for another one, whatever was stated."""

from collections.abc import Iterable

from hypothesis import given, settings

from schemas.catalog import KPIS
from schemas.kpi_reasons import REASONS
from tests.agreement import read_records
from tests.feeds import Feed, feeds
from tests.folds import fold_whole


def told(values: Iterable[bytes]) -> set[tuple[str, str]]:
    history = read_records(fold_whole(list(values))[0]).history
    return {(row["kpi"], row["reason"]) for row in history if row["reason"] is not None}


def test_every_kpi_has_its_reasons() -> None:
    assert set(REASONS) == set(KPIS)


@settings(max_examples=60)
@given(feeds())
def test_a_kpi_is_null_for_the_reasons_that_are_told_of_it(feed: Feed) -> None:
    gone = {(kpi, reason) for kpi in KPIS for reason in ("no_baseline", "not_planned", "no_data")}
    assert {(kpi, reason) for kpi, reason in told(feed.values) - gone if reason not in REASONS[kpi]} == set()
