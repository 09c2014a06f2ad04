"""How much ground many pieces cover together, with ground that several of them claim counted once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crosswalk.pieces import pieces

#: Of the smaller one's area: what overlaps by less differs in its last digits.
_NOISE: Final = 1e-9


def overlapping(polygons: NDArray[Any]) -> NDArray[np.bool_]:
    """Which polygons of a layer share ground with another one of it.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    """
    out = np.zeros(len(polygons), dtype=bool)
    if len(polygons) < 2:
        return out
    # of a polygon inside another only one side is flagged, so a flagged one is held against all
    flagged = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(polygons)))
    found = pieces(polygons[flagged], polygons)
    first, second = flagged[found.left], found.right
    area = shapely.area(polygons)
    real = (first != second) & (found.area_m2 > _NOISE * np.minimum(area[first], area[second]))
    out[first[real]] = out[second[real]] = True
    return out


def covered_m2(
    shape: NDArray[Any], group: NDArray[np.intp], groups: int, doubtful: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Area that the pieces of each group cover.

    Parameters
    ----------
    shape : (k,) array of valid shapely polygons, metric CRS
    group : (k,) int array
        0 to ``groups - 1``.
    doubtful : (k,) bool array
        Pieces that may overlap another one of their group; the others are added up.

    Returns
    -------
    (groups,) float array
        Square metres; 0 for a group without pieces.
    """
    area = shapely.area(shape)
    out = np.bincount(group, weights=area, minlength=groups)
    rows = np.flatnonzero(doubtful)
    rows = rows[np.argsort(group[rows], kind="stable")]
    numbers, first = np.unique(group[rows], return_index=True)
    for number, members in zip(numbers.tolist(), np.split(rows, first[1:]), strict=bool(len(rows))):
        if len(members) > 1:
            out[number] += float(shapely.area(shapely.union_all(shape[members]))) - float(area[members].sum())
    return out
