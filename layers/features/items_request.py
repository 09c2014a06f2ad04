"""What a client asks of a collection's items, parsed once and strictly for every representation."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from geo.crs import CRS84_URI, srid_of, uri_of
from geo.errors import InvalidInput
from layers.catalogue.layer import Layer
from layers.features.cql2 import Condition, compile_filter, parse_filter
from layers.features.moments import Period, parse_period
from layers.records.search import Search, parse_search

OFFERED_CRS = (CRS84_URI, uri_of(4490), uri_of(4549), uri_of(3857))
"""CRS in which every collection is read; `offered_crs` puts the city's own metric CRS in the place of 4549."""

DEFAULT_LIMIT = 100
GREATEST_LIMIT = 10_000
UNLIMITED = 2**62
"""Limit of a file that names none: it holds every feature of the request."""
PROFILES = ("rfc7946", "jsonfg", "jsonfg-plus")
"""Profiles of GeoJSON (OGC 21-045r1, 14): plain, JSON-FG, and JSON-FG with a geometry in degrees beside any other."""
KNOWN = frozenset(
    [
        "bbox",
        "bbox-crs",
        "crs",
        "datetime",
        "limit",
        "offset",
        "cursor",
        "sortby",
        "properties",
        "skipGeometry",
        "filter",
        "filter-lang",
        "filter-crs",
        "resulttype",
        "profile",
        "f",
        "lang",
    ]
)


@dataclass(frozen=True)
class ItemsRequest:
    """A page of items as it was asked for.

    Attributes
    ----------
    limit, offset : int
        Features on the page and before it.
    bbox : tuple of float or None
        West, south, east, north in ``bbox_crs``, in its axis order.
    bbox_crs, crs : str
        URIs; coordinates of the answer are in ``crs``.
    period : Period or None
        From ``datetime``.
    condition : Condition or None
        From ``filter``.
    equals : tuple of (str, object)
        Property filters with values of the field's type.
    sortby : tuple of (str, bool)
        Field and whether it falls.
    properties : tuple of str or None
        Fields to show; None for all.
    geometry : bool
        Whether geometries are wanted.
    hits_only : bool
        Only the count is wanted.
    after : tuple or None
        Sort values and row number of the last feature of the page before.
    profile : str
        Of GeoJSON: one of `PROFILES`.
    search : Search or None
        What records are looked for by words and ids.
    """

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    bbox: tuple[float, ...] | None = None
    bbox_crs: str = CRS84_URI
    crs: str = CRS84_URI
    period: Period | None = None
    condition: Condition | None = None
    equals: tuple[tuple[str, object], ...] = ()
    sortby: tuple[tuple[str, bool], ...] = ()
    properties: tuple[str, ...] | None = None
    geometry: bool = True
    hits_only: bool = False
    after: tuple[object, ...] | None = None
    profile: str = "rfc7946"
    search: Search | None = None


asked: ContextVar[ItemsRequest | None] = ContextVar("wangge_items_request", default=None)
"""The request that the app has parsed, for the provider: pygeoapi's own reading of it is narrower."""


def parse_items_request(
    layer: Layer, params: Mapping[str, str], *, metric_srid: int = 4549, lenient: bool = False, whole: bool = False
) -> ItemsRequest:
    """Read the query parameters of ``/items``.

    Parameters
    ----------
    layer : Layer
        The collection.
    params : mapping of str to str
        Decoded query parameters.
    metric_srid : int
        The city's metric CRS.
    lenient : bool
        Ignore unknown parameters (``Prefer: handling=lenient``).
    whole : bool
        A file is made and not a page: without ``limit`` it holds every feature, and no limit is cut down.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    """
    offered = offered_crs(metric_srid)
    for key, value in params.items():
        if "\x00" in value:
            raise InvalidInput("query.nul", parameter=key)
    known = KNOWN.union(layer.parameters)
    unknown = [key for key in params if key not in known and layer.field(key) is None]
    if unknown and not lenient:
        raise InvalidInput("query.parameter", parameter=unknown[0], known=", ".join((*sorted(known), *layer.names)))
    sortby = _sortby(layer, params["sortby"]) if "sortby" in params else ()
    resulttype = params.get("resulttype", "results")
    if resulttype not in ("results", "hits"):
        raise InvalidInput("query.value", parameter="resulttype", value=resulttype, wanted="results, hits")
    filter_crs = _crs(params, "filter-crs", offered)
    condition = None
    if "filter" in params:
        condition = compile_filter(layer, parse_filter(params["filter"], params.get("filter-lang")), filter_crs)
    return ItemsRequest(
        limit=parse_limit(params.get("limit"), whole=whole),
        offset=_whole(params.get("offset", "0"), "offset", 0, 2**31),
        bbox=parse_bbox(params["bbox"]) if "bbox" in params else None,
        bbox_crs=_crs(params, "bbox-crs", offered),
        crs=_crs(params, "crs", offered),
        period=parse_period(params["datetime"]) if "datetime" in params else None,
        condition=condition,
        equals=tuple((key, field_value(layer, key, params[key])) for key in layer.names if key in params),
        sortby=sortby,
        properties=_properties(layer, params["properties"]) if "properties" in params else None,
        geometry=not _boolean(params.get("skipGeometry", "false"), "skipGeometry"),
        hits_only=resulttype == "hits",
        after=_cursor(params["cursor"], len(sortby)) if "cursor" in params else None,
        profile=_profile(params),
        search=parse_search(params) if layer.record else None,
    )


