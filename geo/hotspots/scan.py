"""Clusters in space and time that chance does not explain: the space-time permutation scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.errors import InvalidInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cluster:
    """More cases in some places over the last days than their share of all places and days explains.

    Attributes
    ----------
    places : (m,) ndarray of int
        Numbers of the places.
    centre, ring : int
        The place in the middle, and the last of the rings around it.
    days : int
        How many of the last days it is about.
    count : int
        Cases in it.
    expected : float
        Cases that there would be if what happens where and what happens when had nothing to do with each other.
    score : float
        Logarithm of the likelihood ratio.
    p : float
        Probability of a highest score like this one anywhere, if there is no cluster.
    """

    places: Ints
    centre: int
    ring: int
    days: int
    count: int
    expected: float
    score: float
    p: float


def scan(
    place: NDArray[np.intp],
    day: NDArray[np.intp],
    days: int,
    rings: list[sparse.csr_array],
    *,
    longest: int,
    least: int,
    simulations: int,
    rng: np.random.Generator,
    level: float = 0.05,
    progress: Callable[[float], None] = lambda share: None,
) -> list[Cluster]:
    """Significant clusters that last up to the final day, no two of which share a place.

    Parameters
    ----------
    place : (n,) array of int
        Place of each case, from 0.
    day : (n,) array of int
        Its day, 0 to ``days`` - 1.
    days : int
        Length of the time that is looked at; what is usual is learnt from all of it.
    rings : list of (m, m) sparse array
        Ring r of each place: the places of its ring r and no other, itself alone for r = 0. A zone is a place with all
        rings up to one of them.
    longest : int
        Days of the longest cluster, less than ``days``.
    least : int
        Fewest cases of a cluster.
    simulations : int
        Permutations; 999 make the smallest p 0.001.
    rng : numpy Generator
    level : float
        Greatest p that is told.
    progress : callable
        Told the share of simulations that are done.

    Returns
    -------
    list of Cluster
        The highest score first.

    Raises
    ------
    InvalidInput
        When the longest cluster is as long as the whole time.

    Notes
    -----
    M. Kulldorff, R. Heffernan, J. Hartman, R. Assuncao, F. Mostashari, A space-time permutation scan statistic for
    disease outbreak detection, PLoS Medicine 2 (2005): for c cases in a zone over the last w days and C in all, with
    ``mu`` = cases of the zone x cases of the days / C, the score is ``c ln(c / mu) + (C - c) ln((C - c) / (C - mu))``.
    It needs no population, and neither a place that always has many cases nor a day on which there are many everywhere
    makes a cluster. The days are dealt out anew to the cases; the highest score of each deal is what all observed ones
    are held against, so p already pays for having looked everywhere.
    """
    if not 1 <= longest < days:
        raise InvalidInput("scan.longest", longest=longest, days=days)
    total = len(place)
    places = rings[0].shape[0]
    if total < max(least, 1):
        return []
    # single precision holds every whole number up to 16 million cases, in half of the memory that a deal goes through
    stacked = sparse.csr_array(sparse.vstack(rings)).astype(np.float32)
    every = np.bincount(place, minlength=places).astype(np.float32)[:, None]
    usual = _zones(stacked, every, len(rings)).astype(float)
    since = days - 1 - day
    late = since < longest
    per_day = np.cumsum(np.bincount(since[late], minlength=longest))[:longest]
    # no zone holds more than half of all cases: beyond that the rest is what is unusual
    expected = usual * (per_day / total)
    expected[np.broadcast_to(usual > total / 2, expected.shape)] = np.inf
    # the fewest cases that are more than expected, and enough
    needed = np.maximum(np.floor(expected) + 1, least).astype(np.float32)

    def scores(where: NDArray[np.intp], ago: NDArray[np.intp]) -> tuple[Floats, Floats, NDArray[np.intp]]:
        """Scores and counts of the zones that have more than expected, and which zones these are."""
        recent = np.bincount(where * longest + ago, minlength=places * longest).reshape(places, longest)
        counts = _zones(stacked, np.cumsum(recent, axis=1, dtype=np.float32), len(rings))
        some = np.flatnonzero(counts >= needed)
        c, mu = counts.ravel()[some].astype(float), expected.ravel()[some]
        rest = total - c
        score = c * np.log(c / mu) + rest * np.log(np.maximum(rest, 1) / (total - mu))
        return score, c, some

    observed, counts, zones = scores(place[late], since[late])
    if not len(zones):
        return []
    highest = np.zeros(simulations)
    best, beaten = observed.max(), 0
    late_days = np.sort(since[late])
    for turn in range(simulations):
        # which cases the last days fall on is all that a deal of all days decides
        drawn = rng.permutation(total)[: len(late_days)]
        found, _, _ = scores(place[drawn], late_days)
        highest[turn] = found.max(initial=0.0)
        progress((turn + 1) / simulations)
        beaten += highest[turn] >= best
        if 1 + beaten > level * (simulations + 1):
            # whatever the deals to come say, not even the highest score would be told
            return []
    highest.sort()
    out: list[Cluster] = []
    free = np.ones(places, dtype=bool)
    # equal scores fall to the smaller and shorter zone, so that the order of the work decides nothing
    for at in np.lexsort((zones, -observed)).tolist():
        p = (1 + simulations - int(np.searchsorted(highest, observed[at]))) / (simulations + 1)
        if p > level:
            break
        ring, centre, window = (int(n) for n in np.unravel_index(zones[at], (len(rings), places, longest)))
        members = _members(rings, centre, ring)
        if not free[members].all():
            continue
        free[members] = False
        mu = float(expected.ravel()[zones[at]])
        out.append(Cluster(members, centre, ring, window + 1, int(counts[at]), mu, float(observed[at]), p))
    return out


def _zones(stacked: sparse.csr_array, cases: NDArray[np.float32], rings: int) -> NDArray[np.float32]:
    """Sums over zones: (rings, places, columns), each zone with all rings inside it."""
    return np.cumsum(np.asarray(stacked @ cases).reshape(rings, -1, cases.shape[1]), axis=0)


def _members(rings: list[sparse.csr_array], centre: int, ring: int) -> Ints:
    own = [rings[r].indices[rings[r].indptr[centre] : rings[r].indptr[centre + 1]] for r in range(ring + 1)]
    return np.sort(np.concatenate(own)).astype(np.int64)
