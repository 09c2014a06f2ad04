"""Counts of cells carried over to grids: cases, households, officers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo.crosswalk.apportion import apportion
from geo.crosswalk.crosswalk import NOWHERE, Crosswalk

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Carried:
    """A count on the grids.

    Parameters
    ----------
    grid : (d, m) float array
        What each grid gets from the cells of each department.
    lost : (n,) float array
        What of each cell no grid gets: together they are the counts of the cells.
    """

    grid: Floats
    lost: Floats


def carry(
    walk: Crosswalk, counts: Floats, how: Literal["shares", "assignment"] = "shares", *, whole: bool = False
) -> Carried:
    """Carry a count of the cells over to the grids.

    Parameters
    ----------
    walk : Crosswalk
    counts : (n,) float array
        Of each cell in the order of ``walk.cell_ids``; not negative.
    how : {'shares', 'assignment'}
        By the shares of each cell, of its people where it has any and else of its area, that lie in the grids, slivers
        left out; or all to the grid that is proposed for it.
    whole : bool
        In whole numbers, by the largest remainder: each cell's count, rounded, is divided without a rest.

    Notes
    -----
    Where grids overlap, a cell's shares are scaled down to one, so that nothing is counted twice.
    """
    departments, grids = walk.covered_m2.shape
    out = np.zeros(departments * grids)
    counts = np.rint(counts) if whole else np.asarray(counts, dtype=float)
    if how == "assignment":
        placed = walk.assignment != NOWHERE
        np.add.at(out, walk.department[placed] * grids + walk.assignment[placed], counts[placed])
        return Carried(out.reshape(departments, grids), np.where(placed, 0.0, counts))
    relations = walk.relations
    rows = np.flatnonzero(relations.kept)
    cell = relations.cell[rows]
    share = relations.cell_share[rows]
    if relations.cell_people_share is not None:
        of_people = relations.cell_people_share[rows]
        share = np.where(np.isnan(of_people), share, of_people)
    together = np.bincount(cell, weights=share, minlength=len(counts))
    share = share / np.maximum(together, 1.0)[cell]
    parts, lost = counts[cell] * share, counts * np.maximum(1 - together, 0.0)
    if whole:
        group = np.concatenate((cell, np.arange(len(counts))))
        given = apportion(np.concatenate((parts, lost)), group, counts.astype(np.int64)).astype(float)
        parts, lost = given[: len(rows)], given[len(rows) :]
    np.add.at(out, walk.department[cell] * grids + relations.grid[rows], parts)
    return Carried(out.reshape(departments, grids), lost)
