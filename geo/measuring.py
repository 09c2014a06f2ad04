"""The plane in which a layer's metres are measured, and the way into it and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geo.crs import STORED_SRID, metric_srid

#: A Gauss-Kruger zone is 3 degrees wide; a layer that is wider is measured in an equal-area plane of its own.
_WIDEST_DEG: Final = 4.0
#: Of degrees: a hundredth of a millimetre, a hundred times finer than what is stored.
_DECIMALS: Final = 10
_CHINA: Final = (73.5, 3.0, 136.5, 54.0)


@dataclass(frozen=True)
class Plane:
    """A metric CRS for one layer.

    Parameters
    ----------
    crs : str
        What pyproj takes, e.g. ``EPSG:4549``.
    source : str
        CRS of the layer.
    """

    crs: str
    source: str = f"EPSG:{STORED_SRID}"

    def flat(self, geometries: NDArray[Any]) -> NDArray[np.object_]:
        """Geometries of the layer in metres; equal vertices stay equal. Heights are dropped."""
        if self.source == self.crs:
            level: NDArray[np.object_] = shapely.force_2d(geometries)
            return level
        # what is computed twice in degrees differs in its last digit, and would count as a border torn
        decimals = _DECIMALS if _in_degrees(self.source) else None
        return _moved(geometries, _way(self.source, self.crs), decimals)

    def back(self, geometries: NDArray[Any]) -> NDArray[np.object_]:
        """Geometries of the plane in the layer's own CRS; degrees are rounded as `flat` does."""
        if self.source == self.crs:
            same: NDArray[np.object_] = np.asarray(geometries, dtype=object)
            return same
        moved = _moved(geometries, _way(self.crs, self.source))
        if not _in_degrees(self.source):
            return moved
        rounded: NDArray[np.object_] = shapely.transform(moved, lambda points: np.round(points, _DECIMALS))
        return rounded

    def degrees(self, geometries: NDArray[Any]) -> NDArray[np.object_]:
        """Geometries of the plane in EPSG:4490, longitude first."""
        return _moved(geometries, _way(self.crs, f"EPSG:{STORED_SRID}"))


def plane_of(bounds: tuple[float, float, float, float]) -> Plane:
    """Plane for a layer in degrees.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north in degrees.

    Returns
    -------
    Plane
        In China the 3-degree Gauss-Kruger zone of the middle; elsewhere, and for layers wider than a zone, Lambert's
        azimuthal equal-area projection about the middle.

    Examples
    --------
    >>> plane_of((119.9, 31.9, 120.4, 32.4)).crs
    'EPSG:4549'
    >>> plane_of((-105.1, 39.6, -104.6, 39.9)).crs
    '+proj=laea +lat_0=39.75 +lon_0=-104.85 +datum=WGS84 +units=m'
    """
    west, south, east, north = bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    inside = _CHINA[0] <= west and east <= _CHINA[2] and _CHINA[1] <= south and north <= _CHINA[3]
    if inside and east - west <= _WIDEST_DEG:
        return Plane(f"EPSG:{metric_srid(lon)}")
    return Plane(f"+proj=laea +lat_0={lat:.2f} +lon_0={lon:.2f} +datum=WGS84 +units=m")


@lru_cache(maxsize=64)
def _way(source: str, target: str) -> Transformer:
    """Transformer between two CRS, x first; finding one takes longer than checking a city."""
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def _in_degrees(crs: str) -> bool:
    """Whether a CRS has longitude and latitude."""
    return bool(CRS(crs).is_geographic)


def _moved(geometries: NDArray[Any], way: Transformer, decimals: int | None = None) -> NDArray[np.object_]:
    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        points = points if decimals is None else np.round(points, decimals)
        return np.column_stack(way.transform(points[:, 0], points[:, 1]))

    moved: NDArray[np.object_] = shapely.transform(geometries, move)
    return moved
