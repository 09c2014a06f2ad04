"""Crosswalk: what holds for any layers."""

import numpy as np
import pytest
import shapely
from crosswalk_cases import ALL, UNHURRIED, box, lattice, layers, names, populations, relations_of, walk_of
from hypothesis import given
from hypothesis import strategies as st

from geo.crosswalk.apportion import apportion
from geo.crosswalk.balance import area_balance, losses, people_balance
from geo.crosswalk.carry import carry
from geo.crosswalk.conflicts import conflicts
from geo.crosswalk.covered import covered_m2, overlapping
from geo.crosswalk.crosswalk import crosswalk
from geo.crosswalk.largest import largest
from geo.crosswalk.people import People
from geo.crosswalk.relations import Thresholds
from geo.errors import InvalidInput


@UNHURRIED
@given(layers())
def test_shares_sum_to_one_without_what_is_lost(drawn):
    cells, departments, grids = drawn
    walk = walk_of(cells, grids, departments)
    relations = walk.relations
    together = np.bincount(relations.cell, weights=relations.cell_share, minlength=len(cells))
    assert together + walk.outside_m2 / walk.cell_area_m2 == pytest.approx(np.ones(len(cells)))
    assert (relations.cell_share > 0).all() and (relations.cell_share <= 1).all()
    assert (relations.grid_share > 0).all() and (relations.grid_share <= 1).all()
    for one in range(len(walk.departments)):
        balance = area_balance(walk, one)
        assert balance.doubled == pytest.approx(0, abs=1e-6)
        mine = [cell for cell, name in zip(cells, departments, strict=True) if name == walk.departments[one]]
        assert balance.cells == pytest.approx(sum(cell.area for cell in mine))
        union = shapely.union_all(mine).intersection(shapely.union_all(grids)).area
        assert walk.covered_m2[one].sum() == pytest.approx(union)


@UNHURRIED
@given(layers())
def test_classes_are_what_the_kept_relations_say(drawn):
    cells, departments, grids = drawn
    walk = walk_of(cells, grids, departments)
    relations = walk.relations
    rows = np.flatnonzero(relations.kept)
    kept = [(int(relations.cell[row]), int(relations.grid[row]), int(walk.department[relations.cell[row]]))
            for row in rows]  # fmt: skip
    for (c, g, d), kind in zip(kept, relations.kind[rows].tolist(), strict=True):
        many_cells = len([1 for _, other, theirs in kept if other == g and theirs == d]) > 1
        many_grids = len([1 for other, _, _ in kept if other == c]) > 1
        assert kind == {(0, 0): "1:1", (1, 0): "n:1", (0, 1): "1:n", (1, 1): "n:m"}[many_cells, many_grids]
    small = ~relations.kept
    assert (np.maximum(relations.cell_share, relations.grid_share)[small] < Thresholds.share).all()
    assert {(found.department, found.grid) for found in conflicts(walk)} == {
        (d, g) for _, g, d in kept if len([1 for _, other, theirs in kept if (other, theirs) == (g, d)]) > 1}


@UNHURRIED
@given(layers(), populations(), st.booleans())
def test_people_are_conserved(drawn, people, whole):
    cells, departments, grids = drawn
    walk = walk_of(cells, grids, departments, people=people, least=ALL, whole=whole)
    spread, relations = walk.spread, walk.relations
    assert spread.total == people.count.sum()
    assert spread.grid.sum() <= spread.total + 1e-6
    # nobody is in a relation who is not in its cell
    inside = np.bincount(relations.cell, weights=spread.relation, minlength=len(cells))
    assert (inside <= spread.cell + 1e-6).all()
    for one in range(len(walk.departments)):
        balance = people_balance(walk, one)
        assert balance.cells == pytest.approx(balance.kept + balance.sliver + balance.outside, abs=1e-6)
    if whole:
        for values in (spread.cell, spread.grid, spread.relation):
            assert (values == np.rint(values)).all()


@UNHURRIED
@given(st.data())
def test_whole_people_of_sound_layers_are_off_by_less_than_two_and_grids_agree(data):
    """Each department covers the same ground once, so that every grid is the sum of its relations, in each of them."""
    grids = lattice(3, 3)
    cells = [*lattice(2, 4, 150.0, 75.0), *lattice(5, 2, 60.0, 150.0)]
    departments = ["fire"] * 8 + ["water"] * 10
    corners = data.draw(st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=1, max_size=6))
    counts = data.draw(st.lists(st.integers(0, 40), min_size=len(corners), max_size=len(corners)))
    people = People(np.array([box(10 * x, 10 * y, 45, 45) for x, y in corners]), np.array(counts, dtype=float))
    exact = walk_of(cells, grids, departments, people=people)
    walk = walk_of(cells, grids, departments, people=people, whole=True)
    for one in range(2):
        rows = walk.department[walk.relations.cell] == one
        together = np.bincount(walk.relations.grid[rows], weights=walk.spread.relation[rows], minlength=9)
        assert together.tolist() == walk.spread.grid.tolist()
    assert np.abs(walk.spread.grid - exact.spread.grid).max() < 1
    assert np.abs(walk.spread.relation - exact.spread.relation).max() < 2


