-- Whether a project reports, and how it stands against its due day.
CREATE TABLE rhythm AS
WITH read AS (
    SELECT s, baseline, data ->> '$.finish' AS finish, coalesce(data ->> '$.campaign.due', data ->> '$.restart.due', (
               SELECT max(part ->> '$.due') FROM (SELECT unnest(CAST(data -> '$.series' AS JSON[])) AS part)
           ), data ->> '$.finish') AS due,
           regexp_extract(coalesce(data ->> '$.report_every', 'P1D'),
               '^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$', ['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds']) AS every
    FROM plan
), timed AS (
    SELECT s, baseline, CAST(due AS DATE) AS due,
           coalesce(TRY_CAST(every.years AS BIGINT), 0) * 31536000 + coalesce(TRY_CAST(every.months AS BIGINT), 0) * 2628000
           + coalesce(TRY_CAST(every.weeks AS BIGINT), 0) * 604800 + coalesce(TRY_CAST(every.days AS BIGINT), 0) * 86400
           + coalesce(TRY_CAST(every.hours AS BIGINT), 0) * 3600 + coalesce(TRY_CAST(every.minutes AS BIGINT), 0) * 60
           + coalesce(TRY_CAST(every.seconds AS BIGINT), 0) AS seconds
    FROM read
)
SELECT s, baseline, due, CASE WHEN seconds = 0 THEN 86400 ELSE seconds END AS seconds,
       CASE WHEN seconds = 0 THEN 1 ELSE (seconds + 86399) // 86400 END AS every_days
FROM timed;
CREATE TABLE told_day AS SELECT DISTINCT s, day FROM stated WHERE day IS NOT NULL;
CREATE TABLE slots AS
SELECT h.s, h.day, greatest(1, 7 // r.every_days) AS slots, count(DISTINCT (h.day - t.day) // r.every_days) AS filled
FROM here h JOIN rhythm r ON r.s = h.s AND r.baseline = h.baseline
LEFT JOIN told_day t ON t.s = h.s AND t.day <= h.day AND h.day - t.day < greatest(1, 7 // r.every_days) * r.every_days
GROUP BY h.s, h.day, r.every_days;

INSERT INTO figure
WITH told AS (
    SELECT h.s, h.day, h.baseline, h.complete, plan_reason(h.baseline) AS unplanned, r.due, r.seconds, h.day - t.day AS age, l.slots, l.filled,
           CASE WHEN t.day IS NULL THEN 4 END AS age_r, least(plan_reason(h.baseline), CASE WHEN r.due IS NULL THEN 2 END, h.complete) AS due_r,
           f.v AS ahead, CASE WHEN f.s IS NULL THEN 2 ELSE f.r END AS ahead_r
    FROM place h
    LEFT JOIN rhythm r ON r.s = h.s AND r.baseline = h.baseline
    ASOF LEFT JOIN told_day t ON t.s = h.s AND t.day <= h.day
    LEFT JOIN slots l ON l.s = h.s AND l.day = h.day
    LEFT JOIN (SELECT * FROM figure WHERE scope = '' AND kpi IN ('projected_finish', 'forecast_finish')
               QUALIFY row_number() OVER (PARTITION BY s, day ORDER BY kpi DESC) = 1) f ON f.s = h.s AND f.day = h.day
)
SELECT s, day, 'report_age', '', 'd', NULL, NULL, CAST(age AS VARCHAR), age_r, false FROM told
UNION ALL
SELECT s, day, 'report_overdue', '', 'd', NULL, NULL, CAST(age AS VARCHAR) || ' ' || CAST(2 * seconds AS VARCHAR) || ' 86400 / -',
       least(unplanned, age_r, complete), false FROM told
UNION ALL
SELECT s, day, 'reporting_coverage_7d', '', '%', CAST(filled AS VARCHAR), CAST(slots AS VARCHAR), NULL, unplanned, false FROM told
UNION ALL
SELECT s, day, 'target_days_late', '', 'd', NULL, NULL, CAST(day - due AS VARCHAR), due_r, false FROM told
UNION ALL
SELECT s, day, 'target_margin', '', 'd', NULL, NULL, exact_subtract(CAST(due - day AS VARCHAR), ahead), least(due_r, ahead_r), false FROM told;
