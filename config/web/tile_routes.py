"""Routes of vector tiles, their TileJSON and their tile sets."""

from __future__ import annotations

from typing import Any

import orjson

from config.web.http import Answer, Request, gzipped, matches, takes_gzip
from config.web.items_routes import cache_control
from config.web.tilesets import Tiled, link, tilejson, tileset
from geo.crs import uri_of
from geo.errors import InvalidInput, NotFound
from layers.cache import BytesCache, Recent
from layers.catalogue.layer import Layer
from layers.features.items_request import ItemsRequest, parse_items_request
from layers.store import Store
from layers.tiles.matrix import TILE_MATRIX_SETS, TileMatrixSet, tile_matrix_set

MVT = "application/vnd.mapbox-vector-tile"
_TILE_PARAMETERS = frozenset({"f", "lang", "datetime", "filter", "filter-lang", "filter-crs"})


class TileRoutes:
    """Tiles below ``/collections/{id}/tiles`` and the tile matrix sets.

    Parameters
    ----------
    store : Store
        Where they come from.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base = base_url
        self._parsed: Recent[tuple[str, str, int], ItemsRequest] = Recent(2000)
        self._zipped = BytesCache(128 * 1024 * 1024)

    def tile(self, layer: Layer, matrix: str, zoom: str, row: str, column: str, request: Request) -> Answer:
        """``/collections/{id}/tiles/{matrix}/{z}/{y}/{x}``; 204 where there is nothing."""
        etag = self._store.tiles.etag(layer)
        if etag is not None and matches(request, etag):
            return Answer(b"", "", 304, [("ETag", etag), ("Cache-Control", cache_control(layer))])
        column = column.removesuffix(".mvt").removesuffix(".pbf")
        if not all(part.isascii() and part.isdigit() and len(part) < 11 for part in (zoom, row, column)):
            raise NotFound("tile.outside", tile=f"{zoom}/{row}/{column}"[:60], matrix=matrix, deepest=22)
        query = request.query
        asked = ItemsRequest() if query in ("", "f=mvt") else self._asked(layer, request)
        chosen = "" if query in ("", "f=mvt") else query
        tile = self._store.tiles.tile(layer, tile_matrix_set(matrix), int(zoom), int(row), int(column), asked, chosen)
        headers = [("ETag", tile.etag), ("Cache-Control", cache_control(layer))]
        if not tile.mvt:
            return Answer(b"", "", 204, headers)
        if not takes_gzip(request):
            return Answer(tile.mvt, MVT, 200, headers)
        key = (layer.id, matrix, zoom, row, column, chosen, tile.etag)
        packed = self._zipped.get(key)
        if packed is None:
            packed = gzipped(tile.mvt)
            self._zipped.put(key, packed)
        return Answer(packed, MVT, 200, headers, zipped=True)

    def _asked(self, layer: Layer, request: Request) -> ItemsRequest:
        """What of the address chooses features; one query string is read once."""
        key = (layer.id, request.query, self._store.city().metric_srid)
        known = self._parsed.get(key)
        if known is None:
            known = self._parse(layer, request)
            self._parsed.put(key, known)
        return known

    def _parse(self, layer: Layer, request: Request) -> ItemsRequest:
        params = request.params
        if params.get("f", "mvt") not in ("mvt", "pbf"):
            raise InvalidInput("app.format", format=params["f"], known="mvt")
        unknown = [name for name in params if name not in _TILE_PARAMETERS and layer.field(name) is None]
        if unknown:
            raise InvalidInput(
                "query.parameter", parameter=unknown[0], known=", ".join((*sorted(_TILE_PARAMETERS), *layer.names))
            )
        return parse_items_request(layer, params, metric_srid=self._store.city().metric_srid)

    def tilejson(self, layer: Layer, matrix: TileMatrixSet, request: Request) -> Answer:
        """TileJSON 3.0.0 of a layer."""
        box = self._store.features.bounds(layer).box or self._store.city().box
        zooms = low, high = layer.tiles or (0, 0)
        words = tilejson(
            self._tiled(layer), matrix, request.language, box, zooms, layer.description, self._store.city().sample
        )
        words["vector_layers"] = [
            {
                "id": layer.id,
                "fields": {name: self._title(layer, name, request.language) for name in layer.tile_fields},
                "minzoom": low,
                "maxzoom": high,
            }
        ]
        return self._json(words, layer, request)

    def tilesets(self, layer: Layer, request: Request) -> Answer:
        """``/collections/{id}/tiles``: the tile sets of a layer."""
        sets = [self._tileset(layer, matrix, request) for matrix in TILE_MATRIX_SETS.values()]
        here = f"{self._base}/collections/{layer.id}/tiles"
        return self._json({"tilesets": sets, "links": [link("self", "application/json", here)]}, layer, request)

    def tileset(self, layer: Layer, matrix: TileMatrixSet, request: Request) -> Answer:
        """``/collections/{id}/tiles/{matrix}``: one tile set."""
        return self._json(self._tileset(layer, matrix, request), layer, request)

    def matrix_sets(self, request: Request) -> Answer:
        """``/tileMatrixSets``."""
        sets = [
            {
                "id": matrix.id,
                "title": matrix.title.in_(request.language),
                **({"uri": matrix.uri} if matrix.uri else {}),
                "crs": uri_of(matrix.srid),
                "links": [link("self", "application/json", f"{self._base}/tileMatrixSets/{matrix.id}")],
            }
            for matrix in TILE_MATRIX_SETS.values()
        ]
        return self._json({"tileMatrixSets": sets}, None, request)

    def matrix_set(self, id_: str, request: Request) -> Answer:
        """``/tileMatrixSets/{id}``."""
        return self._json(tile_matrix_set(id_).describe(), None, request)

    def _tileset(self, layer: Layer, matrix: TileMatrixSet, request: Request) -> dict[str, Any]:
        box = self._store.features.bounds(layer).box
        return tileset(self._tiled(layer), matrix, self._base, request.language, box)

    def _tiled(self, layer: Layer) -> Tiled:
        return Tiled(layer.id, layer.title, f"{self._base}/collections/{layer.id}/tiles", "vector", MVT, "mvt")

    @staticmethod
    def _title(layer: Layer, name: str, language: str) -> str:
        field = layer.field(name)
        return field.title.in_(language) if field else name

    @staticmethod
    def _json(words: dict[str, Any], layer: Layer | None, request: Request) -> Answer:
        headers = [
            ("Content-Language", request.language),
            ("Cache-Control", cache_control(layer) if layer else "public, no-cache"),
        ]
        return Answer(orjson.dumps(words), "application/json", 200, headers)
