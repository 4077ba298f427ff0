"""A product broken on purpose must be caught: else the simulation proves nothing."""

from collections.abc import Callable
from typing import Any

import pytest

import storage.kpi_tables
import streams.core.history
import streams.core.kpis.production
import streams.core.lifecycle
import streams.core.partition
import streams.core.project
import streams.recovery
from storage.kpi_choice import Chosen, choose
from streams.core.evaluation import evaluate, evaluate_original
from streams.core.statements import Statement, wins
from tests.simulation.mess import simulate

SEED = 7
"""A mess of production, close enough for rolling rates and alerts."""


def found_with(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, broken: Any, *, with_store: bool = False
) -> set[str]:
    """What is contradicted when something is broken."""
    monkeypatch.setattr(module, name, broken)
    return {line.split(":")[0].split(" ")[0] for line in simulate(SEED, with_store=with_store)}


def test_the_wrong_winner_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_one_wins(candidate: Statement, current: Statement) -> bool:
        return not wins(candidate, current)

    assert "history" in found_with(monkeypatch, streams.core.project, "wins", last_one_wins)


def test_a_window_that_is_a_day_too_long_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "history" in found_with(monkeypatch, streams.core.kpis.production, "_WEEK", 8)


def test_days_that_are_not_restated_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_new_days(project: Any, days: list[int], _: int) -> dict[int, Any]:
        return {day: (evaluate(project, day), evaluate_original(project, day)) for day in days}

    assert "history" in found_with(monkeypatch, streams.core.history, "_as_before", only_new_days)


def test_an_alert_that_does_not_wait_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = streams.core.lifecycle.signal_at_cut

    def impatient(run: Any, *told: Any) -> Any:
        run.timed = run.timed._replace(hold_us=0)
        return waits(run, *told)

    assert "alerts" in found_with(monkeypatch, streams.core.lifecycle, "signal_at_cut", impatient)


def test_a_worker_that_forgets_what_was_published_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    published: Callable[..., Any] = streams.core.partition.Resume

    def forgetful(**known: Any) -> Any:
        return published(**{**known, "kpi_position": None})

    assert "cuts" in found_with(monkeypatch, streams.recovery, "Resume", forgetful)


def test_a_store_that_believes_overtaken_workers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def credulous(heads: Any, cuts: Any, standings: Any) -> Chosen:
        return choose(heads, {}, standings)

    found = found_with(monkeypatch, storage.kpi_tables, "choose", credulous, with_store=True)
    assert "kpi_snapshots" in found
    assert found <= {"kpi_snapshots", "kpi_snapshots_original"}
