"""The embedded log: one SQLite file that several processes may append to and read. The only module that knows SQLite.

Write-ahead logging with `synchronous=FULL`: a transaction is on disk (fsync) when `append` answers, so it outlives a
power cut. One `append` is one transaction: all of its records are there or none. Offsets of a partition are dense from 0.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NoReturn, Self

from pydantic_core import from_json

from eventlog.batches import pack, split, unpack
from eventlog.identity import LOG_FORMAT, check_format, check_settings
from eventlog.log import Entry, LogIdentity, Member, Record
from eventlog.partitioning import place_key
from schemas.codec import to_json
from schemas.errors import ServiceUnavailable, SettingsError
from schemas.topics import Topics

__all__ = ["EmbeddedLog"]

BUSY_S_MAX: Final = 30
READ_BYTES_MAX: Final = 8 << 20
_APPLICATION_ID: Final = 0x4D504C47  # "MPLG", in the header of the file
_SCHEMA: Final = f"""
CREATE TABLE identity (format INTEGER NOT NULL, log_id TEXT NOT NULL, timezone TEXT NOT NULL,
                       partitions INTEGER NOT NULL, constants TEXT NOT NULL);
CREATE TABLE topics (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL);
CREATE TABLE batches (topic INTEGER NOT NULL, partition INTEGER NOT NULL, first_offset INTEGER NOT NULL,
                      records INTEGER NOT NULL, recorded_at_us INTEGER NOT NULL, body BLOB NOT NULL,
                      PRIMARY KEY (topic, partition, first_offset));
CREATE TABLE commits (consumer TEXT, topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL,
                      PRIMARY KEY (consumer, topic, partition)) WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION_ID};
