-- Cuts: every accepted tick of a partition. known_at never stands still: the later of `at` and the cut before + 1 µs.
CREATE TABLE cut AS
WITH tick AS (
    SELECT partition, "offset", epoch_us(instant_of(data ->> '$.at')) AS at_us, CAST(data ->> '$.closes' AS DATE) AS closes,
           row_number() OVER (PARTITION BY partition ORDER BY "offset") AS n
    FROM events WHERE type = 'milepost.clock.ticked.v1'
)
SELECT partition, "offset", closes, n,
       max(at_us - n) OVER so_far + n AS known_us,
       max(closes) OVER so_far AS closed,
       n = count(*) OVER (PARTITION BY partition) AS is_last
FROM tick
WINDOW so_far AS (PARTITION BY partition ORDER BY "offset" ROWS UNBOUNDED PRECEDING);
