"""Proposals: by hand, on real messy coverages, and what must hold of every one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from town_of_cells import lattice

from geo.coverage.coverage import check_coverage
from geo.coverage.gaps import holes
from geo.coverage.repair import Repair, repair_coverage
from geo.coverage.width import width_m
from geo.errors import InvalidInput

MESSY = ["atlanta", "chapel-hill", "edmonton", "los-angeles-county", "savannah", "turku", "unna", "zurich-city",
         "CO_bad_gap_region", "DenverCo_precincts2016_orig", "DenverCo_precincts2018_orig"]  # fmt: skip


def whole(ground: Any) -> Any:
    """A ground with all its holes filled."""
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(ground))))


def holds(given: Any, ids: list[str], repair: Repair, tolerance_m: float) -> None:
    """What must be so of every proposal."""
    before, after = shapely.make_valid(np.array(given)), repair.polygons
    changed = {change.id: change for change in repair.changes}
    for name, old, new, sound in zip(ids, given, after, before, strict=True):
        if name not in changed:
            assert new is old
            continue
        assert new.is_valid and not new.is_empty
        assert shapely.get_num_geometries(new) <= shapely.get_num_geometries(sound)
        change = changed[name]
        assert new.area - sound.area == pytest.approx(change.gained_m2 - change.lost_m2, abs=1e-5)
        assert change.moved_m <= tolerance_m
        # no ground further away than the tolerance was won or lost
        assert shapely.difference(new, sound.buffer(tolerance_m * 1.01)).area < 1e-6
        assert shapely.difference(sound, new.buffer(tolerance_m * 1.01)).area < 1e-6
    # the outside stays: all that is won in all are the gaps that were given away
    closed = [step for step in repair.steps if step.given_to and step.kind == "gap"]
    was, now = shapely.union_all(before), shapely.union_all(shapely.make_valid(after))
    assert now.area - was.area == pytest.approx(sum(step.area_m2 for step in closed), abs=1e-3)
    # the outer boundary to the micrometre, and every enclave that was not one of those gaps
    assert shapely.hausdorff_distance(*(whole(ground).boundary for ground in (was, now))) < 1e-6
    enclaves = holes(was)
    # without the islands in them
    wide = shapely.difference(enclaves[width_m(enclaves) > tolerance_m * 1.01], was)
    assert len(wide) == 0 or shapely.area(shapely.intersection(wide, now)).max() < 1e-3
    # the proposal stands up to the check, or says what does not
    found = check_coverage(after, ids, tolerance_m=tolerance_m)
    assert [f.identity for f in found] == [f.identity for f, _ in repair.left]
    assert all(step.reason for step in repair.steps if step.given_to is None)
    for finding, reason in repair.left:
        if finding.kind in ("overlap", "gap") and (finding.area_m2 or 0) > 0.01:
            assert reason != "by-hand"


def boxes(*cuts: float, height: float = 100) -> list[Any]:
    return [shapely.box(a, 0, b, height) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]


def test_sliver_between_two_goes_to_one_of_them() -> None:
    given = [shapely.box(0, 0, 100.4, 100), shapely.box(100, 0, 200, 100)]
    repair = repair_coverage(given, ["a", "b"])
    holds(given, ["a", "b"], repair, 1.0)
    (step,) = repair.steps
    assert (step.kind, step.ids, step.reason) == ("overlap", ("a", "b"), None) and step.given_to in ("a", "b")
    assert step.area_m2 == pytest.approx(40) and step.moved_m == pytest.approx(0.4)
    assert repair.left == [] and len(repair.changes) <= 2


def test_gap_goes_to_the_longest_border_and_brings_vertices_on_both_sides() -> None:
    wedge = shapely.Polygon([(100, 20), (100.5, 50), (100, 80)])
    given = [boxes(0, 100)[0], shapely.box(100, 0, 200, 100) - wedge]
    repair = repair_coverage(given, ["a", "b"])
    holds(given, ["a", "b"], repair, 1.0)
    assert repair.steps[0].kind == "gap" and repair.steps[0].given_to == "b"
    assert repair.left == []
    # b's border is a's again, straight but for the two vertices that a did not have before
    assert {change.id: change.vertices_added for change in repair.changes} == {"a": 2, "b": -1}


def test_t_junction_gets_its_vertex_and_nothing_moves() -> None:
    given = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 5), shapely.box(10, 5, 20, 10)]
    repair = repair_coverage(given, ["a", "b", "c"])
    holds(given, ["a", "b", "c"], repair, 1.0)
    (change,) = repair.changes
    assert (change.id, change.gained_m2, change.lost_m2, change.moved_m, change.vertices_added) == ("a", 0, 0, 0, 1)
    assert repair.left == [] and repair.polygons[1] is given[1]


def test_wide_faults_and_enclaves_stay() -> None:
    given = [shapely.box(0, 0, 110, 100), shapely.box(100, 0, 200, 100) - shapely.box(150, 50, 160, 60)]
    repair = repair_coverage(given, ["a", "b"])
    assert Counter(reason for _, reason in repair.left) == {"too-wide": 2}
    assert all(step.given_to is None for step in repair.steps)
    assert shapely.area(repair.polygons).tolist() == shapely.area(given).tolist()
    # a hole that is narrow is closed, unless the outline says that it is one of the city's
    narrow = [shapely.box(0, 0, 100, 100) - shapely.box(50, 50, 50.5, 60)]
    assert repair_coverage(narrow, ["a"]).polygons[0].area == pytest.approx(10_000)
    kept = repair_coverage(narrow, ["a"], outline=narrow[0])
    assert kept.changes == [] and kept.polygons[0] is narrow[0]


def test_nobody_vanishes_or_falls_apart() -> None:
    thin = shapely.box(100, 0, 100.5, 100)
    given = [shapely.box(0, 0, 100.6, 100), thin, shapely.box(100.4, 0, 200, 100)]
    repair = repair_coverage(given, ["a", "thin", "c"])
    holds(given, ["a", "thin", "c"], repair, 1.0)
    assert not any(polygon.is_empty for polygon in repair.polygons)
    # two squares on a thread: whoever takes the thread cuts them apart
    dumb = shapely.union_all([shapely.box(0, 0, 10, 10), shapely.box(10, 4.9, 20, 5.1), shapely.box(20, 0, 30, 10)])
    over = shapely.box(12, 5.05 - 40, 18, 45)
    repair = repair_coverage([dumb, over], ["dumb", "over"])
    holds([dumb, over], ["dumb", "over"], repair, 1.0)
    assert shapely.get_num_geometries(repair.polygons[0]) == 1


def test_a_part_of_somebody_does_not_vanish() -> None:
    # the second part of "two" is a strip that "one" claims whole: "two" has to have it, for it has nothing else there
    strip = shapely.box(99.5, 20, 100, 80)
    two = shapely.union_all([strip, shapely.box(300, 0, 400, 100)])
    given = [shapely.box(0, 0, 100, 100), two]
    repair = repair_coverage(given, ["one", "two"])
    holds(given, ["one", "two"], repair, 1.0)
    (step,) = repair.steps
    assert step.given_to == "two" and {change.id for change in repair.changes} == {"one"}
    # where both would lose all they have, it stays an overlap and says why
    both = [strip, shapely.union_all([strip, shapely.box(300, 0, 400, 100)])]
    repair = repair_coverage(both, ["one", "two"])
    assert repair.changes == [] and [reason for finding, reason in repair.left if finding.kind == "overlap"] == [
        "would-empty"
    ]


def test_invalid_polygons_are_left_alone() -> None:
    bow = shapely.Polygon([(0, 0), (100.3, 100), (100.3, 0), (0, 100)])
    given = [bow, shapely.box(100, 0, 200, 100)]
    repair = repair_coverage(given, ["bow", "b"])
    assert repair.polygons[0] is bow
    assert {reason for _, reason in repair.left} <= {"invalid", "too-wide", "by-hand"}
    assert ("invalid", "invalid") in {(finding.kind, reason) for finding, reason in repair.left}


@pytest.mark.parametrize("tolerance", [0, -1, float("nan"), float("inf")])
def test_tolerance(tolerance: float) -> None:
    with pytest.raises(InvalidInput):
        repair_coverage([], [], tolerance_m=tolerance)


def test_nothing_to_do() -> None:
    cells = lattice(4, 4, np.random.default_rng(1))
    repair = repair_coverage(cells, [str(n) for n in range(16)])
    assert repair.changes == repair.steps == repair.left == [] and (repair.polygons == cells).all()


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), tolerance=st.floats(0.1, 6))
def test_pushed_vertices(seed: int, tolerance: float) -> None:
    cells = lattice(5, 5, np.random.default_rng(seed), pieces=3, faults=0.3)
    ids = [str(n) for n in range(25)]
    repair = repair_coverage(cells, ids, tolerance_m=tolerance)
    holds(cells, ids, repair, tolerance)
    # a second run finds nothing more to mend
    again = repair_coverage(repair.polygons, ids, tolerance_m=tolerance)
    assert not any(step.given_to for step in again.steps if step.area_m2 > 1e-6)


@pytest.mark.parametrize("name", MESSY)
def test_messy_coverages(shared: Path, name: str) -> None:
    measured = json.loads((shared / "data" / "coverage_measured.json").read_text("utf-8"))
    entry = next(entry for entry in measured if Path(entry["file"]).stem == name)
    frame = geopandas.read_file(shared / "data" / entry["file"]).to_crs(entry["crs_for_area"])
    given, ids = np.asarray(frame.geometry), [str(n) for n in range(len(frame))]
    repair = repair_coverage(given, ids, tolerance_m=2.0)
    holds(given, ids, repair, 2.0)
    # slivers were there, and most of them are gone
    before = [f for f in check_coverage(given, ids, tolerance_m=2.0) if f.sliver and f.kind in ("overlap", "gap")]
    left = [f for f, _ in repair.left if f.sliver and f.kind in ("overlap", "gap")]
    assert len(left) <= max(0.4 * len(before), 2)
