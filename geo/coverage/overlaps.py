"""Pairs of polygons that claim the same ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.soundness import polygonal

#: Pairs that are intersected at a time, which bounds the memory that candidates take.
_PAIRS: Final = 200_000


@dataclass(frozen=True)
class Overlaps:
    """Pairs of polygons with common ground.

    Parameters
    ----------
    first, second : (k,) int arrays
        Positions of the two, ``first < second``.
    ground : (k,) array of shapely Polygon or MultiPolygon
    area_m2 : (k,) float array
        Greater than zero.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    ground: NDArray[np.object_]
    area_m2: NDArray[np.float64]

    def where(self, keep: NDArray[np.bool_]) -> Overlaps:
        """Those that a mask of k values keeps."""
        return Overlaps(self.first[keep], self.second[keep], self.ground[keep], self.area_m2[keep])


def overlaps(
    polygons: NDArray[Any], flagged: NDArray[np.bool_], tree: shapely.STRtree | None = None
) -> Overlaps:
    """All pairs with common ground, exactly.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    flagged : (n,) bool array
        Those with an edge that `shapely.coverage_invalid_edges` names.
    tree : STRtree, optional
        Of the polygons.

    Returns
    -------
    Overlaps

    Notes
    -----
    A pair is a candidate when AT LEAST ONE of the two is flagged: of a polygon that lies inside another, or on
    top of a matched border, only one side is, so asking for both loses overlaps. Whoever overlaps is flagged in turn,
    until there is nobody new: between two layers that lie on one another, only the outer polygons have an edge that
    is not matched. That finds all, for ground is claimed as often on one side of a matched edge as on the other, so
    from a pair to the next one of the two stays.
    """
    tree = shapely.STRtree(polygons) if tree is None else tree
    known = np.zeros(len(polygons), dtype=bool)
    found: list[Overlaps] = []
    fresh = np.flatnonzero(flagged)
    while len(fresh):
        known[fresh] = True
        a, b = tree.query(polygons[fresh], predicate="intersects")
        a = fresh[a]
        # a pair of two that are asked for, now or before, is found from both or was found from the other
        keep = (a != b) & (~known[b] | (a < b))
        keep &= ~(known[b] & ~np.isin(b, fresh))
        first, second = np.minimum(a, b)[keep], np.maximum(a, b)[keep]
        order = np.lexsort((second, first))
        first, second = first[order], second[order]
        partners = []
        for start in range(0, len(first), _PAIRS):
            some = _common(polygons, first[start : start + _PAIRS], second[start : start + _PAIRS])
            found.append(some)
            partners += [some.first, some.second]
        involved = np.unique(np.concatenate(partners)) if partners else np.empty(0, dtype=np.intp)
        fresh = involved[~known[involved]]
    if not found:
        none = np.empty(0, dtype=np.intp)
        return Overlaps(none, none, np.empty(0, dtype=object), np.empty(0))
    first = np.concatenate([some.first for some in found])
    second = np.concatenate([some.second for some in found])
    order = np.lexsort((second, first))
    ground = np.concatenate([some.ground for some in found])
    area = np.concatenate([some.area_m2 for some in found])
    return Overlaps(first[order], second[order], ground[order], area[order])


def _common(polygons: NDArray[Any], first: NDArray[np.intp], second: NDArray[np.intp]) -> Overlaps:
    # most candidates only touch, and saying so is cheaper than an overlay
    touching = shapely.touches(polygons[first], polygons[second])
    first, second = first[~touching], second[~touching]
    ground = polygonal(shapely.intersection(polygons[first], polygons[second]))
    area = shapely.area(ground)
    return Overlaps(first, second, ground, area).where(area > 0)
