-- Campaigns: done and total by tally or by task, for the whole ('') and each district (kpi-definitions 6).
-- A day is looked at as it is (`now`), and at the day from which its pace counts (`before`), with the same plan and unit.
CREATE TABLE campaign_plan AS
SELECT s, baseline, start, exact_amount(data ->> '$.campaign.total', '1') AS total, data ->> '$.campaign.unit' AS unit,
       CAST(data ->> '$.campaign.due' AS DATE) AS due, (data ->> '$.campaign') IS NOT NULL AS is_planned
FROM plan;
-- exact: campaign_plan(total)
CREATE TABLE district AS
SELECT s, baseline, part ->> '$.id' AS id, exact_amount(part ->> '$.total', '1') AS total, CAST(part ->> '$.due' AS DATE) AS due
FROM (SELECT s, baseline, unnest(CAST(data -> '$.campaign.districts' AS JSON[])) AS part FROM plan);
-- exact: district(total)

CREATE TABLE tally AS
SELECT s, day, coalesce(data ->> '$.district', '') AS scope, data ->> '$.unit' AS unit, data ->> '$.done' AS done,
       (data -> '$.total') IS NOT NULL AS has_total, data ->> '$.total' AS total
FROM stated WHERE type = 'milepost.tally.reported.v1';
CREATE TABLE assigned AS
SELECT s, data ->> '$.task' AS task, data ->> '$.district' AS district, CAST(data ->> '$.assigned_on' AS DATE) AS assigned_on,
       CAST(data ->> '$.due' AS DATE) AS due
FROM stated WHERE type = 'milepost.task.assigned.v1';
CREATE TABLE task_state AS
SELECT s, data ->> '$.task' AS task, day, data ->> '$.status' AS status FROM stated WHERE type = 'milepost.task.reported.v1';

-- The unit: as planned, else that of the earliest tally by the day that names one and has a place.
CREATE TABLE campaign_here AS
WITH naming AS (
    SELECT b.s, b.baseline, t.day, arg_min(t.unit, t.scope) AS unit
    FROM (SELECT DISTINCT s, baseline FROM here) b
    JOIN tally t ON t.s = b.s AND t.unit IS NOT NULL AND (b.baseline = 0 OR t.scope = '' OR EXISTS (
        SELECT 1 FROM district d WHERE d.s = b.s AND d.baseline = b.baseline AND d.id = t.scope))
    GROUP BY b.s, b.baseline, t.day
), earliest AS (
    SELECT s, baseline, min(day) AS day, arg_min(unit, day) AS unit FROM naming GROUP BY s, baseline
)
SELECT h.s, h.day, h.baseline, p.start, p.total, p.due, coalesce(p.is_planned, false) AS is_planned,
       coalesce(p.unit, e.unit, '1') AS unit,
       CASE WHEN h.day > p.start THEN greatest(p.start, h.day - 7) END AS since
FROM here h
JOIN section n ON n.s = h.s AND n.day = h.day AND n.name = 'campaign'
LEFT JOIN campaign_plan p ON p.s = h.s AND p.baseline = h.baseline
LEFT JOIN earliest e ON e.s = h.s AND e.baseline = h.baseline AND e.day <= h.day;

-- The whole and the districts: those of the baseline; without one, those that were told of by the day.
CREATE TABLE campaign_scope AS
SELECT s, day, '' AS scope, baseline, unit, total, due FROM campaign_here
UNION ALL
SELECT c.s, c.day, d.id, c.baseline, c.unit, d.total, coalesce(d.due, c.due)
FROM campaign_here c JOIN district d ON d.s = c.s AND d.baseline = c.baseline
UNION
SELECT c.s, c.day, t.scope, 0, c.unit, NULL, NULL
FROM campaign_here c JOIN (
    SELECT s, scope, day FROM tally WHERE scope <> ''
    UNION ALL SELECT s, district, assigned_on FROM assigned WHERE district IS NOT NULL
) t ON t.s = c.s AND t.day <= c.day WHERE c.baseline = 0;
CREATE TABLE look AS
SELECT s, day, scope, unit, 'now' AS which, day AS seen_on FROM campaign_scope
UNION ALL
SELECT k.s, k.day, k.scope, k.unit, 'before', c.since
FROM campaign_scope k JOIN campaign_here c ON c.s = k.s AND c.day = k.day WHERE c.since IS NOT NULL;

