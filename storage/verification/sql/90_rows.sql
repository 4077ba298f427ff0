-- Rows as they must stand. Up to the start every missing value has not started, unless its plan lacks what it needs.
CREATE TABLE expected AS
SELECT f.s, f.day, f.kpi, f.scope, h.baseline, f.unit, f.ahead,
       CASE WHEN h.early AND f.r > 3 THEN 3 ELSE f.r END AS r,
       f.n || ' decimal' AS numerator, f.d || ' decimal' AS denominator, f.v IS NULL AS is_quotient,
       CASE WHEN f.r IS NULL THEN coalesce(f.v, exact_divide(CASE WHEN f.unit = '%' THEN exact_multiply(f.n, '100') ELSE f.n END, f.d)) || ' double' END AS value,
       CASE WHEN f.r IS NULL AND f.ahead THEN f.v || ' ceiling' END AS days
FROM figure f JOIN here h ON h.s = f.s AND h.day = f.day;
-- exact: expected(numerator denominator value days)

CREATE TABLE wanted AS
SELECT s.kind, coalesce(s.twin, s.s) AS s, s.twin IS NOT NULL AS is_original, s.project_id, e.kpi, e.scope, e.day AS as_of, e.baseline, CAST(e.value AS DOUBLE) AS value,
       CASE WHEN e.ahead AND e.value IS NOT NULL THEN coalesce(CASE WHEN e.kpi = 'forecast_finish' THEN p.finished_on END,
           e.day + greatest(CAST(e.days AS INTEGER), 0)) END AS value_date,
       CAST(e.numerator AS DECIMAL(38, 12)) AS numerator, CAST(e.denominator AS DECIMAL(38, 12)) AS denominator, e.unit, n.reason,
       e.is_quotient
FROM expected e JOIN subject s ON s.s = e.s JOIN place p ON p.s = e.s AND p.day = e.day
LEFT JOIN reason_name n ON n.r = e.r
WHERE s.twin IS NULL OR e.kpi IN (SELECT kpi FROM schedule_kpi);
