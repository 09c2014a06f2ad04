"""Locating points against a spatial join, on borders, with overlaps and gaps, and on random shapes."""

from __future__ import annotations

from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Voronoi

from geo.errors import InvalidInput
from geo.locate import GridIndex


def joined(polygons: Any, x: Any, y: Any) -> Any:
    """The first polygon that each point touches, by geopandas; -1 where there is none."""
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y))
    frame = geopandas.GeoDataFrame(geometry=list(polygons))
    pairs = geopandas.sjoin(points, frame, how="left", predicate="intersects")["index_right"]
    return pairs.groupby(level=0).min().fillna(-1).to_numpy(dtype=np.int32)


def cells(count: int, rng: np.random.Generator) -> Any:
    """Voronoi cells in the unit square: a sound coverage with corners where three meet."""
    seeds = rng.random((count, 2))
    around = [seeds + [i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    diagram = Voronoi(np.concatenate(around))
    regions = [diagram.regions[diagram.point_region[4 * count + k]] for k in range(count)]
    return np.array([shapely.Polygon(diagram.vertices[region]) for region in regions])


@settings(deadline=None, max_examples=30)
@given(count=st.integers(4, 60), seed=st.integers(0, 10_000), scale=st.sampled_from([1.0, 1e-3, 4e4]))
def test_equals_the_spatial_join_on_borders_and_corners_too(count: int, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    polygons = shapely.transform(cells(count, rng), lambda at: at * scale + [120.0, 32.0])
    corners = shapely.get_coordinates(polygons)
    middles = (corners[1:] + corners[:-1]) / 2
    anywhere = rng.uniform(-0.5, 1.5, (2000, 2)) * scale + [120.0, 32.0]
    level = np.column_stack((anywhere[:200, 0], rng.choice(corners[:, 1], 200)))
    points = np.concatenate((corners, middles, anywhere, level))
    found = GridIndex(polygons).locate(points[:, 0], points[:, 1])
    assert found.dtype == np.int32
    assert np.array_equal(found, joined(polygons, points[:, 0], points[:, 1]))


@settings(deadline=None, max_examples=30)
@given(count=st.integers(1, 40), seed=st.integers(0, 10_000))
def test_overlapping_polygons_go_to_the_first(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    middle, radius = rng.random((count, 2)), rng.uniform(0.01, 0.5, count)
    polygons = shapely.buffer(shapely.points(middle), radius, quad_segs=int(rng.integers(1, 9)))
    holed = shapely.difference(polygons, shapely.buffer(shapely.points(middle), radius / 2))
    points = rng.uniform(-0.2, 1.2, (3000, 2))
    for shapes in (polygons, holed, np.array([shapely.union_all(polygons)])):
        assert np.array_equal(
            GridIndex(shapes).locate(points[:, 0], points[:, 1]), joined(shapes, points[:, 0], points[:, 1])
        )


def test_rectangles_whose_sides_lie_on_lines_of_cells() -> None:
    polygons = [shapely.box(i, j, i + 1, j + 1) for i in range(16) for j in range(16)]
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(-1, 18, 0.25), np.arange(-1, 18, 0.25)))
    assert np.array_equal(GridIndex(polygons).locate(x, y), joined(polygons, x, y))


def test_multipolygons_and_holes() -> None:
    ring = shapely.box(0, 0, 10, 10) - shapely.box(4, 4, 6, 6)
    both = shapely.MultiPolygon([shapely.box(4, 4, 6, 6), shapely.box(20, 0, 21, 1)])
    index = GridIndex([ring, both], ["ring", "both"])
    found = index.locate([1, 5, 20.5, 15, 4], [1, 5, 0.5, 5, 5])
    assert found.tolist() == [0, 1, 1, -1, 0]
    assert index.names_of(found) == ["ring", "both", "both", None, "ring"]


def test_points_that_are_none_and_indexes_of_nothing() -> None:
    index = GridIndex([shapely.box(0, 0, 1, 1)])
    assert index.locate([np.nan, np.inf, -np.inf, 0.5, 1e300], [0.5, 0.5, 0.5, np.nan, 0.5]).tolist() == [-1] * 5
    assert index.locate([], []).tolist() == []
    assert GridIndex([]).locate([0.5], [0.5]).tolist() == [-1]
    assert GridIndex([None, shapely.Polygon()]).locate([0.5], [0.5]).tolist() == [-1]
    with pytest.raises(InvalidInput):
        index.locate([1, 2], [1])
    with pytest.raises(InvalidInput):
        GridIndex([shapely.box(0, 0, 1, 1)], ["a", "b"])


def test_a_vanishing_polygon_beside_a_large_one() -> None:
    polygons = [shapely.box(0, 0, 1e6, 1e6), shapely.box(1e6, 0, 1e6 + 1e-3, 1e-3)]
    index = GridIndex(polygons)
    assert index.locate([1e6 + 5e-4, 5e5, 1e6], [5e-4, 5e5, 5e-4]).tolist() == [1, 0, 0]