-- Tallies in a unit that fits that of the campaign; a total that is left out keeps its newest value.
CREATE TABLE tally_state AS
WITH fitting AS (
    SELECT u.s, u.unit, t.scope, t.day, factor_of(t.unit, u.unit, f.size) AS factor, t.done,
           CASE WHEN t.has_total THEN {'x': t.total, 'factor': factor_of(t.unit, u.unit, f.size)} END AS total
    FROM (SELECT DISTINCT s, unit FROM campaign_here) u JOIN tally t ON t.s = u.s
    LEFT JOIN factor f ON f.unit = t.unit AND f.target = u.unit
    WHERE factor_of(t.unit, u.unit, f.size) IS NOT NULL
), carried AS (
    SELECT *, last_value(total IGNORE NULLS) OVER (PARTITION BY s, unit, scope ORDER BY day ROWS UNBOUNDED PRECEDING) AS kept FROM fitting
)
SELECT s, unit, scope, day, exact_amount(done, factor) AS done, exact_amount(kept.x, kept.factor) AS total FROM carried;
-- exact: tally_state(done total)

-- Tasks that count: assigned by then and, where the plan names districts, of one of those or of none.
CREATE TABLE task_count AS
WITH moment AS (
    SELECT s, day, 'now' AS which, day AS seen_on, baseline FROM campaign_here
    UNION ALL SELECT s, day, 'before', since, baseline FROM campaign_here WHERE since IS NOT NULL
), counting AS (
    SELECT m.s, m.day, m.which, m.seen_on, a.task, a.district, a.due
    FROM moment m JOIN assigned a ON a.s = m.s AND a.assigned_on <= m.seen_on
    WHERE m.baseline = 0 OR a.district IS NULL
       OR EXISTS (SELECT 1 FROM district d WHERE d.s = m.s AND d.baseline = m.baseline AND d.id = a.district)
       OR NOT EXISTS (SELECT 1 FROM district d WHERE d.s = m.s AND d.baseline = m.baseline)
), standing AS (
    SELECT c.*, coalesce(t.status, 'reopened') AS status
    FROM counting c ASOF LEFT JOIN task_state t ON t.s = c.s AND t.task = c.task AND t.day <= c.seen_on
), scoped AS (
    SELECT s, day, which, '' AS scope, status, due, seen_on FROM standing
    UNION ALL
    SELECT s, day, which, district, status, due, seen_on FROM standing WHERE district IS NOT NULL
)
SELECT s, day, which, scope, count(*) AS tasks, count(*) FILTER (status = 'done') AS done,
       count(*) FILTER (status = 'withdrawn') AS withdrawn, count(*) FILTER (status = 'reopened' AND due < seen_on) AS overdue
FROM scoped GROUP BY s, day, which, scope;

CREATE TABLE campaign_state AS
WITH newest AS (
    SELECT k.s, k.day, k.scope, k.which, t.day IS NOT NULL AS has_tally, t.done, t.total
    FROM look k ASOF LEFT JOIN tally_state t ON t.s = k.s AND t.unit = k.unit AND t.scope = k.scope AND t.day <= k.seen_on
), tallied AS (
    SELECT *, CASE WHEN scope = '' THEN bool_or(has_tally) OVER (PARTITION BY s, day, which) ELSE has_tally END AS is_tallied FROM newest
)
SELECT n.*, NOT n.is_tallied AND coalesce(c.tasks, 0) > 0 AS by_tasks, coalesce(c.tasks, 0) AS tasks,
       coalesce(c.done, 0) AS tasks_done, coalesce(c.withdrawn, 0) AS withdrawn, coalesce(c.overdue, 0) AS overdue
FROM tallied n LEFT JOIN task_count c ON c.s = n.s AND c.day = n.day AND c.which = n.which AND c.scope = n.scope;

CREATE TABLE campaign_done AS
WITH own AS (
    SELECT *, CASE WHEN has_tally THEN done WHEN by_tasks THEN CAST(tasks_done AS VARCHAR) END AS own_done FROM campaign_state
), summed AS (
    SELECT s, day, which, exact_sum(list(own_done) FILTER (own_done IS NOT NULL)) AS done FROM own WHERE scope <> '' GROUP BY s, day, which
)
SELECT o.s, o.day, o.which, o.scope, o.by_tasks, o.has_tally,
       CASE WHEN o.own_done IS NOT NULL THEN o.own_done WHEN o.scope = '' AND o.is_tallied THEN coalesce(m.done, '0') END AS done
