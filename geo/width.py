"""How wide a polygon is at its widest: twice the radius of the largest circle that fits inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

#: Relative accuracy asked of the radius.
ACCURACY = 0.05
#: GEOS takes the extent over this as its own tolerance.
GEOS_STEPS = 1000


def width_m(polygons: NDArray[Any]) -> NDArray[np.float64]:
    """Width of each polygon at its widest place.

    Parameters
    ----------
    polygons : (n,) array of shapely polygons or multipolygons, metric CRS

    Returns
    -------
    (n,) array of float
        Twice the radius of the largest inscribed circle in metres, never more than the true value and at most
        a few per cent less; of a multipolygon, that of its widest part; 0 where there is no area.

    Notes
    -----
    GEOS searches with a tolerance taken from the extent of the polygon, which is far too coarse for a sliver
    of a kilometre by a centimetre. So the search is repeated with a tolerance taken from the polygon's own
    width, for which twice area over perimeter is a lower bound up to a factor of two.

    >>> float(width_m(np.array([shapely.box(0, 0, 1000, 0.01)]))[0].round(4))
    0.01
    """
    out = np.zeros(len(polygons))
    parts, owner = shapely.get_parts(polygons, return_index=True)
    area = shapely.area(parts)
    keep = area > 0
    parts, owner, area = parts[keep], owner[keep], area[keep]
    if not len(parts):
        return out
    mean_width = 2 * area / shapely.length(parts)
    width = 2 * shapely.length(shapely.maximum_inscribed_circle(parts))
    bounds = shapely.bounds(parts)
    extent = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    doubtful = np.maximum(width, mean_width) * ACCURACY < 2 * extent / GEOS_STEPS
    # a sliver 1e5 times longer than wide would take the search a million cells: a coarser answer will do there
    tolerance = np.maximum(ACCURACY / 2 * np.maximum(width, mean_width), extent * 1e-7)[doubtful]
    again = shapely.maximum_inscribed_circle(parts[doubtful], tolerance=np.maximum(tolerance, 1e-9))
    width[doubtful] = np.maximum(width[doubtful], 2 * shapely.length(again))
    # crumbs of rounding: no circle is found in them at all
    width = np.where(width > 0, width, np.minimum(mean_width, np.sqrt(area)))
    np.maximum.at(out, owner, width)
    return out
