"""Whether each polygon stays inside the one it belongs to: a grid in its village, a village in its township."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.soundness import polygonal


def outside(polygons: NDArray[Any], parents: NDArray[Any], parent_index: NDArray[np.intp]) -> NDArray[np.object_]:
    """The part of each polygon that lies outside of its parent.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    parents : (m,) array of valid shapely polygons, same CRS
    parent_index : (n,) int array
        Position of each polygon's parent, -1 where it has none (then nothing is outside).

    Returns
    -------
    (n,) array of shapely polygons
        Empty where nothing is outside.
    """
    out = np.full(len(polygons), shapely.Polygon(), dtype=object)
    some = np.flatnonzero(parent_index >= 0)
    mother = parents[parent_index[some]]
    shapely.prepare(parents)
    # polygons away from the parent's border need no overlay; those on it do, and there are fewer of them
    some = some[~shapely.contains_properly(mother, polygons[some])]
    mother = parents[parent_index[some]]
    covered = shapely.covers(mother, polygons[some])
    some, mother = some[~covered], mother[~covered]
    out[some] = polygonal(shapely.difference(polygons[some], mother))
    return out
