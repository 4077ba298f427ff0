"""Live SQL: another process asks the store that is being written, and nothing that a client does or suffers harms it."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb
import pytest

from schemas.errors import ServiceUnavailable, SettingsError, UsageError
from schemas.settings import Settings
from storage.extensions import load_live_sql
from storage.file_reader import FileReader
from storage.live_address import ADDRESS_FILE, LiveAddress, read_address, write_address
from storage.live_client import LiveReader
from storage.live_sql import LiveSql
from storage.reader import open_reader
from storage.store import Store
from tests.builders import baseline, milestone, tick
from tests.cli import product_environment
from tests.stores import TOKEN, Feed, answering, drained, opened, rows
from tests.waiting import until

ROOT = Path(__file__).parents[2]
COUNT = "SELECT count(*) FROM events"


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    feed = Feed(tmp_path / "log.db")
    feed.publish(baseline(), milestone("m1", 1, percent=1), tick(1))
    yield feed
    feed.log.close()


@pytest.fixture
def store(tmp_path: Path, feed: Feed) -> Iterator[Store]:
    with opened(tmp_path / "milepost.duckdb", feed.log, home=tmp_path) as store:
        yield drained(store, feed.log)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"home": tmp_path})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- finding it --------------------------------------------------------------------------------------------------------


def test_a_reader_finds_the_running_store_and_afterwards_its_file(
    tmp_path: Path, feed: Feed, settings: Settings
) -> None:
    with opened(settings.store_file, feed.log, home=tmp_path) as store:
        drained(store, feed.log)
        with answering(store, tmp_path), open_reader(settings) as reader:
            assert isinstance(reader, LiveReader)
            live = reader.query(COUNT).rows
    with open_reader(settings) as reader:
        assert isinstance(reader, FileReader)
        assert reader.query(COUNT).rows == live == [(4,)]
    assert not (tmp_path / ADDRESS_FILE).exists()


def test_the_address_is_for_the_owner_alone(tmp_path: Path, store: Store) -> None:
    with answering(store, tmp_path) as address:
        file = tmp_path / ADDRESS_FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_bytes())["token"] == TOKEN
        assert read_address(tmp_path, store.path) == address
        assert TOKEN not in repr(address)


def test_an_address_that_a_killed_store_left_behind_leads_to_the_file(
    tmp_path: Path, feed: Feed, settings: Settings
) -> None:
    with opened(settings.store_file, feed.log) as store:
        drained(store, feed.log)
    left = LiveAddress("localhost", free_port(), TOKEN, str(settings.store_file.resolve()), "Asia/Shanghai")
    write_address(tmp_path, left)
    with open_reader(settings) as reader:
        assert isinstance(reader, FileReader)
        assert reader.query(COUNT).rows == [(4,)]


def test_another_server_on_the_port_of_a_killed_store_is_not_taken_for_it(
    tmp_path: Path, feed: Feed, store: Store
) -> None:
    home = tmp_path / "killed"
    with opened(home / "milepost.duckdb", feed.log):
        pass
    with answering(store, tmp_path) as address:
        for token in (TOKEN, "the token of another store"):
            left = LiveAddress(
                "localhost", address.port, token, str((home / "milepost.duckdb").resolve()), "Asia/Shanghai"
            )
            write_address(home, left)
            with open_reader(Settings.model_validate({"home": home})) as reader:
                assert isinstance(reader, FileReader)
                assert reader.query(COUNT).rows == [(0,)]


def test_an_address_of_another_store_of_the_home_is_not_used(
    tmp_path: Path, feed: Feed, store: Store, settings: Settings
) -> None:
    with opened(tmp_path / "other.duckdb", feed.log):
        pass
    with answering(store, tmp_path):
        other = settings.model_copy(update={"store": tmp_path / "other.duckdb"})
        with open_reader(other) as reader:
            assert isinstance(reader, FileReader)


def test_no_store_yet_says_how_to_make_one(settings: Settings) -> None:
    with (
        pytest.raises(ServiceUnavailable, match=r"no store at .*milepost\.duckdb yet; `milepost"),
        open_reader(settings),
    ):
        pass


def test_a_store_that_serves_no_sql_is_named_with_its_process(store: Store, settings: Settings) -> None:
    code = "from storage.reader import open_reader\nfrom schemas.settings import Settings\nfrom pathlib import Path\n"
    code += f"with open_reader(Settings(home=Path({str(settings.home)!r}))): pass"
    done = subprocess.run(
        [sys.executable, "-c", code], env=product_environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert f"held by another process (pid {os.getpid()}) that serves no SQL" in done.stderr


def test_a_file_that_is_no_store_is_named(tmp_path: Path, settings: Settings) -> None:
    with duckdb.connect(str(settings.store_file)) as connection:
        connection.execute("CREATE TABLE something (i INTEGER)")
    with pytest.raises(ServiceUnavailable, match="no store of Milepost"), open_reader(settings):
        pass
    settings.store_file.write_text("a letter")
    with pytest.raises(ServiceUnavailable, match="is not a DuckDB file"), open_reader(settings):
        pass


def test_a_read_only_home_can_be_read(tmp_path: Path, feed: Feed, settings: Settings) -> None:
    with opened(settings.store_file, feed.log) as store:
        drained(store, feed.log)
    for path, mode in ((settings.store_file, 0o444), (tmp_path, 0o555)):
        path.chmod(mode)
    try:
        with open_reader(settings) as reader:
            assert reader.query(COUNT).rows == [(4,)]
    finally:
        tmp_path.chmod(0o755)


# -- listening ---------------------------------------------------------------------------------------------------------


def test_off_serves_nothing(store: Store) -> None:
    assert LiveSql.start(store.connection, store.path, listen="off", token=TOKEN) is None


def test_port_0_takes_any_free_one(tmp_path: Path, store: Store) -> None:
    with answering(store, tmp_path) as address:
        assert address.port > 0
        with socket.create_connection(("127.0.0.1", address.port), timeout=5):
            pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_port_that_is_taken_is_named_with_the_setting(store: Store, host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ServiceUnavailable, match=rf"{host}:{port}: Address already in use; set MILEPOST_SQL_LISTEN"
        ):
            LiveSql.start(store.connection, store.path, listen=f"{host}:{port}", token=TOKEN)


def test_a_port_of_another_store_is_taken(tmp_path: Path, feed: Feed, store: Store) -> None:
    code = (
        "from storage.live_sql import LiveSql\nimport duckdb\nc = duckdb.connect()\nfrom pathlib import Path\n"
        "c.execute('CREATE SCHEMA internal; CREATE TABLE internal.metadata (name VARCHAR, value VARCHAR)')\n"
    )
    with answering(store, tmp_path) as address:
        code += f"LiveSql.start(c, Path('x'), listen='localhost:{address.port}', token={TOKEN!r})"
        done = subprocess.run(
            [sys.executable, "-c", code], env=product_environment(PYTHONPATH=str(ROOT)), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    assert "Address already in use" in done.stderr


def test_a_server_starts_again_on_the_port_that_it_had(tmp_path: Path, feed: Feed) -> None:
    port = free_port()
    settings = Settings.model_validate({"home": tmp_path})
    for _ in range(3):
        with (
            opened(tmp_path / "milepost.duckdb", feed.log, home=tmp_path) as store,
            answering(store, tmp_path, listen=f"localhost:{port}"),
            open_reader(settings) as reader,
        ):
            assert isinstance(reader, LiveReader)
            assert reader.query("SELECT 1").rows == [(1,)]


@pytest.mark.parametrize("token", ["four", 'it\'s a "token"; -- 令牌 🔑'])
def test_any_other_token_will_do(tmp_path: Path, store: Store, settings: Settings, token: str) -> None:
    with answering(store, tmp_path, token=token), open_reader(settings) as reader:
        assert isinstance(reader, LiveReader)
        assert reader.query("SELECT 1").rows == [(1,)]


def test_a_short_token_is_refused(store: Store) -> None:
    with pytest.raises(SettingsError, match="MILEPOST_SQL_TOKEN"):
        LiveSql.start(store.connection, store.path, listen="localhost:0", token="abc")


# -- what clients may not do -------------------------------------------------------------------------------------------


@contextmanager
def bare_client() -> Iterator[duckdb.DuckDBPyConnection]:
    """A client that is not ours."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    load_live_sql(connection)
    with connection:
        yield connection


