"""Whether a whole layer sits where it should: axes swapped, shifted as map vendors shift, or in another CRS altogether.

Only evidence that a correct layer can't give is taken. A shift of 500 m moves hardly anything out of a city of 40 km,
so what decides is what happens at the city's outline when the shift is undone. Where a layer does not reach the
outline there is no evidence, and no diagnosis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.soundness import polygonal
from geo.errors import InvalidInput
from geo.finding import Finding
from geo.gcj02 import Shift, bd09_to_wgs84, gcj02_to_wgs84, shift_geometries, wgs84_to_bd09, wgs84_to_gcj02

Kind = Literal["swapped-axes", "gcj02", "bd09", "outside"]

_SHIFTS: Final[tuple[tuple[Kind, Shift, Shift], ...]] = (
    ("gcj02", gcj02_to_wgs84, wgs84_to_gcj02),
    ("bd09", bd09_to_wgs84, wgs84_to_bd09),
)
#: Metres in a degree of latitude and, at the equator, of longitude: good to half a per cent, enough to compare.
_M_LAT, _M_LON = 110_900.0, 111_320.0
#: A layer with less of itself inside the city is not in it; with more than `_INSIDE`, it is.
_HARDLY, _INSIDE = 0.05, 0.5
#: Points outside that must come inside before points are believed to be shifted.
_LEAST_POINTS: Final = 5
#: Share of the area (or points) outside that may stay outside when the shift is undone.
_REMAINDER: Final = 0.2
#: Least share of the layer outside for the area to be evidence: digitising alone puts less there.
_LEAST_OUTSIDE: Final = 0.002
#: Borders of one line drawn twice differ by less; an eighth of the shift.
_SAME_LINE_M: Final = 60.0
_LEAST_BORDER_M: Final = 2_000.0
_STEP_M: Final = 50.0


@dataclass(frozen=True)
class Placement:
    """What is wrong with the place of a layer.

    Parameters
    ----------
    kind : {'swapped-axes', 'gcj02', 'bd09', 'outside'}
    offset_m, bearing_deg : float
        How far and in which direction (clockwise from north) the layer lies from where it should be; for
        ``swapped-axes`` and ``outside`` between the middles of layer and city. Not a number where the
        coordinates are no degrees.
    confidence : float
        0 to 1: how much of the evidence against the place the diagnosis explains.
    share : float
        Share of the layer's vertices inside the city once the fault is undone.
    values : dict
        ``largest``: the largest coordinate, where the coordinates are no degrees.
    """

    kind: Kind
    offset_m: float
    bearing_deg: float
    confidence: float
    share: float
    values: dict[str, Any] = field(default_factory=dict)

    def finding(self, layer: str) -> Finding:
        """The same as a finding on a whole layer."""
        numbers = {"offset_m": self.offset_m, "bearing_deg": self.bearing_deg, "share": self.share}
        values = {"placement": self.kind, **numbers, **self.values}
        return Finding("placement", "error", (layer,), None, values, place=self.kind)


def diagnose_placement(
    geometries: NDArray[Any], outline: BaseGeometry, *, reference: NDArray[Any] | None = None
) -> Placement | None:
    """Say when a whole layer is in the wrong place.

    Parameters
    ----------
    geometries : (n,) array of shapely geometries
        Points or polygons as they were loaded, taken for degrees with longitude first.
    outline : shapely Polygon or MultiPolygon
        The city (or its box), degrees.
    reference : (n,) array of shapely geometries, optional
        Where the same features are known to be, degrees; None where it is not known.

    Returns
    -------
    Placement or None
        None when nothing speaks against the place, or not enough.

    Notes
    -----
    Evidence for a shift, each compared before and after it is undone: features against their reference; points
    outside the city, which must be several and all come in; the area of polygons outside the city, which must nearly
    vanish; the length of the layer's border that runs along the city's, which must triple.
    """
    if outline is None or shapely.is_empty(outline):
        raise InvalidInput("placement.no-outline")
    given = np.array(geometries, dtype=object)
    given = given[~(shapely.is_missing(given) | shapely.is_empty(given))]
    points = _sample(given)
    if not len(points):
        return None
    shapely.prepare(outline)
    share = _share(points, outline)
    swapped = _share(points[:, ::-1], outline)
    if share < _INSIDE and swapped >= _INSIDE and swapped > share:
        return _away("swapped-axes", points, outline, confidence=swapped, share=swapped)
    if np.mean((np.abs(points[:, 0]) > 180) | (np.abs(points[:, 1]) > 90)) > 0.5:
        largest = {"largest": float(np.abs(points).max())}
        return Placement("outside", float("nan"), float("nan"), 1.0, 0.0, largest)

    found: list[Placement] = []
    for kind, undo, apply in _SHIFTS:
        back = _moved(points, undo)
        confidence = max(
            _by_reference(geometries, reference, undo),
            _by_share(share, _share(back, outline)),
            _by_points(points, back, outline) if _are_points(given) else 0.0,
        )
        if confidence > 0:
            found.append(_shifted(kind, points, apply, confidence, _share(back, outline)))
    if not found and not _are_points(given):
        found = _by_borders(given, points, outline)
    if found:
        return max(found, key=lambda placement: (placement.confidence, placement.share))
    if share < _HARDLY:
        return _away("outside", points, outline, confidence=1 - share, share=share)
    return None


def _sample(geometries: NDArray[Any], most: int = 20_000) -> NDArray[np.float64]:
    """Vertices of the layer, every k-th of them when there are many."""
    points = shapely.get_coordinates(geometries)
    points = points[np.isfinite(points).all(axis=1)]
    every: NDArray[np.float64] = points[:: max(1, len(points) // most)]
    return every


def _are_points(geometries: NDArray[Any]) -> bool:
    return bool((shapely.get_dimensions(geometries) < 2).all())


def _share(points: NDArray[np.float64], outline: BaseGeometry) -> float:
    return float(np.mean(shapely.intersects_xy(outline, points[:, 0], points[:, 1])))


def _moved(points: NDArray[np.float64], shift: Shift) -> NDArray[np.float64]:
    return np.column_stack(shift(points[:, 0], points[:, 1]))


def _metres(by_deg: NDArray[np.float64], lat: float) -> NDArray[np.float64]:
    return by_deg * [_M_LON * np.cos(np.radians(lat)), _M_LAT]


def _vector(kind: Kind, east_north: NDArray[np.float64], confidence: float, share: float) -> Placement:
    offset = float(np.hypot(*east_north))
    bearing = float(np.degrees(np.arctan2(east_north[0], east_north[1])) % 360)
    return Placement(kind, offset, bearing, float(min(confidence, 1.0)), share)


def _away(
    kind: Kind, points: NDArray[np.float64], outline: BaseGeometry, confidence: float, share: float
) -> Placement:
    middle = shapely.get_coordinates(outline.centroid)[0]
    return _vector(kind, _metres(np.median(points, axis=0) - middle, float(middle[1])), confidence, share)


def _shifted(kind: Kind, points: NDArray[np.float64], apply: Shift, confidence: float, share: float) -> Placement:
    middle = np.median(points, axis=0)[None]
    by = (_moved(middle, apply) - middle)[0]
    return _vector(kind, _metres(by, float(middle[0, 1])), confidence, share)


def _by_reference(geometries: NDArray[Any], reference: NDArray[Any] | None, undo: Shift) -> float:
    """Confidence from features whose place is known: most of their distance to it vanishes."""
    if reference is None:
        return 0.0
    ours, theirs = np.array(geometries, dtype=object), np.array(reference, dtype=object)
    if len(ours) != len(theirs):
        raise InvalidInput("coverage.lengths", field="reference", expected=len(ours), given=len(theirs))
    known = ~(shapely.is_missing(ours) | shapely.is_missing(theirs) | shapely.is_empty(ours) | shapely.is_empty(theirs))
    if not known.any():
        return 0.0
    here = shapely.get_coordinates(shapely.centroid(ours[known]))
    there = shapely.get_coordinates(shapely.centroid(theirs[known]))
    lat = float(np.median(there[:, 1]))
    before = float(np.median(np.hypot(*_metres(here - there, lat).T)))
    after = float(np.median(np.hypot(*_metres(_moved(here, undo) - there, lat).T)))
    return 1 - after / before if before > 100 and after < _REMAINDER * before else 0.0


def _by_share(before: float, after: float) -> float:
    """Confidence from a small layer at the border that is outside now and altogether inside afterwards."""
    return after if before < _INSIDE and after > 0.95 else 0.0


def _by_points(points: NDArray[np.float64], back: NDArray[np.float64], outline: BaseGeometry) -> float:
    """Confidence from points outside that come in, while hardly any goes out."""
    outside = ~shapely.intersects_xy(outline, points[:, 0], points[:, 1])
    still = ~shapely.intersects_xy(outline, back[:, 0], back[:, 1])
    # a camera beyond the border is one place however often it is listed
    places = len(np.unique(np.round(points[outside & ~still], 3), axis=0))
    before, after = int(outside.sum()), int(still.sum())
    if places < _LEAST_POINTS or before < 2 * _LEAST_OUTSIDE * len(points) or after > _REMAINDER / 2 * before:
        return 0.0
    return 1 - after / before


def _by_borders(geometries: NDArray[Any], points: NDArray[np.float64], outline: BaseGeometry) -> list[Placement]:
    """Placements that the fit of the layer's border to the outline speaks for."""
    areas = polygonal(shapely.make_valid(geometries))
    layer = shapely.union_all(areas[~shapely.is_empty(areas)])
    lat = float(shapely.get_coordinates(outline.centroid)[0, 1])
    city = _flat(outline, lat)
    border = shapely.boundary(city)
    shapely.prepare(border)
    here = _flat(layer, lat)
    whole = here.area
    if whole == 0:
        return []
    out_before, along_before = shapely.difference(here, city).area, _along(here, border)
    found = []
    for kind, undo, apply in _SHIFTS:
        back = _flat(shift_geometries(np.array([layer], dtype=object), undo)[0], lat)
        out_after, along_after = shapely.difference(back, city).area, _along(back, border)
        by_area = out_before > _LEAST_OUTSIDE * whole and out_after < _REMAINDER * out_before
        by_area &= along_after >= 0.8 * along_before
        by_line = along_after > _LEAST_BORDER_M and along_after > 3 * along_before
        by_line &= out_after <= out_before + _LEAST_OUTSIDE * whole
        if by_area or by_line:
            left = out_after / out_before if by_area else along_before / along_after
            # of two shifts that both explain what is outside, the one whose border fits is it
            share = _share(_moved(points, undo), outline)
            found.append((along_after, _shifted(kind, points, apply, 1 - left, share)))
    return [max(found, key=lambda pair: pair[0])[1]] if found else []


def _flat(geometry: BaseGeometry, lat: float) -> BaseGeometry:
    """Degrees to metres by plain scaling."""
    scale = np.array([_M_LON * np.cos(np.radians(lat)), _M_LAT])
    flat: BaseGeometry = shapely.transform(geometry, lambda at: at * scale)
    return flat


def _along(layer: BaseGeometry, border: BaseGeometry) -> float:
    """Length of a layer's border that runs along a prepared line, metres."""
    line = shapely.segmentize(shapely.boundary(layer), _STEP_M)
    steps = shapely.points(shapely.get_coordinates(line))
    if not len(steps):
        return 0.0
    return float(np.mean(shapely.dwithin(border, steps, _SAME_LINE_M)) * line.length)
