"""QGIS layer styles (.qml) from the catalogue: colours, labels, Chinese field names and the meaning of coded values."""

from __future__ import annotations

from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from config.styles.legend import legend
from config.styles.qml_levels import levels_labeling, levels_renderer
from config.styles.qml_symbols import SymbolType, labeling, symbol_of
from layers.catalogue.layer import Field, Layer
from layers.texts import say

_SYMBOL: dict[str, SymbolType] = {
    "Point": "marker",
    "Polygon": "fill",
    "MultiPolygon": "fill",
    # QGIS opens a mixed collection as one layer a geometry type; most findings are areas.
    "Geometry": "fill",
}
_WKB_TYPE = {"marker": "0", "line": "1", "fill": "2"}
_UNBOUNDED = 1e15


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
    if layer.id == "divisions":
        root.extend((levels_renderer(layer, language), levels_labeling(layer)))
    else:
        root.append(_renderer(layer, language, kind))
        if layer.style.label:
            root.append(labeling(layer.style.label, kind))
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
        symbols.append(symbol_of("0", kind, style.colour, layer))
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
            symbols.append(symbol_of(str(number), kind, entry.colour, layer))
        return renderer
    renderer = Element("renderer-v2", type="categorizedSymbol", attr=field.name)
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for number, ((value, colour), entry) in enumerate(zip(style.colours, entries, strict=True)):
        SubElement(categories, "category", value=str(value), symbol=str(number), label=entry.label, render="true")
        symbols.append(symbol_of(str(number), kind, colour, layer))
    meanings = {value: meaning.in_(language) for value, meaning in field.values}
    rest = str(len(entries))
    for value in style.hidden:
        label = meanings.get(value, value)
        SubElement(categories, "category", value=value, symbol=rest, label=label, render="false")
    # The category without a value takes whatever has no colour of its own.
    SubElement(categories, "category", value="", symbol=rest, label=say("qgis.other", language), render="true")
    symbols.append(symbol_of(str(len(entries)), kind, style.colour, layer))
    return renderer


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
