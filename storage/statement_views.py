"""SQL of the views on statements, drawn from the natural keys: the winning statement per key, by the journal alone."""

from schemas.events import DATA_TYPES, RETRACTION_TYPE, TICK_TYPE
from schemas.keys import DAY_FIELD, KEY_FIELDS

__all__ = ["statement_day_sql", "statement_place_sql", "statement_views"]

_STATEMENTS = """
CREATE OR REPLACE VIEW statements AS
WITH stated AS (
    SELECT project_id, time, source, id, data, type AS event_type,
           CASE WHEN type = '{retraction}' THEN data ->> '$.type' ELSE type END AS type
    FROM events WHERE type <> '{tick}'
), competing AS (
    SELECT type, project_id, {place} AS place,
           {{'revision': coalesce(TRY_CAST(data ->> '$.revision' AS BIGINT), 0), 'time': time, 'source': source, 'id': id,
             'data': data, 'event_type': event_type}} AS statement
    FROM stated
), won AS (
    SELECT type, project_id, unnest(arg_max(statement, {{'revision': statement.revision, 'time': statement.time,
           'source': statement.source, 'id': statement.id, 'digest': sha256(CAST(statement.data AS VARCHAR))}}))
    FROM competing WHERE place IS NOT NULL GROUP BY type, project_id, place
)
SELECT type, project_id, CASE type {keys} END AS key, {day} AS as_of, revision, time, source, id, data
FROM won WHERE event_type <> '{retraction}'
"""

_DATES = (
    "as_of forecast_finish actual_finish period_start period_end assigned_on due approved_on start finish"
)
_NUMBERS = (
    "percent_complete quantity good scrap rework planned_busy_time unit_busy_time unit_processing_time production_time"
    " setup_time delay_time order_execution_time planned_run_time_per_item done total weight value resumed population"
    " continuous upper"
)
_COLUMN_TYPES = {
    **dict.fromkeys(_DATES.split(), "DATE"),
    **dict.fromkeys(_NUMBERS.split(), "DOUBLE"),
    "baseline": "INTEGER",
}

_TYPED = {
    "milestones": ("milestone.reported", "milestone as_of percent_complete forecast_finish actual_finish"),
    "work_items": ("work.reported", "item as_of quantity unit"),
    "production": (
        "production.reported",
        (
            "line period_start period_end shift quantity unit good scrap rework planned_busy_time unit_busy_time"
            " unit_processing_time production_time setup_time delay_time order_execution_time planned_run_time_per_item"
        ),
    ),
    "tallies": ("tally.reported", "district as_of done total unit"),
    "readings": ("reading.taken", "series at value unit"),
    "surveys": ("restart.surveyed", "as_of resumed population continuous"),
    "baselines": (
        "project.baselined",
        "baseline approved_on name name_zh kind owner sector parent start finish progress_by",
    ),
}

_TASKS = """
CREATE OR REPLACE VIEW tasks AS
WITH reported AS (
    SELECT project_id, data ->> '$.task' AS task, unnest(arg_max({'as_of': as_of, 'data': data}, as_of))
    FROM statements WHERE type = 'milepost.task.reported.v1' GROUP BY project_id, data ->> '$.task'
)
SELECT s.project_id, s.data ->> '$.task' AS task, s.data ->> '$.title' AS title, s.data ->> '$.district' AS district,
       s.data ->> '$.owner' AS owner, TRY_CAST(s.data ->> '$.assigned_on' AS DATE) AS assigned_on,
       TRY_CAST(s.data ->> '$.due' AS DATE) AS due, TRY_CAST(s.data ->> '$.weight' AS DOUBLE) AS weight,
       coalesce(r.data ->> '$.status', 'open') AS status, r.as_of, r.data ->> '$.evidence' AS evidence,
       s.data ->> '$.note' AS note, s.revision, s.time, s.source, s.id
FROM statements s
LEFT JOIN reported r ON r.project_id = s.project_id AND r.task = (s.data ->> '$.task')
WHERE s.type = 'milepost.task.assigned.v1'
"""

_PLAN_CURVE = """
CREATE OR REPLACE VIEW plan_curve AS
SELECT project_id, TRY_CAST(data ->> '$.baseline' AS INTEGER) AS baseline,
       TRY_CAST(point ->> '$.date' AS DATE) AS date, TRY_CAST(point ->> '$.value' AS DOUBLE) AS value
FROM (
    SELECT project_id, data, unnest(TRY_CAST(data -> '$.planned_value' AS JSON[])) AS point
    FROM statements WHERE type = 'milepost.project.baselined.v1'
)
"""


def statement_views() -> list[str]:
    """Statements that create `statements` and the typed views on it."""
    typed = [_typed_view(name, kind, fields.split()) for name, (kind, fields) in _TYPED.items()]
    return [_statements_view(), *typed, _TASKS, _PLAN_CURVE]


def _statements_view() -> str:
    return _STATEMENTS.format(
        retraction=RETRACTION_TYPE,
        tick=TICK_TYPE,
        place=statement_place_sql(),
        keys=" ".join(f"WHEN '{name}' THEN {_key(name)}" for name in _keyed_types()),
        day=statement_day_sql(),
    )


def statement_place_sql() -> str:
    """A list that is equal for statements of one natural key; of columns `type` and `data`, in a project."""
    cases = " ".join(f"WHEN '{name}' THEN {_grouping(name)}" for name in _keyed_types())
    return f"CASE type {cases} END"


def statement_day_sql() -> str:
    """The day that a statement is about; of columns `type` and `data`."""
    cases = " ".join(f"WHEN '{name}' THEN {_day(name)}" for name in _keyed_types() if DAY_FIELD[name])
    return f"CASE type {cases} END"


def _keyed_types() -> list[str]:
    return [name for name in DATA_TYPES if name in KEY_FIELDS]


def _key(name: str) -> str:
    members = ", ".join(f"'{field}', data -> '$.{field}'" for field in KEY_FIELDS[name])
    return f"json_object({members})"


def _grouping(name: str) -> str:
    """Texts that are equal for equal keys; instants by what they are, not by how they are written."""
    parts = (
        f"CAST({_instant()} AS VARCHAR)" if field == "at" else f"data ->> '$.{field}'"
        for field in KEY_FIELDS[name]
    )
    return f"[{', '.join(parts)}]"


def _instant() -> str:
    return "instant_of(data ->> '$.at')"


def _day(name: str) -> str:
    field = DAY_FIELD[name]
    return f"CAST({_instant()} AS DATE)" if field == "at" else f"TRY_CAST(data ->> '$.{field}' AS DATE)"


def _typed_view(name: str, kind: str, fields: list[str]) -> str:
    columns = ", ".join(map(_column, fields))
    return (
        f"CREATE OR REPLACE VIEW {name} AS SELECT project_id, {columns}, data ->> '$.note' AS note, revision, time, source, id"
        f" FROM statements WHERE type = 'milepost.{kind}.v1'"
    )


def _column(field: str) -> str:
    if field == "at":
        return f'{_instant()} AS "at"'
    wanted = _COLUMN_TYPES.get(field)
    text = f"data ->> '$.{field}'"
    return f'{text} AS "{field}"' if wanted is None else f'TRY_CAST({text} AS {wanted}) AS "{field}"'
