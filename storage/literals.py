"""Texts as SQL literals, for statements that a reader runs: it takes no parameters."""

__all__ = ["quoted"]


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
