"""Roll-ups, rankings and lights (semantics 8), recomputed from the rows that the law gives, with fractions.

A group's ratio is the sum of its members' numerators over that of their denominators, wherever both are known.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from schemas.catalog import KPIS
from tests.oracle.exact import exact, factor, rounded
from tests.oracle.rows import Row

LEVELS: Final = ("all", "province", "city", "district", "sector", "owner", "parent", "tag")
REFERENCES: Final = ("kg", "m", "m2", "m3", "s", "kWh", "CNY")
_BUDGET: Final = ("spi", "cpi", "tcpi", "tcpi_eac", "percent_complete", "percent_scheduled", "percent_spent")
_BASES: Final = {
    **dict.fromkeys(_BUDGET, "budget_at_completion"),
    "plan_attainment": "output_cumulative",
    "capacity_utilization": "output_cumulative",
    "quality_ratio": "output_cumulative",
    "throughput_rate": "output_cumulative",
    "completion_rate": "quantity_done",
}
"""KPIs whose unit the parts of a ratio have."""
_IN_HOURS: Final = {
    "availability",
    "effectiveness",
    "oee",
    "nee",
    "allocation_efficiency",
    "utilization_efficiency",
}


class Key(NamedTuple):
    """What is one row of a level."""

    member: str
    kpi: str
    unit: str
    base_unit: str | None


@dataclass
class Group:
    """What a row says; `exact` is what its rank compares."""

    exact: Fraction | None
    numerator: Fraction | None
    denominator: Fraction | None
    count: int
    coverage: Fraction
    rank: int | None = None


@dataclass(frozen=True)
class _Share:
    """What one project adds."""

    row: Row
    numerator: Fraction | None
    denominator: Fraction | None
    base_unit: str | None

    @property
    def known(self) -> bool:
        return self.row["value"] is not None or self.numerator is not None


def members_of(level: str, attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Projects of each group of a level, by what their baselines say of them."""
    groups = defaultdict(set)
    for project_id, data in attributes.items():
        for member in _memberships(level, data):
            groups[member].add(project_id)
    return dict(groups)


def _memberships(level: str, data: Mapping[str, Any]) -> Sequence[str]:
    if level == "all":
        return ["all"]
    if level == "tag":
        return list(data.get("tags") or ())
    source = (data.get("region") or {}) if level in {"province", "city", "district"} else data
    return [source[level]] if source.get(level) is not None else []


def rollup(
    level: str,
    rows: Sequence[Row],
    attributes: Mapping[str, Mapping[str, Any]],
    invested_in: Mapping[str, str],
) -> dict[Key, Group]:
    """Rows of a level of the rows of projects with scope ''; `invested_in` is the unit of a project's investment."""
    shares = {
        (row["project_id"], row["kpi"]): _share(row, _base_unit(row, rows, invested_in))
        for row in rows
        if row["scope"] == "" and KPIS[row["kpi"]].rollup != "none"
    }
    result: dict[Key, Group] = {}
    for member, projects in members_of(level, attributes).items():
        for kpi in KPIS:
            told = [shares[project, kpi] for project in projects if (project, kpi) in shares]
            result |= {
                Key(member, kpi, *units): _group(kpi, some, len(projects))
                for units, some in _by_unit(told).items()
            }
    _rank(result, lambda key: key.kpi)
    return result


def _base_unit(row: Row, rows: Sequence[Row], invested_in: Mapping[str, str]) -> str:
    """The unit of numerator and denominator; a quality ratio of several lines is weighted by hours."""
    kpi, project_id = row["kpi"], row["project_id"]
    beside = [other for other in rows if other["project_id"] == project_id]
    if kpi == "investment_completion":
        return invested_in.get(project_id, "1")
    lines = [other for other in beside if other["kpi"] == kpi and other["scope"] and _told_parts(other)]
    if kpi in _IN_HOURS or (kpi == "quality_ratio" and len(lines) > 1):
        return "h"
    named = (other["unit"] for other in beside if other["kpi"] == _BASES.get(kpi) and other["scope"] == "")
    return next(named, "1")


def _told_parts(row: Row) -> bool:
    return row["numerator"] is not None and row["denominator"] is not None


