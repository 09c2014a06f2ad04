"""Shares of ground: cases checked by hand, and shares that add up over a partition."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crosswalk.village_shares import village_shares

WEST, EAST = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
CODES = ["321283100201", "321283100202"]


def shares(*grids):
    return village_shares(list(grids), [WEST, EAST], CODES)


def test_inside_across_and_outside():
    found = shares(shapely.box(1, 1, 2, 2), shapely.box(9, 0, 12, 10), shapely.box(30, 0, 31, 1), WEST)
    assert found[0] == [(CODES[0], 1.0)]
    assert [(code, pytest.approx(share)) for code, share in found[1]] == [(CODES[1], 2 / 3), (CODES[0], 1 / 3)]
    assert found[2] == []
    assert found[3] == [(CODES[0], 1.0)]


def test_equal_shares_stand_by_code():
    assert shares(shapely.box(9, 0, 11, 1)) == [[(CODES[0], 0.5), (CODES[1], 0.5)]]


def test_ground_outside_of_all_villages_belongs_to_none():
    assert shares(shapely.box(18, 0, 22, 10)) == [[(CODES[1], 0.5)]]


def test_touching_border_is_no_ground():
    assert shares(shapely.box(5, 0, 10 + 1e-9, 10))[0][0][0] == CODES[0]
    assert len(shares(shapely.box(5, 0, 10 + 1e-9, 10))[0]) == 1


def test_awkward_polygons():
    crossed = shapely.Polygon([(1, 1), (3, 3), (3, 1), (1, 3)])
    assert shares(None, shapely.Polygon(), crossed) == [[], [], [(CODES[0], 1.0)]]
    parts = shapely.MultiPolygon([shapely.box(1, 1, 2, 2), shapely.box(11, 1, 14, 2)])
    assert shares(parts) == [[(CODES[1], 0.75), (CODES[0], 0.25)]]
    assert village_shares([], [WEST], CODES[:1]) == []
    assert village_shares([WEST], [], []) == [[]]


@given(st.integers(0, 2**32 - 1))
def test_shares_over_a_partition_add_up_to_one(seed):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.uniform(0, 100, 5))
    edges = [0, *cuts.tolist(), 100]
    villages = [shapely.box(a, 0, b, 100) for a, b in zip(edges, edges[1:], strict=False)]
    codes = [f"3212831002{i:02d}" for i in range(len(villages))]
    corner = rng.uniform(0, 80, (20, 2))
    size = rng.uniform(1, 20, (20, 2))
    grids = shapely.box(*corner.T, *(corner + size).T)
    for grid, found in zip(grids, village_shares(grids, villages, codes), strict=True):
        assert sum(share for _, share in found) == pytest.approx(1, abs=1e-5)
        assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
        for code, share in found:
            assert share * grid.area == pytest.approx(shapely.intersection(grid, villages[codes.index(code)]).area)
