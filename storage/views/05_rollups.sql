-- The day of roll-ups and rankings: the smallest closed day over the partitions, or the newest status date where nothing
-- was closed.
CREATE OR REPLACE VIEW internal.rollup_day AS
SELECT coalesce((SELECT min(closed_through) FROM ingest_progress), (SELECT max(k.as_of) FROM kpi_latest k)) AS day;

-- Who belongs to which group: one row per level, member and project. A parent is no member of its own group.
CREATE OR REPLACE VIEW internal.group_members AS
WITH planned AS MATERIALIZED (
    SELECT project_id, province, city, district, sector, owner, parent, tags FROM projects
), grouped AS (
    SELECT project_id, unnest([
        {'at_level': 'all', 'member': 'all'}, {'at_level': 'province', 'member': province}, {'at_level': 'city', 'member': city},
        {'at_level': 'district', 'member': district}, {'at_level': 'sector', 'member': sector},
        {'at_level': 'owner', 'member': owner}, {'at_level': 'parent', 'member': parent}
    ], recursive := true)
    FROM planned
    UNION ALL
    SELECT project_id, 'tag' AS at_level, unnest(list_distinct(tags)) AS member FROM planned
)
SELECT at_level, member, project_id FROM grouped WHERE member IS NOT NULL;

-- In which unit the numerator and denominator of a ratio are: that of another KPI of the project, or a fixed one.
CREATE OR REPLACE VIEW internal.ratio_bases AS
SELECT * FROM (VALUES
    ('spi', 'budget_at_completion', NULL), ('cpi', 'budget_at_completion', NULL), ('tcpi', 'budget_at_completion', NULL),
    ('tcpi_eac', 'budget_at_completion', NULL), ('percent_complete', 'budget_at_completion', NULL),
    ('percent_scheduled', 'budget_at_completion', NULL), ('percent_spent', 'budget_at_completion', NULL),
    ('plan_attainment', 'output_cumulative', NULL), ('capacity_utilization', 'output_cumulative', NULL),
    ('quality_ratio', 'output_cumulative', NULL), ('throughput_rate', 'output_cumulative', NULL),
    ('availability', NULL, 'h'), ('effectiveness', NULL, 'h'), ('oee', NULL, 'h'), ('nee', NULL, 'h'),
    ('allocation_efficiency', NULL, 'h'), ('utilization_efficiency', NULL, 'h'), ('completion_rate', 'quantity_done', NULL),
    ('resumption_rate', NULL, '1'), ('reporting_coverage_7d', NULL, '1'), ('milestone_hit_rate', NULL, '1'),
    ('milestone_on_time_rate', NULL, '1'), ('milestone_bei', NULL, '1'), ('investment_completion', NULL, NULL)
) bases(kpi, base_kpi, base_unit);

-- Investment is told in the unit of the budget; where the plan has none, in that of the earliest report.
CREATE OR REPLACE VIEW internal.investment_units AS
SELECT p.project_id, coalesce(p.unit, r.unit) AS unit
FROM projects p LEFT JOIN (
    SELECT s.project_id, first(s.data ->> '$.unit' ORDER BY s.as_of, CAST(s.data ->> '$.year' AS INTEGER)) AS unit
    FROM statements s WHERE s.type = 'milepost.investment.reported.v1' GROUP BY s.project_id
) r ON r.project_id = p.project_id;

