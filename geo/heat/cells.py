"""H3 cells of points, their parents and outlines."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from h3.api import basic_int
from numpy.typing import ArrayLike, NDArray

from geo.errors import InvalidInput

#: Resolution at which cases are counted: cells of about 0.015 km2.
CASE_RESOLUTION: Final = 10
#: Resolutions of maps of cases, from the coarsest: their counts are sums of those of `CASE_RESOLUTION`.
HEAT_RESOLUTIONS: Final = (6, 7, 8, 9, 10)
_RESOLUTION_SHIFT: Final = np.uint64(52)
_DIGITS: Final = 15
_BITS: Final = 3


def cells_of(lon: ArrayLike, lat: ArrayLike, resolution: int = CASE_RESOLUTION) -> NDArray[np.int64]:
    """H3 cell of each point.

    Parameters
    ----------
    lon, lat : (n,) array_like of float
        Degrees.
    resolution : int
        0 to 15.

    Returns
    -------
    (n,) array of int64
        Cell numbers; they are below 2 ** 63, so they fit a bigint. 0, which is no cell, for a point that is not finite.

    Notes
    -----
    H3 takes one point a call. Points that occur more than once, as cases at one address do, are asked for once.
    """
    if not 0 <= resolution <= 15:
        raise InvalidInput("heat.resolution", resolution=resolution)
    x = np.asarray(lon, dtype=float).ravel()
    y = np.asarray(lat, dtype=float).ravel()
    finite = np.isfinite(x) & np.isfinite(y)
    out = np.zeros(len(x), dtype=np.int64)
    # complex numbers sort by real then imaginary part: one array, so that unique needs no row view
    places, inverse = np.unique(x[finite] + 1j * y[finite], return_inverse=True)
    cell = basic_int.latlng_to_cell
    found = np.fromiter(
        map(cell, places.imag.tolist(), places.real.tolist(), [resolution] * len(places)),
        dtype=np.int64,
        count=len(places),
    )
    out[finite] = found[inverse]
    return out


def resolutions(cells: ArrayLike) -> NDArray[np.int64]:
    """Resolution of each cell, read from the bits of its number; (n,) array of int64."""
    return ((np.asarray(cells).astype(np.uint64) >> _RESOLUTION_SHIFT) & np.uint64(15)).astype(np.int64)


def parents(cells: ArrayLike, resolution: int) -> NDArray[np.int64]:
    """Parent of each cell at a coarser resolution, computed on the bits of the cell's number.

    Parameters
    ----------
    cells : (n,) array_like of int
        Valid H3 cells.
    resolution : int
        0 to that of the cells.

    Returns
    -------
    (n,) array of int64

    Raises
    ------
    InvalidInput
        When a cell is coarser than ``resolution``.

    Notes
    -----
    An H3 number holds the resolution in bits 52-55 and one digit of three bits a level, the finest lowest; a digit
    that is not used is 7. https://h3geo.org/docs/core-library/h3Indexing
    """
    numbers = np.asarray(cells).astype(np.uint64)
    if len(numbers) and (resolution < 0 or int(resolutions(numbers).min()) < resolution):
        raise InvalidInput("heat.resolution", resolution=resolution)
    unused = np.uint64((1 << (_BITS * (_DIGITS - resolution))) - 1)
    cleared = numbers & ~(np.uint64(15) << _RESOLUTION_SHIFT)
    return (cleared | (np.uint64(resolution) << _RESOLUTION_SHIFT) | unused).astype(np.int64)


def cell_polygons(cells: ArrayLike) -> NDArray[np.object_]:
    """Outline of each cell.

    Parameters
    ----------
    cells : (n,) array_like of int

    Returns
    -------
    (n,) array of shapely Polygon
        Degrees (WGS 84), longitude first. No cell of China crosses the date line, so none is cut there.
    """
    corners = [basic_int.cell_to_boundary(cell) for cell in np.asarray(cells).astype(np.int64).tolist()]
    count = np.array([len(ring) for ring in corners], dtype=np.intp)
    points = np.array([corner for ring in corners for corner in ring], dtype=float).reshape(-1, 2)
    owner = np.repeat(np.arange(len(count)), count)
    rings: NDArray[Any] = shapely.linearrings(points[:, ::-1], indices=owner)
    polygons: NDArray[np.object_] = shapely.polygons(rings)
    return polygons
