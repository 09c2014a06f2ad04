"""Does a series rise or fall? The test of Mann and Kendall, for many series at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trend:
    """What the test says of n series.

    Attributes
    ----------
    s : (n,) ndarray of int
        Pairs of steps that rise less those that fall.
    variance : (n,) ndarray of float
        Of ``s`` when there is no trend, ties counted.
    z : (n,) ndarray of float
        Standard score of ``s``, with the correction for continuity.
    p : (n,) ndarray of float
        Two-sided, by the normal distribution.
    tau : (n,) ndarray of float
        Kendall's tau-b of the values and the time, -1 to 1; 0 for a series of equal values.
    """

    s: NDArray[np.int64]
    variance: Floats
    z: Floats
    p: Floats
    tau: Floats

    def direction(self, level: float) -> NDArray[np.int8]:
        """1 for a significant rise, -1 for a significant fall, 0 for neither; ``level`` as 0.05."""
        return np.where(self.p <= level, np.sign(self.s), 0).astype(np.int8)


def mann_kendall(series: ArrayLike) -> Trend:
    """Test series for a monotonous trend.

    Parameters
    ----------
    series : (n, t) array_like of float
        A series a row, the earliest step first; finite.

    Notes
    -----
    H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945); M. G. Kendall, Rank Correlation Methods
    (1975), also for ties: ``var = (t (t - 1) (2 t + 5) - sum g (g - 1) (2 g + 5)) / 18`` over groups of g equal values.

    >>> trend = mann_kendall([[1, 2, 3, 4, 5], [3, 3, 3, 3, 3]])
    >>> trend.s.tolist(), trend.tau.tolist(), trend.p.round(4).tolist()
    ([10, 0], [1.0, 0.0], [0.0275, 1.0])
    """
    x = np.atleast_2d(np.asarray(series, dtype=float))
    count, steps = x.shape
    s = np.zeros(count, dtype=np.int64)
    for apart in range(1, steps):
        s += np.sign(x[:, apart:] - x[:, :-apart]).astype(np.int64).sum(axis=1)
    rows, sizes = _ties(x)
    pairs = steps * (steps - 1) / 2
    tied = np.bincount(rows, sizes * (sizes - 1) / 2, count)
    term = np.bincount(rows, sizes * (sizes - 1) * (2 * sizes + 5), count)
    variance = (steps * (steps - 1) * (2 * steps + 5) - term) / 18
    moved = variance > 0
    z = np.where(moved, (s - np.sign(s)) / np.sqrt(np.where(moved, variance, 1.0)), 0.0)
    untied = pairs - tied
    told = untied > 0
    tau = np.where(told, s / np.sqrt(np.where(told, untied * pairs, 1.0)), 0.0)
    return Trend(s, variance, z, np.asarray(2 * stats.norm.sf(np.abs(z))), tau)


def _ties(x: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Row and size of each group of equal values of a row; a value of its own is a group of one."""
    count, steps = x.shape
    if not x.size:
        return np.empty(0, dtype=np.intp), np.empty(0)
    ordered = np.sort(x, axis=1)
    fresh = np.ones((count, steps), dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(fresh)
    return starts // steps, np.diff(np.append(starts, count * steps)).astype(float)
