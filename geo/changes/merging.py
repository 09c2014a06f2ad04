"""Grids joined to one, and the neighbour that takes over the ground of a grid that ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.changes.vertices import Vertices, sound_in_plane
from geo.coverage.gaps import TOUCH_M, holes
from geo.coverage.matching import matched_edges
from geo.coverage.width import width_m
from geo.errors import InvalidInput
from geo.measuring import Plane

Geometries = Sequence[BaseGeometry] | NDArray[Any]


@dataclass(frozen=True, eq=False)
class Merged:
    """Grids as one.

    Attributes
    ----------
    geometry : shapely Polygon or MultiPolygon
        In the source CRS of the plane.
    parts : int
        More than 1 where not all of them are neighbours.
    area_m2 : float
    closed_m2 : float
        Ground of slivers between them that it holds now and none of them held.
    """

    geometry: BaseGeometry
    parts: int
    area_m2: float
    closed_m2: float


def merge(grids: Geometries, *, plane: Plane, sliver_m: float = 1.0) -> Merged:
    """Join grids.

    Parameters
    ----------
    grids : (n,) valid shapely polygons, at least 2
        In the source CRS of ``plane``.
    plane : Plane
        Where it is measured.
    sliver_m : float
        A gap that they enclose and that is nowhere wider is closed.

    Returns
    -------
    Merged
        Grids that touch at points only are parts: the caller decides whether that may be.

    Raises
    ------
    InvalidInput
        ``merge.few`` for fewer than two, ``merge.unsound`` for one without valid ground, ``merge.hole`` when together
        they would surround ground that is none of theirs: what lies there would become an island.

    Examples
    --------
    >>> merge([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], plane=Plane("EPSG:4549", "EPSG:4549")).area_m2
    2.0
    """
    given = np.empty(len(grids), dtype=object)
    given[:] = list(grids)
    if len(given) < 2:
        raise InvalidInput("merge.few", count=len(given))
    flat, _ = sound_in_plane(given, plane)
    sound = shapely.is_valid(flat) & (shapely.area(flat) > 0)
    if not sound.all():
        raise InvalidInput("merge.unsound", index=int(np.argmin(sound)) + 1)
    ground = shapely.union_all(flat)
    # what they enclose: holes of their union, and what lies between two that touch at points only
    rings = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(shapely.boundary(ground)))))
    rings = rings[~shapely.intersects(ground, shapely.point_on_surface(rings))]
    old = shapely.union_all(holes(flat))
    rings = rings[~shapely.intersects(old, shapely.point_on_surface(rings))]
    width = width_m(rings)
    if (width >= sliver_m).any():
        island = plane.back(shapely.point_on_surface(rings[[int(np.argmax(width))]]))[0]
        size = float(shapely.area(rings[width >= sliver_m]).sum())
        raise InvalidInput("merge.hole", area_m2=size, x=island.x, y=island.y)
    if len(rings):
        ground = shapely.union_all([ground, *rings])
    there = Vertices(given, flat, plane).in_source(ground)
    return Merged(there, int(shapely.get_num_geometries(ground)), float(ground.area), float(shapely.area(rings).sum()))


def heir_of(grid: BaseGeometry, neighbours: Geometries, *, plane: Plane) -> tuple[int | None, NDArray[np.float64]]:
    """Which neighbour is to take over the ground of a grid: the one with most of its border.

    Parameters
    ----------
    grid : shapely polygon
        In the source CRS of ``plane``.
    neighbours : (n,) shapely polygons
        Those that may, same CRS.
    plane : Plane
        Where borders are measured.

    Returns
    -------
    heir : int or None
        Its position, of equal ones the first; None where none of them has a common border with the grid.
    border_m : (n,) array of float
        Common border with each.
    """
    flat = plane.flat(np.array([grid, *neighbours], dtype=object))
    edges = matched_edges(flat)
    length = np.hypot(*(edges.ends[:, 2:] - edges.ends[:, :2]).T)
    mine = (edges.owner == 0) & (edges.partner > 0)
    border = np.bincount(edges.partner[mine] - 1, length[mine], len(neighbours))
    for k in np.flatnonzero(border == 0).tolist():
        # borders without common vertices
        if shapely.dwithin(flat[0], flat[k + 1], TOUCH_M):
            border[k] = shapely.length(shapely.intersection(shapely.boundary(flat[0]), shapely.boundary(flat[k + 1])))
    if not len(border) or border.max() <= TOUCH_M:
        return None, border
    return int(np.argmax(border)), border
