"""Requests that write grids, as QGIS sends them."""

from __future__ import annotations

import json
from typing import Any

from editing import neighbours_in_village
from shapely.geometry import mapping

QGIS = {"User-Agent": "Mozilla/5.0 QGIS/34400/Windows 11 Version 2009", "Accept-Language": "zh-CN,en,*"}
"""Of headers what QGIS sends of itself; the language as Qt writes it, a list without weights."""
ITEMS = "/collections/grid-edits/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
OWS = "{http://www.opengis.net/ows/1.1}"


def send(service: Any, method: str, path: str, content: Any = None, role: str | None = "editor", **headers: str) -> Any:
    """A write as QGIS sends it: merge patches in two requests, GeoJSON otherwise."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/geo+json"
    sent = QGIS | ({"Content-Type": kind} if content is not None else {})
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if content is None else json.dumps(content)
    return service.request(method, path, role, headers=sent, data=data, allow_redirects=False)


def feature(polygon: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": mapping(polygon), "properties": properties}


def code_of(service: Any) -> str:
    return neighbours_in_village(service.database)[0]


def item(service: Any, id_: str, query: str = "") -> Any:
    return service.get(f"{ITEMS}/{id_}{query}", "editor", headers=QGIS)
