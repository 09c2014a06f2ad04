"""A raster over polygons: of each cell, either the one polygon that fills it or the edges that pass through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Cells for each vertex of a polygon: more make fewer points that need a test, and a table that takes longer to build.
CELLS_PER_VERTEX: Final = 12
LEAST_CELLS, MOST_CELLS = 1 << 10, 1 << 24
#: A sign is sure when its determinant is larger than this times the terms it is the difference of.
SURE: Final = 1e-12
#: Label of a cell, or a point, in no polygon.
NOWHERE: Final = -1


@dataclass(frozen=True)
class Edges:
    """Straight pieces of polygons' borders.

    Parameters
    ----------
    ax, ay, bx, by : (k,) float arrays
        Ends, in the CRS of the polygons.
    polygon : (k,) int array
        Position of the polygon.
    """

    ax: Floats
    ay: Floats
    bx: Floats
    by: Floats
    polygon: Ints


@dataclass(frozen=True)
class CellTable:
    """Cells of ``columns`` x ``rows`` from the lower left corner ``x0``, ``y0``,
    numbered row * columns + column.

    Parameters
    ----------
    label : (cells,) int32 array
        The polygon that the whole cell lies in, `NOWHERE`, or ``-2 - k`` for the k-th cell with edges.
    centre_label : (m,) int array
        Of each cell with edges, the polygon of its centre.
    unsure : (m,) bool array
        Cells with edges whose centre is too close to one of them, or in several polygons, to be counted from.
    first : (m + 1,) int array
        Where the entries of each cell with edges begin.
    edge : (entries,) int array
        Edge of each entry.
    centre_left : (entries,) bool array
        Whether the cell's centre lies left of the edge.
    """

    x0: float
    y0: float
    width: float
    height: float
    columns: int
    rows: int
    label: NDArray[np.int32]
    cell: Ints
    centre_label: Ints
    unsure: NDArray[np.bool_]
    first: Ints
    edge: Ints
    centre_left: NDArray[np.bool_]

    def centres(self, cell: Ints) -> tuple[Floats, Floats]:
        """Middle of each cell."""
        row, column = np.divmod(cell, self.columns)
        return self.x0 + (column + 0.5) * self.width, self.y0 + (row + 0.5) * self.height


def edges_of(polygons: NDArray[Any]) -> Edges:
    """Edges of all rings of polygons and multipolygons."""
    parts, whose = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = points[:-1][same], points[1:][same]
    polygon = whose[part[ring[:-1][same]]].astype(np.int64)
    return Edges(start[:, 0].copy(), start[:, 1].copy(), end[:, 0].copy(), end[:, 1].copy(), polygon)


def cell_table(polygons: NDArray[Any], edges: Edges) -> CellTable:
    """Build the table.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, at least one of them not empty
        Any planar CRS, degrees or metres.
    edges : Edges
        Those of the polygons.
    """
    x0, y0, x1, y1 = shapely.total_bounds(polygons)
    # a rim of one thousandth keeps every border off the outermost edge of the raster
    rim = 1e-3 * max(x1 - x0, y1 - y0)
    x0, y0, x1, y1 = x0 - rim, y0 - rim, x1 + rim, y1 + rim
    wanted = min(max(CELLS_PER_VERTEX * len(edges.ax), LEAST_CELLS), MOST_CELLS)
    columns = int(np.clip(np.sqrt(wanted * (x1 - x0) / (y1 - y0)), 1, 1 << 14))
    rows = int(np.clip(wanted // columns, 1, 1 << 14))
    width, height = (x1 - x0) / columns, (y1 - y0) / rows

    cell, edge = _cells_of_edges(edges, x0, y0, width, height, columns, rows)
    order = np.argsort(cell, kind="stable")
    cell, edge = cell[order], edge[order]
    touched, first = np.unique(cell, return_index=True)
    first = np.append(first, len(cell))

    centre, several = _labels_of_centres(edges, x0, y0, width, height, columns, rows)
    label = centre.astype(np.int32)
    label[touched] = -2 - np.arange(len(touched), dtype=np.int32)

    x = x0 + (cell % columns + 0.5) * width
    y = y0 + (cell // columns + 0.5) * height
    side, sure = orientation(edges, edge, x, y)
    unsure = several[touched]
    unsure[np.searchsorted(touched, cell[~sure])] = True
    return CellTable(
        x0, y0, width, height, columns, rows, label, touched, centre[touched], unsure, first, edge, side
    )


def orientation(edges: Edges, edge: Ints, x: Floats, y: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether points lie left of edges, and whether floating point is good enough to say so."""
    ax, ay = edges.ax[edge], edges.ay[edge]
    one = (edges.bx[edge] - ax) * (y - ay)
    two = (edges.by[edge] - ay) * (x - ax)
    left = one - two
    return left > 0, np.abs(left) > SURE * (np.abs(one) + np.abs(two))


