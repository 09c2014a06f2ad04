"""Vertices of changed grids brought together with those of their neighbours where rounding alone keeps them apart.

Clients round what they send, and a cut rarely ends on a vertex. What is left are threads of millimetres that hang
together over several borders, which is nobody's whole ground to give away. Here each vertex goes to the one that it
is meant to be, or onto the edge that it is meant to lie on; `geo.changes.noding` then deals with ground.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.matching import matched_edges

_DECIMALS: Final = 10
#: How far from its edge a vertex lies that was put onto it and rounded.
_ON_EDGE: Final = 1e-9

Shapes = NDArray[np.object_]
Place = tuple[float, float]
Geometries = Sequence[BaseGeometry] | NDArray[Any]


def meet_borders(
    changed: Geometries, fixed: Geometries, reach: float, edge: BaseGeometry | None = None
) -> tuple[Shapes, Shapes]:
    """Changed grids with the vertices of all grids around where these are within reach, and the grids around.

    Parameters
    ----------
    changed : (n,) valid shapely polygons
        In degrees, or any plane.
    fixed : (m,) valid shapely polygons
        Same CRS. They keep their ground, and get the vertices that changed grids have on their edges.
    reach : float
        How far a vertex goes at most, in the unit of the coordinates.
    edge : shapely lines, optional
        The city's border, which stays what it is: without it the city would shrink with every rounding at its rim.

    Returns
    -------
    changed : (n,) array of shapely polygons
        One that would become invalid or empty is what it was.
    fixed : (m,) array of shapely polygons

    Examples
    --------
    >>> (grid,), (beside,) = meet_borders([shapely.box(0, 0, 0.99, 1)], [shapely.box(1, -1, 2, 2)], 0.02)
    >>> shapely.get_coordinates(grid)[:, 0].max(), len(shapely.get_coordinates(beside))
    (np.float64(1.0), 7)
    >>> rim = shapely.LineString([(0, 0), (0, 1)])
    >>> (grid,), _ = meet_borders([shapely.box(0.01, 0.2, 0.5, 0.8)], [], 0.02, rim)
    >>> grid.bounds
    (0.0, 0.2, 0.5, 0.8)
    """
    grids, around = _array(changed), _array(fixed)
    if not len(grids):
        return grids, around
    near = shapely.STRtree(around)
    rim = [] if edge is None else [edge]
    torn = _torn(grids, around)
    given = grids.copy()
    for i in torn:
        others = np.concatenate((around[near.query(grids[i], "dwithin", reach)], _array(rim), grids[:i]))
        grids[i] = _snapped(grids[i], others, reach)
    torn = _beside_changed(grids, given, torn, reach)
    for i in torn:
        if i < len(grids) - 1:
            grids[i] = _snapped(grids[i], np.delete(grids, i), reach)

    goes: dict[Place, Place] = {}
    gets: dict[int, set[Place]] = defaultdict(set)
    for grid in grids[_beside_changed(grids, given, torn, reach)]:
        own = _places(shapely.get_coordinates(grid))
        for line in rim if shapely.dwithin(grid, _array(rim), reach).any() else ():
            for point, onto in _beside(own, line, reach):
                goes.setdefault(point, onto)
        for place in near.query(grid, "dwithin", reach).tolist():
            for point, onto in _beside(own, around[place], reach):
                goes.setdefault(point, onto)
                gets[place].add(goes[point])
    if goes:
        for i, grid in enumerate(grids):
            grids[i] = _sound(shapely.transform(grid, lambda points: _moved(points, goes)), grid)
        for place, wanted in gets.items():
            there = np.array(sorted(wanted))
            around[place] = _sound(with_vertices(around[place], there, _ON_EDGE), around[place])
    return grids, around


def _torn(grids: Shapes, around: Shapes) -> list[int]:
    """Positions of the changed grids that have an edge which is not their neighbour's vertex by vertex.

    The borders of the others meet already, and nothing is done about them.
    """
    edges = matched_edges(np.concatenate((grids, around)))
    alone = np.unique(edges.owner[edges.partner < 0])
    found: list[int] = alone[alone < len(grids)].tolist()
    return found


def _beside_changed(grids: Shapes, given: Shapes, torn: list[int], reach: float) -> list[int]:
    """Positions of grids that are torn, or may be now that grids beside them are not what they were."""
    changed = [shape for shape, was in zip(grids, given, strict=True) if shape is not was]
    beside = shapely.STRtree(grids).query(_array(changed), "dwithin", reach)[1]
    return sorted({*torn, *beside.tolist()})


def _snapped(grid: BaseGeometry, others: Shapes, reach: float) -> BaseGeometry:
    """A grid whose vertices go to the nearest vertices of others within reach, and that has those on its edges."""
    points = shapely.get_coordinates(others)
    west, south, east, north = grid.bounds
    low, high = (west - reach, south - reach), (east + reach, north + reach)
    theirs = _places(points[((points >= low) & (points <= high)).all(axis=1)])
    own = _places(shapely.get_coordinates(grid))
    loose, fresh = sorted(own - theirs), sorted(theirs - own)
    if not fresh:
        return grid
    moved = grid
    if loose:
        known = sorted(theirs)
        mine, near = shapely.STRtree(shapely.points(known)).query_nearest(
            shapely.points(loose), max_distance=reach, all_matches=False
        )
        goes = {loose[i]: known[k] for i, k in zip(mine.tolist(), near.tolist(), strict=True)}
        if goes:
            moved = _sound(shapely.transform(grid, lambda old: _moved(old, goes)), grid)
    return _sound(with_vertices(moved, np.array(fresh), reach), moved)


def with_vertices(grid: BaseGeometry, points: NDArray[np.float64], reach: float) -> BaseGeometry:
    """A polygon with further vertices where (k, 2) points lie within reach of its edges and are none of them."""
    fresh = shapely.points(points)
    parts = []
    for part in shapely.get_parts(grid):
        rings = [_with_vertices(ring, points, fresh, reach) for ring in shapely.get_rings(part)]
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.MultiPolygon(parts) if grid.geom_type == "MultiPolygon" else parts[0]


def _with_vertices(ring: BaseGeometry, points: NDArray[np.float64], fresh: Shapes, reach: float) -> NDArray[np.float64]:
    own = shapely.get_coordinates(ring)
    line = shapely.linestrings(own)
    known = set(map(tuple, own.tolist()))
    some = [k for k in np.flatnonzero(shapely.dwithin(line, fresh, reach)).tolist() if _place(points[k]) not in known]
    if not some:
        return own
    along = np.concatenate(([0.0], np.hypot(*np.diff(own, axis=0).T).cumsum()))
    at = shapely.line_locate_point(line, fresh[some])
    order = np.argsort(np.concatenate((along[:-1], at)), kind="stable")
    open_ring = np.concatenate((own[:-1], points[some]))[order]
    return np.concatenate((open_ring, open_ring[:1]))


def _beside(own: set[Place], grid: BaseGeometry, reach: float) -> list[tuple[Place, Place]]:
    """Points within reach of the edges of a grid, or of lines, that are no vertices of it, and where they belong."""
    points = sorted(own - _places(shapely.get_coordinates(grid)))
    if not points:
        return []
    parts = shapely.get_parts(grid)
    rings = parts if grid.geom_type.endswith("LineString") else shapely.get_rings(parts)
    apart = shapely.distance(shapely.points(points)[:, None], rings[None, :])
    ring = apart.argmin(axis=1)
    found = []
    for k in np.flatnonzero(apart.min(axis=1) <= reach).tolist():
        line = shapely.linestrings(shapely.get_coordinates(rings[ring[k]]))
        on = shapely.line_interpolate_point(line, shapely.line_locate_point(line, shapely.Point(points[k])))
        found.append((points[k], (round(on.x, _DECIMALS), round(on.y, _DECIMALS))))
    return found


def _places(points: NDArray[np.float64]) -> set[Place]:
    return set(map(tuple, points.tolist()))


def _place(point: NDArray[np.float64]) -> Place:
    return float(point[0]), float(point[1])


def _moved(points: NDArray[np.float64], goes: dict[Place, Place]) -> NDArray[np.float64]:
    return np.array([goes.get((x, y), (x, y)) for x, y in points.tolist()]).reshape(-1, 2)


def _sound(shape: BaseGeometry, before: BaseGeometry) -> BaseGeometry:
    """A shape without repeated points; what it was where it is no valid polygon of as many parts any more."""
    clean = shapely.remove_repeated_points(shape)
    same = clean.is_valid and not clean.is_empty and clean.geom_type == before.geom_type
    return clean if same and shapely.get_num_geometries(clean) == shapely.get_num_geometries(before) else before


def _array(shapes: Geometries) -> Shapes:
    out = np.empty(len(shapes), dtype=object)
    out[:] = list(shapes)
    return out
