"""What a reader of the store promises, tried on the file and over live SQL alike."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from eventlog.log import Record
from schemas.acceptance import accept
from schemas.codec import decode
from schemas.envelope import data_text
from schemas.errors import CheckFailed, UsageError
from schemas.events import TICK_TYPE, Event
from schemas.settings import Settings
from storage.file_reader import FileReader
from storage.live_client import LiveReader
from storage.project_journal import journal_of, project_ids
from storage.publication import INTERNAL_RELATIONS, PUBLISHED_RELATIONS
from storage.reader import Reader, open_reader
from tests.builders import PROJECT, RECORDED_AT_US, ZONE, baseline, closing, milestone
from tests.stores import TOPICS, Feed, answering, drained, opened

PLAN = baseline(
    name="油库 🛢️ مشروع",
    sections={"milestones": [{"id": "m1", "finish": "2024-02-01"}], "tags": ["重点", "二期"]},
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a log that holds a little of everything."""
    home = tmp_path_factory.mktemp("a home's 100% folder")
    feed = Feed(home / "log.db")
    feed.append_raw(b"no event at all")
    feed.publish(PLAN, milestone("m1", 3, percent=40), closing(3), milestone("m1", 4, percent=60))
    with opened(home / "milepost.duckdb", feed.log) as store:
        drained(store, feed.log)
    feed.log.close()
    return home


@pytest.fixture(scope="module", params=["file", "live"])
def reader(request: pytest.FixtureRequest, home: Path) -> Iterator[Reader]:
    settings = Settings.model_validate({"home": home})
    if request.param == "file":
        with open_reader(settings) as found:
            assert isinstance(found, FileReader)
            yield found
        return
    feed = Feed(home / "log.db")
    with (
        opened(settings.store_file, feed.log, home=home) as store,
        answering(store, home),
        open_reader(settings) as found,
    ):
        assert isinstance(found, LiveReader)
        yield found
    feed.log.close()


# -- values ------------------------------------------------------------------------------------------------------------

