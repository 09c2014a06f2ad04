"""Vertices that are moved into a plane and back: those that were there come back as they were."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.soundness import polygonal
from geo.measuring import Plane

#: A vertex this close (metres) to the line between its neighbours bends nothing: the rounding of stored degrees.
_STRAIGHT_M: Final = 1e-5

Point = tuple[float, float]


def sound_in_plane(given: NDArray[Any], plane: Plane) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Polygons in a plane, mended where projecting and rounding alone made them cross themselves.

    Parameters
    ----------
    given : (n,) array of shapely polygons
        In the source CRS of the plane.
    plane : Plane

    Returns
    -------
    flat : (n,) array of shapely polygons
        Invalid or without area only where the given ones are.
    mended : (n,) array of bool
    """
    flat = plane.flat(given)
    mended = ~shapely.is_valid(flat) & shapely.is_valid(given)
    flat[mended] = polygonal(shapely.make_valid(flat[mended]))
    return flat, mended


class Vertices:
    """The vertices of some polygons in a layer's CRS, found by where they lie in the plane.

    Parameters
    ----------
    given : (n,) array of shapely polygons
        In the source CRS of the plane.
    flat : (n,) array of shapely polygons
        The same in the plane. Where two stored vertices are one in the plane, the last polygon's counts.
    plane : Plane
    """

    def __init__(self, given: NDArray[Any], flat: NDArray[Any], plane: Plane) -> None:
        # of a polygon that was mended the vertices are not those that were given
        same = shapely.get_num_coordinates(given) == shapely.get_num_coordinates(flat)
        there = shapely.get_coordinates(flat[same]).tolist()
        stored = shapely.get_coordinates(given[same]).tolist()
        self._source = {(x, y): at for (x, y), at in zip(there, stored, strict=True)}
        self._plane = plane

    def in_source(self, shape: BaseGeometry) -> BaseGeometry:
        """A geometry of the plane in the layer's CRS; vertices that rounding makes one are one."""
        back = self._plane.back(np.array([shape], dtype=object))[0]
        found = shapely.get_coordinates(back).tolist()
        for k, (x, y) in enumerate(shapely.get_coordinates(shape).tolist()):
            found[k] = self._source.get((x, y), found[k])
        return shapely.remove_repeated_points(shapely.set_coordinates(back, np.array(found, dtype=np.float64)))


def kept_vertices(before: NDArray[Any], after: NDArray[Any]) -> set[Point]:
    """Vertices that some polygon had and has; (n,) arrays of shapely polygons."""
    old = [set(points_of(polygon)) for polygon in before]
    return {point for had, polygon in zip(old, after, strict=True) for point in points_of(polygon) if point in had}


def without_needless(polygons: NDArray[Any], kept: set[Point]) -> NDArray[np.object_]:
    """Polygons without the vertices that noding left on straight edges.

    Parameters
    ----------
    polygons : (n,) array of shapely polygons
        Every polygon that may have one of them.
    kept : set of (x, y)
        Vertices that stay whatever they are.

    Returns
    -------
    (n,) array of shapely polygons
        A vertex goes when all that have it run straight through it between the same two neighbours. Polygons without
        such a vertex are the very geometries that were given.
    """
    between: dict[Point, set[frozenset[Point]]] = defaultdict(set)
    for ring in shapely.get_rings(polygons):
        points = points_of(ring)[:-1]
        for k, point in enumerate(points):
            if point not in kept:
                between[point].add(frozenset((points[k - 1], points[(k + 1) % len(points)])))
    needless = {point for point, pairs in between.items() if len(pairs) == 1 and _straight(point, next(iter(pairs)))}
    if not needless:
        return polygons
    out = polygons.copy()
    for n, polygon in enumerate(polygons):
        if needless.isdisjoint(points_of(polygon)):
            continue
        parts = shapely.get_parts(polygon)
        slim = [shapely.Polygon(*_slim(part, needless)) for part in parts]
        out[n] = slim[0] if len(slim) == 1 else shapely.multipolygons(slim)
    return out


def points_of(shape: BaseGeometry) -> list[Point]:
    """Vertices of a geometry as pairs."""
    return [(x, y) for x, y in shapely.get_coordinates(shape).tolist()]


def _straight(point: Point, ends: frozenset[Point]) -> bool:
    if len(ends) < 2:
        return False
    one, two = sorted(ends)
    return bool(shapely.LineString([one, two]).distance(shapely.Point(point)) <= _STRAIGHT_M)


def _slim(polygon: shapely.Polygon, needless: set[Point]) -> tuple[Any, list[Any]]:
    rings = []
    for ring in (polygon.exterior, *polygon.interiors):
        points = points_of(ring)[:-1]
        kept = [point for point in points if point not in needless]
        rings.append(kept if len(kept) >= 3 else points)
    return rings[0], rings[1:]
