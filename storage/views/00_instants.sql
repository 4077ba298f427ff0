-- Instants as RFC 3339 allows them: small letters, a space or _ for T, no seconds, a comma, a minus sign.
CREATE OR REPLACE MACRO instant_of(written) AS coalesce(
    TRY_CAST(written AS TIMESTAMPTZ),
    TRY_CAST(regexp_replace(translate(written, 'tz_,−', 'TZT.-'), '^(.{10}.\d\d:\d\d)([Z+-])', '\1:00\2') AS TIMESTAMPTZ)
);