@UNHURRIED
@given(layers(), populations(), st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_matter(drawn, people, random):
    cells, departments, grids = drawn
    deal, grid_deal, people_deal = (list(range(len(part))) for part in (cells, grids, people.shapes))
    for order in (deal, grid_deal, people_deal):
        random.shuffle(order)
    ids, grid_ids = names(cells), names(grids, "g")
    dealt = People(people.shapes[people_deal], people.count[people_deal], people.how)
    one = crosswalk(cells, ids, departments, grids, grid_ids, people=people)
    two = crosswalk(cells[deal], [ids[i] for i in deal], [departments[i] for i in deal], grids[grid_deal],
                    [grid_ids[i] for i in grid_deal], people=dealt)  # fmt: skip
    assert (two.cell_ids, two.grid_ids) == (one.cell_ids, one.grid_ids)
    assert relations_of(two) == relations_of(one)
    assert two.relations.area_m2.tolist() == one.relations.area_m2.tolist()
    assert two.assignment.tolist() == one.assignment.tolist()
    assert conflicts(two) == conflicts(one)
    told = [[(loss.kind, loss.department, loss.cell, loss.grid, loss.area_m2) for loss in losses(walk)]
            for walk in (one, two)]  # fmt: skip
    assert told[0] == told[1]
    assert two.spread.cell == pytest.approx(one.spread.cell)
    assert two.spread.relation == pytest.approx(one.spread.relation)


@UNHURRIED
@given(layers(), st.integers(1, 29), st.booleans())
def test_a_cell_cut_along_a_line_changes_no_sum(drawn, at, upright):
    cells, departments, grids = drawn
    line = 10 * at + 5.0
    left = shapely.box(*((-1e4, -1e4, line, 1e4) if upright else (-1e4, -1e4, 1e4, line)))
    parts = [shapely.intersection(cells, left), shapely.difference(cells, left)]
    owners = np.array([*departments, *departments])
    there = ~shapely.is_empty(np.concatenate(parts))
    whole = walk_of(cells, grids, departments, least=ALL)
    cut = walk_of(np.concatenate(parts)[there], grids, owners[there].tolist(), least=ALL)
    assert cut.departments == whole.departments
    assert cut.covered_m2 == pytest.approx(whole.covered_m2)
    for one in range(len(whole.departments)):
        before, after = area_balance(whole, one), area_balance(cut, one)
        assert (after.cells, after.kept, after.outside) == pytest.approx((before.cells, before.kept, before.outside))


@UNHURRIED
@given(layers(), st.booleans(), st.sampled_from(["shares", "assignment"]))
def test_counts_are_conserved(drawn, whole, how):
    cells, departments, grids = drawn
    walk = walk_of(cells, grids, departments)
    counts = np.arange(1, len(cells) + 1) * 7.0
    carried = carry(walk, counts, how, whole=whole)
    assert carried.grid.sum() + carried.lost.sum() == pytest.approx(counts.sum())
    assert (carried.lost >= 0).all()
    for one in range(len(walk.departments)):
        mine = walk.department == one
        assert carried.grid[one].sum() + carried.lost[mine].sum() == pytest.approx(counts[mine].sum())
    if whole:
        assert (carried.grid == np.rint(carried.grid)).all()


@UNHURRIED
@given(st.lists(st.lists(st.floats(0, 1000), min_size=1, max_size=8), min_size=1, max_size=5))
def test_apportioned_parts_sum_to_the_total_and_stay_close(groups):
    parts = np.array([part for group in groups for part in group])
    group = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    totals = np.rint([sum(g) for g in groups]).astype(np.int64)
    whole = apportion(parts, group, totals)
    assert np.bincount(group, weights=whole).tolist() == totals.tolist()
    assert (np.abs(whole - parts) < 1 + 1e-6).all()
    assert (whole >= 0).all()


def test_apportion_refuses_a_total_that_its_parts_can_not_be():
    with pytest.raises(InvalidInput, match="crosswalk.total"):
        apportion(np.array([1.0, 1.0]), np.array([0, 0]), np.array([5]))


@UNHURRIED
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), min_size=1, max_size=20))
def test_largest_is_within_a_hair_of_the_largest(rows):
    group, share = np.array([g for g, _ in rows]), np.array([s for _, s in rows])
    found = largest(group, share, np.arange(len(rows)))
    assert group[found].tolist() == sorted(set(group.tolist()))
    for row in found:
        best = share[group == group[row]]
        assert share[row] >= best.max() - 1e-9
        assert row == np.flatnonzero(group == group[row])[best >= best.max() - 1e-9][0]


@UNHURRIED
@given(layers())
def test_ground_covered_together_is_the_area_of_the_union(drawn):
    cells, departments, _ = drawn
    names_of, group = np.unique(departments, return_inverse=True)
    found = covered_m2(cells, group, len(names_of), np.ones(len(cells), dtype=bool))
    for one in range(len(names_of)):
        assert found[one] == pytest.approx(shapely.union_all(cells[group == one]).area)
    twice = overlapping(cells)
    for i, cell in enumerate(cells):
        others = np.delete(cells, i)
        assert twice[i] == bool((shapely.area(shapely.intersection(cell, others)) > 0).any())
