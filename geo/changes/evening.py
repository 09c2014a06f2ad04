"""Regions of a graph of faces made even: faces pass from one region to the next while every region stays connected."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Rounds over all borders; each takes the best step at every border that still has one.
_ROUNDS: Final = 400


class Regions:
    """Faces divided among regions, each connected.

    Parameters
    ----------
    labels : (f,) int array
        Region of each face.
    pairs : (p, 2) int array
        Neighbouring faces.
    prices : (p,) float array
        What a border between the two costs.
    sizes : (f,) float array
        What a face adds to its region.
    count : int
        Number of regions, each wanted as large as the others.
    """

    def __init__(self, labels: Ints, pairs: Ints, prices: Floats, sizes: Floats, count: int) -> None:
        self.labels = labels.copy()
        self.pairs = pairs
        self.prices = prices
        self.sizes = sizes
        self.totals = np.bincount(labels, sizes, count)
        self.target = float(sizes.sum()) / count
        both = np.concatenate((pairs, pairs[:, ::-1]))
        graph = csr_array((np.concatenate((prices, prices)), both.T), shape=(len(sizes), len(sizes)))
        self._start, self._to, self._price = graph.indptr, graph.indices, graph.data

    @property
    def error(self) -> float:
        """How far the region that is furthest off is from its size, as a part of it."""
        return float(np.abs(self.totals / self.target - 1).max())

    @property
    def cost(self) -> float:
        """Price of all borders."""
        one, two = self.labels[self.pairs].T
        return float(self.prices[one != two].sum())

    def even(self, tolerance: float) -> None:
        """Pass faces on while that brings sizes closer together, then while it makes borders cheaper.

        Parameters
        ----------
        tolerance : float
            Sizes within this part of the target are even enough: from there on cheap borders count more.
        """
        for _ in range(_ROUNDS):
            if not self._round(tolerance):
                return

    def _round(self, tolerance: float) -> bool:
        one, two = self.pairs.T
        cut = self.labels[one] != self.labels[two]
        face = np.concatenate((one[cut], two[cut]))
        to = self.labels[np.concatenate((two[cut], one[cut]))]
        face, to = np.unique(np.column_stack((face, to)), axis=0).T
        gain = np.array([self._gain(f, t, tolerance) for f, t in zip(face.tolist(), to.tolist(), strict=True)])
        moved: set[tuple[int, int]] = set()
        for k in np.argsort(-gain, kind="stable").tolist():
            f, t = int(face[k]), int(to[k])
            s = int(self.labels[f])
            if gain[k] <= 1e-9:
                break
            # one step at a border and round: the others were judged before it
            if s == t or (s, t) in moved or (t, s) in moved:
                continue
            if self._gain(f, t, tolerance) > 1e-9 and self._touches(f, t) and self._stays_connected(f, s):
                self.labels[f] = t
                self.totals[s] -= self.sizes[f]
                self.totals[t] += self.sizes[f]
                moved.add((s, t))
        return bool(moved)

    def _around(self, face: int) -> tuple[Ints, Floats]:
        part = slice(self._start[face], self._start[face + 1])
        return self._to[part], self._price[part]

    def _touches(self, face: int, region: int) -> bool:
        near, _ = self._around(face)
        return bool((self.labels[near] == region).any())

    def _gain(self, face: int, to: int, tolerance: float) -> float:
        """What it is worth to give a face away: evenness, and where sizes are even enough, cheaper borders."""
        own = int(self.labels[face])
        here, there, size = self.totals[own], self.totals[to], self.sizes[face]
        near, price = self._around(face)
        labels = self.labels[near]
        cheaper = float(price[labels == to].sum() - price[labels == own].sum()) / float(self.prices.sum())
        off_before = max(abs(here / self.target - 1), abs(there / self.target - 1))
        off_after = max(abs((here - size) / self.target - 1), abs((there + size) / self.target - 1))
        if off_after <= tolerance and off_before <= tolerance:
            return cheaper
        if off_before <= tolerance < off_after:
            return 0.0
        evener = 2 * size * (here - there - size) / self.target**2
        # far off, evenness comes first; a face without people may be passed on too, when that opens the way to others
        return evener + cheaper / 20 if evener > 0 or (size == 0 and cheaper > 0) else 0.0

    def _stays_connected(self, face: int, region: int) -> bool:
        near, _ = self._around(face)
        mine = [int(n) for n in near if self.labels[n] == region]
        if not mine:
            return False
        wanted, seen, todo = set(mine[1:]), {face, mine[0]}, [mine[0]]
        while todo and wanted:
            for n in self._around(todo.pop())[0].tolist():
                if n not in seen and self.labels[n] == region:
                    seen.add(n)
                    wanted.discard(n)
                    todo.append(n)
        return not wanted
