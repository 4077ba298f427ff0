"""Plans of messy feeds: baselines whose sections are there or not, with parts that reports may or may not know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from tests.builders import day

__all__ = ["UNITS", "Days", "labels", "plan_sections"]

UNITS: Final = ("t", "kg", "万吨", "m", "km", "CNY", "万元", "亿元", "%", "户", "µg/m³", "1")
LIKELY: Final = 0.6
UNLIKELY: Final = 0.15
_AMOUNTS: Final = (0, 10, 40, 100, 99.5, 1 / 3, 1234.567)


@dataclass(frozen=True)
class Days:
    """Days of a mess, chosen by chance."""

    chance: Random
    busy: int
    last: int

    def reported(self) -> date:
        """A day that something is said about: mostly a busy one."""
        roll = self.chance.randrange(20)
        if roll < 16:
            return day(self.chance.randrange(self.busy))
        return day(
            self.chance.randrange(-8, 0) if roll == 16 else self.chance.randrange(self.busy, self.last)
        )

    def planned(self) -> date:
        """A day that something is planned for."""
        return day(self.chance.choice((*range(-2, self.busy + 2), 20, 31, self.last)))


def _maybe(chance: Random, *options: Any) -> Any:
    """One of the options, or nothing at all (`...`)."""
    return chance.choice((..., *options))


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}


def plan_sections(chance: Random, days: Days, start: date, kinds: Sequence[str]) -> dict[str, Any]:
    """Further fields of a baseline: any of its sections, mostly those about which something is reported."""
    sections = {
        name: make(chance, days, start)
        for name, make in _SECTIONS.items()
        if chance.random() < (LIKELY if _REPORTED_BY[name].intersection(kinds) else UNLIKELY)
    }
    return _given(
        **sections,
        finish=_maybe(chance, *(start + timedelta(days=after) for after in (0, 7, 15, 60))),
        approved_on=_maybe(chance, ..., days.planned(), days.planned()),
        progress_by=_maybe(chance, ..., ..., None, "value", "work", "milestones"),
        report_every=_maybe(chance, ..., None, "P1D", "P2D", "P1W", "P10D", "PT12H", "P1DT6H", "P0D"),
        kind=_maybe(chance, "construction", "restart"),
    )


def labels(project: str, number: int) -> dict[str, Any]:
    """Where a project belongs: some groups by its id, which a later baseline changes, some not at all."""
    place = sum(project.encode()) + number
    tags = ("重点", "water", "foil", "重点")
    region = {"province": ("河南", "山东")[place % 2], "city": ("洛阳", "聊城", "安阳")[place % 3]}
    return _given(
        region=region | ({"district": "涧西"} if place % 4 else {}) if place % 7 else ...,
        owner=('中建 "三局"', ..., "owner 2", "owner 2")[place % 4],
        sector=("water", "metal", None, ...)[place % 4],
        parent=(..., "集团", "p1" if project != "p1" else "集团")[place % 3],
        tags=list(tags[: place % 5]),
    )


def _some(chance: Random, ids: Sequence[str]) -> list[str]:
    return [part for part in ids if chance.randrange(3)]


def _budget(chance: Random, days: Days, start: date) -> Any:
    return {"value": chance.choice(_AMOUNTS), "unit": chance.choice(("CNY", "万元", "%", "t"))}


def _span(chance: Random, days: Days) -> dict[str, Any]:
    start, finish = (
        _maybe(chance, ..., None, days.planned()),
        _maybe(chance, None, days.planned(), days.planned()),
    )
    if isinstance(start, date) and isinstance(finish, date) and finish < start:
        start, finish = finish, start
    return _given(start=start, finish=finish)


def _weighted(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Not all weights may be 0."""
    if parts and not any(1 if part.get("weight") is None else part["weight"] for part in parts):
        parts[0]["weight"] = 1
    return parts


def _milestones(chance: Random, days: Days, start: date) -> Any:
    return _weighted(
        [
            {"id": part, **_span(chance, days), **_given(weight=_maybe(chance, ..., None, 0, 2, 2.5))}
            for part in _some(chance, ("m1", "m2", "m3"))
        ]
    )


