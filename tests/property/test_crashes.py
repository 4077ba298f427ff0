"""Workers that die anywhere: what all of them published reads as if one had lived from the first record to the last."""

from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds import AFTER_ALL, Feed, feeds
from tests.folds import RULES
from tests.lives import append_events, live_and_die, new_log
from tests.topics import contradictions, expected_of


@settings(max_examples=30)
@given(feeds(), st.integers(1, 3), st.integers(0, 99_999))
def test_what_dying_workers_published_is_what_the_law_says(feed: Feed, partitions: int, seed: int) -> None:
    chance = Random(seed)
    with TemporaryDirectory() as folder, closing(new_log(Path(folder) / "log.db", partitions)) as log:
        parts = [[*stretch.values, stretch.tick] for stretch in feed.stretches]
        worker = live_and_die(log, parts, chance)
        append_events(log, [AFTER_ALL])
        worker.work(chance)
        assert contradictions(log, expected_of(log), RULES) == []
