"""Which cases: by type and channel, within a period."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from geo.errors import InvalidInput
from layers.database.sqltext import Sql

_TYPE = re.compile(r"(component|matter|local)(-[0-9]{2}([0-9]{3})?)?\Z")
MIDNIGHT = "T00:00:00+08:00"
"""A day begins at midnight in China, which keeps one time zone."""


@dataclass(frozen=True)
class CaseFilter:
    """Cases of some types and channels.

    Attributes
    ----------
    types : tuple of str
        A category (``matter``), a class of it (``matter-06``) or a type (``matter-06020``), any of them; empty for all.
    channels : tuple of str
        Any of these; empty for all.

    Raises
    ------
    InvalidInput
        For what is no category, class or type.
    """

    types: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for entry in self.types:
            if not _TYPE.match(entry):
                raise InvalidInput("situation.type", type=entry)

    @property
    def conditions(self) -> list[Sql]:
        """What holds of such a row of ``cases`` or ``case_counts``."""
        found = []
        if self.types:
            patterns = [f"{entry}%" if entry.count("-") else f"{entry}-%" for entry in self.types]
            found.append(Sql("category || '-' || type_code like any (%s::text[])", (patterns,)))
        if self.channels:
            found.append(Sql("channel = any (%s::text[])", (list(self.channels),)))
        return found


def reported_within(first: date, after: date) -> list[Sql]:
    """Conditions on cases reported from the first day to the one before ``after``."""
    return [
        Sql("reported_at >= %s::timestamptz", (f"{first}{MIDNIGHT}",)),
        Sql("reported_at < %s::timestamptz", (f"{after}{MIDNIGHT}",)),
    ]


def midnights(days: Sequence[date]) -> list[str]:
    """The moments at which days begin."""
    return [f"{day}{MIDNIGHT}" for day in days]
