"""Symbols and labels as QGIS writes them."""

from __future__ import annotations

from typing import Literal
from xml.etree.ElementTree import Element, SubElement

from layers.catalogue.layer import Layer

SymbolType = Literal["marker", "line", "fill"]
MM_PER_PIXEL = 0.26


def symbol_of(name: str, kind: SymbolType, colour: str, layer: Layer) -> Element:
    """A symbol of a layer in one colour; ``name`` is what the renderer calls it."""
    style = layer.style
    width = f"{max(style.width, 0.4) * MM_PER_PIXEL:.2f}"
    symbol = Element("symbol", type=kind, name=name, alpha="1", clip_to_extent="1")
    if kind == "marker":
        options = {
            "name": "circle",
            "color": rgba(colour, style.opacity),
            "outline_color": "255,255,255,255",
            "outline_width": "0.2",
            "size": f"{style.width * 2 * MM_PER_PIXEL:.2f}",
            "size_unit": "MM",
        }
        symbol_layer(symbol, "SimpleMarker", options)
        if layer.field("azimuth_deg"):
            _direction(symbol, colour)
    elif kind == "line":
        symbol_layer(
            symbol, "SimpleLine", {"line_color": rgba(colour, 0.9), "line_width": width, "joinstyle": "round"}
        )
    else:
        options = {
            "color": rgba(colour, style.opacity),
            "style": "solid",
            "outline_color": rgba(colour, 0.9),
            "outline_width": width,
            "outline_style": "solid",
            "joinstyle": "round",
        }
        symbol_layer(symbol, "SimpleFill", options)
    return symbol


def _direction(symbol: Element, colour: str) -> None:
    """An arrow that turns with the camera's azimuth; the circle alone stays where it is unknown."""
    options = {
        "name": "arrow",
        "color": rgba(colour, 0.9),
        "outline_color": "255,255,255,255",
        "outline_width": "0.1",
        "size": "3.4",
        "offset": "0,-2.2",
    }
    part = symbol_layer(symbol, "SimpleMarker", options)
    defined = SubElement(SubElement(part, "data_defined_properties"), "Option", type="Map")
    SubElement(defined, "Option", name="name", value="", type="QString")
    properties = SubElement(defined, "Option", name="properties", type="Map")
    for name, expression in (("angle", '"azimuth_deg"'), ("enabled", '"azimuth_deg" is not null')):
        one = SubElement(properties, "Option", name=name, type="Map")
        SubElement(one, "Option", name="active", value="true", type="bool")
        SubElement(one, "Option", name="expression", value=expression, type="QString")
        SubElement(one, "Option", name="type", value="3", type="int")
    SubElement(defined, "Option", name="type", value="collection", type="QString")


def symbol_layer(symbol: Element, kind: str, options: dict[str, str]) -> Element:
    """One layer of a symbol."""
    part = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    listed = SubElement(part, "Option", type="Map")
    for name, value in options.items():
        SubElement(listed, "Option", name=name, value=value, type="QString")
        # QGIS before 3.26 may read the older form of the same.
        SubElement(part, "prop", k=name, v=value)
    return part


def labeling(field: str, kind: SymbolType) -> Element:
    """Labels of one field, written when the map is near."""
    root = Element("labeling", type="simple")
    root.append(label_settings(field, "6" if kind == "marker" else "1", 40_000, 9))
    return root


def label_settings(field: str, placement: str, least_scale: int, size: int) -> Element:
    """How labels look, where they stand (6 around a point by preference, 1 over an area) and from which scale on."""
    settings = Element("settings", calloutType="simple")
    text = SubElement(
        settings,
        "text-style",
        fieldName=field,
        isExpression="0",
        fontSize=str(size),
        fontSizeUnit="Point",
        textColor="43,52,64,255",
        textOpacity="1",
    )
    SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor="255,255,255,220"
    )
    SubElement(settings, "placement", placement=placement, dist="1", distUnits="MM")
    SubElement(
        settings, "rendering", scaleVisibility="1", scaleMin="0", scaleMax=str(least_scale), obstacle="1",
        displayAll="0",
    )  # fmt: skip
    return settings


def rgba(colour: str, opacity: float) -> str:
    """A colour as QGIS writes it, from ``#rrggbb`` and an opacity of 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"
