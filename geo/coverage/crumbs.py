"""Whether a gap thinner than the rounding of an overlay is there at all, decided in exact arithmetic.

An overlay rounds where borders cross, so along a border whose two sides lack each other's vertices it may leave a hole
that no exact calculation knows, and which ones it leaves changes with the order of the polygons. Coordinates are
binary fractions, so rational numbers decide it: the few edges around such a hole are cut where they really meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from functools import cmp_to_key
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Place = tuple[Fraction, Fraction]
Segment = tuple[Place, Place]
Ring = list[Place]

#: Metres: an overlay is right about what is wider, for its snapping stays below.
ROUNDING_M: Final = 1e-9
#: Metres around a hole in which the edges that may bound it are looked for.
_AROUND_M: Final = 1e-6


def really_there(
    thin: NDArray[Any], polygons: NDArray[Any], tree: shapely.STRtree, outline: BaseGeometry | None = None
) -> NDArray[np.bool_]:
    """Which thin gaps exact arithmetic finds as well.

    Parameters
    ----------
    thin : (k,) array of shapely polygons, metric CRS
        Holes that an overlay left.
    polygons : (n,) array of valid shapely polygons, same CRS
    tree : STRtree
        Of the polygons.
    outline : shapely Polygon or MultiPolygon, optional
        Ground outside of it is no gap.

    Returns
    -------
    (k,) bool array

    Examples
    --------
    >>> left, right = shapely.box(0, 0, 1, 1), shapely.Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1 + 2**-52, 0.5)])
    >>> ground = np.array([left, right])
    >>> hole = np.array([shapely.Polygon([(1, 0), (1, 1), (1 + 2**-52, 0.5)])])
    >>> really_there(hole, ground, shapely.STRtree(ground)).tolist()
    [True]
    """
    found = np.zeros(len(thin), dtype=bool)
    for k, hole in enumerate(thin):
        box = shapely.box(*hole.bounds).buffer(_AROUND_M, join_style="mitre")
        ends = [_ends(polygons[i]) for i in tree.query(box)]
        limit = None if outline is None else _ends(outline)
        edges = set(_edges_in(box, [*ends, *([] if limit is None else [limit])]))
        west, south, east, north = map(Fraction, box.bounds)
        for ring in faces(edges):
            if all(west <= x <= east and south <= y <= north for x, y in ring):
                point = _inner_point(ring, edges)
                inside = limit is None or _contains(limit, point)
                found[k] |= inside and not any(_contains(one, point) for one in ends)
    return found


def faces(edges: set[Segment]) -> list[Ring]:
    """Faces into which straight edges cut the plane, each as its outer ring with the face to the left.

    Parameters
    ----------
    edges : set of pairs of points
        They may cross, touch and run along each other.
    """
    cuts: dict[Segment, set[Place]] = {edge: set(edge) for edge in edges}
    known = list(edges)
    for n, one in enumerate(known):
        for two in known[:n]:
            for point in _meet(one, two):
                cuts[one].add(point)
                cuts[two].add(point)
    beyond: dict[Place, set[Place]] = defaultdict(set)
    for points in cuts.values():
        along = sorted(points)
        for a, b in zip(along[:-1], along[1:], strict=True):
            beyond[a].add(b)
            beyond[b].add(a)
    around = {point: sorted(others, key=_turning(point)) for point, others in beyond.items()}
    todo = {(a, b) for a, others in around.items() for b in others}
    out = []
    while todo:
        first = step = todo.pop()
        ring = [step[0]]
        while True:
            others = around[step[1]]
            # the next edge to the right keeps the face to the left
            step = (step[1], others[others.index(step[0]) - 1])
            if step == first:
                break
            todo.discard(step)
            ring.append(step[0])
        if doubled_area(ring) > 0:
            out.append(ring)
    return out


def doubled_area(ring: Ring) -> Fraction:
    """Twice the area of a ring, positive when it runs anticlockwise."""
    turned = zip(ring, ring[1:] + ring[:1], strict=True)
    return sum((a[0] * b[1] - b[0] * a[1] for a, b in turned), Fraction(0))


def _ends(polygon: BaseGeometry) -> NDArray[np.float64]:
    """(k, 4) ends of the edges of all rings."""
    rings = shapely.get_rings(shapely.get_parts(polygon))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return np.column_stack((points[:-1][same], points[1:][same]))


def _edges_in(box: BaseGeometry, ends: list[NDArray[np.float64]]) -> Iterator[Segment]:
    """Edges that come into a box, each in one direction."""
    every = np.concatenate(ends)
    for x, y, u, v in every[shapely.intersects(box, shapely.linestrings(every.reshape(-1, 2, 2)))].tolist():
        a, b = (Fraction(x), Fraction(y)), (Fraction(u), Fraction(v))
        if a != b:
            yield min(a, b), max(a, b)


def _side(a: Place, b: Place, c: Place) -> Fraction:
    """Positive when c lies to the left of the line from a to b."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _meet(one: Segment, two: Segment) -> list[Place]:
    """Points at which two segments are to be cut; where they run along each other, the ends that lie on the other."""
    (a, b), (c, d) = one, two
    if max(a[0], c[0]) > min(b[0], d[0]):
        return []
    to_c, to_d, to_a, to_b = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if to_c * to_d < 0 and to_a * to_b < 0:
        share = to_c / (to_c - to_d)
        return [(c[0] + share * (d[0] - c[0]), c[1] + share * (d[1] - c[1]))]
    # sorted ends: a point on the line lies on the segment when it comes between them
    on_one = [point for point, side in ((c, to_c), (d, to_d)) if side == 0 and a <= point <= b]
    return on_one + [point for point, side in ((a, to_a), (b, to_b)) if side == 0 and c <= point <= d]


def _turning(centre: Place) -> Any:
    """Sort key: anticlockwise around a point, beginning in the east."""

    def compare(one: Place, two: Place) -> int:
        halves = [(p[1], p[0]) < (centre[1], centre[0]) for p in (one, two)]
        if halves[0] != halves[1]:
            return int(halves[0]) - int(halves[1])
        side = _side(centre, one, two)
        return int(side < 0) - int(side > 0)

    return cmp_to_key(compare)


def _inner_point(ring: Ring, edges: set[Segment]) -> Place:
    """A point of a face: from the middle of its first edge half the way to what lies across."""
    a, b = ring[0], ring[1]
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    across = (a[1] - b[1], b[0] - a[0])
    ways = []
    for c, d in edges:
        along = (d[0] - c[0], d[1] - c[1])
        slope = across[0] * along[1] - across[1] * along[0]
        if slope == 0:
            continue
        way = ((c[0] - x) * along[1] - (c[1] - y) * along[0]) / slope
        share = ((c[0] - x) * across[1] - (c[1] - y) * across[0]) / slope
        if way > 0 and 0 <= share <= 1:
            ways.append(way)
    half = min(ways) / 2
    return x + half * across[0], y + half * across[1]


def _contains(ends: NDArray[np.float64], point: Place) -> bool:
    """Whether a point that lies on no border is inside the rings with the given edges: a ray crosses an odd number."""
    x, y = point
    level = float(y)
    low, high = np.minimum(ends[:, 1], ends[:, 3]), np.maximum(ends[:, 1], ends[:, 3])
    margin = abs(level) * 1e-12 + 1e-12
    inside = False
    for row in ends[(low <= level + margin) & (high >= level - margin)].tolist():
        ax, ay, bx, by = map(Fraction, row)
        if (ay > y) != (by > y) and ax + (y - ay) / (by - ay) * (bx - ax) > x:
            inside = not inside
    return inside
