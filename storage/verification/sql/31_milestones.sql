-- Slip and shift of each milestone; due and achieved to date (kpi-definitions 3).
-- The first day of the unbroken run of 100 % that reaches each report.
CREATE TABLE milestone_run AS
WITH broken AS (
    SELECT *, coalesce(progress = '1', false) AS is_full,
           max(CASE WHEN progress = '1' THEN NULL ELSE day END) OVER (PARTITION BY s, id ORDER BY day ROWS UNBOUNDED PRECEDING) AS broken_on
    FROM milestone_state
), runs AS (
    SELECT *, min(day) FILTER (is_full) OVER (PARTITION BY s, id, broken_on) AS full_since FROM broken
)
SELECT s, id, day, forecast, coalesce(actual, CASE WHEN is_full THEN full_since END) AS achieved FROM runs;

CREATE TABLE milestone_here AS
WITH planned AS (
    SELECT h.s, h.day, h.baseline, p.id, p.finish FROM here h JOIN part p ON p.s = h.s AND p.baseline = h.baseline AND p.section = 'milestones'
)
SELECT p.*, m.achieved, coalesce(m.achieved, m.forecast) AS expected, o.finish AS original
FROM planned p
ASOF LEFT JOIN milestone_run m ON m.s = p.s AND m.id = p.id AND m.day <= p.day
LEFT JOIN (
    SELECT a.s, a.id, a.finish FROM part a JOIN plan n ON n.s = a.s AND n.baseline = a.baseline AND n.place = 1 WHERE a.section = 'milestones'
) o ON o.s = p.s AND o.id = p.id;

INSERT INTO figure
SELECT s, day, 'milestone_slip', id, 'd', NULL, NULL, CAST(coalesce(expected, CASE WHEN day >= finish THEN day END) - finish AS VARCHAR),
       CASE WHEN finish IS NULL THEN 2 WHEN expected IS NULL AND day < finish THEN 4 END, false FROM milestone_here
UNION ALL
SELECT s, day, 'baseline_shift', id, 'd', NULL, NULL, CAST(finish - original AS VARCHAR),
       CASE WHEN finish IS NULL OR original IS NULL THEN 2 END, false FROM milestone_here;

CREATE TABLE milestones_to_date AS
SELECT n.s, n.day, n.baseline, count(m.finish) AS dated,
       count(*) FILTER (m.finish <= n.day) AS due, count(*) FILTER (m.finish IS NOT NULL AND m.achieved IS NOT NULL) AS achieved,
       count(*) FILTER (m.achieved <= m.finish) AS on_time, count(*) FILTER (m.achieved <= m.finish AND m.finish <= n.day) AS hit,
       count(*) FILTER (m.finish < n.day AND m.achieved IS NULL) AS overdue
FROM (SELECT h.* FROM here h JOIN section n ON n.s = h.s AND n.day = h.day AND n.name = 'milestones') n
LEFT JOIN milestone_here m ON m.s = n.s AND m.day = n.day
GROUP BY n.s, n.day, n.baseline;
INSERT INTO figure
WITH told AS (
    SELECT *, CASE WHEN baseline = 0 THEN 1 WHEN dated = 0 THEN 2 END AS r FROM milestones_to_date
)
SELECT s, day, 'milestones_overdue', '', '1', NULL, NULL, CAST(overdue AS VARCHAR), r, false FROM told
UNION ALL
SELECT s, day, t.kpi, '', t.unit, CASE WHEN r IS NULL THEN CAST(t.n AS VARCHAR) END, CASE WHEN r IS NULL THEN CAST(t.d AS VARCHAR) END,
       NULL, least(r, CASE WHEN t.d = 0 THEN 10 END), false
FROM (SELECT s, day, r, unnest([
    {'kpi': 'milestone_hit_rate', 'unit': '%', 'n': hit, 'd': due},
    {'kpi': 'milestone_on_time_rate', 'unit': '%', 'n': on_time, 'd': achieved},
    {'kpi': 'milestone_bei', 'unit': '1', 'n': achieved, 'd': due}
]) AS t FROM told)
UNION ALL
SELECT h.s, h.day, k.kpi, m.id, 'd', NULL, NULL, NULL, 1, false
FROM here h JOIN (SELECT s, id, min(day) AS since FROM milestone_state GROUP BY s, id) m ON m.s = h.s AND m.since <= h.day
CROSS JOIN (VALUES ('milestone_slip'), ('baseline_shift')) AS k(kpi) WHERE h.baseline = 0;
