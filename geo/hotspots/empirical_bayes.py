"""Rates that small populations don't throw about: empirical Bayes, towards the whole or towards the neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geo.errors import InvalidInput

Floats = NDArray[np.float64]


def rates(counts: ArrayLike, population: ArrayLike) -> Floats:
    """Cases a person; 0 where nobody lives.

    Parameters
    ----------
    counts : (n, t) or (n,) array_like of float
        Cases of n places, in t steps of time.
    population : (n,) array_like of float
    """
    cases, people = _checked(counts, population)
    return _per_person(cases, people).reshape(np.shape(counts))


def shrunken_rates(counts: ArrayLike, population: ArrayLike, weights: sparse.csr_array | None = None) -> Floats:
    """Cases a person, drawn towards a mean the more, the fewer people live there.

    Parameters
    ----------
    counts : (n, t) or (n,) array_like of float
        Cases of n places; each step of time is reckoned by itself.
    population : (n,) array_like of float
    weights : (n, n) sparse array, optional
        Neighbours of each place, itself included; towards the mean of these instead of that of all.

    Returns
    -------
    (n, t) or (n,) array of float
        Where nobody lives, the mean itself.

    Raises
    ------
    InvalidInput
        For counts or people below 0 or not finite, or shapes that don't fit.

    Notes
    -----
    R. J. Marshall, Mapping disease and mortality rates using empirical Bayes estimators, Applied Statistics 40 (1991):
    mean ``b = sum O / sum P``, ``s2 = sum P (O / P - b) ** 2 / sum P``, ``a = max(s2 - b / (sum P / n), 0)``, and the
    rate is ``b + a / (a + b / P) (O / P - b)``. The local one takes each sum over the neighbourhood.

    >>> shrunken_rates([0, 2, 10], [100, 100, 1000]).round(6).tolist()
    [0.01, 0.01, 0.01]
    >>> shrunken_rates([1, 90, 10], [100, 1000, 1000]).round(6).tolist()
    [0.019122, 0.088721, 0.011163]
    """
    cases, people = _checked(counts, population)
    rate = _per_person(cases, people)
    if weights is None:
        total = people.sum()
        mean = cases.sum(axis=0)[None] / max(total, 1e-300)
        spread = (people * (rate - mean) ** 2).sum(axis=0)[None] / max(total, 1e-300)
        typical = np.full((1, 1), total / max(len(people), 1))
    else:
        if weights.shape != (len(people), len(people)):
            raise InvalidInput("hotspots.weights", places=len(people), rows=weights.shape[0], columns=weights.shape[1])
        near = (weights != 0).astype(float)
        around = np.asarray(near @ people)
        held = np.maximum(around, 1e-300)
        mean = np.asarray(near @ cases) / held
        # the square of the differences taken apart, since each neighbourhood has a mean of its own
        square = np.asarray(near @ (people * rate**2)) / held
        alike = np.asarray(near @ (people * rate)) / held
        spread = square - 2 * mean * alike + mean**2
        typical = around / np.maximum(np.asarray(near.sum(axis=1)).reshape(-1, 1), 1)
    prior = np.maximum(spread - mean / np.maximum(typical, 1e-300), 0.0)
    within = prior * people + mean
    share = np.where(within > 0, prior * people / np.where(within > 0, within, 1.0), 0.0)
    return np.asarray(mean + share * (rate - mean)).reshape(np.shape(counts))


def _checked(counts: ArrayLike, population: ArrayLike) -> tuple[Floats, Floats]:
    given = np.asarray(counts, dtype=float)
    people = np.asarray(population, dtype=float).reshape(-1, 1)
    cases = given.reshape(len(given), -1)
    if len(cases) != len(people):
        raise InvalidInput("hotspots.people", places=len(cases), given=len(people))
    for values in (cases, people):
        if not np.isfinite(values).all() or (values < 0).any():
            raise InvalidInput("hotspots.negative")
    return cases, people


def _per_person(cases: Floats, people: Floats) -> Floats:
    return np.divide(cases, people, out=np.zeros_like(cases), where=people > 0)
