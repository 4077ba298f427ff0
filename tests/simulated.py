"""Feeds of the bundled catalog for tests, made once per scenario and seed."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from producers.catalog import Catalog, bundled_catalog, load_catalog
from producers.scenarios import days_of, members_of
from producers.simulation import Line, Span, simulate
from tests.builders import ZONE

__all__ = ["catalog", "feed", "lines_of", "stated"]

WHOLE: Final = Span()


@cache
def catalog() -> Catalog:
    """The catalog that comes with Milepost."""
    return load_catalog(bundled_catalog())


@cache
def feed(scenario: str, seed: int = 0) -> Sequence[Line]:
    """The whole feed of a scenario."""
    return tuple(lines_of(scenario, seed))


def lines_of(
    scenario: str, seed: int = 0, *, projects: int | None = None, span: Span = WHOLE, ticks: bool = True
) -> Iterator[Line]:
    """The lines of a feed, as the command makes them."""
    members = members_of(scenario, catalog(), projects)
    days = days_of(members, span)
    return simulate(members, seed=seed, zone=ZONE, days=days, span=span, ticks_from="test" if ticks else None)


def stated(scenario: str, project: str, seed: int = 0) -> list[bytes]:
    """What a project states in a feed."""
    return [line.raw for line in feed(scenario, seed) if line.key == project]
