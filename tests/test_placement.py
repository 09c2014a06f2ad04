"""Layers in the wrong place are named, and layers in the right place never are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.gcj02 import gcj02_to_wgs84, shift_geometries, wgs84_to_bd09, wgs84_to_gcj02
from geo.placement import diagnose_placement

FAULTS: dict[str, Callable[..., Any]] = {
    "gcj02": wgs84_to_gcj02,
    "bd09": wgs84_to_bd09,
    "swapped-axes": lambda x, y: (y, x),
}


def round_city() -> Any:
    """A city without a straight border, 40 km across, near 120 E 32 N."""
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 0.2 + 0.02 * np.sin(5 * angle) + 0.004 * np.sin(37 * angle)
    return shapely.Polygon(np.column_stack((120.1 + radius * np.cos(angle), 32.2 + radius * np.sin(angle))))


def grids_of(city: Any, rng: np.random.Generator, count: int = 600) -> Any:
    """Cells that fill a city."""
    x0, y0, x1, y1 = city.bounds
    seeds = shapely.MultiPoint(rng.uniform((x0, y0), (x1, y1), (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(x0, y0, x1, y1)))
    cut = shapely.intersection(cells, city)
    return cut[shapely.area(cut) > 0]


def township_of(grids: Any, rng: np.random.Generator, count: int = 60) -> Any:
    """The grids nearest to one of them."""
    middle = shapely.get_coordinates(shapely.centroid(grids))
    start = middle[rng.integers(len(middle))]
    return grids[np.argsort(np.hypot(*(middle - start).T))[:count]]


def points_in(city: Any, rng: np.random.Generator, count: int) -> Any:
    x0, y0, x1, y1 = city.bounds
    at = rng.uniform((x0, y0), (x1, y1), (count * 5, 2))
    return shapely.points(at[shapely.contains_xy(city, at[:, 0], at[:, 1])][:count])


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    part=st.sampled_from([1, 5, 30, 200, "township", "all"]),
    noise_m=st.sampled_from([0, 5, 30]),
)
def test_right_polygons_are_never_refused(seed: int, part: Any, noise_m: float) -> None:
    rng, city = np.random.default_rng(seed), round_city()
    grids = grids_of(city, rng)
    if part == "township":
        grids = township_of(grids, rng)
    elif part != "all":
        grids = rng.choice(grids, part, replace=False)
    # digitised by somebody else: every border a little larger or smaller
    grids = shapely.buffer(grids, float(rng.choice([-1, 1])) * noise_m / 111_000)
    assert diagnose_placement(grids, city) is None


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), count=st.sampled_from([1, 10, 100, 1000, 5000]), township=st.booleans())
def test_right_points_are_never_refused(seed: int, count: int, township: bool) -> None:
    rng, city = np.random.default_rng(seed), round_city()
    where = shapely.union_all(township_of(grids_of(city, rng), rng)) if township else city
    assert diagnose_placement(points_in(where, rng, count), city) is None


def test_right_points_with_a_few_beyond_the_border_are_not_refused() -> None:
    rng, city = np.random.default_rng(1), round_city()
    beyond = shapely.points(np.array([city.bounds[2] + 0.002, 32.2]) + rng.normal(0, 0.0005, (30, 2)))
    assert diagnose_placement(np.concatenate((points_in(city, rng, 3000), beyond)), city) is None


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), fault=st.sampled_from(sorted(FAULTS)), part=st.sampled_from([100, 300, "all"]))
def test_wrong_polygons_are_named(seed: int, fault: str, part: Any) -> None:
    rng, city = np.random.default_rng(seed), round_city()
    grids = grids_of(city, rng)
    grids = grids if part == "all" else rng.choice(grids, part, replace=False)
    found = diagnose_placement(shift_geometries(grids, FAULTS[fault]), city)
    assert found is not None
    assert found.kind == fault
    assert found.confidence > 0.5


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), fault=st.sampled_from(sorted(FAULTS)))
def test_wrong_points_are_named(seed: int, fault: str) -> None:
    rng, city = np.random.default_rng(seed), round_city()
    found = diagnose_placement(shift_geometries(points_in(city, rng, 3000), FAULTS[fault]), city)
    assert found is not None
    assert found.kind == fault


def test_a_township_at_the_exit_of_the_shift_is_enough() -> None:
    rng, city = np.random.default_rng(2), round_city()
    grids = grids_of(city, rng)
    middle = shapely.get_coordinates(shapely.centroid(grids))
    east = grids[np.argsort(-middle[:, 0])[:40]]
    found = diagnose_placement(shift_geometries(east, wgs84_to_gcj02), city)
    assert found is not None and found.kind == "gcj02"


def test_offset_and_bearing_at_taixing(shared: Path) -> None:
    outline = shapely.from_geojson((shared / "data/taixing/outline_gcj02.json").read_text("utf-8"))
    shifted = np.array(shapely.get_parts(outline))
    city = shapely.union_all(shapely.make_valid(shift_geometries(shifted, gcj02_to_wgs84)))
    found = diagnose_placement(shifted, city)
    assert found is not None and found.kind == "gcj02"
    # 467.5 m east and 211.2 m south at (120.05, 32.17), some per cent else elsewhere in the county
    assert found.offset_m == pytest.approx(513, abs=30)
    assert found.bearing_deg == pytest.approx(114.3, abs=3)
    assert found.finding("grids").severity == "error"
    assert diagnose_placement(np.array([city]), city) is None


def test_a_reference_decides_where_the_outline_can_not() -> None:
    rng, city = np.random.default_rng(3), round_city()
    inner = shapely.points(120.1 + rng.uniform(-0.05, 0.05, 20), 32.2 + rng.uniform(-0.05, 0.05, 20))
    for fault in ("gcj02", "bd09"):
        moved = shift_geometries(inner, FAULTS[fault])
        assert diagnose_placement(moved, city) is None
        found = diagnose_placement(moved, city, reference=inner)
        assert found is not None and found.kind == fault
    assert diagnose_placement(inner, city, reference=inner) is None
    known = inner.copy()
    known[3:] = None
    found = diagnose_placement(shift_geometries(inner, wgs84_to_gcj02), city, reference=known)
    assert found is not None and found.kind == "gcj02"


def test_far_away_and_not_degrees() -> None:
    rng, city = np.random.default_rng(4), round_city()
    grids = grids_of(city, rng)
    zone = diagnose_placement(shift_geometries(grids, lambda x, y: (x + 3, y)), city)
    assert zone is not None and zone.kind == "outside"
    assert zone.offset_m == pytest.approx(282_500, rel=0.01)
    assert zone.bearing_deg == pytest.approx(90, abs=1)
    metres = diagnose_placement(shapely.points(rng.uniform((480e3, 3530e3), (530e3, 3580e3), (50, 2))), city)
    assert metres is not None and metres.kind == "outside" and metres.values["largest"] > 3.5e6


def test_nothing_says_nothing() -> None:
    assert diagnose_placement(np.array([], dtype=object), round_city()) is None
    assert diagnose_placement(np.array([None, shapely.Point()]), round_city()) is None
    with pytest.raises(InvalidInput):
        diagnose_placement(np.array([shapely.Point(1, 1)]), shapely.Polygon())
    json.dumps(diagnose_placement(shapely.points([[1, 1]]), round_city()).__dict__)
