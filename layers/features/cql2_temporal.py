"""Temporal functions of CQL2: how two periods lie to each other, after Allen's interval algebra."""

from __future__ import annotations

from datetime import datetime

from layers.database.sqltext import Sql, cast
from layers.features.moments import day_in_city

# In each: {a} starts and {b} ends the first period, {c} starts and {d} ends the second.
TEMPORAL = {
    "t_after": "{a} > {d}",
    "t_before": "{b} < {c}",
    "t_contains": "{a} < {c} and {b} > {d}",
    "t_disjoint": "{a} > {d} or {b} < {c}",
    "t_during": "{a} > {c} and {b} < {d}",
    "t_equals": "{a} = {c} and {b} = {d}",
    "t_finishedby": "{a} < {c} and {b} = {d}",
    "t_finishes": "{a} > {c} and {b} = {d}",
    "t_intersects": "{a} <= {d} and {b} >= {c}",
    "t_meets": "{b} = {c}",
    "t_metby": "{a} = {d}",
    "t_overlappedby": "{a} > {c} and {a} < {d} and {b} > {d}",
    "t_overlaps": "{a} < {c} and {b} > {c} and {b} < {d}",
    "t_startedby": "{a} = {c} and {b} > {d}",
    "t_starts": "{a} = {c} and {b} < {d}",
}


def temporal_condition(op: str, periods: list[tuple[Sql, Sql]]) -> Sql:
    """Condition of one temporal function over two periods (start and end of each)."""
    edges = {"{a}": periods[0][0], "{b}": periods[0][1], "{c}": periods[1][0], "{d}": periods[1][1]}
    text = ""
    values: list[object] = []
    for word in TEMPORAL[op].split():
        edge = edges.get(word)
        text += f" {edge.text if edge else word}"
        values += edge.values if edge else ()
    return Sql(f"({text.strip()})", tuple(values))


def moment_sql(moment: datetime | None, field_type: str) -> Sql:
    """A moment as a value of a ``date`` or ``date-time`` field."""
    if moment is None:
        return Sql("null")
    return cast(day_in_city(moment) if field_type == "date" else moment, field_type)
