"""Why a Kafka broker cannot be used, in one line with what to do. Looks for the addresses, and listens to what the client logs.

The client gives the same timeout for every failure; the reason stands in its log alone. That log is kept off standard
error, where it would be a hundred lines a second during an outage; `--verbose` shows it.
"""

import logging
import queue
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, NamedTuple

from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotLeaderForPartitionError,
    RequestTimedOutError,
)

from schemas.settings import KafkaOptions

__all__ = ["Address", "ClientLog", "client_log", "explain", "in_words", "unreachable"]

SECONDS_MAX: Final = 4.0
_CLIENT: Final = "kafka"
_KEPT: Final = 100


class Address(NamedTuple):
    """Where a broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ClientLog(logging.Handler):
    """The newest lines of the client's log, each with a running number."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[tuple[int, str]] = deque(maxlen=_KEPT)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.count += 1
        self._lines.append((self.count, record.getMessage()))

    def since(self, count: int) -> list[str]:
        """What came after this many lines."""
        return [line for number, line in list(self._lines) if number > count]


def client_log() -> ClientLog:
    """The one ear of this process on the client's log."""
    logger = logging.getLogger(_CLIENT)
    for handler in logger.handlers:
        if isinstance(handler, ClientLog):
            return handler
    ear = ClientLog()
    logger.addHandler(ear)
    logger.propagate = logger.isEnabledFor(logging.INFO)
    return ear


def unreachable(addresses: Sequence[Address]) -> str | None:
    """Why none of these answers to a connection; None: one does."""
    answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    for address in addresses:
        threading.Thread(target=lambda to=address: answers.put(_try(to)), daemon=True).start()
    deadline = monotonic() + SECONDS_MAX
    reasons = []
    for _ in addresses:
        try:
            reason = answers.get(timeout=max(0.0, deadline - monotonic()))
        except queue.Empty:
            break
        if reason is None:
            return None
        reasons.append(reason)
    return reasons[0] if reasons else f"{addresses[0]} does not answer within {SECONDS_MAX:g} s"


_WORDS: Final[tuple[tuple[type[KafkaError], str], ...]] = (
    (NodeNotReadyError, "it takes connections but is not ready yet"),
    (LeaderNotAvailableError, "no broker leads a partition that is needed"),
    (NotLeaderForPartitionError, "another broker is about to lead a partition that is needed"),
    (KafkaConnectionError, "it hangs up"),
    (KafkaTimeoutError, "it takes too long"),
    (RequestTimedOutError, "it takes too long"),
)


def in_words(error: KafkaError) -> str | None:
    """What an error that passes by means for those who run the broker; None: its own words have to do."""
    return next((words for kind, words in _WORDS if isinstance(error, kind)), None)


def _try(address: Address) -> str | None:
    try:
        with socket.create_connection(address, SECONDS_MAX):
            return None
    except socket.gaierror:
        return f"the name {address.host} does not resolve"
    except ConnectionRefusedError:
        return f"nothing listens at {address}"
    except OSError as error:
        return f"{address} cannot be reached ({error.strerror or 'it does not answer'})"


def explain(said: Sequence[str], options: KafkaOptions) -> str:
    """What the lines of the client's log mean for somebody who sets options."""
    heard = "\n".join(said)
    if _HANGS_UP in heard and _UNDERSTOOD in heard and not any(sign in heard for sign, _ in _MEANINGS[:3]):
        return _refusal_of(options)  # it speaks as we do, and leaves when it is told who we are
    for sign, meaning in _MEANINGS:
        if sign in heard:
            return meaning(options)
    last = f" ({said[-1]})" if said else ""
    return f"it does not answer as a Kafka broker{last}; start Kafka or correct MILEPOST_LOG"


def _refusal_of(options: KafkaOptions) -> str:
    if not options.with_password:
        return f"it hangs up: it expects a password; set {_PROTOCOL} to SASL_{options.security_protocol}"
    return (
        f"it refuses the password of {options.sasl_username}; correct MILEPOST_KAFKA_SASL_USERNAME and "
        "MILEPOST_KAFKA_SASL_PASSWORD"
    )


_HANGS_UP: Final = "socket disconnected"
_UNDERSTOOD: Final = "broker_version=("
_PROTOCOL: Final = "MILEPOST_KAFKA_SECURITY_PROTOCOL"
# The first sign decides: a broker that has refused a password drops the next tries without a word.
_MEANINGS: Final[tuple[tuple[str, Callable[[KafkaOptions], str]], ...]] = (
    ("SaslAuthenticationFailed", _refusal_of),
    (
        "UnsupportedSaslMechanism",
        lambda options: (
            f"it does not take the mechanism {options.sasl_mechanism}; correct MILEPOST_KAFKA_SASL_MECHANISM"
        ),
    ),
    (
        "IllegalSaslState",
        lambda options: (
            f"it asks for no password; set {_PROTOCOL} to {'SSL' if options.encrypted else 'PLAINTEXT'}"
        ),
    ),
    (
        "mismatch, certificate is not valid for",
        lambda _: (
            "its certificate is for another host; use the name that it holds, or set "
            "MILEPOST_KAFKA_SSL_CHECK_HOSTNAME to false"
        ),
    ),
    (
        "certificate verify failed",
        lambda options: (
            "its certificate is not signed by "
            f"{options.ssl_cafile or 'a certificate that this system trusts'}; correct MILEPOST_KAFKA_SSL_CAFILE"
        ),
    ),
    (
        "Handshake failed",
        lambda options: (
            f"it does not speak TLS; set {_PROTOCOL} to "
            f"{'SASL_PLAINTEXT' if options.with_password else 'PLAINTEXT'}"
        ),
    ),
    (
        _HANGS_UP,
        lambda options: (
            f"it hangs up: it expects TLS or a password; correct {_PROTOCOL}, which is "
            f"{options.security_protocol}"
        ),
    ),
    (
        "Invalid frame length",
        lambda options: (
            f"it does not speak as {_PROTOCOL} {options.security_protocol} says; correct that setting"
        ),
    ),
)
