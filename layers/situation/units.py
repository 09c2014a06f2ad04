"""The units that are assessed: the grids of today, villages, townships, and the city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from layers.checking.coverages import SCATTERED_KIND
from layers.identity import current

Level = Literal["grid", "village", "township", "county"]
LEVELS: tuple[Level, ...] = ("grid", "village", "township", "county")
_LENGTH = {"county": 6, "township": 9, "village": 12}

_GRIDS = """
    select code, name, village_code, population, area_m2, st_asbinary(geom) from wangge.grids
    where valid_to is null and kind <> %s and (%s::text is null or township_code = %s::text)
    order by code
"""
_DIVISIONS = """
    select code, name, level, population, area_m2, st_asbinary(geom) from wangge.todays_divisions
    where %s::text is null or starts_with(code, %s::text)
    order by code
"""


@dataclass(frozen=True, eq=False)
class Units:
    """Units of one level, in the order of their codes.

    Attributes
    ----------
    level : str
    codes, names : list of str, length n
    population : (n,) ndarray of float
        NaN where it is not known.
    area_m2 : (n,) ndarray of float
    geometries : (n,) ndarray of shapely geometries
        EPSG:4490.
    villages : list of str
        Village of each grid; empty for other levels.
    """

    level: Level
    codes: list[str]
    names: list[str]
    population: NDArray[np.float64]
    area_m2: NDArray[np.float64]
    geometries: NDArray[np.object_]
    villages: list[str]

    def __len__(self) -> int:
        return len(self.codes)

    def township_of(self, place: int) -> str | None:
        """9-digit township that a unit lies in; None for the city."""
        code = self.villages[place] if self.villages else self.codes[place]
        return code[:9] if len(code) >= 9 else None


def read_units(cur: Cursor) -> dict[Level, Units]:
    """All units that the asker is responsible for: those of the city, or of the one township."""
    own = current().township
    cur.execute(_GRIDS, (SCATTERED_KIND, own, own))
    grids = cur.fetchall()
    cur.execute(_DIVISIONS, (own, own))
    divisions = cur.fetchall()
    lowest = _units("grid", [(*row[:2], *row[3:]) for row in grids], [row[2] for row in grids])
    out: dict[Level, Units] = {"grid": lowest}
    for level in LEVELS[1:]:
        units = _units(level, [(*row[:2], *row[3:]) for row in divisions if row[2] == level], [])
        # what a division does not say of its people is the sum of its grids
        place = owners(units, lowest.villages)
        people = np.bincount(place[place >= 0], np.nan_to_num(lowest.population)[place >= 0], len(units))
        population = np.where(np.isnan(units.population) & (people > 0), people, units.population)
        out[level] = replace(units, population=population)
    return out


def owners(units: Units, codes: Sequence[str | None]) -> NDArray[np.intp]:
    """Place of the unit that each code, of a grid's or a case's village or township, lies in; -1 for none."""
    known = {code: place for place, code in enumerate(units.codes)}
    length = _LENGTH[units.level]
    return np.array([-1 if code is None else known.get(code[:length], -1) for code in codes], dtype=np.intp)


def _units(level: Level, rows: list[tuple[Any, ...]], villages: list[str]) -> Units:
    shapes = np.full(len(rows), None, dtype=object)
    shapes[:] = [bytes(row[4]) for row in rows]
    numbers = np.array([[np.nan if value is None else float(value) for value in row[2:4]] for row in rows])
    numbers = numbers.reshape(-1, 2)
    return Units(
        level,
        [str(row[0]) for row in rows],
        [str(row[1]) for row in rows],
        numbers[:, 0],
        numbers[:, 1],
        shapely.from_wkb(shapes),
        villages,
    )