VALUES: dict[str, tuple[str, str, Any]] = {
    "integer": ("42", "INTEGER", 42),
    "big integer": ("170141183460469231731687303715884105727", "HUGEINT", 2**127 - 1),
    "unsigned": ("CAST(18446744073709551615 AS UBIGINT)", "UBIGINT", 2**64 - 1),
    "decimal": ("CAST('12345678901234567890123456.789012345678' AS DECIMAL(38,12))", "DECIMAL(38,12)",
                Decimal("12345678901234567890123456.789012345678")),
    "double": ("CAST('0.1' AS DOUBLE) + CAST('0.2' AS DOUBLE)", "DOUBLE", 0.1 + 0.2),
    "infinity": ("CAST('-Infinity' AS DOUBLE)", "DOUBLE", float("-inf")),
    "truth": ("1 = 1", "BOOLEAN", True),
    "text": ("'完成 ✅ שלום e\u0301 ''quoted'' \"twice\"'", "VARCHAR", "完成 ✅ שלום e\u0301 'quoted' \"twice\""),
    "empty text": ("''", "VARCHAR", ""),
    "date": ("DATE '2024-02-29'", "DATE", date(2024, 2, 29)),
    "time": ("TIME '12:34:56.789'", "TIME", time(12, 34, 56, 789000)),
    "timestamp": ("TIMESTAMP '2024-02-29 12:00:00'", "TIMESTAMP", datetime.fromisoformat("2024-02-29T12:00:00")),
    "interval": ("INTERVAL '36 hours'", "INTERVAL", timedelta(hours=36)),
    "bytes": ("CAST('\\x00\\xFF' AS BLOB)", "BLOB", b"\x00\xff"),
    "uuid": ("CAST('41b87d0b-6f5c-4156-a568-f36183686d79' AS UUID)", "UUID",
             UUID("41b87d0b-6f5c-4156-a568-f36183686d79")),
    "list": ("['a', NULL, '三']", "VARCHAR[]", ["a", None, "三"]),
    "struct": ("{'a': 1, 'b': ['x']}", "STRUCT(a INTEGER, b VARCHAR[])", {"a": 1, "b": ["x"]}),
    "map": ("MAP {'k': 2}", "MAP(VARCHAR, INTEGER)", {"k": 2}),
    "json": ("""CAST('{"b": [1, 2.50], "a": "é"}' AS JSON)""", "JSON", '{"b": [1, 2.50], "a": "é"}'),
    "null": ("CAST(NULL AS DATE)", "DATE", None),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_with_its_type(reader: Reader, name: str) -> None:
    written, type_name, value = VALUES[name]
    result = reader.query(f"SELECT {written} AS told")
    assert (result.columns, result.types, result.rows) == (["told"], [type_name], [(value,)])


def test_an_instant_comes_in_the_zone_of_the_log(reader: Reader) -> None:
    ((told,),) = reader.query("SELECT max(known_at) FROM kpi_snapshots").rows
    assert told.utcoffset() == timedelta(hours=8)
    assert told == datetime(2024, 1, 4, 23, 59, tzinfo=ZONE)


def test_an_instant_becomes_a_day_in_the_zone_of_the_log(reader: Reader) -> None:
    assert reader.query("SELECT CAST(TIMESTAMPTZ '2024-01-04 16:30:00Z' AS DATE)").rows == [
        (date(2024, 1, 5),)
    ]


def test_data_of_an_event_comes_as_it_was_received(reader: Reader) -> None:
    result = reader.query("SELECT data FROM events WHERE type = 'milepost.project.baselined.v1'")
    assert result.types == ["JSON"]
    ((text,),) = result.rows
    assert text.encode() in PLAN
    assert json.loads(text)["name"] == "油库 🛢️ مشروع"


def test_the_journal_of_a_project_is_its_events_as_they_were_accepted_and_the_ticks(reader: Reader) -> None:
    records = list(journal_of(reader, TOPICS.events, PROJECT))
    events = [accept(record.value, (), RECORDED_AT_US, ZONE) for record in records]
    assert [event["type"].split(".")[2] for event in events] == [
        "baselined",
        "reported",
        "ticked",
        "reported",
    ]
    assert events[0] == decode(PLAN)
    assert data_text(records[0].value or b"") == data_text(PLAN)
    assert [record.offset for record in records] == sorted(record.offset for record in records)
    assert {event["type"] for event in map(_event, journal_of(reader, TOPICS.events, "p'2"))} <= {TICK_TYPE}
    assert (reader.timezone, project_ids(reader)) == (str(ZONE), [PROJECT])


def _event(record: Record) -> Event:
    return decode(record.value or b"")


def test_columns_of_the_same_name_are_told_apart(reader: Reader) -> None:
    assert reader.query("SELECT 1 AS a, 2 AS A, 3 AS a_1, 4 AS b").columns == ["a", "A_1", "a_1_1", "b"]


def test_every_row_comes_in_its_order(reader: Reader) -> None:
    taken = reader.scan("SELECT range FROM range(250000) ORDER BY range DESC").rows
    assert [number for (number,) in taken] == list(range(249_999, -1, -1))


def test_no_rows_are_no_rows(reader: Reader) -> None:
    result = reader.query("SELECT 1 AS a WHERE 1 = 2")
    assert (result.columns, result.rows) == (["a"], [])


def test_a_statement_may_end_with_a_semicolon_and_a_comment(reader: Reader) -> None:
    assert reader.query("SELECT 1; -- only this\n").rows == [(1,)]


def test_a_failed_statement_does_no_harm_to_the_next(reader: Reader) -> None:
    for _ in range(3):
        with pytest.raises(CheckFailed):
            reader.query("SELECT CAST('x' AS INTEGER)")
        with pytest.raises(UsageError):
            reader.query("DROP TABLE kpi_latest")
        assert reader.query("SELECT 1").rows == [(1,)]


# -- what may run ------------------------------------------------------------------------------------------------------

ALLOWED = (
    "FROM kpi_latest",
    "SELECT count(*) FROM events",
    "SELECT project_id, kpi, value FROM kpi_latest WHERE kpi = 'percent_complete' ORDER BY value DESC LIMIT 3",
    "SELECT * FROM kpi_at(DATE '2024-01-04', TIMESTAMPTZ '2024-02-01 00:00:00+08')",
    "SELECT * FROM kpi_at('2024-01-04', now())",
    "WITH done AS (SELECT * FROM milestones), twice AS (FROM done) SELECT count(*) FROM twice JOIN done USING (milestone)",
    "SELECT x.kpi FROM kpi_latest AS x JOIN projects AS y ON x.project_id = y.project_id",
    "SELECT kpi, row_number() OVER (PARTITION BY project_id ORDER BY kpi) FROM kpi_latest QUALIFY 1 = 1",
    "SELECT project_id, unnest(tags) FROM projects",
    "SELECT * FROM range(3), generate_series(1, 2)",
    "SELECT data ->> '$.milestone', json_extract(data, '$.percent_complete') FROM events",
    "SELECT t.key, t.value FROM events, json_each(events.data) AS t",
    "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3",
    "SELECT (SELECT max(value) FROM kpi_latest), EXISTS (FROM alerts)",
    "SELECT list_transform([1, 2], lambda x: x + 1), regexp_matches('a', 'b'), date_trunc('month', today())",
    "VALUES (1, 'a'), (2, 'b')",
    "DESCRIBE kpi_latest",
    "DESCRIBE SELECT * FROM events",
    "SUMMARIZE kpi_catalog",
    "SHOW TABLES",
    "SELECT table_name FROM information_schema.tables",
    "SELECT column_name FROM information_schema.columns WHERE table_name = 'alerts'",
    "SELECT kpi, sum(value) FROM kpi_latest GROUP BY ROLLUP (kpi)",
    "SELECT 'DROP TABLE events; read_csv(''x'')' AS harmless",
    'SELECT "offset" FROM "events" -- ; DROP TABLE events',
    "WITH 项目 AS (SELECT name FROM projects) FROM 项目",
)

REFUSED = (
    "",
    "   ",
    ";",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE events",
    "CREATE TABLE mine (i INTEGER)",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE MACRO mine() AS 1",
    "CREATE OR REPLACE MACRO quack_allowed(s, q) AS true",
    "CREATE SCHEMA mine",
    "CREATE SEQUENCE mine",
    "CREATE TYPE mine AS INTEGER",
    "CREATE SECRET mine (TYPE s3)",
    "DROP TABLE kpi_latest",
    "DROP VIEW events",
    "ALTER TABLE kpi_latest ADD COLUMN x INTEGER",
    "INSERT INTO kpi_latest SELECT * FROM kpi_latest",
    "WITH x AS (SELECT 1) INSERT INTO rejected_events SELECT * FROM x",
    "UPDATE kpi_latest SET value = 0",
    "DELETE FROM kpi_snapshots",
    "TRUNCATE kpi_snapshots",
    "MERGE INTO kpi_latest USING kpi_latest AS x ON false WHEN MATCHED THEN DELETE",
    "COPY kpi_latest TO '/tmp/out.csv'",
    "COPY (SELECT 1) TO '/tmp/out.parquet'",
    "COPY kpi_latest FROM '/etc/passwd'",
    "EXPORT DATABASE '/tmp/out'",
    "IMPORT DATABASE '/tmp/out'",
    "ATTACH '/tmp/other.duckdb'",
    "ATTACH ':memory:' AS other",
    "DETACH memory",
    "USE internal",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "SET threads = 1",
    "SET GLOBAL enable_external_access = true",
    "RESET threads",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "CALL pragma_version()",
    "CALL quack_stop('quack:localhost:9494')",
    "SELECT * FROM quack_stop('quack:localhost:9494')",
    "SELECT * FROM quack_server_list()",
    "SELECT * FROM quack_query('quack:localhost:9494', 'SELECT 1')",
    "SELECT * FROM quack_active_connections()",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/*')",
    "SELECT * FROM read_parquet('x.parquet')",
    "SELECT * FROM read_json('x.json')",
    "SELECT * FROM '/etc/passwd.csv'",
    'SELECT * FROM "x.parquet"',
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_functions()",
    "SELECT * FROM duckdb_logs()",
    "SELECT * FROM duckdb_databases()",
    "SELECT * FROM pragma_table_info('internal.journal')",
    "SELECT * FROM query('DROP TABLE events')",
    "SELECT * FROM query_table('journal')",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT getenv('HOME')",
    "SELECT GetEnv('HOME')",
    "SELECT current_setting('quack_authorization_function')",
    "SELECT getvariable('x')",
    "SELECT error('x')",
    "SELECT nextval('x')",
    "SELECT setseed(0.5)",
    "SELECT (SELECT getenv('HOME') FROM events LIMIT 1)",
    "SELECT list_transform(['HOME'], lambda x: getenv(x))",
    "SELECT kpi FROM kpi_latest ORDER BY getenv('HOME')",
    "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT * FROM r",
    "WITH events AS (SELECT 1) SELECT * FROM events",
    "WITH journal AS (SELECT 1) SELECT * FROM journal",
    "WITH pg_tables AS (SELECT 1) SELECT * FROM pg_tables",
    "SELECT * FROM (WITH pg_views AS (SELECT 1) FROM pg_views), pg_views",
    'SELECT * FROM (WITH "/etc/passwd.csv" AS (SELECT 1) FROM "/etc/passwd.csv"), "/etc/passwd.csv"',
    "PIVOT kpi_latest ON kpi USING sum(value)",
    *(f"SELECT * FROM internal.{name}" for name in INTERNAL_RELATIONS),
    *(f"SELECT * FROM {name}" for name in INTERNAL_RELATIONS),
)  # fmt: skip

WRONG = {
    "SELEC 1": "syntax error",
    "SELECT": "SELECT clause without selection list",
    "SELECT * FROM": "syntax error",
    "SELECT 'open": "unterminated quoted string",
    "SELECT * FROM nowhere": "there is no table or view nowhere",
    "SELECT nothing FROM events": '"nothing"',
    "SELECT no_such_function(1)": "no_such_function",
    "SELECT CAST('x' AS INTEGER)": "Could not convert string",
    "SELECT sum(kpi) FROM kpi_latest": "sum",
    "SELECT * FROM kpi_at(DATE '2024-01-01')": "kpi_at",
    "SELECT CAST(range AS TINYINT) FROM range(1000)": "INT8",
}


@pytest.mark.parametrize("sql", ALLOWED)
def test_reading_is_allowed(reader: Reader, sql: str) -> None:
    assert reader.query(sql).columns


@pytest.mark.parametrize("sql", REFUSED)
def test_everything_else_is_refused(reader: Reader, sql: str) -> None:
    with pytest.raises(UsageError, match=r"^refused: [^\n]+$"):
        reader.query(sql)


@pytest.mark.parametrize("sql", WRONG)
def test_an_sql_error_says_what_is_wrong_in_one_line(reader: Reader, sql: str) -> None:
    with pytest.raises(CheckFailed, match=rf"^SQL error: [^\n]*{re.escape(WRONG[sql])}[^\n]*$"):
        reader.query(sql)


def test_a_variable_of_this_process_is_no_relation(reader: Reader) -> None:
    secret = [(1,)]
    with pytest.raises(CheckFailed):
        reader.query("SELECT * FROM secret")
    assert secret == [(1,)]


def test_every_published_relation_can_be_read(reader: Reader) -> None:
    for name in PUBLISHED_RELATIONS:
        assert reader.query(f"SELECT * FROM {name} LIMIT 1").columns, name


def test_the_list_of_tables_is_what_is_published(reader: Reader) -> None:
    assert [name for (name,) in reader.query("SHOW TABLES").rows] == sorted(PUBLISHED_RELATIONS)
