"""A project that no model speaks for: it says what was published about it, when its source appeared, and nothing else."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from producers.catalog_statements import CatalogStatement
from producers.site import Said

__all__ = ["Published"]


class Published:
    """Lives from the day of the first statement to that of the last; there must be one.

    Days and hours are those that the file writes: a paper of the 18th is read on the 18th in any business calendar.
    """

    def __init__(self, statements: Sequence[CatalogStatement]) -> None:
        self._to_come = sorted(statements, key=_written)
        self.first_day = _written(self._to_come[0]).date()
        self.last_day = _written(self._to_come[-1]).date()

    def live(self, day: date) -> list[Said]:
        """What was stated on a day, in order."""
        said = []
        while self._to_come and _written(self._to_come[0]).date() <= day:
            statement = self._to_come.pop(0)
            said.append(Said(self._minute(statement), statement.kind, statement.data))
        return said

    @property
    def over(self) -> bool:
        """Whether everything has been stated."""
        return not self._to_come

    def _minute(self, statement: CatalogStatement) -> int:
        """Minutes since midnight before the first day."""
        return (_written(statement) - datetime.combine(self.first_day, time.min)) // timedelta(minutes=1)


def _written(statement: CatalogStatement) -> datetime:
    """Day and hour without the zone."""
    return statement.stated_at.replace(tzinfo=None)