def _work_items(chance: Random, days: Days, start: date) -> Any:
    return _weighted(
        [
            {
                "id": part,
                **_span(chance, days),
                **_given(
                    quantity=_maybe(chance, None, 0, 10, 10, 100, 7.5),
                    unit=_maybe(chance, None, "t", "t", "kg", "km"),
                    weight=_maybe(chance, ..., 0, 3),
                ),
            }
            for part in _some(chance, ("a", "b", "c"))
        ]
    )


def _curve(chance: Random, days: Days, start: date) -> Any:
    dates = sorted(start + timedelta(days=chance.randrange(1, 30)) for _ in range(chance.randrange(4)))
    values = sorted(chance.choice(_AMOUNTS) for _ in dates)
    points = [{"date": on, "value": value} for on, value in zip(dates, values, strict=True)]
    return [{"date": start, "value": 0}, *points] if chance.randrange(3) == 0 else points


def _lines(chance: Random, days: Days, start: date) -> Any:
    return [
        {"id": part, **_given(capacity=_capacity(chance), plan=_line_plan(chance, days))}
        for part in _some(chance, ("L1", "L2", "L3"))
    ]


def _capacity(chance: Random) -> Any:
    per = chance.choice(("P1D", "P1M", "P1Y", "PT1H"))
    return _maybe(
        chance, None, {"value": chance.choice(_AMOUNTS), "unit": chance.choice(("t", "kg", "m")), "per": per}
    )


def _line_plan(chance: Random, days: Days) -> Any:
    first, last = sorted((days.planned(), days.planned()))
    periods = ("2024", "2024-01", "2023-12", "2024-02", first.isoformat(), f"{first}/{last}")
    plans = [
        {"period": chance.choice(periods), "value": chance.choice(_AMOUNTS)}
        for _ in range(chance.randrange(3))
    ]
    return _maybe(chance, None, plans, plans)


def _restart(chance: Random, days: Days, start: date) -> Any:
    rates = [
        {"day": on, "rate": chance.choice((0, 12.5, 100))} for on in range(-2, 12) if chance.randrange(3)
    ]
    previous = {"holiday_end": date(2023, 1, 27), "rates": rates}
    return _given(
        population=_maybe(chance, None, 0, 10, 200),
        target_rate=_maybe(chance, None, 0, 50, 90.5, 100),
        due=_maybe(chance, None, days.planned()),
        holiday_end=_maybe(chance, None, days.planned(), start, start),
        previous=_maybe(chance, None, previous, previous),
    )


def _campaign(chance: Random, days: Days, start: date) -> Any:
    districts = [
        {
            "id": part,
            **_given(total=_maybe(chance, None, 0, 5, 100), due=_maybe(chance, None, days.planned())),
        }
        for part in _some(chance, ("d1", "d2"))
    ]
    return _given(
        total=_maybe(chance, None, 0, 3, 100),
        unit=_maybe(chance, None, "户", "t"),
        due=_maybe(chance, None, days.planned(), days.planned(), date(2024, 12, 31)),
        districts=_maybe(chance, None, districts, districts),
    )


def _series(chance: Random, days: Days, start: date) -> Any:
    return [
        {
            "id": part,
            **_given(
                unit=_maybe(chance, None, "µg/m³", "%", "%", "t"),
                target=_maybe(chance, None, 0, 35, 50),
                base_value=_maybe(chance, None, 35, 80),
                due=_maybe(chance, None, days.planned()),
            ),
        }
        for part in _some(chance, ("s1", "s2"))
    ]


def _annual_plan(chance: Random, days: Days, start: date) -> Any:
    years = [year for year in (2023, 2024, 2025) if chance.randrange(3)]
    return [{"year": year, "investment": chance.choice(_AMOUNTS)} for year in years]


_SECTIONS: Final[dict[str, Callable[[Random, Days, date], Any]]] = {
    "budget_at_completion": _budget,
    "milestones": _milestones,
    "work_items": _work_items,
    "planned_value": _curve,
    "annual_plan": _annual_plan,
    "lines": _lines,
    "restart": _restart,
    "campaign": _campaign,
    "series": _series,
}
_REPORTED_BY: Final = {
    "budget_at_completion": {"value", "cost", "investment"},
    "milestones": {"milestone"},
    "work_items": {"work"},
    "planned_value": {"value", "cost"},
    "annual_plan": {"investment"},
    "lines": {"production"},
    "restart": {"survey"},
    "campaign": {"tally", "task", "assigned"},
    "series": {"reading"},
}
"""Kinds of reports about a section."""
