CREATE OR REPLACE VIEW events AS
SELECT j.topic, j.partition, j."offset", j.id, j.source, j.type, j.project_id, j.time, j.recorded_at, j.data
FROM internal.journal j
ANTI JOIN rejected_events r ON r.topic = j.topic AND r.partition = j.partition AND r."offset" = j."offset";

CREATE OR REPLACE VIEW ingest_progress AS
WITH closed AS (
    SELECT t.topic, t.partition, max(t.closes) AS closed_through
    FROM internal.closing_ticks t
    ANTI JOIN rejected_events r ON r.topic = t.topic AND r.partition = t.partition AND r."offset" = t."offset"
    GROUP BY t.topic, t.partition
)
SELECT p.topic, p.partition, p.next_offset, greatest(p.end_offset - p.next_offset, 0) AS lag, c.closed_through, p.updated_at
FROM internal.positions p
LEFT JOIN closed c ON c.topic = p.topic AND c.partition = p.partition;

-- What the file belongs to: number of partitions and calendar of its log.
CREATE OR REPLACE MACRO log_partitions() AS (SELECT CAST(value AS INTEGER) FROM internal.metadata WHERE name = 'partitions');
CREATE OR REPLACE MACRO log_timezone() AS (SELECT value FROM internal.metadata WHERE name = 'timezone');

-- Sixty bits over everything that is kept of a record of the journal, and over what is read of it if it was accepted;
-- storage.verification.journal_check takes the same of the log.
CREATE OR REPLACE MACRO journal_digests() AS TABLE
SELECT j.partition, j."offset", CAST('0x' || left(sha256(
           CAST(j."offset" AS VARCHAR) || '|' || CAST(epoch_us(j.recorded_at) AS VARCHAR) || '|' || coalesce(sha256(j.key), '-') || '|'
           || coalesce(j.headers, '-') || '|' || coalesce(sha256(coalesce(j.raw, encode(j.head || CAST(j.data AS VARCHAR) || j.tail))), '-')
           || '|' || CASE WHEN r."offset" IS NOT NULL THEN '-'
                          ELSE coalesce(sha256(concat_ws('|', j.id, j.source, j.type, j.project_id, epoch_us(j.time), CAST(j.data AS VARCHAR))), '') END
       ), 15) AS BIGINT) AS digest
FROM internal.journal j
LEFT JOIN rejected_events r ON r.topic = j.topic AND r.partition = j.partition AND r."offset" = j."offset";
