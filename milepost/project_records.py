"""One project as its journal tells it, at any moment: reads the store, folds with the pure core."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from milepost.kpi_tables import KPI_COLUMNS, kpi_sql
from milepost.near_names import unknown_project
from milepost.shared_options import Call
from milepost.wiring import topics_of
from schemas.acceptance import epoch_us
from schemas.settings import ENGINE_CONSTANTS
from storage.project_journal import journal_of
from storage.reader import Reader, open_reader
from streams.core.constants import Constants
from streams.core.explain.record import Known, fold_known, read_records
from streams.core.values import Value

__all__ = ["ProjectRecords", "open_project", "row_of"]

_EXACT = Context(prec=60)


class ProjectRecords:
    """What the journal holds of a project, and the rows that the store keeps of it."""

    def __init__(self, reader: Reader, topic: str, project_id: str) -> None:
        self._reader = reader
        self.project_id = project_id
        self.zone = ZoneInfo(reader.timezone)
        self._said = read_records(list(journal_of(reader, topic, project_id)), self.zone)
        if not any(each.statement for each in self._said):
            raise unknown_project(reader, project_id)

    def known_at(self, moment: datetime | None) -> Known:
        """The project as known at a moment; None: by all that the store holds."""
        moment_us = None if moment is None else epoch_us(moment)
        return fold_known(self._said, self.project_id, self.zone, Constants.of(ENGINE_CONSTANTS), moment_us)

    def rows(self, as_of: date | None, known_at: datetime | None) -> list[dict[str, Any]]:
        """Rows of the store, by name of column: those of now, or of a day as known at a moment."""
        found = self._reader.query(kpi_sql(self.project_id, as_of, known_at, None))
        return [dict(zip(KPI_COLUMNS, row, strict=True)) for row in found.rows]


@contextmanager
def open_project(call: Call, project_id: str) -> Iterator[ProjectRecords]:
    """The records of a project. Raises UsageError for one that nobody stated anything of."""
    with open_reader(call.settings) as reader:
        yield ProjectRecords(reader, topics_of(call.settings).events, project_id)


def row_of(project_id: str, day: int, baseline: int, value: Value) -> dict[str, Any]:
    """A value in the columns of `kpi_at`; known_at is not known yet."""
    return {
        "project_id": project_id,
        "kpi": value.kpi,
        "scope": value.scope,
        "as_of": date.fromordinal(day),
        "known_at": None,
        "baseline": baseline,
        "value": value.value,
        "value_date": None if value.value_date is None else date.fromordinal(value.value_date),
        "numerator": _decimal(value.numerator),
        "denominator": _decimal(value.denominator),
        "unit": value.unit,
        "reason": value.reason,
    }


def _decimal(number: int | None) -> Decimal | None:
    """A number of 10⁻¹² as the store has it."""
    return None if number is None else Decimal(number).scaleb(-12, _EXACT)
