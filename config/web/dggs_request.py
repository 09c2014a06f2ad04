"""Query parameters of OGC API - DGGS: of zone lists, and of a zone's data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from geo.crs import CRS84_URI
from geo.errors import InvalidInput
from geo.heat.zones import Zone, read_zone
from layers.catalogue.cases import CASE_HEAT
from layers.features.items_request import ItemsRequest, parse_items_request
from layers.heat.sums import DEFAULT_RESOLUTION

MOST_ZONES = 10_000
"""Zones of one answer."""

_KINDS = ("class_code", "type_code", "channel")
_COMMON = ("f", "lang", "datetime", "subset", "geometry", *_KINDS)
_OF_ZONES = ("zone-level", "compact-zones", "parent-zone", "limit", "offset", "bbox", "bbox-crs", "subset-crs")
_OF_DATA = ("zone-depth", "properties", "exclude-properties")
_SUBSET = re.compile(r"(\w+)\(([^()]*)\)")
_AXES = {"lon": "x", "long": "x", "longitude": "x", "lat": "y", "latitude": "y", "time": "time"}
_GEOMETRIES = ("zone-region", "zone-centroid", "none")


@dataclass(frozen=True)
class ZoneRequest:
    """A list of zones as it was asked for.

    Attributes
    ----------
    items : ItemsRequest
        Its box, period and property filters.
    level : int
        H3 resolution of the zones.
    parent : Zone or None
        Above all of them.
    compact : bool
        All the children of a zone are replaced by it.
    limit, offset : int
        Zones in the answer and before it.
    geometry : str
        ``zone-region``, ``zone-centroid`` or ``none``.
    """

    items: ItemsRequest
    level: int
    parent: Zone | None
    compact: bool
    limit: int
    offset: int
    geometry: str


@dataclass(frozen=True)
class DataRequest:
    """Data of a zone as they were asked for.

    Attributes
    ----------
    items : ItemsRequest
        Its period and property filters.
    depths : tuple of int
        Levels below the zone, rising.
    count : bool
        Whether the field ``count`` is wanted.
    geometry : str
        ``zone-region``, ``zone-centroid`` or ``none``.
    """

    items: ItemsRequest
    depths: tuple[int, ...]
    count: bool
    geometry: str


def parse_zone_request(params: Mapping[str, str], metric_srid: int) -> ZoneRequest:
    """Read the parameters of ``/zones``.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    NotFound
        When there is no such parent zone.
    """
    _check(params, (*_COMMON, *_OF_ZONES))
    parent = read_zone(params["parent-zone"]) if params.get("parent-zone") else None
    default = DEFAULT_RESOLUTION if parent is None else max(parent.level, DEFAULT_RESOLUTION)
    compact = params.get("compact-zones", "true").lower()
    if compact not in ("true", "false"):
        raise InvalidInput("query.value", parameter="compact-zones", value=compact[:40], wanted="true, false")
    return ZoneRequest(
        _items(params, metric_srid),
        _whole(params, "zone-level", default, 0),
        parent,
        compact == "true",
        min(_whole(params, "limit", MOST_ZONES, 1), MOST_ZONES),
        _whole(params, "offset", 0, 0),
        _geometry(params),
    )


def parse_data_request(params: Mapping[str, str], metric_srid: int, depth: int, deepest: int) -> DataRequest:
    """Read the parameters of ``/zones/{zoneId}/data``.

    Parameters
    ----------
    depth, deepest : int
        Of the data where none is asked for, and the greatest there is.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    """
    _check(params, (*_COMMON, *_OF_DATA))
    wanted = set(filter(None, params.get("properties", "count").split(",")))
    left_out = set(filter(None, params.get("exclude-properties", "").split(",")))
    for name in wanted | left_out:
        if name != "count":
            raise InvalidInput("query.property", parameter="properties", property=name[:40], known="count")
    depths = _depths(params.get("zone-depth", str(depth)), deepest)
    return DataRequest(_items(params, metric_srid), depths, bool(wanted - left_out), _geometry(params))


def _items(params: Mapping[str, str], metric_srid: int) -> ItemsRequest:
    """Box, period and property filters, by the reading of items; a subset says the same in another way."""
    plain = {name: params[name] for name in ("bbox", "bbox-crs", "datetime", *_KINDS) if name in params}
    box, time = _subset(params.get("subset", ""))
    if box is not None:
        if "bbox" in plain:
            raise InvalidInput("query.value", parameter="subset", value=params["subset"][:80], wanted="bbox / subset")
        plain["bbox"] = ",".join(map(str, box))
        plain["bbox-crs"] = params.get("subset-crs", CRS84_URI)
    if time is not None:
        plain["datetime"] = time
    if "bbox" not in plain:
        plain.pop("bbox-crs", None)
    return replace(parse_items_request(CASE_HEAT, plain, metric_srid=metric_srid), limit=1)


def _subset(text: str) -> tuple[tuple[float, float, float, float] | None, str | None]:
    """Box (west, south, east, north) and period of ``Lat(32:32.2),Lon(120:120.1),time("2024-05-01":"2024-06-30")``."""
    if not text:
        return None, None
    wrong = InvalidInput("query.value", parameter="subset", value=text[:80], wanted="Lat(a:b), Lon(a:b), time(a:b)")
    if _SUBSET.sub("", text).strip(", "):
        raise wrong
    edges = {"x": ["-180", "180"], "y": ["-90", "90"]}
    box, time = False, None
    for name, interval in _SUBSET.findall(text):
        axis = _AXES.get(name.lower())
        if axis is None:
            raise wrong
        if axis == "time":
            # a moment has colons of its own, so only those outside of quotation marks part
            low, *high = re.findall(r'"[^"]*"|\*', interval) or [interval]
            ends = [".." if end == "*" else end.strip('"') for end in (low, *high)]
            time = "/".join(ends)
            continue
        low, colon, high_text = interval.partition(":")
        pair = [low, high_text if colon else low]
        edges[axis] = [given if given != "*" else edge for given, edge in zip(pair, edges[axis], strict=True)]
        box = True
    try:
        west, east, south, north = (float(edge) for axis in ("x", "y") for edge in edges[axis])
    except ValueError:
        raise wrong from None
    return ((west, south, east, north) if box else None), time


def _depths(text: str, deepest: int) -> tuple[int, ...]:
    """``2``, ``0-3`` or ``0,2``."""
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text)
    if found:
        depths = tuple(range(int(found[1]), int(found[2]) + 1))
    elif re.fullmatch(r"\d{1,2}(,\d{1,2})*", text):
        depths = tuple(sorted({int(part) for part in text.split(",")}))
    else:
        depths = ()
    if not depths or depths[-1] > deepest:
        raise InvalidInput("query.value", parameter="zone-depth", value=text[:40], wanted=f"0-{deepest}")
    return depths


def _check(params: Mapping[str, str], known: tuple[str, ...]) -> None:
    unknown = set(params) - set(known)
    if unknown:
        raise InvalidInput("query.parameter", parameter=min(unknown)[:100], known=", ".join(known))
    for name, value in params.items():
        if "\x00" in value:
            raise InvalidInput("query.nul", parameter=name)


def _geometry(params: Mapping[str, str]) -> str:
    wanted = params.get("geometry", _GEOMETRIES[0])
    if wanted not in _GEOMETRIES:
        raise InvalidInput("query.value", parameter="geometry", value=wanted[:40], wanted=", ".join(_GEOMETRIES))
    return wanted


def _whole(params: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= least):
        raise InvalidInput("query.whole", parameter=name, value=text[:40], least=least)
    return int(text)
