"""One simulated mess: a seed decides the feed, its disturbances, the lives of its workers and the batches of its store."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from eventlog.embedded import EmbeddedLog
from tests.builders import status, tick
from tests.exports import kpi_at_differences, table_differences
from tests.folds import RULES, RULES_LATER
from tests.lives import append_events, live_and_die, new_log
from tests.messes import KINDS, Mess, bad_record, closing_tick, cut_tick, some_statement
from tests.oracle import Outcome
from tests.storing import repeat_some_output, store_in_batches
from tests.topics import contradictions, expected_of

__all__ = ["simulate"]

FOCI: Final = (
    KINDS,
    ("production", "status"),
    ("milestone", "work", "value", "cost"),
    ("tally", "task", "assigned", "survey"),
    ("reading",),
    ("investment", "value", "survey", "status"),
)
"""Kinds of reports that a mess is about: the seed modulo their number."""
ODD_IDS: Final = ("o'Brien\"; DROP TABLE events; --", "مشروع 🏗️")
PARTS: Final = 14
STATEMENTS_MAX: Final = 50
AFTER_ALL: Final = 400


def simulate(seed: int, *, with_store: bool = True) -> list[str]:
    """Where the product contradicts the law in the mess of this seed; empty when it does not."""
    chance = Random(seed)
    with (
        TemporaryDirectory() as folder,
        closing(new_log(Path(folder) / "log.db", chance.randrange(1, 5))) as log,
    ):
        mess = _mess(chance, FOCI[seed % len(FOCI)])
        parts = list(_parts(chance, mess))
        change = chance.randrange(len(parts))
        live_and_die(log, parts[:change], chance)
        live_and_die(log, parts[change:], chance, RULES_LATER).work(chance)
        worker = live_and_die(log, [_end(mess)], chance, RULES_LATER)
        append_events(log, [tick(AFTER_ALL + 1)])
        worker.work(chance)
        expected = expected_of(log)
        found = contradictions(log, expected, RULES, RULES_LATER)
        if with_store:
            found += _of_store(log, Path(folder) / "store.duckdb", expected, chance)
        return found


def _mess(chance: Random, kinds: tuple[str, ...]) -> Mess:
    # One project has as many reports as several others, so that its windows are covered.
    projects = (*ODD_IDS, *ODD_IDS[:1] * 6, *(f"项目-{number}" for number in range(chance.randrange(8, 14))))
    return Mess(projects, kinds, busy=chance.choice((5, 12, 30)), last=chance.choice((40, 90)))


def _parts(chance: Random, mess: Mess) -> Iterator[list[bytes]]:
    """Records up to and with the next tick: out of order, some doubled, some refused, some from long ago."""
    seen: list[bytes] = []
    for _ in range(PARTS):
        part = [
            bad_record(chance, mess) if chance.randrange(40) == 0 else some_statement(chance, mess)
            for _ in range(chance.randrange(STATEMENTS_MAX))
        ]
        seen += part
        part += [chance.choice(seen) for _ in range(len(part) // 10)]
        chance.shuffle(part)
        yield [*part, closing_tick(chance, mess) if chance.randrange(5) < 3 else cut_tick(chance, mess)]


def _end(mess: Mess) -> list[bytes]:
    """A last word of every project, and a cut after it."""
    return [
        *(status(AFTER_ALL - 1, "resumed", project=project) for project in sorted(set(mess.projects))),
        tick(AFTER_ALL),
    ]


def _of_store(log: EmbeddedLog, path: Path, expected: Outcome, chance: Random) -> list[str]:
    store_in_batches(log, path, chance).close()
    repeat_some_output(log, chance)
    with closing(store_in_batches(log, path, chance)) as store:
        found = table_differences(store, log, expected)
        for row in chance.sample(expected.snapshots, min(5, len(expected.snapshots))):
            day = row["as_of"] + timedelta(days=chance.choice((-1, 0, 5)))
            known_at = row["known_at"] + timedelta(microseconds=chance.choice((-1, 0, 1)))
            found += kpi_at_differences(store, expected, day, known_at)
        return found
