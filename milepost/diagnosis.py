"""What `milepost doctor` looks at, one thing after the other. Reads only; what is amiss comes with what to do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from eventlog.locks import HomeLock
from eventlog.log import EventLog
from milepost.environment import SourcedSettings
from milepost.wiring import catalog_of, existing_log, topics_of
from producers.ticks import newest_tick
from schemas.errors import MilepostError
from schemas.settings import Settings
from schemas.topics import Topics
from storage.extensions import try_live_sql
from storage.reader import open_reader

__all__ = ["Check", "diagnose", "setting_rows"]

State = Literal["ok", "note", "failed"]

_SECRETS: Final = frozenset({"kafka_sasl_password", "sql_token"})
_PARTS: Final = ("worker", "store", "clock")
_TICK_AGE_MAX: Final = timedelta(days=1, hours=1)


class Check(NamedTuple):
    """One thing looked at: `note` is for those who expect otherwise, `failed` for everyone."""

    subject: str
    state: State
    detail: str
    advice: str = ""


def setting_rows(sourced: SourcedSettings) -> list[tuple[str, str, str]]:
    """Name, value and source of every setting; secrets stay secret."""
    values = ((name, getattr(sourced.settings, name)) for name in sourced.sources)
    return [(name, _shown(name, value), sourced.sources[name]) for name, value in values]


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    return "(set, not shown)" if name in _SECRETS else str(value)


def diagnose(sourced: SourcedSettings, now: datetime) -> Iterator[Check]:
    """All checks, in the order in which things build on each other."""
    yield from _unknown_variables(sourced)
    yield _catalog(sourced.settings)
    yield from _log_and_store(sourced, now)
    yield from _parts_of_home(sourced.settings)
    yield _live_sql(sourced.settings)


def _unknown_variables(sourced: SourcedSettings) -> Iterator[Check]:
    for name in sourced.unknown_variables:
        yield Check("settings", "note", f"{name} is set but no such setting exists", "correct or remove it")


def _catalog(settings: Settings) -> Check:
    try:
        catalog = catalog_of(settings)
    except MilepostError as error:
        return Check("catalog", "failed", str(error))
    return Check("catalog", "ok", f"{len(catalog.projects)} projects, {len(catalog.rules)} alert rules")


def _log_and_store(sourced: SourcedSettings, now: datetime) -> Iterator[Check]:
    if _is_in_home(sourced.settings) and not sourced.settings.log_file.exists():
        advice = "publish something: `milepost simulate all`, `milepost ingest FILE` or `milepost apply`"
        yield Check("log", "note", f"there is none yet at {sourced.settings.log_file}", advice)
        return
    try:
        with existing_log(sourced) as log:
            topics = topics_of(sourced.settings)
            yield _log(log, topics)
            yield _last_tick(log, topics, now)
            yield _store(sourced.settings, log, topics)
            if not _is_in_home(sourced.settings):
                yield _workers(log, topics)
    except MilepostError as error:
        yield Check("log", "failed", str(error))


def _is_in_home(settings: Settings) -> bool:
    """A log of no kind at all is told when it is opened."""
    return settings.log.startswith("embedded:")


def _log(log: EventLog, topics: Topics) -> Check:
    counts = {topic: sum(_ends(log, topic)) for topic in topics.all}
    held = ", ".join(f"{count} in {topic}" for topic, count in counts.items())
    identity = log.identity
    return Check(
        "log", "ok", f"{identity.log_id}, {identity.timezone}, {identity.partitions} partitions; {held}"
    )


def _ends(log: EventLog, topic: str) -> list[int]:
    return [log.end_offset(topic, partition) for partition in range(log.partitions(topic))]


def _last_tick(log: EventLog, topics: Topics, now: datetime) -> Check:
    tick = newest_tick(log, topics)
    if tick is None:
        advice = "`milepost up` brings a clock, `milepost run --drain` a cut"
        return Check("last tick", "note", "there is none, so nothing is history yet", advice)
    age = now - tick.at
    detail = f"{tick.clock}, at {tick.at.isoformat()}, {age.days} d {age.seconds // 3600} h ago"
    if tick.clock == "live" and age > _TICK_AGE_MAX:
        return Check("last tick", "note", detail, "start `milepost up` or `milepost clock` to close days")
    return Check("last tick", "ok", detail)


def _store(settings: Settings, log: EventLog, topics: Topics) -> Check:
    if not settings.store_file.exists():
        advice = "`milepost run --drain` makes one, `milepost up` a live one"
        return Check("store", "note", f"there is none yet at {settings.store_file}", advice)
    try:
        with open_reader(settings) as reader:
            rows = reader.query("SELECT topic, partition, next_offset FROM ingest_progress").rows
    except MilepostError as error:
        return Check("store", "failed", str(error))
    stored = {(topic, partition): offset for topic, partition, offset in rows}
    lag = sum(
        max(0, end - stored.get((topic, partition), 0))
        for topic in topics.all
        for partition, end in enumerate(_ends(log, topic))
    )
    if lag:
        advice = "`milepost run --drain` catches up, `milepost up` keeps up"
        return Check("store", "note", f"{lag} records of the log are not stored yet", advice)
    return Check("store", "ok", f"{settings.store_file} holds everything that the log holds")


def _workers(log: EventLog, topics: Topics) -> Check:
    """On a broker workers may run anywhere; their group knows them."""
    members = log.members(topics.worker_group)
    if not members:
        return Check(
            "worker", "note", f"none is in the group {topics.worker_group}", "start `milepost worker`"
        )
    given = sum(len(member.places) for member in members)
    hosts = ", ".join(sorted({member.host for member in members}))
    detail = (
        f"{len(members)} in the group {topics.worker_group} (on {hosts}), "
        f"{given} of {log.partitions(topics.events)} partitions are given to them"
    )
    return Check("worker", "ok", detail)


def _parts_of_home(settings: Settings) -> Iterator[Check]:
    """Those that hold a lock in home."""
    for name in _PARTS if _is_in_home(settings) else _PARTS[1:]:
        pid = HomeLock(settings.home, name).holder()
        yield Check(name, "ok", "not running" if pid is None else f"running, pid {pid}")


def _live_sql(settings: Settings) -> Check:
    try:
        try_live_sql()
    except MilepostError as error:
        return Check("live SQL", "failed", str(error))
    return Check("live SQL", "ok", f"the extensions load; {settings.sql_listen}")
