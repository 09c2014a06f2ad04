"""A layer as QGIS opens and edits it over OGC API - Features: every request of its provider, in its order and form.

After the source of the provider (``src/providers/wfs/oapif``), of its requests (``qgsbasenetworkrequest.cpp``) and of
the buffer of edits (``qgsvectorlayereditbuffer.cpp``) as of 2026: a save sends changed geometries, then changed
attributes, then what was deleted, and what is new last; each new feature is read back. Nothing has If-Match, and the
language is a bare list, as Qt writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from geo.crs import axes_inverted

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA = "http://www.opengis.net/def/rel/ogc/1.0/schema"


@dataclass
class QgisLayer:
    """A layer that QGIS has opened.

    Parameters
    ----------
    service : Service
    role : str
        Whose key it gives, as the password of Basic.
    layer_id : str
    crs : str
        URI of the CRS that the user has chosen; QGIS names it where it is not CRS84.
    """

    service: Any
    role: str = "editor"
    layer_id: str = "grid-edits"
    crs: str = CRS84
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the layer; each answer leads to the next request."""
        landing = self.get(self.service.base_url + "/", "application/json").json()
        links = {(link["rel"], link.get("type")): link["href"] for link in landing["links"]}
        api = self.get(links["service-desc", OPENAPI], f"{OPENAPI}, application/openapi+json;version=3.0").json()
        limit = api["components"]["parameters"]["limit"]["schema"]
        self.page = min(max(1000, limit["default"]), limit["maximum"])
        address = f"{links['data', 'application/json']}/{self.layer_id}"
        collection = self.get(address, "application/json").json()
        self.get(links["conformance", "application/json"], "application/json")
        self.get(f"{address}/queryables", "application/schema+json")
        self.items = f"{address}/items"
        first = self.get(f"{self.items}?limit=10", "application/geo+json, application/json").json()["features"]
        schema = next(link["href"] for link in collection["links"] if link["rel"] == SCHEMA)
        told = self.get(schema, "application/schema+json").json()["properties"]
        self.fields = sorted((name for name in told if told[name].get("x-ogc-role") != "primary-geometry"),
                             key=lambda name: told[name]["x-ogc-propertySeq"])  # fmt: skip
        self.read_only = {name for name in self.fields if told[name].get("readOnly")}
        self.may = self._allowed(self.items)
        if "POST" in self.may:
            self.may |= self._allowed(f"{self.items}/{first[0]['id'] if first else 'unknown_id'}")

    def get(self, address: str, accept: str = "") -> Any:
        """A GET; QGIS follows it anywhere, and has to be answered with success."""
        answer = self._request("GET", address, {"Accept": accept})
        assert answer.status_code == 200, (address, answer.text[:300])
        return answer

    def features(self, box: tuple[float, float, float, float] | None = None) -> dict[str, dict[str, Any]]:
        """What the window shows, page by page; the box is west, south, east, north in degrees."""
        address = f"{self.items}?limit={self.page}"
        if box is not None:
            moved = self._there(shapely.box(*box)).bounds
            address += "&bbox=" + ",".join(repr(number) for number in moved)
            address += f"&bbox-crs={self.crs}" if self.crs != CRS84 else ""
        address += f"&crs={self.crs}" if self.crs != CRS84 else ""
        found: dict[str, Any] = {}
        while address:
            page = self.get(address, "application/geo+json, application/json").json()
            found |= {one["id"]: one for one in page["features"]}
            address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
        return found

    def save(
        self,
        geometries: Mapping[str, shapely.Geometry] = MappingProxyType({}),
        attributes: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        deleted: Sequence[str] = (),
        added: Sequence[tuple[shapely.Geometry, Mapping[str, Any]]] = (),
    ) -> list[dict[str, Any]]:
        """Save the edits; the features that are new, as the service has them. The first refusal ends it, as in QGIS.

        Parameters
        ----------
        geometries : mapping
            EPSG:4490, longitude first, by id.
        attributes : mapping
            Only what changed, by id.
        deleted : sequence of str
        added : sequence
            Polygon and attributes: those of a feature that was split come along, also the ones that are read only.
        """
        crs = {"Content-Crs": self.crs} if self.crs != CRS84 else {}
        for id_, polygon in geometries.items():
            self.write("PATCH", f"{self.items}/{id_}", {"geometry": self._geojson(polygon)}, crs)
        for id_, values in attributes.items():
            self.write("PATCH", f"{self.items}/{id_}", {"properties": dict(values)}, {})
        for id_ in deleted:
            self.write("DELETE", f"{self.items}/{id_}", None, {})
        made = []
        for polygon, values in added:
            body = {"geometry": self._geojson(polygon),
                    "properties": {name: values.get(name) for name in self.fields}, "type": "Feature"}  # fmt: skip
            answer = self.write("POST", self.items, body, crs)
            id_ = answer.headers["Location"].rpartition("/items/")[2]
            made.append(self.get(f"{self.items}/{id_}", "application/geo+json, application/json").json())
        return made

    def write(self, method: str, address: str, content: Any, headers: dict[str, str]) -> Any:
        """A write that has to go well; a redirection would be followed by GET, and the edit be lost."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/geo+json"
        headers = headers | ({"Content-Type": kind} if content is not None else {})
        answer = self._request(method, address, headers, None if content is None else json.dumps(content))
        self.sent.append(method)
        assert answer.status_code in (200, 201, 204), (method, address, answer.text)
        return answer

    def _allowed(self, address: str) -> set[str]:
        return {word.strip() for word in self._request("OPTIONS", address, {}).headers["Allow"].split(",")}

    def _request(self, method: str, address: str, headers: dict[str, str], data: str | None = None) -> Any:
        # requests would say of itself that it accepts anything; Qt says nothing
        said = {"User-Agent": "Mozilla/5.0 QGIS/40000/Windows 11 Version 2009", "Accept-Language": "zh-CN,en,*"}
        return self.service.request(
            method, address, headers=said | {"Accept": None} | {k: v for k, v in headers.items() if v}, data=data,
            allow_redirects=False, auth=("desk", self.service.keys[self.role]),
        )  # fmt: skip

    def _there(self, polygon: shapely.Geometry) -> Any:
        """In the chosen CRS and the order of its axes."""
        move = Transformer.from_crs("OGC:CRS84", self.crs, always_xy=True)
        moved = shapely.transform(polygon, move.transform, interleaved=False)
        return shapely.transform(moved, lambda points: points[:, ::-1]) if axes_inverted(self.crs) else moved

    def _geojson(self, polygon: shapely.Geometry) -> Any:
        """Of the type of the layer, whatever was drawn."""
        moved = self._there(polygon)
        return mapping(moved if moved.geom_type == "MultiPolygon" else shapely.MultiPolygon([moved]))
