"""The parameter ``subset`` of Coverages, Maps and DGGS: axes with an end or two each, in space and in time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from geo.crs import CRS84_URI, area_of_use, axes_inverted, srid_of
from geo.errors import InvalidInput
from layers.features.items_request import offered_uri

Ends = tuple[float | None, float | None]

_PART = re.compile(r"\s*([A-Za-z]+)\(([^()]*)\)\s*(?:,|$)")
_NAMES = (("Lon", "Lat"), ("E", "N"))
"""Axes of a CRS in degrees and of one in metres, across first."""
_SYNONYMS = {
    "lon": "Lon", "long": "Lon", "longitude": "Lon", "lat": "Lat", "latitude": "Lat",
    "e": "E", "x": "E", "easting": "E", "n": "N", "y": "N", "northing": "N",
}  # fmt: skip
"""Other names that the standards ask to be understood, in any case of letters."""


@dataclass(frozen=True)
class Ground:
    """A box of which any side may be open.

    Attributes
    ----------
    x, y : tuple of (float or None)
        Least and greatest; None for no end.
    srid : int
        EPSG code of their CRS, x (longitude, easting) first; CRS84 is 4326.
    """

    x: Ends = (None, None)
    y: Ends = (None, None)
    srid: int = 4326

    def box(self, uri: str) -> tuple[float, float, float, float]:
        """The box as ``bbox`` writes it in the axis order of a CRS; open sides end where the CRS does."""
        edges = area_of_use(self.srid)
        (west, east), (south, north) = (
            (low if ends[0] is None else ends[0], high if ends[1] is None else ends[1])
            for ends, low, high in ((self.x, edges[0], edges[2]), (self.y, edges[1], edges[3]))
        )
        return (south, west, north, east) if axes_inverted(uri) else (west, south, east, north)


@dataclass(frozen=True)
class Subset:
    """What all ``subset`` parameters of a request say together.

    Attributes
    ----------
    ground : Ground or None
        None where no axis in space is named.
    crs : str
        URI of its CRS.
    period : str or None
        As ``datetime`` writes it; None where time is not named.
    """

    ground: Ground | None
    crs: str
    period: str | None


def parse_subset(pairs: Iterable[tuple[str, str]], offered: tuple[str, ...], *, around: bool = False) -> Subset:
    """Read ``subset``, as often as it stands, and ``subset-crs``.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Decoded query parameters; others are left alone.
    offered : tuple of str
        URIs of the CRS that may be named.
    around : bool
        Whether a longitude may go over the antimeridian, its lower end above its upper one.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    """
    listed = list(pairs)
    crs = dict(listed).get("subset-crs")
    parts = [part for name, text in listed if name == "subset" for part in axis_parts(text, "subset")]
    axes = [(axis, text) for axis, text in parts if axis.lower() != "time"]
    period = next((_time(text) for axis, text in parts if axis.lower() == "time"), None)
    if not axes:
        # a CRS that nothing stands in is ignored, as DGGS wants it
        return Subset(None, CRS84_URI, period)
    uri = CRS84_URI if crs is None else offered_uri(crs, "subset-crs", offered)
    return Subset(_ground(axes, uri, around=around), uri, period)


def axis_parts(text: str, parameter: str) -> list[tuple[str, str]]:
    """``Lat(1:2),Lon(3:4)`` as its axes and what stands in the brackets."""
    found, at = [], 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            raise InvalidInput("raster.axes", parameter=parameter, value=text[:80])
        found.append((part[1], part[2].strip()))
        at = part.end()
    return found


def axis_of(axis: str, projected: bool, parameter: str) -> str:
    """``x`` or ``y``: longitude and latitude are axes of a CRS in degrees, easting and northing of one in metres."""
    known = _NAMES[projected]
    name = _SYNONYMS.get(axis.lower())
    if name not in known:
        raise InvalidInput("raster.axis", parameter=parameter, axis=axis[:40], known=", ".join((*known, "time")))
    return "x" if name == known[0] else "y"


def in_metres(crs: str) -> bool:
    """Whether a CRS that is offered has easting and northing."""
    return srid_of(crs) not in (4326, 4490)


def _ground(axes: list[tuple[str, str]], crs: str, *, around: bool) -> Ground:
    projected = in_metres(crs)
    ends: dict[str, Ends] = {}
    for axis, text in axes:
        which = axis_of(axis, projected, "subset")
        low, colon, high = text.partition(":")
        first = _end(low, text)
        last = _end(high, text) if colon else first
        if not colon and first is None:
            raise InvalidInput("raster.axes", parameter="subset", value=text[:80])
        wraps = around and which == "x" and not projected
        if first is not None and last is not None and first > last and not wraps:
            raise InvalidInput("raster.order", value=text[:80])
        ends[which] = (first, last)
    return Ground(ends.get("x", (None, None)), ends.get("y", (None, None)), srid_of(crs))


def _end(text: str, whole: str) -> float | None:
    if text.strip() == "*":
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) < 1e9:
        raise InvalidInput("raster.axes", parameter="subset", value=whole[:80])
    return number


def _time(text: str) -> str:
    """``"2024-05":"2024-07"`` as ``2024-05/2024-07``; a moment's own colons stand within its quotes."""
    quoted = re.fullmatch(r'("[^"]*"|\*)(?::("[^"]*"|\*))?', text)
    if quoted is None or text == "*":
        raise InvalidInput("raster.time", value=text[:80])
    ends = [".." if end == "*" else end.strip('"') for end in quoted.groups() if end is not None]
    return "/".join(ends)
