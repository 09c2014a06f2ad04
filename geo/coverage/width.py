"""How wide a polygon is at its widest: twice the radius of the largest circle that fits inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: Relative accuracy asked of the width.
ACCURACY = 0.005


def width_m(polygons: NDArray[Any]) -> NDArray[np.float64]:
    """Width of each polygon at its widest place.

    Parameters
    ----------
    polygons : (n,) array of shapely polygons or multipolygons, metric CRS

    Returns
    -------
    (n,) array of float
        Diameter of the largest inscribed circle in metres, true to about one per cent; of a multipolygon, that
        of its widest part; 0 where there is no area.

    Notes
    -----
    A circle of radius r fits inside when the polygon shrunk by r is not empty, so r is found by bisection between
    area over perimeter and the radius of the circle of that area. `shapely.maximum_inscribed_circle` takes its
    tolerance from the polygon's extent, which is too coarse for slivers, and fifty times longer with one that
    is not.

    >>> width_m(np.array([shapely.box(0, 0, 1000, 0.01), shapely.box(0, 0, 3, 2)])).round(3).tolist()
    [0.01, 1.995]
    """
    out = np.zeros(len(polygons))
    if not len(polygons):
        return out
    parts, owner = shapely.get_parts(polygons, return_index=True)
    area = shapely.area(parts)
    parts, owner, area = parts[area > 0], owner[area > 0], area[area > 0]
    low, high = area / shapely.length(parts), np.sqrt(area / np.pi)
    # holes can make a polygon narrower than area over perimeter says
    for _ in range(10):
        wrong = shapely.is_empty(_shrunk(parts, low * (1 - ACCURACY)))
        if not wrong.any():
            break
        high[wrong], low[wrong] = low[wrong], low[wrong] / 4
    for _ in range(60):
        open_ = np.flatnonzero(high > low * (1 + ACCURACY))
        if not len(open_):
            break
        middle = np.sqrt(low[open_] * high[open_])
        gone = shapely.is_empty(_shrunk(parts[open_], middle))
        high[open_[gone]] = middle[gone]
        low[open_[~gone]] = middle[~gone]
    np.maximum.at(out, owner, 2 * low)
    return out


def _shrunk(polygons: NDArray[Any], distance: NDArray[np.float64]) -> NDArray[np.object_]:
    shrunk: NDArray[np.object_] = shapely.buffer(polygons, -distance, quad_segs=16)
    return shrunk
