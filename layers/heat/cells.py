"""Outlines of the H3 cells that cases lie in, and the cells of cases that an earlier version wrote."""

from __future__ import annotations

import io

import numpy as np
import shapely
from numpy.typing import ArrayLike
from psycopg2.extensions import cursor as Cursor

from geo.crs import STORED_SRID
from geo.heat.cells import CASE_RESOLUTION, HEAT_RESOLUTIONS, cell_polygons, cells_of, parents


def write_cells(cur: Cursor, cells: ArrayLike) -> None:
    """Write the outlines of cells and of their parents where they are not there yet.

    Parameters
    ----------
    cur : cursor
        Of the owner.
    cells : (n,) array_like of int
        Cells of `CASE_RESOLUTION`.
    """
    fine = np.unique(np.asarray(cells, dtype=np.int64))
    family = np.concatenate([np.unique(parents(fine, resolution)) for resolution in HEAT_RESOLUTIONS])
    cur.execute(
        "select cell from unnest(%s::bigint[]) as wanted (cell)"
        " where not exists (select from wangge.h3_cells as known where known.cell = wanted.cell)",
        (family.tolist(),),
    )
    missing = np.array([cell for (cell,) in cur.fetchall()], dtype=np.int64)
    if not len(missing):
        return
    outlines = shapely.to_wkb(shapely.set_srid(cell_polygons(missing), STORED_SRID), hex=True, include_srid=True)
    lines = "".join(f"{cell}\t{outline}\n" for cell, outline in zip(missing.tolist(), outlines.tolist(), strict=True))
    # of two who write the same cell at once, the second finds it there
    cur.execute("create temporary table written_cells (cell bigint, geom geometry) on commit drop")
    cur.copy_expert("copy written_cells from stdin", io.StringIO(lines))
    cur.execute(
        "insert into wangge.h3_cells (cell, resolution, geom)"
        " select cell, wangge.h3_resolution(cell), geom from written_cells order by cell on conflict (cell) do nothing"
    )
    cur.execute("drop table written_cells")


def refine_cells(cur: Cursor) -> int:
    """Give the cases of an earlier version, which counted in coarser cells, their cells of today, and count them.

    Parameters
    ----------
    cur : cursor
        Of the owner, inside the migration's transaction.

    Returns
    -------
    int
        Cases that were changed; 0 for a database of this version.
    """
    cur.execute(
        "select fid, st_x(geom), st_y(geom) from wangge.cases where wangge.h3_resolution(cell) <> %s",
        (CASE_RESOLUTION,),
    )
    rows = np.array(cur.fetchall(), dtype=float).reshape(-1, 3)
    if not len(rows):
        return 0
    cells = cells_of(rows[:, 1], rows[:, 2])
    write_cells(cur, cells)
    cur.execute("alter table wangge.cases disable trigger user")
    cur.execute(
        "update wangge.cases set cell = found.cell from unnest(%s::bigint[], %s::bigint[]) as found (fid, cell)"
        " where cases.fid = found.fid",
        (rows[:, 0].astype(np.int64).tolist(), cells.tolist()),
    )
    cur.execute("alter table wangge.cases enable trigger user")
    cur.execute("select wangge.recount_cases()")
    return len(rows)
