"""Crosswalk: cases checked by hand."""

import numpy as np
import pytest
import shapely
from crosswalk_cases import ALL, assigned, box, lattice, relations_of, walk_of

from geo.crosswalk.balance import area_balance, losses
from geo.crosswalk.carry import carry
from geo.crosswalk.conflicts import conflicts
from geo.crosswalk.crosswalk import NOWHERE, crosswalk
from geo.crosswalk.people import People
from geo.crosswalk.relations import Thresholds
from geo.errors import InvalidInput
from layers.texts import say


def test_identical_layers_are_one_to_one():
    grids = lattice(3, 3)
    walk = walk_of(grids, grids)
    assert set(walk.relations.kind) == {"1:1"}
    assert walk.relations.cell_share.tolist() == walk.relations.grid_share.tolist() == [1.0] * 9
    assert assigned(walk) == walk.grid_ids
    assert losses(walk) == conflicts(walk) == []
    assert walk.relations.group.tolist() == list(range(1, 10))


def test_refinement_is_n_to_one_and_coarsening_one_to_n():
    grids, cells = lattice(2, 2), lattice(4, 4, 50.0, 50.0)
    fine, coarse = walk_of(cells, grids), walk_of(grids, cells)
    assert set(fine.relations.kind) == {"n:1"}
    assert set(coarse.relations.kind) == {"1:n"}
    assert set(fine.relations.group) == set(coarse.relations.group) == {1, 2, 3, 4}
    assert len(conflicts(fine)) == 4
    assert conflicts(coarse) == []


def test_classes_are_told_for_each_relation():
    # c0 fills g0 and half of g1, c1 has the other half, c2 lies in g2 alone and c3 beside it
    cells = [box(0, 0, 150), box(150, 0, 50), box(200, 0, 40), box(240, 0, 60), box(0, 500)]
    walk = walk_of(cells, lattice(4, 1))
    assert relations_of(walk) == {("c0000", "g0000"): "1:n", ("c0000", "g0001"): "n:m", ("c0001", "g0001"): "n:1",
                                  ("c0002", "g0002"): "n:1", ("c0003", "g0002"): "n:1"}  # fmt: skip
    assert walk.relations.group.tolist() == [1, 1, 1, 2, 2]
    assert walk.orphan_cells.tolist() == [4]
    assert [part.tolist() for part in walk.orphan_grids] == [[0], [3]]
    assert assigned(walk) == ["g0000", "g0001", "g0002", "g0002", None]
    assert walk.assigned_share == pytest.approx([2 / 3, 1, 1, 1, 0])


def test_departments_do_not_see_each_other():
    grids = lattice(2, 1)
    walk = walk_of([*grids, *grids], grids, ["fire", "fire", "water", "water"])
    assert set(walk.relations.kind) == {"1:1"}
    assert conflicts(walk) == []
    assert walk.departments == ("fire", "water")


def test_sliver_is_small_on_both_sides():
    grids = [box(0, 0, 1000, 1000), box(1000, 0, 100, 100)]
    # c0 leans 2 m over into the large grid, c1 is small but its own, c2 covers all of the small grid and 1 % of itself
    cells = [box(-98, 0), box(500, 500, 10, 10), box(1000, -4950, 100, 5050)]
    walk = walk_of(cells, grids, ["a", "b", "c"])
    assert relations_of(walk) == {("c0000", "g0000"): "sliver", ("c0001", "g0000"): "1:1", ("c0002", "g0001"): "1:1"}
    (loss,) = [loss for loss in losses(walk) if loss.kind == "sliver"]
    assert (loss.cell, loss.grid, loss.area_m2, loss.share) == (0, 0, 200.0, 0.02)
    assert walk.orphan_cells.tolist() == [0]
    assert relations_of(walk_of(cells, grids, ["a", "b", "c"], least=ALL))["c0000", "g0000"] == "1:1"
    kept = walk_of(cells, grids, ["a", "b", "c"], least=Thresholds(0, 250.0))
    assert relations_of(kept)["c0001", "g0000"] == "sliver"
    # a tower on the strip
    people = People(np.array([shapely.Point(1, 50)]), np.array([300.0]))
    assert relations_of(walk_of(cells, grids, ["a", "b", "c"], people=people))["c0000", "g0000"] == "1:1"


def test_half_and_half_goes_to_the_first_id():
    cells, grids = [box(50, 0)], lattice(2, 1)
    assert assigned(walk_of(cells, grids)) == ["g0000"]
    turned = crosswalk(cells, ["c"], ["water"], grids[::-1], ["g0001", "g0000"])
    assert assigned(turned) == ["g0000"]


