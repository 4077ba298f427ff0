"""The core against the oracle, and against itself in another order, in other slices and with evaluations in between."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.kpi import KpiEvaluated
from tests.agreement import Told, differences, read_records, row_differences
from tests.builders import ZONE, log
from tests.feeds import Feed, feeds
from tests.folds import fold_whole, new_partition, records_of
from tests.oracle import replay


def told_by(values: list[bytes]) -> Told:
    return read_records(fold_whole(values)[0])


def assert_same(one: Told, other: Told) -> None:
    assert row_differences("history", one.history, other.history) == []
    assert row_differences("original", one.history_original, other.history_original) == []
    assert one.newest == other.newest
    assert one.status_dates == other.status_dates


@settings(max_examples=120)
@given(feeds())
def test_history_rows_findings_and_status_dates_are_those_of_the_law(feed: Feed) -> None:
    expected = replay(log(feed.values), ZONE, place=lambda _: 0)
    assert differences(expected, told_by(feed.values)) == []


@settings(max_examples=60)
@given(feeds(), st.randoms(use_true_random=False))
def test_the_order_between_cuts_and_doubled_records_change_nothing(feed: Feed, chance: Random) -> None:
    def disturbed(values: list[bytes]) -> list[bytes]:
        doubled = [*values, *(value for value in values if chance.randrange(3) == 0)]
        chance.shuffle(doubled)
        return doubled

    assert_same(told_by(feed.values), told_by(feed.changed(disturbed)))


@settings(max_examples=60)
@given(feeds(), st.randoms(use_true_random=False))
def test_a_record_that_comes_again_after_later_cuts_changes_nothing(feed: Feed, chance: Random) -> None:
    seen: list[bytes] = []

    def with_old_ones(values: list[bytes]) -> list[bytes]:
        again = [chance.choice(seen) for _ in range(chance.randrange(4)) if seen]
        seen.extend(values)
        return [*values, *again]

    assert_same(told_by(feed.values), told_by(feed.changed(with_old_ones)))


@settings(max_examples=60)
@given(feeds(), st.randoms(use_true_random=False))
def test_slices_and_evaluations_between_cuts_change_no_history(feed: Feed, chance: Random) -> None:
    partition, published = new_partition(), list[KpiEvaluated]()
    records = records_of(feed.values)
    while records:
        size = chance.randrange(1, 9)
        published += partition.fold(records[:size]).kpis
        records = records[size:]
        chosen = chance.choice((None, [], ["p1"], ["项目-2", "p1"]))
        published += partition.evaluate_live(chosen).kpis if records else []
    assert_same(told_by(feed.values), read_records(published))


@settings(max_examples=60)
@given(feeds())
def test_a_live_evaluation_says_what_the_law_says_of_the_records_so_far(feed: Feed) -> None:
    live = feed.values[:-1]
    partition = new_partition()
    partition.fold(records_of(live))
    partition.touched.update(partition.projects)
    told = read_records(partition.evaluate_live().kpis)
    expected = replay(log(live), ZONE, place=lambda _: 0)
    expected.snapshots.clear()
    expected.snapshots_original.clear()
    assert differences(expected, told) == []
