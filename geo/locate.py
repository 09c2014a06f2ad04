"""In which polygon each of many points lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.coverage.soundness import check_soundness
from geo.crosswalk.cell_table import NOWHERE, SURE, CellTable, cell_table, edges_of, ranges
from geo.errors import InvalidInput

#: Points at a time: what is worked on stays in the processor's cache.
_CHUNK: Final = 1 << 16


class GridIndex:
    """Polygons made ready to be asked which of them a point lies in.

    A raster over the polygons says so at once for points in cells that no border passes. In the others the edges
    that pass the cell are counted between the point and the cell's centre; where floating point can't tell on
    which side of an edge a point lies, GEOS's exact test does. So the answers are those of a spatial join.

    Parameters
    ----------
    polygons : (n,) shapely polygons or multipolygons
        Degrees or metres; they may overlap or leave gaps. Invalid ones stand for what ``make_valid`` makes of them.
    ids : (n,) str, optional
        Names, kept for `names_of`; positions when left out.

    Notes
    -----
    A point on a border belongs to exactly one polygon: of those that it touches, the one that comes first.
    The same holds where polygons overlap.

    Examples
    --------
    >>> index = GridIndex([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], ["a", "b"])
    >>> index.locate([0.5, 1.0, 1.5, 3.0], [0.5, 0.5, 1.0, 0.5]).tolist()
    [0, 0, 1, -1]
    """

    def __init__(self, polygons: Sequence[Any] | NDArray[Any], ids: Sequence[str] | None = None) -> None:
        if ids is not None and len(ids) != len(polygons):
            raise InvalidInput("coverage.lengths", field="ids", expected=len(polygons), given=len(ids))
        self.ids = [str(i) for i in (ids if ids is not None else range(len(polygons)))]
        self._polygons, _ = check_soundness(polygons, self.ids)
        self._edges = edges_of(self._polygons)
        self._tree = shapely.STRtree(self._polygons)
        self._table: CellTable | None = cell_table(self._polygons, self._edges) if len(self._edges.ax) else None

    def __len__(self) -> int:
        return len(self._polygons)

    def locate(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int32]:
        """Position of the polygon that each point lies in.

        Parameters
        ----------
        x, y : (k,) array_like of float
            In the CRS of the polygons, x (longitude, easting) first.

        Returns
        -------
        (k,) array of int32
            -1 where a point lies in none, or is not finite.
        """
        xs = np.ascontiguousarray(x, dtype=float).ravel()
        ys = np.ascontiguousarray(y, dtype=float).ravel()
        if len(xs) != len(ys):
            raise InvalidInput("coverage.lengths", field="y", expected=len(xs), given=len(ys))
        out = np.full(len(xs), NOWHERE, dtype=np.int32)
        if self._table is None:
            return out
        for begin in range(0, len(xs), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            out[part] = self._locate(self._table, xs[part], ys[part])
        return out

    def names_of(self, positions: NDArray[np.int32]) -> list[str | None]:
        """Ids of located polygons, None where there is none."""
        return [self.ids[i] if i >= 0 else None for i in positions.tolist()]

    def _locate(self, table: CellTable, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int32]:
        column, row = (x - table.x0) * (1 / table.width), (y - table.y0) * (1 / table.height)
        within = (column >= 0) & (column < table.columns) & (row >= 0) & (row < table.rows)
        everywhere = bool(within.all())
        some = slice(None) if everywhere else np.flatnonzero(within)
        cell = row[some].astype(np.int32)
        cell *= np.int32(table.columns)
        cell += column[some].astype(np.int32)
        label = table.label[cell]
        near = np.flatnonzero(label < NOWHERE)
        if len(near):
            px, py = x[some][near], y[some][near]
            label[near] = self._among_edges(table, (-2 - label[near]).astype(np.int64), px, py)
        if everywhere:
            return label
        out = np.full(len(x), NOWHERE, dtype=np.int32)
        out[some] = label
        return out

    def _among_edges(
        self, table: CellTable, cell: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Answers for points in cells with edges: what the way from the cell's centre to the point crosses."""
        first = table.first[cell]
        entry, point = ranges(first, table.first[cell + 1] - first)
        edge = table.edge[entry]
        cx, cy = table.centres(table.cell[cell])
        ax, ay, bx, by = (one[edge] for one in (self._edges.ax, self._edges.ay, self._edges.bx, self._edges.by))
        px, py = x[point], y[point]
        one, two = (bx - ax) * (py - ay), (by - ay) * (px - ax)
        left = one - two
        doubtful = np.abs(left) <= SURE * (np.abs(one) + np.abs(two))
        # the ends of an edge lie on different sides of the way; an end on the way counts to one side for both its edges
        mx, my = cx[point], cy[point]
        dx, dy = px - mx, py - my
        crossing = (dx * (ay - my) - dy * (ax - mx) >= 0) != (dx * (by - my) - dy * (bx - mx) >= 0)
        crossing &= (left > 0) != table.centre_left[entry]

        answer = table.centre_label[cell].copy()
        crossed = np.flatnonzero(crossing)
        if len(crossed):
            key = point[crossed] * len(self._polygons) + self._edges.polygon[edge[crossed]]
            key, times = np.unique(key, return_counts=True)
            who, polygon = np.divmod(key[times % 2 == 1], len(self._polygons))
            home = answer[who]
            left_home = home == polygon
            answer[who[left_home]] = NOWHERE
            into = ~left_home
            # of several, the first: descending order, so that the lowest is written last
            who, polygon = who[into][::-1], polygon[into][::-1]
            stays = answer[who]
            answer[who] = np.where(stays == NOWHERE, polygon, np.minimum(stays, polygon))
        ask = table.unsure[cell]
        ask[point[doubtful]] = True
        answer[ask] = self._exactly(x[ask], y[ask])
        return answer

    def _exactly(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        out = np.full(len(x), len(self._polygons), dtype=np.int64)
        point, polygon = self._tree.query(shapely.points(x, y), predicate="intersects")
        np.minimum.at(out, point, polygon)
        return np.where(out == len(self._polygons), NOWHERE, out)
