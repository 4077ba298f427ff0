-- Required pace and projected finish of a campaign, its districts, and a restart.
CREATE TABLE completion AS
SELECT c.s, c.day, c.scope, c.unit || '/d' AS unit, c.rest, least(c.total_r, c.done_r) AS rest_r, c.due, h.complete,
       c.unplanned, exact_share(exact_subtract(c.done, c.done_before), 1, c.day - c.since) AS pace,
       CASE WHEN c.baseline = 0 THEN 1 WHEN c.since IS NULL THEN 3 ELSE least(c.done_r, CASE WHEN c.done_before IS NULL THEN 4 END) END AS pace_r
FROM campaign_row c JOIN place h ON h.s = c.s AND h.day = c.day
UNION ALL
SELECT r.s, r.day, '', 'pp/d', r.rest, least(r.target_r, r.rate_r), r.due, CASE WHEN r.is_finished THEN 5 END,
       r.unplanned, exact_divide(r.gained, r.gained_in), r.gained_r
FROM restart_row r
WHERE NOT EXISTS (SELECT 1 FROM section n WHERE n.s = r.s AND n.day = r.day AND n.name = 'campaign');
-- exact: completion(pace)
ALTER TABLE completion ADD COLUMN is_done BOOLEAN;
UPDATE completion SET is_done = coalesce(rest = '0' OR starts_with(rest, '-'), false);

INSERT INTO figure
WITH asked AS (
    SELECT *, CASE WHEN is_done THEN '0' ELSE rest END AS n,
           CASE WHEN is_done AND due IS NOT NULL AND unplanned IS NULL AND complete IS NULL THEN greatest(due - day, 1) ELSE due - day END AS days_left
    FROM completion
)
SELECT s, day, 'required_pace', scope, unit, n, CAST(days_left AS VARCHAR), NULL,
       least(rest_r, CASE WHEN due IS NULL THEN 2 END, unplanned, complete,
             CASE WHEN days_left <= 0 AND NOT is_done THEN 7 END, CASE WHEN days_left = 0 THEN 10 END), false
FROM asked;

CREATE TABLE projected AS
SELECT s, day, scope, exact_divide(rest, pace) AS ahead, CAST(NULL AS BIGINT) AS days,
       CASE WHEN unplanned IS NOT NULL OR complete IS NOT NULL OR is_done
            THEN least(rest_r, unplanned, complete, CASE WHEN is_done THEN 5 END)
            ELSE least(rest_r, pace_r, CASE WHEN pace = '0' THEN 9 WHEN starts_with(pace, '-') THEN 8 END) END AS r
FROM completion;
-- exact: projected(ahead)
-- What lies beyond the calendar is never reached.
CREATE TABLE beyond AS SELECT s, day, scope, ahead || ' ceiling' AS days FROM projected WHERE r IS NULL;
-- exact: beyond(days)
UPDATE projected SET r = 8 FROM beyond b
WHERE b.s = projected.s AND b.day = projected.day AND b.scope = projected.scope AND CAST(b.days AS BIGINT) > DATE '9999-12-31' - b.day;
INSERT INTO figure SELECT s, day, 'projected_finish', scope, 'date', NULL, NULL, CASE WHEN r IS NULL THEN ahead END, r, true FROM projected;
