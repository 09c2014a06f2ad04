"""What the OpenAPI document says of OGC API - DGGS: the grid, its zones and their data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.web.dggs_grid import DEEPEST, DEFAULT_DEPTH, GRID, count_schema, definition, description, grids
from config.web.dggs_request import MOST_ZONES
from geo.heat.cells import CASE_RESOLUTION

_TEXT = {"type": "string"}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": False, "description": description, "schema": schema, "style": "form",
        "explode": False,
    }  # fmt: skip


def _path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


DGGS_PARAMETERS: dict[str, Any] = {
    "dggrsId": _path("dggrsId", "Discrete global grid", _TEXT | {"enum": [GRID]}),
    "zoneId": _path("zoneId", "H3 cell in hexadecimal digits", _TEXT | {"pattern": "^[0-9a-f]{15}$"}),
    "zoneFormat": _query("f", "Representation", _TEXT | {"enum": ["json", "geojson"], "default": "json"}),
    "zone-level": _query(
        "zone-level", "H3 resolution of the zones", {"type": "integer", "minimum": 0, "maximum": CASE_RESOLUTION}
    ),
    "compact-zones": _query(
        "compact-zones", "All the children of a zone are replaced by it", {"type": "boolean", "default": True}
    ),
    "parent-zone": _query("parent-zone", "Only this zone and what lies below it", _TEXT),
    "zone-limit": _query(
        "limit", "Zones in the answer",
        {"type": "integer", "minimum": 1, "maximum": MOST_ZONES, "default": MOST_ZONES},
    ),
    "subset": _query("subset", "Lat(low:high), Lon(low:high), time(\"from\":\"until\")", _TEXT),
    "subset-crs": _query("subset-crs", "CRS of subset", _TEXT),
    "zone-geometry": _query(
        "geometry", "Shape of zones in GeoJSON",
        _TEXT | {"enum": ["zone-region", "zone-centroid", "none"], "default": "zone-region"},
    ),
    "zone-depth": _query(
        "zone-depth", f"Levels below the zone, up to {DEEPEST}: 2, 0-3 or 0,2", _TEXT | {"default": str(DEFAULT_DEPTH)}
    ),
    "dataFields": _query("properties", "Fields to show; null is hidden, or none", _TEXT | {"enum": ["count"]}),
    "exclude-properties": _query("exclude-properties", "Fields to leave out", _TEXT | {"enum": ["count"]}),
    "class_code": _query("class_code", "Cases of one class", _TEXT),
    "type_code": _query("type_code", "Cases of one type", _TEXT),
    "channel": _query("channel", "Cases of one channel", _TEXT),
}  # fmt: skip

_CHOSEN = ["datetime", "subset", "class_code", "type_code", "channel"]


_ANSWERS = {
    "": "dggrsList", "/{dggrsId}": "dggrs", "/{dggrsId}/zones": "dggrsZones", "/{dggrsId}/zones/{zoneId}": "dggrsZone",
    "/{dggrsId}/zones/{zoneId}/data": "dggrsZoneData", "/{dggrsId}/definition": "dggrsDefinition",
}  # fmt: skip
"""Schema of each answer, by the path behind ``/dggs``."""

_ZONE = _TEXT | {"pattern": "^[0-9a-f]{15}$"}
_LINKS = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_TEMPLATES = {
    "type": "array",
    "items": {
        "type": "object", "required": ["rel", "uriTemplate"],
        "properties": {"rel": _TEXT, "type": _TEXT, "uriTemplate": _TEXT},
    },
}  # fmt: skip
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_WHOLE = {"type": "integer", "minimum": 0}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_VALUES = _object(
    ["depth", "shape", "data"], depth=_WHOLE, shape=_object(["count", "subZones"], count=_WHOLE, subZones=_WHOLE),
    data={"type": "array", "items": _WHOLE | {"nullable": True}},
)  # fmt: skip
DGGS_SCHEMAS: dict[str, Any] = {
    "dggrsList": _object(
        ["dggrs", "links"], links=_LINKS,
        dggrs={"type": "array", "items": _object(["id", "title", "links"], id=_TEXT, title=_TEXT, links=_LINKS)},
    ),
    "dggrs": _object(
        ["id", "title", "description", "links", "linkTemplates"], id=_TEXT, title=_TEXT, description=_TEXT, crs=_TEXT,
        defaultDepth=_WHOLE, maxRefinementLevel=_WHOLE, maxRelativeDepth=_WHOLE, links=_LINKS,
        linkTemplates=_TEMPLATES,
    ),
    "dggrsDefinition": _object(
        ["dggh", "zirs", "subZoneOrder"], title=_TEXT, description=_TEXT, uri=_TEXT, dggh={"type": "object"},
        zirs=_object(["textZIRS"], textZIRS={"type": "object"}, uint64ZIRS={"type": "object"}),
        subZoneOrder=_object(["description"], description=_TEXT),
    ),
    "dggrsZones": _object(
        ["zones", "links"], zones={"type": "array", "items": _ZONE}, returnedAreaMetersSquare={"type": "number"},
        links=_LINKS, linkTemplates=_TEMPLATES,
    ),
    "dggrsZone": _object(
        ["id", "links"], id=_ZONE, level=_WHOLE, shapeType=_TEXT | {"enum": ["hexagon", "pentagon"]}, crs=_TEXT,
        centroid=_NUMBERS, bbox=_NUMBERS, areaMetersSquare={"type": "number"},
        geometry={"$ref": "#/components/schemas/geometry"}, links=_LINKS,
    ),
    "dggrsZoneData": _object(
        ["dggrs", "zoneId", "depths", "values"], dggrs=_TEXT, zoneId=_ZONE, depths={"type": "array", "items": _WHOLE},
        schema={"type": "object"},
        values={"type": "object", "properties": {"count": {"type": "array", "items": _VALUES}}},
    ),
}  # fmt: skip


def dggs_examples(base_url: str) -> dict[str, dict[str, Any]]:
    """Answers by their schema, in Chinese and in English where they have words."""
    told: dict[str, Callable[[str], Any]] = {
        "dggrsList": lambda language: grids(base_url, "", language),
        "dggrs": lambda language: description(base_url, "", language),
        "dggrsDefinition": definition,
        "dggrsZoneData": lambda language: {
            "dggrs": f"{base_url}/dggs/{GRID}", "zoneId": "86309c027ffffff", "depths": [1],
            "schema": count_schema(language),
            "values": {"count": [
                {"depth": 1, "shape": {"count": 7, "subZones": 7}, "data": [15, 23, None, 12, None, 16, 5]},
            ]},
        },
    }  # fmt: skip
    summaries = {"zh": "中文", "en": "English"}
    return {
        schema: {language: {"summary": summary, "value": tell(language)} for language, summary in summaries.items()}
        for schema, tell in told.items()
    }


def dggs_paths(base_url: str, read: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths of the document.

    Parameters
    ----------
    base_url : str
        Address of the service, for the examples.
    read : callable
        Makes a path that is read: `config.web.openapi` has it.
    """
    examples, paths = dggs_examples(base_url), {}
    for path, told in _operations():
        made = read(**told)
        content = made["get"]["responses"]["200"]["content"]
        if told["schema"] in examples:
            content["application/json"]["examples"] = examples[told["schema"]]
        if "zoneFormat" in told["parameters"]:
            shape = "feature" if told["schema"] == "dggrsZone" else "featureCollection"
            content["application/geo+json"] = {"schema": {"$ref": f"#/components/schemas/{shape}"}}
        paths[path] = made
    return paths


