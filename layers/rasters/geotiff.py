"""A map of values as a Cloud-Optimised GeoTIFF that says itself what it is, and what such a file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.transform import from_origin

from geo.heat.raster_grid import RasterGrid
from layers.catalogue.raster import Raster

_PROFILE = {
    "driver": "COG",
    "compress": "deflate",
    "predictor": "yes",
    "blocksize": 256,
    "overview_resampling": "average",
    "num_threads": "1",
}


@dataclass(frozen=True)
class Described:
    """What a map's file says of itself.

    Attributes
    ----------
    grid : RasterGrid
        Its cells.
    srid : int
        EPSG code of their CRS.
    overviews : tuple of int
        How many cells a cell of each overview stands for along a side, rising.
    tags : mapping of str to str
        As `write_cog` was given them, and the words of the layer.
    """

    grid: RasterGrid
    srid: int
    overviews: tuple[int, ...]
    tags: Mapping[str, str]


def placed(grid: RasterGrid) -> Affine:
    """Where the cells of a grid lie, as GDAL writes it."""
    return from_origin(grid.west, grid.north, grid.cell_m, grid.cell_m)


def write_cog(
    values: NDArray[np.float32], place: Affine, srid: int, raster: Raster, tags: Mapping[str, object]
) -> bytes:
    """A Cloud-Optimised GeoTIFF: tiles of 256 cells and overviews that average the cells below them.

    Parameters
    ----------
    values : (rows, columns) array of float32
        NaN where there is no value.
    place, srid
        From columns and rows to the CRS of that EPSG code, x first.
    raster : Raster
        Whose words and unit go into the file.
    tags : mapping
        Further words, by upper-case name.

    Returns
    -------
    bytes
        The same for the same input, so that a hash of them serves as an ETag.
    """
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": values.shape[1],
        "height": values.shape[0],
        "count": 1,
        "dtype": "float32",
        "crs": f"EPSG:{srid}",
        "transform": place,
        "nodata": float("nan"),
    }
    words = {"TITLE": raster.title.en, "TITLE_ZH": raster.title.zh, "UNIT": raster.unit.en, "UNIT_ZH": raster.unit.zh}
    with MemoryFile(ext=".tif") as plain, MemoryFile(ext=".tif") as cloud:
        with plain.open(**profile) as made:
            made.write(values, 1)
            made.set_band_description(1, raster.value.name)
            made.set_band_unit(1, raster.value.unit or "")
            made.update_tags(AREA_OR_POINT="Area", **words, **{name: str(value) for name, value in tags.items()})
        copy(plain.name, cloud.name, **_PROFILE)
        written: bytes = cloud.read()
    return written


def describe(tif: bytes) -> Described:
    """What a file of `write_cog` says of itself."""
    with MemoryFile(tif) as file, file.open() as opened:
        grid = RasterGrid(opened.transform.c, opened.transform.f, opened.transform.a, opened.height, opened.width)
        return Described(grid, opened.crs.to_epsg(), tuple(opened.overviews(1)), opened.tags())
