"""Which partition a key lives on: murmur2 as Kafka's own clients place it."""

from functools import lru_cache

__all__ = ["murmur2", "partition_of", "place_key"]

_M = 0x5BD1E995
_U32 = 0xFFFFFFFF
_SEED = 0x9747B28C


def murmur2(data: bytes) -> int:
    """32-bit MurmurHash2 with Kafka's seed, unsigned."""
    length = len(data)
    digest = _SEED ^ length
    whole = length & ~3
    for at in range(0, whole, 4):
        block = int.from_bytes(data[at : at + 4], "little") * _M & _U32
        block = (block ^ (block >> 24)) * _M & _U32
        digest = (digest * _M & _U32) ^ block
    if rest := data[whole:]:
        digest = (digest ^ int.from_bytes(rest, "little")) * _M & _U32
    digest = (digest ^ (digest >> 13)) * _M & _U32
    return digest ^ (digest >> 15)


@lru_cache(maxsize=65536)
def place_key(key: bytes, partitions: int) -> int:
    """Partition of a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partition_of(project_id: str, partitions: int) -> int:
    """Partition of a project."""
    return place_key(project_id.encode(), partitions)
