"""The cheapest counts whose hiding makes a hidden count safe, by a linear programme in its neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, hstack

from geo.heat.attacker import Attack, solver

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MOST: Final = 1e5
_ZERO: Final = 1e-6


class Repair:
    """Finds what else to hide.

    Parameters
    ----------
    families : (f, n) sparse array
    values : (n,) array of int
    fixed : (n,) array of bool
        Counts that can't be hidden, having been published, or already are and stay so.
    """

    def __init__(self, families: csr_array, values: Ints, fixed: Flags, neighbourhoods: Sequence[Ints]) -> None:
        self._by_entry = csc_array(families)
        self._rows = csr_array(families)
        self._values = values.astype(float)
        self._fixed = fixed
        self._labels = neighbourhoods
        self._members = [_members(labels) for labels in neighbourhoods]

    def open_up(self, target: int, hidden: Flags, k: int, attack: Attack) -> bool:
        """Hide what moves the bounds of a hidden count at least k apart, for the fewest cases; ``hidden`` is changed.

        Every move of counts that keeps all families is a possible point once those that it moves are hidden. The
        cheapest one that lifts the target k above its least known value is found, where moving a shown count by one
        costs as many as it counts, and moving a hidden one nothing.

        Returns
        -------
        bool
            False when the neighbourhood has no such move.
        """
        need = attack.low[target] + k - self._values[target]
        if attack.high[target] - attack.low[target] >= k - _ZERO:
            return True
        for labels, members in zip(self._labels, self._members, strict=True):
            if labels[target] < 0:
                continue
            inside = members[labels[target]]
            columns = inside[hidden[inside] | ~self._fixed[inside]]
            move = self._cheapest_move(columns, int(np.flatnonzero(columns == target)[0]), need, hidden)
            if move is not None:
                hidden[columns[np.abs(move) > _ZERO]] = True
                attack.note_move(columns, move)
                return True
        return False

    def hide_around(self, targets: Ints, hidden: Flags) -> bool:
        """Hide every count that shares a family with a target; False when all of them are hidden or stay shown."""
        rows = np.unique(self._by_entry[:, targets].indices)
        around = np.unique(self._rows[rows].indices)
        more = around[~hidden[around] & ~self._fixed[around]]
        hidden[more] = True
        return bool(len(more))

    def _cheapest_move(self, columns: Ints, target: int, need: float, hidden: Flags) -> NDArray[np.float64] | None:
        """Change of each column, the target first; None when there is none that keeps all families."""
        part = csr_array(self._by_entry[:, columns])
        part = csr_array(part[np.flatnonzero(np.diff(part.indptr))])
        values = self._values[columns]
        told = np.flatnonzero(~hidden[columns])
        # a shown count costs whichever way it moves, so its fall is a column of its own
        matrix = csr_array(hstack((part, -part[:, told])))
        lower = np.concatenate((-values, np.zeros(len(told))))
        lower[told] = 0.0
        upper = np.concatenate((np.full(len(columns), _MOST), values[told]))
        lower[target] = upper[target] = need
        cost = np.zeros(matrix.shape[1])
        cost[told] = cost[len(columns) :] = values[told]
        made = solver(matrix, np.zeros(matrix.shape[0]), lower, upper)
        made.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        made.run()
        if made.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        point = np.asarray(made.getSolution().col_value)
        move = point[: len(columns)].copy()
        move[told] -= point[len(columns) :]
        return move


def _members(labels: Ints) -> list[Ints]:
    """Counts of each label from 0."""
    inside = np.flatnonzero(labels >= 0)
    inside = inside[np.argsort(labels[inside], kind="stable")]
    return np.split(inside, np.flatnonzero(np.diff(labels[inside])) + 1)
