"""Verification of a home by the product's own parts, for tests that want to look at what it says."""

from contextlib import closing
from pathlib import Path

import duckdb

from eventlog.embedded import EmbeddedLog
from schemas.settings import Settings
from storage.reader import open_reader
from storage.verification.verify import compare_journal, verification
from tests.lives import TOPICS

__all__ = ["change_store", "verified"]


def verified(home: Path) -> tuple[int, list[str]]:
    """Rows compared, and every difference as it is printed. `home` has `log.db` and `milepost.duckdb`."""
    with open_reader(Settings.model_validate({"home": home})) as reader:
        with closing(EmbeddedLog.open_existing(home / "log.db")) as log:
            found = [str(each) for each in compare_journal(log, TOPICS.events, reader, _ignore)]
        with verification(reader, _ignore) as done:
            return done.rows_compared, [*found, *(str(each) for each in done.differences())]


def change_store(home: Path, *statements: str) -> None:
    """Change the file of a store behind its back; each statement must hit something."""
    with closing(duckdb.connect(str(home / "milepost.duckdb"))) as connection:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        for statement in statements:
            hit = connection.execute(statement).fetchone()
            assert hit is not None
            assert hit[0] > 0, statement


def _ignore(_done: int, _whole: int) -> None:
    """Nobody watches."""
