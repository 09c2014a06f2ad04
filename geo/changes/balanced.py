"""A grid split into parts of equal size, in people, cases or ground, along roads where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from geo.changes.evening import Regions
from geo.changes.quarters import Quarters, quarters_of
from geo.changes.vertices import Vertices, points_of, sound_in_plane, without_needless
from geo.coverage.matching import matched_edges
from geo.errors import InvalidInput
from geo.measuring import Plane
from geo.tessellation.growth import grow

MOST_PARTS: Final = 50
#: Directions (degrees) in which the first strips are laid, and rounds in which their middles then move apart
#: (Lloyd 1982); the best division is taken.
_STARTS: Final = ((0.0, 0), (90.0, 0), (0.0, 12), (60.0, 12), (120.0, 12))
#: Part of the tolerance that is kept for straightening borders.
_FOR_STRAIGHTENING: Final = 0.5
#: How much dearer it is to grow across a road, and how much cheaper a border is that lies on one.
_ACROSS, _ON_ROAD = 6.0, 0.15
#: Part of a face's ground in its size, so that parts without people are no shapeless rest.
_GROUND_SHARE: Final = 0.02


@dataclass(frozen=True, eq=False)
class Balanced:
    """A grid in parts of about equal size.

    Attributes
    ----------
    parts : (k,) array of shapely Polygon
        In the source CRS of the plane, each in one piece, west to east by their middle; together they are the grid.
    sizes : (k,) array of float
        Weight of the points in each; square metres where no points were given.
    areas_m2 : (k,) array of float
    error : float
        How far the part that is furthest off is from an equal share, as a part of it.
    road_share : float
        Part of the new borders that lies on roads.
    outside : float
        Weight of points that do not lie in the grid.
    """

    parts: NDArray[np.object_]
    sizes: NDArray[np.float64]
    areas_m2: NDArray[np.float64]
    error: float
    road_share: float
    outside: float


def split_balanced(
    grid: BaseGeometry,
    parts: int,
    *,
    plane: Plane,
    points: Sequence[BaseGeometry] | NDArray[Any] | None = None,
    weights: ArrayLike | None = None,
    roads: Sequence[BaseGeometry] | NDArray[Any] = (),
    tolerance: float = 0.05,
) -> Balanced:
    """Split a grid into connected parts with equal sums of weights.

    Parameters
    ----------
    grid : valid shapely Polygon
        In the source CRS of ``plane``.
    parts : int
        2 to `MOST_PARTS`.
    plane : Plane
        Where it is measured.
    points : (p,) shapely points, optional
        Where people live or cases happened, same CRS; without them ground is shared.
    weights : (p,) array_like of float, optional
        0 or above; 1 each when left out.
    roads : shapely lines, same CRS
        Borders run along them where that does not make the parts uneven.
    tolerance : float
        Parts within this part of an equal share are even enough: from there on borders on roads and short ones count.

    Returns
    -------
    Balanced
        Points that lie together can't be parted, so the error may be above the tolerance; it is told.

    Raises
    ------
    InvalidInput
        ``split.parts`` for a number that can't be, ``split.unsound`` for a grid that is not one valid polygon,
        ``split.weights`` for weights that are negative or not as many as the points, ``split.no-weight`` where no point
        lies in the grid.

    Notes
    -----
    The ground is cut into faces by the roads and a fine lattice. Parts grow over the faces from seeds in strips of
    equal size, by the cheapest path, where crossing a road is dear; then faces pass between neighbouring parts while
    that evens their sizes, or at equal sizes makes the borders cheaper, and none falls apart. Borders off the roads are
    straightened as far as the parts stay even. Nothing is random: equal input gives equal parts.
    """
    if not 2 <= parts <= MOST_PARTS:
        raise InvalidInput("split.parts", parts=parts, most=MOST_PARTS)
    given = np.array([grid], dtype=object)
    flat, _ = sound_in_plane(given, plane)
    ground = flat[0]
    if ground.geom_type == "MultiPolygon" and shapely.get_num_geometries(ground) == 1:
        ground = ground.geoms[0]
    if ground.geom_type != "Polygon" or not ground.is_valid or not ground.area > 0:
        raise InvalidInput("split.unsound")
    spots, weight = _weighted(points, weights, plane)
    lines = plane.flat(np.array([*roads, None], dtype=object)[:-1])
    quarters = quarters_of(ground, lines, parts)
    sizes, outside = _sizes(quarters.faces, spots, weight)
    if not sizes.sum() > 0:
        raise InvalidInput("split.no-weight", count=0 if spots is None else len(spots))

    labels = _best(quarters, sizes, parts, tolerance * (1 - _FOR_STRAIGHTENING))
    even = Regions(labels, *_prices(quarters), sizes, parts).error
    shapes = _smooth(quarters, labels, parts, spots, weight, max(tolerance, even))
    shapes = without_needless(shapes, set(points_of(ground)))
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    shapes = shapes[np.lexsort((middle[:, 1], middle[:, 0]))]
    got, _ = _sizes(shapes, spots, weight)
    vertices = Vertices(given, flat, plane)
    out = np.empty(parts, dtype=object)
    out[:] = [vertices.in_source(shape) for shape in shapes]
    error = float(np.abs(got / (got.sum() / parts) - 1).max())
    return Balanced(out, got, shapely.area(shapes), error, _road_share(shapes, lines), outside)


def _weighted(
    points: Sequence[BaseGeometry] | NDArray[Any] | None, weights: ArrayLike | None, plane: Plane
) -> tuple[NDArray[np.object_] | None, NDArray[np.float64]]:
    if points is None:
        return None, np.empty(0)
    spots = plane.flat(np.array([*points, None], dtype=object)[:-1])
    weight = np.ones(len(spots)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (len(spots),) or not np.isfinite(weight).all() or (weight < 0).any():
        raise InvalidInput("split.weights", points=len(spots), weights=weight.size)
    return spots, weight


def _sizes(
    shapes: NDArray[Any], spots: NDArray[Any] | None, weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Weight in each polygon, a point on a border in the first, and the weight outside of all."""
    if spots is None:
        return shapely.area(shapes), 0.0
    point, shape = shapely.STRtree(shapes).query(spots, predicate="intersects")
    home = np.full(len(spots), len(shapes))
    np.minimum.at(home, point, shape)
    sums = np.bincount(home, weight, len(shapes) + 1)
    return sums[:-1], float(sums[-1])


