"""H3 cells against official vectors and h3's own calls."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from h3.api import basic_int
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.heat.cells import cell_polygons, cells_of, parents

lons = st.floats(-180, 180)
lats = st.floats(-90, 90)


def test_official_centres(shared: Path) -> None:
    vectors = json.loads((shared / "data" / "h3" / "vectors.json").read_text("utf-8"))["centers"]
    for resolution in {entry["res"] for entry in vectors}:
        some = [entry for entry in vectors if entry["res"] == resolution]
        found = cells_of([e["lng"] for e in some], [e["lat"] for e in some], resolution)
        assert [f"{cell:x}" for cell in found.tolist()] == [entry["cell"] for entry in some]


def test_official_boundaries(shared: Path) -> None:
    vectors = json.loads((shared / "data" / "h3" / "vectors.json").read_text("utf-8"))["boundaries"]
    assert vectors
    for entry in vectors:
        ring = shapely.get_coordinates(cell_polygons([int(entry["cell"], 16)])[0].exterior)[:-1]
        lng_lat = np.array(entry["boundary"], dtype=float)[:, ::-1]
        distance = np.abs((ring[:, None] - lng_lat[None] + 180) % 360 - 180).max(axis=2).min(axis=1)
        assert (distance < 1e-5).all()


@given(lon=lons, lat=lats, resolution=st.integers(0, 15))
def test_cells_equal_h3(lon: float, lat: float, resolution: int) -> None:
    assert cells_of([lon], [lat], resolution).tolist() == [basic_int.latlng_to_cell(lat, lon, resolution)]


@given(points=st.lists(st.tuples(lons, lats), min_size=1, max_size=20), resolution=st.integers(0, 15), data=st.data())
def test_parents_equal_h3(points: list[tuple[float, float]], resolution: int, data: st.DataObject) -> None:
    coarser = data.draw(st.integers(0, resolution))
    cells = cells_of([x for x, _ in points], [y for _, y in points], resolution)
    expected = [basic_int.cell_to_parent(cell, coarser) for cell in cells.tolist()]
    assert parents(cells, coarser).tolist() == expected


def test_repeated_points_keep_their_order() -> None:
    lon, lat = [120.05, 119.95, 120.05, np.nan], [32.17, 32.2, 32.17, 32.0]
    found = cells_of(lon, lat)
    assert found.dtype == np.int64
    assert found[0] == found[2] != found[1]
    assert found[3] == 0
    assert (found >= 0).all()


def test_outlines_hold_the_points_and_tile_the_ground() -> None:
    rng = np.random.default_rng(5)
    lon, lat = 119.9 + 0.4 * rng.random(2000), 32 + 0.3 * rng.random(2000)
    cells = cells_of(lon, lat)
    # a straight side in degrees leaves a side of a great circle by a millimetre
    near = shapely.distance(cell_polygons(cells), shapely.points(lon, lat))
    assert near.max() < 1e-7
    each = cell_polygons(np.unique(cells))
    assert shapely.union_all(each).area == pytest.approx(shapely.area(each).sum(), rel=1e-9)


def test_nothing() -> None:
    assert cells_of([], []).tolist() == []
    assert parents([], 8).tolist() == []
    assert len(cell_polygons([])) == 0


def test_wrong_input_is_said() -> None:
    with pytest.raises(InvalidInput):
        cells_of([120], [32], 16)
    with pytest.raises(InvalidInput):
        parents(cells_of([120], [32], 8), 9)
