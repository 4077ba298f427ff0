"""What a query answers, and what a reader of the store is, whichever way it reads. Knows no SQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from storage.asking import Asking

if TYPE_CHECKING:  # loading it takes longer than most answers
    import pyarrow as pa

__all__ = ["Reader", "Result", "Rows"]

Row = tuple[Any, ...]

Translated = Callable[[], AbstractContextManager[None]]
"""Turns DuckDB's errors into ours while a block lasts."""

CHUNK_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Result:
    """All rows, with the names and SQL types of their columns."""

    columns: list[str]
    types: list[str]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be taken once and one by one, so that any number of them fits, while the reader is open and asks nothing else."""

    columns: list[str]
    types: list[str]
    rows: Iterator[Row]

    @classmethod
    def of(cls, asking: Asking, sql: str, parameters: dict[str, Any] | None, translated: Translated) -> Self:
        """What a statement answers."""
        columns = asking.execute(sql, parameters).description or []
        names = _distinct([str(column[0]) for column in columns])
        first = asking.fetch(CHUNK_ROWS)
        return cls(names, [str(column[1]) for column in columns], _taken(asking, first, translated))

    def result(self) -> Result:
        """All of them."""
        return Result(self.columns, self.types, list(self.rows))


def _distinct(names: list[str]) -> list[str]:
    """Names as live SQL makes them distinct: a, a_1, a_2; case aside."""
    seen: set[str] = set()
    distinct = []
    for name in names:
        candidates = chain([name], (f"{name}_{number}" for number in count(1)))
        chosen = next(candidate for candidate in candidates if candidate.lower() not in seen)
        seen.add(chosen.lower())
        distinct.append(chosen)
    return distinct


def _taken(asking: Asking, chunk: list[Row], translated: Translated) -> Iterator[Row]:
    while chunk:
        yield from chunk
        with translated():
            chunk = asking.fetch(CHUNK_ROWS)


class Reader(Protocol):
    """Answers read-only SQL, one statement at a time.

    Both ways raise UsageError for a statement that is refused or empty, CheckFailed for an SQL error, and
    ServiceUnavailable when the store is gone. Only a row that cannot be computed may raise later than the call.
    """

    @property
    def timezone(self) -> str:
        """The business calendar of the log."""

    def query(self, sql: str) -> Result:
        """Run one statement and take all of its rows."""

    def scan(self, sql: str) -> Rows:
        """Run one statement and take its rows one by one."""

    def table(self, sql: str) -> "pa.Table":
        """Run one statement and take all of its rows as an Arrow table."""

    @property
    def is_live(self) -> bool:
        """Whether a store is running, which goes on writing."""
