"""The lineage, the grids of any day, and cases counted on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

import numpy as np
import shapely
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.changes.life import Life
from geo.changes.trace import Step
from geo.errors import InvalidInput
from geo.locate import GridIndex

_STEPS: Final = """
    select day, publication, before_code, after_code, share_of_before, share_of_after, operation
    from wangge.grid_lineage where day > %s and day <= %s order by day, publication, before_code, after_code
"""
_LIFE: Final = """
    select min(valid_from), nullif(max(coalesce(valid_to, 'infinity')), 'infinity'), current_date
    from wangge.grids where code = %s
"""
_FIRST_DAY: Final = "select coalesce(min(valid_from), current_date) from wangge.grids"
_SHAPES: Final = """
    select code, name, st_asbinary(geom) from wangge.grids
    where code = any(%s) and valid_from <= %s and coalesce(valid_to > %s, true) order by code
"""
_ON_DAY: Final = """
    select code, name, st_asbinary(geom) from wangge.grids
    where kind = %s and valid_from <= %s and coalesce(valid_to > %s, true) order by code
"""
_POINTS: Final = """
    select st_x(geom), st_y(geom) from wangge.cases
    where wangge.day_of(reported_at) between %s and %s
        and (%s::text is null or category = %s) and (%s::text is null or type_code = %s)
"""
_IN_GROUND: Final = """
    select st_x(cases.geom), st_y(cases.geom) from wangge.cases,
        (select st_geomfromwkb(%s, 4490) as geom) as ground
    where st_intersects(cases.geom, ground.geom)
        and (%s::date is null or wangge.day_of(reported_at) >= %s)
        and (%s::date is null or wangge.day_of(reported_at) <= %s)
    order by cases.fid
"""


def read_steps(cur: Cursor, one: date, two: date) -> list[Step]:
    """Links of the publications between the maps of two days, as the asker may see them."""
    cur.execute(_STEPS, (min(one, two), max(one, two)))
    return [Step(*row) for row in cur.fetchall()]


class GridBook:
    """The lineage of grids, to follow a code in.

    Parameters
    ----------
    cur : cursor
        Whose asker sees the links and grids.
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
            When no grid ever had it.
        """
        self._cur.execute(_LIFE, (self._code,))
        row = self._cur.fetchone()
        if row is None or row[0] is None:
            raise InvalidInput("trace.unknown", code=self._code[:40])
        return Life([(row[0], row[1])], row[2])

    def first_day(self) -> date:
        """First day of the oldest grid."""
        self._cur.execute(_FIRST_DAY)
        ((day,),) = self._cur.fetchall()
        found: date = day
        return found

    def steps(self, one: date, two: date) -> list[Step]:
        """Links between the maps of two days."""
        return read_steps(self._cur, one, two)

    def shapes(self, codes: Collection[str], day: date) -> dict[str, tuple[str, BaseGeometry]]:
        """Name and shape (EPSG:4490) of grids on the map of a day, by code."""
        self._cur.execute(_SHAPES, (list(codes), day, day))
        return {code: (name, shapely.from_wkb(bytes(shape))) for code, name, shape in self._cur.fetchall()}


def grids_on(cur: Cursor, day: date, kind: str) -> tuple[list[str], list[str], Sequence[BaseGeometry]]:
    """Codes, names and shapes (EPSG:4490) of the grids of a kind on the map of a day."""
    cur.execute(_ON_DAY, (kind, day, day))
    rows = cur.fetchall()
    return [row[0] for row in rows], [row[1] for row in rows], [shapely.from_wkb(bytes(row[2])) for row in rows]


def count_cases(
    cur: Cursor,
    shapes: Sequence[BaseGeometry],
    since: date,
    until: date,
    category: str | None = None,
    type_code: str | None = None,
) -> tuple[list[int], int]:
    """Cases of a period on grids of any day, each by where it happened.

    Parameters
    ----------
    cur : cursor
        Whose asker sees the cases that are counted.
    shapes : (n,) shapely polygons
        EPSG:4490.
    since, until : date
        First and last day of the reports, both included.
    category, type_code : str, optional
        Only cases of these.

    Returns
    -------
    counts : list of int, length n
        A case on a border counts for the first grid that has it, so it counts once.
    outside : int
        Cases in none.
    """
    cur.execute(_POINTS, (since, until, category, category, type_code, type_code))
    points = np.array(cur.fetchall(), dtype=np.float64).reshape(-1, 2)
    position = GridIndex(shapes).locate(points[:, 0], points[:, 1])
    counts = np.bincount(position[position >= 0], minlength=len(shapes))
    return counts.tolist(), int((position < 0).sum())


def case_points(cur: Cursor, ground: BaseGeometry, since: date | None, until: date | None) -> list[BaseGeometry]:
    """Where the cases of a ground (EPSG:4490) were, of all days or of some."""
    cur.execute(_IN_GROUND, (memoryview(shapely.to_wkb(ground)), since, since, until, until))
    return [shapely.Point(x, y) for x, y in cur.fetchall()]
