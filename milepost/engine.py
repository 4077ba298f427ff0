"""Which code folds: a saved state that other code has made is of no use, whatever version it calls itself."""

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

__all__ = ["engine_name"]

_FOLDING: Final = ("schemas", "streams.core")


@cache
def engine_name() -> str:
    """The release, and a digest of the modules that decide what a state is."""
    digest = hashlib.sha256()
    for package in _FOLDING:
        for module in sorted(_modules(files(package)), key=str):
            digest.update(module.name.encode() + b"\0" + module.read_bytes() + b"\0")
    return f"{version('milepost')}+{digest.hexdigest()[:16]}"


def _modules(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _modules(entry)
        elif entry.name.endswith(".py"):
            found.append(entry)
    return found
