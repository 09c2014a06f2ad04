"""What the OpenAPI document says of OGC API - DGGS: the grid, its zones and their data."""

from __future__ import annotations

from typing import Any

from config.web.dggs_grid import DEEPEST, DEFAULT_DEPTH, GRID
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
    "dataFields": _query("properties", "Fields to show", _TEXT | {"enum": ["count"]}),
    "exclude-properties": _query("exclude-properties", "Fields to leave out", _TEXT | {"enum": ["count"]}),
    "class_code": _query("class_code", "Cases of one class", _TEXT),
    "type_code": _query("type_code", "Cases of one type", _TEXT),
    "channel": _query("channel", "Cases of one channel", _TEXT),
}  # fmt: skip

_CHOSEN = ["datetime", "subset", "class_code", "type_code", "channel"]


def dggs_operations() -> list[tuple[str, dict[str, Any]]]:
    """Path and operation, as `config.web.openapi` writes them from it; suffixes of the ids are the standard's."""
    operations = [(
        "/dggs/{dggrsId}/definition",
        {"operation": "h3.getDGGRSDefinition", "summary": "what a discrete global grid is made of", "tag": "dggs",
         "schema": "object", "parameters": ["dggrsId", "lang"], "missing": True},
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
                {"operation": f"h3.{origin}.getDGGRS{suffix}", "summary": summary, "tag": "dggs", "schema": "object",
                 "parameters": parameters, "missing": "{" in path},
            ))  # fmt: skip
    return operations
