"""Every address below the collection of a raster."""

from __future__ import annotations

import orjson

from config.styles.mapbox import map_style
from config.web.coverage_routes import CoverageRoutes
from config.web.http import Answer, Request
from config.web.map_routes import MapRoutes
from geo.errors import InvalidInput, NeedsKey, NotFound
from layers.catalogue.catalogue import RASTERS
from layers.catalogue.raster import Raster
from layers.identity import current
from layers.store import Store
from layers.tiles.matrix import tile_matrix_set


class RasterRoutes:
    """What is served of rasters beside pygeoapi's description of them.

    Parameters
    ----------
    store : Store
        Where rasters come from.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._base = base_url
        self._coverages = CoverageRoutes(store)
        self._maps = MapRoutes(store, base_url)

    def answer(self, id_: str, rest: list[str], request: Request) -> Answer | None:
        """The answer of ``/collections/{id}/...``; None for the collection itself, which pygeoapi represents."""
        raster = readable_raster(id_)
        match rest:
            case []:
                return None
            case ["map", "tiles", matrix, zoom, row, column]:
                return self._maps.tile(raster, matrix, zoom, row, column, request)
            case ["coverage"]:
                return self._coverages.coverage(raster, request)
            case ["map"]:
                return self._maps.map(raster, request)
            case ["map", "tiles"]:
                return self._maps.tilesets(raster, request)
            case ["map", "tiles", matrix]:
                return self._maps.tileset(raster, tile_matrix_set(matrix), request)
            case ["map", "tiles", matrix, "metadata"]:
                return self._maps.tilejson(raster, tile_matrix_set(matrix), request)
            case ["legend"]:
                return self._maps.legend(raster, request)
            case ["schema"]:
                return self._coverages.schema(raster, request, self._base)
            case ["style"]:
                return self._style(raster, request)
        raise NotFound("app.not-found", path=request.path[:200])

    def _style(self, raster: Raster, request: Request) -> Answer:
        """``/style``: the map tiles in a Mapbox GL style."""
        format_ = request.params.get("f", "mapbox")
        if format_ not in ("mapbox", "json"):
            raise InvalidInput("app.format", format=format_[:40], known="mapbox")
        style = map_style([], self._base, request.language, rasters=[raster])
        return Answer(
            orjson.dumps(style), "application/vnd.mapbox.style+json", 200, [("Cache-Control", "no-cache")]
        )


def readable_raster(id_: str) -> Raster:
    """The raster of that id, if the current identity may read it.

    Raises
    ------
    NeedsKey
        When it is not for the public.
    """
    raster = RASTERS[id_]
    if not current().reaches(raster.readers):
        raise NeedsKey("key.needed", layer=id_)
    return raster
