"""The legend of a raster: values at its colours, as data and as a picture that needs no font of ours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from layers.catalogue.raster import Raster

_LINE, _WIDTH, _BOX = 20, 150, 16
_STYLE = "<style>text{fill:#2b3440}@media(prefers-color-scheme:dark){text{fill:#dfe5ea}}</style>"


def legend_document(raster: Raster, breaks: Sequence[float], language: str) -> dict[str, Any]:
    """Title, unit, and a value and colour an entry, from the least up; colours in between are mixed.

    Parameters
    ----------
    breaks : sequence of float
        Values at the colours of the raster's ramp.
    language : str
        ``"zh"`` or ``"en"``.
    """
    entries = [
        {"value": value, "label": label(value), "colour": colour}
        for value, colour in zip(breaks, raster.ramp, strict=True)
    ]
    return {
        "title": raster.title.in_(language),
        "unit": raster.unit.in_(language),
        "opacity": raster.opacity,
        "entries": entries,
    }


def legend_svg(raster: Raster, breaks: Sequence[float], language: str) -> str:
    """The legend as SVG, greatest value on top; its words take the reader's own font."""
    words = legend_document(raster, breaks, language)
    entries = list(reversed(words["entries"]))
    height = _LINE * (len(entries) + 2) + 8
    lines = [
        f'<text x="0" y="14" font-weight="bold">{escape(words["title"])}</text>',
        f'<text x="0" y="{14 + _LINE}">{escape(words["unit"])}</text>',
    ]
    for place, entry in enumerate(entries):
        top = 8 + _LINE * (place + 2)
        lines.append(
            f'<rect x="0" y="{top - 4}" width="{_BOX}" height="{_LINE}" fill="{entry["colour"]}" '
            f'fill-opacity="{raster.opacity:g}"/><text x="{_BOX + 8}" y="{top + 10}">{escape(entry["label"])}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" lang="{language}" '
        f'font-family="sans-serif" font-size="13">{_STYLE}{"".join(lines)}</svg>'
    )


def label(value: float) -> str:
    """A round value as people write it."""
    return f"{value:,.10g}"
