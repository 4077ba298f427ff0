"""Whether a statement may run: one predicate in SQL on DuckDB's own parse of it, for live SQL and for the file alike.

It trusts no text: DuckDB turns the statement into a tree, and every name in the tree must be a published one. What is
not a single SELECT (DESCRIBE, SUMMARIZE and SHOW TABLES are SELECTs to DuckDB) has no tree and is refused.
"""

from collections.abc import Callable, Iterable
from typing import Final

from schemas.errors import CheckFailed, MilepostError, UsageError
from storage.publication import (
    DENIED_FUNCTIONS,
    INTERNAL_RELATIONS,
    METADATA_RELATIONS,
    PUBLISHED_FUNCTIONS,
    PUBLISHED_RELATIONS,
    TABLE_FUNCTIONS,
)

__all__ = ["AUTHORIZATION_MACRO", "VERDICT_MACRO", "check_macros", "refuse"]

AUTHORIZATION_MACRO: Final = "quack_allowed"
"""What the server of live SQL asks for each statement: (session, statement) → BOOLEAN."""

VERDICT_MACRO: Final = "statement_verdict"
"""Says what is wrong with a statement: (statement) → kind|text, empty when it may run."""

_VERDICT = """
CREATE OR REPLACE MACRO {verdict}(q) AS (
WITH parsed AS (
    SELECT json_serialize_sql(q::VARCHAR) AS ast
), node AS (
    SELECT n.key, n.fullkey, lower(n.atom ->> '$') AS name, n.atom ->> '$' AS text
    FROM parsed, json_tree(parsed.ast) n
    WHERE n.key IN ('function_name', 'table_name', 'key', 'type', 'error', 'error_type', 'error_message')
), used AS (
    SELECT list(text) FILTER (fullkey = '$.error_message') AS problem,
           coalesce(bool_or(fullkey = '$.error' AND name <> 'false'), true) AS failed,
           coalesce(bool_or(fullkey = '$.error_type' AND name = 'parser'), false) AS unreadable,
           coalesce(bool_or(key = 'type' AND name = 'recursive_cte_node'), false) AS recursive,
           list(DISTINCT name) FILTER (key = 'function_name' AND suffix(fullkey, '.function.function_name')) AS sources,
           list(DISTINCT name) FILTER (key = 'function_name' AND NOT suffix(fullkey, '.function.function_name')) AS functions,
           list(DISTINCT name) FILTER (key = 'key' AND regexp_matches(fullkey, '\\.cte_map\\.map\\[\\d+\\]\\.key$')) AS ctes,
           list(DISTINCT name) FILTER (key = 'table_name' AND name <> '') AS relations
    FROM node
), known AS (
    SELECT list(lower(relation)) AS existing
    FROM (SELECT table_name AS relation FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views())
), judged AS (
    SELECT *, json_array_length(ast, '$.statements') AS statement_count,
           list_filter(coalesce(sources, []), lambda x: NOT list_contains({sources}, x)) AS foreign_sources,
           list_filter(coalesce(functions, []), lambda x: list_contains({denied}, x) OR starts_with(x, 'quack_')) AS denied,
           list_filter(coalesce(ctes, []), lambda x: list_contains({taken}, x) OR translate(x, './:\\*?[', '') <> x
               OR list_contains(coalesce(existing, []), x)) AS shadowing,
           list_filter(coalesce(relations, []), lambda x: NOT list_contains({relations}, x)
               AND NOT list_contains(coalesce(ctes, []), x)) AS unpublished
    FROM parsed, used, known
)
SELECT coalesce(CASE
    WHEN failed AND unreadable AND problem[1] <> 'A CTE needs a SELECT' THEN 'error|' || problem[1]
    WHEN failed THEN 'refused|only one SELECT, DESCRIBE or SUMMARIZE is allowed'
    WHEN statement_count = 0 THEN 'refused|the statement is empty; give a SELECT'
    WHEN statement_count > 1 THEN 'refused|several statements; give one at a time'
    WHEN recursive THEN 'refused|recursive WITH is not allowed'
    WHEN len(foreign_sources) > 0 THEN 'refused|the table function ' || foreign_sources[1] || ' is not allowed'
    WHEN len(denied) > 0 THEN 'refused|the function ' || denied[1] || ' is not allowed'
    WHEN len(shadowing) > 0 THEN 'refused|the name ' || shadowing[1] || ' of WITH is taken; choose another'
    WHEN len(unpublished) > 0 THEN 'unpublished|' || unpublished[1]
    ELSE '' END, 'refused|the statement cannot be read') FROM judged
)
"""

_AUTHORIZATION = "CREATE OR REPLACE MACRO {authorization}(session, statement) AS ({verdict}(statement) = '')"


_KNOWN: Final = """
SELECT 1 FROM (SELECT table_name AS name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views())
WHERE lower(name) = '{name}' LIMIT 1
"""


def check_macros() -> list[str]:
    """Statements that create the predicate; later releases may publish more, so they run at each opening."""
    verdict = _VERDICT.format(
        verdict=VERDICT_MACRO,
        sources=_texts((*TABLE_FUNCTIONS, *PUBLISHED_FUNCTIONS)),
        denied=_texts(DENIED_FUNCTIONS),
        taken=_texts((*PUBLISHED_RELATIONS, *INTERNAL_RELATIONS, *METADATA_RELATIONS)),
        relations=_texts((*PUBLISHED_RELATIONS, *METADATA_RELATIONS)),
    )
    return [verdict, _AUTHORIZATION.format(authorization=AUTHORIZATION_MACRO, verdict=VERDICT_MACRO)]


def _texts(names: Iterable[str]) -> str:
    quoted = (name.replace("'", "''") for name in names)
    return "[" + ", ".join(f"'{name}'" for name in quoted) + "]"


def refuse(verdict: str, exists: Callable[[str], bool]) -> None:
    """Raise what a verdict says: UsageError for a refusal, CheckFailed for no SQL or a name that is not there; '' passes.

    `exists` tells whether a query of the catalog has rows.
    """
    kind, _, text = verdict.partition("|")
    if kind:
        raise _refusal(kind, text, exists)


def _refusal(kind: str, text: str, exists: Callable[[str], bool]) -> MilepostError:
    if kind == "error":
        return CheckFailed(f"SQL error: {text}")
    if kind == "refused":
        return UsageError(f"refused: {text}")
    if text.isidentifier() and text not in INTERNAL_RELATIONS and not exists(_KNOWN.format(name=text)):
        return CheckFailed(f"SQL error: there is no table or view {text}; `SHOW TABLES` lists what there is")
    return UsageError(f"refused: {text} is not a published table or view; `SHOW TABLES` lists what there is")
