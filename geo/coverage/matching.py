"""Which edges of polygons are matched: run by exactly one other polygon, the other way round.

Ground is claimed once on both sides of a matched edge or twice on both, so every fault of a coverage, and its outer
border, begins at an edge that is not matched. Sorting edges by a hash finds those for a tenth of the price of
`shapely.coverage_invalid_edges`, which then has to look at few polygons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.tiled import TILE, tiles

Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]
Keep = Callable[[Ints, Ints], Mask]

_FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


@dataclass(frozen=True, eq=False)
class Edges:
    """Straight pieces of the borders of polygons.

    Attributes
    ----------
    ends : (k, 4) float array
        Start and end; the polygon lies to the left.
    owner : (k,) int array
        Position of the polygon.
    partner : (k,) int array
        Position of the one other polygon that has the edge the other way round; -1 where there is none, or where
        more than two polygons have it.
    """

    ends: NDArray[np.float64]
    owner: NDArray[np.intp]
    partner: NDArray[np.intp]

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Edges:
        """Those that a mask of k values keeps, or those at some places."""
        return Edges(self.ends[keep], self.owner[keep], self.partner[keep])


def point_hash(points: NDArray[np.float64]) -> NDArray[np.uint64]:
    """64 bits for each of (k, 2) points, equal for equal points."""
    words = np.ascontiguousarray(points).view(np.uint64)
    out = words[:, 0] * np.uint64(_FACTORS[0])
    out ^= out >> np.uint64(32)
    out += words[:, 1]
    out *= np.uint64(_FACTORS[1])
    out ^= out >> np.uint64(29)
    out *= np.uint64(_FACTORS[2])
    return out


def edge_hash(ends: NDArray[np.float64]) -> NDArray[np.uint64]:
    """64 bits for each of (k, 4) directed edges, equal for equal ends."""
    turn = np.uint64(_FACTORS[0])
    return point_hash(ends[:, :2]) * turn + point_hash(ends[:, 2:])


def matched_edges(polygons: NDArray[Any], keep: Keep | None = None) -> Edges:
    """Edges of polygons, each with its partner among them.

    Parameters
    ----------
    polygons : (n,) array of valid shapely Polygon or MultiPolygon
    keep : function, optional
        Says by owner and partner which edges are wanted, so that the ends of others are not put together.

    Examples
    --------
    >>> edges = matched_edges(np.array([shapely.Polygon([(0, 0), (0, 1), (1, 0)]), shapely.box(0, -1, 1, 0)]))
    >>> edges.where(edges.partner >= 0).ends.tolist()
    [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    """
    parts, owner_of_part = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points += 0.0  # the two zeros are one place
    x, y = points[:, 0], points[:, 1]
    along = np.flatnonzero((ring[1:] == ring[:-1]) & ((x[1:] != x[:-1]) | (y[1:] != y[:-1])))
    owner = owner_of_part[part[ring[along]]]
    hole = np.zeros(len(rings), dtype=bool)
    hole[1:] = part[1:] == part[:-1]
    # the first end of an edge that has the polygon to the left: its second where a shell runs clockwise
    back = (shapely.is_ccw(rings) == hole)[ring[along]]

    hashed = point_hash(points)
    one, two = hashed[along], hashed[along + 1]
    upward = (one < two) ^ back
    key = one + two
    order = np.argsort(key)
    key = key[order]
    same = key[1:] == key[:-1]
    # two in a run of equal keys, no third before or after, one each way, the same ends, not of one polygon
    at = np.flatnonzero(same & ~np.r_[False, same[:-1]] & ~np.r_[same[1:], False])
    first, second = order[at], order[at + 1]
    fits = (upward[first] != upward[second]) & (owner[first] != owner[second])
    first, second = first[fits], second[fits]
    # rings of any direction: an edge and its partner are stored with the same or with exchanged ends
    turned = one[first] != one[second]
    start, end = along[first], along[second]
    fits = (x[start] == x[end + turned]) & (y[start] == y[end + turned])
    fits &= (x[start + 1] == x[end + ~turned]) & (y[start + 1] == y[end + ~turned])
    first, second = first[fits], second[fits]
    partner = np.full(len(along), -1, dtype=np.intp)
    partner[first], partner[second] = owner[second], owner[first]

    if keep is not None:
        wanted = keep(owner, partner)
        along, back, owner, partner = along[wanted], back[wanted], owner[wanted], partner[wanted]
    return Edges(np.column_stack((points[along + back], points[along + ~back])), owner, partner)


def unmatched_edges(polygons: NDArray[Any], bounds: NDArray[np.float64], size: int = TILE) -> Edges:
    """Edges without a partner: the outer border, the borders of gaps, and whatever is wrong.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons
    bounds : (n, 4) float array
        Their bounding boxes.
    size : int
        Polygons of a tile; the answer does not depend on it but for its order.
    """
    found = []
    for core, near in tiles(bounds, size):
        ours = np.isin(near, core, assume_unique=True)
        edges = matched_edges(polygons[near], partial(_alone, ours))
        found.append(Edges(edges.ends, near[edges.owner], edges.partner))
    return joined(found)


def edges_towards(
    polygons: NDArray[Any], bounds: NDArray[np.float64], some: NDArray[np.bool_], size: int = TILE
) -> Edges:
    """Edges of the other polygons whose partner is one of ``some``.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons
    bounds : (n, 4) float array
    some : (n,) bool array
    size : int
        Polygons of a tile.
    """
    found = []
    for core, near in tiles(bounds, size, np.flatnonzero(some)):
        tree = shapely.STRtree(shapely.box(*bounds[near].T))
        met = near[np.unique(tree.query(shapely.box(*bounds[core].T))[1])]
        # a third polygon with the same edge meets the box of the core as well, so partners are the true ones
        ours, theirs = np.isin(met, core, assume_unique=True), ~some[met]
        edges = matched_edges(polygons[met], partial(_towards, ours, theirs))
        found.append(Edges(edges.ends, met[edges.owner], met[edges.partner]))
    return joined(found)


def _alone(ours: Mask, owner: Ints, partner: Ints) -> Mask:
    return ours[owner] & (partner < 0)


def _towards(ours: Mask, theirs: Mask, owner: Ints, partner: Ints) -> Mask:
    return theirs[owner] & (partner >= 0) & ours[partner]


def joined(found: list[Edges]) -> Edges:
    """Edges one after another."""
    if not found:
        return Edges(np.empty((0, 4)), np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))
    return Edges(
        np.concatenate([edges.ends for edges in found]),
        np.concatenate([edges.owner for edges in found]),
        np.concatenate([edges.partner for edges in found]),
    )
