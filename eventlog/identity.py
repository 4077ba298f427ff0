"""What is fixed in a log when it is created: refuses settings that contradict it, the same words for every log."""

from typing import Final, NoReturn

from eventlog.log import LogIdentity
from schemas.errors import SettingsError

__all__ = ["LOG_FORMAT", "check_format", "check_settings"]

LOG_FORMAT: Final = 1
"""Version of what a log holds besides its records."""


def check_settings(
    identity: LogIdentity, place: object, timezone: str | None, partitions: int | None
) -> None:
    """Refuse settings that contradict what the log at `place` was created with; None is no wish."""
    for name, wanted, fixed in (
        ("timezone", timezone, identity.timezone),
        ("partitions", partitions, identity.partitions),
    ):
        if wanted is not None and wanted != fixed:
            _refuse(place, name, wanted, fixed)


def check_format(place: object, found: object) -> None:
    """Refuse a log that another version made in another way."""
    if found != LOG_FORMAT:
        raise SettingsError(
            f"the log at {place} has format {found}, this version reads {LOG_FORMAT}; use the version that made it"
        )


def _refuse(place: object, name: str, wanted: object, fixed: object) -> NoReturn:
    raise SettingsError(
        f"the log at {place} was created with {name} {fixed}, the setting says {wanted}; "
        f"leave MILEPOST_{name.upper()} out or choose another home"
    )
