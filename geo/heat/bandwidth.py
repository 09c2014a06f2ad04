"""A bandwidth that follows from the cases themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NORMAL_IQR = 1.349
"""Quartiles of a normal distribution lie this many standard deviations apart."""


def rule_of_thumb_m(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Bandwidth by the normal reference rule in two dimensions.

    Parameters
    ----------
    x, y : (n,) array_like of float
        Metres.
    weights : (n,) array_like of float, optional
        Cases that a point stands for; 1 when not given.

    Returns
    -------
    float
        Standard deviation of a kernel along an axis, metres; 0 for fewer than two cases or all in one place.

    Notes
    -----
    h = A N^(-1/6), N the number of cases: in two dimensions Silverman's factor (4 / (d + 2))^(1 / (d + 4)) is 1, so
    that his rule is Scott's. The spread A of an axis is the lesser of the standard deviation and the quartiles'
    distance over 1.349, so that a few far cases don't widen it; of both axes it is the root of the mean square. The
    rule is made for one hill of cases: a city of several centres it smooths more than need be.

    References
    ----------
    B. W. Silverman, Density Estimation for Statistics and Data Analysis, 1986, sections 3.4.2 and 4.3.2;
    D. W. Scott, Multivariate Density Estimation, 1992, section 6.3.

    Examples
    --------
    >>> rule_of_thumb_m([0, 0, 600, 600], [0, 600, 0, 600])
    238.11
    """
    axes = [np.asarray(axis, dtype=float).ravel() for axis in (x, y)]
    weight = np.ones(len(axes[0])) if weights is None else np.asarray(weights, dtype=float).ravel()
    number = float(weight.sum())
    if number < 2:
        return 0.0
    spreads = np.array([_spread(axis, weight, number) for axis in axes])
    return round(float(np.sqrt((spreads**2).mean()) * number ** (-1 / 6)), 2)


def _spread(axis: NDArray[np.float64], weight: NDArray[np.float64], number: float) -> float:
    """Spread along an axis; where half of all cases have one coordinate the quartiles tell nothing of it."""
    mean = axis @ weight / number
    deviation = float(np.sqrt(weight @ (axis - mean) ** 2 / number))
    order = np.argsort(axis, kind="stable")
    passed = np.cumsum(weight[order]) / number
    low, high = (axis[order][np.searchsorted(passed, share)] for share in (0.25, 0.75))
    quartiles = float(high - low) / _NORMAL_IQR
    return min(deviation, quartiles) if quartiles > 0 else deviation
