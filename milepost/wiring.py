"""Builds parts from settings. The only place that knows which implementation stands behind a port."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final

from eventlog.embedded import EmbeddedLog
from eventlog.log import EventLog
from milepost.environment import SourcedSettings
from milepost.wall_clock import new_log_id, now_us
from producers.catalog import Catalog, bundled_catalog, load_catalog
from schemas.errors import SettingsError
from schemas.settings import ENGINE_CONSTANTS, Settings
from schemas.topics import Topics

__all__ = ["catalog_of", "existing_log", "is_embedded", "open_log", "topics_of"]


def catalog_of(settings: Settings) -> Catalog:
    """Projects and alert rules of the folder that the settings name, else those that come with Milepost."""
    return load_catalog(settings.catalog or bundled_catalog())


def topics_of(settings: Settings) -> Topics:
    """The topics under the prefix of the settings."""
    return Topics(settings.topic_prefix)


@contextmanager
def open_log(sourced: SourcedSettings) -> Iterator[EventLog]:
    """The log, created when there is none. Settings that somebody chose must fit the log; defaults give way to it."""
    with closing(_OPEN[_scheme(sourced.settings)](sourced.settings)) as log:
        _check_identity(log, sourced)
        yield log


@contextmanager
def existing_log(sourced: SourcedSettings) -> Iterator[EventLog]:
    """The log, which must exist, for those who only read it. Raises ServiceUnavailable."""
    with closing(_OPEN_EXISTING[_scheme(sourced.settings)](sourced.settings)) as log:
        _check_identity(log, sourced)
        yield log


def is_embedded(settings: Settings) -> bool:
    """Whether the log stands in home, so that one worker folds it. Raises SettingsError for a log of no kind."""
    return _scheme(settings) == "embedded"


def _scheme(settings: Settings) -> str:
    scheme, found, _ = settings.log.partition("://")
    if found and scheme in _OPEN:
        return scheme
    raise SettingsError(
        f"MILEPOST_LOG {settings.log!r} is not a log; use embedded:// or kafka://host:9092[,host…]"
    )


def _check_identity(log: EventLog, sourced: SourcedSettings) -> None:
    settings = sourced.settings
    log.check_identity(
        timezone=settings.timezone if sourced.chosen("timezone") else None,
        partitions=settings.partitions if sourced.chosen("partitions") else None,
    )
    others = [name for name, number in log.identity.constants.items() if ENGINE_CONSTANTS.get(name) != number]
    if others:
        where = (
            f"{settings.log_file}"
            if is_embedded(settings)
            else f"{settings.log} under {settings.topic_prefix}"
        )
        raise SettingsError(
            f"the log at {where} was created with other engine constants ({', '.join(others)}); "
            "use the release of Milepost that created it, or choose another home"
        )


# -- implementations -----------------------------------------------------------------------------------------------


def _embedded(settings: Settings) -> EventLog:
    return EmbeddedLog.open(
        settings.log_file,
        timezone=settings.timezone,
        partitions=settings.partitions,
        topics=topics_of(settings),
        log_id=new_log_id,
        constants=ENGINE_CONSTANTS,
        now_us=now_us,
    )


def _existing_embedded(settings: Settings) -> EventLog:
    return EmbeddedLog.open_existing(settings.log_file)


def _kafka(settings: Settings) -> EventLog:
    from eventlog.kafka import KafkaLog  # noqa: PLC0415 - a quarter of a second that only those pay who need it

    return KafkaLog.open(
        settings.log,
        timezone=settings.timezone,
        partitions=settings.partitions,
        topics=topics_of(settings),
        log_id=new_log_id,
        constants=ENGINE_CONSTANTS,
        options=settings.kafka,
    )


def _existing_kafka(settings: Settings) -> EventLog:
    from eventlog.kafka import KafkaLog  # noqa: PLC0415 - see above

    return KafkaLog.open_existing(settings.log, topics=topics_of(settings), options=settings.kafka)


_Opener = Callable[[Settings], EventLog]
_OPEN: Final[Mapping[str, _Opener]] = {"embedded": _embedded, "kafka": _kafka}
_OPEN_EXISTING: Final[Mapping[str, _Opener]] = {"embedded": _existing_embedded, "kafka": _existing_kafka}
