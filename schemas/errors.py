"""Every error that Milepost raises on purpose. Drivers' errors are translated to these at their edge.

MilepostError
├── UsageError            wrong use, refused statement            (the caller mends the call)
│   ├── SettingsError     a setting is wrong or does not fit the log
│   └── CatalogError      a mistake in a catalog file, with file, line and field
├── CheckFailed           the question was fine, the answer is no
├── ServiceUnavailable    a needed service cannot be reached, or another process holds it
│   └── ServiceAway       it was there and does not answer now  (a service waits, a command gives up)
└── Rejected              one record is wrong in itself           (schemas.rejections)
"""

__all__ = [
    "CatalogError",
    "CheckFailed",
    "MilepostError",
    "ServiceAway",
    "ServiceUnavailable",
    "SettingsError",
    "UsageError",
]


class MilepostError(Exception):
    """Base of all errors raised on purpose; `str(error)` is one clear line with what to do."""


class UsageError(MilepostError):
    """The call is wrong or refused."""


class SettingsError(UsageError):
    """A setting is wrong, or contradicts what the log was created with."""


class CatalogError(UsageError):
    """A mistake in a catalog file."""

    def __init__(self, file: str, line: int, field: str, problem: str) -> None:
        super().__init__(f"{file}:{line}: {field}: {problem}")
        self.file, self.line, self.field, self.problem = file, line, field, problem


class CheckFailed(MilepostError):
    """A check or a query failed."""


class ServiceUnavailable(MilepostError):
    """A needed service cannot be reached or is held by another process."""


class ServiceAway(ServiceUnavailable):
    """A service that was there does not answer now and may come back by itself."""
