"""The sample city for tests, built once a run, and its parts."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import shapely

from layers.sample import SampleCity, build_city


@cache
def built_city() -> SampleCity:
    """The city of the default seed; tests must not change it."""
    return build_city()


def parts(frame: gpd.GeoDataFrame) -> np.ndarray:
    """The polygons of single-part multipolygons."""
    shapes = frame.geometry.to_numpy()
    assert (shapely.get_num_geometries(shapes) == 1).all()
    return shapely.get_geometry(shapes, 0)


def social(city: SampleCity) -> gpd.GeoDataFrame:
    return city.grids[city.grids["kind"] == "social"].reset_index(drop=True)


def dedicated(city: SampleCity) -> gpd.GeoDataFrame:
    return city.grids[city.grids["kind"] == "dedicated"].reset_index(drop=True)


def level(city: SampleCity, name: str) -> gpd.GeoDataFrame:
    return city.divisions[city.divisions["level"] == name].reset_index(drop=True)
