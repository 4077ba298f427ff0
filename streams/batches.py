"""What a transport hands to the agent: records of one partition in order, or a gap between them."""

from collections.abc import Sequence
from typing import NamedTuple

from eventlog.log import Record

__all__ = ["Batch", "Gap"]


class Gap(NamedTuple):
    """Offsets that hold no record of anybody: a broker keeps its markers of transactions there, and what was taken back."""

    partition: int
    next_offset: int


Batch = Sequence[Record] | Gap
