"""Exit statuses and the one line that a failed command leaves on standard error."""

import sys
import traceback
from typing import Final

import click

from schemas.errors import CheckFailed, MilepostError, ServiceUnavailable, UsageError

__all__ = [
    "CHECK_FAILED",
    "DONE",
    "INTERRUPTED",
    "PARTLY_REJECTED",
    "UNAVAILABLE",
    "USAGE",
    "exit_code_of",
    "one_line",
    "report",
]

DONE: Final = 0
CHECK_FAILED: Final = 1
USAGE: Final = 2
PARTLY_REJECTED: Final = 3
UNAVAILABLE: Final = 4
INTERRUPTED: Final = 130

# The first match decides, so that a special error may stand before its parent.
_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (KeyboardInterrupt, INTERRUPTED),
    (click.Abort, INTERRUPTED),
    (click.ClickException, USAGE),
    (UsageError, USAGE),
    (CheckFailed, CHECK_FAILED),
    (ServiceUnavailable, UNAVAILABLE),
    (MilepostError, CHECK_FAILED),
    (OSError, UNAVAILABLE),  # disk full, file system gone read-only: what we need is not there
)


def exit_code_of(error: BaseException) -> int:
    """Exit status of a command that ended with this error; 1 for one that nobody foresaw."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), CHECK_FAILED)


def one_line(error: BaseException) -> str:
    """What went wrong and what to do, in one line."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{_flat(error.format_message())} (try: {error.ctx.command_path} --help)"
    if isinstance(error, click.ClickException):
        return _flat(error.format_message())
    if isinstance(error, MilepostError | OSError):
        return _flat(str(error))
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "interrupted"
    return f"unexpected {type(error).__name__}: {_flat(str(error))} (--verbose shows where)"


def report(error: BaseException, *, verbose: bool) -> None:
    """Write the line, and before it the traceback when asked for."""
    if verbose:
        traceback.print_exception(error, file=sys.stderr)
    print(f"milepost: {one_line(error)}", file=sys.stderr, flush=True)


def _flat(text: str) -> str:
    return " ".join(text.split())
