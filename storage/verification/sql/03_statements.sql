-- Statements and retractions where their project is at home; elsewhere they were forwarded and count only there.
CREATE TABLE contender AS
WITH stated AS (
    SELECT e.partition, e."offset", e.project_id, e.time, e.source, e.id, e.data, e.type = 'milepost.statement.retracted.v1' AS retracts,
           CASE WHEN e.type = 'milepost.statement.retracted.v1' THEN e.data ->> '$.type' ELSE e.type END AS type
    FROM events e JOIN home h ON h.project_id = e.project_id AND h.partition = e.partition
    WHERE e.type <> 'milepost.clock.ticked.v1'
), placed AS (
    SELECT *, statement_place(type, data) AS place, coalesce(CAST(data ->> '$.revision' AS BIGINT), 0) AS revision FROM stated
)
SELECT *, dense_rank() OVER (
           PARTITION BY project_id, type, place ORDER BY revision, time, source, id, sha256(CAST(data AS VARCHAR))
       ) AS rank
FROM placed;

-- When each was the greatest of its key: from its own offset until that of a greater one.
-- Numbers of many digits become texts, or they would lose digits where JSON is read.
CREATE TABLE turn AS
WITH best AS (
    SELECT *, max(rank) OVER (so_far ROWS UNBOUNDED PRECEDING) AS best,
           coalesce(max(rank) OVER (so_far ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS best_before
    FROM contender
    WINDOW so_far AS (PARTITION BY project_id, type, place ORDER BY "offset")
), kept AS (
    SELECT project_id, partition, type, place, "offset", retracts, time, source, id, revision,
           regexp_replace(CAST(data AS VARCHAR), '([:\[,]\s*)(-?\d[\d.]{15,}([eE][+-]?\d+)?)', '\1"\2"', 'g') AS digits, data
    FROM best WHERE rank = best AND rank > best_before
)
SELECT project_id, partition, type, "offset", retracts, time, source, id,
       CASE WHEN retracts THEN NULL WHEN json_valid(digits) THEN CAST(digits AS JSON) ELSE data END AS data,
       lead("offset") OVER (PARTITION BY project_id, type, place ORDER BY "offset") AS until
FROM kept;
ALTER TABLE turn ADD COLUMN day DATE;
UPDATE turn SET day = statement_day(type, data) WHERE NOT retracts;
