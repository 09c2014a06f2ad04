"""Noding: borders by hand, and faults of any kind drawn within the tolerance into real and made-up coverages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_coverage import lattice

from geo.changes.noding import Noded, node_borders
from geo.coverage.coverage import check_coverage
from geo.errors import InvalidInput
from geo.measuring import Plane

METRES = Plane("EPSG:4549", "EPSG:4549")


def node(changed: list[Any], fixed: list[Any], tolerance_m: float = 0.5) -> Noded:
    return node_borders(changed, fixed, tolerance_m, plane=METRES)


def told(noded: Noded) -> list[tuple[str, int, float, float, float, int]]:
    return [
        (m.side, m.index, round(m.moved_m, 3), round(m.gained_m2, 3), round(m.lost_m2, 3), m.vertices_added)
        for m in noded.moves
    ]


def same(one: Any, two: Any) -> bool:
    return bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(two)))


EAST = shapely.box(10, 0, 20, 10)


def test_what_matches_comes_back_as_it_is() -> None:
    west = shapely.box(0, 0, 10, 10)
    noded = node([west], [EAST])
    assert noded.geometries[0] is west and noded.fixed[0] is EAST and not noded.moves and not noded.left


def test_an_overlap_stays_with_the_fixed_grid() -> None:
    noded = node([shapely.Polygon([(0, 0), (10, 0), (10.4, 5), (10, 10), (0, 10)])], [EAST])
    assert same(noded.geometries[0], shapely.box(0, 0, 10, 10)) and noded.fixed[0] is EAST
    assert told(noded) == [("changed", 0, 0.4, 0, 2, -1)]
    assert noded.moves[0].geometry.area == pytest.approx(2)


def test_a_gap_goes_to_the_changed_grid() -> None:
    noded = node([shapely.Polygon([(0, 0), (10, 0), (9.6, 5), (10, 10), (0, 10)])], [EAST])
    assert same(noded.geometries[0], shapely.box(0, 0, 10, 10)) and noded.fixed[0] is EAST
    assert told(noded) == [("changed", 0, 0.4, 2, 0, -1)]


def test_a_corner_on_a_fixed_edge_becomes_a_vertex_of_both() -> None:
    south, north = shapely.box(0, 0, 10, 5), shapely.box(0, 5, 10, 10)
    noded = node([south, north], [EAST])
    assert noded.geometries[0] is south and noded.geometries[1] is north
    assert same(noded.fixed[0], shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10, 5)]))
    assert told(noded) == [("fixed", 0, 0, 0, 0, 1)]
    assert same(shapely.multipoints([(10, 5)]), shapely.multipoints(shapely.get_parts(noded.moves[0].geometry)))


def test_a_crooked_border_leaves_no_vertices_on_a_straight_one() -> None:
    zigzag = [(10 + (0.2 if k % 2 else -0.2), y) for k, y in enumerate(np.linspace(0.5, 9.5, 19))]
    noded = node([shapely.Polygon([(0, 0), (10, 0), *zigzag, (10, 10), (0, 10)])], [EAST])
    assert same(noded.geometries[0], shapely.box(0, 0, 10, 10)) and noded.fixed[0] is EAST


def test_what_is_wide_or_would_empty_or_split_a_grid_is_left_and_said() -> None:
    wide = shapely.Polygon([(0, 0), (10, 0), (11, 5), (10, 10), (0, 10)])
    noded = node([wide], [EAST])
    assert noded.geometries[0] is wide and [reason for _, reason in noded.left] == ["too-wide"]
    assert noded.left[0][0].area == pytest.approx(5)
    inside = shapely.box(12, 2, 12.3, 3)
    noded = node([inside], [EAST])
    assert noded.geometries[0] is inside and [reason for _, reason in noded.left] == ["would-empty"]
    lane, path = shapely.box(-20, 5, 20, 5.3), shapely.box(0, 0, 0.4, 10)
    noded = node([path], [lane])
    assert noded.geometries[0].equals(path) and [reason for _, reason in noded.left] == ["would-split"]


def test_a_gap_that_runs_along_two_grids_is_cut_where_they_meet() -> None:
    north = shapely.box(0, 100, 200, 150)
    west = shapely.Polygon([(0, 0), (100, 0), (100, 99.8), (60, 99.7), (0, 100)])
    east = shapely.Polygon([(100, 0), (200, 0), (200, 100), (150, 99.6), (100, 99.8)])
    noded = node([west, east], [north])
    assert noded.geometries[0].equals(shapely.box(0, 0, 100, 100)) and not noded.left
    assert noded.geometries[1].equals(shapely.box(100, 0, 200, 100))
    assert shapely.get_num_coordinates(noded.fixed).tolist() == [6]
    assert [(m.side, m.index, round(m.moved_m, 2)) for m in noded.moves] == [
        ("changed", 0, 0.3), ("changed", 1, 0.4), ("fixed", 0, 0)
    ]  # fmt: skip


def test_a_polygon_that_crosses_itself_in_the_plane_alone_is_left_as_it_is() -> None:
    """Rounding to stored degrees may close a spike; such a neighbour keeps its vertices, and is no reason to refuse."""
    plane = Plane("EPSG:4549")
    x, y = METRES.degrees(np.array([shapely.Point(500_000, 3_560_000)]))[0].coords[0]
    spike = shapely.Polygon([(x, y), (x + 0.001, y), (x + 0.001, y + 0.001), (x + 0.0005, y + 0.001),
                             (x + 0.0005, y + 0.0005), (x + 0.0005 - 2e-11, y + 0.001), (x, y + 0.001)])  # fmt: skip
    beside = shapely.box(x - 0.001, y, x, y + 0.001)
    assert spike.is_valid and not plane.flat(np.array([spike]))[0].is_valid
    noded = node_borders([beside], [spike], 0.2, plane=plane)
    assert noded.fixed[0] is spike and noded.geometries[0].equals(beside)


def test_between_changed_grids_the_longer_border_wins() -> None:
    west = shapely.box(0, 0, 10, 10)
    east = shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (9.7, 5)])
    noded = node([west, east], [])
    common = shapely.intersection(noded.geometries[0], noded.geometries[1])
    assert common.area == 0 and common.length == pytest.approx(np.hypot(0.3, 5) * 2, abs=1e-3) or common.length == 10
    assert noded.geometries[0].area + noded.geometries[1].area == pytest.approx(200)


@pytest.mark.parametrize("shape", [shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), shapely.Polygon()])
def test_an_unsound_polygon_is_refused(shape: Any) -> None:
    with pytest.raises(InvalidInput, match=r"noding\.unsound\(index=1\)"):
        node([shape], [EAST])
    with pytest.raises(InvalidInput, match=r"repair\.tolerance"):
        node([EAST], [], 0)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.booleans())
def test_borders_drawn_by_hand_are_sound_again(seed: int, degrees: bool) -> None:
    """Some cells of a sound coverage are drawn anew within the tolerance, with fewer, more and other vertices."""
    rng = np.random.default_rng(seed)
    cells, ids = lattice(6, 5, seed)
    plane = METRES
    if degrees:
        cells, plane = METRES.degrees(cells), Plane("EPSG:4549")
        cells = shapely.transform(cells, lambda at: np.round(at, 9))
    fixed_before = cells.copy()
    redrawn = [7, 8, 13, 22]
    changed = plane.back(np.array([drawn_anew(plane.flat(cells[[k]])[0], rng) for k in redrawn], dtype=object))
    others = [k for k in range(len(cells)) if k not in redrawn]
    noded = node_borders(changed, cells[others], 1.5, plane=plane)
    cells[redrawn], cells[others] = noded.geometries, noded.fixed
    found = check_coverage(plane.flat(cells), ids, tolerance_m=1.5)
    # whatever is still wrong was said
    assert bool(found) <= bool(noded.left), found
    flat_before, flat = plane.flat(fixed_before), plane.flat(cells)
    touched = {others[m.index] for m in noded.moves if m.side == "fixed"}
    for k in others:
        if k not in touched:
            assert cells[k] is fixed_before[k]
        # vertices on edges that were there, but no ground
        assert shapely.symmetric_difference(flat[k], flat_before[k]).area < 2e-3
        assert set(map(tuple, shapely.get_coordinates(fixed_before[k]))) <= set(
            map(tuple, shapely.get_coordinates(cells[k]))
        )
    assert shapely.is_valid(cells).all() and (shapely.get_num_geometries(cells) == 1).all()
    assert all(move.moved_m <= 1.5 for move in noded.moves)
    if not noded.left:
        assert not node_borders(noded.geometries, noded.fixed, 1.5, plane=plane).moves


def drawn_anew(cell: Any, rng: np.random.Generator) -> Any:
    """A polygon whose vertices are off by up to 0.4 m, some left out, some put between."""
    points = shapely.get_coordinates(cell)[:-1]
    middles = (points + np.roll(points, -1, axis=0)) / 2
    both = np.stack((points, middles), axis=1).reshape(-1, 2)
    keep = np.zeros(len(both), dtype=bool)
    keep[::2] = True
    keep[1::2] = rng.random(len(points)) < 0.3
    both = both + rng.uniform(-0.4, 0.4, both.shape)
    return shapely.Polygon(both[keep])
