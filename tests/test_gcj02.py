"""The shifts of map vendors against published points, and there and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.gcj02 import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    inside_shift,
    shift_geometries,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

lons = st.floats(73.6, 135.0)
lats = st.floats(3.9, 53.5)


def test_published_points_exactly(shared: Path) -> None:
    vectors = json.loads((shared / "data" / "gcj02.json").read_text("utf-8"))
    for there, expected in vectors["exact_wgs84_to_gcj02"]:
        assert np.allclose(wgs84_to_gcj02(*there), expected, rtol=0, atol=1e-9)
        assert np.allclose(gcj02_to_wgs84(*expected), there, rtol=0, atol=1e-9)


def test_vendor_points_near_taixing(shared: Path) -> None:
    vectors = json.loads((shared / "data" / "gcj02.json").read_text("utf-8"))
    for place in vectors["near_taixing_gcoord_fixture"].values():
        wgs84, gcj02, bd09 = place["WGS84"], place["GCJ02"], place["BD09"]
        assert np.allclose(wgs84_to_gcj02(*wgs84), gcj02, rtol=0, atol=1e-5)
        assert np.allclose(gcj02_to_wgs84(*gcj02), wgs84, rtol=0, atol=1e-5)
        assert np.allclose(wgs84_to_bd09(*wgs84), bd09, rtol=0, atol=1e-5)
        assert np.allclose(bd09_to_wgs84(*bd09), wgs84, rtol=0, atol=1e-5)
        assert np.allclose(gcj02_to_bd09(*gcj02), bd09, rtol=0, atol=1e-5)
        assert np.allclose(bd09_to_gcj02(*bd09), gcj02, rtol=0, atol=1e-5)


def test_offset_at_taixing() -> None:
    # worked out by hand from the formula: 467.5 m east, 211.2 m south
    lon, lat = wgs84_to_gcj02(120.05, 32.17)
    assert (lon - 120.05) * 111320 * np.cos(np.radians(32.17)) == pytest.approx(467.5, abs=2)
    assert (lat - 32.17) * 110900 == pytest.approx(-211.2, abs=1)


@given(lon=lons, lat=lats)
def test_inverses(lon: float, lat: float) -> None:
    for there, back in (
        (wgs84_to_gcj02, gcj02_to_wgs84),
        (gcj02_to_bd09, bd09_to_gcj02),
        (wgs84_to_bd09, bd09_to_wgs84),
    ):
        x, y = back(*there(lon, lat))
        assert abs(float(x) - lon) < 1e-9 and abs(float(y) - lat) < 1e-9


@given(lon=lons, lat=lats)
def test_shift_is_hundreds_of_metres(lon: float, lat: float) -> None:
    x, y = wgs84_to_gcj02(lon, lat)
    off = np.hypot((float(x) - lon) * 111320 * np.cos(np.radians(lat)), (float(y) - lat) * 110900)
    assert off < 1000


@given(lon=st.floats(-180, 72), lat=st.floats(-90, 90))
def test_identity_outside(lon: float, lat: float) -> None:
    assert not inside_shift(lon, lat)
    assert wgs84_to_gcj02(lon, lat) == (lon, lat)
    assert gcj02_to_wgs84(lon, lat) == (lon, lat)


def test_arrays_keep_their_shape_and_are_not_changed() -> None:
    lon, lat = np.full((2, 3), 120.0), np.full((2, 3), 32.0)
    x, y = bd09_to_wgs84(lon, lat)
    assert x.shape == y.shape == (2, 3)
    assert (lon == 120).all() and (lat == 32).all()


def test_geometries_keep_common_borders() -> None:
    left, right = shapely.box(120, 32, 120.1, 32.1), shapely.box(120.1, 32, 120.2, 32.1)
    moved = shift_geometries(np.array([left, right]), wgs84_to_gcj02)
    assert shapely.coverage_is_valid(moved)
    back = shift_geometries(moved, gcj02_to_wgs84)
    assert shapely.equals_exact(back, [left, right], tolerance=1e-9).all()
