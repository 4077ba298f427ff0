-- ISO 22400 indicators of a day: of the reports that count and whose period ends on it (kpi-definitions 4).
CREATE TABLE told_report AS
WITH counting AS (
    SELECT m.*, bool_or(m.shift IS NULL) OVER (PARTITION BY m.s, m.id, m.unit, m.first_day, m.last_day) AS has_whole FROM measured m
)
SELECT c.s, c.id, c.unit, c.last_day AS day, c.made AS pq, c.data ->> '$.good' AS good_text, c.factor,
       exact_amount(c.data ->> '$.good', c.factor) AS good,
       coalesce(exact_amount(c.data ->> '$.scrap', c.factor), CASE WHEN (c.data ->> '$.rework') IS NOT NULL OR c.made = '0' THEN '0' END) AS scrap,
       coalesce(exact_amount(c.data ->> '$.rework', c.factor), '0') AS rework,
       exact_rate(c.data ->> '$.planned_busy_time', '1') AS pbt, exact_rate(c.data ->> '$.unit_busy_time', '1') AS aubt,
       exact_rate(c.data ->> '$.unit_processing_time', '1') AS aupt, exact_rate(c.data ->> '$.production_time', '1') AS apt,
       exact_rate(c.data ->> '$.setup_time', '1') AS aust, exact_rate(c.data ->> '$.delay_time', '1') AS adet,
       exact_rate(c.data ->> '$.order_execution_time', '1') AS aoet,
       exact_rate(c.data ->> '$.planned_run_time_per_item', exact_divide('1', c.factor)) AS pri
FROM counting c
SEMI JOIN period p ON p.s = c.s AND p.id = c.id AND p.unit = c.unit AND p.first_day = c.first_day AND p.last_day = c.last_day AND p.is_chosen
WHERE c.shift IS NULL OR NOT c.has_whole;
-- exact: told_report(good pbt aubt aupt apt aust adet aoet pri)
ALTER TABLE told_report ADD COLUMN gq VARCHAR;
UPDATE told_report SET gq = coalesce(good, exact_subtract(exact_subtract(pq, scrap), rework)), aupt = coalesce(aupt, exact_add(apt, aust));
-- exact: told_report(gq aupt)
UPDATE told_report SET gq = CASE WHEN starts_with(gq, '-') THEN '0' ELSE gq END, aubt = coalesce(aubt, exact_add(aupt, adet));

-- A line has the sum of what each of its reports tells.
CREATE TABLE told_line AS
WITH timed AS (
    SELECT *, CASE WHEN pq = '0' THEN '0' ELSE exact_multiply(pri, pq) END AS pri_pq,
           CASE WHEN gq = '0' THEN '0' ELSE exact_multiply(pri, gq) END AS pri_gq
    FROM told_report
)
SELECT s, id, unit, day,
       CASE WHEN count(pq) = count(*) THEN exact_sum(list(pq)) END AS pq, CASE WHEN count(gq) = count(*) THEN exact_sum(list(gq)) END AS gq,
       CASE WHEN count(pri_pq) = count(*) THEN exact_sum(list(pri_pq)) END AS pri_pq,
       CASE WHEN count(pri_gq) = count(*) THEN exact_sum(list(pri_gq)) END AS pri_gq,
       CASE WHEN count(pbt) = count(*) THEN exact_sum(list(pbt)) END AS pbt, CASE WHEN count(aubt) = count(*) THEN exact_sum(list(aubt)) END AS aubt,
       CASE WHEN count(aupt) = count(*) THEN exact_sum(list(aupt)) END AS aupt, CASE WHEN count(apt) = count(*) THEN exact_sum(list(apt)) END AS apt,
       CASE WHEN count(aoet) = count(*) THEN exact_sum(list(aoet)) END AS aoet
FROM timed GROUP BY s, id, unit, day;
-- exact: told_line(pq gq pri_pq pri_gq pbt aubt aupt apt aoet)

