"""Whole numbers instead of fractions, with the sums unchanged: the method of the largest remainder (Hare, Niemeyer)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import InvalidInput

#: Decimals of a part that count: what is further back is the noise of a sum of fractions.
_DECIMALS: Final = 6


def apportion(parts: NDArray[np.float64], group: NDArray[np.intp], totals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers near the parts of each group that sum to the group's total.

    Parameters
    ----------
    parts : (k,) float array
        Not negative.
    group : (k,) int array
        Group of each part, 0 to g - 1.
    totals : (g,) int array
        What the parts of each group have to sum to: less than one off their sum for each part.

    Returns
    -------
    (k,) int array
        Each part rounded down, and one more for those that lost most by it; equal ones in their order. No part is off
        by one or more where the totals are the sums of the parts, rounded.

    Raises
    ------
    InvalidInput
        When a total is too far off.

    Examples
    --------
    >>> apportion(np.array([3.5, 3.5, 3.0, 1.2]), np.array([0, 0, 0, 1]), np.array([10, 1])).tolist()
    [4, 3, 3, 1]
    """
    parts = np.round(parts, _DECIMALS)
    whole = np.floor(parts).astype(np.int64)
    missing = totals - np.bincount(group, weights=whole, minlength=len(totals)).astype(np.int64)
    size = np.bincount(group, minlength=len(totals))
    for bad in np.flatnonzero((missing < 0) | (missing > size)).tolist():
        raise InvalidInput("crosswalk.total", total=int(totals[bad]), parts=float(parts[group == bad].sum()))
    remainder = np.round(parts - whole, _DECIMALS)
    order = np.lexsort((-remainder, group))
    first = np.cumsum(size) - size
    place = np.arange(len(parts)) - first[group[order]]
    whole[order] += place < missing[group[order]]
    return whole
