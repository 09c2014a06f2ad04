"""The legend of a layer: what each colour of its style means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from config.styles.levels import LEVELS
from layers.catalogue.layer import Layer

Shape = Literal["area", "line", "point"]


@dataclass(frozen=True)
class Entry:
    """One line of a legend.

    Attributes
    ----------
    label : str
        What the colour means; the layer's own title where there is but one colour.
    colour : str
        ``#rrggbb``.
    shape : str
        ``area``, ``line`` or ``point``.
    opacity : float
        Of the fill, 0 to 1.
    width : float
        Of a line, in pixels.
    zoom : float
        From which it is drawn; 0 for always.
    scale : int
        Denominator of the smallest scale at which it is drawn; 0 for any.
    """

    label: str
    colour: str
    shape: Shape
    opacity: float
    width: float
    zoom: float = 0
    scale: int = 0


def legend(layer: Layer, language: str) -> list[Entry]:
    """Entries of a layer in the order of its style.

    Parameters
    ----------
    layer : Layer
        A layer of the catalogue.
    language : str
        ``"zh"`` or ``"en"``.
    """
    style = layer.style
    shape = shape_of(layer)
    field = layer.field(style.by) if style.by else None
    if field is None:
        return [Entry(layer.title.in_(language), style.colour, shape, style.opacity, style.width)]
    if field.type in ("integer", "number"):
        bounds = [float(value) for value, _ in style.colours]
        labels = [f"{low:g}–{high - 1:g}" for low, high in pairwise(bounds)]
        labels.append(f"≥ {bounds[-1]:g}")
    else:
        meanings = {value: meaning.in_(language) for value, meaning in field.values}
        labels = [meanings.get(str(value), str(value)) for value, _ in style.colours]
    entries = [
        Entry(label, colour, shape, style.opacity, style.width)
        for label, (_, colour) in zip(labels, style.colours, strict=True)
    ]
    if layer.id == "divisions":
        return [
            replace(entry, width=style.width * level.share, zoom=level.zoom, scale=level.scale)
            for entry, level in zip(entries, LEVELS, strict=True)
        ]
    return entries


def shape_of(layer: Layer) -> Shape:
    """How a layer appears: an outline counts as a line when its fill is hardly there."""
    if layer.geometry_type == "Point":
        return "point"
    return "line" if layer.style.opacity < 0.1 else "area"
