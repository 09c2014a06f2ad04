"""People of a third layer (blocks or points) put on cells, on grids, and on the ground that a cell and a grid share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType

from geo.crosswalk.largest import largest
from geo.crosswalk.pieces import Pieces, pieces

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: Blocks whose ground in the cells is held at a time: every department cuts them anew.
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, eq=False)
class People:
    """Where people live.

    Parameters
    ----------
    shapes : (b,) array of shapely geometries, metric CRS
        Valid polygons (blocks, villages) or points (buildings); what has neither area nor place holds nobody.
    count : (b,) float array
        People of each, not negative.
    how : {'area', 'largest'}
        Of a block on a border each side has as many people as it has of the area (areal weighting); or all of them go
        to the side with the largest part, of equal ones to the first. Points are never divided.
    """

    shapes: NDArray[Any]
    count: Floats
    how: Literal["area", "largest"] = "area"


@dataclass(frozen=True, eq=False)
class Spread:
    """People of each cell, grid and relation.

    Parameters
    ----------
    cell, grid, relation : (n,), (m,), (k,) float arrays
        The people of a cell's relations are never more than the cell's, and so with a grid.
    total : float
        All people of the layer.
    unplaced : float
        Those of them without a place: their block has no area.
    """

    cell: Floats
    grid: Floats
    relation: Floats
    total: float
    unplaced: float


def spread_people(
    people: People, cells: NDArray[Any], department: Ints, grids: NDArray[Any], relations: Pieces
) -> Spread:
    """Count the people of cells, grids and relations.

    Parameters
    ----------
    people : People
    cells, grids : (n,) and (m,) arrays of valid shapely polygons, same CRS
    department : (n,) int array
        Department of each cell: the cells of each are a layer of their own, and a block is counted once in each.
    relations : Pieces
        Common ground of cells and grids.
    """
    kind = shapely.get_type_id(people.shapes)
    area = shapely.area(people.shapes)
    point = (kind == GeometryType.POINT) & ~shapely.is_empty(people.shapes)
    soft = (area > 0) & (people.how == "area")
    hard = ((area > 0) & (people.how == "largest")) | point
    keys = relations.left * len(grids) + relations.right

    def on_relations(cell: Ints, grid: Ints, count: Floats) -> Floats:
        # what lies at a border only, and so on no common ground, belongs to no relation
        wanted = cell * len(grids) + grid
        at = np.searchsorted(keys, wanted)
        known = at < len(keys)
        known[known] = keys[at[known]] == wanted[known]
        return _sums(at[known], count[known], len(keys))

    divided, density = people.shapes[soft], people.count[soft] / area[soft]
    in_grids = pieces(divided, grids)
    on_grid = _sums(in_grids.right, density[in_grids.left] * in_grids.area_m2, len(grids))
    on_cell, on_both = np.zeros(len(cells)), np.zeros(len(keys))
    for start in range(0, len(divided), _AT_ONCE):
        some = pieces(divided[start : start + _AT_ONCE], cells)
        on_cell += _sums(some.right, density[start:][some.left] * some.area_m2, len(cells))
    for start in range(0, len(in_grids.shape), _AT_ONCE):
        some = pieces(in_grids.shape[start : start + _AT_ONCE], cells)
        part = start + some.left
        on_both += on_relations(some.right, in_grids.right[part], density[in_grids.left[part]] * some.area_m2)

    placed, count = people.shapes[hard], people.count[hard]
    block, cell = _homes(placed, cells, department)
    homed, grid = _homes(placed, grids, np.zeros(len(grids), dtype=np.intp))
    on_cell += _sums(cell, count[block], len(cells))
    on_grid += _sums(grid, count[homed], len(grids))
    home = np.full(len(placed), -1, dtype=np.intp)
    home[homed] = grid
    inside = home[block] >= 0
    on_both += on_relations(cell[inside], home[block[inside]], count[block[inside]])
    total = float(people.count.sum())
    return Spread(on_cell, on_grid, on_both, total, float(people.count[~(soft | hard)].sum()))


def _homes(placed: NDArray[Any], areas: NDArray[Any], layer: Ints) -> tuple[Ints, Ints]:
    """Of each placed block or point in each layer of areas the one that has it: block and area."""
    solid = np.flatnonzero(shapely.area(placed) > 0)
    found = pieces(placed[solid], areas)
    share = found.area_m2 / shapely.area(placed[solid])[found.left]
    dots = np.flatnonzero(shapely.area(placed) == 0)
    dot, around = shapely.STRtree(areas).query(placed[dots], predicate="intersects")
    block = np.concatenate((solid[found.left], dots[dot]))
    area = np.concatenate((found.right, around))
    share = np.concatenate((share, np.ones(len(dot))))
    rows = largest(block * (layer.max(initial=0) + 1) + layer[area], share, area)
    return block[rows], area[rows]


def _sums(at: Ints, weights: Floats, length: int) -> Floats:
    # of nothing numpy makes integers
    return np.bincount(at, weights=weights, minlength=length).astype(float)
