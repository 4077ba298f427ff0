"""A step that must not be torn in two."""

import signal

import pytest

from milepost.interrupts import undisturbed


def interrupted_by(number: signal.Signals, done: list[str]) -> None:
    with undisturbed():
        signal.raise_signal(number)
        done.append("all of it")


def failing() -> None:
    with undisturbed():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("the disk is full")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_waits_for_the_end_of_the_step(number: signal.Signals) -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted_by(number, done)
    assert done == ["all of it"]


def test_the_error_of_the_step_is_told_rather_than_the_interruption() -> None:
    with pytest.raises(ValueError, match="full"):
        failing()


def test_the_ways_of_before_are_restored() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with undisturbed():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
