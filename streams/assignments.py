"""Tells which partitions a worker of a broker folds whenever that changes: who joined, left, died or froze shows in it."""

import logging
from collections.abc import Iterable, Mapping

__all__ = ["Assignments"]

_log = logging.getLogger(__name__)


class Assignments:
    """What was told last of one topic."""

    def __init__(self) -> None:
        self._told: frozenset[int] = frozenset()

    def tell(self, topic: str, offsets: Mapping[int, int]) -> None:
        """Say what is new and what was given away; `offsets` has the next offset of each partition that is ours now."""
        new, gone = offsets.keys() - self._told, self._told - offsets.keys()
        self._told = frozenset(offsets)
        if not new and not gone:
            return
        changes = []
        if new:
            changes.append(f"new: {_joined(f'{each} from offset {offsets[each]}' for each in sorted(new))}")
        if gone:
            changes.append(f"given away: {_joined(sorted(gone))}")
        mine = f"partitions {_joined(sorted(offsets))}" if offsets else "no partition"
        _log.warning("folding %s of %s (%s)", mine, topic, "; ".join(changes))


def _joined(parts: Iterable[object]) -> str:
    return ", ".join(map(str, parts))
