"""Opens the store for reading: live SQL while a store runs, its file otherwise. Writes nothing, creates nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from eventlog.locks import HomeLock
from schemas.errors import ServiceUnavailable
from schemas.settings import Settings
from storage.file_reader import FileHeld, FileReader
from storage.live_address import read_address
from storage.live_client import LiveReader, ServerGone
from storage.results import Reader, Result, Rows

__all__ = ["Reader", "Result", "Rows", "open_reader"]

HELD_SECONDS_MAX: Final = 1.5
"""How long a store that holds its file may take until it answers or lets go."""


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """A reader of the store, for the thread that asks.

    Raises ServiceUnavailable when there is no store yet, or when a process holds it that answers no SQL.
    """
    with closing(_find(settings.home, settings.store_file)) as reader:
        yield reader


def _find(home: Path, store: Path) -> FileReader | LiveReader:
    deadline = monotonic() + HELD_SECONDS_MAX
    pause = Event()
    while True:
        if (live := _live(home, store)) is not None:
            return live
        if not store.exists():
            raise ServiceUnavailable(
                f"no store at {store} yet; `milepost run --drain` makes one of what the log holds, `milepost up` a live one"
            )
        try:
            return FileReader.open(store)
        except FileHeld as error:
            if monotonic() > deadline:
                raise ServiceUnavailable(_held(home, store)) from error
        pause.wait(0.05)


def _live(home: Path, store: Path) -> LiveReader | None:
    """Live SQL on this store; an address that a killed store left behind leads nowhere."""
    address = read_address(home, store)
    if address is None:
        return None
    try:
        return LiveReader.open(address)
    except ServerGone:
        return None


def _held(home: Path, store: Path) -> str:
    pid = HomeLock(home, "store").holder() or "unknown"
    return f"the store {store} is held by another process (pid {pid}) that serves no SQL; ask again when it has ended"
