"""Conditions in CQL2: logic, comparisons, and functions of place, time and arrays."""

from __future__ import annotations

from typing import Any

from geo.errors import InvalidInput
from layers.catalogue.layer import Layer
from layers.database.sqltext import Sql, joined
from layers.features.cql2_spatial import SPATIAL, spatial_condition
from layers.features.cql2_temporal import TEMPORAL, temporal_condition
from layers.features.cql2_values import DEEPEST, Values, count_arguments, shown

_COMPARISONS = {"=", "<>", "<", ">", "<=", ">="}
_ARRAYS = {"a_equals": "=", "a_contains": "@>", "a_containedby": "<@", "a_overlaps": "&&"}


class Conditions(Values):
    """One walk over one tree."""

    def __init__(self, layer: Layer, crs: str) -> None:
        super().__init__(layer, crs)
        self.spatial = False

    def condition(self, node: Any, depth: int) -> Sql:
        """A node that is true or false."""
        if depth > DEEPEST:
            raise InvalidInput("query.filter-deep")
        if isinstance(node, bool):
            return Sql("true" if node else "false")
        if isinstance(node, dict) and "property" in node:
            value = self.value(node, depth)
            if value.type != "boolean":
                raise InvalidInput("query.filter-boolean", property=node["property"])
            return value.sql
        if not isinstance(node, dict) or not isinstance(node.get("op"), str) or not isinstance(node.get("args"), list):
            raise InvalidInput("query.filter", value=shown(node), reason="not a condition")
        op, args = node["op"].lower(), node["args"]
        if op in ("and", "or"):
            if not args:
                raise InvalidInput("query.filter", value=shown(node), reason=f"{op} takes at least one condition")
            return Sql("(") + joined((self.condition(arg, depth + 1) for arg in args), f" {op} ") + Sql(")")
        if op == "not":
            count_arguments(op, args, 1)
            return Sql("not (") + self.condition(args[0], depth + 1) + Sql(")")
        if op in _COMPARISONS:
            count_arguments(op, args, 2)
            return self.comparison(op, args, depth)
        if op == "isnull":
            count_arguments(op, args, 1)
            if self._is_geometry(args[0]):
                return Sql("geom is null")
            return self.value(args[0], depth + 1).sql + Sql("is null")
        if op == "like":
            count_arguments(op, args, 2)
            subject, pattern = (self.value(arg, depth + 1) for arg in args)
            self.want("like", subject, "string")
            self.want("like", pattern, "string")
            return subject.sql + Sql("like") + pattern.sql
        if op == "between":
            count_arguments(op, args, 3)
            low = self.comparison(">=", [args[0], args[1]], depth)
            return Sql("(") + low + Sql("and") + self.comparison("<=", [args[0], args[2]], depth) + Sql(")")
        if op == "in":
            count_arguments(op, args, 2)
            if not isinstance(args[1], list) or not args[1]:
                raise InvalidInput("query.filter", value=shown(args[1]), reason="IN takes a list")
            options = (self.comparison("=", [args[0], option], depth) for option in args[1])
            return Sql("(") + joined(options, " or ") + Sql(")")
        if op in SPATIAL:
            count_arguments(op, args, 2)
            self.spatial = True
            return spatial_condition(op, args, self.crs)
        if op in TEMPORAL:
            count_arguments(op, args, 2)
            return temporal_condition(op, [self.period(arg) for arg in args])
        if op in _ARRAYS:
            count_arguments(op, args, 2)
            left, right = (self.array(arg, depth) for arg in args)
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
            right = self.fitted(op, left, right)
        elif not _comparable(left.type, right.type):
            raise InvalidInput("query.filter-types", left=left.type, right=right.type)
        return left.sql + Sql(op) + right.sql

    @staticmethod
    def _is_geometry(node: Any) -> bool:
        return isinstance(node, dict) and node.get("property") in ("geometry", "geom")


def _comparable(left: str, right: str) -> bool:
    kinds = {"integer": "number", "date-time": "date"}
    return kinds.get(left, left) == kinds.get(right, right)
