"""A DuckDB connection that can be given up: Ctrl-C is heard at once, whatever DuckDB computes or waits for."""

from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb

if TYPE_CHECKING:  # loading it takes longer than most answers
    import pyarrow as pa

__all__ = ["Asking"]

T = TypeVar("T")

GIVEN_UP_SECONDS: Final = 1.0
"""How long an interrupted statement may take to end before nobody waits for it any more."""


class Asking:
    """Statements run in a thread of their own, because DuckDB looks up rarely by itself."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._ended = Event()
        self._ended.set()

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        """Begin a statement."""
        return self._run(lambda: self._connection.execute(sql, parameters))

    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        """The next rows of the statement, none at its end."""
        return self._run(lambda: self._connection.fetchmany(rows))

    def table(self) -> "pa.Table":
        """All rows of the statement."""
        return self._run(self._connection.to_arrow_table)

    def close(self) -> None:
        """Close the connection; one that is busy with what was given up goes with the process."""
        if self._ended.is_set():
            self._connection.close()

    def _run(self, compute: Callable[[], T]) -> T:
        answers: list[T] = []
        errors: list[BaseException] = []
        self._ended.clear()

        def run() -> None:
            try:
                answers.append(compute())
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
                errors.append(error)
            finally:
                self._ended.set()

        try:
            Thread(target=run, daemon=True).start()
            self._ended.wait()
        except KeyboardInterrupt:
            self._connection.interrupt()
            self._ended.wait(GIVEN_UP_SECONDS)
            raise
        if errors:
            raise errors[0]
        return answers[0]
