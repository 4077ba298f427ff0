CREATE TABLE schedule_row AS
SELECT t.*, e.sci_t, e.sci_t_r, e.complete, t.planned - t.actual AS days_left, t.day - t.start AS elapsed, CAST(NULL AS VARCHAR) AS took
FROM schedule t JOIN evm_row e ON e.s = t.s AND e.day = t.day;
UPDATE schedule_row SET took = CASE WHEN finished_on IS NOT NULL THEN CAST(finished_on - start AS VARCHAR)
    WHEN index_r IS NULL THEN exact_add(CAST(before AS VARCHAR), exact_divide(CAST(planned AS VARCHAR), index)) END;
-- exact: schedule_row(took)
CREATE TABLE forecast AS
SELECT s, day, finished_on, exact_subtract(took, CAST(elapsed AS VARCHAR)) AS ahead, CAST(NULL AS VARCHAR) AS days,
       CASE WHEN finished_on IS NULL THEN least(planned_r, index_r, zero_reason(index)) END AS r
FROM schedule_row;
-- exact: forecast(ahead)
UPDATE forecast SET days = ahead || ' ceiling' WHERE r IS NULL;
-- exact: forecast(days)
UPDATE forecast SET r = 8 WHERE r IS NULL AND CAST(days AS BIGINT) > DATE '9999-12-31' - day;

INSERT INTO figure
WITH told AS (
    SELECT *, CASE WHEN finished_on IS NULL THEN 1 ELSE 0 END AS is_open, least(planned_r, earned_r) AS rest_r FROM schedule_row
), listed AS (
    SELECT s, day, unnest([
        {'kpi': 'earned_schedule', 'unit': 'd', 'n': NULL, 'd': NULL, 'v': earned, 'r': earned_r},
        {'kpi': 'actual_time', 'unit': 'd', 'n': NULL, 'd': NULL, 'v': CAST(actual AS VARCHAR), 'r': NULL},
        {'kpi': 'planned_duration', 'unit': 'd', 'n': NULL, 'd': NULL, 'v': CAST(planned_duration AS VARCHAR),
         'r': CASE WHEN planned_duration IS NULL THEN 2 END},
        {'kpi': 'schedule_variance_time', 'unit': 'd', 'n': NULL, 'd': NULL, 'v': exact_subtract(earned, CAST(actual AS VARCHAR)), 'r': earned_r},
        {'kpi': 'spi_t', 'unit': '1', 'n': earned, 'd': CAST(actual AS VARCHAR), 'v': NULL, 'r': index_r},
        {'kpi': 'sci_t', 'unit': '1', 'n': NULL, 'd': NULL, 'v': sci_t, 'r': sci_t_r},
        {'kpi': 'forecast_duration', 'unit': 'd', 'n': NULL, 'd': NULL, 'v': took,
         'r': CASE WHEN is_open = 1 THEN least(planned_r, index_r, zero_reason(index)) END},
        {'kpi': 'forecast_duration_pf1', 'unit': 'd', 'n': NULL, 'd': NULL,
         'v': CASE WHEN is_open = 1 THEN exact_add(CAST(before + actual AS VARCHAR), rest) ELSE took END, 'r': CASE WHEN is_open = 1 THEN rest_r END},
        {'kpi': 'forecast_duration_sci_t', 'unit': 'd', 'n': NULL, 'd': NULL,
         'v': CASE WHEN is_open = 1 THEN exact_add(CAST(before + actual AS VARCHAR), exact_divide(rest, sci_t)) ELSE took END,
         'r': CASE WHEN is_open = 1 THEN least(rest_r, sci_t_r, zero_reason(sci_t)) END},
        {'kpi': 'tspi', 'unit': '1', 'n': rest, 'd': CAST(days_left AS VARCHAR), 'v': NULL,
         'r': least(rest_r, CASE WHEN early THEN 3 END, complete, CASE WHEN days_left <= 0 THEN 7 END)}
    ], recursive := true) FROM told
)
SELECT s, day, kpi, '', unit, n, d, v, r, false FROM listed
UNION ALL
SELECT s, day, 'forecast_finish', '', 'date', NULL, NULL, CASE WHEN r IS NULL THEN ahead END, r, true FROM forecast
UNION ALL
SELECT e.s, e.day, k.kpi, '', k.unit, NULL, NULL, NULL, 1, k.kpi = 'forecast_finish'
FROM evm_row e CROSS JOIN (VALUES
    ('earned_schedule', 'd'), ('actual_time', 'd'), ('planned_duration', 'd'), ('schedule_variance_time', 'd'), ('spi_t', '1'), ('sci_t', '1'),
    ('forecast_duration', 'd'), ('forecast_duration_pf1', 'd'), ('forecast_duration_sci_t', 'd'), ('tspi', '1'), ('forecast_finish', 'date')
) AS k(kpi, unit) WHERE e.baseline = 0;
