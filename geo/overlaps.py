"""Pairs of polygons that claim the same ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.soundness import polygonal


@dataclass(frozen=True)
class Overlaps:
    """Pairs of polygons with common ground.

    Parameters
    ----------
    first, second : (k,) int arrays
        Positions of the two, ``first < second``.
    ground : (k,) array of shapely Polygon or MultiPolygon
    area_m2 : (k,) float array
        Greater than zero.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    ground: NDArray[np.object_]
    area_m2: NDArray[np.float64]

    def where(self, keep: NDArray[np.bool_]) -> Overlaps:
        """Those that a mask of k values keeps."""
        return Overlaps(self.first[keep], self.second[keep], self.ground[keep], self.area_m2[keep])


def overlaps(polygons: NDArray[Any], flagged: NDArray[np.bool_]) -> Overlaps:
    """All pairs with common ground, exactly.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    flagged : (n,) bool array
        Those with an edge that `shapely.coverage_invalid_edges` names.

    Returns
    -------
    Overlaps

    Notes
    -----
    A pair is a candidate when AT LEAST ONE of the two is flagged: of a polygon that lies inside another, or on
    top of a matched border, only one side is, so asking for both loses overlaps.
    """
    tree = shapely.STRtree(polygons)
    some = np.flatnonzero(flagged)
    a, b = tree.query(polygons[some], predicate="intersects")
    a = some[a]
    first, second = np.minimum(a, b), np.maximum(a, b)
    keep = first != second
    pairs = np.unique(np.column_stack((first[keep], second[keep])), axis=0)
    first, second = pairs[:, 0], pairs[:, 1]
    # most candidates only touch, and saying so is cheaper than an overlay
    touching = shapely.touches(polygons[first], polygons[second])
    first, second = first[~touching], second[~touching]
    ground = polygonal(shapely.intersection(polygons[first], polygons[second]))
    area = shapely.area(ground)
    return Overlaps(first, second, ground, area).where(area > 0)
