"""Is there more now than before, or is it chance? Counts of two periods compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


def change(now: ArrayLike, before: ArrayLike, days: float, days_before: float) -> NDArray[np.float64]:
    """Growth of the daily number, 0.25 for a quarter more; NaN where there was none before.

    >>> change([15, 3], [12, 0], 30, 30).tolist()
    [0.25, nan]
    """
    later, earlier = np.asarray(now, dtype=float) * days_before, np.asarray(before, dtype=float) * days
    return np.divide(later, earlier, out=np.full(later.shape, np.nan), where=earlier > 0) - 1


def change_p(now: ArrayLike, before: ArrayLike, days: float, days_before: float) -> NDArray[np.float64]:
    """Probability of counts as different as these when the rate has not changed.

    Parameters
    ----------
    now, before : (n,) array_like of int
        Cases of two periods.
    days, days_before : float
        Their lengths.

    Returns
    -------
    (n,) array of float
        Two-sided: twice the smaller tail, at most 1.

    Notes
    -----
    Of two independent Poisson counts with one rate, the first is binomial given the sum: J. Przyborowski and
    H. Wilenski, Homogeneity of results in testing samples from Poisson series, Biometrika 31 (1940).

    >>> change_p([5, 10, 0], [5, 0, 0], 31, 31).round(6).tolist()
    [1.0, 0.001953, 1.0]
    """
    later, total = np.asarray(now), np.asarray(now) + np.asarray(before)
    share = days / (days + days_before)
    below, above = stats.binom.cdf(later, total, share), stats.binom.sf(later - 1, total, share)
    return np.minimum(2 * np.minimum(below, above), 1.0)


def trend(now: ArrayLike, before: ArrayLike, days: float, days_before: float, level: float = 0.05) -> NDArray[np.int8]:
    """1 where there is significantly more than before, -1 where less, 0 where chance would explain it."""
    p = change_p(now, before, days, days_before)
    more = np.asarray(now, dtype=float) / days - np.asarray(before, dtype=float) / days_before
    return np.where(p <= level, np.sign(more), 0).astype(np.int8)
