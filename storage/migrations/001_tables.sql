-- Published tables and views stand in the main schema, where SHOW TABLES finds them; what they rest on in `internal`,
-- which the store creates before its first migration.

-- What belongs to the file as a whole: log_id, timezone, partitions.
CREATE TABLE internal.metadata (name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);

-- Every record of the topic of events, append-only and without an index. The bytes as received are head || data || tail,
-- or `raw` where the record is nested, damaged or no text; all of them NULL: a record without value.
CREATE TABLE internal.journal (
    topic VARCHAR NOT NULL, partition INTEGER NOT NULL, "offset" BIGINT NOT NULL, recorded_at TIMESTAMPTZ NOT NULL,
    key BLOB, headers VARCHAR,
    id VARCHAR, source VARCHAR, type VARCHAR, project_id VARCHAR, time TIMESTAMPTZ,
    head VARCHAR, data JSON, tail VARCHAR, raw BLOB
);
-- Ticks of the journal that close a day; a handful a day, so that nobody scans the journal for them.
CREATE TABLE internal.closing_ticks (topic VARCHAR NOT NULL, partition INTEGER NOT NULL, "offset" BIGINT NOT NULL, closes DATE NOT NULL);

CREATE TABLE rejected_events (
    topic VARCHAR NOT NULL, partition INTEGER NOT NULL, "offset" BIGINT NOT NULL, recorded_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR NOT NULL, detail VARCHAR NOT NULL, raw VARCHAR NOT NULL
);

CREATE TABLE kpi_snapshots (
    project_id VARCHAR NOT NULL, kpi VARCHAR NOT NULL, scope VARCHAR NOT NULL, as_of DATE NOT NULL,
    known_at TIMESTAMPTZ NOT NULL, baseline INTEGER NOT NULL, value DOUBLE, value_date DATE,
    numerator DECIMAL(38, 12), denominator DECIMAL(38, 12), unit VARCHAR NOT NULL, reason VARCHAR
);
CREATE TABLE kpi_latest (
    project_id VARCHAR NOT NULL, kpi VARCHAR NOT NULL, scope VARCHAR NOT NULL, as_of DATE NOT NULL,
    known_at TIMESTAMPTZ, baseline INTEGER NOT NULL, value DOUBLE, value_date DATE,
    numerator DECIMAL(38, 12), denominator DECIMAL(38, 12), unit VARCHAR NOT NULL, reason VARCHAR,
    PRIMARY KEY (project_id, kpi, scope)
);
-- Rows against the first baseline of projects that have several: the schedule KPIs.
CREATE TABLE kpi_snapshots_original (
    project_id VARCHAR NOT NULL, kpi VARCHAR NOT NULL, scope VARCHAR NOT NULL, as_of DATE NOT NULL,
    known_at TIMESTAMPTZ NOT NULL, baseline INTEGER NOT NULL, value DOUBLE, value_date DATE,
    numerator DECIMAL(38, 12), denominator DECIMAL(38, 12), unit VARCHAR NOT NULL, reason VARCHAR
);
CREATE TABLE kpi_latest_original (
    project_id VARCHAR NOT NULL, kpi VARCHAR NOT NULL, scope VARCHAR NOT NULL, as_of DATE NOT NULL,
    known_at TIMESTAMPTZ, baseline INTEGER NOT NULL, value DOUBLE, value_date DATE,
    numerator DECIMAL(38, 12), denominator DECIMAL(38, 12), unit VARCHAR NOT NULL, reason VARCHAR,
    PRIMARY KEY (project_id, kpi, scope)
);
-- Rows of the last cut of the projects whose rows in kpi_latest are live; those of all others stand in kpi_latest itself.
CREATE TABLE internal.kpi_cut (
    project_id VARCHAR NOT NULL, kpi VARCHAR NOT NULL, scope VARCHAR NOT NULL, as_of DATE NOT NULL,
    known_at TIMESTAMPTZ NOT NULL, baseline INTEGER NOT NULL, value DOUBLE, value_date DATE,
    numerator DECIMAL(38, 12), denominator DECIMAL(38, 12), unit VARCHAR NOT NULL, reason VARCHAR
);
-- Newest KPI record of each project: offset of its cause, whether it is live, day and baseline of its last cut.
CREATE TABLE internal.kpi_projects (
    project_id VARCHAR PRIMARY KEY, newest_offset BIGINT NOT NULL, live BOOLEAN NOT NULL, cut_as_of DATE, cut_baseline INTEGER
);
CREATE TABLE internal.project_findings (
    project_id VARCHAR NOT NULL, finding VARCHAR NOT NULL, scope VARCHAR NOT NULL, as_of DATE, detail VARCHAR,
    source VARCHAR, id VARCHAR, since TIMESTAMPTZ
);

CREATE TABLE internal.alert_transitions (
    event_id VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, alertname VARCHAR NOT NULL, project_id VARCHAR NOT NULL,
    scope VARCHAR NOT NULL, severity VARCHAR NOT NULL, state VARCHAR NOT NULL, previous_state VARCHAR, reason VARCHAR,
    as_of DATE, changed_at TIMESTAMPTZ NOT NULL, known_at TIMESTAMPTZ, value DOUBLE, rule_hash VARCHAR
);
CREATE TABLE alerts (
    fingerprint VARCHAR PRIMARY KEY, alertname VARCHAR NOT NULL, project_id VARCHAR NOT NULL, scope VARCHAR NOT NULL,
    severity VARCHAR NOT NULL, state VARCHAR NOT NULL, starts_at TIMESTAMPTZ, ends_at TIMESTAMPTZ, value DOUBLE,
    summary VARCHAR, labels JSON, annotations JSON
);

CREATE TABLE kpi_catalog (
    kpi VARCHAR PRIMARY KEY, family VARCHAR NOT NULL, name VARCHAR NOT NULL, name_zh VARCHAR NOT NULL, unit VARCHAR NOT NULL,
    better VARCHAR NOT NULL, rollup VARCHAR NOT NULL, formula VARCHAR NOT NULL, formula_version INTEGER NOT NULL,
    source VARCHAR NOT NULL
);

-- What the store has taken in: the next offset per topic and partition, and, for KPIs, the position of the newest cut.
CREATE TABLE internal.positions (
    topic VARCHAR NOT NULL, partition INTEGER NOT NULL, next_offset BIGINT NOT NULL, end_offset BIGINT NOT NULL,
    cut_offset BIGINT NOT NULL, cut_seq BIGINT NOT NULL, updated_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (topic, partition)
);
