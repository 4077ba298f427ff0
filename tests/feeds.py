"""Hypothesis strategies of messy logs: stretches of statements, each ended by a tick."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Final, NamedTuple

from hypothesis import strategies as st

from tests.builders import tick
from tests.messes import KINDS, Mess, bad_record, closing_tick, cut_tick, some_statement

__all__ = ["AFTER_ALL", "FOCI", "PROJECTS", "Feed", "Stretch", "feeds", "statements"]

PROJECTS: Final = ("p1", "项目-2")
FOCI: Final = (
    KINDS,
    ("production",),
    ("milestone", "status"),
    ("work", "cost", "value"),
    ("tally", "task", "assigned"),
    ("survey", "status"),
    ("reading",),
    ("investment", "status"),
)
LAST_DAY: Final = 200
STRETCHES_MAX: Final = 4
AFTER_ALL: Final = tick(LAST_DAY + 1)
"""A cut after everything, forwarded records included."""
SIZES: Final = (0, 1, 3, 8, 16, 24)


class Stretch(NamedTuple):
    """Records between two cuts, and the tick after them."""

    values: list[bytes]
    tick: bytes


class Feed(NamedTuple):
    """A log; it ends with a cut."""

    stretches: list[Stretch]

    @property
    def values(self) -> list[bytes]:
        """All records in order."""
        return [value for stretch in self.stretches for value in (*stretch.values, stretch.tick)]

    def changed(self, change: Callable[[list[bytes]], Iterable[bytes]]) -> list[bytes]:
        """The records with each stretch changed; the ticks stay."""
        return [value for stretch in self.stretches for value in (*change(stretch.values), stretch.tick)]


def _made(make: Callable[[Random, Mess], bytes], mess: Mess) -> st.SearchStrategy[bytes]:
    """Each record has a seed of its own: a failing log shrinks to few records, whatever stands in them."""
    return st.builds(lambda seed: make(Random(seed), mess), st.integers(0, 99_999))


def messes() -> st.SearchStrategy[Mess]:
    """Two projects with all kinds of reports, or with the few that meet in one family."""
    return st.builds(
        Mess, projects=st.just(PROJECTS), kinds=st.sampled_from(FOCI), busy=st.sampled_from((4, 8, 12))
    )


def statements(mess: Mess) -> st.SearchStrategy[bytes]:
    """One statement or retraction; rarely a record that is refused."""
    sound = _made(some_statement, mess)
    return st.one_of(*[sound] * 15, _made(bad_record, mess))


def _some(records: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Some records; large logs are as likely as small ones."""
    return st.sampled_from(SIZES).flatmap(lambda size: st.lists(records, min_size=size, max_size=size))


def _feeds_of(mess: Mess) -> st.SearchStrategy[Feed]:
    ticks = st.one_of(_made(closing_tick, mess), _made(cut_tick, mess))
    stretch = st.builds(Stretch, _some(statements(mess)), ticks)
    last = st.builds(Stretch, _some(statements(mess)), st.just(tick(LAST_DAY)))
    some = st.integers(0, STRETCHES_MAX).flatmap(
        lambda count: st.lists(stretch, min_size=count, max_size=count)
    )
    return st.builds(lambda stretches, end: Feed([*stretches, end]), some, last)


def feeds() -> st.SearchStrategy[Feed]:
    """A messy log."""
    return messes().flatmap(_feeds_of)
