"""The page of all KPIs as Markdown, drawn from the registry; `milepost contract` writes it, docs/kpis.md is a copy of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args

from schemas.catalog import FAMILIES, KPIS, KpiDefinition
from schemas.kpi import NullReason
from schemas.kpi_reasons import REASONS

__all__ = ["kpi_page"]

_FAMILY_NAMES: Final[Mapping[str, str]] = {
    "earned_value": "Earned value 挣值",
    "earned_schedule": "Earned schedule 挣得进度",
    "milestones": "Milestones 里程碑",
    "production": "Production 生产",
    "restart": "Restart 复工复产",
    "campaign": "Campaign 专项行动",
    "completion": "Completion of restarts and campaigns 完成预测",
    "investment": "Investment 投资",
    "readings": "Readings 指标读数",
    "reporting": "Reporting 报告",
}

_SECTIONS: Final[Mapping[str, str]] = {
    "earned_value": "a budget, a planned value, work items or milestones",
    "earned_schedule": "a budget, a planned value, work items or milestones",
    "milestones": "`milestones`",
    "production": "`lines`; a row for each line (scope: its id) and one for the project (scope '')",
    "restart": "`restart`",
    "campaign": "`campaign`; a row for each district (scope: its id) and one for the whole (scope '')",
    "completion": "`restart` or `campaign`",
    "investment": "`annual_plan`",
    "readings": "`series`; a row for each series (scope: its id)",
    "reporting": "anything: every project has it",
}

_MEANINGS: Final[Mapping[NullReason, str]] = {
    "no_baseline": "no baseline is known, and the KPI compares with a plan",
    "not_planned": "the baseline lacks what the KPI needs",
    "not_started": "the day is not after the start, or nothing is planned to be done by it",
    "no_data": "what the KPI needs has not been reported, or not on enough days",
    "complete": "the project is finished, or the goal reached",
    "budget_exhausted": "the cost has reached the budget with work left",
    "target_passed": "the day by which it was to be done has come with work left",
    "unreachable": "the pace is negative, or the day would lie beyond the calendar",
    "no_pace": "nothing has moved",
    "zero_denominator": "the denominator is 0",
}

_HEAD: Final = """\
# KPIs

Every value is a number, or null with one reason; of several reasons that apply the first of the list below stands. Numbers
are exact to the one division at the end; `numerator` and `denominator` stand in columns of their own wherever a KPI is a
quotient, also beside a null as far as each is known. In % the quotient is multiplied by 100. D is the end of the day.
Of a KPI in `date`, `value_date` is the day and `value` its distance in days from `as_of`.
A row that a day no longer has, because a part left the plan or a statement was taken back, is null for want of it.

This page is drawn from the registry of KPIs, which is also the table `kpi_catalog`: `milepost contract DIR` writes it to
`DIR/kpis.md`. A unit in angle brackets is that of the project's budget, line, campaign or series.
"""

_SYMBOLS: Final = """\
BAC budget at completion, PV planned value, EV earned value, AC actual cost, ES earned schedule, AT actual time,
PD planned duration. Of ISO 22400: PBT planned busy time, AUBT actual unit busy time, AUPT actual unit processing time, APT actual
production time, AOET actual order execution time, PRI planned run time per item, PQ produced quantity, GQ good quantity.
"""

_COLUMNS: Final = (
    "KPI",
    "Name",
    "名称",
    "Unit",
    "Formula",
    "Numerator",
    "Denominator",
    "Better",
    "Null because",
    "Source",
)


def kpi_page() -> str:
    """The page: what the reasons mean, and a table of KPIs for each family."""
    reasons = [(f"`{reason}`", _MEANINGS[reason]) for reason in get_args(NullReason)]
    parts = [_HEAD, f"## Reasons\n\n{_table(('Reason', 'Means'), reasons)}", f"## Symbols\n\n{_SYMBOLS}"]
    return "\n".join([*parts, *(_family(family) for family in FAMILIES)])


def _family(family: str) -> str:
    rows = [_row(definition) for definition in KPIS.values() if definition.family == family]
    title = f"## {_FAMILY_NAMES[family]}\n\nFamily `{family}`. The baseline has {_SECTIONS[family]}."
    return f"{title}\n\n{_table(_COLUMNS, rows)}"


def _row(kpi: KpiDefinition) -> tuple[str, ...]:
    return (
        f"`{kpi.kpi}`",
        kpi.name,
        kpi.name_zh,
        f"`{kpi.unit}`",
        kpi.formula,
        kpi.numerator or "",
        kpi.denominator or "",
        "" if kpi.better == "none" else kpi.better,
        ", ".join(f"`{reason}`" for reason in get_args(NullReason) if reason in REASONS[kpi.kpi]),
        kpi.source,
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))
