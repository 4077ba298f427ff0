"""The store against the law: its tables, views and macros after any split into batches, with output that comes again."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.exports import kpi_at_differences, table_differences
from tests.feeds import AFTER_ALL, Feed, feeds
from tests.lives import Worker, append_events, new_log
from tests.storing import repeat_some_output, store_in_batches
from tests.topics import expected_of


# A store takes its time: a log that fails is told as it is, without looking for a shorter one.
@settings(max_examples=10, phases=[Phase.explicit, Phase.generate])
@given(feeds(), st.booleans(), st.integers(0, 99_999))
def test_tables_are_what_the_law_says_whatever_the_batches(feed: Feed, ends_live: bool, seed: int) -> None:
    chance = Random(seed)
    with TemporaryDirectory() as folder, closing(new_log(Path(folder) / "log.db", partitions=2)) as log:
        worker = Worker(log)
        for stretch in feed.stretches:
            append_events(log, [*stretch.values, stretch.tick], chance)
            worker.work(chance)
        append_events(log, [AFTER_ALL])
        worker.work(chance)
        if ends_live:
            append_events(log, feed.stretches[0].values)
            worker.work(chance)
            worker.evaluate_all()
        expected, path = expected_of(log), Path(folder) / "store.duckdb"
        store_in_batches(log, path, chance).close()
        repeat_some_output(log, chance)
        with closing(store_in_batches(log, path, chance)) as store:
            assert table_differences(store, log, expected) == []
            for row in expected.snapshots[:: max(1, len(expected.snapshots) // 3)]:
                day = row["as_of"] + timedelta(days=chance.choice((-1, 0, 5)))
                moment = row["known_at"] + timedelta(microseconds=chance.choice((-1, 0, 1)))
                assert kpi_at_differences(store, expected, day, moment) == []
