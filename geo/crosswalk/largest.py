"""The largest of each group, with ties that always fall the same way."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Shares closer than this count as equal: areas are sums of floating-point triangles.
SAME_SHARE: Final = 1e-9


def largest(group: NDArray[np.intp], share: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Row with the largest share of each group.

    Parameters
    ----------
    group : (k,) int array
        Group of each row.
    share : (k,) float array
        Shares of a whole, 0 to 1.
    order : (k,) int array
        Of rows whose shares are equal, the one with the least order is taken.

    Returns
    -------
    (g,) int array
        A row of each group that there is, by rising group.

    Examples
    --------
    >>> largest(np.array([7, 7, 3]), np.array([0.5, 0.5, 0.1]), np.array([9, 4, 0])).tolist()
    [2, 1]
    """
    _, number = np.unique(group, return_inverse=True)
    top = np.full(number.max(initial=-1) + 1, -np.inf)
    np.maximum.at(top, number, share)
    rows = np.flatnonzero(share >= top[number] - SAME_SHARE)
    rows = rows[np.lexsort((order[rows], number[rows]))]
    _, first = np.unique(number[rows], return_index=True)
    return rows[first]
