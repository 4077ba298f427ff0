"""Lines of a file or pipe, page by page as they arrive, in bounded memory however long a line is. Decodes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.codec import SIZE_MAX_BYTES

__all__ = ["Line", "Page", "pages_of"]

READ_BYTES: Final = 1 << 20
KEPT_BYTES_MAX: Final = SIZE_MAX_BYTES + 2
"""Enough to see that a line is too long, with its line break."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line without its line break. `size` is greater than what is in `raw` when the line was too long to keep."""

    number: int
    raw: bytes
    size: int


class Page(NamedTuple):
    """Lines that are complete, and how many bytes were read for them."""

    lines: list[Line]
    size: int


def pages_of(read: Callable[[int], bytes | None]) -> Iterator[Page]:
    """Every line that is not blank. A byte order mark at the very start is no part of the first line."""
    unfinished = _Unfinished()
    while chunk := read(READ_BYTES):
        yield Page(unfinished.lines_with(chunk), len(chunk))
    yield Page(unfinished.lines_with(b"\n"), 0)


@dataclass
class _Unfinished:
    """The start of a line whose end has not been read yet."""

    number: int = 1
    head: bytes = b""
    size: int = 0

    def lines_with(self, chunk: bytes) -> list[Line]:
        """Lines that the chunk completes."""
        parts = chunk.split(b"\n")
        lines = []
        for part in parts[:-1]:
            if self.size:
                self._keep(part)
                lines.append(_line(self.number, self.head, self.size))
                self.head, self.size = b"", 0
            else:
                lines.append(_line(self.number, part, len(part)))
            self.number += 1
        self._keep(parts[-1])
        return [line for line in lines if line.raw and not line.raw.isspace()]

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if len(self.head) < KEPT_BYTES_MAX:
            self.head = (self.head + part)[:KEPT_BYTES_MAX]


def _line(number: int, raw: bytes, size: int) -> Line:
    if number == 1 and raw.startswith(_BYTE_ORDER_MARK):
        raw, size = raw[3:], size - 3
    if raw.endswith(b"\r"):
        raw, size = raw[:-1], size - 1
    return Line(number, raw, size)
