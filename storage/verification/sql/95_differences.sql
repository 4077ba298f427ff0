-- A closed day must have rows of every active project, at the end of a month of all; as the project was at that cut.
CREATE TABLE required_day AS
SELECT DISTINCT c.project_id, c.day
FROM closing c
JOIN subject s ON s.project_id = c.project_id AND s.until = c.until AND s.kind = 'closing'
JOIN place p ON p.s = s.s AND p.day = c.day
LEFT JOIN heard h ON h.s = s.s
WHERE (NOT p.is_finished AND c.day - coalesce(h.newest, p.start) <= 62 AND coalesce(p.start - c.day <= 62, true))
   OR (c.day = last_day(c.day) AND coalesce(c.day >= p.start, true));

CREATE TABLE due_day AS
SELECT s.s, d.day FROM subject s JOIN (FROM row_day UNION FROM said_day UNION FROM required_day) d ON d.project_id = s.project_id
WHERE s.kind = 'cut';

CREATE TABLE due AS
SELECT CASE WHEN w.is_original THEN 'kpi_snapshots_original' ELSE 'kpi_snapshots' END AS relation, w.*
FROM wanted w SEMI JOIN due_day d ON d.s = w.s AND d.day = w.as_of
UNION ALL
SELECT CASE WHEN w.is_original THEN 'kpi_latest_original' ELSE 'kpi_latest' END, w.*
FROM wanted w SEMI JOIN status_day d ON d.s = w.s AND d.day = w.as_of;

CREATE TABLE stands AS
WITH told AS (
    SELECT 'kpi_snapshots' AS relation, * FROM kpi_snapshots
    UNION ALL SELECT 'kpi_snapshots_original', * FROM kpi_snapshots_original
    UNION ALL SELECT 'kpi_latest', * FROM kpi_latest
    UNION ALL SELECT 'kpi_latest_original', * FROM kpi_latest_original
)
FROM told QUALIFY row_number() OVER (PARTITION BY relation, project_id, kpi, scope, as_of ORDER BY known_at DESC) = 1;

CREATE TABLE compared AS
SELECT coalesce(d.relation, n.relation) AS relation, coalesce(d.project_id, n.project_id) AS project_id, coalesce(d.kpi, n.kpi) AS kpi,
       coalesce(d.scope, n.scope) AS scope, coalesce(d.as_of, n.as_of) AS as_of, d.is_quotient, n.project_id IS NOT NULL AS is_stored,
       d.project_id IS NOT NULL AS is_wanted,
       {'baseline': n.baseline, 'value': n.value, 'value_date': n.value_date, 'numerator': n.numerator, 'denominator': n.denominator, 'unit': n.unit, 'reason': n.reason} AS stored,
       {'baseline': d.baseline, 'value': d.value, 'value_date': d.value_date, 'numerator': d.numerator, 'denominator': d.denominator, 'unit': d.unit, 'reason': d.reason} AS recomputed
FROM due d
FULL JOIN stands n ON n.relation = d.relation AND n.project_id = d.project_id AND n.kpi = d.kpi AND n.scope = d.scope AND n.as_of = d.as_of;

-- Of a key that is gone a null row is left. Amounts must be equal to the last bit, quotients to 10⁻⁹.
CREATE TABLE difference AS
SELECT relation, project_id, kpi, scope, as_of, CASE WHEN is_stored THEN stored END AS stored, CASE WHEN is_wanted THEN recomputed END AS recomputed
FROM compared
WHERE CASE
    WHEN NOT is_stored THEN true
    WHEN NOT is_wanted THEN starts_with(relation, 'kpi_latest') OR stored.value IS NOT NULL OR stored.value_date IS NOT NULL OR stored.numerator IS NOT NULL
        OR stored.denominator IS NOT NULL OR stored.reason IS NULL OR stored.reason NOT IN ('no_baseline', 'not_planned', 'no_data')
    ELSE stored.baseline <> recomputed.baseline OR stored.unit <> recomputed.unit OR stored.reason IS DISTINCT FROM recomputed.reason
        OR stored.value_date IS DISTINCT FROM recomputed.value_date
        OR stored.numerator IS DISTINCT FROM recomputed.numerator OR stored.denominator IS DISTINCT FROM recomputed.denominator
        OR (stored.value IS NULL) <> (recomputed.value IS NULL)
        OR abs(stored.value - recomputed.value) > CASE WHEN is_quotient OR kpi IN (SELECT kpi FROM quotient_kpi)
            THEN 1e-9 * greatest(1, abs(recomputed.value)) ELSE 0 END
    END;
