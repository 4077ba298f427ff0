-- Baselines of a subject, and the day from which each holds.
CREATE TABLE plan AS
WITH told AS (
    SELECT s, data, said_on, CAST(data ->> '$.baseline' AS INTEGER) AS baseline, CAST(data ->> '$.start' AS DATE) AS start,
           CAST(data ->> '$.finish' AS DATE) AS finish, CAST(data ->> '$.approved_on' AS DATE) AS approved_on
    FROM stated WHERE type = 'milepost.project.baselined.v1'
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY s ORDER BY baseline) AS place FROM told
)
SELECT s, data, baseline, start, finish, place, coalesce(approved_on, CASE WHEN place = 1 THEN start ELSE said_on END) AS holds_from
FROM numbered;

-- A project with several baselines is also measured by the first alone: as a subject of its own, the twin of the other.
ALTER TABLE subject ADD COLUMN twin INTEGER;
INSERT INTO subject
SELECT CAST(s + (SELECT max(s) FROM subject) AS INTEGER), project_id, partition, 'original', until, closed, s
FROM subject WHERE kind <> 'closing' AND s IN (SELECT s FROM plan WHERE place = 2);
INSERT INTO stated
SELECT o.s, t.type, t.day, t.data, t.said_on FROM stated t JOIN subject o ON o.twin = t.s
WHERE t.type IN ('milepost.milestone.reported.v1', 'milepost.work.reported.v1', 'milepost.value.reported.v1', 'milepost.cost.reported.v1');
INSERT INTO plan SELECT o.s, p.* EXCLUDE (s) FROM plan p JOIN subject o ON o.twin = p.s WHERE p.place = 1;

-- Newest day of a statement in force, over all days.
CREATE TABLE heard AS SELECT s, max(day) AS newest FROM stated WHERE day IS NOT NULL GROUP BY s;

CREATE TABLE status_day AS
SELECT s.s, s.project_id, greatest(s.closed, h.newest) AS day
FROM subject s LEFT JOIN heard h ON h.s = s.s
WHERE s.kind = 'end' OR (s.kind = 'cut' AND NOT EXISTS (
    SELECT 1 FROM subject e WHERE e.kind = 'end' AND e.project_id = s.project_id
));

-- Where each subject is evaluated, and the baseline in force there: the greatest that holds, before the first the first.
CREATE TABLE here AS
WITH point AS (
    SELECT s.s, d.day FROM subject s JOIN said_day d ON d.project_id = s.project_id WHERE s.kind = 'cut'
    UNION
    SELECT s.s, d.day FROM subject s JOIN row_day d ON d.project_id = s.project_id WHERE s.kind = 'cut'
    UNION
    SELECT s, day FROM status_day WHERE day IS NOT NULL
    UNION
    -- days on which a project may become finished, whether or not they have rows
    SELECT p.s, p.holds_from FROM plan p JOIN subject s ON s.s = p.s WHERE s.kind IN ('cut', 'end')
    UNION
    SELECT t.s, coalesce(t.day, CAST(t.data ->> '$.assigned_on' AS DATE)) FROM stated t JOIN subject s ON s.s = t.s
    WHERE s.kind IN ('cut', 'end') AND t.type <> 'milepost.project.baselined.v1'
    UNION
    SELECT s.s, c.day FROM closing c JOIN subject s ON s.project_id = c.project_id AND s.until = c.until AND s.kind = 'closing'
    UNION
    -- if a day that was closed should have rows, they are those of the last cut
    SELECT s.s, c.day FROM closing c JOIN subject s ON s.project_id = c.project_id AND s.kind = 'cut'
), in_force AS (
    SELECT p.s, p.day, coalesce(max(n.baseline) FILTER (n.holds_from <= p.day), min(n.baseline), 0) AS baseline
    FROM point p LEFT JOIN plan n ON n.s = p.s GROUP BY p.s, p.day
)
SELECT f.s, f.day, f.baseline, n.start, n.finish, n.place, coalesce(f.day <= n.start, false) AS early
FROM in_force f LEFT JOIN plan n ON n.s = f.s AND n.baseline = f.baseline;

