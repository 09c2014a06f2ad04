"""Divisions that a change set puts in the place of today's: written into it, published with it, taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import shapely
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.errors import Conflict

_TODAYS: Final = """
    select code, name, level, parent_code, category, population, st_asbinary(geom)
    from wangge.todays_divisions where level = %s order by code
"""
_HAS: Final = "select count(*) from wangge.edited_divisions where change_set = %s"
_EDIT: Final = "select wangge.edit_divisions(%s, %s)"
_STALE: Final = "select wangge.stale_divisions(%s)"
_PUBLISH: Final = "select wangge.publish_divisions(%s, %s)"
_KEEP: Final = "select wangge.keep_divisions(%s, %s)"
_REVERSE: Final = "select wangge.reverse_divisions(%s, %s)"


@dataclass(frozen=True, eq=False)
class Division:
    """A division as it is, or as it is to be.

    Attributes
    ----------
    code, name, level : str
    parent_code, category : str or None
    population : int or None
    geometry : shapely geometry
        EPSG:4490.
    """

    code: str
    name: str
    level: str
    parent_code: str | None
    category: str | None
    population: int | None
    geometry: BaseGeometry


def todays(cur: Cursor, level: str) -> dict[str, Division]:
    """Divisions of one level as they are today, by code."""
    cur.execute(_TODAYS, (level,))
    return {
        code: Division(code, name, level, parent_code, category, population, shapely.from_wkb(bytes(shape)))
        for code, name, level, parent_code, category, population, shape in cur.fetchall()
    }


def edits_divisions(cur: Cursor, change_set: int) -> bool:
    """Whether a set changes divisions."""
    cur.execute(_HAS, (change_set,))
    ((count,),) = cur.fetchall()
    return bool(count)


def write_divisions(
    cur: Cursor, change_set: int, put: Sequence[Division], end: Sequence[str], issued: Sequence[str]
) -> None:
    """Write into a set what is to be there, the codes that are to end, and which codes were made up.

    Raises
    ------
    Conflict
        When the set changes divisions already: the second table would be worked out from what the first one ends.
    """
    if edits_divisions(cur, change_set):
        raise Conflict("recode.once", change_set=change_set)
    rows: list[dict[str, object]] = [{"code": code, "op": "end"} for code in end]
    for one in put:
        rows.append({
            "code": one.code, "op": "put", "name": one.name, "level": one.level, "parent_code": one.parent_code,
            "category": one.category, "population": one.population, "issued": one.code in issued,
            "shape": shapely.to_wkb(one.geometry, hex=True, output_dimension=2),
        })  # fmt: skip
    cur.execute(_EDIT, (change_set, json.dumps(rows)))


def require_current(cur: Cursor, change_set: int) -> None:
    """Conflict, naming the divisions of a set that others have published meanwhile."""
    cur.execute(_STALE, (change_set,))
    ((stale,),) = cur.fetchall()
    if stale:
        raise Conflict("publish.stale-divisions", change_set=change_set, codes=", ".join(stale[:20]), count=len(stale))


def publish_divisions(cur: Cursor, change_set: int, day: date | None) -> bool:
    """Put a set's divisions in the place of today's, before the grids that refer to them; whether there were any."""
    if not edits_divisions(cur, change_set):
        return False
    cur.execute(_PUBLISH, (change_set, day))
    return True


def keep_divisions(cur: Cursor, change_set: int, publication: int) -> None:
    """Keep the divisions as a publication found and left them, so that it can be taken back."""
    cur.execute(_KEEP, (change_set, publication))


def reverse_divisions(cur: Cursor, publication: int, change_set: int) -> None:
    """Write into a set what takes a publication's divisions back."""
    cur.execute(_REVERSE, (publication, change_set))
