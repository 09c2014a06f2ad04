"""Quantiles of many groups at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BITS = 40
"""Values stay below 2 ** 40 (35,000 years in seconds), groups below 2 ** 23, so that both sort as one whole number."""


def grouped_quantiles(
    values: ArrayLike, groups: ArrayLike, count: int, shares: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Quantiles of the values of each group.

    Parameters
    ----------
    values : (n,) array_like of int
        0 or more, below 2 ** 40.
    groups : (n,) array_like of int
        Group of each value, 0 to ``count`` - 1.
    count : int
        Number of groups, at most 2 ** 23.
    shares : sequence of float
        As 0.5 for the median.

    Returns
    -------
    quantiles : (count, len(shares)) array of float
        Between two values in proportion, as ``percentile_cont`` of SQL; NaN for a group without values.
    sizes : (count,) array of int
        Values in each group.

    Notes
    -----
    One sort of whole numbers takes a fifth of the time of a sort by two keys.

    >>> found, sizes = grouped_quantiles([4, 1, 7, 5], [0, 0, 0, 2], 3, [0.5, 0.25])
    >>> found.tolist(), sizes.tolist()
    ([[4.0, 2.5], [nan, nan], [5.0, 5.0]], [3, 0, 1])
    """
    owner = np.asarray(groups, dtype=np.int64)
    ordered = np.sort((owner << _BITS) | np.asarray(values, dtype=np.int64)) & ((1 << _BITS) - 1)
    sizes = np.bincount(owner, minlength=count).astype(np.int64)
    first = np.cumsum(sizes) - sizes
    some = sizes > 0
    out = np.full((count, len(shares)), np.nan)
    for place, share in enumerate(shares):
        at = share * (sizes[some] - 1)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, sizes[some] - 1)
        below, above = ordered[first[some] + low], ordered[first[some] + high]
        out[some, place] = below + (at - low) * (above - below)
    return out, sizes
