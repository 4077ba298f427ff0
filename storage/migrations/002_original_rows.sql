-- Rows of the last cut against the first baseline of the projects whose rows in kpi_latest_original are live.
CREATE TABLE internal.kpi_cut_original (
    project_id VARCHAR NOT NULL, kpi VARCHAR NOT NULL, scope VARCHAR NOT NULL, as_of DATE NOT NULL,
    known_at TIMESTAMPTZ NOT NULL, baseline INTEGER NOT NULL, value DOUBLE, value_date DATE,
    numerator DECIMAL(38, 12), denominator DECIMAL(38, 12), unit VARCHAR NOT NULL, reason VARCHAR
);
-- Cuts of one day are compared whatever their baseline: rows against the first one stand through a re-baseline.
ALTER TABLE internal.kpi_projects DROP COLUMN cut_baseline;
