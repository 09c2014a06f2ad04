"""Pieces of SQL with their values: building a statement is a pure function and needs no connection."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

PG_TYPES = {
    "string": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "date-time": "timestamptz",
    "array": "text[]",
}
"""PostgreSQL type of a field's type; every value is cast to one, so a prepared statement never guesses."""


@dataclass(frozen=True)
class Sql:
    """SQL text with ``%s`` for each value.

    Attributes
    ----------
    text : str
        The statement or a part of one; a literal percent sign is doubled.
    values : tuple
        One value a placeholder; no value is ever part of the text.
    """

    text: str
    values: tuple[object, ...] = ()

    def __add__(self, other: Sql) -> Sql:
        return Sql(f"{self.text} {other.text}", self.values + other.values)


def name(identifier: str) -> str:
    """A column's or table's name, quoted.

    Raises
    ------
    ValueError
        For anything but a snake_case name: only the catalogue names columns, so this is a fault of ours.
    """
    if not _NAME.match(identifier):
        raise ValueError(f"{identifier!r} is no column")
    return f'"{identifier}"'


def joined(parts: Iterable[Sql], between: str) -> Sql:
    """Parts with a word between them."""
    listed = list(parts)
    return Sql(between.join(part.text for part in listed), tuple(value for part in listed for value in part.values))


def all_of(conditions: Iterable[Sql]) -> Sql:
    """``where`` clause in which every condition holds; empty for none."""
    listed = list(conditions)
    return (
        Sql("where") + joined((Sql(f"({part.text})", part.values) for part in listed), " and ") if listed else Sql("")
    )


def cast(value: object, field_type: str) -> Sql:
    """A value with the type of the field that it is held against."""
    return Sql(f"%s::{PG_TYPES[field_type]}", (value,))
