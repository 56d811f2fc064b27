"""Asks two others where the columns of queries come from: openlineage-sql, and sqlglot for a second opinion.

usage: ask.py < QUESTIONS

QUESTIONS is {"schemas": {NAME: {TABLE: [[COLUMN, TYPE], ...]}}, "queries": [[NAME, SQL], ...]}. Prints a list with
{"openlineage": ..., "sqlglot": ...} for each query. openlineage-sql sees the text alone; its answer is a sorted
list of edges [output, relation or null, column]. sqlglot knows the tables; its answer is a list of
[output, [[relation, column], ...]], in the order of the outputs. An answer that is not had is null.
"""

import json
import sys

import openlineage_sql
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

# It keeps what it finds in maps without an order, and of several branches of a UNION the last one seen: what it says
# changes from one time to the next. All that it says in so many times is one answer.
TIMES = 24
TIMES_WHERE_IT_WAVERS = 200


def openlineage(sql: str) -> list | None:
    def once() -> frozenset | None:
        try:
            said = openlineage_sql.parse([sql])
        except BaseException:  # a panic of the parser is no Exception
            return None
        if said is None or said.errors:
            return None
        return frozenset(
            (column.descendant.name, source.origin and source.origin.qualified_name, source.name)
            for column in said.column_lineage
            for source in column.lineage
        )

    answers = {once() for _ in range(TIMES)}
    if len(answers) > 1:
        answers |= {once() for _ in range(TIMES_WHERE_IT_WAVERS)}
    if None in answers:
        return None
    return sorted(frozenset().union(*answers), key=lambda edge: (edge[0], edge[1] or "", edge[2]))


def second_opinion(sql: str, schema: dict) -> list | None:
    def sources(query: exp.Expression, output: str) -> list:
        leaves = (
            node
            for node in lineage(output, query.copy(), schema=schema, dialect="duckdb").walk()
            if not node.downstream and isinstance(node.expression, exp.Table)
        )
        return sorted({(leaf.expression.name, leaf.name.split(".")[-1].strip('"')) for leaf in leaves})

    try:
        query = sqlglot.parse_one(sql.strip().rstrip(";"), dialect="duckdb")
        outputs = qualify(query.copy(), schema=schema, dialect="duckdb").named_selects
        # It looks outputs up by name, so of two with one name it has but one.
        named_once = len(set(outputs)) == len(outputs)
        return [(output, sources(query, output)) for output in outputs] if named_once else None
    except (SqlglotError, AttributeError):  # the second is what it raises for statements that are no query
        return None


asked = json.load(sys.stdin)
schemas = {
    name: {table: dict(columns) for table, columns in tables.items()} for name, tables in asked["schemas"].items()
}
answers = [
    {"openlineage": openlineage(sql), "sqlglot": second_opinion(sql, schemas[name])}
    for name, sql in asked["queries"]
]
json.dump(answers, sys.stdout)