def ranges(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """``first[i], first[i] + 1, ...`` for each i, ``count[i]`` of them, one after another; and the i of each."""
    owner = np.repeat(np.arange(len(count)), count)
    begin = np.cumsum(count) - count
    return np.arange(len(owner)) - begin[owner] + first[owner], owner


def _cells_of_edges(
    edges: Edges, x0: float, y0: float, width: float, height: float, columns: int, rows: int
) -> tuple[Ints, Ints]:
    """Every cell that each edge touches: (k,) cell numbers and edges. A hair too many rather than one too few."""
    hair = 1e-9
    ax, ay = (edges.ax - x0) / width, (edges.ay - y0) / height
    bx, by = (edges.bx - x0) / width, (edges.by - y0) / height
    low, high = np.minimum(ay, by), np.maximum(ay, by)
    bottom = np.clip(np.floor(low - hair), 0, rows - 1).astype(np.int64)
    top = np.clip(np.floor(high + hair), 0, rows - 1).astype(np.int64)
    row, edge = ranges(bottom, top - bottom + 1)
    # the piece of the edge inside its row
    rise = by - ay
    level = np.where(np.abs(rise) > hair, rise, 1.0)[edge]
    slope = (bx - ax)[edge] / level
    from_y = np.clip(row, low[edge], high[edge])
    to_y = np.clip(row + 1, low[edge], high[edge])
    left, right = np.minimum(ax, bx)[edge], np.maximum(ax, bx)[edge]
    flat = (np.abs(rise) <= hair)[edge]
    one = np.where(flat, left, ax[edge] + (from_y - ay[edge]) * slope)
    two = np.where(flat, right, ax[edge] + (to_y - ay[edge]) * slope)
    one, two = np.clip(np.minimum(one, two), left, right), np.clip(np.maximum(one, two), left, right)
    west = np.clip(np.floor(one - 1e-6), 0, columns - 1).astype(np.int64)
    east = np.clip(np.floor(two + 1e-6), 0, columns - 1).astype(np.int64)
    column, piece = ranges(west, east - west + 1)
    return row[piece] * columns + column, edge[piece]


def _labels_of_centres(
    edges: Edges, x0: float, y0: float, width: float, height: float, columns: int, rows: int
) -> tuple[Ints, NDArray[np.bool_]]:
    """Polygon of each cell's centre, by the spans between the places where a line of centres crosses its border."""
    low, high = np.minimum(edges.ay, edges.by), np.maximum(edges.ay, edges.by)
    # a line of centres at y crosses an edge when low <= y < high, so that a vertex counts once
    bottom = np.ceil((low - y0) / height - 0.5).astype(np.int64)
    top = np.ceil((high - y0) / height - 0.5).astype(np.int64)
    row, edge = ranges(bottom, np.maximum(top - bottom, 0))
    y = y0 + (row + 0.5) * height
    share = (y - edges.ay[edge]) / (edges.by[edge] - edges.ay[edge])
    x = edges.ax[edge] + share * (edges.bx[edge] - edges.ax[edge])
    column = np.ceil((x - x0) / width - 0.5).astype(np.int64)
    polygon = edges.polygon[edge]
    # the crossings of one polygon and row come in pairs: into it and out of it
    order = np.lexsort((column, row, polygon))
    enter, leave = order[0::2], order[1::2]
    span, owner = ranges(column[enter], column[leave] - column[enter])
    cells = row[enter][owner] * columns + span
    labels = polygon[enter][owner]
    out = np.full(rows * columns, NOWHERE, dtype=np.int64)
    several = np.zeros(rows * columns, dtype=bool)
    # the lower position wins: written last
    out[cells[::-1]] = labels[::-1]
    if len(cells) > np.count_nonzero(out != NOWHERE):
        several = np.bincount(cells, minlength=rows * columns) > 1
    return out, several