-- What a scope adds up: a line itself, the project the lines that fit, quantities in its unit.
CREATE TABLE iso_part AS
SELECT l.s, l.day, l.id AS scope, t.* EXCLUDE (s, id, unit, day)
FROM line_here l JOIN told_line t ON t.s = l.s AND t.id = l.id AND t.unit = l.unit AND t.day = l.day
UNION ALL
SELECT l.s, l.day, '', exact_multiply(t.pq, l.scale), exact_multiply(t.gq, l.scale), t.pri_pq, t.pri_gq, t.pbt, t.aubt, t.aupt, t.apt, t.aoet
FROM line_share l JOIN told_line t ON t.s = l.s AND t.id = l.id AND t.unit = l.unit AND t.day = l.day;
-- exact: iso_part(pq gq)
CREATE TABLE iso_scope AS
WITH told AS (
    SELECT s, day, scope, count(*) FILTER (pq IS NOT NULL AND gq IS NOT NULL) AS qualities FROM iso_part GROUP BY s, day, scope
)
SELECT p.s, p.day, p.scope, p.baseline, p.unit, coalesce(t.qualities, 0) > 1 AS is_weighted
FROM production_row p LEFT JOIN told t ON t.s = p.s AND t.day = p.day AND t.scope = p.scope;
CREATE TABLE iso_ratio AS
WITH pair AS (
    SELECT c.s, c.day, c.scope, unnest([
        {'kpi': 'availability', 'a': p.apt, 'b': p.pbt}, {'kpi': 'effectiveness', 'a': p.pri_pq, 'b': p.apt},
        {'kpi': 'oee', 'a': p.pri_gq, 'b': p.pbt}, {'kpi': 'allocation_efficiency', 'a': p.aubt, 'b': p.pbt},
        {'kpi': 'utilization_efficiency', 'a': p.apt, 'b': p.aubt}, {'kpi': 'throughput_rate', 'a': p.pq, 'b': p.aoet},
        {'kpi': 'quality_ratio', 'a': CASE WHEN c.is_weighted THEN p.pri_gq ELSE p.gq END, 'b': CASE WHEN c.is_weighted THEN p.pri_pq ELSE p.pq END}
    ], recursive := true)
    FROM iso_scope c LEFT JOIN iso_part p ON p.s = c.s AND p.day = c.day AND p.scope = c.scope
), summed AS (
    SELECT s, day, scope, kpi, count(*) FILTER (a IS NOT NULL AND b IS NOT NULL) AS whole,
           list(a) FILTER (a IS NOT NULL AND b IS NOT NULL) AS a_whole, list(b) FILTER (a IS NOT NULL AND b IS NOT NULL) AS b_whole,
           list(a) FILTER (a IS NOT NULL) AS a_told, list(b) FILTER (b IS NOT NULL) AS b_told
    FROM pair GROUP BY s, day, scope, kpi
)
-- Only what tells both counts; where nothing does, each is told alone.
SELECT s, day, scope, kpi, whole > 0 AS is_whole,
       CASE WHEN whole > 0 THEN exact_sum(a_whole) WHEN a_told IS NOT NULL THEN exact_sum(a_told) END AS n,
       CASE WHEN whole > 0 THEN exact_sum(b_whole) WHEN b_told IS NOT NULL THEN exact_sum(b_told) END AS d
FROM summed;
-- exact: iso_ratio(n d)
INSERT INTO figure
SELECT r.s, r.day, r.kpi, r.scope, CASE WHEN r.kpi = 'throughput_rate' THEN c.unit || '/h' ELSE '%' END, r.n, r.d, NULL,
       least(plan_reason(c.baseline), CASE WHEN NOT r.is_whole THEN 4 END, zero_reason(r.d)), false
FROM iso_ratio r JOIN iso_scope c ON c.s = r.s AND c.day = r.day AND c.scope = r.scope;

-- NEE = (AUPT / PBT) × effectiveness × quality, over PBT; nothing made has no quality.
CREATE TABLE net AS
WITH told AS (
    SELECT c.s, c.day, c.scope, c.baseline, p.* EXCLUDE (s, day, scope),
           coalesce(p.aupt IS NOT NULL AND p.pri_gq IS NOT NULL AND p.pri_pq IS NOT NULL AND p.apt IS NOT NULL, false) AS works
    FROM iso_scope c LEFT JOIN iso_part p ON p.s = c.s AND p.day = c.day AND p.scope = c.scope
), known AS (
    SELECT *, works AND pbt IS NOT NULL AS is_whole, bool_or(works AND pbt IS NOT NULL) OVER (PARTITION BY s, day, scope) AS has_whole FROM told
)
SELECT s, day, scope, any_value(baseline) AS baseline, bool_or(has_whole) AS has_whole, bool_or(works) AS works,
       exact_sum(list(aupt) FILTER (is_whole OR (works AND NOT has_whole))) AS processing,
       exact_sum(list(pri_gq) FILTER (is_whole OR (works AND NOT has_whole))) AS good,
       exact_sum(list(apt) FILTER (is_whole OR (works AND NOT has_whole))) AS production,
       exact_sum(list(pq) FILTER (is_whole OR (works AND NOT has_whole))) AS made,
       CASE WHEN count(pbt) FILTER (is_whole OR NOT has_whole) > 0
            THEN exact_sum(list(pbt) FILTER (pbt IS NOT NULL AND (is_whole OR NOT has_whole))) END AS planned
FROM known GROUP BY s, day, scope;
-- exact: net(processing good production made planned)
CREATE TABLE net_row AS
SELECT *, CASE WHEN works AND production <> '0' AND made <> '0' THEN exact_divide(exact_multiply(processing, good), production) END AS earned,
       CASE WHEN NOT works THEN 4 WHEN production = '0' OR made = '0' THEN 10 END AS earned_r
FROM net;
-- exact: net_row(earned)
INSERT INTO figure
SELECT s, day, 'nee', scope, '%', earned, planned, NULL,
       least(plan_reason(baseline), earned_r, CASE WHEN NOT has_whole OR planned IS NULL THEN 4 END, zero_reason(planned)), false FROM net_row;
