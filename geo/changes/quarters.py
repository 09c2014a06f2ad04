"""A grid's ground in small faces whose edges follow roads, to grow parts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.matching import Edges, matched_edges

#: Faces of a part: one is then well below a hundredth of it, so that sizes can be met.
_FACES_A_PART: Final = 160
_MOST_FACES: Final = 6_000
_ON_ROAD_M: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Quarters:
    """Faces that fill a grid.

    Attributes
    ----------
    faces : (f,) array of shapely Polygon
        In the plane, matched edge by edge.
    edges : Edges
        Of the faces.
    on_road : (e,) array of bool
        Which edges lie on a road.
    side_m : float
        Side of a face that no road cuts.
    """

    faces: NDArray[np.object_]
    edges: Edges
    on_road: NDArray[np.bool_]
    side_m: float

    def neighbours(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Pairs of neighbouring faces (p, 2), first below second; metres of common edge, and of those off the roads."""
        edges = self.edges
        inner = edges.partner > edges.owner
        length = np.hypot(*(edges.ends[inner, 2:] - edges.ends[inner, :2]).T)
        pairs, which = np.unique(
            np.column_stack((edges.owner[inner], edges.partner[inner])), axis=0, return_inverse=True
        )
        which = which.reshape(-1)
        off = np.where(self.on_road[inner], 0.0, length)
        return (
            pairs.astype(np.int64),
            np.asarray(np.bincount(which, length, len(pairs)), dtype=np.float64),
            np.asarray(np.bincount(which, off, len(pairs)), dtype=np.float64),
        )


def quarters_of(ground: BaseGeometry, roads: NDArray[Any], parts: int) -> Quarters:
    """Cut a ground into faces.

    Parameters
    ----------
    ground : valid shapely Polygon
        In metres.
    roads : (r,) array of shapely lines, same CRS
        Their edges are edges of faces.
    parts : int
        How many parts will be made of it.

    Returns
    -------
    Quarters
        Squares along the ground's longest extent where no road or border cuts them; each of them is connected.
    """
    count = min(_FACES_A_PART * parts, _MOST_FACES)
    side = float(np.sqrt(ground.area / count))
    frame = shapely.get_coordinates(shapely.minimum_rotated_rectangle(ground))
    one, two = frame[1] - frame[0], frame[2] - frame[1]
    sizes = np.hypot(*one), np.hypot(*two)
    lines = []
    for along, across, size in ((one, two, sizes[1]), (two, one, sizes[0])):
        steps = max(1, round(size / side))
        at = np.arange(1, steps) / steps
        base = frame[0] if along is one else frame[1]
        step = across if along is one else -one
        starts = base + at[:, None] * step
        lines += list(shapely.linestrings(np.stack((starts, starts + along), axis=1)))
    inside = [line for line in shapely.intersection(np.array(lines, dtype=object), ground) if not line.is_empty]
    course = shapely.union_all(shapely.intersection(roads, ground)) if len(roads) else shapely.LineString()
    network = shapely.union_all([shapely.boundary(ground), course, *inside])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(network)))
    faces = faces[shapely.intersects(ground, shapely.point_on_surface(faces))]
    edges = matched_edges(faces)
    on_road = np.zeros(len(edges.owner), dtype=bool)
    if not course.is_empty:
        shapely.prepare(course)
        middle = (edges.ends[:, :2] + edges.ends[:, 2:]) / 2
        on_road = shapely.dwithin(course, shapely.points(middle), _ON_ROAD_M)
        for ends in (edges.ends[:, :2], edges.ends[:, 2:]):
            on_road &= shapely.dwithin(course, shapely.points(ends), _ON_ROAD_M)
    return Quarters(faces, edges, on_road, side)
