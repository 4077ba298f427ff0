"""Locks of a home, held by the kernel: one worker, one store, one clock. `kill -9` leaves none behind."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import ServiceUnavailable

__all__ = ["HomeLock"]


class HomeLock:
    """An exclusive lock on `<home>/<name>.lock`; the file names the process that holds it."""

    def __init__(self, home: Path, name: str) -> None:
        self._path = home / f"{name}.lock"
        self._name = name
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise ServiceUnavailable at once with the process that holds it."""
        if self._descriptor is not None:
            return
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            home = self._path.parent
            raise ServiceUnavailable(
                f"the {self._name} of {home} is held by another process (pid {holder}); stop that one first"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def holder(self) -> str | None:
        """Process id of whoever holds the lock, None when nobody does."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        finally:
            os.close(descriptor)
        return None

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ServiceUnavailable(
                f"cannot write in {self._path.parent}: {error.strerror}; choose another --home"
            ) from error

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
