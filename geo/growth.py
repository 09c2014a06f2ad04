"""Regions grown over the faces of a tessellation: connected, of wanted sizes, with borders where crossing is dear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def grow(
    pairs: Ints, costs: Floats, seeds: Ints, sizes: Floats, targets: Floats, rounds: int = 20
) -> Ints:
    """Divide faces among seeds by the cheapest path, with a head start for each seed that brings it to its size.

    Parameters
    ----------
    pairs : ndarray, shape (E, 2)
        Neighbouring faces; faces that no path connects to a seed of their own are an error of the caller.
    costs : ndarray, shape (E,)
        Price of stepping from one to the other, above 0; lengths, in units of the square root of an area's.
    seeds : ndarray, shape (K,)
        One face each, all different. No path leads through another's seed, so that every region keeps its own.
    sizes : ndarray, shape (F,)
        What a face adds to its region.
    targets : ndarray, shape (K,)
        Size wanted for each region.
    rounds : int
        Corrections of the head starts; the best round is taken.

    Returns
    -------
    ndarray, shape (F,)
        Number of the seed of each face. Every region is connected over shared edges, being a tree of paths.

    Raises
    ------
    ValueError
        A face can't be reached.
    """
    count, regions = len(sizes), len(seeds)
    is_seed = np.zeros(count, dtype=bool)
    is_seed[seeds] = True
    both = np.concatenate((pairs, pairs[:, ::-1]))
    price = np.concatenate((costs, costs))
    passable = ~is_seed[both[:, 1]]
    rows = np.concatenate((both[passable, 0], np.full(regions, count)))
    columns = np.concatenate((both[passable, 1], seeds))
    head = np.full(regions, float(np.median(costs)))
    step = np.median(costs) * np.sqrt(count / regions)
    best: tuple[float, Ints] | None = None
    for _ in range(rounds):
        weights = np.concatenate((price[passable], head - head.min() + 1e-6))
        graph = csr_array((weights, (rows, columns)), shape=(count + 1, count + 1))
        _, before = dijkstra(graph, indices=count, return_predecessors=True)
        labels = _follow(before[:count].astype(np.int64), seeds)
        got = np.bincount(labels, sizes, regions)
        error = float(np.abs(np.log(got / targets)).mean())
        if best is None or error < best[0]:
            best = (error, labels)
        head += 0.25 * step * np.clip(np.log(got / targets), -1, 1)
    if best is None:
        raise ValueError("rounds must be 1 or more")
    return best[1]


def _follow(before: Ints, seeds: Ints) -> Ints:
    """Seed number at the root of each face's path."""
    if (before < 0).any():
        raise ValueError(f"{int((before < 0).sum())} faces can't be reached from any seed")
    root = before.copy()
    root[seeds] = seeds
    while True:
        further = root[root]
        if (further == root).all():
            break
        root = further
    number = np.zeros(len(before), dtype=np.int64)
    number[seeds] = np.arange(len(seeds))
    return np.asarray(number[root])
