-- Instants as RFC 3339 allows them: small letters, a space or _ for T, no seconds, a comma, a minus sign.
CREATE OR REPLACE MACRO instant_of(written) AS coalesce(
    TRY_CAST(written AS TIMESTAMPTZ),
    TRY_CAST(regexp_replace(translate(written, 'tz_,−', 'TZT.-'), '^(.{10}.\d\d:\d\d)([Z+-])', '\1:00\2') AS TIMESTAMPTZ)
);

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
