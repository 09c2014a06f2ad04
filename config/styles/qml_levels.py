"""Divisions in QGIS: three maps in one, each level with borders and labels of its own from a scale of its own."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from config.styles.levels import LEVELS
from config.styles.qml_symbols import MM_PER_PIXEL, label_settings, rgba, symbol_layer
from layers.catalogue.layer import Layer

_LABELS = (("township", 400_000, 11), ("village", 40_000, 9))
"""Level, scale from which on its names are written, size in points."""


def levels_renderer(layer: Layer, language: str) -> Element:
    """A rule a level, the county's border on top."""
    field = layer.field("level")
    colours = dict(layer.style.colours)
    meanings = {} if field is None else {value: meaning.in_(language) for value, meaning in field.values}
    root = Element("renderer-v2", type="RuleRenderer", forceraster="0", symbollevels="1")
    rules, symbols = SubElement(root, "rules", key="levels"), SubElement(root, "symbols")
    for number, level in enumerate(reversed(LEVELS)):
        rule = SubElement(
            rules, "rule", key=level.value, symbol=str(number), filter=f"\"level\" = '{level.value}'",
            label=meanings.get(level.value, level.value),
        )  # fmt: skip
        if level.scale:
            rule.set("scalemaxdenom", str(level.scale))
        symbol = SubElement(symbols, "symbol", type="fill", name=str(number), alpha="1", clip_to_extent="1")
        part = symbol_layer(
            symbol, "SimpleFill", {
                "color": rgba(layer.style.colour, layer.style.opacity),
                "style": "solid" if level.value == "township" else "no",
                "outline_color": rgba(colours[level.value], 0.9),
                "outline_width": f"{layer.style.width * level.share * MM_PER_PIXEL:.2f}",
                "outline_style": "solid",
                "joinstyle": "round",
            },
        )  # fmt: skip
        part.set("pass", str(number))
    return root


def levels_labeling(layer: Layer) -> Element:
    """Names of townships from afar, of villages from near."""
    root = Element("labeling", type="rule-based")
    rules = SubElement(root, "rules", key="labels")
    for level, scale, size in _LABELS:
        rule = SubElement(rules, "rule", key=f"label-{level}", filter=f"\"level\" = '{level}'")
        rule.append(label_settings(layer.style.label or "name", "1", scale, size))
    return root
