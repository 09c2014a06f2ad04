"""Whether single polygons are sound: valid, not empty, in one part; and the polygon that an unsound one stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType
from shapely.geometry.base import BaseGeometry

from geo.finding import Finding

#: GEOS's phrases, as the keys under which ``layers/texts/findings.toml`` says them.
_REASONS: Final = {
    "Self-intersection": "self-intersection",
    "Ring Self-intersection": "ring-self-intersection",
    "Hole lies outside shell": "hole-outside",
    "Holes are nested": "nested-holes",
    "Interior is disconnected": "disconnected",
    "Nested shells": "nested-shells",
    "Duplicate Rings": "duplicate-rings",
    "Too few points in geometry component": "too-few-points",
    "Invalid Coordinate": "not-finite",
    "Ring is not closed": "not-closed",
}
#: Polygons whose coordinates are looked at at a time.
_BATCH: Final = 20_000


def _is_polygonal(geometries: NDArray[Any]) -> NDArray[np.bool_]:
    kinds = shapely.get_type_id(geometries)
    found: NDArray[np.bool_] = (kinds == GeometryType.POLYGON) | (kinds == GeometryType.MULTIPOLYGON)
    return found


def polygonal(geometries: NDArray[Any]) -> NDArray[np.object_]:
    """The areas of any geometries: polygons as they are, of collections their polygons, of lines and points nothing.

    Parameters
    ----------
    geometries : (n,) array of shapely geometries

    Returns
    -------
    (n,) array of shapely Polygon or MultiPolygon
        Empty where there is no area.
    """
    out = np.array(geometries, dtype=object)
    odd = np.flatnonzero(~_is_polygonal(out))
    if not len(odd):
        return out
    parts, owner = shapely.get_parts(out[odd], return_index=True)
    # a collection may hold multipolygons: once more
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    keep = shapely.get_type_id(parts) == GeometryType.POLYGON
    parts, owner = parts[keep], owner[keep]
    for k, i in enumerate(odd):
        mine = parts[owner == k]
        out[i] = mine[0] if len(mine) == 1 else shapely.multipolygons(mine) if len(mine) else shapely.Polygon()
    return out


def check_soundness(
    geometries: Sequence[BaseGeometry | None] | NDArray[Any], ids: Sequence[str]
) -> tuple[NDArray[np.object_], list[Finding]]:
    """Report what is wrong with each polygon by itself, and the valid polygons to go on with.

    Parameters
    ----------
    geometries : (n,) shapely geometries or None
        Any planar CRS.
    ids : (n,) str

    Returns
    -------
    polygons : (n,) array of valid shapely Polygon or MultiPolygon
        The input where it is valid; where not, what ``make_valid`` makes of it; empty where there is no area.
    findings : list of Finding
        ``invalid`` (values ``reason``, ``x``, ``y``; the geometry is the place) and ``multipart`` (value ``parts``).
    """
    given = np.array(geometries, dtype=object)
    findings: list[Finding] = []

    def invalid(i: int, reason: str, place: BaseGeometry | None) -> None:
        x, y = (place.x, place.y) if isinstance(place, shapely.Point) else (float("nan"), float("nan"))
        findings.append(Finding("invalid", "error", (ids[i],), place, {"reason": reason, "x": x, "y": y}))

    missing = shapely.is_missing(given) | shapely.is_empty(given)
    strange = ~missing & ~_is_polygonal(given)
    infinite = np.zeros(len(given), dtype=bool)
    for start in range(0, len(given), _BATCH):
        coordinates, owner = shapely.get_coordinates(given[start : start + _BATCH], return_index=True)
        finite = np.isfinite(coordinates)
        if not finite.all():
            infinite[start + np.unique(owner[~finite.all(axis=1)])] = True
    strange &= ~infinite
    for i in np.flatnonzero(missing).tolist():
        invalid(i, "empty", None)
    for i in np.flatnonzero(strange).tolist():
        invalid(i, "not-a-polygon", shapely.point_on_surface(given[i]))
    for i in np.flatnonzero(infinite).tolist():
        invalid(i, "not-finite", None)

    polygons = given.copy()
    polygons[missing | infinite] = shapely.Polygon()
    if strange.any():
        polygons[strange] = polygonal(given[strange])  # the areas of a collection take part, its lines do not
    bad = np.flatnonzero(~shapely.is_valid(polygons))
    for i in bad.tolist():
        phrase, _, rest = shapely.is_valid_reason(polygons[i]).partition("[")
        numbers = rest.rstrip("]").split()
        place = shapely.Point(float(numbers[0]), float(numbers[1])) if len(numbers) >= 2 else None
        invalid(i, _REASONS.get(phrase.strip(), "other"), place)
    if len(bad):
        polygons[bad] = polygonal(shapely.make_valid(polygons[bad]))

    parts = shapely.get_num_geometries(polygons)
    parts[bad] = 0  # what make_valid tore apart was said to be invalid already
    for i in np.flatnonzero(parts > 1).tolist():
        values = {"parts": int(parts[i])}
        findings.append(
            Finding("multipart", "warning", (ids[i],), polygons[i], values, area_m2=float(shapely.area(polygons[i])))
        )
    return polygons, findings
