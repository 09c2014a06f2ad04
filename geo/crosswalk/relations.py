"""How cells and grids relate: shares of both, and the class of each relation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.crosswalk.people import Spread
from geo.crosswalk.pieces import Pieces

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: ``cells:grids`` as each relation sees it, a sliver, and what is in no relation at all.
CLASSES: Final = ("1:1", "n:1", "1:n", "n:m", "sliver", "orphan")


@dataclass(frozen=True)
class Thresholds:
    """When common ground is a sliver: a slip of the pen at a border, or nothing that anybody would act on.

    Parameters
    ----------
    share : float
        A relation is a sliver when it is less than this share of the cell AND of the grid, of their areas and, where
        there is population, of their people: a small cell inside a large grid is none, neither is a tower block on a
        strip of ground. 0 keeps everything. The 2.5 % are those from which on the US Census Bureau calls a change
        between two sets of tracts significant (Census Tract Relationship Files, 2000).
    area_m2 : float
        Nor is a relation kept whose ground is smaller than this.
    """

    share: float = 0.025
    area_m2: float = 0.0


@dataclass(frozen=True, eq=False)
class Relations:
    """Pairs of a cell and a grid with common ground, by cell and then by grid.

    Parameters
    ----------
    cell, grid : (k,) int arrays
    shape : (k,) array of shapely geometries, metric CRS
    area_m2, cell_share, grid_share : (k,) float arrays
        Area of the common ground and its share (0 to 1) of the cell's and of the grid's area.
    cell_people_share, grid_people_share : (k,) float arrays or None
        Its share of the cell's and of the grid's people; NaN where the cell, or the grid, has none. None without a
        layer of people.
    kind : (k,) str array
        Of `CLASSES`, without ``orphan``. Slivers put aside: ``1:1`` when the cell has no other grid and the grid no
        other cell of the department; ``n:1`` when the cell lies in this grid alone, but others of its department do
        too; ``1:n`` when the cell reaches into other grids, but the grid is all its own; ``n:m`` when neither.
    group : (k,) int array
        Relations of one department that hang together through common cells or grids have the same number, from 1 in
        the order of the relations; 0 for slivers. A group with a single cell or a single grid is cut cleanly.
    """

    cell: Ints
    grid: Ints
    shape: NDArray[np.object_]
    area_m2: Floats
    cell_share: Floats
    grid_share: Floats
    cell_people_share: Floats | None
    grid_people_share: Floats | None
    kind: NDArray[np.str_]
    group: Ints

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which are no slivers."""
        kept: NDArray[np.bool_] = self.kind != "sliver"
        return kept


def relate(
    found: Pieces, cell_area: Floats, grid_area: Floats, department: Ints, spread: Spread | None, least: Thresholds
) -> Relations:
    """Shares and classes of common ground.

    Parameters
    ----------
    found : Pieces
        Cells left, grids right.
    cell_area, grid_area : (n,) and (m,) float arrays, m2
    department : (n,) int array
        Of each cell; classes and groups are told inside each department.
    spread : Spread or None
    least : Thresholds
    """
    cell, grid = found.left, found.right
    cell_share = np.minimum(found.area_m2 / cell_area[cell], 1.0)
    grid_share = np.minimum(found.area_m2 / grid_area[grid], 1.0)
    weight = np.maximum(cell_share, grid_share)
    people: tuple[Floats | None, Floats | None] = (None, None)
    if spread is not None:
        of_cell, of_grid = _shares(spread.relation, spread.cell[cell]), _shares(spread.relation, spread.grid[grid])
        weight = np.fmax(weight, np.fmax(of_cell, of_grid))
        people = (of_cell, of_grid)
    kept = (weight >= least.share) & (found.area_m2 >= least.area_m2)
    kind, group = _classes(cell, grid, department, kept, len(grid_area))
    return Relations(cell, grid, found.shape, found.area_m2, cell_share, grid_share, *people, kind, group)


def _shares(part: Floats, whole: Floats) -> Floats:
    share = np.full(len(part), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return np.minimum(share, 1.0)


def _classes(
    cell: Ints, grid: Ints, department: Ints, kept: NDArray[np.bool_], grids: int
) -> tuple[NDArray[np.str_], Ints]:
    kind = np.full(len(cell), "sliver", dtype="<U6")
    group = np.zeros(len(cell), dtype=np.intp)
    if not kept.any():
        return kind, group
    cells = len(department)
    # a grid is another one for each department
    left, right = cell[kept], department[cell[kept]] * grids + grid[kept]
    right_numbers, right = np.unique(right, return_inverse=True)
    split = np.bincount(left, minlength=cells)[left] > 1
    shared = np.bincount(right)[right] > 1
    kind[kept] = np.choose(split * 2 + shared, ["1:1", "n:1", "1:n", "n:m"])
    size = cells + len(right_numbers)
    links: Any = coo_array((np.ones(len(left)), (left, cells + right)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    _, first, number = np.unique(label[left], return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.intp)
    place[np.argsort(first)] = np.arange(1, len(first) + 1)
    group[kept] = place[number]
    return kind, group
