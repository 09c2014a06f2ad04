"""Borders that run along each other without having the same vertices: no area is lost, but the next edit tears them."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.gaps import TOUCH_M


def _segments(lines: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Every straight piece of lines as (k, 4) start and end in a direction of its own, and whose it is."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    inside = part[1:] == part[:-1]
    start, end = points[:-1][inside], points[1:][inside]
    # the two sides of a border run in opposite directions
    turn = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start, end = np.where(turn[:, None], end, start), np.where(turn[:, None], start, end)
    return np.column_stack((start, end)), owner[part[:-1][inside]]


def _near(geometries: NDArray[Any], others: NDArray[Any]) -> NDArray[np.intp]:
    """Positions of geometries that touch one of the others."""
    found, _ = shapely.STRtree(others).query(geometries, predicate="dwithin", distance=TOUCH_M)
    return np.unique(found)


def mismatched_edges(
    polygons: NDArray[Any], invalid_edges: NDArray[Any], explained: NDArray[Any], tree: shapely.STRtree
) -> dict[tuple[int, int], NDArray[np.object_]]:
    """Pairs whose common border has a vertex that only one of them knows.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    invalid_edges : (n,) array of lines
        What `shapely.coverage_invalid_edges` says of each.
    explained : (m,) array of shapely polygons
        Overlaps and gaps that are reported already: an edge that touches one of them, and the other side of
        such an edge, is their consequence and not another fault.
    tree : STRtree
        Of the polygons.

    Returns
    -------
    dict
        From a pair of positions (lower first) to the straight pieces of border concerned.
    """
    ends, owner = _segments(invalid_edges)
    out: dict[tuple[int, int], NDArray[np.object_]] = {}
    if not len(ends):
        return out
    pieces = shapely.linestrings(ends.reshape(-1, 2, 2))
    middle = shapely.points((ends[:, :2] + ends[:, 2:]) / 2)
    piece, polygon = tree.query(middle, predicate="dwithin", distance=TOUCH_M)
    keep = polygon != owner[piece]
    piece, polygon = piece[keep], polygon[keep]
    border = np.full(len(polygons), None, dtype=object)
    near = np.unique(polygon)
    border[near] = shapely.boundary(polygons[near])
    shapely.prepare(border[near])
    keep = shapely.dwithin(border[polygon], middle[piece], TOUCH_M)
    piece, polygon = piece[keep], polygon[keep]
    if not len(piece):
        return out

    involved = np.unique(polygon)
    theirs, theirs_owner = _segments(border[involved])
    known = {(int(involved[o]), *row) for o, row in zip(theirs_owner, theirs.tolist(), strict=True)}
    own = [(int(p), *row) not in known for p, row in zip(polygon, ends[piece].tolist(), strict=True)]
    keep = np.array(own, dtype=bool)

    consequence = np.zeros(len(pieces), dtype=bool)
    if len(explained):
        consequence[_near(pieces, explained)] = True
        guilty = pieces[consequence]
        if len(guilty):
            # the long edge of one side touches the fault, the short ones of the other side need not
            consequence[_near(middle, guilty)] = True
    keep &= ~consequence[piece]

    pairs = np.sort(np.column_stack((owner[piece], polygon)), axis=1)[keep]
    found = pieces[piece[keep]]
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    pairs, found = pairs[order], found[order]
    starts = np.flatnonzero(np.r_[True, (pairs[1:] != pairs[:-1]).any(axis=1)][: len(pairs)])
    for start, group in zip(starts, np.split(found, starts[1:]), strict=bool(len(starts))):
        out[int(pairs[start, 0]), int(pairs[start, 1])] = group
    return out
