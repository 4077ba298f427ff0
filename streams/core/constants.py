"""Numbers that shape history, fixed in a log when it is created."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Constants"]


@dataclass(frozen=True, slots=True)
class Constants:
    """Engine constants of a log."""

    silent_after_days: int = 62

    @classmethod
    def of(cls, stored: Mapping[str, int]) -> "Constants":
        """Constants as the log keeps them."""
        return cls(silent_after_days=stored.get("silent_after_days", 62))
