"""Rasters in a Mapbox GL style: their map tiles as they come, colours and opacity in them."""

from __future__ import annotations

from typing import Any

from layers.catalogue.raster import Raster

GREATEST_RASTER_ZOOM = 14
"""A pixel of zoom 14 is 8 m: cells of 50 m have nothing finer, and deeper maps enlarge it instead of asking again."""


def raster_source(raster: Raster, base_url: str) -> dict[str, Any]:
    """The map tiles of a raster as a source of a style."""
    return {
        "type": "raster",
        "tiles": [f"{base_url}/collections/{raster.id}/map/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?f=png"],
        "tileSize": 256,
        "minzoom": raster.tiles[0],
        "maxzoom": min(raster.tiles[1], GREATEST_RASTER_ZOOM),
    }


def raster_style(raster: Raster, language: str) -> dict[str, Any]:
    """The layer of a style that draws a raster; its opacity is in the tiles."""
    return {
        "id": f"{raster.id}-raster",
        "type": "raster",
        "source": raster.id,
        "paint": {"raster-fade-duration": 0},
        "metadata": {"wangge:layer": raster.id, "wangge:title": raster.title.in_(language)},
    }
