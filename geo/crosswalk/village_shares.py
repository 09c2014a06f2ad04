"""In which villages the ground of a grid lies, and with how much of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import ArrayLike

#: A smaller share than this is the width of a digitised border, not ground.
LEAST_SHARE = 1e-6


def village_shares(
    geometries: ArrayLike, villages: ArrayLike, village_codes: Sequence[str]
) -> list[list[tuple[str, float]]]:
    """Villages of each grid with their shares of its area.

    Parameters
    ----------
    geometries : array of polygons, shape (n,)
        Grids; invalid ones are mended for the measurement only, missing ones have no village.
    villages : array of polygons, shape (m,)
        In the same CRS. A share is a ratio inside one grid, so degrees do as well as metres.
    village_codes : sequence of str, length m
        12-digit codes of the villages.

    Returns
    -------
    list of n lists of (str, float)
        Code and share (0 to 1), the greatest first, equal ones by code. Shares below `LEAST_SHARE` are left out.

    Examples
    --------
    >>> left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    >>> village_shares([shapely.box(0.25, 0, 1.25, 1)], [left, right], ["321283100201", "321283100202"])
    [[('321283100201', 0.75), ('321283100202', 0.25)]]
    """
    grids, grounds = _polygons(geometries), _polygons(villages)
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    areas = shapely.area(grids)
    shapely.prepare(grounds)
    inside, holders = shapely.STRtree(grids).query(grounds, predicate="covers")[::-1]
    for grid, ground in zip(inside.tolist(), holders.tolist(), strict=True):
        found[grid][village_codes[ground]] = 1.0
    loose = np.array([i for i in range(len(grids)) if i not in found and areas[i] > 0], dtype=np.intp)
    # Most grids lie inside one village; only those on a border need an overlay.
    grounds_of, across = shapely.STRtree(grids[loose]).query(grounds, predicate="intersects")
    parts = shapely.area(shapely.intersection(grids[loose[across]], grounds[grounds_of])) / areas[loose[across]]
    for grid, ground, share in zip(loose[across].tolist(), grounds_of.tolist(), parts.tolist(), strict=True):
        if share >= LEAST_SHARE:
            code = village_codes[ground]
            found[grid][code] = min(found[grid].get(code, 0.0) + share, 1.0)
    return [sorted(found[i].items(), key=lambda part: (-part[1], part[0])) for i in range(len(grids))]


def _polygons(geometries: ArrayLike) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    shapes = np.empty(np.shape(geometries)[:1], dtype=object)
    shapes[:] = geometries
    bad = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    return shapes
