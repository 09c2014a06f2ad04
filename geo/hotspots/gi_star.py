"""The local statistic Gi*: is the sum around a place larger or smaller than chance makes it?"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from geo.errors import InvalidInput

Floats = NDArray[np.float64]
Window = Literal["cube", "steps"]


def gi_star(values: ArrayLike, weights: sparse.csr_array, *, lag: int = 0, window: Window = "cube") -> Floats:
    """Gi* of each place in each time step, as a standard score.

    Parameters
    ----------
    values : (n, t) or (n,) array_like of float
        Counts or rates of n places in t steps of time, the earliest first; finite.
    weights : (n, n) sparse array
        Weight of each neighbour, that of the place itself included; the factor of a row does not matter.
    lag : int
        Steps before its own in which a bin's neighbours lie too; those before the first step are not there.
    window : str
        What a neighbourhood is held against: all bins of the ``cube``, or those of the ``steps`` that it reaches over,
        so that what rises everywhere at once is no hot spot.

    Returns
    -------
    (n, t) or (n,) array of float
        0 where nothing can be told: all values of the window are equal, or a neighbourhood is the whole window.

    Raises
    ------
    InvalidInput
        When the shapes do not fit, or a value is not finite.

    Notes
    -----
    J. K. Ord and A. Getis, Local spatial autocorrelation statistics: distributional issues and an application,
    Geographical Analysis 27 (1995), equation 14 with the place itself included: with N bins in the window of mean m
    and standard deviation s (of the population),
    ``(sum_j w_j x_j - m W1) / (s sqrt((N W2 - W1 ** 2) / (N - 1)))``, ``W1 = sum w``, ``W2 = sum w ** 2``.
    With lag 0 and one step this is the ordinary statistic.

    >>> line = sparse.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1.0]])
    >>> gi_star([5, 5, 1, 1], line).round(4).tolist()
    [1.7321, 1.0, -1.0, -1.7321]
    """
    x = np.asarray(values, dtype=float)
    cube = x[:, None] if x.ndim == 1 else x
    places, steps = cube.shape
    if weights.shape != (places, places):
        raise InvalidInput("hotspots.weights", places=places, rows=weights.shape[0], columns=weights.shape[1])
    if not np.isfinite(cube).all():
        raise InvalidInput("hotspots.finite")
    if lag < 0:
        raise InvalidInput("hotspots.lag", lag=lag)
    if not cube.size:
        return x.copy()
    reach = np.minimum(np.arange(steps), lag) + 1
    around = _over_lag(np.asarray(weights @ cube), lag)
    first = np.asarray(weights.sum(axis=1)).ravel()[:, None] * reach
    second = np.asarray(weights.multiply(weights).sum(axis=1)).ravel()[:, None] * reach
    if window == "cube":
        count = np.full(steps, places * steps, dtype=float)
        mean = np.full(steps, cube.mean())
        spread = np.full(steps, cube.std())
    else:
        count = (places * reach).astype(float)
        mean = _over_lag(cube.sum(axis=0)[None], lag)[0] / count
        spread = _spread(cube, mean, reach)
    # what rounding leaves of a spread or of a variance that is none
    flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    inner = (count * second - first**2) / np.maximum(count - 1, 1)
    known = ~flat[None, :] & (inner > 1e-9 * first**2)
    scale = np.where(known, spread * np.sqrt(np.where(known, inner, 1.0)), 1.0)
    score = np.where(known, (around - mean * first) / scale, 0.0)
    return score.reshape(x.shape)


def p_values(scores: ArrayLike) -> Floats:
    """Two-sided probability of scores as far from 0 as these by chance, by the normal distribution.

    >>> p_values([0.0, 1.959963984540054]).round(6).tolist()
    [1.0, 0.05]
    """
    return np.asarray(2 * stats.norm.sf(np.abs(np.asarray(scores, dtype=float))))


def _over_lag(cube: Floats, lag: int) -> Floats:
    """Sum of each step and those within the lag before it."""
    total = np.cumsum(cube, axis=1)
    out = total.copy()
    if lag + 1 < cube.shape[1]:
        out[:, lag + 1 :] -= total[:, : -(lag + 1)]
    return out


def _spread(cube: Floats, mean: Floats, reach: NDArray[np.intp]) -> Floats:
    """Standard deviation of the steps that each step reaches over, about their own mean."""
    return np.array(
        [np.sqrt(np.mean((cube[:, step + 1 - reach[step] : step + 1] - mean[step]) ** 2)) for step in range(len(mean))]
    )
