"""Mapbox GL styles from the catalogue: of one layer, and of the whole map.

Every URL is absolute and there is no sprite, because QGIS takes relative addresses without their port and fetches
sprites without the reader's key.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from config.styles.levels import LEVELS
from config.styles.raster_style import raster_source, raster_style
from layers.catalogue.layer import Layer
from layers.catalogue.raster import Raster

FONT = "Noto Sans Regular"
"""Named for QGIS and for front ends with glyphs of their own; ours are the same whichever name is asked for."""

BACKGROUND = "#f6f6f3"
INK = "#2b3440"
HALO = "#ffffff"
GREATEST_TILE_ZOOM = 16
"""A tile of zoom 16 holds 0.15 m a unit; deeper maps enlarge it instead of asking again."""

COUNTED_BELOW = 13
"""Below this zoom the tiles of cases carry counts of cells."""

_LABEL_FROM = {"grids": 13.5, "divisions": 9, "enforcement": 12, "service-points": 14}
DRAWN_FROM = {"cameras": 10, "service-points": 11}

_POLYGON = ["==", ["geometry-type"], "Polygon"]
_LINE = ["==", ["geometry-type"], "LineString"]
_POINT = ["==", ["geometry-type"], "Point"]


def layer_style(layer: Layer, base_url: str, language: str) -> list[dict[str, Any]]:
    """Layers of a Mapbox GL style that draw one layer of the catalogue.

    Parameters
    ----------
    layer : Layer
        What to draw.
    base_url : str
        Root of the service; here for the one signature of the styles, the layers themselves carry no address.
    language : str
        ``"zh"`` or ``"en"``, of the title in the metadata.

    Returns
    -------
    list of dict
        From the lowest to the topmost; source and source-layer are both the layer's id.
    """
    if layer.id == "divisions":
        drawn = _divisions(layer)
    elif layer.geometry_type == "Point":
        drawn = _points(layer)
    else:
        drawn = _areas(layer)
    if layer.geometry_type == "Geometry":
        drawn += _points(layer, [_POINT])
    drawn += _labels(layer)
    for value in layer.style.hidden:
        for entry in drawn:
            seen = ["!=", ["get", layer.style.by], value]
            entry["filter"] = ["all", entry["filter"], seen] if "filter" in entry else seen
    title = layer.title.in_(language)
    for entry in drawn:
        entry.update(source=layer.id)
        entry["source-layer"] = layer.id
        entry["metadata"] = {"wangge:layer": layer.id, "wangge:title": title}
    return drawn


def map_style(
    layers: Iterable[Layer], base_url: str, language: str, *, rasters: Iterable[Raster] = ()
) -> dict[str, Any]:
    """A whole Mapbox GL style, version 8.

    Parameters
    ----------
    layers : iterable of Layer
        What to draw; those without tiles are left out. Areas lie below lines, lines below points, whatever the order.
    base_url : str
        Root of the service without a slash at its end.
    language : str
        ``"zh"`` or ``"en"``.
    rasters : iterable of Raster
        Rasters to draw below everything else.
    """
    pictures = list(rasters)
    tiled = [layer for layer in layers if layer.tiles is not None]
    drawn = [entry for layer in tiled for entry in layer_style(layer, base_url, language)]
    return {
        "version": 8,
        "name": "网格" if language == "zh" else "Wangge",
        "metadata": {"wangge:language": language},
        "glyphs": f"{base_url}/assets/glyphs-{{range}}.pbf?font={{fontstack}}",
        "sources": {layer.id: source(layer, base_url) for layer in tiled}
        | {raster.id: raster_source(raster, base_url) for raster in pictures},
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": BACKGROUND}},
            *(raster_style(raster, language) for raster in pictures),
            # borders of divisions are borders of grids as well, and would vanish below theirs
            *sorted(drawn, key=lambda entry: (_RANK[entry["type"]], _is_border(entry))),
        ],
    }


def source(layer: Layer, base_url: str) -> dict[str, Any]:
    """The vector tiles of a layer as a source of a style; ``tiles`` itself, so that no second request is needed."""
    least, greatest = layer.tiles or (0, GREATEST_TILE_ZOOM)
    return {
        "type": "vector",
        "tiles": [f"{base_url}/collections/{layer.id}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?f=mvt"],
        "minzoom": least,
        "maxzoom": min(greatest, GREATEST_TILE_ZOOM),
    }


def _is_border(entry: dict[str, Any]) -> bool:
    return bool(entry["type"] == "line" and entry["source"] == "divisions")


_RANK = {"background": 0, "fill": 1, "line": 2, "circle": 3, "symbol": 4}


def colour_expression(layer: Layer) -> Any:
    """The colour of a feature: one colour, a ``match`` on a coded field, or a ``step`` on a number."""
    style = layer.style
    field = layer.field(style.by) if style.by else None
    if field is None or not style.colours:
        return style.colour
    value = ["get", field.name]
    if field.type in ("integer", "number"):
        steps = [part for low, colour in style.colours for part in (low, colour)]
        return ["step", ["to-number", value, 0], style.colour, *steps]
    return ["match", value, *[part for pair in style.colours for part in pair], style.colour]


def _areas(layer: Layer) -> list[dict[str, Any]]:
    style, colour = layer.style, colour_expression(layer)
    mixed = layer.geometry_type == "Geometry"
    fill: dict[str, Any] = {
        "id": f"{layer.id}-fill",
        "type": "fill",
        "paint": {"fill-color": colour, "fill-opacity": style.opacity},
    }
    line: dict[str, Any] = {
        "id": f"{layer.id}-line",
        "type": "line",
        "layout": {"line-join": "round"},
        "paint": {"line-color": colour, "line-width": _by_zoom(style.width * 0.3, style.width), "line-opacity": 0.9},
    }
    if style.by and isinstance(style.colours[0][0], str):
        # a class may lie within another, as a dedicated grid does, and is seen when it comes later
        ranked = style.colours[::-1] if style.first_on_top else style.colours
        order = [part for place, (value, _) in enumerate(ranked) for part in (value, place)]
        fill["layout"] = {"fill-sort-key": ["match", ["get", style.by], *order, 0]}
    if mixed:
        fill["filter"] = _POLYGON
        line["filter"] = ["any", _POLYGON, _LINE]
    return [fill, line]


def _divisions(layer: Layer) -> list[dict[str, Any]]:
    style = layer.style
    drawn: list[dict[str, Any]] = []
    colours = dict(style.colours)
    for level in LEVELS:
        width = style.width * level.share
        line = {
            "id": f"{layer.id}-{level.value}-line",
            "type": "line",
            "minzoom": level.zoom,
            "filter": ["==", ["get", "level"], level.value],
            "layout": {"line-join": "round"},
            "paint": {
                "line-color": colours[level.value],
                "line-width": _by_zoom(width * 0.6, width),
                "line-opacity": 0.9,
            },
        }
        drawn.insert(0, line)
    fill = {
        "id": f"{layer.id}-fill",
        "type": "fill",
        "filter": ["==", ["get", "level"], "township"],
        "paint": {"fill-color": style.colour, "fill-opacity": style.opacity},
    }
    return [fill, *drawn]


def _points(layer: Layer, only: list[Any] | None = None) -> list[dict[str, Any]]:
    style, colour = layer.style, colour_expression(layer)
    point: dict[str, Any] = {
        "id": f"{layer.id}-point",
        "type": "circle",
        "paint": {
            "circle-color": colour,
            "circle-opacity": style.opacity,
            "circle-radius": _by_zoom(max(style.width * 0.4, 1.2), style.width),
            "circle-stroke-color": HALO,
            "circle-stroke-width": _by_zoom(0, 1),
        },
    }
    if layer.id in DRAWN_FROM:
        point["minzoom"] = DRAWN_FROM[layer.id]
    counted = layer.id == "cases"
    conditions = [*(only or []), *([["!", ["has", "count"]]] if counted else [])]
    if conditions:
        point["filter"] = ["all", *conditions] if len(conditions) > 1 else conditions[0]
    return [*_counts(layer), point] if counted else [point]


def _counts(layer: Layer) -> list[dict[str, Any]]:
    """Cells with a count: areas shaded by it where the tile has areas, discs where it has points."""
    count = ["to-number", ["get", "count"], 0]
    return [
        {
            "id": f"{layer.id}-count-fill",
            "type": "fill",
            "maxzoom": COUNTED_BELOW,
            "filter": ["all", ["has", "count"], _POLYGON],
            "paint": {
                "fill-color": layer.style.colour,
                "fill-opacity": ["interpolate", ["linear"], ["ln", ["max", count, 1]], 0, 0.08, 8, 0.75],
            },
        },
        {
            "id": f"{layer.id}-count-point",
            "type": "circle",
            "maxzoom": COUNTED_BELOW,
            "filter": ["all", ["has", "count"], _POINT],
            "paint": {
                "circle-color": layer.style.colour,
                "circle-opacity": 0.55,
                "circle-radius": ["interpolate", ["linear"], ["ln", ["max", count, 1]], 0, 1.5, 4, 4, 8, 11],
            },
        },
    ]


def _labels(layer: Layer) -> list[dict[str, Any]]:
    style = layer.style
    if style.label is None or layer.field(style.label) is None:
        return []
    if layer.id == "divisions":
        return [
            _label(layer, "village", 13, ["==", ["get", "level"], "village"], 11, 0.75),
            _label(layer, "township", 9, ["==", ["get", "level"], "township"], 14, 1.0),
        ]
    label = _label(layer, None, _LABEL_FROM.get(layer.id, 12), None, 12, 1.0)
    if layer.geometry_type == "Point":
        label["layout"].update({"text-anchor": "top", "text-offset": [0, 0.7]})
    return [label]


def _label(
    layer: Layer, part: str | None, zoom: float, condition: list[Any] | None, size: float, opacity: float
) -> dict[str, Any]:
    label: dict[str, Any] = {
        "id": f"{layer.id}-{part}-label" if part else f"{layer.id}-label",
        "type": "symbol",
        "minzoom": zoom,
        "layout": {
            "text-field": ["to-string", ["get", layer.style.label]],
            "text-font": [FONT],
            "text-size": ["interpolate", ["linear"], ["zoom"], zoom, size - 1, zoom + 4, size + 2],
            "text-max-width": 9,
            "text-padding": 3,
        },
        "paint": {
            "text-color": layer.style.colour if layer.id == "divisions" else INK,
            "text-halo-color": HALO,
            "text-halo-width": 1.4,
            "text-opacity": opacity,
        },
    }
    if condition is not None:
        label["filter"] = condition
    return label


def _by_zoom(far: float, near: float) -> list[Any]:
    """A size in pixels that grows from ``far`` at zoom 9 to ``near`` at zoom 15."""
    return ["interpolate", ["linear"], ["zoom"], 9, round(far, 2), 15, round(near, 2)]
