"""Roll-ups, rankings and lights of messy logs against the law: many groups, units, ties, nulls, and projects without a plan."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from eventlog.log import EventLog
from storage.store import Store
from tests.feeds import AFTER_ALL, FOCI
from tests.folds import RULES
from tests.messes import Mess, closing_tick, some_statement
from tests.oracle.rollups import LEVELS
from tests.rollups import ranking_differences, rollup_differences, status_differences
from tests.stores import Feed, drained, opened
from tests.topics import expected_of

PROJECTS: Final = ("p1", "项目-2", "p3", "p4", "o'Brien", "集团", "p7")
STATEMENTS_MAX: Final = 100


# Folding and storing take their time: a log that fails is told as it is, without looking for a shorter one.
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
@given(st.sampled_from(FOCI), st.integers(1, 2), st.integers(0, 99_999))
def test_roll_ups_rankings_and_lights_are_what_the_law_says(
    kinds: tuple[str, ...], ticks: int, seed: int
) -> None:
    chance, mess = Random(seed), Mess(PROJECTS, kinds)
    with TemporaryDirectory() as folder:
        feed = Feed(Path(folder) / "log.db", rules=RULES)
        for _ in range(ticks):
            said = [some_statement(chance, mess) for _ in range(chance.randrange(STATEMENTS_MAX))]
            feed.append(*said, closing_tick(chance, mess))
        feed.publish(AFTER_ALL, live=False)
        with closing(feed.log), opened(Path(folder) / "store.duckdb", feed.log) as store:
            drained(store, feed.log)
            assert _differences(store, feed.log, chance) == []


def _differences(store: Store, log: EventLog, chance: Random) -> list[str]:
    expected = expected_of(log)
    found = [*ranking_differences(store, log, expected), *status_differences(store, expected)]
    for level in chance.sample(LEVELS, 4):
        found += rollup_differences(store, log, expected, level, None, None)
    for row in chance.sample(expected.snapshots, min(2, len(expected.snapshots))):
        moment = row["known_at"] + timedelta(microseconds=chance.choice((-1, 0)))
        found += rollup_differences(store, log, expected, chance.choice(LEVELS), row["as_of"], moment)
    return found
