"""What only the embedded log promises: its file, its identity, and a clear error for each way in which a file can fail."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from eventlog import embedded
from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from schemas.errors import ServiceUnavailable, SettingsError
from schemas.topics import Topics

ROOT = Path(__file__).parents[2]
TOPICS = Topics("milepost")
NOBODY = 65534


def open_log(path: Path, **more: Any) -> EmbeddedLog:
    settings: dict[str, Any] = {
        "timezone": "Asia/Shanghai", "partitions": 4, "topics": TOPICS, "log_id": lambda: "log", "constants": {},
        "now_us": lambda: 1, **more,
    }  # fmt: skip
    return EmbeddedLog.open(path, **settings)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[EmbeddedLog]:
    with closing(open_log(path)) as opened:
        yield opened


def test_an_existing_log_keeps_its_identity_whatever_the_next_one_says(path: Path, log: EmbeddedLog) -> None:
    with closing(
        open_log(path, timezone="UTC", partitions=2, log_id=lambda: "other", constants={"a": 1})
    ) as again:
        assert again.identity == log.identity
        assert again.partitions(TOPICS.events) == 4


def test_settings_that_contradict_the_log_are_refused_with_both_values(log: EmbeddedLog) -> None:
    log.check_identity(timezone="Asia/Shanghai", partitions=4)
    log.check_identity()
    with pytest.raises(SettingsError, match=r"partitions 4, the setting says 8.*MILEPOST_PARTITIONS"):
        log.check_identity(partitions=8)
    with pytest.raises(SettingsError, match=r"timezone Asia/Shanghai, the setting says UTC"):
        log.check_identity(timezone="UTC")


def test_constants_of_the_engine_are_kept(path: Path) -> None:
    with closing(open_log(path, constants={"active_days": 62})):
        pass
    with closing(EmbeddedLog.open_existing(path)) as log:
        assert log.identity.constants == {"active_days": 62}


def test_another_prefix_gets_topics_of_its_own_in_the_same_log(path: Path, log: EmbeddedLog) -> None:
    with closing(open_log(path, topics=Topics("other"), partitions=2)) as other:
        other.append([Entry("other.events", b"k", b"v", 3)])
        assert other.end_offset("other.events", 3) == 1
        assert other.end_offset(TOPICS.events, 3) == 0
    with pytest.raises(SettingsError, match=r"no topic other\.events; it has milepost\.alerts"):
        log.read("other.events", 0, 0, 1)


@pytest.mark.parametrize("partition", [-1, 4])
def test_a_partition_that_does_not_exist_is_refused_and_nothing_is_appended(
    log: EmbeddedLog, partition: int
) -> None:
    with pytest.raises(SettingsError, match=r"partitions 0 to 3"):
        log.append([Entry(TOPICS.events, b"k", b"v", 0), Entry(TOPICS.events, b"k", b"v", partition)])
    with pytest.raises(SettingsError, match=r"partitions 0 to 3"):
        log.read(TOPICS.events, partition, 0, 1)
    assert log.end_offset(TOPICS.events, 0) == 0


def test_a_log_that_is_not_there_is_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(ServiceUnavailable, match="there is no log at"):
        EmbeddedLog.open_existing(path)
    assert not path.parent.exists()


def test_a_log_opened_for_reading_appends_nothing(path: Path, log: EmbeddedLog) -> None:
    with closing(EmbeddedLog.open_existing(path)) as reader:
        with pytest.raises(ServiceUnavailable, match="for reading only"):
            reader.append([Entry(TOPICS.events, b"k", b"v")])
        assert reader.end_offset(TOPICS.events, 0) == 0


def test_the_number_of_changes_moves_when_others_append(path: Path, log: EmbeddedLog) -> None:
    before = log.changes()
    assert log.changes() == before
    with closing(EmbeddedLog.open_existing(path, now_us=lambda: 1)) as other:
        other.append([Entry(TOPICS.events, b"k", b"v")])
    assert log.changes() != before


def text_file(path: Path) -> None:
    path.write_text("this is a letter, and a long one, not a database at all\n" * 100, encoding="utf-8")


def other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (text TEXT)")


@pytest.mark.parametrize("write", [text_file, other_database])
def test_a_file_that_is_not_a_log_is_refused_and_left_alone(path: Path, write: Any) -> None:
    path.parent.mkdir()
    write(path)
    for opened in (open_log, EmbeddedLog.open_existing):
        with pytest.raises(SettingsError, match="is not a Milepost log"):
            opened(path)
    if write is other_database:
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("letters",)]


def test_a_log_of_a_later_format_is_refused(path: Path) -> None:
    open_log(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE identity SET format = 99")
    with pytest.raises(SettingsError, match="has format 99"):
        EmbeddedLog.open_existing(path)


def test_a_damaged_log_says_so(path: Path) -> None:
    with closing(open_log(path)) as log:
        log.append([Entry(TOPICS.events, b"k", os.urandom(5_000), 0)] * 100)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(ServiceUnavailable, match="it is damaged"):
        EmbeddedLog.open_existing(path)


def test_a_folder_in_place_of_the_file_says_so(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ServiceUnavailable, match="cannot be opened"):
        open_log(path)


def test_a_home_that_is_a_file_says_so(path: Path) -> None:
    path.parent.write_text("a file")
    with pytest.raises(ServiceUnavailable, match="cannot write in"):
        open_log(path)


def test_a_lock_held_too_long_names_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_log(path).close()
    monkeypatch.setattr(embedded, "BUSY_S_MAX", 0.05)
    with closing(sqlite3.connect(path)) as holder, closing(open_log(path)) as log:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(ServiceUnavailable, match=r"log\.db: another process has kept it locked"):
            log.append([Entry(TOPICS.events, b"k", b"v")])
        holder.rollback()
        log.append([Entry(TOPICS.events, b"k", b"v", 0)])
        assert log.end_offset(TOPICS.events, 0) == 1


def test_a_full_disk_refuses_the_whole_append_and_keeps_the_rest(path: Path, log: EmbeddedLog) -> None:
    log.append([Entry(TOPICS.events, b"k", b"v", 0)])
    pages = log._connection.execute("PRAGMA page_count").fetchone()[0]
    log._connection.execute(f"PRAGMA max_page_count = {pages + 10}")
    with pytest.raises(ServiceUnavailable, match="the disk is full"):
        log.append([Entry(TOPICS.events, b"k", b"v" * 1000, number % 4) for number in range(1000)])
    assert [log.end_offset(TOPICS.events, number) for number in range(4)] == [1, 0, 0, 0]
    log._connection.execute("PRAGMA max_page_count = 1000000")
    log.append([Entry(TOPICS.events, b"k", b"v", 0)])
    assert log.end_offset(TOPICS.events, 0) == 2


CREATE = """
import sys
from pathlib import Path
from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from schemas.topics import Topics
sys.stdin.read()
log = EmbeddedLog.open(Path(sys.argv[1]), timezone="UTC", partitions=4, topics=Topics("milepost"),
                       log_id=lambda: sys.argv[2], constants={}, now_us=lambda: 1)
