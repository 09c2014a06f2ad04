"""Vector tiles: made once for each version of their layer and each scope of sight, then kept."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg2

from geo.errors import InvalidInput, NotFound
from layers.cache import BytesCache
from layers.catalogue.layer import Layer
from layers.database.database import Database
from layers.database.sqltext import Sql
from layers.database.versions import Versions, version_name
from layers.features.items_request import ItemsRequest
from layers.sight import sight_of
from layers.tiles.matrix import TileMatrixSet
from layers.tiles.query import tile_statement

_CACHE_BYTES = 256 * 1024 * 1024
_EMPTY = b"\x00"
"""Stands for an empty tile in the cache, which can't tell an absent entry from an empty one."""


@dataclass(frozen=True)
class Tile:
    """A tile as it goes out.

    Attributes
    ----------
    mvt : bytes
        Mapbox Vector Tile; empty where there is nothing.
    etag : str
        Changes with the layer's version, quoted.
    """

    mvt: bytes
    etag: str


class Tiles:
    """Makes and keeps tiles of one database.

    Parameters
    ----------
    database : Database
        Logged in as the service.
    versions : Versions
        Tells when a layer changes; while it knows nothing, every tile is made anew.
    """

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions
        self._kept = BytesCache(_CACHE_BYTES)

    def etag(self, layer: Layer) -> str | None:
        """ETag of every tile of a layer as the current identity sees it; None when versions are not known."""
        version = self._versions.of(version_name(layer))
        return None if version is None else f'"{version:x}-{sight_of(layer)}"'

    def tile(
        self, layer: Layer, matrix: TileMatrixSet, zoom: int, row: int, column: int, request: ItemsRequest, asked: str
    ) -> Tile:
        """One tile.

        Parameters
        ----------
        asked : str
            What of the address chooses the features: tiles of other filters are other tiles.

        Raises
        ------
        NotFound
            When the matrix or the layer has no such tile.
        """
        etag = self.etag(layer)
        key = (layer.id, matrix.id, zoom, row, column, asked, etag)
        if etag is not None:
            kept = self._kept.get(key)
            if kept is not None:
                return Tile(b"" if kept == _EMPTY else kept, etag)
        if layer.tiles is None or not layer.tiles[0] <= zoom <= layer.tiles[1]:
            raise NotFound("tile.zoom", layer=layer.id, zoom=zoom)
        statement = tile_statement(layer, matrix, zoom, row, column, request)
        # the version of the same snapshot as the tile: a change between the two can't be kept under the older version
        both = (
            Sql("select (")
            + statement
            + Sql("), (select version from wangge.layer_versions where layer = %s::text)", (version_name(layer),))
        )
        try:
            made, version = self._database.fetch(both.text, both.values)[0]
        except psycopg2.errors.QueryCanceled as error:
            raise InvalidInput("query.too-long") from error
        except (psycopg2.DataError, psycopg2.errors.InternalError_) as error:
            raise InvalidInput("query.data", reason=str(error).splitlines()[0][:200]) from error
        mvt = bytes(made or b"")
        fresh = f'"{version or 0:x}-{sight_of(layer)}"'
        if etag is not None:
            self._kept.put((*key[:-1], fresh), mvt or _EMPTY)
        return Tile(mvt, fresh)

