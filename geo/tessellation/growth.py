"""Regions grown over the faces of a tessellation: connected, of wanted sizes, with borders where crossing is dear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def grow(
    pairs: Ints, costs: Floats, held: Ints, sizes: Floats, targets: Floats, rounds: int = 30
) -> Ints:
    """Divide faces among regions by the cheapest path, with a head start for each region that brings it to its size.

    Parameters
    ----------
    pairs : ndarray, shape (E, 2)
        Neighbouring faces. A border that no region may cross is one whose pairs are left out.
    costs : ndarray, shape (E,)
        Price of stepping from one to the other, above 0; lengths, in units of the square root of an area's.
    held : ndarray, shape (F,)
        Region that holds a face from the start, -1 where none does. Each region holds one face at least, and those it
        holds are connected. They are never lost, and no path of another region leads through them.
    sizes : ndarray, shape (F,)
        What a face adds to its region.
    targets : ndarray, shape (K,)
        Size wanted for each region.
    rounds : int
        Corrections of the head starts; the best round is taken.

    Returns
    -------
    ndarray, shape (F,)
        Region of each face. Every region is connected over shared edges, being a tree of paths.

    Raises
    ------
    ValueError
        A face can't be reached.
    """
    count, regions = len(sizes), len(targets)
    starts = np.flatnonzero(held >= 0)
    both = np.concatenate((pairs, pairs[:, ::-1]))
    price = np.concatenate((costs, costs))
    passable = held[both[:, 1]] < 0
    rows = np.concatenate((both[passable, 0], np.full(len(starts), count)))
    columns = np.concatenate((both[passable, 1], starts))
    head = np.full(regions, float(np.median(costs)))
    step = np.median(costs) * np.sqrt(count / regions)
    best: tuple[float, Ints] | None = None
    for turn in range(rounds):
        weights = np.concatenate((price[passable], (head - head.min() + 1e-6)[held[starts]]))
        graph = csr_array((weights, (rows, columns)), shape=(count + 1, count + 1))
        _, before = dijkstra(graph, indices=count, return_predecessors=True)
        labels = _follow(before[:count].astype(np.int64), held)
        got = np.bincount(labels, sizes, regions)
        # The mean alone would let one starved region pass.
        miss = np.abs(np.log(got / targets))
        error = float(miss.mean() + miss.max() / 5)
        if best is None or error < best[0]:
            best = (error, labels)
        # Smaller corrections towards the end keep two regions from swinging about a border between them.
        head += 0.25 / (1 + turn / 10) * step * np.clip(np.log(got / targets), -1, 1)
    if best is None:
        raise ValueError("rounds must be 1 or more")
    return best[1]


def _follow(before: Ints, held: Ints) -> Ints:
    """Region at the root of each face's path."""
    if (before < 0).any():
        raise ValueError(f"{int((before < 0).sum())} faces can't be reached from any region")
    root = np.where(held >= 0, np.arange(len(held)), before)
    while True:
        further = root[root]
        if (further == root).all():
            break
        root = further
    return np.asarray(held[root])


def corridor(pairs: Ints, costs: Floats, start: int, end: int, closed: NDArray[np.bool_]) -> Ints:
    """Faces of the cheapest path between two faces, both included.

    Parameters
    ----------
    pairs, costs : ndarray, shape (E, 2) and (E,)
        As for `grow`.
    start, end : int
        Faces.
    closed : ndarray of bool, shape (F,)
        Faces that the path may not touch.

    Raises
    ------
    ValueError
        There is no way.
    """
    open_ = ~closed[pairs].any(axis=1)
    graph = csr_array((costs[open_], pairs[open_].T), shape=(len(closed), len(closed)))
    _, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    path = [end]
    while path[-1] != start:
        if before[path[-1]] < 0:
            raise ValueError(f"no way from face {start} to face {end}")
        path.append(int(before[path[-1]]))
    return np.array(path[::-1], dtype=np.int64)
