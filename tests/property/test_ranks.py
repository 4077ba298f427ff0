"""Ranks of ratios compare fractions exactly, however close they are and however large their parts."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import isclose
from typing import Final

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.definition import define

NO_FIXTURE_PER_EXAMPLE: Final = [HealthCheck.function_scoped_fixture]
"""The definition takes long; every example clears the tables that it fills."""
_PICO: Final = 10**12
_BEYOND: Final = 10**37
"""From here on ranks compare doubles."""

Parts = tuple[int, int]


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        define(connection)
        yield connection


def _close(parts: Parts, by: int) -> Parts:
    """A fraction that a double cannot tell from the other one, or hardly."""
    numerator, denominator = parts
    return numerator * by + 1, denominator * by


def parts() -> st.SearchStrategy[list[Parts]]:
    """Numerators and denominators in 10⁻¹²: equal, reducible, next to each other, large."""
    numbers = st.one_of(st.integers(0, 40).map(lambda n: n * _PICO), st.integers(0, _BEYOND - 1))
    some = st.tuples(numbers, numbers.filter(bool))
    scaled = st.tuples(some, st.integers(1, 10**6)).map(
        lambda said: (said[0][0] * said[1], said[0][1] * said[1])
    )
    near = st.tuples(some, st.integers(10**6, 10**18)).map(lambda said: _close(*said))
    fitting = st.one_of(some, scaled, near).filter(lambda said: max(said) < _BEYOND)
    return st.lists(fitting, min_size=1, max_size=6).flatmap(_with_copies)


def _with_copies(chosen: list[Parts]) -> st.SearchStrategy[list[Parts]]:
    """The same fractions once more, as they are, expanded and moved by a hair."""
    moved = [_close(said, by) for said in chosen for by in (10**9, 10**15)]
    expanded = [(2 * numerator, 2 * denominator) for numerator, denominator in chosen]
    more = [said for said in (*chosen, *moved, *expanded) if max(said) < _BEYOND]
    return st.permutations([*chosen, *more])


@settings(max_examples=25, suppress_health_check=NO_FIXTURE_PER_EXAMPLE)
@given(parts(), st.sampled_from(["spi", "tcpi"]))
def test_ranks_are_those_of_the_fractions(
    store: duckdb.DuckDBPyConnection, said: list[Parts], kpi: str
) -> None:
    _fill(store, kpi, said)
    fractions = [Fraction(*some) for some in said]
    directed = [-fraction if kpi == "spi" else fraction for fraction in fractions]
    wanted = {f"{n}": 1 + sum(other < one for other in directed) for n, one in enumerate(directed)}
    assert dict(store.execute("SELECT member, rank FROM ranking").fetchall()) == wanted


@settings(max_examples=25, suppress_health_check=NO_FIXTURE_PER_EXAMPLE)
@given(parts())
def test_a_group_divides_the_exact_sums(store: duckdb.DuckDBPyConnection, said: list[Parts]) -> None:
    _fill(store, "spi", said)
    ((value, *sums, count),) = store.execute(
        "SELECT value, numerator, denominator, count FROM kpi_rollup('all')"
    ).fetchall()
    wanted = [sum(side) for side in zip(*said, strict=True)]
    assert count == len(said)
    assert isclose(value, Fraction(*wanted), rel_tol=1e-15 if max(wanted) < _BEYOND else 1e-14)
    assert sums == [_decimal(part) if part < _BEYOND else None for part in wanted]


def _fill(store: duckdb.DuckDBPyConnection, kpi: str, said: list[Parts]) -> None:
    """One project for each ratio."""
    store.execute("DELETE FROM kpi_snapshots; DELETE FROM kpi_latest")
    values = [float(Fraction(*some)) for some in said]
    sides = [[_decimal(part) for part in side] for side in zip(*said, strict=True)]
    for table in ("kpi_snapshots", "kpi_latest"):
        store.execute(
            f"INSERT INTO {table} (project_id, kpi, value, numerator, denominator, scope, as_of, known_at, baseline, unit)"
            " SELECT unnest(?), ?, unnest(?), unnest(?::DECIMAL(38, 12)[]), unnest(?::DECIMAL(38, 12)[]), '',"
            " DATE '2024-01-01', TIMESTAMPTZ '2024-01-02 00:00:00+00', 1, '1'",
            [
                [f"{number}" for number in range(len(said))],
                kpi,
                values,
                *[[str(part) for part in side] for side in sides],
            ],
        )


def _decimal(pico: int) -> Decimal:
    return Decimal(f"{pico}e-12")
