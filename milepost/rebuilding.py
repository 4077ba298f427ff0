"""The store made anew from the log, or from its own journal; built of parts, with a progress bar."""

from collections.abc import Iterator
from contextlib import contextmanager

from milepost.environment import SourcedSettings
from milepost.progress import progress_bar
from milepost.refolding import refolding
from milepost.wall_clock import now_us
from milepost.wiring import existing_log, topics_of
from storage.rebuild import RebuildSource, Rebuilt, rebuild
from storage.rebuild_sources import JournalSource, LogSource

__all__ = ["rebuild_from"]


def rebuild_from(sourced: SourcedSettings, origin: str) -> Rebuilt:
    """Rebuild from `log` or `journal`. The caller holds the locks of worker and store."""
    settings = sourced.settings
    with _source(sourced, origin) as source, progress_bar("rebuilding") as advance:
        return rebuild(
            source,
            topics_of(settings),
            settings.store_file,
            refolding(source.identity),
            now_us=now_us,
            on_progress=advance,
        )


@contextmanager
def _source(sourced: SourcedSettings, origin: str) -> Iterator[RebuildSource]:
    topics = topics_of(sourced.settings)
    if origin == "journal":
        yield JournalSource(sourced.settings.store_file, topics)
        return
    with existing_log(sourced) as log:
        yield LogSource(log, topics)
