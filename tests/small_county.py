"""A county of three villages with four crooked grids each, small enough to be published hundreds of times."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from editing import multi

from layers.identity import Identity

COUNTY: Final = "329901"
TOWNSHIPS: Final = (COUNTY + "001", COUNTY + "002")
VILLAGES: Final = (TOWNSHIPS[0] + "201", TOWNSHIPS[0] + "202", TOWNSHIPS[1] + "201")
ROWS: Final = 3
COLUMNS: Final = 4
_SIDE: Final = 6
"""Edges of a side of a grid, so that borders have vertices that can be moved."""

_EMPTIED: Final = (
    "findings", "grid_lineage", "publication_grids", "publication_divisions", "edited_grids", "edited_divisions",
    "grids", "divisions", "issued_codes", "publications", "change_sets", "city",
)  # fmt: skip


def bent(u: float, v: float) -> tuple[float, float]:
    """Place of a point of the lattice, in degrees: no border is straight, none runs north."""
    lon = 120.0 + 0.01 * u + 0.0009 * np.sin(2.1 * v) + 0.0004 * np.cos(3.3 * u)
    lat = 32.0 + 0.009 * v + 0.0007 * np.sin(1.7 * u) + 0.0003 * np.cos(2.9 * v)
    return round(float(lon), 10), round(float(lat), 10)


def lattice_grid(column: int, row: int) -> shapely.Polygon:
    """One grid; it shares each vertex of its borders with its neighbours."""
    steps = np.arange(_SIDE) / _SIDE
    ring = [*((column + s, row) for s in steps), *((column + 1, row + s) for s in steps),
            *((column + 1 - s, row + 1) for s in steps), *((column, row + 1 - s) for s in steps)]  # fmt: skip
    return shapely.Polygon([bent(u, v) for u, v in ring])


def build_county(database: Any, days_ago: int = 60) -> None:
    """Empty a database and put the county into it, its grids valid for some time."""
    grids = {(row, column): lattice_grid(column, row) for row in range(ROWS) for column in range(COLUMNS)}
    villages = [shapely.coverage_union_all([grids[row, c] for c in range(COLUMNS)]) for row in range(ROWS)]
    county = shapely.coverage_union_all(list(grids.values()))
    divisions = [(COUNTY, "小县", "county", None, county),
                 (TOWNSHIPS[0], "甲镇", "township", COUNTY, shapely.coverage_union_all(villages[:2])),
                 (TOWNSHIPS[1], "乙镇", "township", COUNTY, villages[2])]  # fmt: skip
    divisions += [(code, f"{code[-5:]}村", "village", code[:9], shape)
                  for code, shape in zip(VILLAGES, villages, strict=True)]  # fmt: skip
    with database.transaction(Identity("admin")) as cur:
        cur.execute("set constraints all deferred; update wangge.change_sets set reverses = null")
        for table in _EMPTIED:
            cur.execute(f"delete from wangge.{table}")  # noqa: S608 - names of ours
        for code, name, level, parent, shape in divisions:
            cur.execute(
                "insert into wangge.divisions (code, name, level, parent_code, geom)"
                " values (%s, %s, %s, %s, st_geomfromwkb(%s, 4490))",
                (code, name, level, parent, memoryview(shapely.to_wkb(multi(shape)))),
            )
        for (row, column), shape in grids.items():
            cur.execute(
                "insert into wangge.grids (code, name, kind, village_code, population, valid_from, geom)"
                " values (%s, %s, 'social', %s, 900, current_date - %s, st_geomfromwkb(%s, 4490))",
                (f"{VILLAGES[row]}00{column + 1}", f"{row}-{column}", VILLAGES[row], days_ago,
                 memoryview(shapely.to_wkb(multi(shape)))),
            )  # fmt: skip
