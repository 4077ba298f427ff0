"""Which records say the same thing twice: equal in type, subject, time, source, id and data.

`data` is compared byte for byte, as the order of statements does: what differs in a space is another statement, and
which of the two wins must not depend on which arrived first. The store computes the same digest in SQL.
"""

from hashlib import sha256
from typing import Final

from schemas.acceptance import epoch_us
from schemas.envelope import data_text
from schemas.events import Event

__all__ = ["DIGEST_BYTES", "DIGEST_SEPARATOR", "digest_of"]

DIGEST_BYTES: Final = 16
DIGEST_SEPARATOR: Final = 0x1F
"""A control character: no id, no time and no JSON text can hold it."""

_SEPARATOR: Final = chr(DIGEST_SEPARATOR)


def digest_of(event: Event, raw: bytes) -> bytes:
    """A name of what an accepted event says; `raw` is its structured form."""
    stated_us = epoch_us(event["time"])
    attributes = (
        f"{event['type']}\x1f{event['subject']}\x1f{stated_us}\x1f{event['source']}\x1f{event['id']}\x1f"
    )
    return sha256(attributes.encode() + data_text(raw)).digest()[:DIGEST_BYTES]
