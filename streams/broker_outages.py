"""Tells once that a broker is away and once that it is back; its client would say so a hundred times a second.

The client tries for ever and says what fails in its log alone. That log is kept off standard error; `--verbose` shows it.
"""

import logging
import threading
import time
from typing import Final

__all__ = ["BrokerOutages"]

_CLIENT: Final = logging.getLogger("aiokafka")
_AWAY_SIGNS: Final = ("Unable connect", "Unable to update metadata", "connection closed", "ConnectionError")
_log = logging.getLogger(__name__)


class BrokerOutages(logging.Handler):
    """An ear on the log of the Kafka clients of this process."""

    def __init__(self, place: str) -> None:
        super().__init__(logging.WARNING)
        self._place = place
        self._since: float | None = None
        self._tells = False
        self._guard = threading.Lock()

    @property
    def away(self) -> bool:
        """Whether the broker did not answer when it was asked last."""
        return self._since is not None

    def listen(self) -> None:
        """Hear the log from now on, and keep it off standard error unless that is wanted."""
        _CLIENT.addHandler(self)
        _CLIENT.propagate = logging.getLogger().isEnabledFor(logging.INFO)

    def begin(self) -> None:
        """The broker has answered for the first time; from now on it may be away."""
        self._tells = True

    def close(self) -> None:
        """Hear no more. Who listens last leaves the log as it was."""
        super().close()
        _CLIENT.removeHandler(self)
        if not any(isinstance(handler, BrokerOutages) for handler in _CLIENT.handlers):
            _CLIENT.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        """Hear a line: the first that says that nobody answers begins an outage."""
        said = record.getMessage()
        if not self._tells or not any(sign in said for sign in _AWAY_SIGNS):
            return
        with self._guard:
            if self._since is not None:
                return
            self._since = time.monotonic()
        _log.warning("Kafka at %s cannot be reached (%s); waiting until it is back", self._place, said)

    def end(self) -> None:
        """The broker has answered."""
        with self._guard:
            since, self._since = self._since, None
        if since is not None:
            _log.warning("Kafka at %s is back after %.0f s", self._place, time.monotonic() - since)

    def tell_unsaid(self) -> None:
        """The last commit could not be made."""
        _log.warning(
            "Kafka at %s did not take the last progress; nothing is lost, the next start repeats it",
            self._place,
        )