def offered_crs(metric_srid: int) -> tuple[str, ...]:
    """CRS URIs of a city's collections."""
    return tuple(uri_of(metric_srid) if uri == uri_of(4549) else uri for uri in OFFERED_CRS)


def cursor_text(after: tuple[object, ...]) -> str:
    """A place in the order of features as a parameter value: `ItemsRequest.after`, opaque to clients."""
    return base64.urlsafe_b64encode(json.dumps(after, ensure_ascii=False).encode()).decode().rstrip("=")


def parse_limit(text: str | None, *, whole: bool = False) -> int:
    """``limit`` of a page, of which more than the greatest is cut down to it, as the standard lets a server do; of a
    whole file it is what was asked for.
    """
    if text is None:
        return UNLIMITED if whole else DEFAULT_LIMIT
    return min(_whole(text, "limit", 1, 2**63), UNLIMITED if whole else GREATEST_LIMIT)


def parse_bbox(text: str) -> tuple[float, ...]:
    """Four numbers, or six of which the heights are left out."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput("query.bbox", value=text) from error
    if len(numbers) == 6:
        numbers = (*numbers[:2], *numbers[3:5])
    if len(numbers) != 4 or any(abs(number) > 1e9 or number != number for number in numbers):
        raise InvalidInput("query.bbox", value=text)
    return numbers


def field_value(layer: Layer, name: str, text: str) -> object:
    """A property filter's text as a value of the field's type.

    Raises
    ------
    InvalidInput
        When it is none.
    """
    field = layer.field(name)
    kind = field.type if field else "string"
    try:
        if kind == "integer":
            number = int(text)
            if not -(2**63) <= number < 2**63:
                raise ValueError
            return number
        if kind == "number":
            return float(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text.lower()]
        if kind in ("date", "date-time"):
            return parse_period(text, name)
        return text
    except (ValueError, KeyError) as error:
        raise InvalidInput("query.value", parameter=name, value=text, wanted=kind) from error


def _whole(text: str, parameter: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20) or not least <= int(text) <= most:
        raise InvalidInput("query.whole", parameter=parameter, value=text, least=least)
    return int(text)


def _profile(params: Mapping[str, str]) -> str:
    """The first profile named that there is, as the standard wants it; ``f=jsonfg`` is short for one."""
    if params.get("f") == "jsonfg":
        return "jsonfg"
    # a URI, a CURIE such as [ogc-profile:jsonfg], or the name alone
    asked_for = [re.split("[/:]", part.strip().strip("[]"))[-1] for part in params.get("profile", "").split(",")]
    return next((name for name in asked_for if name in PROFILES), PROFILES[0])


def _boolean(text: str, parameter: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise InvalidInput("query.value", parameter=parameter, value=text, wanted="true, false")
    return text.lower() == "true"


def _crs(params: Mapping[str, str], parameter: str, offered: tuple[str, ...]) -> str:
    text = params.get(parameter)
    return CRS84_URI if text is None else offered_uri(text, parameter, offered)


def offered_uri(text: str, parameter: str, offered: tuple[str, ...]) -> str:
    """The URI among those offered that a CRS's name in any spelling means.

    Raises
    ------
    InvalidInput
        When it is none of them.
    """
    try:
        srid = srid_of(text)
    except InvalidInput as error:
        raise InvalidInput("query.crs", parameter=parameter, value=text, offered=", ".join(offered)) from error
    uri = CRS84_URI if srid == 4326 and "CRS84" in text.upper().replace(":84", "84") else uri_of(srid)
    if uri not in offered:
        raise InvalidInput("query.crs", parameter=parameter, value=text, offered=", ".join(offered))
    return uri


def _sortby(layer: Layer, text: str) -> tuple[tuple[str, bool], ...]:
    keys = []
    for part in text.split(","):
        # an unescaped plus sign arrives as a blank
        name = part[1:] if part[:1] in "+- " else part
        if layer.field(name) is None or (layer.field(name) or layer.fields[0]).type == "array":
            raise InvalidInput("query.property", parameter="sortby", property=name, known=", ".join(layer.names))
        keys.append((name, part.startswith("-")))
    return tuple(keys)


def _properties(layer: Layer, text: str) -> tuple[str, ...]:
    wanted = [part for part in text.split(",") if part]
    for name in wanted:
        if layer.field(name) is None:
            raise InvalidInput("query.property", parameter="properties", property=name, known=", ".join(layer.names))
    return tuple(name for name in layer.names if name in wanted)


def _cursor(text: str, keys: int) -> tuple[object, ...]:
    try:
        after = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        whole = isinstance(after, list) and len(after) == keys + 1 and type(after[-1]) is int
        if whole and all(part is None or (isinstance(part, str) and "\x00" not in part) for part in after[:-1]):
            return tuple(after)
    except (ValueError, binascii.Error, RecursionError):
        pass
    raise InvalidInput("query.cursor", value=text[:80])
