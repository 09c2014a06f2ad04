"""CQL2 filters: text or JSON in, a condition over a layer's columns out.

The text is parsed by the library ``cql2``; what its tree means on our columns is decided in
`layers.features.cql2_conditions`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import cql2

from geo.errors import InvalidInput
from layers.catalogue.layer import Layer
from layers.database.sqltext import Sql
from layers.features.cql2_conditions import Conditions

_LONGEST = 20_000


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
    compiler = Conditions(layer, crs)
    sql = compiler.condition(tree, 0)
    return Condition(sql, compiler.spatial, frozenset(compiler.names))


def _first_lines(message: str) -> str:
    return " ".join(message.split())[:200]
