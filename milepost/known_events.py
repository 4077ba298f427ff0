"""The journal of this home's store, as far as it can be read, for a run of `ingest`. Without one nothing is known."""

import logging
from collections.abc import Iterable

from eventlog.log import EventLog
from schemas.errors import MilepostError
from schemas.settings import Settings
from schemas.topics import Topics
from storage.known_events import (
    NO_BASELINES,
    StoredBaselines,
    days_of_events,
    digests_of_events,
    newest_event,
    stored_baselines,
)
from storage.reader import Reader, open_reader

__all__ = ["StoredJournal"]

_log = logging.getLogger(__name__)


class StoredJournal:
    """Opens the store for each question alone, so that no store has to wait for us to start."""

    def __init__(self, settings: Settings, log: EventLog, topics: Topics) -> None:
        self._settings, self._log, self._topic = settings, log, topics.events

    def days(self) -> range:
        """Days of the records; empty when no store can be read, or when it is that of another log."""
        try:
            with open_reader(self._settings) as reader:
                return days_of_events(reader, self._topic) if self._is_ours(reader) else range(0)
        except MilepostError as error:
            _log.info("duplicates of earlier runs are not looked for: %s", error)
            return range(0)

    def digests(self, days: range) -> Iterable[bytes]:
        """Digests of the records of these days; none when the store cannot be read any more."""
        try:
            with open_reader(self._settings) as reader:
                return list(digests_of_events(reader, self._topic, days))
        except MilepostError as error:
            _log.info("duplicates of earlier runs are not looked for: %s", error)
            return ()

    def baselines(self) -> StoredBaselines:
        """Baselines that were accepted, and how far the store has read; nothing when no store can be read."""
        try:
            with open_reader(self._settings) as reader:
                return stored_baselines(reader, self._topic) if self._is_ours(reader) else NO_BASELINES
        except MilepostError as error:
            _log.info("baselines of earlier runs are looked for in the log alone: %s", error)
            return NO_BASELINES

    def _is_ours(self, reader: Reader) -> bool:
        """Whether the newest record of the journal stands in the log: a row of another log must not be missing in ours."""
        newest = newest_event(reader, self._topic)
        if newest is None or newest.partition >= self._log.partitions(self._topic):
            return False
        records = self._log.read(self._topic, newest.partition, newest.offset, 1)
        return bool(records) and records[0].recorded_at_us == newest.recorded_at_us
