"""Cuts pieces out of a Cloud-Optimised GeoTIFF, at any scale and in any CRS, from the overview that suffices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.transform import array_bounds, from_bounds
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform, transform_bounds
from rasterio.windows import Window

from geo.crs import srid_of
from geo.errors import InvalidInput, NotFound
from geo.heat.raster_grid import RasterGrid
from layers.features.subset import Ground
from layers.rasters.asked import MOST_CELLS, Asked
from layers.rasters.geotiff import Described, placed

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Piece:
    """Values of some ground.

    Attributes
    ----------
    values : (rows, columns) array of float32
        NaN where there is no value.
    place : Affine
        From columns and rows to the CRS, x first.
    srid : int
        EPSG code of the CRS; CRS84 is 4326.
    """

    values: NDArray[np.float32]
    place: Affine
    srid: int

    @property
    def bounds(self) -> Box:
        """West, south, east, north."""
        west, south, east, north = array_bounds(*self.values.shape, self.place)
        return west, south, east, north


def cut(tif: bytes, described: Described, asked: Asked) -> Piece:
    """What is asked of a coverage: every cell that the ground touches, whole.

    Raises
    ------
    NotFound
        When the ground lies beside the raster.
    InvalidInput
        When the answer would have more than `MOST_CELLS` cells.
    """
    left, top, columns, rows = _cells(described, asked.ground)
    grid = described.grid
    part = RasterGrid(grid.west + left * grid.cell_m, grid.north - top * grid.cell_m, grid.cell_m, rows, columns)
    srid = described.srid if asked.crs is None else srid_of(asked.crs)
    if srid == described.srid:
        wide, high = _size(asked, part.columns, part.rows, grid.cell_m, grid.cell_m)
        with MemoryFile(tif) as file, file.open() as opened:
            values = opened.read(
                1, window=Window(left, top, columns, rows), out_shape=(high, wide), resampling=Resampling.average
            )
        place = placed(part) @ Affine.scale(columns / wide, rows / high)
        return Piece(values, place, srid)
    place, wide, high = calculate_default_transform(
        _name(described.srid), _name(srid), columns, rows, *part.bounds
    )
    box = array_bounds(high, wide, place)
    wide, high = _size(asked, wide, high, place.a, -place.e)
    return warped(tif, described, box, srid, wide, high)


def warped(tif: bytes, described: Described, box: Box, srid: int, columns: int, rows: int) -> Piece:
    """Values at the middles of cells of any box: interpolated between the raster's cells, or from the coarsest
    overview that is still as fine as what is asked.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north in the CRS ``srid``.
    columns, rows : int
        Cells of the answer.
    """
    place = from_bounds(*box, columns, rows)
    if not _meets(described, box, srid):
        return Piece(np.full((rows, columns), np.nan, dtype=np.float32), place, srid)
    west, south, east, north = transform_bounds(_name(srid), _name(described.srid), *box)
    finest = min((east - west) / columns, (north - south) / rows) / described.grid.cell_m
    fitting = [level for level, factor in enumerate(described.overviews) if factor <= finest * 1.01]
    options: dict[str, Any] = {"overview_level": fitting[-1]} if fitting else {}
    with (
        MemoryFile(tif) as file,
        file.open(**options) as opened,
        WarpedVRT(
            opened, crs=_name(srid), transform=place, width=columns, height=rows, resampling=Resampling.bilinear
        ) as moved,
    ):
        values: NDArray[np.float32] = moved.read(1)
    return Piece(values, place, srid)


def bounds_in(described: Described, srid: int) -> Box:
    """West, south, east, north of a raster in a CRS."""
    box = described.grid.bounds
    if srid == described.srid:
        return box
    west, south, east, north = transform_bounds(_name(described.srid), _name(srid), *box)
    return west, south, east, north


def closed(described: Described, ground: Ground | None, srid: int) -> Box:
    """A box with open sides closed by the raster's own, in a CRS."""
    if ground is None:
        return bounds_in(described, srid)
    own = bounds_in(described, ground.srid)
    box = (
        own[0] if ground.x[0] is None else ground.x[0],
        own[1] if ground.y[0] is None else ground.y[0],
        own[2] if ground.x[1] is None else ground.x[1],
        own[3] if ground.y[1] is None else ground.y[1],
    )
    if ground.srid == srid:
        return box
    west, south, east, north = transform_bounds(_name(ground.srid), _name(srid), *box)
    return west, south, east, north


def _cells(described: Described, ground: Ground | None) -> tuple[int, int, int, int]:
    """First column and row, and how many, of the cells that a ground touches."""
    grid = described.grid
    if ground is None:
        return 0, 0, grid.columns, grid.rows
    west, south, east, north = closed(described, ground, described.srid)
    if not all(math.isfinite(edge) for edge in (west, south, east, north)):
        raise NotFound("raster.outside")
    # an edge that lies on a border between cells, but for rounding, takes no further cell in
    left, top = (math.floor(edge / grid.cell_m + 1e-6) for edge in (west - grid.west, grid.north - north))
    right, low = (math.ceil(edge / grid.cell_m - 1e-6) for edge in (east - grid.west, grid.north - south))
    right, low = max(right, left + 1), max(low, top + 1)
    left, top, right, low = max(left, 0), max(top, 0), min(right, grid.columns), min(low, grid.rows)
    if left >= right or top >= low:
        raise NotFound("raster.outside")
    return left, top, right - left, low - top


def _size(asked: Asked, columns: int, rows: int, cell_x: float, cell_y: float) -> tuple[int, int]:
    """Columns and rows of the answer."""
    across = asked.cell_x / cell_x if asked.cell_x else asked.across
    down = asked.cell_y / cell_y if asked.cell_y else asked.down
    wide, high = asked.columns or max(1, round(columns / across)), asked.rows or max(1, round(rows / down))
    if wide * high > MOST_CELLS:
        raise InvalidInput("raster.large", most=MOST_CELLS, cells=wide * high)
    return wide, high


def _meets(described: Described, box: Box, srid: int) -> bool:
    west, south, east, north = bounds_in(described, srid)
    return box[0] < east and box[2] > west and box[1] < north and box[3] > south


def _name(srid: int) -> str:
    """A CRS as GDAL reads it, x first."""
    return "OGC:CRS84" if srid == 4326 else f"EPSG:{srid}"
