-- Budget, planned value, earned value and actual cost at the end of each day (kpi-definitions 1).
CREATE TABLE part AS
SELECT s, baseline, start AS project_start, finish AS project_finish, section, place, part ->> '$.id' AS id,
       exact_rate(coalesce(part ->> '$.weight', '1'), '1') AS weight,
       CAST(part ->> '$.start' AS DATE) AS start, CAST(part ->> '$.finish' AS DATE) AS finish,
       part ->> '$.quantity' AS quantity, part ->> '$.unit' AS unit
FROM (
    SELECT *, 'milestones' AS section, unnest(CAST(data -> '$.milestones' AS JSON[])) AS part FROM plan
    UNION ALL
    SELECT *, 'work' AS section, unnest(CAST(data -> '$.work_items' AS JSON[])) AS part FROM plan
);
-- exact: part(weight)

-- Cumulative points as planned; of two on one day the larger, which is the later.
CREATE TABLE planned_point AS
SELECT s, baseline, CAST(point ->> '$.date' AS DATE) AS day, exact_amount(point ->> '$.value', '1') AS v, place
FROM (
    SELECT s, baseline, unnest(points) AS point, unnest(range(len(points))) AS place
    FROM (SELECT s, baseline, CAST(data -> '$.planned_value' AS JSON[]) AS points FROM plan) WHERE points IS NOT NULL
);
-- exact: planned_point(v)

CREATE TABLE budget AS
SELECT p.s, p.baseline, p.start,
       coalesce(exact_amount(p.data ->> '$.budget_at_completion.value', '1'), c.v, '100') AS bac,
       coalesce(p.data ->> '$.budget_at_completion.unit', '%') AS unit,
       coalesce(p.data ->> '$.progress_by', CASE WHEN w.s IS NOT NULL THEN 'work' WHEN m.s IS NOT NULL THEN 'milestones' ELSE 'value' END) AS source,
       c.s IS NOT NULL AS has_curve
FROM plan p
LEFT JOIN (SELECT s, baseline, arg_max(v, place) AS v FROM planned_point GROUP BY s, baseline) c ON c.s = p.s AND c.baseline = p.baseline
LEFT JOIN (SELECT DISTINCT s, baseline FROM part WHERE section = 'work') w ON w.s = p.s AND w.baseline = p.baseline
LEFT JOIN (SELECT DISTINCT s, baseline FROM part WHERE section = 'milestones') m ON m.s = p.s AND m.baseline = p.baseline;
-- exact: budget(bac)

-- The parts that earned value comes from. A milestone without start runs from the finish before its own.
CREATE TABLE earning AS
SELECT p.*, coalesce(p.finish, p.project_finish) AS "end" FROM part p
JOIN budget b ON b.s = p.s AND b.baseline = p.baseline AND b.source = p.section;
CREATE TABLE span AS
SELECT e.s, e.baseline, e.project_start, e.id, e.weight, e."end",
       coalesce(e.start, CASE WHEN e.section = 'milestones' THEN (
           SELECT max(o."end") FROM earning o WHERE o.s = e.s AND o.baseline = e.baseline AND o."end" < e."end"
       ) END, e.project_start) AS begin
FROM earning e
WHERE NOT EXISTS (SELECT 1 FROM earning o WHERE o.s = e.s AND o.baseline = e.baseline AND o."end" IS NULL);

-- Planned value where its slope may change. Between two of these days it is linear.
CREATE TABLE bend AS
SELECT s, baseline, day FROM (
    SELECT s, baseline, project_start, unnest([project_start + 1, begin, "end", CASE WHEN begin >= "end" THEN "end" - 1 END]) AS day FROM span
) WHERE day > project_start GROUP BY s, baseline, day;
CREATE TABLE curve AS
SELECT n.s, n.baseline, n.day, exact_divide(
           exact_multiply(any_value(b.bac), exact_sum(list(CASE
               WHEN n.day >= p."end" THEN p.weight WHEN n.day <= p.begin THEN '0'
               ELSE exact_share(p.weight, n.day - p.begin, p."end" - p.begin) END))),
           exact_sum(list(p.weight))) AS v
