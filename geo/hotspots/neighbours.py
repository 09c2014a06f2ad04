"""Who is whose neighbour: grids that touch, places within a distance, cells within rings. Each is its own too."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from h3.api import basic_int
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from geo.errors import InvalidInput

TOUCHING_M = 0.5
"""Borders that lie no further apart are taken as one: grids that were drawn by hand leave crumbs between them."""


def touching(shapes: NDArray[np.object_], within: float = TOUCHING_M) -> sparse.csr_array:
    """Polygons that have a border or a corner in common (queen contiguity).

    Parameters
    ----------
    shapes : (n,) array of shapely polygons
        In a metric CRS.
    within : float
        Metres between two borders that count as one.

    Returns
    -------
    (n, n) sparse array of float
        1 for a neighbour and for the polygon itself.
    """
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="dwithin", distance=within)
    return _with_itself(one, other, len(shapes))


def within_steps(neighbours: sparse.csr_array, steps: int) -> sparse.csr_array:
    """Places that no more than a number of steps from neighbour to neighbour lead to; 0 leaves each by itself.

    Parameters
    ----------
    neighbours : (n, n) sparse array
        As the other functions make it, each place its own neighbour.
    steps : int
    """
    if steps < 0:
        raise InvalidInput("hotspots.rings", rings=steps)
    found = sparse.csr_array(sparse.eye_array(neighbours.shape[0], format="csr"))
    for _ in range(steps):
        found = sparse.csr_array(found @ neighbours)
        found.data[:] = 1.0
    return found


def within_distance(points: ArrayLike, distance_m: float) -> sparse.csr_array:
    """Places no further apart than a distance.

    Parameters
    ----------
    points : (n, 2) array_like of float
        In a metric CRS.
    distance_m : float
        Greater than 0.
    """
    if not distance_m > 0:
        raise InvalidInput("hotspots.distance", distance=distance_m)
    at = np.asarray(points, dtype=float).reshape(-1, 2)
    pairs = cKDTree(at).query_pairs(distance_m, output_type="ndarray") if len(at) else np.empty((0, 2), dtype=np.intp)
    return _with_itself(np.concatenate(pairs.T), np.concatenate(pairs.T[::-1]), len(at))


def within_rings(cells: ArrayLike, rings: int) -> sparse.csr_array:
    """H3 cells no more than a number of steps from cell to cell apart.

    Parameters
    ----------
    cells : (n,) array_like of int
        Of one resolution, each once.
    rings : int
        0 or more; 1 are the six around.
    """
    if rings < 0:
        raise InvalidInput("hotspots.rings", rings=rings)
    numbers = np.asarray(cells, dtype=np.int64)
    order = np.argsort(numbers)
    ordered = numbers[order]
    disks = [basic_int.grid_disk(cell, rings) for cell in numbers.tolist()]
    sizes = np.array([len(disk) for disk in disks], dtype=np.intp)
    near = np.fromiter((cell for disk in disks for cell in disk), dtype=np.int64, count=int(sizes.sum()))
    owner = np.repeat(np.arange(len(numbers)), sizes)
    place = np.minimum(np.searchsorted(ordered, near), max(len(ordered) - 1, 0))
    known = ordered[place] == near if len(ordered) else np.zeros(0, dtype=bool)
    return _with_itself(owner[known], order[place[known]], len(numbers))


def single_rings(cells: ArrayLike, rings: int) -> list[sparse.csr_array]:
    """Cells exactly 0, 1, 2 and so on steps apart, up to ``rings``: what lies within fewer steps is taken out."""
    whole = [within_rings(cells, ring) for ring in range(rings + 1)]
    out = [whole[0]]
    for inner, outer in pairwise(whole):
        ring = sparse.csr_array(outer - inner)
        ring.eliminate_zeros()
        out.append(ring)
    return out


def _with_itself(one: NDArray[np.intp], other: NDArray[np.intp], count: int) -> sparse.csr_array:
    own = np.arange(count)
    rows, columns = np.concatenate((one, own)), np.concatenate((other, own))
    found = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    found.sum_duplicates()
    found.data[:] = 1.0
    return found
