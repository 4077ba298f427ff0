-- One row per project with a baseline or a status date. The baseline is the one in force on the status date: the greatest
-- approved by then, before the first the first.
CREATE OR REPLACE VIEW projects AS
WITH dated AS (
    SELECT k.project_id, max(k.as_of) AS status_date FROM kpi_latest k GROUP BY k.project_id
), plan AS (
    SELECT project_id, data, CAST(data ->> '$.baseline' AS INTEGER) AS baseline, TRY_CAST(data ->> '$.start' AS DATE) AS start,
           coalesce(
               TRY_CAST(data ->> '$.approved_on' AS DATE),
               CASE WHEN row_number() OVER (PARTITION BY project_id ORDER BY CAST(data ->> '$.baseline' AS INTEGER)) = 1
                    THEN TRY_CAST(data ->> '$.start' AS DATE) ELSE CAST(time AS DATE) END
           ) AS approved_on
    FROM statements WHERE type = 'milepost.project.baselined.v1'
), in_force AS (
    SELECT p.*
    FROM plan p LEFT JOIN dated d ON d.project_id = p.project_id
    QUALIFY row_number() OVER (
        PARTITION BY p.project_id
        ORDER BY coalesce(p.approved_on <= d.status_date, false) DESC,
                 CASE WHEN p.approved_on <= d.status_date THEN -p.baseline ELSE p.baseline END
    ) = 1
), stated AS (
    SELECT s.project_id, arg_max(s.data ->> '$.status', s.as_of) AS status
    FROM statements s JOIN dated d ON d.project_id = s.project_id
    WHERE s.type = 'milepost.project.status_reported.v1' AND s.as_of <= d.status_date
    GROUP BY s.project_id
)
SELECT coalesce(f.project_id, d.project_id) AS project_id, f.data ->> '$.name' AS name, f.data ->> '$.name_zh' AS name_zh,
       f.data ->> '$.kind' AS kind, f.data ->> '$.region.province' AS province, f.data ->> '$.region.city' AS city,
       f.data ->> '$.region.district' AS district, f.data ->> '$.owner' AS owner, f.data ->> '$.sector' AS sector,
       f.data ->> '$.parent' AS parent, TRY_CAST(f.data -> '$.tags' AS VARCHAR[]) AS tags, f.start,
       TRY_CAST(f.data ->> '$.finish' AS DATE) AS finish, f.baseline,
       TRY_CAST(f.data ->> '$.budget_at_completion.value' AS DOUBLE) AS budget_at_completion,
       f.data ->> '$.budget_at_completion.unit' AS unit, d.status_date, s.status
FROM in_force f
FULL OUTER JOIN dated d ON d.project_id = f.project_id
LEFT JOIN stated s ON s.project_id = coalesce(f.project_id, d.project_id);
