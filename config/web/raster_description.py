"""What ``/collections/{id}`` says of a raster: its cells, its extent, its links."""

from __future__ import annotations

from typing import Any

from config.web.coverage_routes import GEOTIFF
from config.web.map_routes import PNG
from geo.crs import axes_inverted, uri_of
from geo.errors import Conflict
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.raster import Raster
from layers.features.items_request import offered_crs
from layers.features.moments import moment_text
from layers.identity import current
from layers.rasters.source import SOURCE_LAYERS, audience_of
from layers.store import Store
from layers.texts import say

_REL = "http://www.opengis.net/def/rel/ogc/1.0"


def raster_description(
    raster: Raster, described: dict[str, Any], store: Store, base_url: str, language: str
) -> dict[str, Any]:
    """A collection's description in the place of pygeoapi's, whose title, words and keywords stay.

    Parameters
    ----------
    described : dict
        pygeoapi's.
    """
    city = store.city()
    extent: dict[str, Any] = {"spatial": {"bbox": described["extent"]["spatial"]["bbox"]}}
    if city.box is not None:
        extent["spatial"]["bbox"] = [list(city.box)]
    storage = uri_of(city.metric_srid)
    try:
        _, grid, _ = store.densities.ground()
    except Conflict:
        grid = None
    if grid is not None:
        west, south, east, north = grid.bounds
        half = grid.cell_m / 2
        across = {"cellsCount": grid.columns, "resolution": grid.cell_m, "firstCoordinate": west + half}
        down = {"cellsCount": grid.rows, "resolution": -grid.cell_m, "firstCoordinate": north - half}
        inverted = axes_inverted(storage)
        extent["spatial"] |= {
            "storageCrsBbox": [[south, west, north, east] if inverted else [west, south, east, north]],
            "grid": [down, across] if inverted else [across, down],
        }
    # its time is that of the layer that it is made from, as who asks sees it
    bounds = store.features.bounds(CATALOGUE[SOURCE_LAYERS[audience_of(current())][0]])
    if any(bounds.times):
        extent["temporal"] = {"interval": [[moment_text(edge) for edge in bounds.times]]}
    return {
        "id": raster.id,
        "title": described["title"],
        "description": described["description"],
        "keywords": described.get("keywords", []),
        "dataType": "coverage",
        "extent": extent,
        "crs": list(offered_crs(city.metric_srid)),
        "storageCrs": storage,
        "links": _links(raster, base_url, language),
    }


def _links(raster: Raster, base_url: str, language: str) -> list[dict[str, Any]]:
    here = f"{base_url}/collections/{raster.id}"
    listed = (
        ("self", "application/json", "self", f"{here}?f=json"),
        ("alternate", "text/html", "page", f"{here}?f=html"),
        (f"{_REL}/coverage", GEOTIFF, "coverage", f"{here}/coverage?f=geotiff"),
        (f"{_REL}/schema", "application/schema+json", "schema", f"{here}/schema?f=json"),
        (f"{_REL}/map", PNG, "map", f"{here}/map?f=png"),
        (f"{_REL}/tilesets-map", "application/json", "tiles", f"{here}/map/tiles?f=json"),
        (f"{_REL}/legend", "image/svg+xml", "legend", f"{here}/legend?f=svg"),
        (f"{_REL}/legend", "application/json", "legend", f"{here}/legend?f=json"),
        (f"{_REL}/styles", "application/vnd.mapbox.style+json", "style", f"{here}/style?f=mapbox"),
    )
    return [
        {"rel": rel, "type": type_, "title": say(f"raster.link.{title}", language), "href": href}
        for rel, type_, title, href in listed
    ]
