"""Kernel density: mass, the exact sum, spatstat's values, cases checked by hand, and relations."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import shapely
from h3.api import basic_int
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.heat.density import Edge, kernel_density
from geo.heat.density_at import density_at
from geo.heat.kernels import KERNELS, kernel_named
from geo.heat.raster_grid import RasterGrid
from geo.heat.remainders import each_once
from geo.heat.spreading import spread

CITY = shapely.Polygon([(520, 310), (9_470, 905), (8_040, 4_460), (9_730, 8_820), (4_100, 9_610), (610, 7_300)],
                       [[(3_000, 3_000), (3_000, 4_500), (5_200, 4_500), (5_200, 3_000)]])  # fmt: skip
GRID = RasterGrid.over(CITY.bounds, 50)
INSIDE = GRID.inside(CITY)
_ROWS, _COLUMNS = np.nonzero(INSIDE)
_WEST, _SOUTH = GRID.west + _COLUMNS * 50, GRID.north - _ROWS * 50 - 50
COVERED = shapely.union_all(shapely.box(_WEST, _SOUTH, _WEST + 50, _SOUTH + 50))
"""What the cells of the city cover, which for the edge is the city."""


def middles(grid: RasterGrid) -> tuple[np.ndarray, np.ndarray]:
    """x of the columns, y of the rows."""
    return (
        grid.west + (np.arange(grid.columns) + 0.5) * grid.cell_m,
        grid.north - (np.arange(grid.rows) + 0.5) * grid.cell_m,
    )


def cases(count: int, seed: int = 3) -> np.ndarray:
    """Places in the city, half of them in clusters."""
    rng = np.random.default_rng(seed)
    tight = rng.choice([[2_000, 2_000], [7_000, 7_500], [9_000, 1_500]], count * 2) + rng.normal(0, 350, (count * 2, 2))
    found = np.concatenate([tight, rng.uniform(0, 10_000, (count * 4, 2))])
    found = found[shapely.contains_xy(CITY, found)]
    return found[rng.permutation(len(found))[:count]]


def test_spatstat_to_its_printed_digits(shared: Path) -> None:
    """Gaussian density of the redwoods, without edge correction and with the uniform one."""
    folder = shared / "data" / "kde"
    known = json.loads((folder / "reference.json").read_text())
    points = np.genfromtxt(folder / "redwoodfull.csv", delimiter=",", skip_header=1)
    sigma, window = known["sigma"], shapely.box(0, 0, 1, 1)
    printed = known["spatstat.explore 3.0.6, density at the first five points, including self"]
    gaussian = KERNELS["gaussian"]
    plain = density_at(points[:5], points, gaussian, sigma)
    edged = density_at(points[:5], points, gaussian, sigma, city=window, edge="uniform")
    for found, digits in ((plain, printed["gaussian_noedge"]), (edged, printed["gaussian_edge_uniform"])):
        assert [f"{value:.10g}" for value in found] == [f"{value:.10g}" for value in digits]
    total = density_at(points, points, gaussian, sigma).sum()
    assert f"{total:.2f}" == f"{known['sum over all 195 points, gaussian, no edge correction']:.2f}"


def test_the_raster_gives_spatstat_its_values(shared: Path) -> None:
    """The same numbers from bins and FFT, the unit square as a kilometre: 1 per unit area is 1 per km2."""
    known = json.loads((shared / "data" / "kde" / "reference.json").read_text())
    points = np.genfromtxt(shared / "data" / "kde" / "redwoodfull.csv", delimiter=",", skip_header=1) * 1000
    grid = RasterGrid.over((0, 0, 1000, 1000), 1)
    whole = np.ones((1000, 1000), dtype=bool)
    wanted: tuple[tuple[Edge, str], ...] = (("none", "gaussian_noedge"), ("uniform", "gaussian_edge_uniform"))
    for edge, name in wanted:
        found = kernel_density(points[:, 0], points[:, 1], grid, whole, KERNELS["gaussian"], 80, edge=edge).values
        at = found[(1000 - points[:5, 1]).astype(int), points[:5, 0].astype(int)]
        printed = known["spatstat.explore 3.0.6, density at the first five points, including self"][name]
        # within a cell of a metre of the point: the density changes by no more than half a percent there
        assert at == pytest.approx(printed, rel=5e-3)


@pytest.mark.parametrize("edge", get_args(Edge))
@pytest.mark.parametrize("kernel", KERNELS)
def test_within_three_thousandths_of_the_exact_sum(kernel: str, edge: Edge) -> None:
    """Ten cells a bandwidth, clusters and a hole: at every cell that is looked at, within 0.3 % of the peak."""
    points, shape = cases(400), KERNELS[kernel]
    found = kernel_density(points[:, 0], points[:, 1], GRID, INSIDE, shape, 500, edge=edge).values
    rng = np.random.default_rng(1)
    some = rng.choice(len(_ROWS), 60, replace=False)
    x, y = middles(GRID)
    places = np.column_stack([x[_COLUMNS[some]], y[_ROWS[some]]])
    # a kernel that needs finer cells gives the mean of each cell, the others its middle
    parts = np.arange(-2, 3) * 10 if shape.cells > 10 else np.zeros(1)
    within = np.stack(np.meshgrid(parts, parts), axis=-1).reshape(1, -1, 2)
    exact = density_at(places[:, None, :] + within, points, shape, 500, city=COVERED, edge=edge)
    exact = exact.reshape(len(some), -1).mean(axis=1) * 1e6
    assert np.abs(found[_ROWS[some], _COLUMNS[some]] - exact).max() < 0.003 * np.nanmax(found)


@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.5, 0.5), (0.25, 0.75), (0.999, 0.5)])
@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "quartic", "triweight"])
def test_one_case_is_the_kernel_itself(kernel: str, offset: tuple[float, float]) -> None:
    """The worst of binning is a single point; wherever in its cell it lies, the map is the kernel around it."""
    grid = RasterGrid(0, 10_000, 50, 200, 200)
    x, y = 5_000 + offset[0] * 50, 5_000 + offset[1] * 50
    whole = np.ones((200, 200), dtype=bool)
    found = kernel_density([x], [y], grid, whole, KERNELS[kernel], 500, edge="none").values
    # a kernel that needs finer cells gives the mean of each cell, the others its middle
    parts = 8 if KERNELS[kernel].cells > 10 else 1
    across, down = middles(grid.finer(parts))
    exact = KERNELS[kernel].values((across[None, :] - x) ** 2 + (down[:, None] - y) ** 2, 500) * 1e6
    exact = exact.reshape(200, parts, 200, parts).mean(axis=(1, 3))
    assert np.abs(found - exact).max() < 0.003 * exact.max()


@pytest.mark.parametrize("bandwidth", [130.0, 200.0, 500.0, 3_000.0])
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_case_counts_once(kernel: str, bandwidth: float) -> None:
    """Density times ground is the number of cases, also where cells had to be cut finer."""
    points = cases(500)
    found = kernel_density(points[:, 0], points[:, 1], GRID, INSIDE, KERNELS[kernel], bandwidth)
    assert (found.counted, found.left_out) == (500, 0), "a case of the city lies at most one cell from a cell of it"
    assert np.nansum(found.values, dtype=float) * 0.05**2 == pytest.approx(found.counted, rel=1e-5)
    assert np.isnan(found.values[~INSIDE]).all() and (found.values[INSIDE] >= 0).all()


def test_nine_cells_by_hand() -> None:
    """Three cells of 1 km a side, one case in the middle, an Epanechnikov kernel of h = 1 km, so that R2 = 6 km2.

    Every cell lies within the radius, where the density is 2 (1 - (x2 + y2) / R2) / (pi R2). The mean of x2 + y2 is
    1/12 + 1/12 over the middle cell, 13/12 + 1/12 over one at a side and 13/12 + 13/12 over one at a corner.
    """
    grid, shape = RasterGrid(0, 3_000, 1_000, 3, 3), KERNELS["epanechnikov"]
    found = kernel_density([1_500], [1_500], grid, np.ones((3, 3), bool), shape, 1_000, edge="none").values
    middle, side, corner = (2 * (1 - mean / 6) / (math.pi * 6) for mean in (1 / 6, 7 / 6, 13 / 6))
    expected = np.array([[corner, side, corner], [side, middle, side], [corner, side, corner]])
    assert found == pytest.approx(expected, rel=1e-3)
    diagonal = np.eye(3, dtype=bool)[::-1]
    found = kernel_density([1_500], [1_500], grid, diagonal, shape, 1_000).values
    assert np.isnan(found[~diagonal]).all()
    assert found[diagonal] == pytest.approx(np.array([corner, middle, corner]) / (middle + 2 * corner), rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(
    places=st.lists(st.tuples(st.floats(300, 1_700), st.floats(300, 1_700)), min_size=1, max_size=6),
    weights=st.lists(st.floats(0.1, 50), min_size=6, max_size=6),
    kernel=st.sampled_from(list(KERNELS)),
)
def test_densities_add_and_scale(places: list[tuple[float, float]], weights: list[float], kernel: str) -> None:
    """The map of all cases is the sum of the maps of each; a weight counts as that many cases."""
    grid, shape = RasterGrid(0, 2_000, 50, 40, 40), KERNELS[kernel]
    inside = grid.inside(shapely.Point(1_000, 1_000).buffer(900))
    points, weight = np.array(places), np.array(weights[: len(places)])
    whole = kernel_density(points[:, 0], points[:, 1], grid, inside, shape, 500, weights=weight).values
    each = [kernel_density([x], [y], grid, inside, shape, 500).values * w
            for (x, y), w in zip(places, weight, strict=True)]  # fmt: skip
    assert whole[inside] == pytest.approx(np.sum(each, axis=0)[inside], rel=1e-3, abs=1e-3 * float(np.nanmax(whole)))


def test_cases_beyond_the_city_are_left_out_and_told() -> None:
    """In the hole, outside of the outline, outside of the grid, and not finite."""
    found = kernel_density([4_000, 100, -5e6, 2_000], [3_700, 9_900, 3e7, 2_000], GRID, INSIDE, KERNELS["quartic"], 400)
    assert (found.counted, found.left_out) == (1, 3)


def test_no_case_is_nothing_everywhere() -> None:
    found = kernel_density([], [], GRID, INSIDE, KERNELS["gaussian"], 500)
    assert (found.values[INSIDE] == 0).all() and found.counted == 0


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, math.nan, math.inf])
def test_bandwidths_that_there_are_not(bandwidth: float) -> None:
    with pytest.raises(InvalidInput):
        kernel_density([1], [1], GRID, INSIDE, KERNELS["gaussian"], bandwidth)


def test_kernels_that_there_are_not() -> None:
    with pytest.raises(InvalidInput):
        kernel_named("cone")


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_have_mass_one_and_the_bandwidth_as_deviation(kernel: str) -> None:
    """By adding up a fine grid: the mass, and the second moment along an axis."""
    shape, axis = KERNELS[kernel], (np.arange(-1_300, 1_300) + 0.5) / 200
    values = shape.values(axis[:, None] ** 2 + axis[None, :] ** 2, 1.0) / 200**2
    assert values.sum() == pytest.approx(1, abs=2e-4)
    assert (values * axis[:, None] ** 2).sum() == pytest.approx(1, abs=1e-3)
    assert shape.values(1.0001 * shape.radius_m(1.0) ** 2, 1.0) < 1e-5


@pytest.mark.parametrize("kernel", KERNELS)
def test_mass_inside_is_the_sum_of_a_fine_grid(kernel: str) -> None:
    """At corners, on the border, in the hole, and far away; a place in the middle of a huge city has all of it."""
    shape, h = KERNELS[kernel], 400.0
    places = np.array([[520, 310], [4_000, 3_000], [4_000, 3_700], [1_500, 1_500], [9_400, 8_700], [30_000, 0]], float)
    grid = RasterGrid(0, 10_000, 10, 1_000, 1_000)
    x, y = middles(grid)
    ground = grid.inside(CITY)
    counted = [
        (shape.values((x[None, :] - px) ** 2 + (y[:, None] - py) ** 2, h) * ground).sum() * 100 for px, py in places
    ]
    assert shape.mass_inside(places[:, 0], places[:, 1], CITY, h) == pytest.approx(counted, abs=2e-3)
    assert shape.mass_inside([0], [0], shapely.box(-1e5, -1e5, 1e5, 1e5), h) == pytest.approx([1.0])


def test_cells_inside_are_those_that_hold_their_middle() -> None:
    """Every cell against shapely, by a city with a hole; and a vertex on a row of middles."""
    x, y = middles(GRID)
    xx, yy = np.meshgrid(x, y)
    assert (GRID.inside(CITY) == shapely.contains_xy(CITY, xx, yy)).all()
    small = RasterGrid(0, 4, 1, 4, 4)
    kite = shapely.Polygon([(0, 1.5), (2.2, 0), (4, 1.5), (2.2, 4)])
    assert small.inside(kite).astype(int).tolist() == [[0, 0, 1, 0], [0, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 0]]


def test_grids_of_one_cell_size_lie_on_each_other() -> None:
    grid = RasterGrid.over((102.0, 49.0, 398.0, 301.0), 100)
    assert (grid.west, grid.north, grid.columns, grid.rows) == (100, 400, 3, 4)
    assert grid.bounds == (100, 0, 400, 400)


@pytest.mark.parametrize("spacing", [20.0, 130.0, 5_000.0])
def test_spread_counts_keep_their_sum_and_their_middle(spacing: float) -> None:
    """Of two hexagons: weights add up to the counts, the mean place is the centroid, and every place lies inside."""
    angle = np.arange(6) * math.pi / 3
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    cells = [shapely.Polygon(ring * 500), shapely.Polygon(ring * 480 + [2_000, 0])]
    x, y, weight = spread(cells, [7, 30], spacing)
    assert weight.sum() == pytest.approx(37)
    for cell, count in zip(cells, (7, 30), strict=True):
        within = shapely.contains_xy(cell, x, y)
        assert weight[within].sum() == pytest.approx(count)
        middle = [np.average(part[within], weights=weight[within]) for part in (x, y)]
        assert middle == pytest.approx([cell.centroid.x, cell.centroid.y], abs=1e-6)


def test_spread_fills_a_cell_evenly() -> None:
    """Parts of a square have their share of the area, and no count means no place."""
    x, y, weight = spread([shapely.box(0, 0, 100, 100)], [8], 5)
    parts = np.bincount((x > 40).astype(int) * 2 + (y > 70), weight)
    assert parts == pytest.approx([8 * 0.28, 8 * 0.12, 8 * 0.42, 8 * 0.18], abs=0.1)
    assert [len(part) for part in spread([], [], 10)] == [0, 0, 0]


def test_spread_refuses_what_is_not_convex() -> None:
    with pytest.raises(InvalidInput):
        spread([shapely.Polygon([(0, 0), (4, 0), (4, 4), (3, 1)])], [1], 1)


def test_counts_of_several_resolutions_count_each_case_once() -> None:
    """By hand: a parent of 20 with children of 8 and 5 leaves 7 for its other five; a lone child stands for itself.

    In the second period all seven children of 3 are told, and the parent's 25 has 4 more, which lie anywhere in it.
    """
    parent = basic_int.latlng_to_cell(32.17, 120.05, 7)
    children = basic_int.cell_to_children(parent, 8)
    lonely = basic_int.latlng_to_cell(32.3, 120.3, 8)
    cells, weights = each_once(
        [parent, children[0], children[1], lonely], [1, 1, 1, 1], [20, 8, 5, 6]
    )
    found = dict(zip(cells.tolist(), weights.tolist(), strict=True))
    assert [found[child] for child in children[:2]] == [8, 5] and found[lonely] == 6
    assert [found[child] for child in children[2:]] == pytest.approx([1.4] * 5) and len(found) == 8
    cells, weights = each_once([parent, *children], [2] * 8, [25] + [3] * 7)
    found = dict(zip(cells.tolist(), weights.tolist(), strict=True))
    assert found == {parent: 4.0, **dict.fromkeys(children, 3.0)}
    assert [len(part) for part in each_once([], [], [])] == [0, 0]


def test_of_three_levels_each_case_counts_once_in_its_own_period() -> None:
    """A grandparent's 50 less the 20 of the parent that is told leaves 5 each for its six others, in that period."""
    top = basic_int.latlng_to_cell(32.17, 120.05, 6)
    middle = basic_int.cell_to_children(top, 7)
    child = basic_int.cell_to_children(middle[0], 8)[3]
    cells, weights = each_once([top, middle[0], child, middle[1]], [1, 1, 1, 2], [50, 20, 9, 7])
    assert weights.sum() == pytest.approx(57)
    inside = {int(cell): weight for cell, weight in zip(cells, weights, strict=True)}
    assert inside[child] == 9
    assert [inside[cell] for cell in middle[1:]] == pytest.approx([5.0] * 6)
    within = {cell: sum(inside.get(part, 0) for part in basic_int.cell_to_children(cell, 8)) for cell in middle[:2]}
    assert within == {middle[0]: pytest.approx(20), middle[1]: pytest.approx(7)}