def test_conflict_proposes_who_has_most_of_the_grid():
    cells = [box(0, 0, 30), box(30, 0, 70), box(100, 0)]
    walk = walk_of(cells, lattice(2, 1))
    (conflict,) = conflicts(walk)
    assert (conflict.grid, conflict.proposed, conflict.relations) == (0, 1, (1, 0))
    people = People(np.array([box(0, 0, 30)]), np.array([10.0]))
    peopled = walk_of(cells, lattice(2, 1), people=people)
    assert conflicts(peopled)[0].proposed == 0
    assert conflicts(peopled, by_people=False)[0].proposed == 1


def test_overlaps_are_told_and_counted_once():
    cells = [box(0, 0, 60), box(40, 0, 60), box(0, 0)]
    walk = walk_of(cells, lattice(1, 1), ["fire", "fire", "water"])
    assert walk.covered_m2.tolist() == [[10000.0], [10000.0]]
    assert [(loss.kind, loss.department, loss.cell, loss.grid, loss.area_m2) for loss in losses(walk)] == [
        ("overlap", 0, NOWHERE, 0, pytest.approx(2000.0))]
    overlap = walk_of([box(0, 0)], [box(0, 0, 60), box(40, 0, 60)])
    balance = area_balance(overlap, 0)
    assert (balance.cells, balance.kept, balance.outside, balance.doubled) == pytest.approx((1e4, 1.2e4, 0, 2e3))
    # counts are not doubled with the ground
    assert carry(overlap, np.array([8.0])).grid.tolist() == [[4.0, 4.0]]


def test_people_by_area_and_by_the_largest_part():
    cells, grids = [box(0, 0, 150), box(150, 0, 50)], lattice(2, 1)
    # 100 people on 80 m, of which 60 lie in the second grid and 10 in the second cell
    block = np.array([box(80, 0, 80)])
    soft = walk_of(cells, grids, people=People(block, np.array([80.0]))).spread
    assert (soft.cell.tolist(), soft.grid.tolist(), soft.relation.tolist()) == ([70, 10], [20, 60], [20, 50, 10])
    hard = walk_of(cells, grids, people=People(block, np.array([80.0]), "largest")).spread
    assert (hard.cell.tolist(), hard.grid.tolist(), hard.relation.tolist()) == ([80, 0], [0, 80], [0, 80, 0])
    # a point on a border has one side; what is nowhere is told
    strange = np.array([shapely.Point(150, 50), shapely.Point(999, 0), None, shapely.LineString([(0, 0), (9, 9)])])
    dots = walk_of(cells, grids, people=People(strange, np.array([5.0, 6, 7, 8]))).spread
    assert (dots.cell.tolist(), dots.grid.tolist(), dots.relation.tolist()) == ([5, 0], [0, 5], [0, 5, 0])
    assert (dots.total, dots.unplaced) == (26, 15)


def test_counts_are_divided_or_given_whole():
    cells = [box(0, 0, 200), box(150, 0, 100), box(190, 500)]
    walk = walk_of(cells, lattice(2, 1), least=ALL)
    shared = carry(walk, np.array([10.0, 7.0, 5.0]))
    assert shared.grid.tolist() == [[5.0, 8.5]]
    assert shared.lost.tolist() == [0.0, 3.5, 5.0]
    whole = carry(walk, np.array([11.0, 7.0, 5.0]), whole=True)
    assert whole.grid.tolist() == [[6.0, 9.0]]
    assert whole.lost.tolist() == [0.0, 3.0, 5.0]
    given = carry(walk, np.array([10.0, 7.0, 5.0]), "assignment")
    assert given.grid.tolist() == [[10.0, 7.0]]
    assert given.lost.tolist() == [0.0, 0.0, 5.0]


@pytest.mark.parametrize(("cells", "ids", "departments", "key"), [
    ([box(0, 0)], ["a", "b"], ["x", "x"], "coverage.lengths"),
    ([box(0, 0)], ["a"], ["x", "x"], "coverage.lengths"),
    ([box(0, 0)] * 2, ["a", "a"], ["x", "x"], "crosswalk.twice"),
])
def test_wrong_input_is_refused(cells, ids, departments, key):
    with pytest.raises(InvalidInput) as caught:
        crosswalk(cells, ids, departments, lattice(1, 1), ["g"])
    assert caught.value.key == key
    assert say(key, "zh", **caught.value.values)


def test_nothing_and_unsound_ground():
    for cells, grids in (([], lattice(2, 1)), (lattice(2, 1), []), ([], [])):
        walk = walk_of(cells, grids, people=People(np.array([box(0, 0)]), np.array([9.0])), whole=True)
        assert relations_of(walk) == {}
        assert carry(walk, np.ones(len(cells)), whole=True).lost.tolist() == [1.0] * len(cells)
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    walk = walk_of([bow, None, shapely.Point(1, 1)], lattice(1, 1))
    assert [(finding.ids, finding.values["reason"]) for finding in walk.mended] == [
        (("c0001",), "empty"), (("c0002",), "not-a-polygon"), (("c0000",), "self-intersection")]
    assert walk.relations.area_m2.tolist() == [5000.0]
