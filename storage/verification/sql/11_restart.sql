-- Surveys with what they leave out, and the oldest of the last seven of each day (kpi-definitions 5).
CREATE TABLE survey AS
WITH carried AS (
    SELECT s, day, data ->> '$.resumed' AS resumed,
           last_value(CASE WHEN (data -> '$.population') IS NOT NULL THEN {'x': data ->> '$.population'} END IGNORE NULLS) OVER (
               PARTITION BY s ORDER BY day ROWS UNBOUNDED PRECEDING).x AS population
    FROM stated WHERE type = 'milepost.restart.surveyed.v1'
)
SELECT s, day, exact_amount(resumed, '1') AS resumed, exact_amount(population, '1') AS population FROM carried;
-- exact: survey(resumed population)
ALTER TABLE survey ADD COLUMN oldest DATE;
UPDATE survey SET oldest = o.oldest FROM (
    SELECT s, day, min(day) OVER (PARTITION BY s ORDER BY day ROWS 6 PRECEDING) AS oldest FROM survey
) o WHERE o.s = survey.s AND o.day = survey.day;

CREATE TABLE restart_plan AS
SELECT s, baseline, exact_amount(data ->> '$.restart.population', '1') AS population,
       exact_rate(data ->> '$.restart.target_rate', '1') AS target_rate, CAST(data ->> '$.restart.due' AS DATE) AS due,
       CAST(data ->> '$.restart.holiday_end' AS DATE) AS holiday_end, (data ->> '$.restart.previous') IS NOT NULL AS has_previous
FROM plan WHERE (data ->> '$.restart') IS NOT NULL;
-- exact: restart_plan(population target_rate)
CREATE TABLE previous_rate AS
SELECT s, baseline, CAST(rate ->> '$.day' AS INTEGER) AS day, exact_rate(arg_max(rate ->> '$.rate', place), '1') AS rate
FROM (
    SELECT s, baseline, unnest(rates) AS rate, unnest(range(len(rates))) AS place
    FROM (SELECT s, baseline, CAST(data -> '$.restart.previous.rates' AS JSON[]) AS rates FROM plan) WHERE rates IS NOT NULL
) GROUP BY s, baseline, CAST(rate ->> '$.day' AS INTEGER);
-- exact: previous_rate(rate)

CREATE TABLE restart_base AS
SELECT h.s, h.day, h.baseline, p.target_rate, p.due, p.holiday_end, p.has_previous,
       v.day AS surveyed_on, v.oldest, v.resumed, coalesce(v.population, p.population) AS population,
       o.resumed AS resumed_then, coalesce(o.population, p.population) AS population_then,
       CAST(NULL AS VARCHAR) AS rate, CAST(NULL AS VARCHAR) AS rate_then, CAST(NULL AS VARCHAR) AS reached
FROM here h
JOIN section n ON n.s = h.s AND n.day = h.day AND n.name = 'restart'
LEFT JOIN restart_plan p ON p.s = h.s AND p.baseline = h.baseline
ASOF LEFT JOIN survey v ON v.s = h.s AND v.day <= h.day
LEFT JOIN survey o ON o.s = v.s AND o.day = v.oldest;
UPDATE restart_base SET rate = exact_multiply(exact_divide(resumed, population), '100'),
                        rate_then = exact_multiply(exact_divide(resumed_then, population_then), '100');
-- exact: restart_base(rate rate_then)
UPDATE restart_base SET reached = exact_compare(rate, coalesce(target_rate, '100'));
-- exact: restart_base(reached)
CREATE TABLE reached_restart AS SELECT s, day FROM restart_base WHERE reached IN ('0', '1') AND baseline <> 0;
