"""Geometries made fit for a layer's column, and what is wrong with those that can't be."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.catalogue.layer import GeometryType
from layers.loading.rejects import Problem

NEAR_CITY_DEG: Final = 0.01
"""About a kilometre: features on the border are the city's, whatever their last metres."""

_POINT, _POLYGON, _MULTIPOINT, _MULTIPOLYGON = 0, 3, 4, 6


def shaped(
    geometries: NDArray[Any], kind: GeometryType, city: BaseGeometry | None
) -> tuple[NDArray[np.object_], list[tuple[int, str, Problem]]]:
    """Geometries of a layer's type.

    Parameters
    ----------
    geometries : (n,) ndarray of shapely geometries or None
        EPSG:4490, longitude first, two dimensions.
    kind : str
        ``Point`` or ``MultiPolygon``. A multipoint of one point is a point, a polygon is a multipolygon of one.
    city : shapely geometry or None
        Ground that a feature's middle must lie in; None where it is not known.

    Returns
    -------
    (n,) ndarray
        None in place of those with a problem.
    list of (int, str, Problem)
        Position, what is there in short, and problem.
    """
    out = np.array(geometries, dtype=object)
    problems: list[tuple[int, str, Problem]] = []

    def refuse(bad: NDArray[np.bool_], key: str, *, reasons: NDArray[Any] | None = None) -> None:
        for at in np.flatnonzero(bad).tolist():
            values: dict[str, object] = {} if reasons is None else {"reason": str(reasons[at])}
            problems.append((at, _in_short(out[at]), Problem(key, values)))
        out[bad] = None

    refuse(shapely.is_missing(out) | shapely.is_empty(out), "load.reject-no-geometry")
    bounds = shapely.bounds(out)
    there = ~shapely.is_missing(out)
    # a NaN compares as false, so what is asked is whether all of it is right
    degrees = (bounds[:, 0] >= -180) & (bounds[:, 1] >= -90) & (bounds[:, 2] <= 180) & (bounds[:, 3] <= 90)
    refuse(there & ~degrees, "load.reject-not-degrees")

    types = shapely.get_type_id(out)
    single = types == _MULTIPOINT
    if kind == "Point":
        single &= shapely.get_num_geometries(out) == 1
        out[single] = shapely.get_geometry(out[single], 0)
        fits = (types == _POINT) | single
    else:
        simple = types == _POLYGON
        if simple.any():
            out[simple] = shapely.multipolygons(out[simple], indices=np.arange(int(simple.sum())))
        fits = simple | (types == _MULTIPOLYGON)
    there = ~shapely.is_missing(out)
    wrong = there & ~fits
    refuse(wrong, "load.reject-type", reasons=_types(out) if wrong.any() else None)
    there = ~shapely.is_missing(out)
    invalid = there & ~shapely.is_valid(out)
    refuse(invalid, "load.reject-invalid", reasons=shapely.is_valid_reason(out) if invalid.any() else None)
    if city is not None:
        there = ~shapely.is_missing(out)
        middle = shapely.get_coordinates(shapely.centroid(out[there]))
        away = np.zeros(len(out), dtype=bool)
        away[there] = ~shapely.intersects_xy(city, middle[:, 0], middle[:, 1])
        refuse(away, "load.reject-outside")
    return out, sorted(problems, key=lambda problem: problem[0])


def _types(geometries: NDArray[Any]) -> NDArray[np.object_]:
    return np.array([None if geometry is None else geometry.geom_type for geometry in geometries], dtype=object)


def _in_short(geometry: BaseGeometry | None) -> str:
    """Where a geometry lies, in a few letters."""
    if geometry is None or geometry.is_empty:
        return ""
    west, south, east, north = geometry.bounds
    if geometry.geom_type == "Point":
        return f"{west:.8g} {south:.8g}"
    return f"{geometry.geom_type} {west:.6f} {south:.6f} … {east:.6f} {north:.6f}"
