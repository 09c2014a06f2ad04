"""Grids made ready to be asked which of them a point lies in, with the names of their divisions."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.locate import GridIndex
from layers.checking.coverages import SCATTERED_KIND
from layers.database.database import Database

COLUMNS = (
    "grid_code", "grid_name", "kind", "village_code", "village_name", "township_code", "township_name",
)  # fmt: skip
"""What is told of the grid that a point lies in."""

_VERSIONS = "select coalesce(sum(version), 0) from wangge.layer_versions where layer in ('grids', 'divisions')"
_GRIDS = """
    select grids.code, grids.name, grids.kind, grids.village_code, village.name, grids.township_code, township.name,
        st_asbinary(grids.geom)
    from wangge.grids
    left join wangge.todays_divisions as village on village.code = grids.village_code
    left join wangge.todays_divisions as township on township.code = grids.township_code
    where grids.valid_to is null and (grids.kind = %s) = %s
    order by grids.code
"""


@dataclass(frozen=True, eq=False)
class LocatedGrids:
    """Grids of today of some kinds.

    Attributes
    ----------
    index : GridIndex
        In EPSG:4490, longitude first.
    columns : dict of str to (n + 1,) ndarray of str or None
        `COLUMNS` of each grid; the last is None, so that position -1 names no grid.
    """

    index: GridIndex
    columns: dict[str, NDArray[np.object_]]

    def of(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> dict[str, list[str | None]]:
        """`COLUMNS` of the grid that each point lies in; None where there is none."""
        position = self.index.locate(lon, lat)
        return {name: values[position].tolist() for name, values in self.columns.items()}


_kept: dict[tuple[str, bool], tuple[int, LocatedGrids]] = {}
_lock = Lock()


def located_grids(database: Database, *, dedicated: bool = False) -> LocatedGrids:
    """Grids of today, read once for every version of the layer.

    Parameters
    ----------
    database : Database
    dedicated : bool
        The dedicated grids, which lie on top of the others, instead of those others.
    """
    with database.transaction() as cur:
        cur.execute(_VERSIONS)
        ((version,),) = cur.fetchall()
        key = (database.dsn, dedicated)
        with _lock:
            known = _kept.get(key)
        if known and known[0] == version:
            return known[1]
        cur.execute(_GRIDS, (SCATTERED_KIND, dedicated))
        found = _ready(cur.fetchall())
    with _lock:
        _kept[key] = (version, found)
    return found


def _ready(rows: list[tuple[Any, ...]]) -> LocatedGrids:
    columns = {}
    for place, name in enumerate(COLUMNS):
        values = np.full(len(rows) + 1, None, dtype=object)
        values[: len(rows)] = [row[place] for row in rows]
        columns[name] = values
    shapes = np.full(len(rows), None, dtype=object)
    shapes[:] = [bytes(row[-1]) for row in rows]
    return LocatedGrids(GridIndex(shapely.from_wkb(shapes)), columns)
