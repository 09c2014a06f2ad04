"""Coordinate reference systems of a Chinese city: storage, measuring, and the axis order that clients see."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geo.errors import InvalidInput

STORED_SRID = 4490
"""CGCS2000 geographic; stored longitude first, as PostGIS does, whatever EPSG's axis order says."""

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/{}"


def metric_srid(lon: float) -> int:
    """EPSG code of the CGCS2000 / 3-degree Gauss-Kruger zone without zone prefix that holds a longitude.

    Parameters
    ----------
    lon : float
        Degrees east, 73.5 to 136.5.

    Returns
    -------
    int
        4534 (central meridian 75 E) to 4554 (135 E); the easting has no zone number.

    Raises
    ------
    InvalidInput
        Outside of the zones.

    Examples
    --------
    >>> metric_srid(120.05), metric_srid(118.4), metric_srid(118.6)
    (4549, 4548, 4549)
    """
    if not 73.5 <= lon <= 136.5:
        raise InvalidInput("crs.no-zone", lon=lon)
    return 4534 + min(int((lon - 73.5) // 3), 20)


def uri_of(srid: int) -> str:
    """OGC URI of an EPSG code; 4326 in longitude-latitude order is CRS84 and has a URI of its own."""
    return _EPSG_URI.format(srid)


@cache
def srid_of(uri: str) -> int:
    """EPSG code that a CRS identifier names.

    Parameters
    ----------
    uri : str
        An OGC URI, ``EPSG:n``, ``urn:ogc:def:crs:EPSG::n``, CRS84 in its spellings; angle or square brackets around
        it are taken off.

    Returns
    -------
    int
        The code; CRS84 is 4326.

    Raises
    ------
    InvalidInput
        When it names none.

    Examples
    --------
    >>> srid_of("http://www.opengis.net/def/crs/EPSG/0/4549"), srid_of("<EPSG:3857>"), srid_of(CRS84_URI)
    (4549, 3857, 4326)
    """
    text = uri.strip().strip("<>[]")
    if text.upper().endswith(("CRS84", "CRS:84")):
        return 4326
    digits = text.replace(":", "/").rstrip("/").rsplit("/", 1)[-1]
    if "EPSG" not in text.upper() or not digits.isascii() or not digits.isdigit():
        raise InvalidInput("crs.unknown", crs=uri)
    return int(digits)


@cache
def axes_inverted(uri: str) -> bool:
    """Whether clients write and read this CRS second axis first (latitude or northing before longitude or easting).

    CRS84 is the one identifier of WGS 84 whose order is longitude, latitude; EPSG's axis order holds for the others.
    """
    if uri.strip().strip("<>[]").upper().endswith(("CRS84", "CRS:84")):
        return False
    first = CRS.from_epsg(srid_of(uri)).axis_info[0].direction.lower()
    return first in ("north", "south")


@cache
def area_of_use(srid: int) -> tuple[float, float, float, float]:
    """West, south, east, north of the ground that a CRS is made for, in its own units, x first.

    Examples
    --------
    >>> area_of_use(4326)
    (-180.0, -90.0, 180.0, 90.0)
    """
    crs = CRS.from_epsg(srid)
    if crs.is_geographic:
        return -180.0, -90.0, 180.0, 90.0
    area = crs.area_of_use
    if area is None:
        raise InvalidInput("crs.unknown", crs=uri_of(srid))
    west, south, east, north = transformer(4326, srid).transform_bounds(*area.bounds)
    return float(west), float(south), float(east), float(north)


@cache
def transformer(from_srid: int, to_srid: int) -> Transformer:
    """Transformer between two EPSG codes, x (longitude, easting) always first.

    WGS 84 and CGCS2000 differ by centimetres and are taken as equal, as the national practice does.
    """
    return Transformer.from_crs(from_srid, to_srid, always_xy=True)


def project(geometries: NDArray[np.object_], from_srid: int, to_srid: int) -> NDArray[np.object_]:
    """The same geometries in another CRS.

    Parameters
    ----------
    geometries : ndarray of shapely geometries, any shape
        Coordinates in ``from_srid``, x first.
    from_srid, to_srid : int
        EPSG codes.

    Returns
    -------
    ndarray of shapely geometries
        Same shape, coordinates in ``to_srid``, x first. Equal vertices stay equal, so a sound coverage stays sound.
    """
    if from_srid == to_srid:
        return geometries

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer(from_srid, to_srid).transform(points[:, 0], points[:, 1])
        return np.column_stack((x, y))

    moved: NDArray[np.object_] = shapely.transform(geometries, move)
    return moved
