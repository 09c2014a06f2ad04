"""A grid cut in parts along a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.changes.vertices import Vertices, points_of, sound_in_plane, without_needless
from geo.coverage.width import width_m
from geo.errors import InvalidInput
from geo.measuring import Plane


@dataclass(frozen=True, eq=False)
class Cut:
    """A grid in parts.

    Attributes
    ----------
    parts : (k,) array of shapely Polygon
        In the source CRS of the plane, the largest first; together they are the grid, to the last vertex of its border.
    areas_m2 : (k,) array of float
    line : shapely geometry
        Where the grid was cut: the line inside of it, as far as it was extended; source CRS.
    extended_m : float
        How far the line was extended at most to reach the border.
    """

    parts: NDArray[np.object_]
    areas_m2: NDArray[np.float64]
    line: BaseGeometry
    extended_m: float


def cut_along(
    grid: BaseGeometry, line: BaseGeometry, *, plane: Plane, reach_m: float = 20.0, sliver_m: float = 1.0
) -> Cut:
    """Cut a grid along a line.

    Parameters
    ----------
    grid : valid shapely Polygon or MultiPolygon
        In the source CRS of ``plane``.
    line : shapely LineString or MultiLineString
        Same CRS. It may go beyond the grid, bend, cross itself, and have several parts.
    plane : Plane
        Where it is measured.
    reach_m : float
        An end inside of the grid is extended straight on to the border, or to another part of the line, when that is
        not further away.
    sliver_m : float
        A cut that leaves a part which is nowhere wider is refused.

    Raises
    ------
    InvalidInput
        ``split.no-line`` for what is no line, ``split.unsound`` for a grid without valid ground, ``split.ends-inside``
        for a line that ends too far from the border, ``split.not-crossed`` for one that cuts nothing off, and
        ``split.sliver`` for one that runs too close along the border.

    Examples
    --------
    >>> cut = cut_along(
    ...     shapely.box(0, 0, 100, 100),
    ...     shapely.LineString([(40, 110), (40, 10)]),
    ...     plane=Plane("EPSG:4549", "EPSG:4549"),
    ... )
    >>> cut.areas_m2.tolist(), cut.extended_m
    ([6000.0, 4000.0], 10.0)
    """
    if line is None or line.geom_type not in ("LineString", "MultiLineString") or not shapely.length(line) > 0:
        raise InvalidInput("split.no-line", type=getattr(line, "geom_type", None))
    given = np.array([grid], dtype=object)
    flat, _ = sound_in_plane(given, plane)
    ground = flat[0]
    if not (shapely.is_valid(ground) and shapely.area(ground) > 0):
        raise InvalidInput("split.unsound")
    course = plane.flat(np.array([line], dtype=object))[0]
    course, extended = _extended(course, ground, reach_m, plane)
    faces = shapely.get_parts(
        shapely.polygonize(shapely.get_parts(shapely.union_all([shapely.boundary(ground), course])))
    )
    faces = faces[shapely.intersects(ground, shapely.point_on_surface(faces))]
    if len(faces) <= shapely.get_num_geometries(ground):
        raise InvalidInput("split.not-crossed", parts=len(faces))
    width = width_m(faces)
    if width.min() < sliver_m:
        narrow = int(np.argmin(width))
        raise InvalidInput("split.sliver", width_m=float(width[narrow]), area_m2=float(faces[narrow].area))
    faces = without_needless(faces, set(points_of(ground)))
    faces = faces[np.argsort(-shapely.area(shapely.normalize(faces)), kind="stable")]
    vertices = Vertices(given, flat, plane)
    parts = np.empty(len(faces), dtype=object)
    parts[:] = [vertices.in_source(face) for face in faces]
    inside = shapely.difference(shapely.intersection(course, ground), shapely.boundary(ground))
    return Cut(parts, shapely.area(faces), plane.back(np.array([inside], dtype=object))[0], extended)


def _extended(course: BaseGeometry, ground: BaseGeometry, reach_m: float, plane: Plane) -> tuple[BaseGeometry, float]:
    """The line with its loose ends carried on to the border, and the longest piece that was added."""
    parts = list(shapely.get_parts(course))
    border = shapely.boundary(ground)
    shapely.prepare(ground)
    longest, out = 0.0, []
    for k, part in enumerate(parts):
        points = shapely.get_coordinates(part)
        others = shapely.union_all([border, *parts[:k], *parts[k + 1 :]])
        for end, before in ((0, 1), (-1, -2)):
            tip = shapely.Point(points[end])
            if not shapely.contains_properly(ground, tip) or shapely.distance(tip, others) == 0:
                continue
            ahead = points[end] - points[before]
            ahead = ahead / np.hypot(*ahead)
            far = shapely.LineString([points[end], points[end] + ahead * reach_m])
            met = shapely.get_coordinates(shapely.intersection(far, others))
            way = np.hypot(*(met - points[end]).T) if len(met) else np.empty(0)
            if not len(way):
                x, y = shapely.get_coordinates(plane.back(np.array([tip])))[0].tolist()
                away = float(shapely.distance(tip, border))
                raise InvalidInput("split.ends-inside", distance_m=away, reach_m=reach_m, x=x, y=y)
            longest = max(longest, float(way.min()))
            # a little beyond, so that rounding can't leave it short; what lies outside of the grid cuts nothing
            tail = points[end] + ahead * (way.min() + 1e-3)
            points = np.vstack((tail, points)) if end == 0 else np.vstack((points, tail))
        out.append(shapely.LineString(points))
    return shapely.multilinestrings(out), longest
