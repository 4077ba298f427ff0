-- Output of lines by day, rolling rates, plan and capacity (kpi-definitions 4.3).
CREATE TABLE output_report AS
SELECT s, data ->> '$.line' AS line, CAST(data ->> '$.period_start' AS DATE) AS first_day, day AS last_day,
       data ->> '$.shift' AS shift, data ->> '$.unit' AS unit, data ->> '$.quantity' AS quantity, data
FROM stated WHERE type = 'milepost.production.reported.v1';
-- Lines of a baseline; without one those that were reported.
CREATE TABLE line AS
SELECT s, baseline, place, part ->> '$.id' AS id, part ->> '$.capacity.unit' AS unit, part ->> '$.capacity.per' AS per,
       exact_amount(part ->> '$.capacity.value', '1') AS capacity, part -> '$.plan' AS plan, CAST(NULL AS DATE) AS since
FROM (
    SELECT s, baseline, unnest(parts) AS part, unnest(range(len(parts))) AS place
    FROM (SELECT s, baseline, CAST(data -> '$.lines' AS JSON[]) AS parts FROM plan) WHERE parts IS NOT NULL
);
-- exact: line(capacity)
INSERT INTO line SELECT s, 0, row_number() OVER (
        PARTITION BY s ORDER BY min({'a': last_day, 'b': first_day, 'c': coalesce(shift, '')}), line
    ), line, NULL, NULL, NULL, NULL, min(first_day) FROM output_report GROUP BY s, line;
-- The unit: that of the capacity, else of the earliest report.
UPDATE line SET unit = e.unit FROM (
    SELECT s, line, arg_min(unit, {'a': last_day, 'b': first_day, 'c': coalesce(shift, '')}) AS unit FROM output_report GROUP BY s, line
) e WHERE e.s = line.s AND e.line = line.id AND line.unit IS NULL;
ALTER TABLE line ADD COLUMN per_day VARCHAR;
UPDATE line SET per_day = exact_multiply(capacity, CASE per WHEN 'P1D' THEN '1' WHEN 'P1M' THEN '12/365' WHEN 'P1Y' THEN '1/365' WHEN 'PT1H' THEN '24' END);
-- exact: line(per_day)

