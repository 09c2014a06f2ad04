"""What a map shows: its box and its pixels, from a box, a middle, a size and a scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from geo.crs import CRS84_URI, axes_inverted, srid_of, transformer
from geo.errors import InvalidInput
from layers.features.items_request import offered_crs, offered_uri
from layers.rasters.asked import MOST_CELLS, Asked
from layers.rasters.geotiff import Described
from layers.rasters.reading import Box, closed

PARAMETERS: Final = ("center", "center-crs", "scale-denominator")
_PIXEL_M: Final = 0.00028
"""Side of a pixel of OGC's standard screen."""
_WIDTH: Final = 1024
_METRES_A_DEGREE: Final = 111319.49079327358


@dataclass(frozen=True)
class View:
    """A box and how many pixels it has.

    Attributes
    ----------
    box : tuple of float
        West, south, east, north, x first.
    columns, rows : int
        Pixels.
    """

    box: Box
    columns: int
    rows: int


def view_of(params: Mapping[str, str], asked: Asked, described: Described, srid: int) -> View:
    """The view of a map request.

    Parameters
    ----------
    params : mapping of str to str
        Decoded query parameters; those of `PARAMETERS` are read.
    asked : Asked
        Box and size.
    described : Described
        The raster, whose box stands for one that isn't given.
    srid : int
        EPSG code of the map's CRS.

    Raises
    ------
    InvalidInput
        When box, size and scale contradict each other, or the picture would be too large.
    """
    scale = _scale(params)
    if scale and asked.ground is not None and (asked.columns or asked.rows):
        raise InvalidInput("raster.scale-and-size")
    if "center" in params and asked.ground is not None:
        raise InvalidInput("raster.center-and-box")
    box = closed(described, asked.ground, srid)
    middle = _middle(params, described, srid) if "center" in params else ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    if scale or "center" in params:
        step_x, step_y = _steps(scale or _fitting(box, middle, srid), middle, srid)
        sized = "center" in params or asked.columns or asked.rows
        if sized and asked.ground is None:
            columns, rows = asked.columns or _WIDTH, asked.rows or asked.columns or _WIDTH
            half_x, half_y = columns * step_x / 2, rows * step_y / 2
            box = (middle[0] - half_x, middle[1] - half_y, middle[0] + half_x, middle[1] + half_y)
        else:
            columns, rows = round((box[2] - box[0]) / step_x), round((box[3] - box[1]) / step_y)
    else:
        shape = max(box[3] - box[1], 1e-9) / max(box[2] - box[0], 1e-9)
        columns = asked.columns or (round(asked.rows / shape) if asked.rows else _WIDTH)
        rows = asked.rows or round(columns * shape)
    columns, rows = max(columns, 1), max(rows, 1)
    if columns * rows > MOST_CELLS:
        raise InvalidInput("raster.large", most=MOST_CELLS, cells=columns * rows)
    return View(box, columns, rows)


def _scale(params: Mapping[str, str]) -> float | None:
    text = params.get("scale-denominator")
    if text is None:
        return None
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not 1 <= scale <= 1e9:
        raise InvalidInput("query.value", parameter="scale-denominator", value=text[:40], wanted="1 – 1000000000")
    return scale


def _middle(params: Mapping[str, str], described: Described, srid: int) -> tuple[float, float]:
    """The middle that is asked for, in the map's CRS, x first."""
    text = params["center"]
    crs = CRS84_URI
    if "center-crs" in params:
        crs = offered_uri(params["center-crs"], "center-crs", offered_crs(described.srid))
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput("query.value", parameter="center", value=text[:40], wanted="x,y") from error
    if axes_inverted(crs):
        x, y = y, x
    moved = transformer(srid_of(crs), srid).transform(x, y)
    if not all(math.isfinite(part) for part in moved):
        raise InvalidInput("query.coordinates", crs=crs)
    return float(moved[0]), float(moved[1])


def _steps(scale: float, middle: tuple[float, float], srid: int) -> tuple[float, float]:
    """Size of a pixel in units of the CRS: a metre on the ground is more of them the further north."""
    metres = scale * _PIXEL_M
    latitude = math.radians(transformer(srid, 4490).transform(*middle)[1])
    if srid in (4326, 4490):
        return metres / (_METRES_A_DEGREE * math.cos(latitude)), metres / _METRES_A_DEGREE
    if srid == 3857:
        return metres / math.cos(latitude), metres / math.cos(latitude)
    return metres, metres


def _fitting(box: Box, middle: tuple[float, float], srid: int) -> float:
    """Scale at which a box is as wide as a map of no given size."""
    return (box[2] - box[0]) / _WIDTH / _steps(1.0, middle, srid)[0]