FROM bend n JOIN span p ON p.s = n.s AND p.baseline = n.baseline JOIN budget b ON b.s = n.s AND b.baseline = n.baseline
WHERE NOT b.has_curve
GROUP BY n.s, n.baseline, n.day
UNION ALL
SELECT p.s, p.baseline, p.day, arg_max(p.v, p.place) FROM planned_point p JOIN budget b ON b.s = p.s AND b.baseline = p.baseline
WHERE p.day > b.start GROUP BY p.s, p.baseline, p.day;
-- exact: curve(v)
INSERT INTO curve
SELECT b.s, b.baseline, b.start, '0' FROM budget b
WHERE b.has_curve OR EXISTS (SELECT 1 FROM span p WHERE p.s = b.s AND p.baseline = b.baseline);
CREATE TABLE stretch AS
SELECT *, lead(day) OVER following AS next_day, lead(v) OVER following AS next_v FROM curve
WINDOW following AS (PARTITION BY s, baseline ORDER BY day);

-- Where progress is asked for: on each day by the baseline in force, and on the day that approved a later baseline by that one.
CREATE TABLE ask AS
SELECT s, day, baseline, early FROM here WHERE baseline <> 0
UNION
SELECT s, holds_from, baseline, holds_from <= start FROM plan WHERE place > 1;

CREATE TABLE planned AS
SELECT h.s, h.day, h.baseline, CASE
           WHEN c.v IS NULL THEN CASE WHEN EXISTS (SELECT 1 FROM curve k WHERE k.s = h.s AND k.baseline = h.baseline) THEN '0' END
           WHEN c.next_day IS NULL OR c.v = c.next_v THEN c.v
           ELSE exact_add(c.v, exact_share(exact_subtract(c.next_v, c.v), h.day - c.day, c.next_day - c.day)) END AS pv
FROM ask h ASOF LEFT JOIN stretch c ON c.s = h.s AND c.baseline = h.baseline AND c.day <= h.day;
-- exact: planned(pv)

-- Progress of each part after each of its reports, 0…1. An actual finish is 100 %; what is left out keeps its newest value.
CREATE TABLE milestone_state AS
WITH report AS (
    SELECT s, data ->> '$.milestone' AS id, day,
           CASE WHEN (data -> '$.percent_complete') IS NOT NULL THEN {'x': data ->> '$.percent_complete'} END AS percent,
           CASE WHEN (data -> '$.actual_finish') IS NOT NULL THEN {'x': data ->> '$.actual_finish'} END AS actual,
           CASE WHEN (data -> '$.forecast_finish') IS NOT NULL THEN {'x': data ->> '$.forecast_finish'} END AS forecast
    FROM stated WHERE type = 'milepost.milestone.reported.v1'
), carried AS (
    SELECT s, id, day, last_value(percent IGNORE NULLS) OVER so_far AS percent, last_value(actual IGNORE NULLS) OVER so_far AS actual,
           last_value(forecast IGNORE NULLS) OVER so_far AS forecast
    FROM report WINDOW so_far AS (PARTITION BY s, id ORDER BY day ROWS UNBOUNDED PRECEDING)
)
SELECT s, id, day, CAST(actual.x AS DATE) AS actual, CAST(forecast.x AS DATE) AS forecast,
       CASE WHEN actual.x IS NOT NULL THEN '1' ELSE exact_divide(exact_rate(percent.x, '1'), '100') END AS progress
FROM carried;
-- exact: milestone_state(progress)

CREATE TABLE item_state AS
SELECT p.s, p.baseline, p.id, t.day, exact_amount(t.data ->> '$.quantity', factor_of(t.data ->> '$.unit', p.unit, f.size)) AS done,
       exact_amount(p.quantity, '1') AS whole, CAST(NULL AS VARCHAR) AS order_of
FROM part p
JOIN stated t ON t.s = p.s AND t.type = 'milepost.work.reported.v1' AND (t.data ->> '$.item') = p.id
LEFT JOIN factor f ON f.unit = (t.data ->> '$.unit') AND f.target = p.unit
WHERE p.section = 'work' AND factor_of(t.data ->> '$.unit', p.unit, f.size) IS NOT NULL;
-- exact: item_state(done whole)
UPDATE item_state SET order_of = exact_compare(done, whole);
-- exact: item_state(order_of)

