"""The folder of a demo: a demo replaces only what an earlier demo made, and nothing else that may lie there."""

from pathlib import Path
from typing import Final

from milepost.environment import SourcedSettings
from schemas.errors import ServiceUnavailable, UsageError

__all__ = ["DEFAULT_HOME", "home_of_demo", "prepare_home", "refuse_foreign"]

DEFAULT_HOME: Final = Path("data") / "demo"
_MARKER: Final = "demo.txt"
_TEXT: Final = "Made by `milepost demo`, which replaces this folder's log and store when it runs again.\n"
_MADE: Final = (_MARKER, "log.db*", "milepost.duckdb*", "sql.*", "state.db*")
"""What a demo, and the commands that people try on it, leave behind."""


def home_of_demo(sourced: SourcedSettings) -> Path:
    """The home that somebody chose, else the default of the demo."""
    return sourced.settings.home if sourced.chosen("home") else DEFAULT_HOME


def refuse_foreign(home: Path) -> None:
    """Raise UsageError for a folder in use that no demo made; nothing in it is touched."""
    used = home.is_dir() and any(path.suffix != ".lock" for path in home.iterdir())
    if used and not (home / _MARKER).is_file():
        raise UsageError(
            f"{home} is not empty and no demo made it; set MILEPOST_HOME to another folder, or empty this one"
        )


def prepare_home(home: Path) -> None:
    """Make an empty home for a demo. Raises UsageError for a folder in use that no demo made.

    The caller holds the locks of the home, so their files are there already.
    """
    refuse_foreign(home)
    try:
        _clear(home)
        (home / _MARKER).write_text(_TEXT, encoding="utf-8")
    except OSError as error:
        raise ServiceUnavailable(
            f"cannot write in {home}: {error.strerror}; set MILEPOST_HOME to another folder"
        ) from error


def _clear(home: Path) -> None:
    for pattern in _MADE:
        for path in home.glob(pattern):
            path.unlink()
