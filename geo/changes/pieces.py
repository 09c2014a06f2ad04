"""The ground that old and new grids have in common, piece by piece."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.soundness import polygonal
from geo.coverage.width import width_m
from geo.errors import InvalidInput

NOBODY: Final = -1
"""Position of the old grid of new ground, and of the new grid of ground that is given up."""


@dataclass(frozen=True, eq=False)
class CommonGround:
    """Which old and new grids have ground in common, and how much.

    Attributes
    ----------
    after_of : dict of int to list of int
        New grids that have ground of each old one, `NOBODY` for what nobody has any more.
    of_before : dict of int to array
        Square metres of each of them, slivers of the old grid in the largest.
    before_of, of_after : dict
        The same of each new grid.
    area_m2 : dict of (int, int) to float
        Measured, without slivers.
    """

    after_of: dict[int, list[int]]
    of_before: dict[int, NDArray[np.float64]]
    before_of: dict[int, list[int]]
    of_after: dict[int, NDArray[np.float64]]
    area_m2: dict[tuple[int, int], float]


def common_ground(
    before: NDArray[Any],
    after: NDArray[Any],
    before_ids: Sequence[str],
    after_ids: Sequence[str],
    before_kinds: Sequence[str] | None,
    after_kinds: Sequence[str] | None,
    sliver_m: float,
) -> CommonGround:
    """Overlay old grids with new ones; arguments as those of `geo.changes.lineage.derive_lineage`, metric CRS."""
    for shapes, ids in ((before, before_ids), (after, after_ids)):
        for i in np.flatnonzero(~shapely.is_valid(shapes) | ~(shapely.area(shapes) > 0)).tolist():
            raise InvalidInput("lineage.no-ground", id=ids[i])
    first, second, ground = _overlay(before, after)
    same = np.ones(len(first), dtype=bool)
    if before_kinds is not None and after_kinds is not None:
        same = np.asarray(before_kinds, dtype=object)[first] == np.asarray(after_kinds, dtype=object)[second]
    first, second, ground = first[same], second[same], ground[same]
    given_up = _without(before, first, ground)
    fresh = _without(after, second, ground)
    if not same.all():
        one, two, carved = _overlay(given_up, fresh)
        given_up, fresh = _without(given_up, one, carved), _without(fresh, two, carved)
        first, second = np.concatenate((first, one)), np.concatenate((second, two))
        ground = np.concatenate((ground, carved))

    everything = [
        (first, second, ground),
        (np.arange(len(before)), np.full(len(before), NOBODY), given_up),
        (np.full(len(after), NOBODY), np.arange(len(after)), fresh),
    ]
    rows, columns, pieces = (np.concatenate([part[k] for part in everything]) for k in range(3))
    area = shapely.area(pieces)
    rows, columns, pieces, area = (column[area > 0] for column in (rows, columns, pieces, area))
    narrow = _narrow(pieces, area, sliver_m)
    for ends in (rows, columns):
        narrow &= ~_largest(ends, area)
    area_m2: dict[tuple[int, int], float] = defaultdict(float)
    for i, j, size in zip(rows[~narrow].tolist(), columns[~narrow].tolist(), area[~narrow].tolist(), strict=True):
        area_m2[i, j] += size
    after_of, of_before = _by_end(rows, columns, area, narrow)
    before_of, of_after = _by_end(columns, rows, area, narrow)
    return CommonGround(after_of, of_before, before_of, of_after, dict(area_m2))


def _overlay(
    before: NDArray[Any], after: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.object_]]:
    """Positions of old and new polygons with common ground, and that ground."""
    second, first = shapely.STRtree(before).query(after, predicate="intersects")
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    # most only touch, and saying so is cheaper than an overlay
    apart = shapely.touches(before[first], after[second])
    first, second = first[~apart], second[~apart]
    same = shapely.equals_identical(shapely.normalize(before[first]), shapely.normalize(after[second]))
    ground = before[first]
    ground[~same] = polygonal(shapely.intersection(before[first[~same]], after[second[~same]]))
    some = shapely.area(ground) > 0
    return first[some], second[some], ground[some]


def _without(whole: NDArray[Any], owner: NDArray[np.intp], taken: NDArray[Any]) -> NDArray[np.object_]:
    """Each polygon without the pieces that were taken out of it."""
    rest = whole.copy()
    order = np.argsort(owner, kind="stable")
    some, start = np.unique(owner[order], return_index=True)
    for i, mine in zip(some.tolist(), np.split(taken[order], start[1:]), strict=bool(len(some))):
        rest[i] = shapely.Polygon() if mine[0] is whole[i] else _difference(whole[i], shapely.union_all(mine))
    return polygonal(rest)


def _difference(whole: BaseGeometry, taken: BaseGeometry) -> BaseGeometry:
    """What is left of a polygon. Mostly nothing, and to ask that costs a twentieth of an overlay along one border."""
    return shapely.Polygon() if shapely.covers(taken, whole) else shapely.difference(whole, taken)


def _narrow(pieces: NDArray[Any], area: NDArray[np.float64], sliver_m: float) -> NDArray[np.bool_]:
    """Which pieces are nowhere wider; only those that may be are measured."""
    narrow = np.zeros(len(pieces), dtype=bool)
    # a polygon without holes is wider than twice its area over its perimeter
    holed = shapely.get_num_coordinates(shapely.get_exterior_ring(pieces)) != shapely.get_num_coordinates(pieces)
    maybe = np.flatnonzero((2 * area / shapely.length(pieces) < sliver_m) | holed)
    narrow[maybe] = width_m(pieces[maybe]) < sliver_m
    return narrow


def _largest(ends: NDArray[np.intp], area: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pieces are the largest of their grid; of equal ones the first."""
    out = np.zeros(len(ends), dtype=bool)
    order = np.lexsort((-area, ends))
    _, start = np.unique(ends[order], return_index=True)
    out[order[start]] = True
    out[ends == NOBODY] = False
    return out


def _by_end(
    ends: NDArray[np.intp], others: NDArray[np.intp], area: NDArray[np.float64], narrow: NDArray[np.bool_]
) -> tuple[dict[int, list[int]], dict[int, NDArray[np.float64]]]:
    amounts: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    slivers: dict[int, float] = defaultdict(float)
    for i, j, size, sliver in zip(ends.tolist(), others.tolist(), area.tolist(), narrow.tolist(), strict=True):
        if i == NOBODY:
            continue
        if sliver:
            slivers[i] += size
        else:
            amounts[i][j] += size
    for i, size in slivers.items():
        mine = amounts[i]
        mine[max(mine, key=lambda j: (mine[j], -j))] += size
    there = {i: list(mine) for i, mine in sorted(amounts.items())}
    return there, {i: np.array(list(amounts[i].values())) for i in there}
