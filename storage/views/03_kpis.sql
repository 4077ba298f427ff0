-- Per project, KPI and scope: the newest day not after `as_of` among the rows known by `known_at`, and of its rows the newest.
CREATE OR REPLACE MACRO kpi_at(as_of, known_at) AS TABLE
SELECT s.* FROM kpi_snapshots s
WHERE s.as_of <= CAST(as_of AS DATE) AND s.known_at <= CAST(known_at AS TIMESTAMPTZ)
QUALIFY row_number() OVER (PARTITION BY s.project_id, s.kpi, s.scope ORDER BY s.as_of DESC, s.known_at DESC) = 1;

-- What the worker found, and ids that stand for different contents, which only the journal can tell.
CREATE OR REPLACE VIEW findings AS
WITH told AS (
    SELECT DISTINCT e.project_id, e.source, e.id, e.type, e.time, CAST(e.data AS VARCHAR) AS content
    FROM events e
    SEMI JOIN (
        SELECT source, id FROM events WHERE type <> 'milepost.clock.ticked.v1' GROUP BY source, id HAVING count(*) > 1
    ) repeated ON repeated.source = e.source AND repeated.id = e.id
    WHERE e.type <> 'milepost.clock.ticked.v1'
), reused AS (
    SELECT source, id, count(*) AS contents FROM told GROUP BY source, id HAVING count(*) > 1
)
SELECT project_id, finding, scope, as_of, detail, source, id, since FROM internal.project_findings
UNION ALL
SELECT t.project_id, 'id_reused' AS finding, '' AS scope, CAST(NULL AS DATE) AS as_of,
       'this id of this source stands for ' || any_value(r.contents) || ' different events; give each event an id of its own' AS detail,
       t.source, t.id, max(t.time) AS since
FROM told t JOIN reused r ON r.source = t.source AND r.id = t.id
GROUP BY t.project_id, t.source, t.id;

CREATE OR REPLACE VIEW alert_history AS
SELECT fingerprint, alertname, project_id, scope, severity, state, previous_state, reason, as_of, changed_at, known_at, value,
       rule_hash
FROM internal.alert_transitions;
