"""Crosswalk: another library's overlay, and numbers that others have published."""

import geopandas
import numpy as np
import pytest
import shapely
from crosswalk_cases import ALL, UNHURRIED, layers, walk_of
from hypothesis import given, settings

from geo.crosswalk.carry import carry
from geo.crosswalk.crosswalk import NOWHERE, crosswalk
from geo.crosswalk.people import People
from geo.crosswalk.pieces import pieces


@settings(UNHURRIED, max_examples=25)
@given(layers())
def test_pieces_are_those_of_an_overlay(drawn):
    cells, _, grids = drawn
    found = pieces(cells, grids)
    left = geopandas.GeoDataFrame({"left": range(len(cells))}, geometry=cells)
    right = geopandas.GeoDataFrame({"right": range(len(grids))}, geometry=grids)
    there = geopandas.overlay(left, right, how="intersection", keep_geom_type=True)
    expected = dict(zip(zip(there["left"], there["right"], strict=True), there.area, strict=True))
    ours = dict(zip(zip(found.left.tolist(), found.right.tolist(), strict=True), found.area_m2, strict=True))
    assert ours.keys() == expected.keys()
    assert ours == pytest.approx(expected)
    assert shapely.area(found.shape).tolist() == found.area_m2.tolist()


def test_slanted_layers_agree_with_an_overlay():
    rng = np.random.default_rng(5)
    cells = shapely.buffer(shapely.points(rng.uniform(0, 1000, (60, 2))), rng.uniform(10, 200, 60))
    ground = shapely.box(0, 0, 1000, 1000)
    grids = np.array(list(shapely.voronoi_polygons(shapely.multipoints(rng.uniform(0, 1000, (40, 2)))).geoms))
    grids = shapely.intersection(grids, ground)
    walk = walk_of(cells, grids, least=ALL)
    there = geopandas.overlay(geopandas.GeoDataFrame({"c": range(60)}, geometry=cells),
                              geopandas.GeoDataFrame({"g": range(40)}, geometry=grids))  # fmt: skip
    expected = dict(zip(zip(there["c"], there["g"], strict=True), there.area, strict=True))
    ours = dict(zip(zip(walk.relations.cell.tolist(), walk.relations.grid.tolist(), strict=True),
                    walk.relations.area_m2, strict=True))  # fmt: skip
    assert ours == pytest.approx(expected, rel=1e-9, abs=1e-9)


# --- published numbers (Providence; shared/data/README.md)


@pytest.fixture(scope="module")
def providence(shared):
    folder = shared / "data" / "crosswalk_maup"
    read = {name: geopandas.read_file(folder / f"{name}.zip").to_crs(32030)
            for name in ("blocks", "precincts", "districts")}  # fmt: skip
    return {name: (np.array(table.geometry, dtype=object), [f"{i:04d}" for i in range(len(table))], table)
            for name, table in read.items()}  # fmt: skip


def of(providence, one, two, **options):
    (cells, ids, _), (grids, grid_ids, _) = providence[one], providence[two]
    return crosswalk(cells, ids, [one] * len(ids), grids, grid_ids, **options)


def test_providence_precincts_in_districts(providence):
    walk = of(providence, "precincts", "districts", least=ALL, assign_by="area")
    assert walk.assignment[:5].tolist() == [7, 5, 13, 6, 1]


def test_providence_blocks_in_precincts(providence):
    walk = of(providence, "blocks", "precincts", least=ALL)
    assert (walk.assignment == NOWHERE).sum() == 884
    people = providence["blocks"][2]["TOTPOP"].to_numpy(dtype=float)
    carried = carry(walk, people, "assignment")
    assert carried.grid[0, :5].tolist() == [5907, 5636, 6549, 6009, 4962]
    assert carried.grid.sum() + carried.lost.sum() == people.sum()


def test_providence_people_by_the_largest_part_and_by_area(providence):
    shapes, _, table = providence["blocks"]
    people = table["TOTPOP"].to_numpy(dtype=float)
    walk = of(providence, "precincts", "districts", people=People(shapes, people, "largest"))
    assert walk.spread.cell[:5].tolist() == [5907, 5636, 6549, 6009, 4962]
    assert walk.assignment[:5].tolist() == [7, 5, 13, 6, 1]
    by_area = of(providence, "precincts", "districts", people=People(shapes, people)).spread
    # the precincts' own file carries the population of the same blocks, divided by area by somebody else
    assert by_area.cell == pytest.approx(providence["precincts"][2]["TOTPOP"].to_numpy(), rel=1e-3)