def _prices(quarters: Quarters) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    pairs, length, off = quarters.neighbours()
    return pairs, off + _ON_ROAD * (length - off)


def _best(quarters: Quarters, sizes: NDArray[np.float64], parts: int, tolerance: float) -> NDArray[np.int64]:
    """The best division of several, each grown from strips in another direction and then made even."""
    pairs, prices = _prices(quarters)
    _, length, off = quarters.neighbours()
    centres = shapely.get_coordinates(shapely.centroid(quarters.faces))
    apart = np.hypot(*(centres[pairs[:, 0]] - centres[pairs[:, 1]]).T)
    costs = apart * np.where(off < length / 2, _ACROSS, 1.0) + 1e-6
    area = shapely.area(quarters.faces)
    mixed = (1 - _GROUND_SHARE) * sizes / sizes.sum() + _GROUND_SHARE * area / area.sum()
    targets = np.full(parts, 1 / parts)
    best: tuple[float, float, NDArray[np.int64]] | None = None
    for direction, rounds in _STARTS:
        held = _seeds(centres, mixed, parts, np.radians(direction), rounds)
        labels = grow(pairs, costs, held, mixed, targets)
        regions = Regions(labels, pairs, prices, sizes, parts)
        regions.even(tolerance)
        found = (max(0.0, regions.error - tolerance), regions.cost, regions.labels)
        if best is None or found[:2] < best[:2]:
            best = found
    if best is None:
        raise ValueError("no direction to lay strips in")
    return best[2]


def _seeds(
    centres: NDArray[np.float64], sizes: NDArray[np.float64], parts: int, direction: float, rounds: int
) -> NDArray[np.int64]:
    """One face for each part: the one nearest to the middle of a strip across a direction that has an equal share."""
    along = centres @ np.array([np.cos(direction), np.sin(direction)])
    order = np.argsort(along, kind="stable")
    home = np.empty(len(order), dtype=np.int64)
    home[order] = np.minimum((np.cumsum(sizes[order]) - sizes[order] / 2) / sizes.sum() * parts, parts - 1).astype(int)
    middles = np.empty((parts, 2))
    for turn in range(rounds + 1):
        for part in range(parts):
            mine = np.flatnonzero(home == part)
            mine = mine if len(mine) else np.arange(len(centres))
            middles[part] = np.average(centres[mine], axis=0, weights=sizes[mine])
        if turn < rounds:
            home = cKDTree(middles).query(centres)[1]
    held = np.full(len(centres), -1, dtype=np.int64)
    for part, middle in enumerate(middles):
        free = np.flatnonzero(held < 0)
        held[free[np.argmin(np.hypot(*(centres[free] - middle).T))]] = part
    return held


def _smooth(
    quarters: Quarters,
    labels: NDArray[np.int64],
    parts: int,
    spots: NDArray[Any] | None,
    weight: NDArray[np.float64],
    error: float,
) -> NDArray[np.object_]:
    """Parts as polygons, their borders off the roads straightened as far as they stay as even as ``error`` says."""
    edges = quarters.edges
    outer = edges.partner < 0
    border = ~outer & (edges.owner < edges.partner) & (labels[edges.owner] != labels[edges.partner])
    lines = shapely.linestrings(edges.ends.reshape(-1, 2, 2))
    firm = lines[outer | (border & quarters.on_road)]
    loose = lines[border & ~quarters.on_road]
    loose = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(loose))) if len(loose) else loose
    for straight in (2.5, 1.5, 1.0, 0.7, 0.3, 0.0):
        bent = shapely.simplify(loose, straight * quarters.side_m) if straight else loose
        shapes = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all([*firm, *bent]))))
        shapes = shapes[shapely.intersects(shapely.union_all(quarters.faces), shapely.point_on_surface(shapes))]
        if len(shapes) != parts:
            continue
        got, _ = _sizes(shapes, spots, weight)
        if float(np.abs(got / (got.sum() / parts) - 1).max()) <= error + 1e-9:
            break
    out = np.empty(parts, dtype=object)
    if len(shapes) == parts:
        out[:] = shapes
    else:
        out[:] = [shapely.coverage_union_all(quarters.faces[labels == part]) for part in range(parts)]
    return out


def _road_share(shapes: NDArray[Any], roads: NDArray[Any]) -> float:
    edges = matched_edges(shapes)
    inner = edges.partner > edges.owner
    borders = shapely.union_all(shapely.linestrings(edges.ends[inner].reshape(-1, 2, 2)))
    if borders.is_empty or not len(roads):
        return 0.0
    near = shapely.intersection(borders, shapely.buffer(shapely.union_all(roads), 0.01))
    return float(near.length / borders.length)
