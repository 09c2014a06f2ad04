"""Shares of a whole that sum to 1 to the last bit, in any order."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Shares are whole multiples of one part in this many. Sums of such numbers up to 1 are exact in floating point, so
#: that a sum of shares can be compared with 1; a grid of 100 km2 is shared to a ten-thousandth of a square metre.
PARTS: Final = 2**40
#: A share differs from the true one by less than this.
ROUNDING: Final = 1e-9


def exact_shares(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amounts as shares of their sum.

    Parameters
    ----------
    amounts : (n,) array of float
        0 or above, one of them above.

    Returns
    -------
    (n,) array of float
        Multiples of 1 / `PARTS` whose sum is exactly 1; rounding goes to the largest, of equal ones to the first.

    Examples
    --------
    >>> shares = exact_shares(np.array([1.0, 1.0, 1.0]))
    >>> float(shares.sum()), float(shares[::-1].sum())
    (1.0, 1.0)
    """
    parts = np.rint(amounts / amounts.sum() * PARTS).astype(np.int64)
    parts[np.argmax(parts)] += PARTS - parts.sum()
    return np.asarray(parts / PARTS, dtype=np.float64)