INSERT INTO here
SELECT o.s, h.day, n.baseline, n.start, n.finish, n.place, h.day <= n.start
FROM here h JOIN subject o ON o.twin = h.s JOIN plan n ON n.s = o.s;

-- What has rows: the sections of the baseline, without one those of what was reported by the day.
CREATE TABLE planned_section AS
SELECT s, baseline, unnest(list_filter([
           CASE WHEN len(CAST(data -> '$.planned_value' AS JSON[])) > 0 OR len(CAST(data -> '$.work_items' AS JSON[])) > 0
                  OR len(CAST(data -> '$.milestones' AS JSON[])) > 0 OR (data ->> '$.budget_at_completion') IS NOT NULL
                  OR (data ->> '$.progress_by') IS NOT NULL THEN 'earned_value' END,
           CASE WHEN len(CAST(data -> '$.milestones' AS JSON[])) > 0 THEN 'milestones' END,
           CASE WHEN len(CAST(data -> '$.lines' AS JSON[])) > 0 THEN 'production' END,
           CASE WHEN (data ->> '$.restart') IS NOT NULL THEN 'restart' END,
           CASE WHEN (data ->> '$.campaign') IS NOT NULL THEN 'campaign' END,
           CASE WHEN len(CAST(data -> '$.annual_plan' AS JSON[])) > 0 THEN 'investment' END,
           CASE WHEN len(CAST(data -> '$.series' AS JSON[])) > 0 THEN 'readings' END
       ], lambda name: name IS NOT NULL)) AS name
FROM plan;
CREATE TABLE told_section AS
SELECT s, name, min(day) AS since FROM (
    SELECT s, CASE WHEN type = 'milepost.task.assigned.v1' THEN CAST(data ->> '$.assigned_on' AS DATE)
                   WHEN type = 'milepost.production.reported.v1' THEN CAST(data ->> '$.period_start' AS DATE) ELSE day END AS day,
           unnest(CASE type
               WHEN 'milepost.milestone.reported.v1' THEN ['earned_value', 'milestones']
               WHEN 'milepost.work.reported.v1' THEN ['earned_value']
               WHEN 'milepost.value.reported.v1' THEN ['earned_value']
               WHEN 'milepost.cost.reported.v1' THEN ['earned_value']
               WHEN 'milepost.investment.reported.v1' THEN ['investment']
               WHEN 'milepost.production.reported.v1' THEN ['production']
               WHEN 'milepost.restart.surveyed.v1' THEN ['restart']
               WHEN 'milepost.task.reported.v1' THEN ['campaign']
               WHEN 'milepost.tally.reported.v1' THEN ['campaign']
               WHEN 'milepost.task.assigned.v1' THEN ['campaign']
               WHEN 'milepost.reading.taken.v1' THEN ['readings']
           END) AS name
    FROM stated
) GROUP BY s, name;
CREATE TABLE section AS
SELECT h.s, h.day, p.name FROM here h JOIN planned_section p ON p.s = h.s AND p.baseline = h.baseline
WHERE p.name IN ('earned_value', 'milestones') OR h.s NOT IN (SELECT s FROM subject WHERE twin IS NOT NULL)
UNION ALL
SELECT h.s, h.day, t.name FROM here h JOIN told_section t ON t.s = h.s AND t.since <= h.day WHERE h.baseline = 0;

-- Every figure: numerator and denominator of a ratio, or the amount; reason by its number; `ahead`: days until a date.
CREATE TABLE figure (
    s INTEGER, day DATE, kpi VARCHAR, scope VARCHAR, unit VARCHAR, n VARCHAR, d VARCHAR, v VARCHAR, r INTEGER, ahead BOOLEAN
);
