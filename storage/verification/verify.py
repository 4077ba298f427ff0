"""Verification of a store: its KPIs by SQL over its journal, its journal by the log."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb

from eventlog.log import EventLog
from storage.reader import Reader
from storage.verification.journal_check import journal_differences
from storage.verification.recompute import OnProgress, recompute
from storage.verification.stored import copy_store
from storage.verification.verdict import Difference, row_differences, rows_compared

__all__ = ["Difference", "OnProgress", "Verification", "compare_journal", "verification"]


class Verification:
    """A store that was computed anew, in a database of its own in memory."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    @property
    def rows_compared(self) -> int:
        """Keys of the newest rows that are stored or must be."""
        return rows_compared(self._connection)

    def differences(self) -> Iterator[Difference]:
        """Rows that are missing, too many or different."""
        return row_differences(self._connection)


@contextmanager
def verification(reader: Reader, on_progress: OnProgress) -> Iterator[Verification]:
    """Compute everything anew. Raises ServiceUnavailable for a live store that is never at rest."""
    with closing(duckdb.connect()) as connection:
        copy_store(reader, connection)
        recompute(connection, on_progress)
        yield Verification(connection)


def compare_journal(
    log: EventLog, topic: str, reader: Reader, on_progress: OnProgress
) -> Iterator[Difference]:
    """Compare the journal with the log."""
    return journal_differences(log, topic, reader, on_progress)
