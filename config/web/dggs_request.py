"""Query parameters of OGC API - DGGS: of zone lists, and of a zone's data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from geo.errors import InvalidInput
from geo.heat.zones import Zone, read_zone
from layers.catalogue.cases import CASE_HEAT
from layers.features.items_request import ItemsRequest, offered_crs, parse_items_request
from layers.features.subset import parse_subset
from layers.heat.heat_request import DEFAULT_RESOLUTION

MOST_ZONES = 10_000
"""Zones of one answer."""

_KINDS = ("class_code", "type_code", "channel")
_COMMON = ("f", "lang", "datetime", "subset", "geometry", *_KINDS)
_OF_ZONES = ("zone-level", "compact-zones", "parent-zone", "limit", "offset", "bbox", "bbox-crs", "subset-crs")
_OF_DATA = ("zone-depth", "properties", "exclude-properties")
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


def parse_zone_request(pairs: Iterable[tuple[str, str]], metric_srid: int) -> ZoneRequest:
    """Read the parameters of ``/zones``.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Decoded query parameters; ``subset`` may stand more than once.
    metric_srid : int
        The city's metric CRS, one of those that boxes are told in.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    NotFound
        When there is no such parent zone.
    """
    listed = list(pairs)
    params = dict(listed)
    _check(params, (*_COMMON, *_OF_ZONES))
    parent = read_zone(params["parent-zone"]) if params.get("parent-zone") else None
    default = DEFAULT_RESOLUTION if parent is None else max(parent.level, DEFAULT_RESOLUTION)
    compact = params.get("compact-zones", "true").lower()
    if compact not in ("true", "false"):
        raise InvalidInput("query.value", parameter="compact-zones", value=compact[:40], wanted="true, false")
    return ZoneRequest(
        _items(listed, metric_srid),
        _whole(params, "zone-level", default, 0),
        parent,
        compact == "true",
        min(_whole(params, "limit", MOST_ZONES, 1), MOST_ZONES),
        _whole(params, "offset", 0, 0),
        _geometry(params),
    )


def parse_data_request(
    pairs: Iterable[tuple[str, str]], metric_srid: int, depth: int, deepest: int
) -> DataRequest:
    """Read the parameters of ``/zones/{zoneId}/data``.

    Parameters
    ----------
    pairs, metric_srid
        As of `parse_zone_request`.
    depth, deepest : int
        Of the data where none is asked for, and the greatest there is.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    """
    listed = list(pairs)
    params = dict(listed)
    _check(params, (*_COMMON, *_OF_DATA))
    if "properties" in params and "exclude-properties" in params:
        raise InvalidInput("dggs.properties-twice")
    wanted = set(filter(None, params.get("properties", "count").split(",")))
    left_out = set(filter(None, params.get("exclude-properties", "").split(",")))
    for name in wanted | left_out:
        if name != "count":
            raise InvalidInput("query.property", parameter="properties", property=name[:40], known="count")
    depths = _depths(params.get("zone-depth", str(depth)), deepest)
    items = _items(listed, metric_srid)
    if items.bbox is not None:
        # where data lie is what the zone says (21-038r1, /req/data-subsetting/subset)
        raise InvalidInput("dggs.subset-in-space")
    return DataRequest(items, depths, bool(wanted - left_out), _geometry(params))


def _items(pairs: list[tuple[str, str]], metric_srid: int) -> ItemsRequest:
    """Box, period and property filters, by the reading of items; a subset says the same in another way."""
    params = dict(pairs)
    plain = {name: params[name] for name in ("bbox", "bbox-crs", "datetime", *_KINDS) if name in params}
    if "bbox" not in plain:
        plain.pop("bbox-crs", None)
    subset = parse_subset(pairs, offered_crs(metric_srid), around=True)
    if subset.period is not None:
        if "datetime" in plain:
            raise InvalidInput("raster.time-twice")
        plain["datetime"] = subset.period
    if subset.ground is not None and "bbox" in plain:
        raise InvalidInput("raster.bbox-and-subset")
    items = replace(parse_items_request(CASE_HEAT, plain, metric_srid=metric_srid), limit=1)
    if subset.ground is None:
        return items
    return replace(items, bbox=subset.ground.box(subset.crs), bbox_crs=subset.crs)


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
