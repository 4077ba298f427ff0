"""The order of reasons: of several that apply, the first stands."""

from typing import get_args

from schemas.kpi import NullReason
from streams.core.values import Rational

__all__ = ["first_reason"]

_RANK = {reason: rank for rank, reason in enumerate(get_args(NullReason))}


def first_reason(*candidates: Rational | NullReason | None) -> NullReason | None:
    """The first reason among numbers, reasons and None; None when all are numbers or None."""
    found: NullReason | None = None
    for candidate in candidates:
        if isinstance(candidate, str) and (found is None or _RANK[candidate] < _RANK[found]):
            found = candidate
    return found
