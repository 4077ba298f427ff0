"""Seeds that once showed a contradiction; they are simulated for ever. Say what was wrong beside each."""

from typing import Final

__all__ = ["REGRESSION_SEEDS"]

REGRESSION_SEEDS: Final[tuple[int, ...]] = (
    10,  # readings in %: the oracle told their mean in hundredths of it
)
