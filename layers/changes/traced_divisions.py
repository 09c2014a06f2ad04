"""What became of divisions, from their versions: the ground of those that end on a day is that of those that begin."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import shapely
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.changes.life import Life
from geo.changes.lineage import derive_lineage
from geo.changes.trace import Step
from geo.errors import InvalidInput
from geo.measuring import Plane, plane_of

DIGITS: Final = (6, 9, 12)
"""Of codes of counties, townships and villages."""

_LIFE: Final = """
    select valid_from, valid_to, current_date from wangge.divisions where code = %s order by valid_from nulls first
"""
_BEGINNING: Final = """
    select coalesce(min(day) - 1, current_date)
    from (select valid_from as day from wangge.divisions union all select valid_to from wangge.divisions) as days
"""
_SHAPES: Final = """
    select code, name, st_asbinary(geom) from wangge.divisions
    where code = any(%s) and coalesce(valid_from <= %s, true) and coalesce(valid_to > %s, true) order by code
"""
_CHANGES: Final = """
    select valid_to as day, 0 as publication, 'before' as side, code, st_asbinary(geom) from wangge.divisions
    where length(code) = %s and valid_to > %s and valid_to <= %s
    union all
    select valid_from, coalesce(publication, 0), 'after', code, st_asbinary(geom) from wangge.divisions
    where length(code) = %s and valid_from > %s and valid_from <= %s
    order by day, side desc, code
"""
_METRIC_SRID: Final = "select metric_srid from wangge.city"


class DivisionBook:
    """Versions of divisions of one level.

    Parameters
    ----------
    cur : cursor
    code : str
        The one that is followed.
    """

    def __init__(self, cur: Cursor, code: str) -> None:
        self._cur, self._code = cur, code

    def life(self) -> Life:
        """Days of the code.

        Raises
        ------
        InvalidInput
            When no division ever had it.
        """
        self._cur.execute(_LIFE, (self._code,))
        rows = self._cur.fetchall()
        if not rows:
            raise InvalidInput("trace.unknown-division", code=self._code)
        spans: list[tuple[date | None, date | None]] = []
        for begin, end, _ in rows:
            if spans and spans[-1][1] == begin:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((begin, end))
        return Life(spans, rows[0][2])

    def first_day(self) -> date:
        """The day before the first change that is known."""
        self._cur.execute(_BEGINNING)
        ((day,),) = self._cur.fetchall()
        found: date = day
        return found

    def steps(self, one: date, two: date) -> list[Step]:
        """Links between the maps of two days; several publications of a day are one change."""
        between = (len(self._code), min(one, two), max(one, two))
        self._cur.execute(_CHANGES, between * 2)
        changes = self._cur.fetchall()
        plane = self._plane()
        return [step for day, rows in groupby(changes, itemgetter(0)) for step in _links(day, list(rows), plane)]

    def shapes(self, codes: Collection[str], day: date) -> dict[str, tuple[str, BaseGeometry]]:
        """Name and shape (EPSG:4490) of divisions on the map of a day, by code."""
        self._cur.execute(_SHAPES, (list(codes), day, day))
        return {code: (name, shapely.from_wkb(bytes(shape))) for code, name, shape in self._cur.fetchall()}

    def _plane(self) -> Plane:
        self._cur.execute(_METRIC_SRID)
        row = self._cur.fetchone()
        return Plane(f"EPSG:{row[0]}") if row else plane_of((119.9, 31.9, 120.4, 32.4))


def _links(day: date, rows: list[tuple[Any, ...]], plane: Plane) -> list[Step]:
    """Steps of one day from what ended and what began on it; one that keeps its code is followed by it."""
    sides = {side: [row for row in rows if row[2] == side] for side in ("before", "after")}
    codes = {side: [row[3] for row in mine] for side, mine in sides.items()}
    shapes = {side: [shapely.from_wkb(bytes(row[4])) for row in mine] for side, mine in sides.items()}
    publication = max((row[1] for row in sides["after"]), default=0)
    lineage = derive_lineage(
        codes["before"], shapes["before"], codes["after"], shapes["after"], plane=plane,
        before_homes=codes["before"], after_homes=codes["after"],
    )  # fmt: skip
    return [
        Step(day, publication, link.before, link.after, link.share_of_before, link.share_of_after, link.operation)
        for link in lineage.links
    ]
