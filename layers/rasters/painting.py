"""Colours of values, and pictures of them as PNG with a palette."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ROUND = (1.0, 2.0, 5.0)


def breaks_below(greatest: float, count: int) -> tuple[float, ...]:
    """Round values 1, 2, 5, 10, 20, ... of which the last is the greatest one not above ``greatest``.

    Parameters
    ----------
    greatest : float
        Greatest value of a map; one of nothing gets the breaks of 1.
    count : int
        How many are wanted.

    Examples
    --------
    >>> breaks_below(38.2, 6)
    (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
    """
    top = greatest if greatest > 0 and math.isfinite(greatest) else 1.0
    power = math.floor(math.log10(top)) + 1
    # every value is written from its digits, since products of powers of ten are not exact
    rising = [float(f"{digit:g}e{exponent}") for exponent in range(power - count, power + 1) for digit in _ROUND]
    return tuple([value for value in rising if value <= top][-count:])


def palette(ramp: Sequence[str], breaks: Sequence[float], opacity: float) -> NDArray[np.uint8]:
    """Colours of the 256 indices of `indices`: nothing, then from half of the first break to the last.

    Returns
    -------
    (256, 4) array of uint8
        Red, green, blue, alpha. Below the first break colours fade in, so that the city's calm ground has no rim.
    """
    colours = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in ramp], dtype=float)
    at = np.linspace(math.log(breaks[0] / 2), math.log(breaks[-1]), 255)
    known = np.log(np.asarray(breaks, dtype=float))
    found = np.zeros((256, 4), dtype=np.uint8)
    for channel in range(3):
        found[1:, channel] = np.interp(at, known, colours[:, channel]).round()
    shade = np.interp(at, [at[0], known[0]], [0.0, 1.0])
    found[1:, 3] = (shade * opacity * 255).round()
    return found


def indices(values: NDArray[np.float32], breaks: Sequence[float]) -> NDArray[np.uint8]:
    """Index of each value's colour in `palette`; 0 for no value and for those too small to draw. Same shape."""
    low, high = math.log(breaks[0] / 2), math.log(breaks[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        place = (np.log(values) - low) * (254 / (high - low)) + 1
    return np.where(place >= 1, np.minimum(np.nan_to_num(place, nan=0.0, posinf=255.0, neginf=0.0), 255), 0).astype(
        np.uint8
    )


def png(picture: NDArray[np.uint8], colours: NDArray[np.uint8]) -> bytes:
    """A picture as PNG with a palette and its transparency: a quarter of one with four channels.

    Parameters
    ----------
    picture : (height, width) array of uint8
        Index of each pixel's colour.
    colours : (256, 4) array of uint8
        Red, green, blue, alpha.

    Notes
    -----
    PNG specification, third edition, W3C 2025: https://www.w3.org/TR/png-3/
    """
    height, width = picture.shape
    # each line begins with its filter: none, which suits palettes best
    lines = np.zeros((height, width + 1), dtype=np.uint8)
    lines[:, 1:] = picture
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", colours[:, :3].tobytes()),
            _chunk(b"tRNS", colours[:, 3].tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
