"""Routes of a raster as a picture: maps, map tiles, and the legend of both."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import orjson
from numpy.typing import NDArray

from config.styles.raster_legend import legend_document, legend_svg
from config.web.coverage_routes import check_names, described_by, read_both, sight
from config.web.http import Answer, Request, matches
from config.web.tilesets import Tiled, link, tilejson, tileset
from geo.crs import srid_of, uri_of
from geo.errors import InvalidInput, NotFound
from layers.cache import BytesCache, Recent
from layers.catalogue.raster import Raster
from layers.rasters.asked import SPATIAL
from layers.rasters.densities import DensityMap
from layers.rasters.painting import indices, palette, png
from layers.rasters.reading import Piece, warped
from layers.rasters.request import PARAMETERS, DensityRequest, parse_density_request
from layers.rasters.viewing import PARAMETERS as VIEWING
from layers.rasters.viewing import view_of
from layers.store import Store
from layers.tiles.matrix import TILE_MATRIX_SETS, TileMatrixSet, tile_matrix_set

PNG = "image/png"
_TILE = 256
_PICTURE = ("f", "lang", *PARAMETERS, *SPATIAL, *VIEWING, "transparent", "bgcolor")
_COLOUR = re.compile(r"(?:0x|#)?([0-9a-fA-F]{6})")


class MapRoutes:
    """``/map``, ``/map/tiles`` and ``/legend`` of a raster.

    Parameters
    ----------
    store : Store
        Where rasters come from.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base = base_url
        self._requests: Recent[str, DensityRequest] = Recent(500)
        self._tiles = BytesCache(64 * 1024 * 1024)

    def map(self, raster: Raster, request: Request) -> Answer:
        """The map of a box as PNG."""
        pairs = request.pairs
        params = dict(pairs)
        check_names(params, _PICTURE)
        _check_format(params, "png")
        background = _background(params)
        drawn, asked = read_both(pairs, self._store.city().metric_srid)
        found = self._store.densities.of(drawn)
        uri = asked.crs or uri_of(found.described.srid)
        view = view_of(params, asked, found.described, srid_of(uri))
        etag = f'{found.etag[:-1]}-map"'
        headers = [*described_by(found, view.box, uri), ("ETag", etag)]
        if matches(request, etag):
            return Answer(b"", "", 304, headers)
        piece = warped(found.tif, found.described, view.box, srid_of(uri), view.columns, view.rows)
        return Answer(_painted(raster, found, piece, background), PNG, 200, headers)

    def tile(self, raster: Raster, matrix: str, zoom: str, row: str, column: str, request: Request) -> Answer:
        """``/map/tiles/{matrix}/{z}/{y}/{x}`` as PNG of 256 pixels."""
        column = column.removesuffix(".png")
        query = request.query
        found = self._store.densities.of(self._asked(request))
        etag = found.etag
        headers = [("ETag", etag), ("Cache-Control", sight())]
        if matches(request, etag):
            return Answer(b"", "", 304, headers)
        ground = query if "bgcolor" in query or "transparent" in query else ""
        key = (etag, raster.id, matrix, zoom, row, column, ground)
        kept = self._tiles.get(key)
        if kept is None:
            kept = self._drawn(raster, found, matrix, (zoom, row, column), request)
            self._tiles.put(key, kept)
        return Answer(kept, PNG, 200, headers)

    def _drawn(
        self, raster: Raster, found: DensityMap, matrix: str, place: tuple[str, str, str], request: Request
    ) -> bytes:
        if not all(part.isascii() and part.isdigit() and len(part) < 11 for part in place):
            raise NotFound("tile.outside", tile="/".join(place)[:60], matrix=matrix, deepest=22)
        zoom, row, column = (int(part) for part in place)
        set_ = tile_matrix_set(matrix)
        box = set_.bounds(zoom, row, column)
        if not raster.tiles[0] <= zoom <= raster.tiles[1]:
            raise NotFound("tile.zoom", layer=raster.id, zoom=zoom)
        piece = warped(found.tif, found.described, box, set_.srid, _TILE, _TILE)
        return _painted(raster, found, piece, _background(request.params))

    def tilesets(self, raster: Raster, request: Request) -> Answer:
        """``/map/tiles``: the tile sets."""
        tiled = self._tiled(raster, request)
        box = self._store.city().box
        sets = [tileset(tiled, matrix, self._base, request.language, box) for matrix in TILE_MATRIX_SETS.values()]
        return _json({"tilesets": sets, "links": [link("self", "application/json", tiled.here)]}, request)

    def tileset(self, raster: Raster, matrix: TileMatrixSet, request: Request) -> Answer:
        """``/map/tiles/{matrix}``: one tile set."""
        tiled = self._tiled(raster, request)
        return _json(tileset(tiled, matrix, self._base, request.language, self._store.city().box), request)

    def tilejson(self, raster: Raster, matrix: TileMatrixSet, request: Request) -> Answer:
        """``/map/tiles/{matrix}/metadata``: TileJSON."""
        city = self._store.city()
        tiled = self._tiled(raster, request)
        words = tilejson(tiled, matrix, request.language, city.box, raster.tiles, raster.description, city.sample)
        return _json(words, request)

    def legend(self, raster: Raster, request: Request) -> Answer:
        """``/legend``: what the colours of map and tiles mean, as JSON or as SVG."""
        params = request.params
        check_names(params, ("f", "lang", *PARAMETERS))
        found = self._store.densities.of(parse_density_request(params))
        format_ = params.get("f", "json")
        _check_format({"f": format_}, "json", "svg")
        headers = [("Content-Language", request.language), ("Cache-Control", sight())]
        if format_ == "svg":
            body = legend_svg(raster, found.breaks, request.language)
            return Answer(body.encode(), "image/svg+xml", 200, headers)
        document = legend_document(raster, found.breaks, request.language) | {"period": found.period}
        return Answer(orjson.dumps(document), "application/json", 200, headers)

    def _asked(self, request: Request) -> DensityRequest:
        """What map a tile is of; one query string is read once."""
        known = self._requests.get(request.query)
        if known is None:
            params = request.params
            check_names(params, ("f", "lang", *PARAMETERS, "transparent", "bgcolor"))
            _check_format(params, "png")
            _background(params)
            known = parse_density_request(params)
            self._requests.put(request.query, known)
        return known

    def _tiled(self, raster: Raster, request: Request) -> Tiled:
        """The tiles of the map that the query chooses."""
        chosen = {name: value for name, value in request.params.items() if name in PARAMETERS}
        parse_density_request(chosen)
        more = f"&{urlencode(chosen)}" if chosen else ""
        here = f"{self._base}/collections/{raster.id}/map/tiles"
        return Tiled(raster.id, raster.title, here, "map", PNG, "png", more)


