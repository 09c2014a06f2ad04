"""Which of many tests to believe: the false discovery rate of Benjamini and Hochberg."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = (0.10, 0.05, 0.01)
"""Levels by which a place is told to be a hot or cold spot with 90, 95 or 99 % confidence."""


def adjusted(p: ArrayLike) -> NDArray[np.float64]:
    """The rate of false discoveries at which each test would just be believed.

    Parameters
    ----------
    p : array_like of float
        Probabilities of all tests that were made, of any shape.

    Returns
    -------
    array of float
        Of the same shape. Believing those at or below q makes a share of at most q of them false on average, also
        when tests of neighbours rise and fall together.

    Notes
    -----
    Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, J. R. Stat. Soc. B 57 (1995): with the m
    probabilities in rising order, ``min over j >= i of p_j m / j``. For tests with positive dependence: Y. Benjamini
    and D. Yekutieli, Annals of Statistics 29 (2001).

    >>> adjusted([0.01, 0.04, 0.03, 0.20]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.2]
    """
    given = np.asarray(p, dtype=float)
    flat = given.ravel()
    order = np.argsort(flat, kind="stable")[::-1]
    rank = np.arange(flat.size, 0, -1)
    out = np.empty(flat.size)
    out[order] = np.minimum(np.minimum.accumulate(flat[order] * flat.size / rank), 1.0)
    return out.reshape(given.shape)


def confidence(scores: ArrayLike, p: ArrayLike) -> NDArray[np.int8]:
    """How sure a place is a hot spot (1, 2, 3 for 90, 95, 99 %), a cold spot (-1, -2, -3) or neither (0).

    Parameters
    ----------
    scores : array_like of float
        Whose sign says hot or cold.
    p : array_like of float
        Probabilities, adjusted or not.

    >>> confidence([3.0, -2.2, 0.4, 2.0], [0.003, 0.03, 0.7, 0.1]).tolist()
    [3, -2, 0, 1]
    """
    given = np.asarray(p, dtype=float)
    level = sum((given <= bound).astype(np.int8) for bound in CONFIDENCE)
    return (np.sign(np.asarray(scores, dtype=float)).astype(np.int8) * level).astype(np.int8)
