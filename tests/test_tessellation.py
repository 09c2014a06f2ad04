"""Tessellations, regions grown on them, and their borders."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.tessellation.borders import border_edges, dissolve, smooth
from geo.tessellation.growth import corridor, grow
from geo.tessellation.tessellation import Tessellation, relax, tessellate

L_SHAPE = shapely.Polygon([(0, 0), (4000, 0), (4000, 1500), (1800, 1500), (1800, 4000), (0, 4000)])


def four_squares() -> Tessellation:
    seeds = np.array([(50.0, 50.0), (150, 50), (50, 150), (150, 150)])
    return tessellate(shapely.box(0, 0, 200, 200), seeds, 1.0)


def random_mesh(seed: int, count: int = 200) -> Tessellation:
    seeds = np.random.default_rng(seed).uniform(-300, 4300, (count, 2))
    return tessellate(L_SHAPE, relax(seeds, np.zeros(count, dtype=bool), 1), 2.0)


def neighbours(mesh: Tessellation) -> np.ndarray:
    _, sides = mesh.edges
    return np.unique(np.sort(sides[(sides >= 0).all(axis=1)], axis=1), axis=0)


def test_four_squares_by_hand():
    mesh = four_squares()
    assert mesh.seed.tolist() == [0, 1, 2, 3]
    assert mesh.areas.tolist() == [10_000.0] * 4
    assert len(mesh.vertices) == 9
    pairs, sides = mesh.edges
    assert len(pairs) == 12
    assert (sides[:, 1] == -1).sum() == 8
    assert neighbours(mesh).tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert shapely.equals(mesh.polygons[3], shapely.box(100, 100, 200, 200))


def test_a_midpoint_is_shared_by_both_sides():
    mesh = four_squares()
    _, sides = mesh.edges
    inner = (sides >= 0).all(axis=1)
    finer = mesh.with_midpoints(inner, np.where(inner, 0.1, 0.0))
    assert len(finer.vertices) == 13
    assert (shapely.get_num_coordinates(finer.polygons) == 7).all()
    assert shapely.coverage_is_valid(finer.polygons)
    assert finer.areas.sum() == pytest.approx(40_000)
    assert finer.areas.tolist() != mesh.areas.tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_faces_fill_the_outline_without_gap_or_overlap(seed):
    mesh = random_mesh(seed)
    assert (mesh.areas > 0).all()
    assert shapely.is_valid(mesh.polygons).all()
    assert shapely.coverage_is_valid(mesh.polygons)
    assert mesh.areas.sum() == pytest.approx(L_SHAPE.area, rel=1e-9)
    assert shapely.equals(shapely.coverage_union_all(mesh.polygons), L_SHAPE)
    assert (mesh.vertices % 2 == 0).all()


def test_relaxing_evens_out_and_keeps_the_fixed():
    seeds = np.random.default_rng(1).uniform(0, 1000, (300, 2))
    fixed = np.arange(300) < 20
    moved = relax(seeds, fixed, 5)
    assert (moved[fixed] == seeds[fixed]).all()
    square = shapely.box(200, 200, 800, 800)
    before, after = tessellate(square, seeds, 0.01).areas, tessellate(square, moved, 0.01).areas
    assert after.std() / after.mean() < before.std() / before.mean()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_regions_are_connected_and_keep_what_they_hold(seed, regions):
    mesh = random_mesh(seed)
    pairs = neighbours(mesh)
    rng = np.random.default_rng(seed)
    held = np.full(len(mesh), -1, dtype=np.int64)
    held[rng.choice(len(mesh), regions, replace=False)] = np.arange(regions)
    costs = np.hypot(*(mesh.centres[pairs[:, 0]] - mesh.centres[pairs[:, 1]]).T)
    labels = grow(pairs, costs, held, mesh.areas, np.full(regions, mesh.areas.sum() / regions))
    assert (labels[held >= 0] == held[held >= 0]).all()
    merged = dissolve(mesh.polygons, labels, regions)
    assert (shapely.get_type_id(merged) == shapely.GeometryType.POLYGON).all()
    assert shapely.coverage_is_valid(merged)
    assert shapely.area(merged).sum() == pytest.approx(L_SHAPE.area, rel=1e-9)


def test_regions_come_near_their_sizes():
    mesh = random_mesh(5, 900)
    pairs = neighbours(mesh)
    held = np.full(len(mesh), -1, dtype=np.int64)
    for region, corner in enumerate(((100, 3900), (3900, 100))):
        held[np.hypot(*(mesh.centres - corner).T).argmin()] = region
    targets = L_SHAPE.area * np.array([0.8, 0.2])
    costs = np.hypot(*(mesh.centres[pairs[:, 0]] - mesh.centres[pairs[:, 1]]).T)
    labels = grow(pairs, costs, held, mesh.areas, targets, rounds=40)
    assert np.bincount(labels, mesh.areas) == pytest.approx(targets, rel=0.1)


def test_a_border_follows_what_is_dear_to_cross():
    seeds = np.array([(x + 50.0, y + 50.0) for y in range(0, 600, 100) for x in range(0, 1000, 100)])
    mesh = tessellate(shapely.box(0, 0, 1000, 600), seeds, 1.0)
    pairs = neighbours(mesh)
    river = (mesh.centres[pairs].mean(axis=1)[:, 0] == 700) & (np.ptp(mesh.centres[pairs][:, :, 0], axis=1) > 0)
    held = np.full(len(mesh), -1, dtype=np.int64)
    held[[20, 29]] = 0, 1
    labels = grow(pairs, np.where(river, 1000.0, 100.0), held, np.ones(len(mesh)), np.array([42.0, 18.0]), rounds=1)
    assert (labels == (mesh.centres[:, 0] > 700)).all()


def test_a_face_that_nothing_reaches_is_an_error():
    held = np.array([0, -1, -1])
    with pytest.raises(ValueError, match="1 faces can't be reached"):
        grow(np.array([[0, 1]]), np.ones(1), held, np.ones(3), np.array([3.0]))


def test_a_corridor_goes_round_what_is_closed():
    pairs = np.array([[0, 1], [1, 2], [0, 3], [3, 4], [4, 2]])
    closed = np.zeros(5, dtype=bool)
    assert corridor(pairs, np.ones(5), 0, 2, closed).tolist() == [0, 1, 2]
    closed[1] = True
    assert corridor(pairs, np.ones(5), 0, 2, closed).tolist() == [0, 3, 4, 2]
    closed[3] = True
    with pytest.raises(ValueError, match="no way"):
        corridor(pairs, np.ones(5), 0, 2, closed)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_smoothing_shortens_borders_and_keeps_the_coverage_sound(seed):
    mesh = random_mesh(seed, 400)
    pairs = neighbours(mesh)
    held = np.full(len(mesh), -1, dtype=np.int64)
    held[np.random.default_rng(seed).choice(len(mesh), 8, replace=False)] = np.arange(8)
    labels = grow(pairs, np.ones(len(pairs)), held, mesh.areas, np.full(8, mesh.areas.sum() / 8))
    smoothed = smooth(mesh, border_edges(mesh, labels))
    assert shapely.is_valid(smoothed.polygons).all()
    before, after = dissolve(mesh.polygons, labels, 8), dissolve(smoothed.polygons, labels, 8)
    assert shapely.coverage_is_valid(after)
    assert shapely.equals(shapely.coverage_union_all(after), L_SHAPE)
    assert (shapely.get_num_coordinates(before) == shapely.get_num_coordinates(after)).all()
    assert shapely.length(after).sum() < shapely.length(before).sum()