def _painted(raster: Raster, found: DensityMap, piece: Piece, background: NDArray[np.uint8] | None) -> bytes:
    colours = palette(raster.ramp, found.breaks, raster.opacity)
    if background is not None:
        share = colours[:, 3:].astype(float) / 255
        colours[:, :3] = (colours[:, :3] * share + background * (1 - share)).round()
        colours[:, 3] = 255
    return png(indices(piece.values, found.breaks), colours)


def _background(params: dict[str, str]) -> NDArray[np.uint8] | None:
    """Colour below the map; None for none, which is the default unless a colour is named."""
    text, transparent = params.get("bgcolor"), params.get("transparent")
    if transparent is not None and transparent.lower() not in ("true", "false"):
        raise InvalidInput("query.value", parameter="transparent", value=transparent[:40], wanted="true, false")
    if text is None and transparent in (None, "true"):
        return None
    colour = _COLOUR.fullmatch(text or "ffffff")
    if colour is None:
        raise InvalidInput("raster.colour", value=(text or "")[:40])
    if (transparent or "false").lower() == "true":
        return None
    return np.array([int(colour[1][at : at + 2], 16) for at in (0, 2, 4)], dtype=np.uint8)


def _check_format(params: dict[str, str], *known: str) -> None:
    if params.get("f", known[0]) not in known:
        raise InvalidInput("app.format", format=params["f"][:40], known=", ".join(known))


def _json(words: object, request: Request) -> Answer:
    headers = [("Content-Language", request.language), ("Cache-Control", sight())]
    return Answer(orjson.dumps(words), "application/json", 200, headers)


