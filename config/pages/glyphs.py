"""Glyphs for the labels of MapLibre maps, so that no map of ours asks a font server.

MapLibre draws Chinese with the reader's own fonts and asks the style's ``glyphs`` address for everything else, in
ranges of 256 code points. We ship the two ranges that labels here use: Latin, and general punctuation. Each is a
protocol buffer of the glyph format of Mapbox (stack: name, range, glyphs), drawn once from DejaVu Sans Condensed at
24 px with a distance field of radius 8, cut off at 0.25, with a border of 3 px.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

SHIPPED = (0, 8192)
"""First code points of the ranges that we have glyphs for."""

LAST = 65535
"""MapLibre asks for nothing above the basic plane."""

_FOLDER = Path(__file__).parent / "assets"


@cache
def glyphs(first: int, last: int) -> bytes | None:
    """Glyphs of one range; whichever font is asked for, there is one.

    Parameters
    ----------
    first, last : int
        Code points at both ends, ``first`` a multiple of 256 and ``last`` 255 above it.

    Returns
    -------
    bytes or None
        None when the ends are no such range. A range that we don't ship is a stack without glyphs: were it an error,
        MapLibre would drop every label of the tile instead of one character.

    Examples
    --------
    >>> glyphs(1024, 1279)
    b'\\n\\x13\\n\\x06wangge\\x12\\t1024-1279'
    >>> glyphs(3, 258) is None
    True
    """
    if first % 256 or last != first + 255 or not 0 <= first < LAST:
        return None
    if first in SHIPPED:
        return (_FOLDER / f"glyphs-{first}.pbf").read_bytes()
    stack = _text(1, "wangge") + _text(2, f"{first}-{last}")
    return bytes((0x0A, len(stack))) + stack


def _text(number: int, text: str) -> bytes:
    """A string field of a protocol buffer; these are all shorter than 128 bytes, so the length is one byte."""
    return bytes((number << 3 | 2, len(text))) + text.encode()