def _share(row: Row, base: str) -> _Share:
    if KPIS[row["kpi"]].rollup == "sum":
        value = None if row["value"] is None else rounded(exact(row["value"]), 12)
        return _Share(row, value, None, None)
    if not _told_parts(row):
        return _Share(row, None, None, base)
    return _Share(row, Fraction(row["numerator"]), Fraction(row["denominator"]), base)


def _by_unit(shares: Sequence[_Share]) -> dict[tuple[str, str | None], list[_Share]]:
    """Shares that can be added, told in one unit; those that say nothing count only where no other says anything."""
    known = [share for share in shares if share.known]
    if not known:
        return {(min(share.row["unit"] for share in shares), None): list(shares)} if shares else {}
    groups: dict[tuple[str, str | None], list[_Share]] = defaultdict(list)
    for share in known:
        alike = {other.base_unit for other in known if _added(share, other)}
        groups[share.row["unit"], _common(alike)].append(share)
    return {
        units: [share if units[1] is None else _told_in(share, units[1]) for share in some]
        for units, some in groups.items()
    }


def _added(share: _Share, other: _Share) -> bool:
    if share.row["unit"] != other.row["unit"] or share.base_unit is None or other.base_unit is None:
        return False
    return factor(share.base_unit, other.base_unit) is not None


def _common(units: set[str | None]) -> str | None:
    named = {unit for unit in units if unit is not None}
    if len(named) < 2:
        return next(iter(named), None)
    return next(unit for unit in REFERENCES if factor(unit, next(iter(named))) is not None)


def _told_in(share: _Share, unit: str) -> _Share:
    assert share.base_unit is not None
    scale = factor(share.base_unit, unit)
    if share.numerator is None or share.denominator is None or scale is None:
        return share
    return _Share(share.row, share.numerator * scale, share.denominator * scale, unit)


def _group(kpi: str, shares: Sequence[_Share], size: int) -> Group:
    count = sum(share.row["value"] is not None for share in shares)
    coverage = Fraction(count, size)
    parts = [share for share in shares if share.numerator is not None]
    top = sum((share.numerator for share in parts if share.numerator is not None), Fraction())
    if KPIS[kpi].rollup == "sum":
        return Group(top if count else None, None, None, count, coverage)
    below = sum((share.denominator for share in parts if share.denominator is not None), Fraction())
    value = top / below if count and below > 0 else None
    if value is not None and shares[0].row["unit"] == "%":
        value *= 100
    numerator, denominator = (top, below) if parts else (None, None)
    return Group(value, numerator, denominator, count, coverage)


def _rank(groups: Mapping[Key, Group], kpi_of: Callable[[Key], str]) -> None:
    """Ties share a rank, in the direction of `better`; null has none."""
    for key, group in groups.items():
        better = KPIS[kpi_of(key)].better
        if group.exact is None or better == "none":
            continue
        rivals = [
            other.exact
            for other_key, other in groups.items()
            if (other_key.kpi, other_key.unit) == (key.kpi, key.unit) and other.exact is not None
        ]
        ahead = (rival > group.exact if better == "higher" else rival < group.exact for rival in rivals)
        group.rank = 1 + sum(ahead)


def ranks_of_projects(rows: Iterable[Row]) -> dict[Key, int | None]:
    """Rank of each project per KPI; date KPIs compare the instant that they mean."""
    groups = {
        Key(row["project_id"], row["kpi"], row["unit"], None): Group(
            _compared(row), None, None, 0, Fraction()
        )
        for row in rows
        if row["scope"] == ""
    }
    _rank(groups, lambda key: key.kpi)
    return {key: group.rank for key, group in groups.items()}


def _compared(row: Row) -> Fraction | None:
    if row["value"] is None:
        return None
    numerator, denominator = row["numerator"], row["denominator"]
    if isinstance(numerator, Decimal) and isinstance(denominator, Decimal):
        return Fraction(numerator) / Fraction(denominator)
    days = (row["as_of"] - date(1970, 1, 1)).days if row["unit"] == "date" else 0
    return Fraction(row["value"]) + days
