"""Gaps thinner than the rounding of an overlay, by hand, against shapely, and those that the reference miscounts."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage.coverage import check_coverage
from geo.coverage.crumbs import ROUNDING_M, doubled_area, faces, really_there
from geo.coverage.gaps import TOUCH_M, holes
from geo.coverage.width import width_m

#: A step of a double at 1.
STEP = 2.0**-52


def polygons_of(shared: Path, name: str) -> tuple[Any, int]:
    """A measured coverage as it was measured, and its number of gaps in the reference."""
    measured = json.loads((shared / "data" / "coverage_measured.json").read_text("utf-8"))
    entry = next(entry for entry in measured if Path(entry["file"]).stem == name)
    frame = geopandas.read_file(shared / "data" / entry["file"])
    return np.asarray(frame.geometry.make_valid().to_crs(entry["crs_for_area"])), entry["gaps"]


def gap_shapes(polygons: Any) -> Any:
    found = check_coverage(polygons, [str(n) for n in range(len(polygons))])
    return np.array([f.geometry for f in found if f.kind == "gap"])


def pairwise(polygons: Any) -> Any:
    """Holes of the union that is made by adding one polygon after the other, and which of them are thin."""
    found = holes(reduce(shapely.union, polygons))
    return found, width_m(found) < ROUNDING_M


@pytest.mark.parametrize(("notch", "there"), [(STEP, True), (0.0, False), (-STEP, False)])
def test_a_notch_of_one_step_of_a_double(notch: float, there: bool) -> None:
    # the right one's border steps back from the left one's, runs along it, or crosses it
    left = shapely.box(0, 0, 1, 1)
    right = shapely.Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1 + notch, 0.5)])
    ground = np.array([left, right])
    hole = np.array([shapely.Polygon([(1, 0), (1, 1), (1 + 2 * STEP, 0.5)])])
    tree = shapely.STRtree(ground)
    assert really_there(hole, ground, tree).tolist() == [there]
    # outside of what has to be covered there are no gaps
    assert not really_there(hole, ground, tree, outline=left).any()
    assert really_there(hole, ground, tree, outline=shapely.box(0, 0, 2, 1)).tolist() == [there]


@pytest.mark.parametrize(("x", "y", "there"), [(0.1, 0.3, False), (0.3, 0.9, True), (0.25, 0.75, False)])
def test_a_vertex_that_no_double_can_put_on_the_border(x: float, y: float, there: bool) -> None:
    # written in decimals all three lie on y = 3x; as doubles the first lies below of it, the second above
    below = shapely.Polygon([(0, 0), (2, 0), (2, 3), (1, 3)])
    above = shapely.Polygon([(0, 0), (x, y), (1, 3), (0, 3)])
    assert (Fraction(y) > 3 * Fraction(x)) == there
    ground, hole = np.array([below, above]), np.array([shapely.Polygon([(0, 0), (1, 3), (x, y + 1e-9)])])
    assert really_there(hole, ground, shapely.STRtree(ground)).tolist() == [there]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), count=st.integers(3, 7))
def test_faces_are_those_of_shapely(seed: int, count: int) -> None:
    ends = np.random.default_rng(seed).integers(0, 9, (count, 4)).astype(float)
    ends = ends[(ends[:, :2] != ends[:, 2:]).any(axis=1)]
    edges = {((Fraction(a), Fraction(b)), (Fraction(c), Fraction(d))) for a, b, c, d in ends.tolist()}
    edges = {(min(edge), max(edge)) for edge in edges}
    lines = shapely.union_all(shapely.linestrings(ends.reshape(-1, 2, 2)))
    theirs = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    # a face with something loose inside is one ring with it for us, and one polygon with a hole for shapely
    outer = sorted(shapely.area(shapely.polygons(shapely.get_exterior_ring(theirs))))
    assert sorted(float(doubled_area(ring) / 2) for ring in faces(edges)) == pytest.approx(outer, abs=1e-9)


def test_los_angeles_has_five_gaps_less_than_the_reference(shared: Path) -> None:
    polygons, counted = polygons_of(shared, "los-angeles-county")
    ours = gap_shapes(polygons)
    union, thin = pairwise(polygons)
    # adding the polygons one by one gives the reference's count to the last gap
    assert len(union) == counted == 646 and len(ours) == 641
    # the five that are not ours: triangles of hundreds of metres by less than a picometre, where two long borders cross
    # at a place that no double can name
    places = shapely.get_coordinates(shapely.point_on_surface(union[thin])).round().astype(int).tolist()
    assert sorted(places) == [[-20920, 22638], [-7944, -1484], [4128, -209], [21145, 10034], [40374, -805]]
    assert (shapely.area(union[thin]) < 3e-9).all() and (shapely.length(union[thin]) > 500).all()
    assert not really_there(union[thin], polygons, shapely.STRtree(polygons)).any()
    assert np.sort(shapely.area(union[~thin])) == pytest.approx(np.sort(shapely.area(ours)), rel=1e-6, abs=1e-6)
    # and nothing else is left open: another order makes other thin ones, which are not there either
    back, thin = pairwise(polygons[::-1])
    assert len(back) - thin.sum() == 641 and not really_there(back[thin], polygons, shapely.STRtree(polygons)).any()


def test_savannah_has_one_gap_less_than_the_reference(shared: Path) -> None:
    polygons, counted = polygons_of(shared, "savannah")
    ours = gap_shapes(polygons)
    # the polygons one by one in another order give the reference's count
    union, thin = pairwise(polygons[np.random.default_rng(0).permutation(len(polygons))])
    assert len(union) == counted == 276 and len(ours) == 275 and thin.sum() == 1
    (phantom,) = union[thin]
    assert phantom.area < 1e-10 and not really_there(union[thin], polygons, shapely.STRtree(polygons)).any()
    assert np.sort(shapely.area(union[~thin])) == pytest.approx(np.sort(shapely.area(ours)), rel=1e-6, abs=1e-6)


def test_zurich_has_gaps_that_the_last_digit_decides(shared: Path) -> None:
    polygons, counted = polygons_of(shared, "zurich-city")
    found = check_coverage(polygons, [str(n) for n in range(len(polygons))])
    ours = np.array([f.geometry for f in found if f.kind == "gap"])
    union = holes(shapely.union_all(polygons))
    # all 721 holes are there in exact arithmetic, the thinnest of 0.2 m by a thousandth of a double's step
    thin = width_m(union) < ROUNDING_M
    assert really_there(union[thin], polygons, shapely.STRtree(polygons)).all() and thin.sum() == 23
    # two of them are told by the mismatched edge that they lie on, the others are our 719
    edges = np.array([f.geometry for f in found if f.kind == "mismatched-edge"])
    untold = union[~np.isin(np.arange(len(union)), shapely.STRtree(ours).query(union, predicate="intersects")[0])]
    assert len(union) == 721 and len(ours) == 719 and len(untold) == 2
    assert (shapely.STRtree(edges).query_nearest(untold, return_distance=True)[1] < TOUCH_M).all()
    # the reference has 717. It was projected elsewhere; a hundredth of a nanometre in the coordinates, which no
    # projection promises, makes the count anything around that, and changes none of the gaps wider than a nanometre
    counts = set()
    for decimals in (10, 11, 12):
        rounded = shapely.transform(polygons, lambda at, digits=decimals: at.round(digits))
        about = holes(shapely.union_all(shapely.make_valid(rounded)))
        counts.add(len(about))
        assert (width_m(about) >= ROUNDING_M).sum() == 721 - 23
    assert min(counts) < counted < max(counts)
