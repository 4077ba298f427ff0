-- Earned schedule (kpi-definitions 2): time counts from the start, since a later baseline from its approval.
CREATE TABLE duration AS
SELECT c.s, c.baseline, min(c.day) - any_value(p.start) AS days FROM curve c
JOIN (SELECT s, baseline, arg_max(v, day) AS v FROM curve GROUP BY s, baseline) l ON l.s = c.s AND l.baseline = c.baseline AND l.v = c.v
JOIN plan p ON p.s = c.s AND p.baseline = c.baseline
GROUP BY c.s, c.baseline;

CREATE TABLE clock AS
SELECT p.s, p.baseline, p.start, CASE WHEN p.place > 1 THEN greatest(p.start, p.holds_from) ELSE p.start END AS began,
       d.days AS planned_days, CASE WHEN p.place > 1 THEN e.ev ELSE '0' END AS ev_before,
       CASE WHEN p.place > 1 AND p.holds_from > p.start THEN e.pv ELSE '0' END AS pv_before, CASE WHEN p.place > 1 THEN e.ev_r END AS before_r
FROM plan p
LEFT JOIN duration d ON d.s = p.s AND d.baseline = p.baseline
LEFT JOIN evm e ON e.s = p.s AND e.baseline = p.baseline AND e.day = p.holds_from;

CREATE TABLE progress_in_time AS
SELECT e.s, e.day, e.baseline, c.start, c.began, c.began - c.start AS before, CASE WHEN c.planned_days IS NOT NULL THEN greatest(0, c.planned_days - (c.began - c.start)) END AS planned,
       greatest(0, e.day - c.began) AS actual, e.order_of IN ('0', '1') AND e.bac <> '0' AS is_earned,
       exact_subtract(e.ev, c.ev_before) AS gained, exact_subtract(exact_add(e.ev, c.pv_before), c.ev_before) AS target,
       least(CASE WHEN c.planned_days IS NULL THEN 2 END, e.ev_r, c.before_r) AS earned_r, CAST(NULL AS VARCHAR) AS earned
FROM evm e
JOIN here h ON h.s = e.s AND h.day = e.day AND h.baseline = e.baseline
JOIN clock c ON c.s = e.s AND c.baseline = e.baseline;
-- exact: progress_in_time(gained target)
-- The day on which as much was planned as was earned; of a plateau its end.
CREATE TABLE aim AS
SELECT t.s, t.baseline, t.target, c.day, c.next_day, c.v, c.next_v, exact_compare(t.target, c.v) AS order_of
FROM (SELECT DISTINCT s, baseline, target FROM progress_in_time WHERE earned_r IS NULL) t
JOIN stretch c ON c.s = t.s AND c.baseline = t.baseline;
-- exact: aim(order_of)
CREATE TABLE reached_on AS
SELECT s, baseline, target, day, exact_divide(exact_multiply(exact_subtract(target, v), CAST(next_day - day AS VARCHAR)), exact_subtract(next_v, v)) AS share
FROM aim WHERE order_of IN ('0', '1') QUALIFY row_number() OVER (PARTITION BY s, baseline, target ORDER BY day DESC) = 1;
-- exact: reached_on(share)
UPDATE progress_in_time p SET earned = CASE
    WHEN p.is_earned THEN CAST(p.planned AS VARCHAR)
    WHEN p.gained = '0' OR starts_with(p.gained, '-') THEN '0' END
WHERE p.earned_r IS NULL;
UPDATE progress_in_time p SET earned = CASE WHEN r.share IS NULL THEN CAST(p.planned AS VARCHAR)
    ELSE exact_add(CAST(r.day - p.began AS VARCHAR), r.share) END
FROM reached_on r WHERE r.s = p.s AND r.baseline = p.baseline AND r.target = p.target AND p.earned_r IS NULL AND p.earned IS NULL;
-- exact: progress_in_time(earned)
CREATE TABLE over_plan AS SELECT s, day, exact_compare(earned, CAST(planned AS VARCHAR)) AS order_of FROM progress_in_time;
-- exact: over_plan(order_of)
UPDATE progress_in_time p SET earned = CAST(p.planned AS VARCHAR) FROM over_plan o WHERE o.s = p.s AND o.day = p.day AND o.order_of = '1';

-- From the finish on it stands still.
CREATE TABLE schedule AS
SELECT p.s, p.day, p.baseline, p.early, p.finished_on, t.start, t.before, t.planned, t.actual, t.earned, t.earned_r,
       CASE WHEN t.planned IS NULL THEN 2 END AS planned_r, exact_divide(t.earned, CAST(t.actual AS VARCHAR)) AS index,
       least(t.earned_r, CASE WHEN t.actual = 0 THEN 10 END) AS index_r,
       exact_subtract(CAST(t.planned AS VARCHAR), t.earned) AS rest, d.days AS planned_duration
FROM place p
JOIN progress_in_time t ON t.s = p.s AND t.day = coalesce(p.finished_on, p.day)
LEFT JOIN duration d ON d.s = p.s AND d.baseline = p.baseline
WHERE p.baseline <> 0;
-- exact: schedule(index rest)
