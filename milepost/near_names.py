"""What a name that nobody knows was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from schemas.errors import UsageError
from storage.project_journal import project_ids
from storage.reader import Reader

__all__ = ["is_known", "near", "unknown_project"]

_SHOWN_MAX: Final = 3
_LIKE: Final = 0.5


def near(name: str, names: Iterable[str], otherwise: str) -> str:
    """`did you mean …?` for a name that is like others, else what to do instead."""
    close = get_close_matches(name, list(names), n=_SHOWN_MAX, cutoff=_LIKE)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


def is_known(reader: Reader, project_id: str) -> bool:
    """Whether anything was stated of a project."""
    return project_id in project_ids(reader)


def unknown_project(reader: Reader, project_id: str) -> UsageError:
    """Says that nothing was stated of a project."""
    advice = near(project_id, project_ids(reader), '`milepost query "FROM projects"` lists them')
    return UsageError(f"no project {project_id!r} in the store; {advice}")