log.append([Entry("milepost.events", b"k", sys.argv[2].encode(), 0)])
print(log.identity.log_id)
"""


def test_processes_that_create_one_log_at_once_agree_on_it(path: Path) -> None:
    with ExitStack() as stack:
        makers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", CREATE, path, str(number)],
                    cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )
            for number in range(6)
        ]  # fmt: skip
        for maker in makers:
            assert maker.stdin is not None
            maker.stdin.close()
        ids = {maker.stdout.read().strip() for maker in makers if maker.stdout}
        assert [maker.wait() for maker in makers] == [0] * 6
    with closing(EmbeddedLog.open_existing(path)) as log:
        assert ids == {log.identity.log_id}
        assert log.end_offset(TOPICS.events, 0) == 6


OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
from eventlog.embedded import EmbeddedLog
from eventlog.locks import HomeLock
from eventlog.log import Entry
from schemas.errors import ServiceUnavailable
from schemas.topics import Topics
if os.geteuid() == 0:
    os.setuid(int(sys.argv[2]))
home = Path(sys.argv[1])
def make(path):
    return EmbeddedLog.open(path, timezone="UTC", partitions=4, topics=Topics("milepost"), log_id=lambda: "log",
                            constants={}, now_us=lambda: 1)
for attempt in (
    lambda: make(home / "log.db").append([Entry("milepost.events", b"k", b"v", 0)]),
    lambda: make(home / "new.db"),
    lambda: make(home / "deeper" / "log.db"),
    lambda: HomeLock(home, "worker").acquire(),
):
    try:
        attempt()
    except ServiceUnavailable as error:
        print(error)
"""


def test_a_read_only_home_is_refused_in_one_clear_line_each_time() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        open_log(home / "log.db").close()
        (home / "log.db").chmod(0o444)
        home.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", OPEN_AS_NOBODY, home, str(NOBODY)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        home.chmod(0o755)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert all("--home" in line for line in lines)


def test_a_log_that_is_just_being_made_is_no_log_yet_and_nobody_is_told_to_move_it(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.touch()
    with pytest.raises(ServiceUnavailable, match="there is no log"):
        EmbeddedLog.open_existing(path)
