"""Writes the lines of a feed into a file or a stream, the same bytes that would be published. Half a file never stays."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO

from producers.publish import Counts, OnDay
from producers.simulation import Line, Stopped
from schemas.errors import UsageError

__all__ = ["new_file", "write_lines"]


def write_lines(
    lines: Iterable[Line], out: BinaryIO, counts: Counts, *, stopped: Stopped, on_day: OnDay = lambda _: None
) -> bool:
    """Write and count the lines; False when stopped before the end."""
    day: date | None = None
    for line in lines:
        if line.day != day:
            if stopped():
                return False
            day = line.day
            on_day(day)
        out.write(line.raw + b"\n")
        counts.add([line])
    out.flush()
    return not stopped()


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is whole; a pipe or a device is written as it is. Raises UsageError."""
    if path.exists() and not path.is_file() and not path.is_dir():
        with _opened(path, path) as device:
            yield device
        return
    whole = path.resolve()
    part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        with _opened(part, path) as file:
            yield file
        _take_name(part, whole, path)
    finally:
        part.unlink(missing_ok=True)


def _opened(path: Path, named: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise _refusal(named, error) from error


def _take_name(part: Path, whole: Path, named: Path) -> None:
    try:
        part.replace(whole)
    except OSError as error:
        raise _refusal(named, error) from error


def _refusal(path: Path, error: OSError) -> UsageError:
    return UsageError(f"--out {path}: cannot be written: {error.strerror}; name another file")
