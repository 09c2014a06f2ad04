"""The places that hot spots are looked for in: the grids of today, or the H3 cells of the city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from h3.api import basic_int
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from geo.crs import STORED_SRID
from geo.heat.cells import cell_polygons
from geo.measuring import Plane, plane_of
from layers.checking.coded_grids import read_city
from layers.checking.coverages import SCATTERED_KIND
from layers.identity import current

_GRIDS = """
    select code, name, township_code, population, area_m2, st_asbinary(geom) from wangge.grids
    where valid_to is null and kind <> %s and (%s::text is null or township_code = %s::text)
    order by code
"""
_GROUND = """
    select st_asbinary(outline) from wangge.city where %s::text is null
    union all
    select st_asbinary(geom) from wangge.todays_divisions where code = %s::text
"""


@dataclass(frozen=True, eq=False)
class Places:
    """Places in the order of their codes.

    Attributes
    ----------
    codes, names : list of str, length n
        Codes of grids, or cells in hexadecimal.
    townships : list of str or None, length n
        A cell belongs to none, since it does not end at a border.
    geometries : (n,) ndarray of shapely geometries
        EPSG:4490, longitude first.
    plane : Plane
        Where they are measured.
    population : (n,) ndarray of float
        NaN where it is not known.
    cells : (n,) ndarray of int64 or None
        H3 numbers of cells.
    """

    codes: list[str]
    names: list[str]
    townships: list[str | None]
    geometries: NDArray[np.object_]
    plane: Plane
    population: NDArray[np.float64]
    cells: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def only(self, keep: NDArray[np.bool_]) -> Places:
        """Those that a mask of n values keeps."""
        some = np.flatnonzero(keep).tolist()
        return Places(
            [self.codes[i] for i in some],
            [self.names[i] for i in some],
            [self.townships[i] for i in some],
            self.geometries[some],
            self.plane,
            self.population[some],
            None if self.cells is None else self.cells[some],
        )


def read_grid_places(cur: Cursor) -> Places:
    """The social-governance grids of today, which cover the city; for staff of one township those of it."""
    own = current().township
    cur.execute(_GRIDS, (SCATTERED_KIND, own, own))
    rows = cur.fetchall()
    shapes = np.full(len(rows), None, dtype=object)
    shapes[:] = [bytes(row[5]) for row in rows]
    geometries = shapely.from_wkb(shapes)
    people = np.array([np.nan if row[3] is None else row[3] for row in rows], dtype=float)
    return Places(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        geometries,
        _plane(cur, geometries),
        people,
    )


def read_cell_places(cur: Cursor, resolution: int, counted: NDArray[np.int64]) -> Places:
    """Cells whose middle lies in the city (or in the asker's township), and those that have counts.

    Parameters
    ----------
    cur : cursor
    resolution : int
    counted : (m,) array of int64
        Cells with counts: a case on the border may lie in a cell whose middle is outside.
    """
    own = current().township
    cur.execute(_GROUND, (own, own))
    row = cur.fetchone()
    inside = np.empty(0, dtype=np.int64)
    if row is not None:
        ground = shapely.from_wkb(bytes(row[0]))
        inside = np.array(basic_int.geo_to_cells(ground, resolution), dtype=np.int64)
    cells = np.union1d(inside, counted)
    names = [f"{cell:x}" for cell in cells.tolist()]
    geometries = cell_polygons(cells)
    return Places(
        names, names, [None] * len(cells), geometries, _plane(cur, geometries), np.full(len(cells), np.nan), cells
    )


def _plane(cur: Cursor, geometries: NDArray[np.object_]) -> Plane:
    """The city's metric CRS; for a database without a city the one that fits the places."""
    city = read_city(cur)
    if city is not None or not len(geometries):
        return Plane(f"EPSG:{city[0] if city else 4549}", f"EPSG:{STORED_SRID}")
    west, south, east, north = shapely.total_bounds(geometries).tolist()
    return plane_of((west, south, east, north))