-- A table macro must not meet unqualified columns of the names of its parameters, also further down; hence at_level, on_day.
-- Groups of the levels asked for, and projects for the level `project`, as of a day as known at a moment, ranked.
CREATE OR REPLACE MACRO internal.ranked(levels, day, moment) AS TABLE
WITH told AS MATERIALIZED (
    SELECT k.project_id, k.kpi, k.as_of AS on_day, k.value, k.unit, k.numerator, k.denominator, c.rollup, c.better,
           CASE WHEN k.unit = '%' AND c.rollup <> 'sum' THEN 100 ELSE 1 END AS times
    FROM kpi_at(day, moment) k JOIN kpi_catalog c ON c.kpi = k.kpi
    WHERE k.scope = ''
), own_bases AS (
    -- The quality of several lines is weighted by hours, that of one is told in what it makes.
    SELECT i.project_id, 'investment_completion' AS kpi, i.unit FROM internal.investment_units i
    UNION ALL
    SELECT q.project_id, 'quality_ratio' AS kpi, 'h' AS unit
    FROM kpi_at(day, moment) q
    WHERE q.kpi = 'quality_ratio' AND q.scope <> '' AND q.numerator IS NOT NULL AND q.denominator IS NOT NULL
    GROUP BY q.project_id HAVING count(*) > 1
), summable AS (
    -- What a project adds to its groups: a ratio its two parts, where both are known, a sum its value as it is written.
    SELECT t.*, coalesce(o.unit, b.base_unit, base.unit, '1') AS base_unit,
           internal.to_pico(CASE WHEN t.rollup = 'ratio' AND t.denominator IS NOT NULL THEN t.numerator
               WHEN t.rollup = 'sum' THEN TRY_CAST(CAST(t.value AS VARCHAR) AS DECIMAL(38, 12)) END) AS n,
           internal.to_pico(CASE WHEN t.rollup = 'ratio' AND t.numerator IS NOT NULL THEN t.denominator END) AS d,
           t.value IS NOT NULL OR t.numerator IS NOT NULL AND t.denominator IS NOT NULL AS known
    FROM told t
    LEFT JOIN internal.ratio_bases b ON b.kpi = t.kpi
    LEFT JOIN told base ON base.project_id = t.project_id AND base.kpi = b.base_kpi
    LEFT JOIN own_bases o ON o.project_id = t.project_id AND o.kpi = t.kpi
    WHERE t.rollup <> 'none'
), members AS MATERIALIZED (
    SELECT *, count(*) OVER (PARTITION BY at_level, member) AS size FROM internal.group_members WHERE list_contains(levels, at_level)
), placed AS (
    -- Units never mix; the parts of a ratio are told in one unit where they can be. What nobody knows is one null row.
    SELECT g.at_level, g.member, g.size, s.*, u.factor, u.reference,
           bool_or(s.known) OVER kpi_of_group AS known_to_some, min(s.unit) OVER kpi_of_group AS first_unit,
           min(s.base_unit) OVER dimension_of_group <> max(s.base_unit) OVER dimension_of_group AS several
    FROM members g
    JOIN summable s ON s.project_id = g.project_id
    LEFT JOIN internal.units u ON u.unit = s.base_unit
    WINDOW kpi_of_group AS (PARTITION BY g.at_level, g.member, s.kpi),
           dimension_of_group AS (PARTITION BY g.at_level, g.member, s.kpi, s.unit, s.known, coalesce(u.dimension, s.base_unit))
), converted AS (
    SELECT * REPLACE (
        CASE WHEN known THEN unit ELSE first_unit END AS unit,
        CASE WHEN rollup <> 'ratio' OR NOT known THEN NULL WHEN several THEN coalesce(reference, base_unit) ELSE base_unit END AS base_unit,
        CASE WHEN several THEN coalesce(factor, 1) ELSE 1 END AS factor
    )
    FROM placed WHERE known OR NOT known_to_some
), added AS (
    SELECT at_level, member, kpi, unit, base_unit, any_value(rollup) AS rollup, any_value(better) AS better, any_value(times) AS times,
           any_value(size) AS size, count(value) AS count, count(*) FILTER (value IS NOT NULL AND n IS NULL) AS too_large,
           list_sum(list(value ORDER BY value)) AS inexact,
           sum(n // internal.limb() * factor) AS n_high, sum(n % internal.limb() * factor) AS n_low,
           sum(d // internal.limb() * factor) AS d_high, sum(d % internal.limb() * factor) AS d_low
    FROM converted GROUP BY at_level, member, kpi, unit, base_unit
), joined AS (
    SELECT *, CASE WHEN too_large = 0 THEN internal.joined(n_high, n_low) END AS n,
           CASE WHEN rollup = 'sum' THEN 1000000000000::HUGEINT WHEN too_large = 0 THEN internal.joined(d_high, d_low) END AS d
    FROM added
), grouped AS (
    SELECT j.at_level, j.member, j.kpi, day AS on_day, CASE
               WHEN j.count = 0 OR j.d <= 0 THEN NULL
               WHEN j.n IS NOT NULL AND j.d IS NOT NULL THEN internal.quotient(j.times, j.n, j.d)
               WHEN j.rollup = 'sum' THEN j.inexact
               WHEN j.too_large = 0 AND j.d_high > 0
               THEN j.times * (j.n_high * 1e19::DOUBLE + j.n_low) / (j.d_high * 1e19::DOUBLE + j.d_low) END AS value,
           j.unit, CASE WHEN j.rollup = 'ratio' THEN internal.of_pico(j.n) END AS numerator,
           CASE WHEN j.rollup = 'ratio' THEN internal.of_pico(j.d) END AS denominator, j.count, j.count / j.size AS coverage,
           j.base_unit, j.better, j.times, j.n, j.d, 0 AS order_day
    FROM joined j
), single AS (
    SELECT 'project' AS at_level, t.project_id AS member, t.kpi, t.on_day, t.value, t.unit, t.numerator, t.denominator,
           CAST(t.value IS NOT NULL AS BIGINT) AS count, CAST(t.value IS NOT NULL AS DOUBLE) AS coverage,
           CAST(NULL AS VARCHAR) AS base_unit, t.better, t.times,
           internal.to_pico(CASE WHEN t.denominator < 0 THEN -t.numerator ELSE t.numerator END) AS n,
           internal.to_pico(abs(t.denominator)) AS d,
           CASE WHEN t.unit = 'date' THEN t.on_day - DATE '1970-01-01' ELSE 0 END AS order_day
    FROM told t WHERE list_contains(levels, 'project')
), rankable AS (
    -- The best is the smallest. `near` tells all apart but what is closer than doubles can say.
    SELECT * REPLACE (CASE WHEN better = 'higher' THEN -n ELSE n END AS n),
           CASE WHEN better = 'higher' THEN -1 ELSE 1 END * value AS directed,
           CASE WHEN better = 'higher' THEN -1 ELSE 1 END * order_day AS directed_day,
           value IS NOT NULL AND better <> 'none' AS ranked, n IS NOT NULL AND d > 0 AND d < internal.too_large() AS exact
    FROM (SELECT * FROM grouped UNION ALL SELECT * FROM single)
), stepped AS (
    SELECT *, coalesce(near - lag(near) OVER nearer > 1e-14 * abs(near), true) AS apart
    FROM (SELECT *, CASE WHEN exact THEN times * CAST(n AS DOUBLE) / CAST(d AS DOUBLE) ELSE directed + directed_day END AS near FROM rankable)
    WINDOW nearer AS (PARTITION BY at_level, kpi, unit, ranked ORDER BY near)
), clustered AS (
    SELECT *, count(*) FILTER (apart) OVER (PARTITION BY at_level, kpi, unit, ranked ORDER BY near) AS cluster FROM stepped
), compared AS (
    SELECT *, exact AND (min(n) OVER close <> max(n) OVER close OR min(d) OVER close <> max(d) OVER close) AS contested
    FROM clustered WINDOW close AS (PARTITION BY at_level, kpi, unit, ranked, cluster)
), keyed AS (
    SELECT *, CASE WHEN contested THEN internal.whole(n, d)
                   WHEN unit = 'date' THEN CAST(floor(directed) AS HUGEINT) + directed_day END AS whole,
           CASE WHEN contested THEN internal.places(internal.rest(n, d), d) END AS places,
           CASE WHEN unit = 'date' THEN directed - floor(directed) WHEN NOT exact THEN directed END AS rest
    FROM compared
)
SELECT at_level AS level, member, kpi, on_day AS as_of, value, unit, numerator, denominator, count, coverage,
       CASE WHEN ranked THEN rank() OVER (PARTITION BY at_level, kpi, unit, ranked ORDER BY cluster, whole, places, rest) END AS rank,
       base_unit
FROM keyed;

CREATE OR REPLACE MACRO kpi_rollup(level, as_of := NULL, known_at := NULL) AS TABLE
FROM internal.ranked(
    [CASE WHEN level IN ('all', 'province', 'city', 'district', 'sector', 'owner', 'parent', 'tag') THEN level
     ELSE error('there is no level ' || coalesce(level, 'NULL')
                || '; the levels are all, province, city, district, sector, owner, parent, tag') END],
    coalesce(CAST(as_of AS DATE), (SELECT day FROM internal.rollup_day)),
    coalesce(CAST(known_at AS TIMESTAMPTZ), TIMESTAMPTZ '9999-12-31 00:00:00+00')
);

CREATE OR REPLACE VIEW ranking AS
FROM internal.ranked(['project'], (SELECT day FROM internal.rollup_day), TIMESTAMPTZ '9999-12-31 00:00:00+00');

CREATE OR REPLACE VIEW region_ranking AS
FROM internal.ranked(
    ['province', 'city', 'district'], (SELECT day FROM internal.rollup_day), TIMESTAMPTZ '9999-12-31 00:00:00+00'
);
