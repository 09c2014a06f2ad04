"""Values in CQL2: columns, literals, arithmetic, arrays and periods, each with its type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from geo.errors import InvalidInput
from layers.catalogue.layer import Layer
from layers.database.sqltext import PG_TYPES, Sql, cast, name
from layers.features.cql2_temporal import moment_sql
from layers.features.moments import parse_moment

_ARITHMETIC = {"+": "+", "-": "-", "*": "*", "/": "/", "%": "%%", "^": "^", "div": "div"}
DEEPEST = 60
"""Levels of a filter's tree, so that none can exhaust the stack."""


@dataclass(frozen=True)
class Value:
    """A typed expression.

    Attributes
    ----------
    sql : Sql
        The expression.
    type : str
        A field's type, or ``"null"``.
    literal : object
        What was written, for a literal; None for a column or a computed value.
    """

    sql: Sql
    type: str
    literal: object = None


class Values:
    """The values of one filter; remembers which columns they name.

    Parameters
    ----------
    layer : Layer
        Whose fields are the names.
    crs : str
        URI of the CRS of coordinates in the filter.
    """

    def __init__(self, layer: Layer, crs: str) -> None:
        self.layer = layer
        self.crs = crs
        self.names: set[str] = set()

    def value(self, node: Any, depth: int) -> Value:
        """A node that has a value."""
        if depth > DEEPEST:
            raise InvalidInput("query.filter-deep")
        if node is None:
            return Value(Sql("null"), "null")
        if isinstance(node, bool):
            return Value(cast(node, "boolean"), "boolean", node)
        if isinstance(node, int | float):
            return Value(cast(float(node), "number"), "number", node)
        if isinstance(node, str):
            if "\x00" in node:
                raise InvalidInput("query.nul", parameter="filter")
            return Value(cast(node, "string"), "string", node)
        if isinstance(node, dict):
            if "property" in node:
                return self._column(node["property"])
            for kind, type_ in (("timestamp", "date-time"), ("date", "date")):
                if isinstance(node.get(kind), str):
                    return Value(moment_sql(parse_moment(node[kind], "filter").start, type_), type_, node[kind])
            op = str(node.get("op", "")).lower()
            args = node.get("args")
            if op in _ARITHMETIC and isinstance(args, list):
                return self._arithmetic(op, args, depth)
            if op == "casei" and isinstance(args, list):
                count_arguments(op, args, 1)
                inner = self.value(args[0], depth + 1)
                self.want("casei", inner, "string")
                return Value(Sql("lower(") + inner.sql + Sql(")"), "string")
            if op:
                raise InvalidInput("query.filter-function", function=node["op"])
        raise InvalidInput("query.filter", value=shown(node), reason="not a value")

    def _column(self, property_: Any) -> Value:
        field = self.layer.field(property_) if isinstance(property_, str) else None
        if field is None and property_ == "id":
            field = self.layer.field(self.layer.id_field) or self.layer.field("code")
        if field is None:
            known = ", ".join((*self.layer.names, "geometry"))
            raise InvalidInput("query.property", parameter="filter", property=shown(property_), known=known)
        self.names.add(field.name)
        return Value(Sql(name(field.name)), field.type)

    def fitted(self, op: str, subject: Value, literal: Value) -> Value:
        """A literal as the subject's type."""
        text = literal.literal
        if subject.type == literal.type or {subject.type, literal.type} <= {"integer", "number"}:
            if subject.type == "integer" and isinstance(text, float) and text.is_integer() and abs(text) < 2**53:
                return Value(cast(int(text), "integer"), "integer")
            return literal
        if (
            subject.type in ("date", "date-time")
            and literal.type in ("string", "date", "date-time")
            and isinstance(text, str)
        ):
            period = parse_moment(text, "filter")
            # a day covers its hours: after it is after its end, from it on is from its start
            edge = period.end if op in (">", "<=") else period.start
            return Value(moment_sql(edge, subject.type), subject.type)
        raise InvalidInput("query.filter-types", left=subject.type, right=literal.type)

    def _arithmetic(self, op: str, args: list[Any], depth: int) -> Value:
        if op == "-" and len(args) == 1:
            args = [0, args[0]]
        count_arguments(op, args, 2)
        values = [self.value(arg, depth + 1) for arg in args]
        for value in values:
            self.want(op, value, "number", "integer")
        left, right = (Sql(f"({value.sql.text})::double precision", value.sql.values) for value in values)
        if op in ("/", "div", "%"):
            right = Sql(f"nullif({right.text}, 0)", right.values)
        if op == "%":
            return Value(
                Sql("mod((") + left + Sql(")::numeric, (") + right + Sql(")::numeric)::double precision"), "number"
            )
        if op == "div":
            return Value(Sql("trunc(") + left + Sql("/") + right + Sql(")"), "number")
        return Value(Sql("(") + left + Sql(_ARITHMETIC[op]) + right + Sql(")"), "number")

    def array(self, node: Any, depth: int) -> Sql:
        if isinstance(node, list):
            values = [self.value(item, depth + 1) for item in node]
            for value in values:
                self.want("array", value, "string")
            return Sql(f"%s::{PG_TYPES['array']}", ([value.literal for value in values],))
        value = self.value(node, depth + 1)
        self.want("array", value, "array")
        return value.sql

    def period(self, node: Any) -> tuple[Sql, Sql]:
        """Start and end of a temporal argument; the edges of an interval may be properties."""
        if isinstance(node, dict) and isinstance(node.get("interval"), list) and len(node["interval"]) == 2:
            first, last = node["interval"]
            start = Sql("'-infinity'::timestamptz") if first == ".." else self.period(first)[0]
            return start, Sql("'infinity'::timestamptz") if last == ".." else self.period(last)[1]
        if isinstance(node, dict) and "property" in node:
            column = self._column(node["property"])
            self.want("temporal", column, "date", "date-time")
            if column.type == "date-time":
                return column.sql, column.sql
            text = column.sql.text
            at = "at time zone 'Asia/Shanghai'"
            return Sql(f"({text}::timestamp {at})"), Sql(f"((({text} + 1)::timestamp {at}) - interval '1 microsecond')")
        written = (
            node
            if isinstance(node, str)
            else node.get("timestamp", node.get("date"))
            if isinstance(node, dict)
            else None
        )
        if not isinstance(written, str):
            raise InvalidInput("query.filter", value=shown(node), reason="not a moment or interval")
        period = parse_moment(written, "filter")
        return moment_sql(period.start, "date-time"), moment_sql(period.end, "date-time")

    def want(self, function: str, value: Value, *types: str) -> None:
        if value.type not in types:
            raise InvalidInput("query.filter-argument", function=function, wanted=" / ".join(types), given=value.type)


def count_arguments(op: str, args: list[Any], wanted: int) -> None:
    if len(args) != wanted:
        raise InvalidInput("query.filter", value=op, reason=f"{op} takes {wanted} arguments, {len(args)} given")


def shown(node: Any) -> str:
    return json.dumps(node, ensure_ascii=False)[:120]
