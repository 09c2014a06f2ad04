"""OGC API - DGGS (21-038) over H3: the grid, which of its zones have cases, and how many.

The dataset has no other layer in the grid than case heat, so ``/dggs`` and the collection's answer alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from config.web.dggs_grid import (
    DEEPEST,
    DEFAULT_DEPTH,
    GRID,
    JSON,
    REL,
    count_schema,
    data_template,
    definition,
    definition_link,
    description,
    grids,
    link,
    origin_link,
)
from config.web.dggs_request import parse_data_request, parse_zone_request
from config.web.http import Answer, Request, matches
from config.web.items_routes import cache_control
from geo.crs import CRS84_URI
from geo.errors import InvalidInput, NotFound
from geo.heat.cells import CASE_RESOLUTION, cell_polygons
from geo.heat.zones import Zone, areas_m2, compacted, family, read_zone, sub_zones, zone_id
from layers.catalogue.cases import CASE_HEAT
from layers.features.query import bbox_condition
from layers.heat.zone_counts import below, counts_at
from layers.identity import current
from layers.sight import sight_of
from layers.store import Store

_GEOJSON = "application/geo+json"


class DggsRoutes:
    """Everything below ``/dggs`` and ``/collections/case-heat/dggs``.

    Parameters
    ----------
    store : Store
        Where the counts come from.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base = base_url

    def answer(self, origin: str, rest: list[str], request: Request) -> Answer:
        """What is read there.

        Parameters
        ----------
        origin : str
            Path before ``/dggs``: empty for the dataset, or that of the collection.
        rest : list of str
            Path behind ``/dggs``, cut at slashes.
        request : Request
            As it came.
        """
        here = f"{self._base}{origin}/dggs"
        match rest:
            case []:
                return self._json(grids(self._base, origin, request.language), request)
            case [grid, *_] if grid != GRID:
                raise NotFound("dggs.no-grid", grid=grid[:40])
            case [_]:
                return self._json(description(self._base, origin, request.language), request)
            case [_, "definition"] if not origin:
                return self._json(definition(request.language), request)
            case [_, "zones"]:
                return self._zones(origin, request)
            case [_, "zones", zone]:
                return self._zone(f"{here}/{GRID}", read_zone(zone), request)
            case [_, "zones", zone, "data"]:
                return self._data(read_zone(zone), request)
        raise NotFound("app.not-found", path=request.path[:200])

    def _zones(self, origin: str, request: Request) -> Answer:
        """Zones that have cases: which lie in a box, below a parent; compact unless told otherwise."""
        grid = f"{self._base}{origin}/dggs/{GRID}"
        asked = parse_zone_request(request.pairs, self._store.city().metric_srid)
        etag = self._etag(request)
        if matches(request, etag):
            return Answer(b"", "", 304, [("ETag", etag)])
        within = [] if asked.items.bbox is None else [bbox_condition(asked.items.bbox, asked.items.bbox_crs)]
        if asked.parent is not None:
            within.append(below(asked.parent.cell, asked.parent.level))
        cells, _ = counts_at(self._store.database, replace(asked.items, bbox=None), asked.level, within)
        if asked.parent is not None and asked.parent.level > asked.level:
            cells = cells[:0]
        if asked.compact:
            cells = compacted(cells)
        shown = cells[asked.offset : asked.offset + asked.limit]
        links = [
            link("self", JSON, f"{grid}/zones{_query(request.pairs)}"),
            link(REL + "dggrs", JSON, grid),
            definition_link(self._base),
            origin_link(self._base, origin),
        ]
        if asked.offset + asked.limit < len(cells):
            following = [pair for pair in request.pairs if pair[0] not in ("offset", "limit")]
            following += [("offset", str(asked.offset + asked.limit)), ("limit", str(asked.limit))]
            links.append(link("next", JSON, f"{grid}/zones{_query(following)}"))
        if self._geojson(request):
            found = {
                "type": "FeatureCollection", "features": _features(shown, None, asked.geometry), "links": links,
                "numberMatched": len(cells), "numberReturned": len(shown),
            }  # fmt: skip
            return self._json(found, request, etag, _GEOJSON)
        body = {
            "zones": [zone_id(cell) for cell in shown.tolist()],
            "returnedAreaMetersSquare": float(areas_m2(shown).sum()),
            "links": links,
            "linkTemplates": [data_template(grid)],
        }
        return self._json(body, request, etag)

    def _zone(self, grid: str, zone: Zone, request: Request) -> Answer:
        parent, children, neighbours = family(zone.cell)

        def to(rel: str, cell: int) -> dict[str, str]:
            return link(REL + rel, JSON, f"{grid}/zones/{zone_id(cell)}")

        links = [
            link("self", JSON, f"{grid}/zones/{zone.id}"),
            link(REL + "dggrs", JSON, grid),
            *([to("dggrs-zone-parent", parent)] if parent is not None else []),
            *(to("dggrs-zone-child", cell) for cell in children),
            *(to("dggrs-zone-neighbor", cell) for cell in neighbours),
        ]
        if zone.level <= CASE_RESOLUTION:
            links += [
                link(REL + "dggrs-zone-data", type_, f"{grid}/zones/{zone.id}/data?f={format_}")
                for type_, format_ in ((JSON, "json"), (_GEOJSON, "geojson"))
            ]
        told = {
            "level": zone.level,
            "shapeType": zone.shape,
            "crs": CRS84_URI,
            "centroid": list(zone.centroid),
            "bbox": list(zone.outline.bounds),
            "areaMetersSquare": zone.area_m2,
        }
        outline = shapely.geometry.mapping(zone.outline)
        if self._geojson(request):
            feature = {
                "type": "Feature", "id": zone.id, "geometry": outline, "properties": {"zoneID": zone.id, **told},
                "links": links,
            }  # fmt: skip
            return self._json(feature, request, None, _GEOJSON)
        return self._json({"id": zone.id, **told, "geometry": outline, "links": links}, request)

    def _data(self, zone: Zone, request: Request) -> Answer:
        """Counts of the sub-zones of a zone at the depths that were asked for.

        Staff are told 0 where there is no case. To everybody else nothing is told there: hidden and none are alike.
        """
        asked = parse_data_request(request.pairs, self._store.city().metric_srid, DEFAULT_DEPTH, DEEPEST)
        if zone.level + max(asked.depths) > CASE_RESOLUTION:
            raise InvalidInput("dggs.level", level=zone.level + max(asked.depths), most=CASE_RESOLUTION)
        etag = self._etag(request)
        if matches(request, etag):
            return Answer(b"", "", 304, [("ETag", etag)])
        exact = current().reaches("staff") and current().township is None
        geojson = self._geojson(request)
        values: list[dict[str, Any]] = []
        features: list[dict[str, Any]] = []
        for depth in asked.depths:
            level = zone.level + depth
            cells, counts = counts_at(self._store.database, asked.items, level, [below(zone.cell, zone.level)])
            if geojson:
                features += _features(cells, counts if asked.count else None, asked.geometry)
                continue
            zones = sub_zones(zone.cell, depth)
            known = dict(zip(cells.tolist(), counts.tolist(), strict=True))
            data = [known.get(cell, 0 if exact else None) for cell in zones.tolist()]
            values.append({"depth": depth, "shape": {"count": len(data), "subZones": len(data)}, "data": data})
        if geojson:
            return self._json({"type": "FeatureCollection", "features": features}, request, etag, _GEOJSON)
        document = {
            "dggrs": f"{self._base}/dggs/{GRID}",
            "zoneId": zone.id,
            "depths": list(asked.depths),
            "schema": count_schema(request.language) if asked.count else {"type": "object", "properties": {}},
            "values": {"count": values} if asked.count else {},
        }
        return self._json(document, request, etag)

    def _etag(self, request: Request) -> str:
        version = self._store.features.version(CASE_HEAT)
        return f'W/"{version:x}-{sight_of(CASE_HEAT)}-{request.language}"'

    @staticmethod
    def _geojson(request: Request) -> bool:
        """Whether GeoJSON is wanted, by ``f`` or by Accept; there is no page of HTML here."""
        format_, accept = request.params.get("f"), request.header("Accept")
        if format_ not in (None, "json", "geojson"):
            raise InvalidInput("app.format", format=format_[:40], known="json, geojson")
        if format_ is None:
            return "geo+json" in accept and not (JSON in accept and accept.index(JSON) < accept.index("geo+json"))
        return format_ == "geojson"

    @staticmethod
    def _json(body: dict[str, Any], request: Request, etag: str | None = None, media_type: str = JSON) -> Answer:
        headers = [("Content-Language", request.language), ("Cache-Control", cache_control(CASE_HEAT))]
        if etag:
            headers.append(("ETag", etag))
        return Answer(orjson.dumps(body), media_type, 200, headers)


def _features(
    cells: NDArray[np.int64], counts: NDArray[np.int64] | None, geometry: str
) -> list[dict[str, Any]]:
    """Zones as GeoJSON features: their region, their centre, or without a shape."""
    shapes: list[Any] = [None] * len(cells)
    if geometry == "zone-region" and len(cells):
        shapes = [shapely.geometry.mapping(outline) for outline in cell_polygons(cells)]
    elif geometry == "zone-centroid":
        shapes = [{"type": "Point", "coordinates": list(read_zone(zone_id(cell)).centroid)} for cell in cells.tolist()]
    more = [{}] * len(cells) if counts is None else [{"count": count} for count in counts.tolist()]
    return [
        {"type": "Feature", "id": zone_id(cell), "geometry": shape, "properties": {"zoneID": zone_id(cell), **told}}
        for cell, shape, told in zip(cells.tolist(), shapes, more, strict=True)
    ]


def _query(pairs: list[tuple[str, str]]) -> str:
    return f"?{urlencode(pairs, safe=',:/')}" if pairs else ""
