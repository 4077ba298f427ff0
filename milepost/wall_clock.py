"""The clock and the randomness of this machine. Nothing else reads them; everything else takes them as arguments."""

import secrets
import time
import uuid
from datetime import UTC, datetime

__all__ = ["new_log_id", "new_token", "now", "now_us"]


def now_us() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def new_log_id() -> str:
    """A name for a log that no other log has."""
    return str(uuid.uuid4())


def new_token() -> str:
    """A secret that cannot be guessed: 256 bits, safe in a URL and on a command line."""
    return secrets.token_urlsafe(32)
