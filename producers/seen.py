"""A set of digests that stays small: about 18 bytes each, where Python's own set of bytes takes a hundred."""

from typing import Final

__all__ = ["Digests"]

_BUCKETS: Final = 1 << 16


class Digests:
    """Digests strung together in buckets by their first two bytes.

    A bucket is searched as one text of bytes, which is quick up to many million digests. A match that lies across two
    neighbours is as improbable as two equal digests.
    """

    def __init__(self) -> None:
        self._buckets = [bytearray() for _ in range(_BUCKETS)]

    def add(self, digest: bytes) -> bool:
        """Remember a digest; answers whether it is new."""
        bucket = self._buckets[digest[0] << 8 | digest[1]]
        if digest in bucket:
            return False
        bucket += digest
        return True
