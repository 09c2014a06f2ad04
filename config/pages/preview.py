"""What the small maps on the pages draw: a layer's tiles, or the features that a page lists."""

from __future__ import annotations

from typing import Any

from config.styles.mapbox import INK, layer_style, map_style
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.catalogue.raster import Raster

_ORIENTATION = "divisions"
"""Lies under every small map: with no base map, outlines say where one is."""

_PLAIN_COLOUR = "#0f6e84"


def preview(
    layer: Layer | None,
    *,
    base_url: str,
    language: str,
    features: list[dict[str, Any]] | None = None,
    bbox: list[float] | None = None,
    raster: Raster | None = None,
) -> dict[str, Any]:
    """Data of a small map.

    Parameters
    ----------
    layer : Layer or None
        Whose style to draw with; None draws in one plain colour.
    base_url : str
        Root of the service.
    language : str
        ``"zh"`` or ``"en"``.
    features : list of dict, optional
        GeoJSON features in CRS84; without them the layer's tiles are drawn.
    bbox : list of float, optional
        Extent to show as west, south, east, north in degrees; with features, theirs.
    raster : Raster, optional
        Drawn below everything else.
    """
    below = [CATALOGUE[_ORIENTATION]] if layer is None or layer.id != _ORIENTATION or features is not None else []
    style = map_style(below, base_url, language, rasters=[raster] if raster else [])
    if features is None:
        if layer is not None and layer.tiles is not None:
            style = map_style([*below, layer], base_url, language)
    else:
        drawn = _plain() if layer is None else layer_style(layer, base_url, language)
        style["sources"]["features"] = {"type": "geojson", "data": {"type": "FeatureCollection", "features": features}}
        for entry in drawn:
            # Few features need no thinning out by zoom, and a second layer of the same name would replace the first.
            entry.pop("source-layer", None)
            entry.pop("minzoom", None)
            entry.update(source="features", id=f"features-{entry['id']}")
        style["layers"] += drawn
    return {"style": style, "bbox": bbox, "base": base_url}


def _plain() -> list[dict[str, Any]]:
    def only(kind: str) -> list[Any]:
        return ["==", ["geometry-type"], kind]

    return [
        {
            "id": "fill",
            "type": "fill",
            "filter": only("Polygon"),
            "paint": {"fill-color": _PLAIN_COLOUR, "fill-opacity": 0.2},
        },
        {"id": "line", "type": "line", "paint": {"line-color": _PLAIN_COLOUR, "line-width": 1.5}},
        {
            "id": "point",
            "type": "circle",
            "filter": only("Point"),
            "paint": {"circle-color": _PLAIN_COLOUR, "circle-radius": 5, "circle-stroke-color": INK},
        },
    ]
