CREATE TABLE campaign_row AS
SELECT c.*, plan_reason(c.baseline) AS unplanned, CASE WHEN c.done IS NULL THEN 4 END AS done_r,
       CASE WHEN c.total IS NULL THEN 2 END AS total_r, c.day >= c.due AS is_due,
       CASE WHEN month(c.start) = 12 AND day(c.start) = 31 THEN c.start + 1 ELSE c.start END AS first_day
FROM campaign c;
-- Time progress 0…1: whole months in a campaign of one calendar year.
ALTER TABLE campaign_row ADD COLUMN elapsed VARCHAR;
UPDATE campaign_row SET elapsed = CASE
    WHEN is_due THEN '1'
    WHEN first_day = make_date(year(due), 1, 1) AND due = make_date(year(due), 12, 31) AND year(day) = year(due)
        THEN CAST(month(day) - 1 AS VARCHAR) || ' ' || CAST(day(day) AS VARCHAR) || ' ' || CAST(day(last_day(day)) AS VARCHAR) || ' / + 12 /'
    WHEN day <= start THEN '0'
    ELSE CAST(day - start AS VARCHAR) || ' ' || CAST(due - start AS VARCHAR) || ' /' END;
INSERT INTO figure
SELECT s, day, 'completion_rate', scope, '%', done, total, NULL, least(unplanned, done_r, total_r, zero_reason(total)), false FROM campaign_row
UNION ALL
SELECT s, day, 'tasks_overdue', scope, '1', NULL, NULL, CAST(overdue AS VARCHAR), least(unplanned, CASE WHEN NOT has_tasks THEN 4 END), false FROM campaign_row
UNION ALL
SELECT s, day, 'quantity_done', scope, unit, NULL, NULL, done, done_r, false FROM campaign_row
UNION ALL
SELECT s, day, 'lead_lag', scope, 'pp', NULL, NULL,
       exact_multiply(exact_subtract(exact_divide(done, total), elapsed), '100'),
       CASE WHEN baseline = 0 THEN 1 ELSE least(done_r, total_r, zero_reason(total), CASE WHEN due IS NULL THEN 2 END) END, false FROM campaign_row;
