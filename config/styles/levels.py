"""How the levels of divisions are told apart, the same on the map, in QGIS, in SLD and in legends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """How borders of one level are drawn.

    Every border is drawn twice, by the divisions on both its sides: dashes out of step would fill the gaps of each
    other. So levels differ in width and colour alone.

    Attributes
    ----------
    value : str
        Of the field ``level``.
    share : float
        Of the style's width.
    zoom : float
        Of Web Mercator, from which it is drawn; 0 for always.
    scale : int
        Denominator of the smallest scale at which QGIS and SLD draw it; 0 for any.
    """

    value: str
    share: float
    zoom: float = 0
    scale: int = 0


LEVELS = (Level("county", 2.0), Level("township", 1.1), Level("village", 0.55, zoom=12, scale=100_000))
"""From the whole to its parts."""
