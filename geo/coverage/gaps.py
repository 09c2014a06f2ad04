"""Ground that no polygon of a coverage claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.matching import Edges, edge_hash, edges_towards, joined
from geo.coverage.net import carved
from geo.coverage.soundness import polygonal
from geo.coverage.width import width_m

#: Two borders this close (metres) touch: far above the rounding of an overlay, far below any survey.
TOUCH_M = 1e-6


#: So many polygons are united by an overlay before their edges are sorted out.
_FEW = 20


def dissolved(edges: Edges) -> NDArray[np.object_]:
    """Polygons whose borders are the given edges.

    Parameters
    ----------
    edges : Edges
        The borders of some ground, each edge once, the ground to the left; they meet at their ends only.

    Returns
    -------
    (k,) array of shapely Polygon
        Touching at points only.
    """
    if not len(edges.ends):
        return np.empty(0, dtype=object)
    faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(edges.ends.reshape(-1, 2, 2))))
    shells = shapely.get_exterior_ring(faces)
    points, face = shapely.get_coordinates(shells, return_index=True)
    at = np.flatnonzero(np.r_[True, face[1:] != face[:-1]])
    side = np.column_stack((points[at], points[at + 1]))
    clockwise = ~shapely.is_ccw(shells)
    side[clockwise] = side[clockwise][:, [2, 3, 0, 1]]
    # a face is ground when the ground lies inside of its shell, and a hole when it lies outside
    inside: NDArray[np.object_] = faces[np.isin(edge_hash(side), edge_hash(edges.ends))]
    return inside


def union(
    polygons: NDArray[Any], flagged: NDArray[np.bool_], bounds: NDArray[np.float64], unmatched: Edges, size: int
) -> BaseGeometry:
    """Ground covered by a coverage whose faults sit in the flagged polygons.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons
    flagged : (n,) bool array
        Those with an edge that `shapely.coverage_invalid_edges` names, and those that overlap. The others match edge
        by edge, so they are dissolved by dropping shared edges, which takes a fraction of the time of an overlay.
    bounds : (n, 4) float array
        Bounding boxes of the polygons.
    unmatched : Edges
        All edges without a partner.
    size : int
        Polygons of a tile.

    Returns
    -------
    shapely Polygon or MultiPolygon
    """
    if len(polygons) <= _FEW:
        return shapely.union_all(polygons)
    border = unmatched.where(~flagged[unmatched.owner])
    if flagged.any():
        border = joined([border, edges_towards(polygons, bounds, flagged, size)])
    # the order of edges comes from the tiles, and what is made of them must not
    border = border.where(np.lexsort(border.ends.T))
    parts = dissolved(border)
    rest = polygons[~flagged]
    claimed = float(shapely.area(rest).sum())
    if abs(float(shapely.area(parts).sum()) - claimed) > 1e-9 * claimed:
        # edges that do not close: never seen, and an overlay needs none of them
        return shapely.union_all(polygons)
    if not flagged.any():
        return shapely.multipolygons(parts)
    faulty = shapely.disjoint_subset_union_all(polygons[flagged])
    return shapely.union(shapely.multipolygons(parts), faulty)


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


def filled(
    gap_polygons: NDArray[Any], above: NDArray[Any], polygons: NDArray[Any], tree: shapely.STRtree
) -> NDArray[np.object_]:
    """What is left of gaps when grids that are carved out of a net are put into them.

    Parameters
    ----------
    gap_polygons : (k,) array of shapely polygons, metric CRS
    above : (m,) array of valid shapely polygons
        Those that lie on top of the net fill nothing.
    polygons : (n,) array of valid shapely polygons
        The net.
    tree : STRtree
        Of the net.

    Returns
    -------
    array of shapely polygons
    """
    near = np.unique(shapely.STRtree(above).query(gap_polygons, predicate="intersects")[1])
    fill = above[near][carved(above[near], polygons, tree)]
    gap, _ = shapely.STRtree(fill).query(gap_polygons, predicate="intersects")
    touched = np.zeros(len(gap_polygons), dtype=bool)
    touched[gap] = True
    if not touched.any():
        return gap_polygons
    left = polygonal(shapely.difference(gap_polygons[touched], shapely.union_all(fill)))
    parts = shapely.get_parts(left)
    # an overlay leaves threads along borders that differ in the last digit
    parts = parts[width_m(parts) > TOUCH_M]
    return np.concatenate((gap_polygons[~touched], parts))


def neighbours(gap_polygons: NDArray[Any], tree: shapely.STRtree) -> list[NDArray[np.intp]]:
    """Positions of the polygons of a tree that each gap touches, in ascending order."""
    gap, polygon = tree.query(gap_polygons, predicate="dwithin", distance=TOUCH_M)
    order = np.lexsort((polygon, gap))
    gap, polygon = gap[order], polygon[order]
    return np.split(polygon, np.searchsorted(gap, np.arange(1, len(gap_polygons)))) if len(gap_polygons) else []
