"""QGIS layer styles (.qml) from the catalogue: colours, labels, Chinese field names and the meaning of coded values."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from config.styles.legend import legend
from layers.catalogue.layer import Field, Layer

SymbolType = Literal["marker", "line", "fill"]
_SYMBOL: dict[str, SymbolType] = {
    "Point": "marker",
    "Polygon": "fill",
    "MultiPolygon": "fill",
    # QGIS opens a mixed collection as one layer a geometry type; most findings are areas.
    "Geometry": "fill",
}
_WKB_TYPE = {"marker": "0", "line": "1", "fill": "2"}
_UNBOUNDED = 1e15
_MM_PER_PIXEL = 0.26


def layer_qml(layer: Layer, language: str, symbol: SymbolType | None = None) -> str:
    """The style of a layer as QGIS saves one.

    Parameters
    ----------
    layer : Layer
        A layer of the catalogue.
    language : str
        ``"zh"`` or ``"en"``, of aliases, meanings and legend.
    symbol : str, optional
        ``marker``, ``line`` or ``fill`` for one part of a layer with mixed geometry.

    Returns
    -------
    str
        An XML document; also what a PostGIS table ``layer_styles`` takes in its column ``styleQML``.
    """
    kind = symbol or _SYMBOL[layer.geometry_type]
    root = Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling|Fields|Forms")
    root.append(_renderer(layer, language, kind))
    if layer.style.label:
        root.append(_labeling(layer.style.label, kind))
    SubElement(root, "layerGeometryType").text = _WKB_TYPE[kind]
    _fields(root, layer, language)
    indent(root, " ")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode") + "\n"


def _renderer(layer: Layer, language: str, kind: SymbolType) -> Element:
    style, entries = layer.style, legend(layer, language)
    field = layer.field(style.by) if style.by else None
    if field is None:
        renderer = Element("renderer-v2", type="singleSymbol", forceraster="0")
        symbols = SubElement(renderer, "symbols")
        symbols.append(_symbol("0", kind, style.colour, layer))
        return renderer
    if field.type in ("integer", "number"):
        renderer = Element("renderer-v2", type="graduatedSymbol", attr=field.name, graduatedMethod="GraduatedColor")
        ranges, symbols = SubElement(renderer, "ranges"), SubElement(renderer, "symbols")
        bounds = [float(low) for low, _ in style.colours] + [_UNBOUNDED]
        for number, ((low, high), entry) in enumerate(zip(pairwise(bounds), entries, strict=True)):
            SubElement(
                ranges,
                "range",
                lower=f"{low:f}",
                upper=f"{high:f}",
                symbol=str(number),
                label=entry.label,
                render="true",
            )
            symbols.append(_symbol(str(number), kind, entry.colour, layer))
        return renderer
    renderer = Element("renderer-v2", type="categorizedSymbol", attr=field.name)
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for number, ((value, colour), entry) in enumerate(zip(style.colours, entries, strict=True)):
        SubElement(categories, "category", value=str(value), symbol=str(number), label=entry.label, render="true")
        symbols.append(_symbol(str(number), kind, colour, layer))
    # The category without a value takes whatever has no colour of its own.
    SubElement(categories, "category", value="", symbol=str(len(entries)), label="", render="true")
    symbols.append(_symbol(str(len(entries)), kind, style.colour, layer))
    return renderer


def _symbol(name: str, kind: SymbolType, colour: str, layer: Layer) -> Element:
    style = layer.style
    width = f"{max(style.width, 0.4) * _MM_PER_PIXEL:.2f}"
    symbol = Element("symbol", type=kind, name=name, alpha="1", clip_to_extent="1")
    if kind == "marker":
        options = {
            "name": "circle",
            "color": _rgba(colour, style.opacity),
            "outline_color": "255,255,255,255",
            "outline_width": "0.2",
            "size": f"{style.width * 2 * _MM_PER_PIXEL:.2f}",
            "size_unit": "MM",
        }
        _symbol_layer(symbol, "SimpleMarker", options)
        if layer.field("azimuth_deg"):
            _direction(symbol, colour)
    elif kind == "line":
        _symbol_layer(
            symbol, "SimpleLine", {"line_color": _rgba(colour, 0.9), "line_width": width, "joinstyle": "round"}
        )
    else:
        options = {
            "color": _rgba(colour, style.opacity),
            "style": "solid",
            "outline_color": _rgba(colour, 0.9),
            "outline_width": width,
            "outline_style": "solid",
            "joinstyle": "round",
        }
        _symbol_layer(symbol, "SimpleFill", options)
    return symbol


def _direction(symbol: Element, colour: str) -> None:
    """An arrow that turns with the camera's azimuth; the circle alone stays where it is unknown."""
    options = {
        "name": "arrow",
        "color": _rgba(colour, 0.9),
        "outline_color": "255,255,255,255",
        "outline_width": "0.1",
        "size": "3.4",
        "offset": "0,-2.2",
    }
    part = _symbol_layer(symbol, "SimpleMarker", options)
    defined = SubElement(SubElement(part, "data_defined_properties"), "Option", type="Map")
    SubElement(defined, "Option", name="name", value="", type="QString")
    properties = SubElement(defined, "Option", name="properties", type="Map")
    for name, expression in (("angle", '"azimuth_deg"'), ("enabled", '"azimuth_deg" is not null')):
        one = SubElement(properties, "Option", name=name, type="Map")
        SubElement(one, "Option", name="active", value="true", type="bool")
        SubElement(one, "Option", name="expression", value=expression, type="QString")
        SubElement(one, "Option", name="type", value="3", type="int")
    SubElement(defined, "Option", name="type", value="collection", type="QString")