-- Each part at each day; `progress` NULL while nothing was reported of it.
CREATE TABLE part_progress AS
SELECT h.s, h.day, h.baseline, e.id, e.weight, m.progress FROM ask h
JOIN earning e ON e.s = h.s AND e.baseline = h.baseline AND e.section = 'milestones'
ASOF LEFT JOIN milestone_state m ON m.s = e.s AND m.id = e.id AND m.day <= h.day
UNION ALL
SELECT h.s, h.day, h.baseline, e.id, e.weight,
       CASE WHEN i.order_of IN ('0', '1') THEN '1' ELSE exact_divide(i.done, i.whole) END
FROM ask h
JOIN earning e ON e.s = h.s AND e.baseline = h.baseline AND e.section = 'work'
ASOF LEFT JOIN item_state i ON i.s = e.s AND i.baseline = e.baseline AND i.id = e.id AND i.day <= h.day;

CREATE TABLE earned_by_parts AS
SELECT p.s, p.day, p.baseline, CASE WHEN count(p.progress) > 0 THEN
           exact_divide(exact_multiply(any_value(b.bac), exact_sum(list(exact_multiply(p.weight, p.progress)) FILTER (p.progress IS NOT NULL))),
                        exact_sum(list(p.weight))) END AS ev
FROM part_progress p JOIN budget b ON b.s = p.s AND b.baseline = p.baseline
GROUP BY p.s, p.day, p.baseline;

CREATE TABLE value_state AS
SELECT s, day, exact_amount(data ->> '$.earned_value', '1') AS ev FROM stated WHERE type = 'milepost.value.reported.v1';
-- exact: value_state(ev)

CREATE TABLE cost_state AS
SELECT t.s, u.unit, t.day, exact_amount(t.data ->> '$.actual_cost', factor_of(t.data ->> '$.unit', u.unit, f.size)) AS ac
FROM (SELECT DISTINCT s, unit FROM budget) u
JOIN stated t ON t.s = u.s AND t.type = 'milepost.cost.reported.v1'
LEFT JOIN factor f ON f.unit = (t.data ->> '$.unit') AND f.target = u.unit
WHERE factor_of(t.data ->> '$.unit', u.unit, f.size) IS NOT NULL;
-- exact: cost_state(ac)

CREATE TABLE evm AS
SELECT h.s, h.day, h.baseline, h.early, b.unit, b.bac, pv.pv, CASE WHEN pv.pv IS NULL THEN 2 END AS pv_r,
       CASE WHEN unplanned.s IS NOT NULL THEN NULL
            WHEN b.source = 'value' THEN coalesce(r.ev, CASE WHEN h.early THEN '0' END)
            WHEN e.s IS NOT NULL THEN coalesce(e.ev, CASE WHEN h.early THEN '0' END) END AS ev,
       CASE WHEN unplanned.s IS NOT NULL OR (b.source <> 'value' AND e.s IS NULL) THEN 2
            WHEN h.early THEN NULL
            WHEN b.source = 'value' AND r.ev IS NULL THEN 4
            WHEN b.source <> 'value' AND e.ev IS NULL THEN 4 END AS ev_r,
       coalesce(c.ac, CASE WHEN h.early THEN '0' END) AS ac,
       CASE WHEN c.ac IS NULL AND NOT h.early THEN 4 END AS ac_r,
       b.source = 'value' AS is_reported, CAST(NULL AS VARCHAR) AS order_of
FROM ask h
JOIN budget b ON b.s = h.s AND b.baseline = h.baseline
LEFT JOIN planned pv ON pv.s = h.s AND pv.day = h.day AND pv.baseline = h.baseline
LEFT JOIN earned_by_parts e ON e.s = h.s AND e.day = h.day AND e.baseline = h.baseline
LEFT JOIN (SELECT DISTINCT s, baseline FROM earning WHERE section = 'work' AND quantity IS NULL) unplanned
    ON unplanned.s = h.s AND unplanned.baseline = h.baseline
ASOF LEFT JOIN value_state r ON r.s = h.s AND r.day <= h.day
ASOF LEFT JOIN cost_state c ON c.s = h.s AND c.unit = b.unit AND c.day <= h.day;
-- exact: evm(ev)
UPDATE evm SET order_of = exact_compare(ev, bac);
-- exact: evm(order_of)
-- A value reported above the budget counts as the budget.
UPDATE evm SET ev = bac WHERE is_reported AND order_of = '1';
