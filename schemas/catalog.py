"""The registry of KPIs: what each is called, its unit, which direction is good, how it is computed, and by which source.

It is data: `kpi_catalog` in the store, the documentation, the dashboard and the check of alert rules are drawn from it.
"""

from typing import Literal, NamedTuple

__all__ = ["FAMILIES", "KPIS", "KpiDefinition"]

Better = Literal["higher", "lower", "none"]
Rollup = Literal["sum", "ratio", "none"]


class KpiDefinition(NamedTuple):
    """One KPI; `unit` in angle brackets is that of the project's budget, line, campaign or series.

    `numerator` and `denominator` say what stands in the columns of these names; None where a KPI is no quotient.
    """

    kpi: str
    family: str
    name: str
    name_zh: str
    unit: str
    better: Better
    rollup: Rollup
    formula: str
    formula_version: int
    source: str
    numerator: str | None
    denominator: str | None


_EVM = "ANSI/EIA-748; ISO 21508:2018; PMI Practice Standard for Earned Value Management"
_ES = "Lipke 2003, Schedule is Different; PMI Practice Standard for EVM, appendix D; ISO 21508:2018"
_MTA = "DIN 69901 milestone trend analysis; DCMA 14-point assessment; NDIA PASEG"
_CAP = "NBS capacity utilisation; plan attainment in dispatch reports"
_ISO = "ISO 22400-2:2014"
_RESTART = "Provincial bulletins on resumption of work 2020–2025"
_CAMPAIGN = "Key-project dispatch: 序时进度, 销号"
_INVESTMENT = "Key-project dispatch: 投资完成率, 超(欠)序时"
_READING = "HJ 633-2012, HJ 663-2013"
_REPORT = "Dispatch rhythm 一日一跟踪"

