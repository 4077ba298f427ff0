"""Cuts over any interleaving of reports, ticks and drains: a partition gets at most the one cut that it needs."""

import tempfile
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.ticks import append_cuts
from tests.builders import instant, tick
from tests.moving_time import PARTITIONS, TOPICS, MovingTime, TickedLog

NOON = instant(date(2024, 2, 17), 12, 0)
REPORT, REFUSED, LIVE, SIMULATED, DRAIN = "report", "refused", "live", "simulated", "drain"

steps = st.lists(
    st.tuples(
        st.sampled_from([REPORT, REPORT, REFUSED, LIVE, SIMULATED, DRAIN]),
        st.sets(st.integers(0, PARTITIONS - 1), min_size=1),
    ),
    max_size=12,
)


def take(log: TickedLog, step: str, partitions: set[int]) -> None:
    if step == REPORT:
        log.report(*partitions)
    elif step == DRAIN:
        drain(log)
    else:
        values = {REFUSED: b"no event", LIVE: tick(NOON, clock="live"), SIMULATED: tick(date(2023, 1, 1))}
        log.add(values[step], partitions)


def drain(log: TickedLog) -> None:
    """A drain cuts what is not cut: afterwards every partition is empty or ends with a tick, so a second has no work."""
    before = [log.log.end_offset(TOPICS.events, number) for number in range(PARTITIONS)]
    uncut = [number for number in range(PARTITIONS) if before[number] and not ends_with_a_tick(log, number)]
    assert append_cuts(log.log, TOPICS, log.time.now()) == len(uncut)
    for number in range(PARTITIONS):
        grown = log.log.end_offset(TOPICS.events, number) - before[number]
        assert grown == (1 if number in uncut else 0)
        assert not before[number] or ends_with_a_tick(log, number)
    assert append_cuts(log.log, TOPICS, log.time.now()) == 0


def ends_with_a_tick(log: TickedLog, partition: int) -> bool:
    last = log.log.last(TOPICS.events, partition)
    return last is not None and b"clock.ticked" in (last.value or b"")


@settings(max_examples=60)
@given(steps)
def test_any_interleaving_gets_at_most_the_one_cut_that_a_partition_needs(
    taken: list[tuple[str, set[int]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = TickedLog.new(Path(folder) / "log.db", MovingTime(NOON, NOON))
        for step, partitions in taken:
            take(log, step, partitions)
        drain(log)
        log.log.close()
