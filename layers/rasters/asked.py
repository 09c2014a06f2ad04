"""What a client asks to see of a raster: which ground, in which CRS, and how many cells of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from geo.crs import CRS84_URI, axes_inverted, srid_of, uri_of
from geo.errors import InvalidInput
from layers.features.items_request import offered_crs, offered_uri, parse_bbox

Ends = tuple[float | None, float | None]

_PART = re.compile(r"\s*([A-Za-z]+)\(([^()]*)\)\s*(?:,|$)")
_ACROSS, _DOWN = ("Lon", "E"), ("Lat", "N")
MOST_CELLS: Final = 16_000_000


@dataclass(frozen=True)
class Ground:
    """A box of which any side may be open.

    Attributes
    ----------
    x, y : tuple of (float or None)
        Least and greatest; None for the raster's own end.
    srid : int
        EPSG code of their CRS, x (longitude, easting) first; CRS84 is 4326.
    """

    x: Ends = (None, None)
    y: Ends = (None, None)
    srid: int = 4326


@dataclass(frozen=True)
class Asked:
    """What of a raster is wanted.

    Attributes
    ----------
    ground : Ground or None
        None for all of it.
    crs : str or None
        URI of the answer's CRS; None for the raster's own.
    columns, rows : int or None
        How many cells the answer has; None follows from the others.
    across, down : float
        Cells of the raster that one of the answer stands for.
    cell_x, cell_y : float or None
        Size of the answer's cells in units of its CRS.
    """

    ground: Ground | None = None
    crs: str | None = None
    columns: int | None = None
    rows: int | None = None
    across: float = 1.0
    down: float = 1.0
    cell_x: float | None = None
    cell_y: float | None = None

    @property
    def whole(self) -> bool:
        """Whether the raster is wanted as it stands."""
        return self == Asked()


SPATIAL: Final = ("bbox", "bbox-crs", "subset", "subset-crs", "crs", "width", "height")
SCALING: Final = ("scale-factor", "scale-axes", "scale-size", "resolution")


def parse_asked(pairs: Iterable[tuple[str, str]], metric_srid: int) -> tuple[Asked, str | None]:
    """Read the parameters of `SPATIAL` and `SCALING`; ``subset`` may stand more than once.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Decoded query parameters.
    metric_srid : int
        The city's metric CRS, in which its rasters are.

    Returns
    -------
    Asked, and what ``subset=time(...)`` says as ``datetime`` writes it, or None.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    """
    listed = list(pairs)
    params = dict(listed)
    offered = offered_crs(metric_srid)
    crs, subset_crs, bbox_crs = (
        offered_uri(params[name], name, offered) if name in params else None
        for name in ("crs", "subset-crs", "bbox-crs")
    )
    subsets = [part for name, text in listed if name == "subset" for part in _parts(text, "subset")]
    period = next((_time(text) for axis, text in subsets if axis.lower() == "time"), None)
    axes = [(axis, text) for axis, text in subsets if axis.lower() != "time"]
    ground = None
    if axes and "bbox" in params:
        raise InvalidInput("raster.bbox-and-subset")
    if axes:
        ground = _subset(axes, subset_crs or CRS84_URI)
    elif "bbox" in params:
        ground = _bbox(params["bbox"], bbox_crs or CRS84_URI)
    projected = crs is None or srid_of(crs) not in (4326, 4490)
    columns, rows = (_count(params[name], name) if name in params else None for name in ("width", "height"))
    factor = _positive(params["scale-factor"], "scale-factor") if "scale-factor" in params else 1.0
    across, down = _pair(params, "scale-axes", projected)
    wide, high = _pair(params, "scale-size", projected)
    cell_x, cell_y = _pair(params, "resolution", projected)
    asked = Asked(
        ground,
        None if crs == uri_of(metric_srid) else crs,
        columns if wide is None else _count(f"{wide:g}", "scale-size"),
        rows if high is None else _count(f"{high:g}", "scale-size"),
        across or factor,
        down or factor,
        cell_x,
        cell_y,
    )
    return asked, period


def _parts(text: str, parameter: str) -> list[tuple[str, str]]:
    """``Lat(1:2),Lon(3:4)`` as its axes and what stands in the brackets."""
    found, at = [], 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            raise InvalidInput("raster.axes", parameter=parameter, value=text[:80])
        found.append((part[1], part[2].strip()))
        at = part.end()
    return found


def _subset(axes: list[tuple[str, str]], crs: str) -> Ground:
    projected = srid_of(crs) not in (4326, 4490)
    ends: dict[str, Ends] = {}
    for axis, text in axes:
        which = _axis(axis, projected, "subset")
        low, colon, high = text.partition(":")
        first = _end(low, text)
        last = _end(high, text) if colon else first
        if not colon and first is None:
            raise InvalidInput("raster.axes", parameter="subset", value=text[:80])
        if first is not None and last is not None and first > last:
            raise InvalidInput("raster.order", value=text[:80])
        ends[which] = (first, last)
    return Ground(ends.get("x", (None, None)), ends.get("y", (None, None)), srid_of(crs))


def _bbox(text: str, crs: str) -> Ground:
    a, b, c, d = parse_bbox(text)
    if axes_inverted(crs):
        a, b, c, d = b, a, d, c
    if a > c or b > d:
        raise InvalidInput("query.bbox-order", value=text[:80])
    return Ground((a, c), (b, d), srid_of(crs))


def _axis(axis: str, projected: bool, parameter: str) -> str:
    """``x`` or ``y``: longitude and latitude are axes of a CRS in degrees, easting and northing of one in metres."""
    known = (_ACROSS[projected], _DOWN[projected])
    if axis not in known:
        raise InvalidInput("raster.axis", parameter=parameter, axis=axis[:40], known=", ".join((*known, "time")))
    return "x" if axis == known[0] else "y"


def _pair(params: dict[str, str], parameter: str, projected: bool) -> tuple[float | None, float | None]:
    """``E(2),N(3)``: a positive number an axis; an empty one, or an empty parameter, is the raster's own."""
    found: dict[str, float] = {}
    for axis, text in _parts(params.get(parameter, ""), parameter):
        which = _axis(axis, projected, parameter)
        if text:
            found[which] = _positive(text, parameter)
    return found.get("x"), found.get("y")


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


def _positive(text: str, parameter: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 1e-6 < number < 1e6:
        raise InvalidInput("query.value", parameter=parameter, value=text[:40], wanted="0.000001 < x < 1000000")
    return number


def _count(text: str, parameter: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9) or not 1 <= int(text) <= MOST_CELLS:
        raise InvalidInput("query.whole", parameter=parameter, value=text[:40], least=1)
    return int(text)
