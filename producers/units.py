"""What units count: pieces, or an amount of something that can be measured finer and finer."""

from typing import Final

from schemas.quantities import convertible

__all__ = ["is_counted"]

_MEASURES: Final = ("t", "m", "m2", "m3", "h", "kWh", "CNY", "%")


def is_counted(unit: str) -> bool:
    """Whether amounts of a unit are whole numbers: any text that is no measure is a thing to be counted."""
    return not any(convertible(unit, measure) for measure in _MEASURES)