-- Reports in a unit that fits, measured in that of the line. One of a whole period replaces those of its shifts.
CREATE TABLE measured AS
SELECT u.s, u.id, u.unit, r.first_day, r.last_day, r.shift, r.data, factor_of(r.unit, u.unit, f.size) AS factor, exact_amount(r.quantity, factor_of(r.unit, u.unit, f.size)) AS made
FROM (SELECT DISTINCT s, id, unit FROM line) u JOIN output_report r ON r.s = u.s AND r.line = u.id
LEFT JOIN factor f ON f.unit = r.unit AND f.target = u.unit
WHERE factor_of(r.unit, u.unit, f.size) IS NOT NULL;
-- exact: measured(made)
CREATE TABLE period AS
WITH counting AS (
    SELECT *, bool_or(shift IS NULL) OVER (PARTITION BY s, id, unit, first_day, last_day) AS has_whole FROM measured
)
SELECT s, id, unit, first_day, last_day, exact_sum(list(made)) AS made FROM counting WHERE shift IS NULL OR NOT has_whole
GROUP BY s, id, unit, first_day, last_day;
-- exact: period(made)
-- Which periods count: the longest first, of two equals the earlier, each if it overlaps none that was taken. Those that
-- nothing better overlaps are taken at once, what they overlap is left out, and so on until all is decided.
ALTER TABLE period ADD COLUMN is_chosen BOOLEAN;
CREATE TABLE overlap AS
WITH suspect AS (
    SELECT *, first_day <= max(last_day) OVER (PARTITION BY s, id, unit ORDER BY first_day, last_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_contested
    FROM period
), contested AS (
    SELECT p.rowid AS number, p.*, p.last_day - p.first_day AS length FROM period p
    SEMI JOIN (SELECT DISTINCT s, id, unit FROM suspect WHERE is_contested) c ON c.s = p.s AND c.id = p.id AND c.unit = p.unit
)
SELECT a.number AS better, b.number AS worse FROM contested a
JOIN contested b ON b.s = a.s AND b.id = a.id AND b.unit = a.unit AND b.first_day <= a.last_day AND a.first_day <= b.last_day
WHERE a.length > b.length OR (a.length = b.length AND a.first_day < b.first_day);
-- repeat until: SELECT count(*) = 0 FROM period WHERE is_chosen IS NULL
UPDATE period SET is_chosen = true WHERE is_chosen IS NULL AND rowid NOT IN (
    SELECT o.worse FROM overlap o JOIN period b ON b.rowid = o.better WHERE b.is_chosen IS NULL
);
UPDATE period SET is_chosen = false WHERE is_chosen IS NULL AND rowid IN (
    SELECT o.worse FROM overlap o JOIN period b ON b.rowid = o.better WHERE b.is_chosen
);
-- end repeat

-- What a line made before each period that counts, in whole 10⁻⁶; inside one it is even by days.
CREATE TABLE made AS
SELECT s, id, unit, first_day, last_day - first_day + 1 AS days, exact_multiply(made, '1000000') AS made FROM period WHERE is_chosen;
-- exact: made(made)
CREATE TABLE made_until AS
SELECT *, coalesce(sum(CAST(made AS HUGEINT)) OVER before, 0) AS made_before, coalesce(sum(days) OVER before, 0) AS days_before
FROM made
WINDOW before AS (PARTITION BY s, id, unit ORDER BY first_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);

-- Lines of each day, and the unit of the project: that of the first line that has one.
CREATE TABLE line_here AS
SELECT h.s, h.day, h.baseline, h.start, l.id, l.unit, l.per_day, l.place
FROM here h
JOIN section n ON n.s = h.s AND n.day = h.day AND n.name = 'production'
JOIN line l ON l.s = h.s AND l.baseline = h.baseline AND (h.baseline <> 0 OR l.since <= h.day);
CREATE TABLE line_total AS
SELECT s, day, any_value(baseline) AS baseline, any_value(start) AS start, arg_min(unit, place) FILTER (unit IS NOT NULL) AS unit
FROM line_here GROUP BY s, day;
-- Lines that count for the project, with what one of their unit is in its unit.
CREATE TABLE line_share AS
SELECT l.s, l.day, l.id, l.unit, l.per_day, CASE WHEN l.unit IS NULL THEN '1' ELSE factor_of(l.unit, t.unit, f.size) END AS scale
FROM line_here l JOIN line_total t ON t.s = l.s AND t.day = l.day
LEFT JOIN factor f ON f.unit = l.unit AND f.target = t.unit
WHERE l.unit IS NULL OR factor_of(l.unit, t.unit, f.size) IS NOT NULL;

-- Days on which any of the lines of a project reported, as runs without a gap.
CREATE TABLE pool AS
SELECT DISTINCT l.s, l.baseline, t.unit AS total_unit FROM line_here l JOIN line_total t ON t.s = l.s AND t.day = l.day;
CREATE TABLE pool_until AS
WITH covered AS (
    SELECT DISTINCT p.s, p.baseline, p.total_unit, unnest(generate_series(m.first_day, m.first_day + CAST(m.days - 1 AS INTEGER), INTERVAL 1 DAY))::DATE AS day
    FROM pool p
    JOIN line l ON l.s = p.s AND l.baseline = p.baseline
    JOIN made m ON m.s = l.s AND m.id = l.id AND m.unit = l.unit
    LEFT JOIN factor f ON f.unit = l.unit AND f.target = p.total_unit
    WHERE factor_of(l.unit, p.total_unit, f.size) IS NOT NULL
)
SELECT *, row_number() OVER (PARTITION BY s, baseline, total_unit ORDER BY day) AS days FROM covered;

-- Output and reported days up to and with each day that a window begins or ends at.
CREATE TABLE edge AS
SELECT s, day, id, unit, edge, CASE edge WHEN 'now' THEN day WHEN '7' THEN day - 7 WHEN '30' THEN day - 30 ELSE start - 1 END AS seen_on
FROM line_here CROSS JOIN (VALUES ('now'), ('7'), ('30'), ('start')) AS edges(edge)
WHERE edge <> 'start' OR start IS NOT NULL;
CREATE TABLE output_until AS
SELECT e.s, e.day, e.id, e.edge, coalesce(m.days_before + least(e.seen_on - m.first_day + 1, m.days), 0) AS days,
       CASE WHEN m.first_day IS NULL THEN '0'
            WHEN e.seen_on - m.first_day + 1 >= m.days THEN CAST(m.made_before + CAST(m.made AS HUGEINT) AS VARCHAR)
            ELSE exact_add(CAST(m.made_before AS VARCHAR), exact_share(m.made, e.seen_on - m.first_day + 1, m.days)) END AS micro
FROM edge e ASOF LEFT JOIN made_until m ON m.s = e.s AND m.id = e.id AND m.unit = e.unit AND m.first_day <= e.seen_on;
-- exact: output_until(micro)
-- Windows of each line: since the first report, the last 7 and 30 days, since the start.
CREATE TABLE output_window AS
SELECT n.s, n.day, n.id, w.edge, n.days - coalesce(b.days, 0) AS days,
       exact_divide(exact_subtract(n.micro, coalesce(b.micro, '0')), '1000000') AS made
FROM output_until n
CROSS JOIN (VALUES ('all'), ('7'), ('30'), ('start')) AS w(edge)
LEFT JOIN output_until b ON b.s = n.s AND b.day = n.day AND b.id = n.id AND b.edge = w.edge
WHERE n.edge = 'now' AND (w.edge = 'all' OR b.s IS NOT NULL);
-- A day before the start has made nothing since the start.
UPDATE output_window SET made = '0', days = 0 WHERE days < 0;
-- exact: output_window(made)

-- The project: the sum of its lines; a day counts once, whichever lines reported.
CREATE TABLE total_window AS
WITH summed AS (
    SELECT w.s, w.day, w.edge, exact_sum(list(exact_multiply(w.made, l.scale))) AS made
    FROM output_window w JOIN line_share l ON l.s = w.s AND l.day = w.day AND l.id = w.id
    GROUP BY w.s, w.day, w.edge
), bounded AS (
    SELECT m.*, t.baseline, t.unit, CASE m.edge WHEN '7' THEN m.day - 7 WHEN '30' THEN m.day - 30 WHEN 'start' THEN t.start - 1 ELSE DATE '0001-01-01' END AS seen_on
    FROM summed m JOIN line_total t ON t.s = m.s AND t.day = m.day
), counted AS (
    SELECT b.*, coalesce(p.days, 0) AS days_now FROM bounded b
    ASOF LEFT JOIN pool_until p ON p.s = b.s AND p.baseline = b.baseline AND p.total_unit = b.unit AND p.day <= b.day
)
SELECT c.s, c.day, c.edge, c.made, greatest(c.days_now - coalesce(p.days, 0), 0) AS days FROM counted c
ASOF LEFT JOIN pool_until p ON p.s = c.s AND p.baseline = c.baseline AND p.total_unit = c.unit AND p.day <= c.seen_on;
-- exact: total_window(made)

-- Plans of lines by period; even by days inside one.
CREATE TABLE line_plan AS
WITH told AS (
    SELECT s, baseline, id, unit, entry ->> '$.period' AS period, exact_amount(entry ->> '$.value', '1') AS amount
    FROM (SELECT s, baseline, id, unit, unnest(CAST(plan AS JSON[])) AS entry FROM line WHERE plan IS NOT NULL)
)
SELECT s, baseline, id, unit, amount,
       CAST(CASE length(period) WHEN 4 THEN period || '-01-01' WHEN 7 THEN period || '-01' ELSE left(period, 10) END AS DATE) AS first_day,
       CASE length(period) WHEN 4 THEN CAST(period || '-12-31' AS DATE) WHEN 7 THEN last_day(CAST(period || '-01' AS DATE))
            ELSE CAST(right(period, 10) AS DATE) END AS last_day
FROM told;
-- exact: line_plan(amount)
CREATE TABLE plan_here AS
WITH entry AS (
    SELECT l.s, l.day, l.id AS scope, p.amount, p.first_day, p.last_day, l.start
    FROM line_here l JOIN line_plan p ON p.s = l.s AND p.baseline = l.baseline AND p.id = l.id
    UNION ALL
    SELECT l.s, l.day, '', exact_multiply(p.amount, h.scale), p.first_day, p.last_day, l.start
    FROM line_here l JOIN line_plan p ON p.s = l.s AND p.baseline = l.baseline AND p.id = l.id
    JOIN line_share h ON h.s = l.s AND h.day = l.day AND h.id = l.id
)
SELECT s, day, scope, exact_sum(list(amount)) AS whole, max(last_day) AS last_day,
       exact_sum(list(exact_share(amount, greatest(0, least(last_day, day) - greatest(first_day, start) + 1), last_day - first_day + 1))) AS to_date
FROM entry GROUP BY s, day, scope;
-- exact: plan_here(whole to_date)

CREATE TABLE production_row AS
WITH scoped AS (
    SELECT l.s, l.day, l.id AS scope, l.baseline, coalesce(l.unit, '1') AS unit FROM line_here l
    UNION ALL SELECT s, day, '', baseline, coalesce(unit, '1') FROM line_total
), made AS (
    SELECT s, day, id AS scope, edge, made, days FROM output_window
    UNION ALL SELECT s, day, '', edge, made, days FROM total_window
)
SELECT c.*, a.made AS made_all, a.days AS days_all, w.made AS made_7, w.days AS days_7, m.made AS made_30, m.days AS days_30,
       b.made AS made_start, b.days AS days_start, p.whole, p.to_date, p.last_day - c.day AS days_left, q.complete,
       CASE WHEN a.days = 0 THEN 4 END AS output_r, CASE WHEN c.baseline = 0 THEN 1 WHEN p.whole IS NULL THEN 2 END AS plan_r,
       CASE WHEN w.days < 5 THEN 4 END AS week_r, exact_subtract(p.whole, a.made) AS rest
FROM scoped c
JOIN place q ON q.s = c.s AND q.day = c.day
JOIN made a ON a.s = c.s AND a.day = c.day AND a.scope = c.scope AND a.edge = 'all'
JOIN made w ON w.s = c.s AND w.day = c.day AND w.scope = c.scope AND w.edge = '7'
JOIN made m ON m.s = c.s AND m.day = c.day AND m.scope = c.scope AND m.edge = '30'
LEFT JOIN made b ON b.s = c.s AND b.day = c.day AND b.scope = c.scope AND b.edge = 'start'
LEFT JOIN plan_here p ON p.s = c.s AND p.day = c.day AND p.scope = c.scope;
-- exact: production_row(rest)

INSERT INTO figure
WITH told AS (
    SELECT *, coalesce(rest = '0' OR starts_with(rest, '-'), false) AND output_r IS NULL AS is_done FROM production_row
), asked AS (
    SELECT *, CASE WHEN is_done AND complete IS NULL THEN greatest(days_left, 1) ELSE days_left END AS days_asked FROM told
)
SELECT s, day, 'output_cumulative', scope, unit, NULL, NULL, made_all, output_r, false FROM asked
UNION ALL
SELECT s, day, 'output_rolling_7d', scope, unit || '/d', made_7, CAST(days_7 AS VARCHAR), NULL, week_r, false FROM asked
UNION ALL
SELECT s, day, 'output_rolling_30d', scope, unit || '/d', made_30, CAST(days_30 AS VARCHAR), NULL, CASE WHEN days_30 < 20 THEN 4 END, false FROM asked
UNION ALL
SELECT s, day, 'plan_attainment', scope, '%', CASE WHEN days_start > 0 THEN made_start END, to_date, NULL,
       least(plan_r, CASE WHEN coalesce(days_start, 0) = 0 THEN 4 END, zero_reason(to_date)), false FROM asked
UNION ALL
SELECT s, day, 'required_rate', scope, unit || '/d', CASE WHEN output_r IS NOT NULL THEN NULL WHEN is_done THEN '0' ELSE rest END,
       CAST(days_asked AS VARCHAR), NULL,
       least(plan_r, output_r, complete, CASE WHEN days_asked <= 0 AND NOT is_done THEN 7 END, CASE WHEN days_asked = 0 THEN 10 END), false FROM asked
UNION ALL
SELECT s, day, 'projected_output', scope, unit, NULL, NULL,
       CASE WHEN days_7 > 0 THEN exact_add(made_all, exact_share(made_7, greatest(days_left, 0), days_7)) END,
       CASE WHEN plan_r IS NOT NULL THEN plan_r ELSE least(output_r, week_r) END, false FROM asked;

CREATE TABLE utilization AS
WITH rated AS (
    SELECT l.s, l.day, l.id AS scope, w.made, exact_multiply(l.per_day, CAST(w.days AS VARCHAR)) AS capacity, w.days
    FROM line_here l JOIN output_window w ON w.s = l.s AND w.day = l.day AND w.id = l.id AND w.edge = '30' WHERE l.per_day IS NOT NULL
    UNION ALL
    SELECT l.s, l.day, '', exact_multiply(w.made, l.scale), exact_multiply(exact_multiply(l.per_day, CAST(w.days AS VARCHAR)), l.scale), w.days
    FROM line_share l JOIN output_window w ON w.s = l.s AND w.day = l.day AND w.id = l.id AND w.edge = '30' WHERE l.per_day IS NOT NULL
)
SELECT s, day, scope, exact_sum(list(made)) AS made, exact_sum(list(capacity)) AS capacity, sum(days) AS days FROM rated GROUP BY s, day, scope;
-- exact: utilization(made capacity)
INSERT INTO figure
SELECT p.s, p.day, 'capacity_utilization', p.scope, '%', u.made, u.capacity, NULL,
       CASE WHEN p.baseline = 0 THEN 1 WHEN u.s IS NULL THEN 2 ELSE least(CASE WHEN u.days = 0 THEN 4 END, zero_reason(u.capacity)) END, false
FROM production_row p LEFT JOIN utilization u ON u.s = p.s AND u.day = p.day AND u.scope = p.scope AND p.baseline <> 0;
