"""Whole people instead of fractions, on grids, cells and relations at once, with every sum kept."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.crosswalk.apportion import apportion
from geo.crosswalk.people import Spread
from geo.crosswalk.pieces import Pieces

Floats = NDArray[np.float64]

#: Of people: sums of the same parts in another order differ by less.
_NOISE: Final = 1e-6


def whole_people(spread: Spread, department: NDArray[np.intp], relations: Pieces) -> Spread:
    """The same people in whole numbers.

    Parameters
    ----------
    spread : Spread
    department : (n,) int array
        Department of each cell.
    relations : Pieces
        What ``spread.relation`` belongs to.

    Returns
    -------
    Spread
        First the grids and what lies outside of them sum to the rounded total. Then, department by department, the
        relations of each grid and what no cell covers sum to that grid, and the parts of cells outside of all grids
        and what lies in neither sum to the outside. A cell is the sum of its parts. Where a department covers ground
        twice, its parts sum to the people counted twice, rounded.
    """
    grids = len(spread.grid)
    placed = spread.total - spread.unplaced
    # the outside is one more grid, the last
    outside = max(placed - float(spread.grid.sum()), 0.0)
    exact = np.append(spread.grid, outside)
    whole = apportion(exact, np.zeros(grids + 1, dtype=np.intp), _rounded(np.array([exact.sum()])))
    relation, cell = np.zeros(len(spread.relation)), np.zeros(len(spread.cell))
    beyond = spread.cell - np.bincount(relations.left, weights=spread.relation, minlength=len(cell))
    for one in range(department.max(initial=-1) + 1):
        members = np.flatnonzero(department == one)
        rows = np.flatnonzero(department[relations.left] == one)
        parts = np.concatenate((spread.relation[rows], np.maximum(beyond[members], 0.0)))
        group = np.concatenate((relations.right[rows], np.full(len(members), grids, dtype=np.intp)))
        covered = np.bincount(group, weights=parts, minlength=grids + 1)
        bare = np.maximum(exact - covered, 0.0)
        totals = np.where(covered > exact + _NOISE, _rounded(covered), whole)
        given = apportion(
            np.concatenate((parts, bare)), np.concatenate((group, np.arange(grids + 1))), totals
        )[: len(parts)]
        relation[rows] = given[: len(rows)]
        cell[members] = given[len(rows) :]
        cell += np.bincount(relations.left[rows], weights=given[: len(rows)], minlength=len(cell))
    return Spread(cell, whole[:grids].astype(float), relation, spread.total, spread.unplaced)


def _rounded(values: Floats) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
