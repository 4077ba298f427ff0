-- Days of a project that had a statement in force at a cut: they got rows then and have them for ever.
CREATE TABLE said_day AS
SELECT DISTINCT t.project_id, t.day
FROM (SELECT * FROM turn WHERE day IS NOT NULL) t
ASOF JOIN cut c ON c.partition = t.partition AND c."offset" > t."offset"
WHERE t.until IS NULL OR t.until >= c."offset";

CREATE TABLE row_day AS SELECT DISTINCT project_id, as_of AS day FROM kpi_snapshots;

-- Cuts that closed a day of which a project has no row. What the project was then depends on its newest record before.
CREATE TABLE closing AS
SELECT h.project_id, h.partition, c.closes AS day, h.newest + 1 AS until
FROM (SELECT * FROM cut WHERE closes IS NOT NULL) c
JOIN (
    SELECT project_id, partition, "offset" AS newest,
           lead("offset", 1, 9223372036854775807) OVER (PARTITION BY project_id ORDER BY "offset") AS next
    FROM contender
) h ON h.partition = c.partition AND h.newest < c."offset" AND h.next > c."offset"
ANTI JOIN row_day r ON r.project_id = h.project_id AND r.day = c.closes
ANTI JOIN said_day d ON d.project_id = h.project_id AND d.day = c.closes;

-- A subject is a project as the records before an offset of its partition tell it.
-- `cut`: as at the last cut, which history is measured by; `end`: with what came after it, by which kpi_latest is;
-- `closing`: as at a cut that closed a day of which no row stands, to see whether there should be one.
CREATE TABLE subject AS
WITH known AS (
    SELECT project_id, any_value(partition) AS partition, min("offset") AS oldest, max("offset") AS newest
    FROM contender GROUP BY project_id
), last_cut AS (
    SELECT partition, "offset", closed FROM cut WHERE is_last
), told AS (
    SELECT k.project_id, k.partition, 'cut' AS kind, c."offset" AS until, c.closed
    FROM known k JOIN last_cut c ON c.partition = k.partition WHERE k.oldest < c."offset"
    UNION ALL
    SELECT k.project_id, k.partition, 'end', 9223372036854775807, c.closed
    FROM known k LEFT JOIN last_cut c ON c.partition = k.partition WHERE c."offset" IS NULL OR k.newest > c."offset"
    UNION ALL
    SELECT DISTINCT project_id, partition, 'closing', until, CAST(NULL AS DATE) FROM closing
)
SELECT CAST(row_number() OVER (ORDER BY kind, project_id, until) AS INTEGER) AS s, * FROM told;

CREATE TABLE stated AS
SELECT s.s, t.type, t.day, t.data, CAST(t.time AS DATE) AS said_on
FROM subject s JOIN turn t ON t.project_id = s.project_id
WHERE t."offset" < s.until AND (t.until IS NULL OR t.until >= s.until) AND NOT t.retracts;
