"""Styles as SLD (OGC 05-078r4 with Symbology Encoding 1.1) from the catalogue, for GeoServer, GeoTools and QGIS."""

from __future__ import annotations

from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from config.styles.legend import Entry, legend
from config.styles.qml_symbols import SymbolType
from layers.catalogue.layer import Layer

_NAMESPACES = {
    "sld": "http://www.opengis.net/sld",
    "se": "http://www.opengis.net/se",
    "ogc": "http://www.opengis.net/ogc",
}
_KIND: dict[str, SymbolType] = {"Point": "marker"}

# prefixes of the standard instead of ns0, which people could not read
for _prefix, _address in _NAMESPACES.items():
    register_namespace(_prefix, _address)


def layer_sld(layer: Layer, language: str) -> str:
    """The style of a layer as SLD 1.1.

    Parameters
    ----------
    layer : Layer
        A vector layer of the catalogue.
    language : str
        ``"zh"`` or ``"en"``, of titles.

    Returns
    -------
    str
        An XML document: a rule a class, and one for labels.
    """
    root = Element(_name("sld", "StyledLayerDescriptor"), version="1.1.0")
    named = _add(root, "sld", "NamedLayer")
    _add(named, "se", "Name", layer.id)
    style = _add(named, "sld", "UserStyle")
    _add(style, "se", "Name", layer.id)
    types = _add(style, "se", "FeatureTypeStyle")
    _add(_add(types, "se", "Description"), "se", "Title", layer.title.in_(language))
    kind = _KIND.get(layer.geometry_type, "fill")
    for entry, condition in _classes(layer, language):
        rule = _add(types, "se", "Rule")
        _add(rule, "se", "Name", entry.label)
        _add(_add(rule, "se", "Description"), "se", "Title", entry.label)
        if condition is not None:
            rule.append(condition)
        if entry.scale:
            _add(rule, "se", "MaxScaleDenominator", str(entry.scale))
        _symbolizer(rule, kind, entry)
    if layer.style.label:
        _label(types, layer.style.label)
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _classes(layer: Layer, language: str) -> list[tuple[Entry, Element | None]]:
    """Entry of the legend and condition of each class; without a class one that takes everything."""
    style, entries = layer.style, legend(layer, language)
    field = layer.field(style.by) if style.by else None
    if field is None:
        return [(entries[0], None)]
    if field.type in ("integer", "number"):
        bounds: list[float | None] = [float(low) for low, _ in style.colours]
        ranges = pairwise([*bounds, None])
        return [(entry, _between(field.name, low, high)) for entry, (low, high) in zip(entries, ranges, strict=True)]
    return [(entry, _equal(field.name, str(value))) for entry, (value, _) in zip(entries, style.colours, strict=True)]


def _between(field: str, low: float | None, high: float | None) -> Element:
    condition = Element(_name("ogc", "Filter"))
    both = _add(condition, "ogc", "And") if low is not None and high is not None else condition
    for operator, value in (("PropertyIsGreaterThanOrEqualTo", low), ("PropertyIsLessThan", high)):
        if value is not None:
            _comparison(both, operator, field, f"{value:g}")
    return condition


def _equal(field: str, value: str) -> Element:
    condition = Element(_name("ogc", "Filter"))
    _comparison(condition, "PropertyIsEqualTo", field, value)
    return condition


def _comparison(parent: Element, operator: str, field: str, value: str) -> None:
    compared = _add(parent, "ogc", operator)
    _add(compared, "ogc", "PropertyName", field)
    _add(compared, "ogc", "Literal", value)


def _symbolizer(rule: Element, kind: SymbolType, entry: Entry) -> None:
    if kind == "marker":
        graphic = _add(_add(rule, "se", "PointSymbolizer"), "se", "Graphic")
        mark = _add(graphic, "se", "Mark")
        _add(mark, "se", "WellKnownName", "circle")
        _fill(mark, entry.colour, entry.opacity)
        _stroke(mark, "#ffffff", 0.5, 1.0)
        _add(graphic, "se", "Size", f"{entry.width * 2:g}")
        return
    polygon = _add(rule, "se", "PolygonSymbolizer")
    _fill(polygon, entry.colour, entry.opacity)
    _stroke(polygon, entry.colour, max(entry.width, 0.4), 0.9)


def _fill(parent: Element, colour: str, opacity: float) -> None:
    fill = _add(parent, "se", "Fill")
    _add(fill, "se", "SvgParameter", colour).set("name", "fill")
    _add(fill, "se", "SvgParameter", f"{opacity:g}").set("name", "fill-opacity")


def _stroke(parent: Element, colour: str, width: float, opacity: float) -> None:
    stroke = _add(parent, "se", "Stroke")
    for name, value in (("stroke", colour), ("stroke-width", f"{width:g}"), ("stroke-opacity", f"{opacity:g}")):
        _add(stroke, "se", "SvgParameter", value).set("name", name)


def _label(types: Element, field: str) -> None:
    rule = _add(types, "se", "Rule")
    _add(rule, "se", "MaxScaleDenominator", "40000")
    text = _add(rule, "se", "TextSymbolizer")
    _add(_add(text, "se", "Label"), "ogc", "PropertyName", field)
    font = _add(text, "se", "Font")
    _add(font, "se", "SvgParameter", "12").set("name", "font-size")
    halo = _add(text, "se", "Halo")
    _add(halo, "se", "Radius", "1.5")
    _fill(halo, "#ffffff", 0.9)
    _fill(text, "#2b3440", 1.0)


def _add(parent: Element, prefix: str, name: str, text: str | None = None) -> Element:
    child = SubElement(parent, _name(prefix, name))
    child.text = text
    return child


def _name(prefix: str, name: str) -> str:
    return f"{{{_NAMESPACES[prefix]}}}{name}"
