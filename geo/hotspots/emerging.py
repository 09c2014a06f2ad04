"""The 17 classes of emerging hot spots: new, consecutive, intensifying and so on, hot and cold, or none."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import InvalidInput

KINDS: Final = (
    "new", "consecutive", "intensifying", "persistent", "diminishing", "sporadic", "oscillating", "historical",
)  # fmt: skip
"""What a hot or cold spot can be; its number from 1 is its class, and less than 0 for a cold spot."""

CLASSES: Final = ("none", *(f"{kind}-{heat}" for heat in ("hot", "cold") for kind in KINDS))
"""Names of all 17."""

LEAST_STEPS: Final = 10
"""Steps of time below which a share of nine tenths and a trend say little."""

_TENTHS: Final = 9
"""So many tenths of the steps make a spot one that was nearly always there. Whole numbers, so that exactly 90 % is."""


def emerging(confidence: ArrayLike, trend: ArrayLike) -> NDArray[np.int8]:
    """Class of each place.

    Parameters
    ----------
    confidence : (n, t) array_like of int
        Above 0 where a place is a significant hot spot in a step, below 0 for a cold one, else 0; the earliest first.
    trend : (n,) array_like of int
        1 where Gi* rises significantly over all steps, -1 where it falls, else 0.

    Returns
    -------
    (n,) array of int8
        Number in `KINDS` from 1 for hot spots, the same below 0 for cold spots, 0 for none.

    Raises
    ------
    InvalidInput
        When there is no step, or the numbers of places differ.

    Notes
    -----
    The patterns are those that ArcGIS Pro 3 defines for its tool Emerging Hot Spot Analysis
    (https://pro.arcgis.com/en/pro-app/latest/tool-reference/space-time-pattern-mining/learnmoreemerging.htm), for hot
    spots, with those of cold spots their mirror (colder and colder is intensifying):

    =============  ====================================================================================
    new            hot in the last step and never before
    consecutive    hot in an unbroken run of two or more steps up to the last and never before it, < 90 %
    intensifying   hot in >= 90 % of the steps, the last among them, and rising
    persistent     hot in >= 90 % of the steps, without a trend
    diminishing    hot in >= 90 % of the steps, the last among them, and falling
    sporadic       hot in the last step and, on and off, before; < 90 %, and never cold
    oscillating    hot in the last step and cold in some step before; < 90 %
    historical     hot in >= 90 % of the steps, but not in the last
    =============  ====================================================================================

    Where two of them hold, what a place is in the last step decides (new cold goes before historical hot), and of
    those the first in the table (a place that was cold and is hot for the first time is new). Persistent asks for the
    last step as well, since without it the place is historical.
    """
    level = np.asarray(confidence)
    way = np.asarray(trend)
    if level.ndim != 2 or level.shape[1] < 1 or way.shape != (len(level),):
        raise InvalidInput("hotspots.steps", shape=level.shape, trends=way.shape)
    hot = _kind(level > 0, level < 0, way)
    cold = _kind(level < 0, level > 0, -way)
    historical = len(KINDS)
    out = np.where((hot > 0) & (hot < historical), hot, -cold)
    return np.where((out == -historical) | (out == 0), np.where(hot > 0, hot, out), out).astype(np.int8)


def class_names(classes: ArrayLike) -> list[str]:
    """Name of each class.

    >>> class_names([1, -8, 0])
    ['new-hot', 'historical-cold', 'none']
    """
    return [
        "none" if number == 0 else f"{KINDS[abs(number) - 1]}-{'hot' if number > 0 else 'cold'}"
        for number in np.asarray(classes).tolist()
    ]


def _kind(hot: NDArray[np.bool_], cold: NDArray[np.bool_], way: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number in `KINDS` from 1 of what is hot; 0 for none."""
    steps = hot.shape[1]
    count = hot.sum(axis=1)
    last = hot[:, -1]
    mostly = count * 10 >= steps * _TENTHS
    backwards = ~hot[:, ::-1]
    run = np.where(backwards.any(axis=1), backwards.argmax(axis=1), steps)
    alone = count == run
    cases = [
        (last & alone & (run == 1), "new"),
        (last & alone & ~mostly, "consecutive"),
        (last & mostly & (way > 0), "intensifying"),
        (last & mostly & (way < 0), "diminishing"),
        (last & mostly, "persistent"),
        (last & cold.any(axis=1), "oscillating"),
        (last, "sporadic"),
        (mostly, "historical"),
    ]
    return np.select([held for held, _ in cases], [KINDS.index(kind) + 1 for _, kind in cases], default=0)
