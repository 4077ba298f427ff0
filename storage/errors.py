"""DuckDB's and the file system's errors in our words. Nothing else in the store lets an error of a driver out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from schemas.errors import CheckFailed, ServiceUnavailable

__all__ = ["first_line", "held_by_another", "sql_problem", "translated"]

_FAILURES = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
    duckdb.ConnectionException,
    duckdb.SerializationException,
)
"""What the caller's SQL cannot cause: the disk, the memory, another process."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise ServiceUnavailable for what the machine refuses and CheckFailed for what the SQL does wrong."""
    try:
        yield
    except _FAILURES as error:
        raise ServiceUnavailable(_advice(path, str(error))) from error
    except duckdb.Error as error:
        raise CheckFailed(f"the store {path}: {first_line(error)}") from error
    except OSError as error:
        raise ServiceUnavailable(
            f"the store {path}: {error.strerror or error}; make the folder writable or choose another --home"
        ) from error


def first_line(error: Exception) -> str:
    """First line of a message, without DuckDB's name of the kind of error."""
    return str(error).split("\n", 1)[0]


def sql_problem(error: Exception) -> str:
    """What DuckDB says of a statement, in one line and without the kind of error: the same from the file and from afar."""
    kind, separator, problem = first_line(error).partition(" Error: ")
    return problem if separator and kind.replace(" ", "").isalpha() else first_line(error)


def held_by_another(error: Exception) -> bool:
    """Whether another process has the file open."""
    return "lock on file" in str(error)


def _advice(path: Path, text: str) -> str:
    line = text.split("\n", 1)[0]
    if "lock on file" in text:
        return f"the store {path} is held by another process; stop that one first"
    if "not a valid DuckDB" in text:
        return (
            f"{path} is not a DuckDB file; move it away, then `milepost rebuild` makes a new one from the log"
        )
    if "No space left" in text:
        return f"the store {path}: the disk is full; free space and start again, nothing is lost"
    if "Permission denied" in text or "Read-only" in text or "Cannot open file" in text:
        return f"the store {path}: {line}; make the folder writable or choose another --home"
    return f"the store {path}: {line}"
