"""The locks of a home. Light to import, so that a command whose home is held says so before it loads anything heavy."""

from contextlib import AbstractContextManager, ExitStack, nullcontext

from eventlog.locks import HomeLock
from schemas.settings import Settings

__all__ = ["clock_lock", "store_lock", "worker_and_store_lock", "worker_lock"]


def worker_lock(settings: Settings) -> AbstractContextManager[object]:
    """One worker folds the embedded log of a home; on a broker the group shares the partitions among many."""
    return HomeLock(settings.home, "worker") if settings.log.startswith("embedded:") else nullcontext()


def store_lock(settings: Settings) -> AbstractContextManager[object]:
    """One process writes the store of a home."""
    return HomeLock(settings.home, "store")


def clock_lock(settings: Settings) -> AbstractContextManager[object]:
    """One clock per home."""
    return HomeLock(settings.home, "clock")


def worker_and_store_lock(settings: Settings) -> AbstractContextManager[object]:
    """For those who fold and store in one go."""
    with ExitStack() as both:
        both.enter_context(worker_lock(settings))
        both.enter_context(store_lock(settings))
        return both.pop_all()
