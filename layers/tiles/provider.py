"""Our tile provider for pygeoapi: its pages and links come from the tile matrix sets that the hot routes serve."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pygeoapi.provider.tile import BaseTileProvider

from geo.crs import uri_of
from layers.catalogue.catalogue import CATALOGUE
from layers.features.items_request import ItemsRequest
from layers.store import bound_store
from layers.tiles.matrix import TILE_MATRIX_SETS, tile_matrix_set


class TileProvider(BaseTileProvider):
    """Vector tiles of one layer of the catalogue."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)  # type: ignore[no-untyped-call]
        self.layer = CATALOGUE[provider_def["data"]]
        self.tile_type = "vector"

    def get_layer(self) -> str:
        """The layer's id, which is the layer's name in its tiles."""
        return self.layer.id

    def get_fields(self) -> dict[str, Any]:
        """Tile fields are described by TileJSON."""
        return {}

    def get_tiling_schemes(self) -> list[SimpleNamespace]:
        """The tile matrix sets, in the form of pygeoapi's own."""
        return [
            SimpleNamespace(tileMatrixSet=matrix.id, tileMatrixSetURI=matrix.uri or matrix.id, crs=uri_of(matrix.srid))
            for matrix in TILE_MATRIX_SETS.values()
        ]

    def get_tiles_service(
        self,
        baseurl: str | None = None,
        servicepath: str | None = None,
        dirpath: str | None = None,
        tile_type: str | None = None,
    ) -> dict[str, Any]:
        """Link to the tiles as a template."""
        return {"links": [{"type": self.mimetype, "rel": "item", "title": self.layer.title.en, "href": servicepath}]}

    def get_tiles(
        self,
        layer: str | None = None,
        tileset: str | None = None,
        z: Any = None,
        y: Any = None,
        x: Any = None,
        format_: Any = None,
    ) -> bytes | None:
        """One tile; None for an empty one."""
        matrix = tile_matrix_set(tileset or "")
        tile = bound_store().tiles.tile(self.layer, matrix, int(z), int(y), int(x), ItemsRequest(), "")
        return tile.mvt or None
