"""Counts of areas, spread evenly over them: all that can be said of where within a cell its cases lie."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import InvalidInput


def spread(
    polygons: ArrayLike, counts: ArrayLike, spacing_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Points that stand for counts spread evenly over convex polygons, such as H3 cells.

    Parameters
    ----------
    polygons : (n,) array_like of Polygon
        Convex, without holes, metres.
    counts : (n,) array_like of float
        Cases in each.
    spacing_m : float
        About the distance of neighbouring points.

    Returns
    -------
    x, y, weight : three (m,) arrays of float
        Places in metres and cases that each stands for; the weights of a polygon add up to its count, and their mean
        place is its centroid.

    Raises
    ------
    InvalidInput
        When a polygon isn't convex.

    Notes
    -----
    Each polygon is fanned into triangles from its centroid, and each triangle cut into k x k equal ones, k the same
    for all. A point stands in the middle of each and carries its share of the area.
    """
    areas = np.asarray(polygons, dtype=object).ravel()
    amount = np.asarray(counts, dtype=float).ravel()
    if not len(areas):
        return np.empty(0), np.empty(0), np.empty(0)
    if not np.allclose(shapely.area(areas), shapely.area(shapely.convex_hull(areas)), rtol=1e-9):
        raise InvalidInput("density.not-convex")
    corners, owner = shapely.get_coordinates(shapely.get_exterior_ring(areas), return_index=True)
    edge = np.flatnonzero(owner[:-1] == owner[1:])
    of = owner[edge]
    middle = shapely.get_coordinates(shapely.centroid(areas))[of]
    first, second = corners[edge] - middle, corners[edge + 1] - middle
    triangle = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
    longest = float(np.sqrt((first**2).sum(axis=1).max()))
    k = max(1, int(np.ceil(longest / spacing_m)))
    steps = np.array([(i + 1 / 3, j + 1 / 3) for i in range(k) for j in range(k - i)]
                     + [(i + 2 / 3, j + 2 / 3) for i in range(k - 1) for j in range(k - 1 - i)]) / k  # fmt: skip
    places = middle[:, None, :] + steps[None, :, :1] * first[:, None, :] + steps[None, :, 1:] * second[:, None, :]
    share = amount[of] * triangle / np.bincount(of, triangle, len(areas))[of] / len(steps)
    return places[:, :, 0].ravel(), places[:, :, 1].ravel(), np.repeat(share, len(steps))
