"""A statement is given up when Ctrl-C is pressed, and what it was asked on serves on."""

import os
import signal
import threading
from collections.abc import Iterator

import duckdb
import pytest

from storage.asking import Asking
from tests.waiting import until

ENDLESS = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a.range + b.range) = 1"


@pytest.fixture
def asking() -> Iterator[Asking]:
    asking = Asking(duckdb.connect())
    yield asking
    asking.close()


@pytest.fixture
def hearing() -> Iterator[None]:
    """Ctrl-C is heard here, even if the tests were started in a shell's background, where it is not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c_when_busy(asking: Asking) -> threading.Thread:
    def press() -> None:
        until(lambda: not asking._ended.is_set())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


@pytest.mark.usefixtures("hearing")
def test_an_endless_statement_is_given_up_at_once(asking: Asking) -> None:
    thread = press_ctrl_c_when_busy(asking)
    with pytest.raises(KeyboardInterrupt):
        asking.execute(ENDLESS)
    thread.join()
    until(asking._ended.is_set)
    asking.execute("SELECT 1")
    assert asking.fetch(2) == [(1,)]


def test_rows_come_in_chunks_until_there_are_none(asking: Asking) -> None:
    asking.execute("SELECT range FROM range($count)", {"count": 3})
    assert [asking.fetch(2), asking.fetch(2), asking.fetch(2)] == [[(0,), (1,)], [(2,)], []]


def test_an_error_is_that_of_the_statement(asking: Asking) -> None:
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        asking.execute("FROM nowhere")


def test_a_busy_connection_is_left_to_the_end_of_the_process() -> None:
    asking = Asking(duckdb.connect())
    asking._ended.clear()
    asking.close()
    asking._ended.set()
    asking.execute("SELECT 1")
    assert asking.fetch(1) == [(1,)]
    asking.close()
    with pytest.raises(duckdb.ConnectionException):
        asking.execute("SELECT 1")
