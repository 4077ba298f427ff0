"""What a demo shows of a drained home: KPIs per family, alerts, a query with its result, and what to try next."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final, TextIO

from milepost.kpi_tables import KPI_COLUMNS, in_catalog_order, write_kpi_tables
from milepost.render import write_table
from schemas.catalog import KPIS
from storage.reader import Reader

__all__ = ["write_report"]

ROWS_PER_FAMILY_MAX: Final = 15
ALERTS_MAX: Final = 12
FEEDS: Final = ("luoyang-crude-reserve-2", "xinxing-battery-foil-1", "luoyang-restart-2024")
"""Shown first, wherever they have something to say."""

_KPIS: Final = f"SELECT {', '.join(KPI_COLUMNS)} FROM kpi_latest"
_COUNTS: Final = """
SELECT count(*) FILTER (state = 'firing') AS fired, count(*) FILTER (state = 'resolved') AS resolved FROM alert_history
"""
_ALERTS: Final = f"""
SELECT h.as_of, h.state, h.alertname, h.project_id, h.severity, round(h.value, 2) AS value, h.reason
FROM (
    SELECT *, row_number() OVER (PARTITION BY alertname, state ORDER BY changed_at, project_id) AS place
    FROM alert_history WHERE state IN ('firing', 'resolved')
) h
WHERE h.place <= 2 ORDER BY h.alertname, h.changed_at LIMIT {ALERTS_MAX}
"""
_QUERY: Final = """
SELECT p.name_zh, p.city, k.value AS days_late, m.value AS margin_d, p.status_date
FROM kpi_latest k
JOIN projects p ON p.project_id = k.project_id
LEFT JOIN kpi_latest m ON m.project_id = k.project_id AND m.kpi = 'target_margin' AND m.scope = ''
WHERE k.kpi = 'target_days_late' AND k.scope = '' AND k.value IS NOT NULL
ORDER BY days_late DESC, p.name_zh LIMIT 12
"""
_NEXT: Final = """What to try next:
  milepost {home}kpis luoyang-crude-reserve-2
  milepost {home}explain luoyang-crude-reserve-2 forecast_finish --as-of 2021-01-07
  milepost {home}query "SELECT project_id, status_date, status FROM projects"
  milepost {home}query "SELECT alertname, state, as_of, reason FROM alert_history ORDER BY changed_at"
  milepost {home}alerts
  milepost {home}up --no-clock        live, with SQL for other programs; Ctrl-C stops it
"""


def write_report(out: TextIO, reader: Reader, home: str) -> None:
    """Everything; `home` is the option that names the demo's home, if the commands to try need it."""
    _write_kpis(out, reader)
    _write_alerts(out, reader)
    out.write(f"\nA query, as you would ask it:\n{_QUERY}\n")
    _write_result(out, reader, _QUERY)
    out.write("\n" + _NEXT.format(home=f"{home} " if home else ""))


def _write_kpis(out: TextIO, reader: Reader) -> None:
    rows = in_catalog_order(reader.query(_KPIS).rows)
    for _, members in groupby(rows, key=_family):
        write_kpi_tables(out, _sample(list(members)))


def _family(row: Sequence[Any]) -> str:
    return KPIS[row[1]].family


def _sample(rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows of the projects that have most to tell, the named feeds first; whole projects before their parts."""
    told = [row for row in rows if _value(row) is not None] or rows
    wholes = [row for row in told if not row[2]] or told
    by_project = [list(members) for _, members in groupby(wholes, key=_project)]
    by_project.sort(
        key=lambda members: (_project(members[0]) not in FEEDS, -len({row[1] for row in members}))
    )
    return [row for members in by_project for row in members][:ROWS_PER_FAMILY_MAX]


def _project(row: Sequence[Any]) -> str:
    return str(row[0])


def _value(row: Sequence[Any]) -> Any:
    return row[KPI_COLUMNS.index("value")]


def _write_alerts(out: TextIO, reader: Reader) -> None:
    fired, resolved = reader.query(_COUNTS).rows[0]
    out.write(f"\nAlerts: {fired} fired, {resolved} resolved. Some of them:\n")
    _write_result(out, reader, _ALERTS)


def _write_result(out: TextIO, reader: Reader, sql: str) -> None:
    result = reader.query(sql)
    write_table(out, result.columns, result.rows)
