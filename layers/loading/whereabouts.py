"""Where a file says that its features are, and whether they can be there."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import InvalidInput
from geo.placement import diagnose_placement
from layers.loading.source import Source
from layers.loading.source_crs import SourceCrs, likely_projected, parse_crs

_MOST_POINTS: Final = 200_000


def source_crs(source: Source, wanted: str | None, metric_srid: int, file: str) -> SourceCrs:
    """The coordinate system to read a file in: the caller's, its own, or degrees where that is the custom.

    Raises
    ------
    InvalidInput
        When nothing says it; what the coordinates look like is then part of the remedy.
    """
    if wanted:
        return parse_crs(wanted)
    if source.crs is not None:
        return source.crs
    if source.degrees_assumed:
        return parse_crs("EPSG:4326")
    first = next(iter(source.batches([], 1000)), None)
    x, y = _coordinates(first.geometries if first else np.array([], dtype=object))
    likely = likely_projected(x, y, metric_srid)
    if likely is None and len(x) and np.abs(x).max() <= 180 and np.abs(y).max() <= 90:
        likely = "EPSG:4490"
    raise InvalidInput("load.no-crs", file=file, likely=likely or f"EPSG:{metric_srid}", place=_place(x, y))


class Whereabouts:
    """Coordinates of a file as they pass by, for a judgement on all of them at the end.

    Parameters
    ----------
    crs : SourceCrs
        What they are read as.
    outline : shapely geometry or None
        The city's; without one nothing can be said.
    metric_srid : int
        EPSG code of the city's metric CRS.
    """

    def __init__(self, crs: SourceCrs, outline: BaseGeometry | None, metric_srid: int) -> None:
        self._crs, self._outline, self._metric_srid = crs, outline, metric_srid
        self._areas: list[Any] = []
        self._points = np.empty((0, 2))
        self._every, self._seen = 1, 0
        self._raw: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._wild = self._all = 0

    def see(self, raw: NDArray[Any], stored: NDArray[Any]) -> None:
        """Take note of some features: as the file has them, and as they would be stored (EPSG:4490)."""
        if self._raw is None or not len(self._raw[0]):
            self._raw = _coordinates(raw)
        bounds = shapely.bounds(stored)
        there = ~(shapely.is_missing(stored) | shapely.is_empty(stored))
        tame = (np.abs(bounds[:, [0, 2]]) <= 180).all(axis=1) & (np.abs(bounds[:, [1, 3]]) <= 90).all(axis=1)
        self._all += int(there.sum())
        self._wild += int((there & ~tame).sum())
        if self._outline is None:
            return
        flat = there & (shapely.get_dimensions(stored) < 2)
        self._areas.extend(stored[there & tame & ~flat])
        points = shapely.get_coordinates(stored[flat & tame])
        self._points = np.concatenate((self._points, points[(-self._seen) % self._every :: self._every]))
        self._seen += len(points)
        while len(self._points) > _MOST_POINTS:
            self._points, self._every = self._points[::2], self._every * 2

    def check(self, layer: str) -> None:
        """InvalidInput when the features as a whole are in the wrong place, with what they look like and the remedy.

        Raises
        ------
        InvalidInput
            Coordinates that don't exist in the CRS, swapped axes, a map vendor's shift, or another place altogether.
        """
        x, y = self._raw if self._raw is not None else (np.empty(0), np.empty(0))
        likely = likely_projected(x, y, self._metric_srid)
        swapped = likely_projected(y, x, self._metric_srid)
        values: dict[str, object] = {"layer": layer, "crs": self._crs.name, "place": _place(x, y)}
        if self._all and self._wild > self._all / 2:
            if (swapped and not likely) or (self._crs.geographic and _latitude_first(x, y)):
                raise InvalidInput("load.misplaced-swapped-axes", **values)
            key = "load.wrong-crs-likely" if likely and likely != self._crs.name else "load.wrong-crs"
            raise InvalidInput(key, likely=likely, **values)
        if self._outline is None:
            return
        geometries = np.array([*self._areas, *shapely.points(self._points).tolist()], dtype=object)
        if not len(geometries):
            return
        found = diagnose_placement(geometries, self._outline)
        if found is None or (self._crs.shifted and found.kind in ("gcj02", "bd09")):
            return
        if found.kind == "outside" and likely and likely != self._crs.name:
            raise InvalidInput("load.wrong-crs-likely", likely=likely, **values)
        if found.kind == "outside" and swapped and not likely:
            raise InvalidInput("load.misplaced-swapped-axes", **values)
        distance_m = round(found.offset_m) if np.isfinite(found.offset_m) else 0
        raise InvalidInput(
            f"load.misplaced-{found.kind}",
            distance_m=distance_m,
            distance_km=round(distance_m / 1000),
            bearing_deg=round(found.bearing_deg) if np.isfinite(found.bearing_deg) else 0,
            **values,
        )


def _coordinates(geometries: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = shapely.get_coordinates(geometries)
    points = points[np.isfinite(points).all(axis=1)]
    return points[:, 0], points[:, 1]


def _latitude_first(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Whether most pairs are degrees of China only when they are turned round."""
    return bool(len(x) and np.median((np.abs(x) <= 90) & (np.abs(y) > 90) & (np.abs(y) <= 180)) > 0.5)


def _place(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """One coordinate pair as an example."""
    return f"{x[0]:.10g}, {y[0]:.10g}" if len(x) else "-"
