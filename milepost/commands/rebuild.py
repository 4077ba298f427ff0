"""`milepost rebuild`: makes the store anew from the log, or from its own journal, beside the old one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic_core import to_json

from milepost.locks import worker_and_store_lock
from milepost.shared_options import Call, command
from schemas.errors import ServiceUnavailable

if TYPE_CHECKING:
    from storage.rebuild import Rebuilt

__all__ = ["rebuild"]


@command(
    click.option(
        "--from",
        "origin",
        type=click.Choice(["log", "journal"]),
        default="log",
        help="Where the events come from: the log, or the store's own journal if the log is gone",
    )
)
def rebuild(call: Call, *, origin: str) -> None:
    """Checks the new store, puts it in the place of the old one, and keeps that one as .bak. The log stays as it is."""
    if origin == "journal" or call.settings.log.startswith("embedded:"):
        _must_exist(call.settings.home)
    with worker_and_store_lock(call.settings):
        from milepost.rebuilding import rebuild_from

        made = rebuild_from(call.sourced, origin)
    print(_json(made) if call.as_json else _text(call, made))


def _must_exist(home: Path) -> None:
    """What is to be read stands there; taking its locks would make the folder."""
    if not home.is_dir():
        raise ServiceUnavailable(
            f"there is no home {home}, so nothing to rebuild from; choose another --home"
        )


def _json(made: "Rebuilt") -> str:
    kept = None if made.kept is None else str(made.kept)
    return to_json(
        {"events": made.events, "snapshots": made.snapshots, "differing": made.differing, "kept": kept}
    ).decode()


def _text(call: Call, made: "Rebuilt") -> str:
    compared = {None: "", 0: ", all as before"}.get(made.differing, f", {made.differing} differ from before")
    kept = "" if made.kept is None else f"; the old store is kept as {made.kept.name}"
    return f"rebuilt {call.settings.store_file}: {made.events} events, {made.snapshots} rows of history{compared}{kept}"
