"""Where a gap that runs along several grids is to be cut, so that each of them gets what lies before it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import shapely

from geo.coverage.faces import Faces
from geo.coverage.units import Unit, sides_of

#: A cut goes this much further (metres) than the other side, so that rounding can't leave it short of it.
_BEYOND_M: Final = 1e-3


def cuts_of(unit: Unit, faces: Faces, still: Collection[int]) -> list[shapely.LineString]:
    """Lines across a gap from each place where two grids beside it meet to the nearest of the other side.

    Parameters
    ----------
    unit : Unit
        Nothing comes of one that somebody claims.
    faces : Faces
    still : collection of int
        Positions of polygons that don't get ground: they are the other side.
    """
    if unit.owners:
        return []
    sides = sides_of(unit, faces)
    takers = [frozenset(owners) - frozenset(still) for _, owners in sides]
    other = [ends.reshape(2, 2) for (ends, _), mine in zip(sides, takers, strict=True) if not mine]
    if not other:
        return []
    across = shapely.multilinestrings(np.array(other))
    arriving: dict[tuple[float, ...], list[frozenset[int]]] = {}
    for (ends, _), mine in zip(sides, takers, strict=True):
        arriving.setdefault(tuple(ends[2:].tolist()), []).append(mine)
    cuts = []
    for (ends, _), mine in zip(sides, takers, strict=True):
        before = arriving.get(tuple(ends[:2].tolist()), [])
        if not mine or not any(one and not one & mine for one in before):
            continue
        start = ends[:2]
        there = shapely.get_coordinates(shapely.shortest_line(shapely.Point(start), across))[1]
        length = float(np.hypot(*(there - start)))
        if length > 0:
            cuts.append(shapely.LineString([start, there + (there - start) / length * _BEYOND_M]))
    return cuts
