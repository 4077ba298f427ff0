"""Tells that records were refused, and why: at once, then at most once a minute however many there are."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from schemas.rejections import Rejection

__all__ = ["RefusalNews"]

QUIET_SECONDS: Final = 60.0
_log = logging.getLogger(__name__)


class RefusalNews:
    """Counts refusals by reason until it is time to speak of them."""

    def __init__(self, topic: str, monotonic: Callable[[], float]) -> None:
        self._topic, self._monotonic = topic, monotonic
        self._reasons: Counter[str] = Counter()
        self._quiet_until = float("-inf")

    def hear(self, rejections: Iterable[Rejection]) -> None:
        """Take note of what was published just now."""
        self._reasons.update(rejection["reason"] for rejection in rejections)
        if self._reasons and self._monotonic() >= self._quiet_until:
            self.tell()

    def tell(self) -> None:
        """Say what was not said yet."""
        if not self._reasons:
            return
        reasons = ", ".join(f"{reason} {count}" for reason, count in self._reasons.most_common())
        _log.warning(
            "refused %d records of %s (%s); they stand in rejected_events",
            self._reasons.total(), self._topic, reasons,
        )  # fmt: skip
        self._reasons.clear()
        self._quiet_until = self._monotonic() + QUIET_SECONDS
