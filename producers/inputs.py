"""Opens what rows are read from: files, pipes, standard input. What cannot be read is named; nothing is decoded."""

import errno
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from producers.lines import Page, pages_of
from schemas.errors import UsageError

__all__ = ["STANDARD_INPUT", "Input", "Unreadable", "check_input", "open_input"]

STANDARD_INPUT: Final = "-"
LINGER_S: Final = 0.02
"""How long a pipe may be silent before what has come is taken for all there is by now."""
_TABLES: Final = frozenset({".csv", ".xlsx"})


class Unreadable(UsageError):
    """An input that cannot be read; the others still can."""


@dataclass(frozen=True)
class Input:
    """An open input. `more` says whether something can be read without waiting for it."""

    name: str
    pages: Iterator[Page]
    more: Callable[[], bool]


def check_input(path: str) -> int:
    """See early what can be seen without opening, and answer the size; 0 where nobody knows it. Raises Unreadable."""
    if Path(path).suffix.lower() in _TABLES:
        raise Unreadable(f"{path}: CSV and XLSX files cannot be read yet; give JSON lines, one event a line")
    with _named(path):
        status = os.fstat(_descriptor_of_standard_input()) if path == STANDARD_INPUT else Path(path).stat()
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable(f"{path}: is a folder; name the files in it")
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


@contextmanager
def open_input(path: str) -> Iterator[Input]:
    """Open an input. Raises Unreadable, also while it is read."""
    with _named(path):
        file = _opened(path)
    with file:
        is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)

        def read(limit: int) -> bytes | None:
            with _named(path):
                return file.read(limit)

        def more() -> bool:
            return is_file or bool(select.select([file], [], [], LINGER_S)[0])

        yield Input(_shown(path), pages_of(read), more)


def _opened(path: str) -> FileIO:
    if path == STANDARD_INPUT:
        return FileIO(_descriptor_of_standard_input(), closefd=False)
    return FileIO(path)


def _descriptor_of_standard_input() -> int:
    """Its number may by now be that of another file when it was closed from the start."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return sys.stdin.fileno()


def _shown(path: str) -> str:
    """The base name; bytes that are not UTF-8 are replaced, for nothing else can be told on a topic."""
    return Path(path).name.encode(errors="surrogateescape").decode(errors="replace")


@contextmanager
def _named(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreadable(
            f"{path}: cannot be read: {error.strerror}; check its name and its rights"
        ) from error
    except ValueError as error:
        raise Unreadable(f"{path!r}: is no name of a file: {error}") from error
