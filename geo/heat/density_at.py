"""Density at single places by the exact sum: for a handful of places, and to hold the raster against."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.heat.density import Edge
from geo.heat.kernels import Kernel


def density_at(
    places: ArrayLike,
    points: ArrayLike,
    kernel: Kernel,
    bandwidth_m: float,
    *,
    city: shapely.Geometry | None = None,
    edge: Edge = "none",
    weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Cases per m2 at places, without binning, truncation or grid.

    Parameters
    ----------
    places : (m, 2) array_like of float
        Where the density is wanted, metres.
    points : (n, 2) array_like of float
        Cases, metres.
    kernel, bandwidth_m, edge
        As of `geo.heat.density.kernel_density`.
    city : Polygon or MultiPolygon, optional
        Metres; an edge correction needs it.
    weights : (n,) array_like of float, optional
        Cases that a point stands for; 1 when not given.

    Returns
    -------
    (m,) array of float

    Notes
    -----
    Takes m x n kernels: a place costs as much as a pass over all cases.
    """
    wanted, held = np.asarray(places, dtype=float).reshape(-1, 2), np.asarray(points, dtype=float).reshape(-1, 2)
    weight = np.ones(len(held)) if weights is None else np.asarray(weights, dtype=float)
    if edge == "diggle" and city is not None:
        weight = weight / kernel.mass_inside(held[:, 0], held[:, 1], city, bandwidth_m)
    found = np.array(
        [kernel.values(((held - place) ** 2).sum(axis=1), bandwidth_m) @ weight for place in wanted], dtype=float
    )
    if edge == "uniform" and city is not None:
        found /= kernel.mass_inside(wanted[:, 0], wanted[:, 1], city, bandwidth_m)
    return found