_ROWS: tuple[tuple[str, str, str, str, str, Better, Rollup, str, str], ...] = (
    ("budget_at_completion", "earned_value", "Budget at completion", "完工预算", "<budget>", "none", "sum", "BAC", _EVM),
    ("planned_value", "earned_value", "Planned value", "计划价值", "<budget>", "none", "sum", "PV(D)", _EVM),
    ("earned_value", "earned_value", "Earned value", "挣值", "<budget>", "higher", "sum", "Σ budget × progress", _EVM),
    ("actual_cost", "earned_value", "Actual cost", "实际成本", "<budget>", "lower", "sum", "AC(D)", _EVM),
    ("schedule_variance", "earned_value", "Schedule variance", "进度偏差", "<budget>", "higher", "sum", "EV − PV", _EVM),
    ("cost_variance", "earned_value", "Cost variance", "成本偏差", "<budget>", "higher", "sum", "EV − AC", _EVM),
    ("spi", "earned_value", "Schedule performance index", "进度绩效指数", "1", "higher", "ratio", "EV / PV", _EVM),
    ("cpi", "earned_value", "Cost performance index", "成本绩效指数", "1", "higher", "ratio", "EV / AC", _EVM),
    ("sci", "earned_value", "Schedule-cost index", "进度成本指数", "1", "higher", "none", "SPI × CPI", _EVM),
    ("percent_complete", "earned_value", "Percent complete", "完成百分比", "%", "higher", "ratio", "EV / BAC", _EVM),
    ("percent_scheduled", "earned_value", "Percent scheduled", "计划百分比", "%", "none", "ratio", "PV / BAC", _EVM),
    ("percent_spent", "earned_value", "Percent spent", "花费百分比", "%", "lower", "ratio", "AC / BAC", _EVM),
    ("eac", "earned_value", "Estimate at completion", "完工估算", "<budget>", "lower", "sum", "BAC / CPI", _EVM),
    ("eac_budget", "earned_value", "EAC, rest at budget", "完工估算(按预算)", "<budget>", "lower", "sum", "AC + BAC − EV", _EVM),
    ("eac_sci", "earned_value", "EAC, cost and schedule", "完工估算(综合)", "<budget>", "lower", "sum",
     "AC + (BAC − EV) / (CPI × SPI)", _EVM),
    ("eac_sci_t", "earned_value", "EAC, cost and schedule in time", "完工估算(综合,挣得进度)", "<budget>", "lower", "sum",
     "AC + (BAC − EV) / (CPI × SPI(t))", _EVM),
    ("etc", "earned_value", "Estimate to complete", "完工尚需估算", "<budget>", "lower", "sum", "EAC − AC", _EVM),
    ("vac", "earned_value", "Variance at completion", "完工偏差", "<budget>", "higher", "sum", "BAC − EAC", _EVM),
    ("tcpi", "earned_value", "To-complete performance index", "完工尚需绩效指数", "1", "lower", "ratio",
     "(BAC − EV) / (BAC − AC)", _EVM),
    ("tcpi_eac", "earned_value", "To-complete index on EAC", "完工尚需绩效指数(按估算)", "1", "lower", "ratio",
     "(BAC − EV) / (EAC − AC)", _EVM),
    ("earned_schedule", "earned_schedule", "Earned schedule", "挣得进度", "d", "higher", "none", "days to PV(d) = EV", _ES),
    ("actual_time", "earned_schedule", "Actual time", "实际工期", "d", "none", "none", "D − start", _ES),
    ("planned_duration", "earned_schedule", "Planned duration", "计划工期", "d", "none", "none", "days to PV(d) = its end", _ES),
    ("schedule_variance_time", "earned_schedule", "Schedule variance (time)", "进度时间偏差", "d", "higher", "none", "ES − AT", _ES),
    ("spi_t", "earned_schedule", "Schedule performance index (time)", "进度绩效指数(时间)", "1", "higher", "none", "ES / AT", _ES),
    ("sci_t", "earned_schedule", "Schedule-cost index (time)", "进度成本指数(时间)", "1", "higher", "none", "SPI(t) × CPI", _ES),
    ("forecast_duration", "earned_schedule", "Forecast duration", "预测工期", "d", "lower", "none", "PD / SPI(t)", _ES),
    ("forecast_duration_pf1", "earned_schedule", "Forecast duration, rest as planned", "预测工期(按计划)", "d", "lower", "none",
     "AT + PD − ES", _ES),
    ("forecast_duration_sci_t", "earned_schedule", "Forecast duration, cost and schedule", "预测工期(综合)", "d", "lower", "none",
     "AT + (PD − ES) / SCI(t)", _ES),
    ("forecast_finish", "earned_schedule", "Forecast finish", "预测完成日期", "date", "lower", "none", "start + PD / SPI(t)", _ES),
    ("tspi", "earned_schedule", "To-complete schedule performance index", "完工尚需进度指数", "1", "lower", "none",
     "(PD − ES) / (PD − AT)", _ES),
    ("milestone_slip", "milestones", "Milestone slip", "里程碑延误", "d", "lower", "none", "actual or forecast − plan", _MTA),
    ("milestones_overdue", "milestones", "Milestones overdue", "逾期里程碑数", "1", "lower", "sum",
     "count of planned < D and not achieved", _MTA),
    ("milestone_hit_rate", "milestones", "Milestone hit rate", "里程碑按期达成率", "%", "higher", "ratio",
     "due and achieved on time / due", _MTA),
    ("milestone_on_time_rate", "milestones", "On-time completion", "按期完成率", "%", "higher", "ratio",
     "achieved on time / achieved", _MTA),
    ("milestone_bei", "milestones", "Milestone baseline execution index", "里程碑基线执行指数", "1", "higher", "ratio",
     "achieved / planned to be achieved", _MTA),
    ("baseline_shift", "milestones", "Baseline shift", "基线偏移", "d", "lower", "none", "current − original baseline", _MTA),
    ("output_cumulative", "production", "Cumulative output", "累计产量", "<line>", "higher", "sum", "Σ quantity", _CAP),
    ("output_rolling_7d", "production", "Output per day, 7 days", "近7日日均产量", "<line>/d", "higher", "none",
     "Σ last 7 days / days reported", _CAP),
    ("output_rolling_30d", "production", "Output per day, 30 days", "近30日日均产量", "<line>/d", "higher", "none",
     "Σ last 30 days / days reported", _CAP),
    ("plan_attainment", "production", "Plan attainment", "计划完成率", "%", "higher", "ratio", "output / plan to date", _CAP),
    ("capacity_utilization", "production", "Capacity utilization", "产能利用率", "%", "higher", "ratio",
     "output of 30 days / capacity of the days reported", _CAP),
    ("required_rate", "production", "Required rate", "所需日产量", "<line>/d", "lower", "none", "(plan − output) / days left",
     _CAP),
    ("projected_output", "production", "Projected output", "预计产量", "<line>", "higher", "sum",
     "output + 7-day rate × days left", _CAP),
    ("availability", "production", "Availability", "可用率", "%", "higher", "ratio", "APT / PBT", _ISO),
    ("effectiveness", "production", "Effectiveness", "有效率", "%", "higher", "ratio", "PRI × PQ / APT", _ISO),
    ("quality_ratio", "production", "Quality ratio", "质量率", "%", "higher", "ratio",
     "GQ / PQ, of several lines weighted by PRI × PQ", _ISO),
    ("oee", "production", "Overall equipment effectiveness index", "设备综合效率", "%", "higher", "ratio",
     "availability × effectiveness × quality ratio = PRI × GQ / PBT", _ISO),
    ("nee", "production", "Net equipment effectiveness index", "设备净效率", "%", "higher", "ratio",
     "(AUPT / PBT) × effectiveness × quality ratio", _ISO),
    ("allocation_efficiency", "production", "Allocation efficiency", "分配效率", "%", "higher", "ratio", "AUBT / PBT", _ISO),
    ("utilization_efficiency", "production", "Utilization efficiency", "利用效率", "%", "higher", "ratio", "APT / AUBT",
     _ISO),
    ("throughput_rate", "production", "Throughput rate", "吞吐率", "<line>/h", "higher", "ratio", "PQ / AOET", _ISO),
    ("resumption_rate", "restart", "Resumption rate", "复工率", "%", "higher", "ratio", "resumed / population", _RESTART),
    ("resumption_gap", "restart", "Gap to target", "复工率差距", "pp", "higher", "none", "rate − target", _RESTART),
    ("resumption_pace", "restart", "Resumption pace", "复工速度", "pp/d", "higher", "none",
     "slope over the last 7 surveys", _RESTART),
    ("resumption_rate_yoy", "restart", "Resumption rate, year on year", "复工率同比", "pp", "higher", "none",
     "rate − rate of the same day after the holiday", _RESTART),
    ("completion_rate", "campaign", "Completion rate", "完成率", "%", "higher", "ratio", "done / total", _CAMPAIGN),
    ("tasks_overdue", "campaign", "Tasks overdue", "逾期任务数", "1", "lower", "sum", "count of due < D and open", _CAMPAIGN),
    ("quantity_done", "campaign", "Quantity done", "完成量", "<campaign>", "higher", "sum", "done", _CAMPAIGN),
    ("lead_lag", "campaign", "Lead or lag", "超(欠)序时", "pp", "higher", "none", "completion − time progress", _CAMPAIGN),
    ("required_pace", "completion", "Required pace", "所需日进度", "<unit>/d", "lower", "none", "(total − done) / days left",
     _CAMPAIGN),
    ("projected_finish", "completion", "Projected finish", "预计完成日期", "date", "lower", "none",
     "D + (total − done) / pace", _CAMPAIGN),
    ("investment_completion", "investment", "Investment completion", "投资完成率", "%", "higher", "ratio",
     "investment of the year / annual plan", _INVESTMENT),
    ("investment_lead_lag", "investment", "Investment lead or lag", "投资超(欠)序时", "pp", "higher", "none",
     "completion − time progress by months", _INVESTMENT),
    ("reading_latest", "readings", "Latest reading", "最新读数", "<series>", "none", "none", "x(D)", _READING),
    ("reading_mean_7d", "readings", "Mean of 7 days", "7日均值", "<series>", "none", "none", "mean of (D − 7, D]", _READING),
    ("reading_mean_30d", "readings", "Mean of 30 days", "30日均值", "<series>", "none", "none", "mean of (D − 30, D]",
     _READING),
    ("reading_yoy", "readings", "Reading, year on year", "同比", "%", "none", "none", "(x − x of a year before) / that",
     _READING),
    ("target_distance", "readings", "Distance to target", "与目标差距", "%", "none", "none", "(x − target) / target", _READING),
    ("target_attainment", "readings", "Target attainment", "目标达成率", "%", "higher", "none", "(base − x) / (base − target)",
     _READING),
    ("report_age", "reporting", "Age of the newest report", "报告时效", "d", "lower", "none", "D − newest statement", _REPORT),
    ("report_overdue", "reporting", "Report overdue", "报告逾期", "d", "lower", "none", "age − 2 × report_every", _REPORT),
    ("reporting_coverage_7d", "reporting", "Reporting coverage, 7 days", "7日报告覆盖率", "%", "higher", "ratio",
     "days reported / 7", _REPORT),
    ("target_days_late", "reporting", "Days late", "延误天数", "d", "lower", "none", "D − due", _REPORT),
    ("target_margin", "reporting", "Margin to the due date", "距期限余量", "d", "higher", "none",
     "due − projected or forecast finish", _REPORT),
)  # fmt: skip

