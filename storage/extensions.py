"""The two extensions of live SQL, from the packages that bring them; nothing is fetched from anywhere."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import duckdb

from schemas.errors import ServiceUnavailable

__all__ = ["load_live_sql", "try_live_sql"]

# httpfs is what quack speaks through; it must be there before autoloading is switched off.
_NAMES: Final = ("quack", "httpfs")


def load_live_sql(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what live SQL needs on either side. Raises ServiceUnavailable if a package is missing or does not fit."""
    for name in _NAMES:
        path = str(_extension_file(name)).replace("'", "''")
        try:
            connection.execute(f"LOAD '{path}'")
        except duckdb.Error as error:
            raise ServiceUnavailable(_advice(name, str(error).split("\n", 1)[0])) from error


def try_live_sql() -> None:
    """Load the extensions into a database in memory; raises as `load_live_sql` does."""
    with duckdb.connect() as connection:
        load_live_sql(connection)


def _extension_file(name: str) -> Path:
    spec = find_spec(f"duckdb_extension_{name}")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if path.is_file():
            return path
    raise ServiceUnavailable(_advice(name, "is not there"))


def _advice(name: str, problem: str) -> str:
    version = duckdb.__version__
    return f"DuckDB's extension {name} {problem}; pip install duckdb-extension-{name}=={version}, or set MILEPOST_SQL_LISTEN to off"
