"""Pictures for the stories, drawn from what the service gave alone: no tiles, no script, no address outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import matplotlib.pyplot as plt
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei", "SimHei")
"""Fonts that have Chinese, the first of which that this machine has is taken."""

LINE, RED, BLUE, GREEN, PURPLE = "#8a8f98", "#d1495b", "#2e6f9e", "#2a9d8f", "#6b5b95"

plt.rcParams["font.family"] = [*(name for name in CHINESE if name in font_manager.get_font_names()), "DejaVu Sans"]
plt.rcParams["figure.dpi"] = 84


def maps(*titles: str, height: float = 5.5, columns: int | None = None) -> tuple[Figure, Sequence[Axes]]:
    """Empty maps side by side, for layers in a metric CRS.

    Parameters
    ----------
    *titles : str
        One a map.
    height : float
        Of one, in inches.
    columns : int, optional
        Maps in a row; all of them when not given.

    Returns
    -------
    figure and list of axes
    """
    columns = columns or len(titles)
    rows = -(-len(titles) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(height * 1.15 * columns, height * rows), squeeze=False, layout="constrained"
    )
    for ax in grid.flat:
        ax.set_axis_off()
        ax.set_aspect("equal")
    for ax, title in zip(grid.flat, titles, strict=False):
        ax.set_title(title, fontsize=10)
    return figure, list(grid.flat)


def look_at(ax: Axes, shape: Any, margin_m: float) -> None:
    """Cut a map to the surroundings of a shape.

    Parameters
    ----------
    ax : Axes
    shape : shapely geometry
        In the metres of the map.
    margin_m : float
        Metres around it.
    """
    west, south, east, north = shape.bounds
    half = max(east - west, north - south) / 2 + margin_m
    x, y = (west + east) / 2, (south + north) / 2
    ax.set_xlim(x - half, x + half)
    ax.set_ylim(y - half, y + half)


def borders(ax: Axes, table: gpd.GeoDataFrame, **how: Any) -> None:
    """Thin borders of polygons."""
    table.boundary.plot(ax=ax, **{"color": LINE, "linewidth": 0.4, "aspect": None} | how)
