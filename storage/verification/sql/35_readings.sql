-- Readings of series: latest, means, year on year, targets (kpi-definitions 7).
CREATE TABLE reading AS
SELECT s, data ->> '$.series' AS id, day, instant_of(data ->> '$.at') AS taken_at, data ->> '$.unit' AS unit, data ->> '$.value' AS value
FROM stated WHERE type = 'milepost.reading.taken.v1';
CREATE TABLE series AS
SELECT s, baseline, part ->> '$.id' AS id, nullif(part ->> '$.unit', '') AS unit,
       exact_rate(part ->> '$.target', '1') AS target, exact_rate(part ->> '$.base_value', '1') AS base
FROM (SELECT s, baseline, unnest(CAST(data -> '$.series' AS JSON[])) AS part FROM plan);
INSERT INTO series SELECT DISTINCT r.s, 0, r.id, NULL, NULL, NULL FROM reading r;
-- exact: series(target base)
-- The unit: as planned, else that of the earliest reading.
CREATE TABLE first_reading AS SELECT s, id, min(day) AS day, arg_min(unit, taken_at) AS unit FROM reading GROUP BY s, id;

CREATE TABLE read AS
SELECT u.s, u.id, u.unit, r.day, r.taken_at, exact_rate(r.value, factor_of(r.unit, u.unit, f.size)) AS v
FROM (
    SELECT DISTINCT e.s, e.id, coalesce(e.unit, f.unit) AS unit FROM series e LEFT JOIN first_reading f ON f.s = e.s AND f.id = e.id
) u
JOIN reading r ON r.s = u.s AND r.id = u.id
LEFT JOIN factor f ON f.unit = r.unit AND f.target = u.unit
WHERE factor_of(r.unit, u.unit, f.size) IS NOT NULL;
-- exact: read(v)
CREATE TABLE read_day AS
SELECT s, id, unit, day, arg_max(v, taken_at) AS latest, exact_sum(list(v)) AS total, count(*) AS readings FROM read GROUP BY s, id, unit, day;
-- exact: read_day(total)

CREATE TABLE series_here AS
SELECT h.s, h.day, h.baseline, e.id, e.unit AS planned_unit, coalesce(e.unit, f.unit) AS unit, e.target, e.base,
       coalesce(e.unit, CASE WHEN f.day <= h.day THEN f.unit END, '1') AS told_unit,
       CASE WHEN month(h.day) = 2 AND day(h.day) = 29 THEN h.day - 366 ELSE CAST(h.day - INTERVAL 1 YEAR AS DATE) END AS year_ago
FROM here h JOIN series e ON e.s = h.s AND e.baseline = h.baseline
LEFT JOIN first_reading f ON f.s = e.s AND f.id = e.id
WHERE h.baseline <> 0 OR f.day <= h.day;

CREATE TABLE mean AS
SELECT h.s, h.day, h.id, w.days, exact_sum(list(r.total) FILTER (r.total IS NOT NULL)) AS total, coalesce(sum(r.readings), 0) AS readings,
       count(r.day) AS covered
FROM series_here h CROSS JOIN (VALUES (7), (30)) AS w(days)
LEFT JOIN read_day r ON r.s = h.s AND r.id = h.id AND r.unit = h.unit AND r.day <= h.day AND r.day > h.day - w.days
GROUP BY h.s, h.day, h.id, w.days;
-- exact: mean(total)
INSERT INTO figure
SELECT m.s, m.day, 'reading_mean_' || CAST(m.days AS VARCHAR) || 'd', m.id, h.told_unit, m.total, CAST(m.readings AS VARCHAR),
       exact_share(m.total, 1, m.readings), least(CASE WHEN m.readings = 0 THEN 10 END, CASE WHEN m.covered < CASE m.days WHEN 7 THEN 5 ELSE 20 END THEN 4 END), false
FROM mean m JOIN series_here h ON h.s = m.s AND h.day = m.day AND h.id = m.id;

CREATE TABLE series_row AS
SELECT h.*, l.latest, t.latest AS today, y.latest AS earlier, exact_subtract(t.latest, y.latest) AS change,
       exact_subtract(l.latest, h.target) AS over_target, exact_subtract(h.base, l.latest) AS gone, exact_subtract(h.base, h.target) AS way
FROM series_here h
ASOF LEFT JOIN read_day l ON l.s = h.s AND l.id = h.id AND l.unit = h.unit AND l.day <= h.day
LEFT JOIN read_day t ON t.s = h.s AND t.id = h.id AND t.unit = h.unit AND t.day = h.day
LEFT JOIN read_day y ON y.s = h.s AND y.id = h.id AND y.unit = h.unit AND y.day = h.year_ago;
-- exact: series_row(change over_target gone way)
INSERT INTO figure
WITH told AS (
    SELECT *, CASE WHEN latest IS NULL THEN 4 END AS latest_r, CASE WHEN today IS NULL OR earlier IS NULL THEN 4 END AS change_r,
           CASE WHEN baseline = 0 THEN 1 WHEN target IS NULL THEN 2 END AS target_r, CASE WHEN baseline = 0 THEN 1 WHEN base IS NULL THEN 2 END AS base_r
    FROM series_row
)
SELECT s, day, 'reading_latest', id, told_unit, NULL, NULL, latest, latest_r, false FROM told
UNION ALL
SELECT s, day, 'reading_yoy', id, 'pp', NULL, NULL, change, change_r, false FROM told WHERE told_unit = '%'
UNION ALL
SELECT s, day, 'reading_yoy', id, '%', change, earlier, NULL, least(change_r, CASE WHEN earlier = '0' OR starts_with(earlier, '-') THEN 10 END), false
FROM told WHERE told_unit <> '%'
UNION ALL
SELECT s, day, 'target_distance', id, '%', over_target, target, NULL, least(target_r, latest_r, zero_reason(target)), false FROM told
UNION ALL
SELECT s, day, 'target_attainment', id, '%', gone, way, NULL, least(base_r, target_r, latest_r, zero_reason(way)), false FROM told;