"""
_READ: Final = (
    "SELECT first_offset, records, recorded_at_us, body FROM batches WHERE topic = :topic AND partition = :partition"
    " AND first_offset >= coalesce((SELECT max(first_offset) FROM batches"
    "  WHERE topic = :topic AND partition = :partition AND first_offset <= :start), 0)"
    " AND first_offset < :stop AND first_offset + records > :start ORDER BY first_offset"
)
_END: Final = (
    "SELECT first_offset + records FROM batches WHERE topic = ? AND partition = ?"
    " ORDER BY first_offset DESC LIMIT 1"
)
_COMMIT: Final = (
    "INSERT INTO commits VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " next_offset = max(next_offset, excluded.next_offset)"
)


class EmbeddedLog:
    """A log in one file. An object belongs to the thread that made it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, now_us: Callable[[], int] | None) -> None:
        """Use `open` or `open_existing`."""
        self._path = path
        self._connection = connection
        self._now_us = now_us
        self.identity = _read_identity(path, connection)
        self._topics = _read_topics(connection)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        timezone: str,
        partitions: int,
        topics: Topics,
        log_id: Callable[[], str],
        constants: Mapping[str, int],
        now_us: Callable[[], int],
    ) -> Self:
        """Open a log; where there is none yet, create it with this identity. An existing one keeps its own."""
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _connected(path, create=True) as connection:
            if not _is_log(path, connection):
                identity = LogIdentity(log_id(), timezone, partitions, constants)
                with _transaction(connection):
                    _create(path, connection, identity, topics)
            log = cls(path, connection, now_us)
            log._add_topics(topics)
            return log

    @classmethod
    def open_existing(cls, path: Path, *, now_us: Callable[[], int] | None = None) -> Self:
        """Open a log that must exist; without `now_us` it can only be read."""
        if not path.exists():
            _refuse_missing(path)
        with _connected(path, create=False) as connection:
            if not _is_log(path, connection):
                _refuse_missing(path)  # another process is about to make it
            return cls(path, connection, now_us)

    def check_identity(self, *, timezone: str | None = None, partitions: int | None = None) -> None:
        """Refuse settings that contradict what the log was created with."""
        check_settings(self.identity, self._path, timezone, partitions)

    def changes(self) -> int:
        """A number that is another one after some other connection has written: a cheap question for those who wait."""
        with _translated(self._path):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    # -- the port ----------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """Append in order; all are on disk when this answers, or none is there."""
        if self._now_us is None:
            raise ServiceUnavailable(f"the log at {self._path} was opened for reading only")
        runs: dict[tuple[int, int], list[Entry]] = {}
        places = []
        for entry in entries:
            place = self._place(entry)
            run = runs.setdefault(place, [])
            places.append((place, len(run)))
            run.append(entry)
        bodies = [(place, len(part), pack(part)) for place, run in runs.items() for part in split(run)]
        firsts = self._write(bodies, self._now_us) if bodies else {}
        return [(place[1], firsts[place] + index) for place, index in places]

    def _write(
        self, bodies: Sequence[tuple[tuple[int, int], int, bytes]], now_us: Callable[[], int]
    ) -> dict[tuple[int, int], int]:
        """Write what was packed; answers the first new offset of each (topic, partition)."""
        with _translated(self._path), _transaction(self._connection):
            firsts = {place: self._end(*place) for place, _, _ in bodies}
            ends = dict(firsts)
            recorded_at_us = now_us()
            rows = []
            for place, count, body in bodies:
                rows.append((*place, ends[place], count, recorded_at_us, body))
                ends[place] += count
            self._connection.executemany("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)", rows)
        return firsts

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        """At most `limit` records from `offset` on; fewer when they are big, none only at the end."""
        number = self._number(topic, partition)
        stop = offset + limit
        span = {"topic": number, "partition": partition, "start": offset, "stop": stop}
        found: list[Record] = []
        size = 0
        with _translated(self._path), closing(self._connection.execute(_READ, span)) as rows:
            for first, count, recorded_at_us, body in rows:
                records = unpack(topic, partition, first, count, recorded_at_us, body)
                found += records[max(0, offset - first) : stop - first]
                size += len(body)
                if size >= READ_BYTES_MAX:
                    break
        return found

    def end_offset(self, topic: str, partition: int) -> int:
        """Offset that the next record will have."""
        number = self._number(topic, partition)
        with _translated(self._path):
            return self._end(number, partition)

    def last(self, topic: str, partition: int) -> Record | None:
        """Newest record of a partition."""
        end = self.end_offset(topic, partition)
        found = self.read(topic, partition, end - 1, 1) if end else []
        return found[0] if found else None

    def partitions(self, topic: str) -> int:
        """Number of partitions of a topic."""
        return self._topic(topic)[1]

    def commit(self, consumer: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Note which offset a consumer takes next; it never goes back."""
        rows = [(consumer, topic, partition, offset) for (topic, partition), offset in offsets.items()]
        with _translated(self._path), _transaction(self._connection):
            self._connection.executemany(_COMMIT, rows)

    def committed(self, consumer: str) -> dict[tuple[str, int], int]:
        """What was noted for a consumer."""
        with _translated(self._path):
            rows = self._connection.execute(
                "SELECT topic, partition, next_offset FROM commits WHERE consumer = ?", (consumer,)
            ).fetchall()
        return {(topic, partition): offset for topic, partition, offset in rows}

    def members(self, consumer: str) -> list[Member]:
        """None: a file does not know its readers."""
        return []

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _add_topics(self, topics: Topics) -> None:
        if missing := [name for name in topics.all if name not in self._topics]:
            with _transaction(self._connection):
                _insert_topics(self._connection, missing, self.identity.partitions)
            self._topics = _read_topics(self._connection)

    def _topic(self, name: str) -> tuple[int, int]:
        try:
            return self._topics[name]
        except KeyError:
            known = ", ".join(sorted(self._topics))
            raise SettingsError(f"the log at {self._path} has no topic {name}; it has {known}") from None

    def _number(self, topic: str, partition: int) -> int:
        number, partitions = self._topic(topic)
        if not 0 <= partition < partitions:
            raise SettingsError(
                f"{topic} in {self._path} has partitions 0 to {partitions - 1}, not {partition}"
            )
        return number

    def _place(self, entry: Entry) -> tuple[int, int]:
        if entry.partition is not None:
            return self._number(entry.topic, entry.partition), entry.partition
        number, partitions = self._topic(entry.topic)
        return number, 0 if entry.key is None else place_key(entry.key, partitions)

    def _end(self, number: int, partition: int) -> int:
        row = self._connection.execute(_END, (number, partition)).fetchone()
        return 0 if row is None else int(row[0])


@contextmanager
def _connected(path: Path, *, create: bool) -> Iterator[sqlite3.Connection]:
    """A connection that stays open, unless what is done with it first fails."""
    mode = "rwc" if create else "rw"
    with _translated(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_S_MAX
        )
        try:
            _configure(connection)
            yield connection
        except BaseException:
            connection.close()
            raise


def _configure(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -32768")


def _is_log(path: Path, connection: sqlite3.Connection) -> bool:
    """Whether a log stands in the file; False for an empty one. Any other database is refused."""
    if connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION_ID:
        return True
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        _refuse_foreign(path)
    return False


def _create(path: Path, connection: sqlite3.Connection, identity: LogIdentity, topics: Topics) -> None:
    """Make the tables; another process may have been faster."""
    if _is_log(path, connection):
        return
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    constants = to_json(dict(identity.constants)).decode()
    row = (LOG_FORMAT, identity.log_id, identity.timezone, identity.partitions, constants)
    connection.execute("INSERT INTO identity VALUES (?, ?, ?, ?, ?)", row)
    _insert_topics(connection, topics.all, identity.partitions)


def _insert_topics(connection: sqlite3.Connection, names: Sequence[str], partitions: int) -> None:
    rows = [(name, partitions) for name in names]
    connection.executemany("INSERT OR IGNORE INTO topics (name, partitions) VALUES (?, ?)", rows)


def _read_identity(path: Path, connection: sqlite3.Connection) -> LogIdentity:
    found, log_id, timezone, partitions, constants = connection.execute(
        "SELECT format, log_id, timezone, partitions, constants FROM identity"
    ).fetchone()
    check_format(path, found)
    return LogIdentity(log_id, timezone, partitions, from_json(constants))


def _read_topics(connection: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    rows = connection.execute("SELECT name, number, partitions FROM topics").fetchall()
    return {name: (number, partitions) for name, number, partitions in rows}


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled it back
            connection.execute("ROLLBACK")
        raise


_ADVICE: Final = {
    "SQLITE_READONLY": "it cannot be written; make the folder and the file writable, or choose another --home",
    "SQLITE_CANTOPEN": "it cannot be opened; make the folder writable, or choose another --home",
    "SQLITE_PERM": "it cannot be opened; make the folder writable, or choose another --home",
    "SQLITE_CORRUPT": "it is damaged; restore it from a copy, or rebuild with `milepost rebuild --from journal`",
    "SQLITE_BUSY": f"another process has kept it locked for {BUSY_S_MAX} s; stop that one first",
    "SQLITE_FULL": "the disk is full; free space and start again, nothing that was acknowledged is lost",
    "SQLITE_IOERR": "the disk does not read or write; nothing that was acknowledged is lost, see the system's log",
}


def _refuse_missing(path: Path) -> NoReturn:
    raise ServiceUnavailable(f"there is no log at {path}; publish something first, or check --home")


def _refuse_foreign(path: Path) -> NoReturn:
    raise SettingsError(f"{path} is not a Milepost log; move it away or choose another --home")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the file system in our words. A call that is wrong in itself stays what it is."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB":
            _refuse_foreign(path)
        advice = next((text for prefix, text in _ADVICE.items() if name.startswith(prefix)), str(error))
        raise ServiceUnavailable(f"the log at {path}: {advice}") from error
    except OSError as error:
        raise ServiceUnavailable(
            f"cannot write in {path.parent}: {error.strerror}; choose another --home"
        ) from error
