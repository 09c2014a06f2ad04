"""CQL2 filters: text or JSON in, a condition over a layer's columns out.

The text is parsed by the library ``cql2``; what its tree means on our columns, with types checked and unknown names
refused,
is decided here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import cql2

from geo.errors import InvalidInput
from layers.cql2_spatial import SPATIAL, spatial_condition
from layers.cql2_temporal import TEMPORAL, moment_sql, temporal_condition
from layers.layer import Layer
from layers.moments import parse_moment
from layers.sqltext import PG_TYPES, Sql, cast, joined, name

_COMPARISONS = {"=", "<>", "<", ">", "<=", ">="}
_ARITHMETIC = {"+": "+", "-": "-", "*": "*", "/": "/", "%": "%%", "^": "^", "div": "div"}
_ARRAYS = {"a_equals": "=", "a_contains": "@>", "a_containedby": "<@", "a_overlaps": "&&"}
_DEEPEST = 60
_LONGEST = 20_000


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


@dataclass(frozen=True)
class Condition:
    """What a filter comes to.

    Attributes
    ----------
    sql : Sql
        The condition.
    spatial : bool
        Whether it asks for a place: its best plan hangs on which.
    names : frozenset of str
        Columns that it names.
    """

    sql: Sql
    spatial: bool
    names: frozenset[str]


def parse_filter(text: str, language: str | None) -> dict[str, Any] | bool:
    """The tree of a filter.

    Parameters
    ----------
    text : str
        CQL2 text or JSON.
    language : str or None
        ``cql2-text``, ``cql2-json`` or None: JSON when it starts with a brace.

    Raises
    ------
    InvalidInput
        With the place where the text can't be understood.
    """
    if language not in (None, "cql2-text", "cql2-json"):
        raise InvalidInput("query.filter-lang", value=language)
    if len(text) > _LONGEST:
        raise InvalidInput("query.filter-long", most=_LONGEST)
    if max(text.count("("), text.count("{") + text.count("[")) > 400:
        raise InvalidInput("query.filter-deep")
    as_json = language == "cql2-json" or (language is None and text.lstrip().startswith("{"))
    try:
        if as_json:
            json.loads(text)
            tree = cql2.parse_json(text).to_json()
        else:
            tree = cql2.parse_text(text).to_json()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the parser's own panics are no Exceptions
        raise InvalidInput("query.filter", value=text[:120], reason=_first_lines(str(error))) from error
    if not isinstance(tree, dict | bool):
        raise InvalidInput("query.filter", value=text[:120], reason="no condition")
    return tree


def compile_filter(layer: Layer, tree: dict[str, Any] | bool, crs: str) -> Condition:
    """The condition that a filter's tree means on a layer.

    Parameters
    ----------
    layer : Layer
        Its fields are the names that a filter may use, with ``geometry`` for the shape.
    tree : dict or bool
        CQL2 JSON; a boolean is a condition by itself.
    crs : str
        URI of the CRS of coordinates in the filter.

    Raises
    ------
    InvalidInput
        For unknown properties, operators and functions, and values that do not fit the property's type.
    """
    compiler = _Compiler(layer, crs)
    sql = compiler.condition(tree, 0)
    return Condition(sql, compiler.spatial, frozenset(compiler.names))


class _Compiler:
    """One walk over one tree."""

    def __init__(self, layer: Layer, crs: str) -> None:
        self.layer = layer
        self.crs = crs
        self.spatial = False
        self.names: set[str] = set()

    def condition(self, node: Any, depth: int) -> Sql:
        """A node that is true or false."""
        if depth > _DEEPEST:
            raise InvalidInput("query.filter-deep")
        if isinstance(node, bool):
            return Sql("true" if node else "false")
        if isinstance(node, dict) and "property" in node:
            value = self.value(node, depth)
            if value.type != "boolean":
                raise InvalidInput("query.filter-boolean", property=node["property"])
            return value.sql
        if not isinstance(node, dict) or not isinstance(node.get("op"), str) or not isinstance(node.get("args"), list):
            raise InvalidInput("query.filter", value=_shown(node), reason="not a condition")
        op, args = node["op"].lower(), node["args"]
        if op in ("and", "or"):
            if not args:
                raise InvalidInput("query.filter", value=_shown(node), reason=f"{op} takes at least one condition")
            return Sql("(") + joined((self.condition(arg, depth + 1) for arg in args), f" {op} ") + Sql(")")
        if op == "not":
            _count(op, args, 1)
            return Sql("not (") + self.condition(args[0], depth + 1) + Sql(")")
        if op in _COMPARISONS:
            _count(op, args, 2)
            return self.comparison(op, args, depth)
        if op == "isnull":
            _count(op, args, 1)
            if self._is_geometry(args[0]):
                return Sql("geom is null")
            return self.value(args[0], depth + 1).sql + Sql("is null")
        if op == "like":
            _count(op, args, 2)
            subject, pattern = (self.value(arg, depth + 1) for arg in args)
            self._want("like", subject, "string")
            self._want("like", pattern, "string")
            return subject.sql + Sql("like") + pattern.sql
        if op == "between":
            _count(op, args, 3)
            low = self.comparison(">=", [args[0], args[1]], depth)
            return Sql("(") + low + Sql("and") + self.comparison("<=", [args[0], args[2]], depth) + Sql(")")
        if op == "in":
            _count(op, args, 2)
            if not isinstance(args[1], list) or not args[1]:
                raise InvalidInput("query.filter", value=_shown(args[1]), reason="IN takes a list")
            options = (self.comparison("=", [args[0], option], depth) for option in args[1])
            return Sql("(") + joined(options, " or ") + Sql(")")
        if op in SPATIAL:
            _count(op, args, 2)
            self.spatial = True
            return spatial_condition(op, args, self.crs)
        if op in TEMPORAL:
            _count(op, args, 2)
            return temporal_condition(op, [self._period(arg) for arg in args])
        if op in _ARRAYS:
            _count(op, args, 2)
            left, right = (self._array(arg, depth) for arg in args)
            return left + Sql(_ARRAYS[op]) + right
        raise InvalidInput("query.filter-function", function=node["op"])

    def comparison(self, op: str, args: list[Any], depth: int) -> Sql:
        """Two values held against each other, a literal taking the type of what it is held against."""
        left, right = (self.value(arg, depth + 1) for arg in args)
        if left.type == "null" or right.type == "null":
            raise InvalidInput("query.filter-null")
        if right.literal is None and left.literal is not None:
            mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(op, op)
            return self.comparison(mirrored, [args[1], args[0]], depth)
        if right.literal is not None:
            right = self._fitted(op, left, right)
        elif not _comparable(left.type, right.type):
            raise InvalidInput("query.filter-types", left=left.type, right=right.type)
        return left.sql + Sql(op) + right.sql

    def value(self, node: Any, depth: int) -> Value:
        """A node that has a value."""
        if depth > _DEEPEST:
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
                _count(op, args, 1)
                inner = self.value(args[0], depth + 1)
                self._want("casei", inner, "string")
                return Value(Sql("lower(") + inner.sql + Sql(")"), "string")
            if op:
                raise InvalidInput("query.filter-function", function=node["op"])
        raise InvalidInput("query.filter", value=_shown(node), reason="not a value")

    def _column(self, property_: Any) -> Value:
        field = self.layer.field(property_) if isinstance(property_, str) else None
        if field is None and property_ == "id":
            field = self.layer.field(self.layer.id_field) or self.layer.field("code")
        if field is None:
            known = ", ".join((*self.layer.names, "geometry"))
            raise InvalidInput("query.property", parameter="filter", property=_shown(property_), known=known)
        self.names.add(field.name)
        return Value(Sql(name(field.name)), field.type)

    def _fitted(self, op: str, subject: Value, literal: Value) -> Value:
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
        _count(op, args, 2)
        values = [self.value(arg, depth + 1) for arg in args]
        for value in values:
            self._want(op, value, "number", "integer")
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

    def _array(self, node: Any, depth: int) -> Sql:
        if isinstance(node, list):
            values = [self.value(item, depth + 1) for item in node]
            for value in values:
                self._want("array", value, "string")
            return Sql(f"%s::{PG_TYPES['array']}", ([value.literal for value in values],))
        value = self.value(node, depth + 1)
        self._want("array", value, "array")
        return value.sql

    def _period(self, node: Any) -> tuple[Sql, Sql]:
        """Start and end of a temporal argument; the edges of an interval may be properties."""
        if isinstance(node, dict) and isinstance(node.get("interval"), list) and len(node["interval"]) == 2:
            first, last = node["interval"]
            start = Sql("'-infinity'::timestamptz") if first == ".." else self._period(first)[0]
            return start, Sql("'infinity'::timestamptz") if last == ".." else self._period(last)[1]
        if isinstance(node, dict) and "property" in node:
            column = self._column(node["property"])
            self._want("temporal", column, "date", "date-time")
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
            raise InvalidInput("query.filter", value=_shown(node), reason="not a moment or interval")
        period = parse_moment(written, "filter")
        return moment_sql(period.start, "date-time"), moment_sql(period.end, "date-time")

    def _want(self, function: str, value: Value, *types: str) -> None:
        if value.type not in types:
            raise InvalidInput("query.filter-argument", function=function, wanted=" / ".join(types), given=value.type)

    @staticmethod
    def _is_geometry(node: Any) -> bool:
        return isinstance(node, dict) and node.get("property") in ("geometry", "geom")


def _comparable(left: str, right: str) -> bool:
    kinds = {"integer": "number", "date-time": "date"}
    return kinds.get(left, left) == kinds.get(right, right)


def _count(op: str, args: list[Any], wanted: int) -> None:
    if len(args) != wanted:
        raise InvalidInput("query.filter", value=op, reason=f"{op} takes {wanted} arguments, {len(args)} given")


def _shown(node: Any) -> str:
    return json.dumps(node, ensure_ascii=False)[:120]


def _first_lines(message: str) -> str:
    return " ".join(message.split())[:200]
