"""The page ``/map``: every layer of the catalogue over vector tiles, without a base map from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from config.style import COUNTED_BELOW, map_style
from config.templating import render
from config.values import UNITS
from layers.layer import Layer
from layers.texts import texts

SHOWN_AT_FIRST = ("divisions", "grids")
CHINA = (73.0, 3.0, 136.0, 54.0)


def map_page(
    layers: Iterable[Layer],
    base_url: str,
    language: str,
    *,
    bounds: Sequence[float] | None = None,
    basemap: str | None = None,
    basemap_attribution: str = "",
    staff: bool = False,
) -> str:
    """HTML of the map page.

    Parameters
    ----------
    layers : iterable of Layer
        Layers to offer, in the order of the list; those without tiles are left out.
    base_url : str
        Root of the service without a slash at its end.
    language : str
        ``"zh"`` or ``"en"``.
    bounds : sequence of float, optional
        The city's extent: west, south, east, north in degrees.
    basemap : str, optional
        Address of raster tiles of Web Mercator with ``{z}``, ``{x}`` and ``{y}`` to draw under the layers. None draws
        nothing that the service doesn't have itself.
    basemap_attribution : str
        Whose base map it is.
    staff : bool
        Whether the reader has shown a key with the request for the page itself, so that layers for staff are open to
        them without entering one.
    """
    offered = [layer for layer in layers if layer.tiles is not None]
    data = {
        "layers": offered,
        "shown": SHOWN_AT_FIRST,
        "settings": {
            "base": base_url,
            "language": language,
            "style": map_style(offered, base_url, language),
            "bounds": list(bounds or CHINA),
            "basemap": {"url": basemap, "attribution": basemap_attribution} if basemap else None,
            "staff": staff,
            "countedBelow": COUNTED_BELOW,
            "layers": [_described(layer, language) for layer in offered],
            "words": {
                key.removeprefix("map."): text.in_(language) for key, text in texts().items() if key.startswith("map.")
            },
        },
    }
    return render("map.html", data, language, base_url)


def _described(layer: Layer, language: str) -> dict[str, Any]:
    """What the scripts know of a layer: words for its popups, and which property is the feature's id."""
    return {
        "id": layer.id,
        "title": layer.title.in_(language),
        "staff": layer.readers == "staff",
        "timed": layer.id in ("cases", "case-heat"),
        # tiles carry few fields: a code stands in for an id that is made from it
        "idField": next((name for name in (layer.id_field, "code") if name in layer.tile_fields), None),
        "colours": {str(value): colour for value, colour in layer.style.colours} if layer.style.by else {},
        "fields": [
            {
                "name": field.name,
                "title": field.title.in_(language),
                "type": field.type,
                "unit": UNITS.get(field.unit or "", field.unit or ""),
                "values": {value: meaning.in_(language) for value, meaning in field.values},
            }
            for field in layer.fields
        ],
    }
