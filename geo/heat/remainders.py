"""What published counts of coarse and fine cells say together: where each case may lie, and each case once."""

from __future__ import annotations

from typing import Any

import numpy as np
from h3.api import basic_int
from numpy.typing import ArrayLike, NDArray

from geo.heat.cells import parents, resolutions

Ints = NDArray[np.int64]


def each_once(cells: ArrayLike, periods: ArrayLike, counts: ArrayLike) -> tuple[Ints, NDArray[np.float64]]:
    """Cells with the cases that published counts place in them.

    Parameters
    ----------
    cells : (n,) array_like of int
        H3 cells of one or several resolutions; of each cell and period one count.
    periods : (n,) array_like of int
        Number of the period of each count: what is hidden differs from one to the next.
    counts : (n,) array_like of float
        Not negative. A cell that is left out may have been hidden or be empty.

    Returns
    -------
    cells : (m,) array of int64
        Each once, rising.
    weights : (m,) array of float
        Cases in each, over all periods.

    Notes
    -----
    What a cell has beyond those of its own cells that are published lies somewhere in the others, and is shared evenly
    among them; in the cell as a whole where none is left. Nothing goes in but the published counts.
    """
    cell, period = np.asarray(cells, dtype=np.int64).ravel(), np.asarray(periods, dtype=np.int64).ravel()
    count = np.asarray(counts, dtype=float).ravel()
    levels = resolutions(cell)
    found: list[tuple[Ints, NDArray[np.float64]]] = []
    # cases that finer cells explain, by period and cell of the level before
    told = _Told(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    finer: int | None = None
    for level in sorted(set(levels.tolist()), reverse=True):
        here = levels == level
        shown = _Told(period[here], cell[here], count[here])
        below = _Told(told.period, parents(told.cell, level), told.count).summed()
        rest = shown.less(below)
        over = rest > 0
        if finer is None:
            found.append((shown.cell, shown.count))
        else:
            found += [
                _shared(int(held), left, told.cells_in(int(when), int(held), level), finer)
                for when, held, left in zip(shown.period[over], shown.cell[over], rest[over], strict=True)
            ]
        told = _Told(
            np.concatenate([below.period, shown.period[over]]),
            np.concatenate([below.cell, shown.cell[over]]),
            np.concatenate([below.count, rest[over]]),
        ).summed()
        finer = level
    if not found:
        return np.empty(0, np.int64), np.empty(0)
    places, inverse = np.unique(np.concatenate([part for part, _ in found]), return_inverse=True)
    weights = np.bincount(inverse, np.concatenate([weight for _, weight in found]), len(places))
    return places, weights


class _Told:
    """Counts by period and cell."""

    def __init__(self, period: Ints, cell: Ints, count: NDArray[np.float64]) -> None:
        self.period, self.cell, self.count = period, cell, count
        self._within: dict[tuple[int, int], list[int]] | None = None

    def summed(self) -> _Told:
        """One count a period and cell."""
        order = np.lexsort((self.cell, self.period))
        period, cell, count = self.period[order], self.cell[order], self.count[order]
        first = np.ones(len(cell), dtype=bool)
        first[1:] = (np.diff(period) != 0) | (np.diff(cell) != 0)
        starts = np.flatnonzero(first)
        sums: NDArray[Any] = np.add.reduceat(count, starts) if len(starts) else np.empty(0)
        return _Told(period[starts], cell[starts], sums)

    def less(self, other: _Told) -> NDArray[np.float64]:
        """Each count less the other's of the same period and cell."""
        known = dict(zip(zip(other.period.tolist(), other.cell.tolist(), strict=True), other.count, strict=True))
        keys = zip(self.period.tolist(), self.cell.tolist(), strict=True)
        return self.count - np.array([known.get(key, 0.0) for key in keys], dtype=float)

    def cells_in(self, period: int, cell: int, level: int) -> list[int]:
        """Cells with a count in a period that lie within a coarser one."""
        if self._within is None:
            self._within = {}
            above = parents(self.cell, level).tolist()
            for when, parent, held in zip(self.period.tolist(), above, self.cell.tolist(), strict=True):
                self._within.setdefault((when, parent), []).append(held)
        return self._within.get((period, cell), [])


def _shared(cell: int, count: float, told: list[int], finer: int) -> tuple[Ints, NDArray[np.float64]]:
    """A count shared among the finer cells of a cell of which nothing is told."""
    left = sorted(set(basic_int.cell_to_children(cell, finer)) - set(told)) or [cell]
    return np.array(left, dtype=np.int64), np.full(len(left), count / len(left))
