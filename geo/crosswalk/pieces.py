"""Common ground of two layers: every pair that shares area, with that area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.soundness import polygonal


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pairs with common ground, in the order of ``left``, then of ``right``.

    Parameters
    ----------
    left, right : (k,) int arrays
        Positions in the two layers; a pair stands there once.
    shape : (k,) array of shapely Polygon or MultiPolygon
        The common ground.
    area_m2 : (k,) float array
        Its area, greater than zero.
    """

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    shape: NDArray[np.object_]
    area_m2: NDArray[np.float64]


def pieces(left: NDArray[Any], right: NDArray[Any]) -> Pieces:
    """Common ground of every pair of two layers.

    Parameters
    ----------
    left : (n,) array of valid shapely polygons, metric CRS
    right : (m,) array of valid shapely polygons, same CRS
        They may overlap each other, inside one layer too.

    Returns
    -------
    Pieces
        Pairs that only touch are none.

    Examples
    --------
    >>> row = np.array([shapely.box(x, 0, x + 2, 1) for x in (0, 2)])
    >>> found = pieces(row, np.array([shapely.box(1, 0, 5, 1)]))
    >>> found.left.tolist(), found.right.tolist(), found.area_m2.tolist()
    ([0, 1], [0, 0], [1.0, 2.0])
    """
    first, second = shapely.STRtree(right).query(left, predicate="intersects")
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    shape = np.full(len(first), None, dtype=object)
    shapely.prepare(left)
    shapely.prepare(right)
    # Where one lies in the other that one is the answer, and to ask is far cheaper than to overlay; so it is with pairs
    # that only touch, which are most of those in two layers with the same borders.
    rest = np.arange(len(first))
    for outer, inner, at_outer, at_inner in ((right, left, second, first), (left, right, first, second)):
        covered = shapely.covers(outer[at_outer[rest]], inner[at_inner[rest]])
        shape[rest[covered]] = inner[at_inner[rest[covered]]]
        rest = rest[~covered]
    touching = shapely.touches(right[second[rest]], left[first[rest]])
    shape[rest[touching]] = shapely.Polygon()
    rest = rest[~touching]
    shape[rest] = polygonal(shapely.intersection(left[first[rest]], right[second[rest]]))
    area = shapely.area(shape)
    keep = area > 0
    return Pieces(first[keep], second[keep], shape[keep], area[keep])