def _operations() -> list[tuple[str, dict[str, Any]]]:
    """Path and operation; suffixes of the ids are the standard's."""
    operations = [(
        "/dggs/{dggrsId}/definition",
        {"operation": "h3.getDGGRSDefinition", "summary": "what a discrete global grid is made of", "tag": "dggs",
         "schema": _ANSWERS["/{dggrsId}/definition"], "parameters": ["dggrsId", "lang"], "missing": True},
    )]  # fmt: skip
    for origin, here in (("dataset", ""), ("collection", "/collections/case-heat")):
        for path, suffix, summary, parameters in (
            ("", "List", "discrete global grids", ["lang"]),
            ("/{dggrsId}", "", "a discrete global grid", ["dggrsId", "lang"]),
            (
                "/{dggrsId}/zones", "Zones", "zones that have cases",
                ["dggrsId", "zoneFormat", "lang", "zone-level", "compact-zones", "parent-zone", "zone-limit", "offset",
                 "bbox", "bbox-crs", "subset-crs", "zone-geometry", *_CHOSEN],
            ),
            (
                "/{dggrsId}/zones/{zoneId}", "ZoneInfo", "one zone", ["dggrsId", "zoneId", "zoneFormat", "lang"],
            ),
            (
                "/{dggrsId}/zones/{zoneId}/data", "ZoneData", "counts of cases in the sub-zones of a zone",
                ["dggrsId", "zoneId", "zoneFormat", "lang", "zone-depth", "dataFields", "exclude-properties",
                 "zone-geometry", *_CHOSEN],
            ),
        ):  # fmt: skip
            operations.append((
                f"{here}/dggs{path}",
                {"operation": f"h3.{origin}.getDGGRS{suffix}", "summary": summary, "tag": "dggs",
                 "schema": _ANSWERS[path], "parameters": parameters, "missing": "{" in path},
            ))  # fmt: skip
    return operations