def test_nobody_is_let_in_without_the_token(tmp_path: Path, store: Store) -> None:
    with answering(store, tmp_path) as address, bare_client() as client:
        for token in ("another token, not this one", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
            with pytest.raises(duckdb.Error, match="Authentication failed"):
                client.execute(f"FROM quack_query('quack:{address}', 'SELECT 1', token = '{token}')")
        told = client.execute(
            f"FROM quack_query('quack:{address}', 'SELECT 1', token = '{TOKEN}')"
        ).fetchall()
        assert told == [(1,)]


def test_an_attached_client_reads_and_cannot_write(tmp_path: Path, store: Store) -> None:
    before = rows(store, "SELECT count(*) FROM kpi_latest")
    with answering(store, tmp_path) as address, bare_client() as client:
        client.execute(f"ATTACH 'quack:{address}' AS live (TYPE quack, TOKEN '{TOKEN}')")
        assert client.execute("FROM live.query('SELECT count(*) FROM events')").fetchall() == [(4,)]
        for sql in (
            "INSERT INTO live.kpi_latest SELECT * FROM live.kpi_latest",
            "CREATE TABLE live.mine AS SELECT 1",
            "DROP TABLE live.kpi_latest",
            "DELETE FROM live.kpi_latest",
            "FROM live.query('SELECT * FROM quack_stop(''quack:localhost:1'')')",
            "FROM live.query('SET GLOBAL lock_configuration = false')",
            "FROM live.query('SELECT * FROM internal.journal')",
        ):
            with pytest.raises(duckdb.Error):
                client.execute(sql).fetchall()
    assert rows(store, "SELECT count(*) FROM kpi_latest") == before


def test_settings_of_the_server_are_locked(tmp_path: Path, store: Store) -> None:
    with answering(store, tmp_path):
        for sql in (
            "SET GLOBAL enable_external_access = true",
            "SET GLOBAL quack_authorization_function = 'x'",
        ):
            with pytest.raises(duckdb.Error, match=r"locked|while database is running"):
                store.connection.execute(sql)


def test_the_token_stands_in_no_error(tmp_path: Path, store: Store, settings: Settings) -> None:
    with answering(store, tmp_path), open_reader(settings) as reader:
        for sql in ("SELECT nothing", "DROP TABLE events", "SELECT CAST('x' AS INTEGER)"):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
                reader.query(sql)
            assert TOKEN not in str(caught.value)


# -- while the store writes --------------------------------------------------------------------------------------------


def test_readers_see_whole_batches_while_the_store_commits(
    tmp_path: Path, feed: Feed, store: Store, settings: Settings
) -> None:
    seen: list[tuple[int, int]] = []
    enough = threading.Event()

    def ask() -> None:
        with open_reader(settings) as reader:
            while not enough.is_set():
                sql = "SELECT count(*), (SELECT sum(next_offset) FROM ingest_progress WHERE topic = 'milepost.events') FROM events"
                seen.extend(reader.query(sql).rows)

    with answering(store, tmp_path):
        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for number in range(15):
                feed.publish(*(milestone(f"m{number}", 2, percent=part) for part in range(3)))
                drained(store, feed.log)
                until(partial(has_seen, seen, 4 + 3 * (number + 1)))
        finally:
            enough.set()
            for thread in threads:
                thread.join()
    assert {count - offset for count, offset in seen} == {0}
    assert len({count for count, _ in seen}) == 16


def has_seen(seen: list[tuple[int, int]], events: int) -> bool:
    return bool(seen) and max(seen)[0] == events


def test_a_client_that_dies_in_a_long_query_does_not_hold_up_the_store(
    tmp_path: Path, feed: Feed, settings: Settings
) -> None:
    with opened(settings.store_file, feed.log, home=tmp_path) as store, answering(store, tmp_path):
        with long_query(settings) as client:
            until(lambda: active_queries(store) == 1)
            client.kill()
        feed.publish(milestone("m2", 2, percent=3))
        drained(store, feed.log)
        with open_reader(settings) as reader:
            assert reader.query(COUNT).rows == [(5,)]


def test_ctrl_c_ends_a_long_query_at_once(tmp_path: Path, store: Store, settings: Settings) -> None:
    with answering(store, tmp_path), long_query(settings) as client:
        until(lambda: active_queries(store) == 1)
        client.send_signal(signal.SIGINT)
        until(lambda: client.poll() is not None)


def active_queries(store: Store) -> int:
    return len(
        rows(
            store,
            "SELECT 1 FROM quack_active_connections() AS c WHERE to_json(c)::VARCHAR LIKE '%\"active\"%'",
        )
    )


@contextmanager
def long_query(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    code = (
        "from storage.reader import open_reader\nfrom schemas.settings import Settings\nfrom pathlib import Path\n"
        f"with open_reader(Settings(home=Path({str(settings.home)!r}))) as reader:\n"
        " reader.query('SELECT count(*) FROM range(10000000) a, range(10) b WHERE hash(a.range + b.range) = 1')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=product_environment(PYTHONPATH=str(ROOT)), stderr=subprocess.DEVNULL
    ) as client:
        try:
            yield client
        finally:
            client.kill()


SERVING = """
import sys, threading
from pathlib import Path
from tests.stores import Feed, answering, drained, opened
home = Path(sys.argv[1])
feed = Feed(home / "log.db")
with opened(home / "milepost.duckdb", feed.log, home=home) as store, answering(drained(store, feed.log), home):
    print("ready", flush=True)
    threading.Event().wait()
"""


def test_a_server_that_is_killed_is_named_and_the_next_reader_takes_the_file(
    tmp_path: Path, feed: Feed, settings: Settings
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVING, str(tmp_path)], env=product_environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        with open_reader(settings) as reader:
            assert isinstance(reader, LiveReader)
            assert reader.query(COUNT).rows == [(4,)]
            server.send_signal(signal.SIGKILL)
            server.wait()
            with pytest.raises(ServiceUnavailable, match="went away; run the command again"):
                reader.query(COUNT)
    assert (tmp_path / ADDRESS_FILE).exists()
    with open_reader(settings) as reader:
        assert isinstance(reader, FileReader)
        assert reader.query(COUNT).rows == [(4,)]
    with (
        opened(settings.store_file, feed.log, home=tmp_path) as store,
        answering(store, tmp_path),
        open_reader(settings) as reader,
    ):
        assert isinstance(reader, LiveReader)
        with pytest.raises(UsageError):
            reader.query("DROP TABLE events")
