CREATE TABLE restart_row AS
SELECT b.*, h.early, plan_reason(b.baseline) AS unplanned, h.is_finished,
       exact_subtract(b.rate, b.rate_then) AS gained, CAST(b.surveyed_on - b.oldest AS VARCHAR) AS gained_in,
       CASE WHEN b.resumed IS NULL THEN 4 END AS resumed_r, CASE WHEN b.population IS NULL THEN 2 END AS population_r,
       CASE WHEN b.target_rate IS NULL THEN 2 END AS target_r,
       exact_subtract(b.target_rate, b.rate) AS rest, q.rate AS rate_before,
       CASE WHEN b.has_previous AND b.holiday_end IS NOT NULL THEN CASE WHEN q.rate IS NULL THEN 4 END ELSE 2 END AS before_r
FROM restart_base b JOIN place h ON h.s = b.s AND h.day = b.day
LEFT JOIN previous_rate q ON q.s = b.s AND q.baseline = b.baseline AND b.has_previous AND q.day = b.day - b.holiday_end;
-- exact: restart_row(gained rest)
ALTER TABLE restart_row ADD COLUMN rate_r INTEGER;
ALTER TABLE restart_row ADD COLUMN gained_r INTEGER;
UPDATE restart_row SET rate_r = least(resumed_r, population_r, zero_reason(population));
UPDATE restart_row SET gained_r = CASE WHEN surveyed_on IS NULL OR oldest = surveyed_on THEN 4
    ELSE least(rate_r, CASE WHEN population_then IS NULL THEN 2 END, zero_reason(population_then)) END;
INSERT INTO figure
SELECT s, day, 'resumption_rate', '', '%', resumed, population, NULL, least(rate_r, unplanned), false FROM restart_row
UNION ALL
SELECT s, day, 'resumption_gap', '', 'pp', NULL, NULL, exact_subtract(rate, target_rate), least(unplanned, rate_r, target_r), false FROM restart_row
UNION ALL
SELECT s, day, 'resumption_pace', '', 'pp/d', CASE WHEN gained_r IS NULL THEN gained END,
       CASE WHEN oldest < surveyed_on THEN gained_in END, NULL, least(gained_r, unplanned, rate_r), false FROM restart_row
UNION ALL
SELECT s, day, 'resumption_rate_yoy', '', 'pp', NULL, NULL, exact_subtract(rate, rate_before), least(unplanned, rate_r, before_r), false FROM restart_row;