_QUOTIENTS: dict[str, tuple[str, str]] = {
    "spi": ("EV", "PV"),
    "cpi": ("EV", "AC"),
    "percent_complete": ("EV", "BAC"),
    "percent_scheduled": ("PV", "BAC"),
    "percent_spent": ("AC", "BAC"),
    "tcpi": ("BAC − EV", "BAC − AC"),
    "tcpi_eac": ("BAC − EV", "EAC − AC"),
    "spi_t": ("ES", "AT"),
    "tspi": ("PD − ES", "PD − AT"),
    "milestone_hit_rate": ("due and achieved on time", "due"),
    "milestone_on_time_rate": ("achieved on time", "achieved"),
    "milestone_bei": ("achieved", "planned to be achieved"),
    "output_rolling_7d": ("output of the last 7 days", "days reported"),
    "output_rolling_30d": ("output of the last 30 days", "days reported"),
    "plan_attainment": ("output since the start", "plan to date"),
    "capacity_utilization": ("output of the last 30 days", "capacity of the days reported"),
    "required_rate": ("plan − output, at least 0", "days left to the end of the plan"),
    "availability": ("APT, in h", "PBT, in h"),
    "effectiveness": ("PRI × PQ, in h", "APT, in h"),
    "quality_ratio": ("GQ; of several lines Σ PRI × GQ, in h", "PQ; of several lines Σ PRI × PQ, in h"),
    "oee": ("PRI × GQ, in h", "PBT, in h"),
    "nee": ("AUPT × PRI × GQ / APT, in h", "PBT, in h"),
    "allocation_efficiency": ("AUBT, in h", "PBT, in h"),
    "utilization_efficiency": ("APT, in h", "AUBT, in h"),
    "throughput_rate": ("PQ", "AOET, in h"),
    "resumption_rate": ("resumed", "population"),
    "resumption_pace": ("points gained since the oldest survey", "days since then"),
    "completion_rate": ("done", "total"),
    "required_pace": ("total − done, at least 0", "days left to the due day"),
    "investment_completion": ("investment of the year", "plan of the year"),
    "reading_mean_7d": ("Σ readings of 7 days", "number of them"),
    "reading_mean_30d": ("Σ readings of 30 days", "number of them"),
    "reading_yoy": ("x − x of a year before", "x of a year before"),
    "target_distance": ("x − target", "target"),
    "target_attainment": ("base − x", "base − target"),
    "reporting_coverage_7d": ("slots of report_every with a statement", "slots"),
}
"""Numerator and denominator of every KPI that is a quotient."""

KPIS: dict[str, KpiDefinition] = {
    row[0]: KpiDefinition(*row[:8], 1, row[8], *_QUOTIENTS.get(row[0], (None, None))) for row in _ROWS
}
"""By name, in the order of the families."""

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(definition.family for definition in KPIS.values()))
