"""Which reasons a KPI can be null for: what its place in a report or a dashboard must be ready for."""

from typing import Final, get_args

from schemas.kpi import NullReason

__all__ = ["REASONS"]

_KPIS_BY_REASONS: Final[dict[str, str]] = {
    "no_baseline": "budget_at_completion actual_time reporting_coverage_7d",
    "no_baseline not_planned": "planned_value planned_duration milestones_overdue baseline_shift",
    "no_baseline not_planned no_data": (
        "earned_value schedule_variance cost_variance eac_budget forecast_duration_pf1"
    ),
    "no_baseline no_data": "actual_cost",
    "no_baseline not_planned not_started no_data": (
        "spi earned_schedule schedule_variance_time milestone_slip projected_output"
    ),
    "no_baseline not_planned not_started no_data zero_denominator": (
        "cpi sci percent_complete eac eac_sci eac_sci_t etc vac spi_t sci_t forecast_duration"
        " forecast_duration_sci_t plan_attainment capacity_utilization resumption_rate"
        " resumption_gap resumption_pace resumption_rate_yoy completion_rate lead_lag"
        " investment_completion investment_lead_lag target_distance target_attainment"
    ),
    "no_baseline not_planned not_started zero_denominator": (
        "percent_scheduled milestone_hit_rate milestone_on_time_rate milestone_bei"
    ),
    "no_baseline not_started no_data zero_denominator": (
        "percent_spent availability effectiveness quality_ratio oee nee allocation_efficiency"
        " utilization_efficiency throughput_rate"
    ),
    "no_baseline not_planned not_started no_data complete budget_exhausted": "tcpi",
    "no_baseline not_planned not_started no_data complete zero_denominator": "tcpi_eac",
    "no_baseline not_planned not_started no_data unreachable zero_denominator": "forecast_finish",
    "no_baseline not_planned not_started no_data complete target_passed": "tspi required_rate",
    "not_started no_data": (
        "output_cumulative output_rolling_7d output_rolling_30d quantity_done reading_latest"
        " reading_mean_7d reading_mean_30d report_age"
    ),
    "no_baseline not_started no_data": "tasks_overdue",
    "no_baseline not_planned not_started no_data complete target_passed zero_denominator": ("required_pace"),
    "no_baseline not_planned not_started no_data complete unreachable no_pace zero_denominator": (
        "projected_finish target_margin"
    ),
    "not_started no_data zero_denominator": "reading_yoy",
    "no_baseline not_started no_data complete": "report_overdue",
    "no_baseline not_planned not_started complete": "target_days_late",
}
"""Names of KPIs by the reasons that they share."""


def _reasons(names: str) -> tuple[NullReason, ...]:
    return tuple(reason for reason in get_args(NullReason) if reason in names.split())


REASONS: Final[dict[str, tuple[NullReason, ...]]] = {
    kpi: _reasons(reasons) for reasons, kpis in _KPIS_BY_REASONS.items() for kpi in kpis.split()
}
"""Reasons of every KPI, in the order in which the first that applies stands."""
