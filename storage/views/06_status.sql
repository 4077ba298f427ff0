CREATE OR REPLACE MACRO internal.silent_after_days() AS coalesce(
    (SELECT CAST(value ->> '$.silent_after_days' AS INTEGER) FROM internal.metadata WHERE name = 'constants'), 62
);

-- One row per project, with its light and what set it: red, a critical alert fires; yellow, another one fires; grey, it has no
-- baseline, has stated nothing, or has been silent for too long; else green.
CREATE OR REPLACE VIEW project_status AS
WITH firing AS (
    SELECT project_id, severity = 'critical' AS critical, alertname, starts_at, scope FROM alerts WHERE state = 'firing'
), alerted AS (
    SELECT project_id, bool_or(critical) AS critical, count(*) AS open_alerts,
           first(alertname ORDER BY critical DESC, starts_at, alertname, scope) AS rule,
           string_agg(DISTINCT alertname, ', ' ORDER BY alertname) AS open_alert_names
    FROM firing GROUP BY project_id
), told AS (
    SELECT project_id, any_value(as_of - CAST(value AS INTEGER)) FILTER (kpi = 'report_age') AS last_report,
           any_value(CAST(value AS BIGINT)) FILTER (kpi = 'target_days_late') AS days_late,
           coalesce(any_value(value_date) FILTER (kpi = 'forecast_finish'),
                    any_value(value_date) FILTER (kpi = 'projected_finish')) AS forecast_finish
    FROM kpi_latest
    WHERE scope = '' AND kpi IN ('report_age', 'target_days_late', 'forecast_finish', 'projected_finish')
    GROUP BY project_id
), judged AS (
    SELECT p.*, t.last_report, t.days_late, t.forecast_finish, coalesce(a.open_alerts, 0) AS open_alerts, a.open_alert_names,
           a.critical, CASE
               WHEN a.rule IS NOT NULL THEN a.rule
               WHEN p.baseline IS NULL THEN 'no_baseline'
               WHEN t.last_report IS NULL THEN 'no_statement'
               WHEN p.status_date - t.last_report > internal.silent_after_days() THEN 'silent'
           END AS rule
    FROM projects p
    LEFT JOIN told t ON t.project_id = p.project_id
    LEFT JOIN alerted a ON a.project_id = p.project_id
)
SELECT project_id, name, name_zh,
       CASE WHEN critical THEN 'red' WHEN open_alerts > 0 THEN 'yellow' WHEN rule IS NOT NULL THEN 'grey' ELSE 'green' END AS light,
       rule, status_date, days_late, forecast_finish, last_report, owner, open_alerts, open_alert_names
FROM judged;
