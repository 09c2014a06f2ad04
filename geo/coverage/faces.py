"""The pieces that the borders of polygons cut the ground into, who claims each, and what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.gaps import dissolved
from geo.coverage.matching import Edges, matched_edges

Owners = frozenset[int]


@dataclass(frozen=True, eq=False)
class Faces:
    """Pieces of ground that match each other edge by edge.

    Attributes
    ----------
    shapes : (f,) array of shapely Polygon
    owners : list of frozenset of int, length f
        Positions of the polygons that claim each: several where they overlap, none in a gap.
    edges : Edges
        Of the faces: owner and partner are positions of faces.
    """

    shapes: NDArray[np.object_]
    owners: list[Owners]
    edges: Edges


def faces_of(polygons: NDArray[Any], some: NDArray[np.intp], cuts: NDArray[Any] | None = None) -> Faces:
    """Pieces that the borders of some polygons cut the ground into.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    some : (k,) int array
        Positions of those whose borders cut; who claims a piece is asked of all.
    cuts : (c,) array of shapely lines, optional
        Further lines that cut.

    Notes
    -----
    Borders are noded together, so that wherever two of them cross or one has a vertex on the other, the pieces on both
    sides have that vertex. What is put together from the pieces is matched without anything being snapped.
    """
    borders = shapely.boundary(polygons[some])
    lines = shapely.union_all(borders if cuts is None else np.concatenate((borders, cuts)))
    shapes = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inside = shapely.point_on_surface(shapes)
    face, polygon = shapely.STRtree(polygons).query(inside, predicate="intersects")
    owners: list[set[int]] = [set() for _ in shapes]
    for f, p in zip(face.tolist(), polygon.tolist(), strict=True):
        owners[f].add(p)
    return Faces(shapes, [frozenset(one) for one in owners], matched_edges(shapes))


def put_together(shapes: NDArray[Any]) -> Any:
    """One polygon or multipolygon of pieces that match, every vertex of their common outside kept."""
    if len(shapes) == 0:
        return shapely.Polygon()
    try:
        parts = shapely.get_parts(shapely.coverage_union_all(shapes))
    except shapely.GEOSException:
        # it compares areas, and those of faces a micrometre wide are mostly rounding
        edges = matched_edges(shapes)
        parts = dissolved(edges.where(edges.partner < 0))
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
