"""Our coverage provider for pygeoapi, for its pages and descriptions; the app's own routes serve what is in it."""

from __future__ import annotations

from typing import Any

from pygeoapi.provider.base import BaseProvider

from geo.errors import Conflict
from layers.catalogue.catalogue import RASTERS
from layers.rasters.asked import Asked
from layers.rasters.geotiff import write_cog
from layers.rasters.reading import cut
from layers.rasters.request import DensityRequest
from layers.store import bound_store


class RasterProvider(BaseProvider):
    """A raster of the catalogue."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)  # type: ignore[no-untyped-call]
        self.raster = RASTERS[provider_def["data"]]
        self._coverage_properties: dict[str, Any] = {"width": 0, "height": 0, "resx": 0, "resy": 0}
        try:
            _, grid, _ = bound_store().densities.ground()
        except Conflict:
            return  # no city yet; a page that lists collections must stand all the same
        self._coverage_properties = {
            "width": grid.columns, "height": grid.rows, "resx": grid.cell_m, "resy": grid.cell_m,
        }  # fmt: skip

    def get_fields(self) -> dict[str, Any]:
        """The one value of a cell, as pygeoapi describes fields."""
        value = self.raster.value
        return {value.name: {"type": "number", "title": value.title.en, "x-ogc-unit": value.unit}}

    def query(self, **_asked: Any) -> bytes:
        """The whole coverage; what clients ask of it is read by the app's own routes."""
        found = bound_store().densities.of(DensityRequest())
        piece = cut(found.tif, found.described, Asked())
        return write_cog(piece.values, piece.place, piece.srid, self.raster, {})
