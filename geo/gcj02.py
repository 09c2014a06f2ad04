"""GCJ-02 and BD-09, the shifted coordinates of Chinese map vendors, and the way back.

All functions take and give arrays of degrees, longitude first, and are the identity (for GCJ-02) outside of the box
in which the shift is defined. Formula and constants: the public reconstruction of the national shift; BD-09 as the
vendor's own second shift.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

Degrees = NDArray[np.float64]
Shift = Callable[[ArrayLike, ArrayLike], tuple[Degrees, Degrees]]

#: The ellipsoid of the formula: Krassovsky's, not that of WGS 84.
_A: Final = 6378245.0
_EE: Final = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_X_PI: Final = np.pi * 3000.0 / 180.0
#: The inverses stop when the last step is below this; a hundredth of a micrometre on the ground.
_PRECISION_DEG: Final = 1e-13
_STEPS: Final = 30


def inside_shift(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Whether points lie in the box in which GCJ-02 shifts; elsewhere it is WGS 84."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    return (x >= _WEST) & (x <= _EAST) & (y >= _SOUTH) & (y <= _NORTH)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """WGS 84 to GCJ-02.

    Parameters
    ----------
    lon, lat : array_like of float, same shape
        Degrees.

    Returns
    -------
    tuple of two ndarray of float
        Longitude and latitude in GCJ-02, degrees, same shape.
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    x, y = lon - 105.0, lat - 35.0
    wave = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north += (wave + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east += (wave + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    w2 = 1.0 - _EE * np.sin(radians) ** 2
    dlat = np.degrees(north * w2 * np.sqrt(w2) / (_A * (1.0 - _EE)))
    dlon = np.degrees(east * np.sqrt(w2) / (_A * np.cos(radians)))
    shifted = inside_shift(lon, lat)
    return np.where(shifted, lon + dlon, lon), np.where(shifted, lat + dlat, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """GCJ-02 to WGS 84, the inverse of `wgs84_to_gcj02` to better than 1e-9 degrees.

    Parameters and returns as there, the other way round.
    """
    return _inverse(wgs84_to_gcj02, lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """GCJ-02 to BD-09; arrays of degrees, longitude first."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _X_PI)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _X_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """BD-09 to GCJ-02, the inverse of `gcj02_to_bd09` to better than 1e-9 degrees."""
    return _inverse(gcj02_to_bd09, lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """WGS 84 to BD-09; arrays of degrees, longitude first."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """BD-09 to WGS 84; arrays of degrees, longitude first."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


#: What undoes the shift of a coordinate system that an import names.
TO_WGS84: Final[dict[str, Shift]] = {"GCJ02": gcj02_to_wgs84, "BD09": bd09_to_wgs84}


def shift_geometries(geometries: NDArray[Any], shift: Shift) -> NDArray[np.object_]:
    """The same geometries, every vertex moved.

    Parameters
    ----------
    geometries : ndarray of shapely geometries, any shape
        Degrees, longitude first; heights are dropped.
    shift : callable
        One of the functions of this module.

    Returns
    -------
    ndarray of shapely geometries
        Same shape. Equal vertices stay equal, so a sound coverage stays sound.
    """

    def move(points: Degrees) -> Degrees:
        return np.column_stack(shift(points[:, 0], points[:, 1]))

    moved: NDArray[np.object_] = shapely.transform(geometries, move)
    return moved


def _inverse(forward: Shift, lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The point that ``forward`` moves to where one is; its shift changes slowly, so each step gains three digits."""
    target_lon, target_lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    x, y = target_lon.copy(), target_lat.copy()
    for _ in range(_STEPS):
        there_lon, there_lat = forward(x, y)
        dx, dy = target_lon - there_lon, target_lat - there_lat
        x, y = x + dx, y + dy
        if not (np.abs(dx) > _PRECISION_DEG).any() and not (np.abs(dy) > _PRECISION_DEG).any():
            break
    return x, y
