"""Makes a DuckDB file into a store: migrations once each, in order; views, macros and the KPI catalog at each opening."""

from importlib.resources import files
from typing import Final

import duckdb

from schemas.catalog import KPIS
from schemas.errors import SettingsError
from storage.statement_check import check_macros
from storage.statement_views import statement_views
from storage.unit_view import unit_view

__all__ = ["define", "schema_version", "view_text"]

_FIRST_VIEWS: Final = ("00_instants.sql", "01_events.sql")
"""What the views on statements rest on."""


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the file to this release's definition, all of it or nothing. Raises SettingsError for a newer file."""
    connection.execute("BEGIN")
    try:
        _migrate(connection)
        for statement in _definitions():
            connection.execute(statement)
        _fill_catalog(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def schema_version() -> str:
    """Name of the newest migration."""
    return _sql_files("migrations")[-1][0]


def view_text(name: str) -> str:
    """Text of one of the files of views and macros."""
    return dict(_sql_files("views"))[name]


def _migrate(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS internal")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS internal.migrations (name VARCHAR PRIMARY KEY, place INTEGER NOT NULL)"
    )
    applied = {name for (name,) in connection.execute("SELECT name FROM internal.migrations").fetchall()}
    ours = _sql_files("migrations")
    if unknown := sorted(applied - {name for name, _ in ours}):
        raise SettingsError(
            f"the store was written by a newer release (schema {unknown[-1]}); use that one, or `milepost rebuild`"
        )
    for place, (name, text) in enumerate(ours, start=1):
        if name not in applied:
            connection.execute(text)
            connection.execute(
                "INSERT INTO internal.migrations VALUES ($name, $place)", {"name": name, "place": place}
            )


def _definitions() -> list[str]:
    """Views and macros in the order in which they build on each other."""
    texts = dict(_sql_files("views"))
    return [*map(texts.pop, _FIRST_VIEWS), *statement_views(), unit_view(), *texts.values(), *check_macros()]


def _fill_catalog(connection: duckdb.DuckDBPyConnection) -> None:
    columns = [list(column) for column in zip(*KPIS.values(), strict=True)]
    connection.execute("DELETE FROM kpi_catalog")
    parts = ", ".join("unnest(?)" for _ in columns)
    connection.execute(f"INSERT INTO kpi_catalog SELECT {parts}", columns)


def _sql_files(folder: str) -> list[tuple[str, str]]:
    """Names and texts of the SQL files of a folder, in order."""
    found = (entry for entry in files("storage").joinpath(folder).iterdir() if entry.name.endswith(".sql"))
    return sorted(
        (entry.name.removesuffix(".sql") if folder == "migrations" else entry.name, entry.read_text("utf-8"))
        for entry in found
    )
