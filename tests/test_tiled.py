"""Tiles: each polygon in one core, halos that hold all neighbours, and the same findings for every tiling."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from town_of_cells import lattice

from geo.coverage.coverage import check_coverage
from geo.coverage.matching import matched_edges, unmatched_edges
from geo.coverage.tiled import cores, invalid_edges, tiles
from geo.finding import Finding


def told(findings: list[Finding]) -> list[tuple[Any, ...]]:
    """Everything of findings, to the last digit."""
    return [(f.identity, f.severity, f.ids, f.area_m2, f.width_m, f.sliver, repr(f.values), _wkb(f)) for f in findings]


def _wkb(finding: Finding) -> bytes | None:
    return None if finding.geometry is None else shapely.to_wkb(shapely.normalize(finding.geometry))


def faulty(seed: int, columns: int, rows: int) -> Any:
    """A coverage with pushed vertices, missing and repeated cells, cells on top, broken ones and empty ones."""
    rng = np.random.default_rng(seed)
    polygons = lattice(columns, rows, rng, pieces=3, faults=0.2)
    ids = [str(n) for n in range(len(polygons))]
    for k in rng.choice(len(polygons), 4, replace=False):
        match int(rng.integers(5)):
            case 0:
                polygons[k] = None
            case 1:
                polygons = np.append(polygons, polygons[k])
                ids.append(f"copy of {k}")
            case 2:
                polygons = np.append(polygons, polygons[k].buffer(float(rng.uniform(-150, 150))))
                ids.append(f"blot on {k}")
            case 3:
                polygons[k] = polygons[k] - polygons[k].centroid.buffer(20)
            case _:
                polygons[k] = shapely.Polygon(shapely.get_coordinates(polygons[k])[[0, 2, 1, 3, 5]])
    return polygons, ids


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 100_000), tile=st.integers(1, 30))
def test_the_same_findings_for_every_tiling(seed: int, tile: int) -> None:
    polygons, ids = faulty(seed, 7, 5)
    outline = shapely.union_all(lattice(7, 5, np.random.default_rng(seed), pieces=3))
    for options in ({}, {"outline": outline}):
        whole = check_coverage(polygons, ids, tile=10_000, **options)
        assert told(check_coverage(polygons, ids, tile=tile, **options)) == told(whole)


@settings(deadline=None, max_examples=20)
@given(x=st.floats(-700, 700), y=st.floats(-700, 700), tile=st.integers(1, 40))
@example(x=37.0, y=53.0, tile=7)
def test_two_layers_on_one_another_overlap_inside_as_well(x: float, y: float, tile: int) -> None:
    below = lattice(5, 5, np.random.default_rng(3), pieces=2)
    both = np.concatenate((below, shapely.transform(below, lambda at: at + [x, y])))
    found = check_coverage(both, [str(n) for n in range(50)], tile=tile, min_area_m2=0.01)
    one, two = np.triu_indices(50, 1)
    area = shapely.area(shapely.intersection(both[one], both[two]))
    assert sum(f.kind in ("overlap", "duplicate") for f in found) == (area > 0.01).sum()


@given(seed=st.integers(0, 1000), size=st.integers(1, 50))
def test_every_polygon_is_in_one_core_and_its_neighbours_are_near(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 100, (60, 2))
    bounds = np.column_stack((low, low + rng.uniform(0, 20, (60, 2))))
    bounds[rng.choice(60, 5)] = np.nan
    seen = np.sort(np.concatenate(list(cores(bounds, size))))
    assert seen.tolist() == np.flatnonzero(np.isfinite(bounds[:, 0])).tolist()
    boxes = shapely.box(*bounds.T)
    for core, near in tiles(bounds, size):
        assert len(core) <= size and set(core) <= set(near)
        meets = np.unique(np.nonzero(shapely.intersects(boxes[core][:, None], boxes[None]))[1])
        assert set(meets.tolist()) <= set(near.tolist())


def test_invalid_edges_are_those_of_geos() -> None:
    polygons, _ = faulty(5, 8, 8)
    polygons = np.array([p if p is not None and p.is_valid else shapely.Polygon() for p in polygons])
    whole = shapely.coverage_invalid_edges(polygons)
    some = np.unique(unmatched_edges(polygons, shapely.bounds(polygons)).owner)
    # whoever has an invalid edge has one without a partner
    assert set(np.flatnonzero(~shapely.is_empty(whole))) <= set(some)
    for size in (3, 20, 1000):
        ours = invalid_edges(polygons, shapely.bounds(polygons), some, size)
        assert shapely.equals_exact(shapely.normalize(ours[some]), shapely.normalize(whole[some])).all()


def test_partners_by_hand() -> None:
    left, right = shapely.box(0, 0, 1, 1), shapely.Polygon([(1, 0), (1, 1), (2, 1), (2, 0)])
    edges = matched_edges(np.array([left, right]))
    assert sorted(edges.owner[edges.partner >= 0]) == [0, 1] and (edges.partner[edges.partner >= 0] != -1).all()
    # the polygon lies to the left of each of its edges, whichever way its ring runs and whether shell or hole
    holed = shapely.Polygon(shapely.box(0, 0, 9, 9).exterior, [shapely.box(3, 3, 6, 6).exterior])
    for polygon in (left, right, holed, shapely.reverse(holed)):
        ends = matched_edges(np.array([polygon])).ends
        step = ends[:, 2:] - ends[:, :2]
        beside = (ends[:, :2] + ends[:, 2:]) / 2 + 0.01 * np.column_stack((-step[:, 1], step[:, 0]))
        assert shapely.contains_xy(polygon, beside[:, 0], beside[:, 1]).all()
    # three with one edge are no partners, nor are two on the same side of it
    three = matched_edges(np.array([left, right, right]))
    assert (three.partner[three.owner == 0] < 0).all()
    assert (matched_edges(np.array([left, left])).partner < 0).all()
