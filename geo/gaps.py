"""Ground that no polygon of a coverage claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.soundness import polygonal

#: Two borders this close (metres) touch: far above the rounding of an overlay, far below any survey.
TOUCH_M = 1e-6


def union(polygons: NDArray[Any], flagged: NDArray[np.bool_]) -> BaseGeometry:
    """Ground covered by a coverage whose faults sit in the flagged polygons.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons
    flagged : (n,) bool array
        Those with an edge that `shapely.coverage_invalid_edges` names. The others match edge by edge, so they
        are dissolved by dropping shared edges, which takes a tenth of the time of an overlay.

    Returns
    -------
    shapely Polygon or MultiPolygon
    """
    sound = polygonal(np.array([shapely.coverage_union_all(polygons[~flagged])], dtype=object))[0]
    if not flagged.any():
        return sound
    return shapely.union(sound, shapely.union_all(polygons[flagged]))


def holes(ground: BaseGeometry) -> NDArray[np.object_]:
    """Interior rings of a ground as polygons; an island that lies in one is not cut out of it."""
    parts = shapely.get_parts(ground)
    if not len(parts):
        return np.empty(0, dtype=object)
    rings, owner = shapely.get_rings(parts, return_index=True)
    # the first ring of each part is its shell
    found: NDArray[np.object_] = shapely.polygons(rings[np.r_[False, owner[1:] == owner[:-1]]])
    return found


def gaps(ground: BaseGeometry, outline: BaseGeometry | None = None) -> NDArray[np.object_]:
    """Ground that nobody claims.

    Parameters
    ----------
    ground : shapely Polygon or MultiPolygon
        What is claimed; metric CRS.
    outline : shapely Polygon or MultiPolygon, optional
        What ought to be claimed. Holes of it are true enclaves and no gaps.

    Returns
    -------
    (k,) array of shapely polygons
        Without an outline the holes of the ground, each whole, so with the islands in it; with one, every part
        of the outline that is not covered, so also those that reach its border.
    """
    if outline is None:
        return holes(ground)
    parts = shapely.get_parts(polygonal(np.array([shapely.difference(outline, ground)], dtype=object)))
    keep: NDArray[np.object_] = parts[shapely.area(parts) > 0]
    return keep


def neighbours(gap_polygons: NDArray[Any], polygons: NDArray[Any]) -> list[NDArray[np.intp]]:
    """Positions of the polygons that each gap touches, in ascending order."""
    tree = shapely.STRtree(polygons)
    gap, polygon = tree.query(gap_polygons, predicate="dwithin", distance=TOUCH_M)
    return [np.sort(polygon[gap == k]) for k in range(len(gap_polygons))]
