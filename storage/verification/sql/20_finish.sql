-- Finished: EV has reached BAC, a restart or campaign its target, or the newest status says so.
CREATE TABLE finished AS
SELECT e.s, e.day FROM evm e
JOIN here h ON h.s = e.s AND h.day = e.day AND h.baseline = e.baseline
JOIN section n ON n.s = e.s AND n.day = e.day AND n.name = 'earned_value'
WHERE e.order_of IN ('0', '1') AND e.bac <> '0'
UNION
SELECT s, day FROM reached_restart
UNION
SELECT s, day FROM reached_campaign
UNION
SELECT h.s, h.day FROM here h
ASOF JOIN (SELECT s, day, data ->> '$.status' AS status FROM stated WHERE type = 'milepost.project.status_reported.v1') t
    ON t.s = h.s AND t.day <= h.day
WHERE t.status IN ('completed', 'commissioned');

-- The finish is the first day of the unbroken run of finished days.
CREATE TABLE place AS
WITH told AS (
    SELECT h.*, f.s IS NOT NULL AS is_finished FROM here h LEFT JOIN finished f ON f.s = h.s AND f.day = h.day
), broken AS (
    SELECT *, max(CASE WHEN NOT is_finished THEN day END) OVER (PARTITION BY s ORDER BY day ROWS UNBOUNDED PRECEDING) AS broken_on FROM told
    WHERE s NOT IN (SELECT s FROM subject WHERE twin IS NOT NULL)
)
SELECT * EXCLUDE (broken_on), CASE WHEN is_finished THEN 5 END AS complete,
       CASE WHEN is_finished THEN min(day) FILTER (is_finished) OVER (PARTITION BY s, broken_on) END AS finished_on
FROM broken;
-- Whether a project is finished is decided by the baselines in force, also where it is measured by the first.
INSERT INTO place
SELECT h.*, p.is_finished, p.complete, p.finished_on
FROM here h JOIN subject o ON o.s = h.s AND o.twin IS NOT NULL JOIN place p ON p.s = o.twin AND p.day = h.day;
