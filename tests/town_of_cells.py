"""Coverages of any size for tests and benchmarks: wiggly cells in columns and rows, some vertices pushed."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

SHIFT = np.array([500_000.0, 3_560_000.0])


def lattice(
    columns: int, rows: int, rng: np.random.Generator, *, pieces: int = 9, cell_m: float = 300.0, faults: float = 0.0
) -> NDArray[np.object_]:
    """Cells of ``cell_m`` metres with ``pieces`` edges a side; each meets eight others.

    Parameters
    ----------
    columns, rows : int
    rng : Generator
    pieces : int
        At least 2.
    cell_m : float
        Metres.
    faults : float
        Share of the cells of which one vertex is pushed by up to 5 m, so that they overlap the next one or leave a gap.
    """
    node = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0), indexing="ij"), -1) * cell_m
    node[1:-1, 1:-1] += rng.uniform(-0.2, 0.2, (columns - 1, rows - 1, 2)) * cell_m
    across = _sides(node[:-1], node[1:], pieces, cell_m, rng)
    up = _sides(node[:, :-1], node[:, 1:], pieces, cell_m, rng)
    across[:, [0, -1]] = _sides(node[:-1, [0, -1]], node[1:, [0, -1]], pieces, 0, rng)
    up[[0, -1]] = _sides(node[[0, -1], :-1], node[[0, -1], 1:], pieces, 0, rng)
    k = pieces
    ring = np.empty((columns, rows, 4 * k + 1, 2))
    ring[:, :, 0], ring[:, :, 1:k] = node[:-1, :-1], across[:, :-1]
    ring[:, :, k], ring[:, :, k + 1 : 2 * k] = node[1:, :-1], up[1:]
    ring[:, :, 2 * k], ring[:, :, 2 * k + 1 : 3 * k] = node[1:, 1:], across[:, 1:, ::-1]
    ring[:, :, 3 * k], ring[:, :, 3 * k + 1 : 4 * k] = node[:-1, 1:], up[:-1, :, ::-1]
    ring[:, :, 4 * k] = ring[:, :, 0]
    flat = ring.reshape(-1, 4 * k + 1, 2) + SHIFT
    bad = rng.choice(len(flat), int(len(flat) * faults), replace=False)
    flat[bad, k + k // 2] += rng.uniform(-5, 5, (len(bad), 2))
    made: NDArray[np.object_] = shapely.polygons(shapely.linearrings(flat))
    return made


def _sides(start: Any, end: Any, pieces: int, cell_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    along = np.arange(1, pieces)[:, None] / pieces
    middle: NDArray[np.float64] = start[..., None, :] + along * (end - start)[..., None, :]
    return middle + rng.uniform(-0.03, 0.03, middle.shape) * cell_m
