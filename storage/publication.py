"""What the store shows to others, and what it keeps for itself. Data only; the check of statements is made of it."""

from typing import Final

__all__ = [
    "DENIED_FUNCTIONS",
    "INTERNAL_RELATIONS",
    "METADATA_RELATIONS",
    "PUBLISHED_FUNCTIONS",
    "PUBLISHED_RELATIONS",
    "TABLE_FUNCTIONS",
]

PUBLISHED_RELATIONS: Final = (
    "alert_history",
    "alerts",
    "baselines",
    "events",
    "findings",
    "ingest_progress",
    "kpi_catalog",
    "kpi_latest",
    "kpi_latest_original",
    "kpi_snapshots",
    "kpi_snapshots_original",
    "milestones",
    "plan_curve",
    "production",
    "project_status",
    "projects",
    "ranking",
    "readings",
    "region_ranking",
    "rejected_events",
    "statements",
    "surveys",
    "tallies",
    "tasks",
    "work_items",
)
"""Tables and views of the public contract."""

PUBLISHED_FUNCTIONS: Final = ("journal_digests", "kpi_at", "kpi_rollup")
"""Table macros of the public contract."""

INTERNAL_RELATIONS: Final = (
    "alert_transitions",
    "closing_ticks",
    "group_members",
    "investment_units",
    "journal",
    "kpi_cut",
    "kpi_cut_original",
    "kpi_projects",
    "metadata",
    "migrations",
    "positions",
    "project_findings",
    "ratio_bases",
    "rollup_day",
    "units",
)
"""What the views rest on, in the schema `internal`; readers need the views alone."""

TABLE_FUNCTIONS: Final = (
    "duckdb_columns",
    "duckdb_tables",
    "duckdb_views",
    "generate_series",
    "json_each",
    "json_tree",
    "range",
    "unnest",
)
"""DuckDB's own that neither read files nor change anything; attaching clients need those on the catalog."""

METADATA_RELATIONS: Final = ("columns", "schemata", "tables", '"tables"', "__show_tables_expanded")
"""Of information_schema, and what SHOW TABLES and DESCRIBE stand for."""

DENIED_FUNCTIONS: Final = (
    "current_query",
    "current_setting",
    "currval",
    "error",
    "getenv",
    "getvariable",
    "json_serialize_plan",
    "nextval",
    "setseed",
    "sleep_ms",
    "write_log",
)
"""Functions that change something, hold up the server, or tell what is not in a published relation."""
