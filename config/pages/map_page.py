"""The page ``/map``: every layer of the catalogue over vector tiles, without a base map from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from config.pages.basemap import NO_BASEMAP, Basemap
from config.pages.templating import page_context, render
from config.pages.values import UNITS
from config.styles.mapbox import COUNTED_BELOW, map_style
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.findings import FINDINGS
from layers.catalogue.layer import Layer
from layers.catalogue.raster import Raster
from layers.heat.public import publishing
from layers.texts import say, texts

_HEADINGS = ("name", "type_name", "cell_code", "grid_code", "operation", "kind", "id", "code")
SHOWN_AT_FIRST = ("divisions", "grids")
CHINA = (73.0, 3.0, 136.0, 54.0)


def map_page(
    base_url: str,
    language: str,
    *,
    layers: Iterable[Layer] = tuple(CATALOGUE.values()),
    rasters: Iterable[Raster] = tuple(RASTERS.values()),
    basemap: Basemap = NO_BASEMAP,
) -> str:
    """HTML of the map page; its city and reader come from the page context.

    Parameters
    ----------
    base_url : str
        Root of the service without a slash at its end.
    language : str
        ``"zh"`` or ``"en"``.
    layers : iterable of Layer
        Layers to offer, in the order of the list; those without tiles are left out.
    rasters : iterable of Raster
        Rasters to offer after these.
    basemap : Basemap
        What to draw below the layers. Without one nothing is drawn that the service doesn't have itself.
    """
    context = page_context()
    city, identity = context.get("city") or {}, context.get("identity") or {}
    # the working copy is for those who edit it: to others it would only double the grids
    editing = identity.get("role") in ("editor", "admin")
    offered = [layer for layer in layers if layer.tiles is not None and (editing or layer.readers != "editor")]
    pictures = list(rasters)
    data = {
        "layers": offered,
        "rasters": pictures,
        "settings": {
            "base": base_url,
            "language": language,
            "style": map_style(offered, base_url, language, rasters=pictures),
            "shown": [*SHOWN_AT_FIRST, "basemap"],
            "bounds": list(city.get("bbox") or CHINA),
            "basemap": {"tiles": basemap.tiles, "attribution": basemap.attribution} if basemap.tiles else None,
            # a browser that sent Basic with the page sends it with every tile, so no key has to be entered
            "staff": identity.get("role", "public") != "public",
            "countedBelow": COUNTED_BELOW,
            "layers": [_described(layer, language) for layer in offered],
            "rasters": [
                {"id": raster.id, "title": raster.title.in_(language), "timed": True, "keyed": True}
                for raster in pictures
            ],
            "words": {
                key.removeprefix("map."): text.in_(language) for key, text in texts().items() if key.startswith("map.")
            }
            | {"released": say("map.released", language, least=publishing().least_count)},
        },
    }
    return render("map.html", data, language, base_url)


def _described(layer: Layer, language: str) -> dict[str, Any]:
    """What the scripts know of a layer: words for its popups, and which property is the feature's id."""
    return {
        "id": layer.id,
        "title": layer.title.in_(language),
        "staff": layer.readers != "public",
        # whether a key shows other rows of it
        "keyed": layer.row_rule != "true",
        "timed": layer.id in ("cases", "case-heat"),
        # whether its areas are coloured by how much happened there
        "amounts": layer.id in ("case-heat", "hot-spots"),
        # whether it has borders of any day
        "dated": layer.dated,
        # tiles carry few fields: a code stands in for an id that is made from it
        "idField": next((name for name in (layer.id_field, "code") if name in layer.tile_fields), None),
        # what a feature is called in its popup, the first of these that it has
        "headings": [name for name in _HEADINGS if name in layer.tile_fields],
        # a text that is there in both languages is shown in one, and what only chooses a colour repeats other fields
        "unsaid": [
            field.name
            for field in layer.fields
            if _in_the_other(field.name, layer, language) or (layer.id == FINDINGS.id and field.name == layer.style.by)
        ],
        "decide": layer.id == FINDINGS.id,
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


def _in_the_other(name: str, layer: Layer, language: str) -> bool:
    """Whether a field holds what another one says in the reader's language."""
    return name.endswith("_en") if language == "zh" else f"{name}_en" in layer.names