def _symbol_layer(symbol: Element, kind: str, options: dict[str, str]) -> Element:
    part = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    listed = SubElement(part, "Option", type="Map")
    for name, value in options.items():
        SubElement(listed, "Option", name=name, value=value, type="QString")
        # QGIS before 3.26 may read the older form of the same.
        SubElement(part, "prop", k=name, v=value)
    return part


def _labeling(field: str, kind: SymbolType) -> Element:
    labeling = Element("labeling", type="simple")
    settings = SubElement(labeling, "settings", calloutType="simple")
    text = SubElement(
        settings,
        "text-style",
        fieldName=field,
        isExpression="0",
        fontSize="9",
        fontSizeUnit="Point",
        textColor="43,52,64,255",
        textOpacity="1",
    )
    SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor="255,255,255,220"
    )
    # 6 places a label around its point by preference, 1 over the middle of an area.
    SubElement(settings, "placement", placement="6" if kind == "marker" else "1", dist="1", distUnits="MM")
    SubElement(settings, "rendering", scaleVisibility="1", scaleMin="0", scaleMax="40000", obstacle="1", displayAll="0")
    return labeling


def _fields(root: Element, layer: Layer, language: str) -> None:
    configuration = SubElement(root, "fieldConfiguration")
    aliases = SubElement(root, "aliases")
    for index, field in enumerate(layer.fields):
        title = _with_unit(field, language)
        SubElement(aliases, "alias", field=field.name, index=str(index), name=title)
        if field.values:
            widget = SubElement(SubElement(configuration, "field", name=field.name), "editWidget", type="ValueMap")
            options = SubElement(SubElement(widget, "config"), "Option", type="Map")
            meanings = SubElement(options, "Option", name="map", type="List")
            for value, meaning in field.values:
                pair = SubElement(meanings, "Option", type="Map")
                SubElement(pair, "Option", name=meaning.in_(language), value=value, type="QString")
    shown = layer.style.label or next((name for name in ("name", "code") if layer.field(name)), layer.fields[0].name)
    SubElement(root, "previewExpression").text = f'"{shown}"'


def _with_unit(field: Field, language: str) -> str:
    unit = {"m2": "m²", "deg": "°"}.get(field.unit or "", field.unit or "")
    title = field.title.in_(language)
    if not unit:
        return title
    return f"{title}（{unit}）" if language == "zh" else f"{title} ({unit})"


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"