FROM own o LEFT JOIN summed m ON m.s = o.s AND m.day = o.day AND m.which = o.which;
-- exact: campaign_done(done)

-- What is to be done. Tasks: those known, or planned where those are more, without the withdrawn ones.
CREATE TABLE campaign_total AS
SELECT n.s, n.day, n.scope, k.total AS planned, n.by_tasks, n.has_tally, n.tasks, n.withdrawn, n.total AS tallied,
       exact_compare(CAST(n.tasks AS VARCHAR), k.total) AS order_of, CAST(NULL AS VARCHAR) AS by_task, CAST(NULL AS VARCHAR) AS total
FROM campaign_state n JOIN campaign_scope k ON k.s = n.s AND k.day = n.day AND k.scope = n.scope WHERE n.which = 'now';
-- exact: campaign_total(order_of)
UPDATE campaign_total SET by_task =
    exact_subtract(CASE WHEN order_of = '-1' THEN planned ELSE CAST(tasks AS VARCHAR) END, CAST(withdrawn AS VARCHAR));
-- exact: campaign_total(by_task)
UPDATE campaign_total SET total = CASE WHEN by_tasks THEN by_task ELSE coalesce(tallied, planned) END WHERE scope <> '';
UPDATE campaign_total SET total = coalesce(tallied, planned) WHERE scope = '' AND NOT by_tasks AND has_tally;
-- The whole without a tally of its own is the sum of its districts if each has a total.
UPDATE campaign_total SET total = CASE WHEN p.known = p.parts THEN p.total ELSE planned END FROM (
    SELECT s, day, count(*) AS parts, count(total) AS known, exact_sum(list(total) FILTER (total IS NOT NULL)) AS total
    FROM campaign_total WHERE scope <> '' GROUP BY s, day
) p WHERE p.s = campaign_total.s AND p.day = campaign_total.day AND scope = '' AND NOT by_tasks AND NOT has_tally;
UPDATE campaign_total SET total = planned WHERE scope = '' AND NOT by_tasks AND NOT has_tally AND total IS NULL;
-- By task, districts with planned shares count each for itself; tasks of no district come on top.
UPDATE campaign_total SET total = by_task WHERE scope = '' AND by_tasks;
UPDATE campaign_total SET total = exact_add(p.total,
    CAST(campaign_total.tasks - p.tasks - (campaign_total.withdrawn - p.withdrawn) AS VARCHAR)) FROM (
    SELECT s, day, count(*) AS parts, count(planned) AS shares, sum(tasks) AS tasks, sum(withdrawn) AS withdrawn, exact_sum(list(by_task)) AS total
    FROM campaign_total WHERE scope <> '' GROUP BY s, day
) p WHERE p.s = campaign_total.s AND p.day = campaign_total.day AND scope = '' AND by_tasks AND p.shares = p.parts;
-- exact: campaign_total(total)

CREATE TABLE campaign AS
SELECT k.s, k.day, k.scope, k.baseline, k.unit, k.due, c.start, c.since, c.is_planned, t.total, d.done, d.by_tasks,
       coalesce(b.done, CASE WHEN c.since IS NOT NULL AND (c.since = c.start OR d.by_tasks) THEN '0' END) AS done_before,
       n.overdue, w.tasks > 0 AS has_tasks, exact_subtract(t.total, d.done) AS rest
FROM campaign_scope k
JOIN campaign_here c ON c.s = k.s AND c.day = k.day
JOIN campaign_total t ON t.s = k.s AND t.day = k.day AND t.scope = k.scope
JOIN campaign_done d ON d.s = k.s AND d.day = k.day AND d.scope = k.scope AND d.which = 'now'
JOIN campaign_state n ON n.s = k.s AND n.day = k.day AND n.scope = k.scope AND n.which = 'now'
JOIN campaign_state w ON w.s = k.s AND w.day = k.day AND w.scope = '' AND w.which = 'now'
LEFT JOIN campaign_done b ON b.s = k.s AND b.day = k.day AND b.scope = k.scope AND b.which = 'before';
-- exact: campaign(rest)
CREATE TABLE reached_campaign AS
SELECT s, day FROM campaign WHERE scope = '' AND is_planned AND total <> '0' AND (rest = '0' OR starts_with(rest, '-'));
