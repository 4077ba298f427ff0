"""Programs that only some tests need: where one is missing a laptop skips with one clear line, CI fails."""

import os
import shutil
from pathlib import Path

import pytest

__all__ = ["needs", "program"]


def needs(found: object, what: str) -> None:
    """Go on if it was found; else skip, or fail where everything must run."""
    if found:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def program(name: str, install: str) -> str:
    """Path of a program; `install` says how to get it."""
    path = shutil.which(name)
    needs(path, f"{name} is not installed ({install})")
    return str(path and Path(path))
