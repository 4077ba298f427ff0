import os
import signal
import threading

import pytest

from milepost.parts import Parts, stop_on_signals


def test_the_first_part_that_fails_stops_the_others_and_its_error_is_raised() -> None:
    parts = Parts(threading.Event())
    stopped = threading.Event()

    def works(stop: threading.Event) -> None:
        stop.wait()
        stopped.set()

    def fails(stop: threading.Event) -> None:
        raise ValueError("disk full")

    parts.start("works", works)
    parts.start("fails", fails)
    parts.wait()
    with pytest.raises(ValueError, match="disk full"):
        parts.finish()
    assert stopped.is_set()


def test_leaving_the_block_stops_every_part() -> None:
    parts = Parts(threading.Event())
    ended = threading.Event()

    def part(stop: threading.Event) -> None:
        stop.wait()
        ended.set()

    with parts.running():
        parts.start("part", part)
    assert ended.is_set()


def test_an_error_in_the_block_stops_the_parts_and_is_raised() -> None:
    parts = Parts(threading.Event())
    parts.start("part", lambda stop: stop.wait())
    with pytest.raises(ValueError, match="port"), parts.running():
        raise ValueError("port taken")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_stop_signal_and_the_old_way_comes_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(2)
    assert signal.getsignal(number) is before
