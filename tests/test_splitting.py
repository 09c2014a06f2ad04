"""Grids cut along lines, split into equal parts, and merged: by hand, and what must hold for any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_coverage import lattice

from geo.changes.balanced import Balanced, split_balanced
from geo.changes.cut import cut_along
from geo.changes.merging import heir_of, merge
from geo.coverage.coverage import check_coverage
from geo.errors import InvalidInput
from geo.measuring import Plane

METRES = Plane("EPSG:4549", "EPSG:4549")
SQUARE = shapely.box(0, 0, 100, 100)
BOW = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
L_SHAPE = shapely.Polygon([(0, 0), (1200, -100), (1500, 500), (900, 450), (800, 1000), (100, 900)])
ROADS = [
    shapely.LineString([(0, 420), (1600, 480)]),
    shapely.LineString([(600, -300), (650, 1200)]),
    shapely.LineString([(300, -100), (280, 950)]),
]


def assert_partition(parts: Any, whole: Any) -> None:
    """The parts are the whole: no overlap, no gap, borders matched, no vertex of the old border lost."""
    assert shapely.is_valid(parts).all() and (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON).all()
    assert check_coverage(parts, [str(k) for k in range(len(parts))], complete=not whole.interiors) == []
    corners = set(map(tuple, shapely.get_coordinates(whole)))
    assert corners <= {tuple(at) for part in parts for at in shapely.get_coordinates(part)}
    union = shapely.coverage_union_all(parts)
    assert shapely.area(parts).sum() == pytest.approx(whole.area, rel=1e-12)
    assert shapely.symmetric_difference(union, whole).area < 1e-6


def line(*points: tuple[float, float]) -> Any:
    return shapely.LineString(points)


def test_a_line_across_and_one_that_stops_short() -> None:
    cut = cut_along(SQUARE, line((40, -10), (40, 110)), plane=METRES)
    assert cut.areas_m2.tolist() == [6000, 4000] and cut.extended_m == 0
    assert cut.parts[1].equals(shapely.box(0, 0, 40, 100)) and cut.line.length == pytest.approx(100)
    short = cut_along(SQUARE, line((40, 15), (40, 90)), plane=METRES)
    assert short.areas_m2.tolist() == [6000, 4000] and short.extended_m == 15
    assert shapely.get_num_coordinates(short.parts).tolist() == [5, 5]


def test_lines_that_meet_cut_into_three() -> None:
    lines = shapely.MultiLineString([[(0, 50), (100, 50)], [(50, 100), (50, 60)]])
    cut = cut_along(SQUARE, lines, plane=METRES)
    assert cut.areas_m2.tolist() == [5000, 2500, 2500] and cut.extended_m == 10
    assert_partition(cut.parts, SQUARE)


@pytest.mark.parametrize(
    ("grid", "course", "key"),
    [
        (SQUARE, line((40, 30), (40, 110)), "split.ends-inside"),
        (SQUARE, line((140, 30), (140, 110)), "split.not-crossed"),
        (SQUARE, line((0, 0), (100, 0)), "split.not-crossed"),
        (SQUARE, line((0.5, -10), (0.5, 110)), "split.sliver"),
        (SQUARE, shapely.Point(1, 1), "split.no-line"),
        (SQUARE, line((1, 1), (1, 1)), "split.no-line"),
        (SQUARE, None, "split.no-line"),
        (BOW, line((0, 0), (1, 1)), "split.unsound"),
    ],
)
def test_what_cuts_nothing_is_refused_with_the_reason(grid: Any, course: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        cut_along(grid, course, plane=METRES)
    assert raised.value.key == key


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0, np.pi), st.floats(-15, 15), st.booleans())
def test_any_cut_is_a_partition_of_the_grid(seed: int, angle: float, off: float, degrees: bool) -> None:
    plane = METRES
    cells = lattice(3, 3, seed)[0]
    cell = cells[4]
    rng = np.random.default_rng(seed)
    ahead, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    along = np.linspace(-150, 150, 7)
    points = np.array([cell.centroid.x, cell.centroid.y]) + along[:, None] * ahead
    points += (off + rng.uniform(-5, 5, 7))[:, None] * aside
    course = shapely.LineString(points)
    if degrees:
        plane = Plane("EPSG:4549")
        cell, course = METRES.degrees(np.array([cell, course]))
    try:
        cut = cut_along(cell, course, plane=plane, sliver_m=0.01)
    except InvalidInput as error:
        assert error.key == "split.sliver"
        return
    assert len(cut.parts) >= 2
    whole = plane.flat(np.array([cell]))[0]
    assert cut.areas_m2.sum() == pytest.approx(whole.area, rel=1e-12)
    parts = plane.flat(cut.parts)
    # stored degrees are rounded to a hundredth of a millimetre
    assert shapely.symmetric_difference(shapely.union_all(parts), whole).area < (5e-3 if degrees else 1e-6)
    assert {f.kind for f in check_coverage(parts, [str(k) for k in range(len(parts))])} <= set()
    corners = set(map(tuple, shapely.get_coordinates(cell)))
    assert corners <= {tuple(at) for part in cut.parts for at in shapely.get_coordinates(part)}


def assert_balanced(found: Balanced, whole: Any, parts: int) -> None:
    assert len(found.parts) == parts
    assert_partition(found.parts, whole)
    assert found.error == pytest.approx(np.abs(found.sizes / found.sizes.mean() - 1).max())


@pytest.mark.parametrize("parts", [2, 3, 5, 9])
@pytest.mark.parametrize("roads", [(), ROADS], ids=["field", "roads"])
def test_equal_ground(parts: int, roads: Any) -> None:
    found = split_balanced(L_SHAPE, parts, plane=METRES, roads=roads)
    assert_balanced(found, L_SHAPE, parts)
    assert found.error <= 0.05 and found.sizes.sum() == pytest.approx(L_SHAPE.area)
    assert found.outside == 0 and (found.road_share > 0.1 if len(roads) else found.road_share == 0)


def test_a_road_through_the_middle_is_the_border() -> None:
    found = split_balanced(SQUARE, 2, plane=METRES, roads=[line((-5, 51), (105, 49))])
    assert found.road_share == pytest.approx(1, abs=1e-6) and found.error < 0.01
    assert shapely.get_num_coordinates(found.parts).tolist() == [5, 5]


def test_equal_cases_where_they_gather_and_points_outside_are_told() -> None:
    rng = np.random.default_rng(3)
    at = np.vstack((rng.normal([350, 350], 120, (300, 2)), rng.uniform([0, 0], [1500, 1000], (150, 2)), [[9e3, 0]] * 7))
    inside = shapely.intersects(L_SHAPE, shapely.points(at)).sum()
    for parts in (2, 4, 7):
        found = split_balanced(L_SHAPE, parts, plane=METRES, points=shapely.points(at), roads=ROADS)
        assert_balanced(found, L_SHAPE, parts)
        assert found.sizes.sum() == inside and found.outside == len(at) - inside
        assert found.error <= 0.08
    assert found.areas_m2.min() < found.areas_m2.max() / 3


def test_weights_are_people_and_those_of_one_house_stay_together() -> None:
    houses = shapely.points([(20, 50), (80, 50), (50, 20)])
    found = split_balanced(SQUARE, 2, plane=METRES, points=houses, weights=[60, 30, 30])
    assert sorted(found.sizes) == [60, 60] and found.error == 0
    tower = split_balanced(SQUARE, 2, plane=METRES, points=houses, weights=[100, 10, 10])
    assert sorted(tower.sizes) == [20, 100] and tower.error == pytest.approx(2 / 3)


def test_a_balanced_split_is_the_same_every_time() -> None:
    one, two = (split_balanced(L_SHAPE, 5, plane=METRES, roads=ROADS) for _ in range(2))
    assert shapely.equals_identical(one.parts, two.parts).all()


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000), st.integers(2, 6), st.booleans())
def test_any_grid_is_split_into_connected_parts(seed: int, parts: int, holed: bool) -> None:
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 14))
    reach = rng.uniform(200, 1000, 14)
    star = shapely.Polygon(np.column_stack((np.cos(turn) * reach, np.sin(turn) * reach)))
    assume(star.is_valid and star.area > 100_000)
    if holed:
        star = shapely.difference(star, star.representative_point().buffer(30))
    assume(star.geom_type == "Polygon")
    roads = [line(*rng.uniform(-900, 900, (2, 2))) for _ in range(int(rng.integers(0, 4)))]
    found = split_balanced(star, parts, plane=METRES, roads=roads)
    assert_balanced(found, star, parts)
    assert found.error <= 0.1


@pytest.mark.parametrize(
    ("grid", "parts", "options", "key"),
    [
        (SQUARE, 1, {}, "split.parts"),
        (SQUARE, 51, {}, "split.parts"),
        (BOW, 2, {}, "split.unsound"),
        (shapely.MultiPolygon([SQUARE, shapely.box(200, 0, 300, 100)]), 2, {}, "split.unsound"),
        (SQUARE, 2, {"points": [shapely.Point(500, 500)]}, "split.no-weight"),
        (SQUARE, 2, {"points": [shapely.Point(5, 5)], "weights": [-1]}, "split.weights"),
        (SQUARE, 2, {"points": [shapely.Point(5, 5)], "weights": [1, 2]}, "split.weights"),
    ],
)
def test_what_cant_be_split_is_refused(grid: Any, parts: int, options: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        split_balanced(grid, parts, plane=METRES, **options)
    assert raised.value.key == key


def test_neighbours_merge_into_one_and_others_into_parts() -> None:
    east = shapely.box(100, 0, 200, 100)
    merged = merge([SQUARE, east], plane=METRES)
    assert merged.geometry.equals(shapely.box(0, 0, 200, 100)) and (merged.parts, merged.closed_m2) == (1, 0)
    assert merge([SQUARE, shapely.box(300, 0, 400, 100)], plane=METRES).parts == 2
    assert merge([SQUARE, shapely.box(100, 100, 200, 200)], plane=METRES).parts == 2


def test_a_merge_leaves_no_holes() -> None:
    torn = shapely.Polygon([(100, 0), (200, 0), (200, 100), (100, 100), (100.4, 50)])
    merged = merge([SQUARE, torn], plane=METRES)
    assert merged.geometry.equals(shapely.box(0, 0, 200, 100)) and merged.closed_m2 == pytest.approx(20)
    ring = shapely.difference(shapely.box(0, 0, 30, 30), shapely.box(10, 10, 20, 20))
    west, east = (shapely.intersection(ring, shapely.box(x, 0, x + 15, 30)) for x in (0, 15))
    with pytest.raises(InvalidInput, match=r"merge\.hole\(area_m2=100"):
        merge([west, east], plane=METRES)
    # what one of them has already is no new hole
    assert merge([ring, shapely.box(30, 0, 40, 30)], plane=METRES).area_m2 == 1100


@pytest.mark.parametrize(("grids", "key"), [([SQUARE], "merge.few"), ([SQUARE, BOW], "merge.unsound")])
def test_what_cant_be_merged_is_refused(grids: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        merge(grids, plane=METRES)
    assert raised.value.key == key


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_what_was_cut_merges_back(seed: int) -> None:
    plane = Plane("EPSG:4549")
    cell = plane.degrees(lattice(3, 3, seed)[0])[4]
    middle = cell.centroid
    parts = cut_along(cell, line((middle.x, middle.y - 1), (middle.x, middle.y + 1)), plane=plane, sliver_m=0).parts
    merged = merge(parts, plane=plane).geometry
    assert plane.flat(np.array([merged]))[0].area == pytest.approx(plane.flat(np.array([cell]))[0].area, abs=5e-3)
    assert set(map(tuple, shapely.get_coordinates(cell))) <= set(map(tuple, shapely.get_coordinates(merged)))


def test_the_neighbour_with_most_of_the_border_is_heir() -> None:
    beside = [shapely.box(100, 0, 200, 30), shapely.box(100, 30, 200, 100), shapely.box(100, 100, 200, 200)]
    heir, border = heir_of(SQUARE, beside, plane=METRES)
    assert heir == 1 and border.tolist() == [30, 70, 0]
    assert heir_of(SQUARE, beside[2:], plane=METRES)[0] is None
    assert heir_of(SQUARE, [], plane=METRES)[0] is None
