-- Investment of the year against its plan (kpi-definitions 6.2).
CREATE TABLE invested AS
SELECT s, day, CAST(data ->> '$.year' AS INTEGER) AS year, data ->> '$.unit' AS unit, data ->> '$.cumulative' AS done
FROM stated WHERE type = 'milepost.investment.reported.v1';
CREATE TABLE annual_plan AS
SELECT s, baseline, CAST(part ->> '$.year' AS INTEGER) AS year, exact_amount(part ->> '$.investment', '1') AS amount
FROM (SELECT s, baseline, unnest(CAST(data -> '$.annual_plan' AS JSON[])) AS part FROM plan);
-- exact: annual_plan(amount)
-- In the unit of the budget, without one in that of the earliest report.
CREATE TABLE investment_here AS
SELECT h.s, h.day, h.baseline, year(h.day) AS year, coalesce(p.data ->> '$.budget_at_completion.unit', e.unit) AS unit, a.amount AS planned
FROM here h
JOIN section n ON n.s = h.s AND n.day = h.day AND n.name = 'investment'
LEFT JOIN plan p ON p.s = h.s AND p.baseline = h.baseline
LEFT JOIN (SELECT s, arg_min(unit, {'day': day, 'year': year}) AS unit FROM invested GROUP BY s) e ON e.s = h.s
LEFT JOIN annual_plan a ON a.s = h.s AND a.baseline = h.baseline AND a.year = year(h.day);
CREATE TABLE investment_state AS
SELECT u.s, u.unit, i.year, i.day, exact_amount(i.done, factor_of(i.unit, u.unit, f.size)) AS done
FROM (SELECT DISTINCT s, unit FROM investment_here) u JOIN invested i ON i.s = u.s
LEFT JOIN factor f ON f.unit = i.unit AND f.target = u.unit
WHERE factor_of(i.unit, u.unit, f.size) IS NOT NULL;
-- exact: investment_state(done)
INSERT INTO figure
WITH told AS (
    SELECT h.*, i.done, CASE WHEN i.done IS NULL THEN 4 END AS done_r,
           CASE WHEN h.baseline = 0 THEN 1 WHEN h.planned IS NULL THEN 2 END AS planned_r,
           CAST(month(h.day) - 1 AS VARCHAR) || ' ' || CAST(day(h.day) AS VARCHAR) || ' ' || CAST(day(last_day(h.day)) AS VARCHAR) || ' / + 12 /' AS elapsed
    FROM investment_here h
    ASOF LEFT JOIN investment_state i ON i.s = h.s AND i.unit = h.unit AND i.year = h.year AND i.day <= h.day
)
SELECT s, day, 'investment_completion', '', '%', done, planned, NULL, least(done_r, planned_r, zero_reason(planned)), false FROM told
UNION ALL
SELECT s, day, 'investment_lead_lag', '', 'pp', NULL, NULL, exact_multiply(exact_subtract(exact_divide(done, planned), elapsed), '100'),
       least(done_r, planned_r, zero_reason(planned)), false FROM told;
