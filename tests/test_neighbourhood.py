"""A check of the neighbourhood gives what a check of the whole city gives about a change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity
import shapely.ops
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_coverage import lattice
from test_coverage import summary as all_of

from geo.changes.neighbourhood import check_change, concerned, window
from geo.coverage.coverage import check_coverage
from geo.finding import Finding

COLUMNS, ROWS = 8, 7
EDITS = ("grow", "shrink", "jitter", "delete", "split", "move", "hole", "bow", "same")


def edited(cell: Any, edit: str, rng: np.random.Generator) -> list[Any]:
    """What takes the place of a cell."""
    x, y = cell.centroid.x, cell.centroid.y
    if edit in ("grow", "shrink"):
        return [cell.buffer(rng.uniform(0.05, 4) * (1 if edit == "grow" else -1), join_style="mitre")]
    if edit == "jitter":
        points = shapely.get_coordinates(cell)[:-1]
        return [shapely.Polygon(points + rng.uniform(-0.3, 0.3, points.shape))]
    if edit == "split":
        return list(shapely.get_parts(shapely.ops.split(cell, shapely.LineString([(x, y - 200), (x + 3, y + 200)]))))
    if edit == "move":
        return [shapely.affinity.translate(cell, rng.uniform(-250, 250), rng.uniform(-250, 250))]
    if edit == "hole":
        return [shapely.difference(cell, shapely.Point(x, y).buffer(5))]
    if edit == "bow":
        return [shapely.Polygon([(x - 40, y - 40), (x + 40, y + 40), (x + 40, y - 40), (x - 40, y + 40)])]
    return [] if edit == "delete" else [cell]


def summary(findings: list[Finding], edges: bool = True) -> set[tuple[Any, ...]]:
    """Findings without gaps of no area, which are crumbs of the overlay's rounding."""
    return {
        one for one in all_of(findings)
        if not (one[1] == "gap" and one[5] <= 0.01) and (edges or one[1] != "mismatched-edge")
    }  # fmt: skip


class City:
    """A lattice in which some cells are edited, and the two checks of it."""

    def __init__(self, seed: int, edits: dict[int, str], faults: dict[int, str], enclave: int | None) -> None:
        cells, ids = lattice(COLUMNS, ROWS, seed)
        self.outline = shapely.union_all(cells)
        rng = np.random.default_rng(seed)
        if enclave is not None:
            self.outline = shapely.difference(self.outline, cells[enclave])
            edits, faults = ({k: v for k, v in one.items() if k != enclave} for one in (edits, faults))
        old = {ids[k]: cells[k] for k in range(len(ids)) if k != enclave}
        for k, fault in faults.items():
            if k not in edits:
                (old[ids[k]],) = edited(cells[k], fault, rng)
        self.given_up = np.array([old[ids[k]] for k in edits], dtype=object)
        new = {f"{ids[k]}-{n}": part for k, e in edits.items() for n, part in enumerate(edited(cells[k], e, rng))}
        self.changed_ids, self.changed = list(new), np.array([*new.values(), None], dtype=object)[:-1]
        self.rest_ids = [name for name in old if name not in {ids[k] for k in edits}]
        self.rest = np.array([old[name] for name in self.rest_ids], dtype=object)
        self.tree = shapely.STRtree(self.rest)
        self.asked: list[Any] = []

    def near(self, area: Any) -> tuple[list[str], Any]:
        self.asked.append(area)
        some = np.sort(self.tree.query(area, predicate="intersects"))
        return [self.rest_ids[i] for i in some], self.rest[some]

    def local(self, **options: Any) -> list[Finding]:
        return check_change(self.changed_ids, self.changed, self.given_up, self.near, outline=self.outline, **options)

    def whole(self, **options: Any) -> list[Finding]:
        found = check_coverage(
            np.concatenate((self.changed, self.rest)), [*self.changed_ids, *self.rest_ids], outline=self.outline,
            **options,
        )  # fmt: skip
        return concerned(found, self.changed_ids, self.given_up)


cell_numbers = st.integers(0, COLUMNS * ROWS - 1)
some_edits = st.dictionaries(cell_numbers, st.sampled_from(EDITS), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), some_edits, st.none() | cell_numbers)
def test_the_neighbourhood_says_what_the_whole_city_says(seed: int, edits: Any, enclave: int | None) -> None:
    city = City(seed, edits, {}, enclave)
    assume(len(city.given_up))
    assert summary(city.local(reach_m=2.0)) == summary(city.whole())
    if not city.whole():
        assert len(city.asked) == 1


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000), some_edits,
    st.dictionaries(cell_numbers, st.sampled_from(("grow", "shrink", "jitter", "move", "hole")), max_size=6),
)  # fmt: skip
def test_faults_that_were_there_before_hide_none(seed: int, edits: Any, faults: Any) -> None:
    """With unsound neighbours all but mismatched edges are still the same."""
    city = City(seed, edits, faults, None)
    local, whole = city.local(), city.whole()
    assert summary(local, edges=False) == summary(whole, edges=False)
    # of mismatched edges there may be more: the fault that explains one may be out of sight
    assert summary(local) >= summary(whole)


def test_a_gap_that_leads_away_is_followed_to_its_end() -> None:
    """Cells were missing in a row before the change: the gap is told whole, with all who lie beside it."""
    city = City(1, {3 * ROWS + 3: "delete"}, {}, None)
    lost = [f"{k * ROWS + 3:03d}" for k in (1, 2, 4, 5, 6)]
    keep = [i for i, name in enumerate(city.rest_ids) if name not in lost]
    city.rest_ids, city.rest = [city.rest_ids[i] for i in keep], city.rest[keep]
    city.tree = shapely.STRtree(city.rest)
    (gap,) = city.local()
    assert gap.kind == "gap" and len(gap.ids) == 18 and len(city.asked) > 1
    assert summary([gap]) == summary(city.whole())


def test_only_the_neighbours_are_asked_for() -> None:
    city = City(1, {24: "split"}, {}, None)
    assert {kind for _, kind, *_ in summary(city.local())} <= {"mismatched-edge"}
    ids, _ = city.near(window(city.changed, city.given_up))
    assert len(ids) == 8


def test_what_belongs_to_a_parent_is_asked_of_the_changed_grids_only() -> None:
    city = City(1, {24: "grow"}, {}, None)
    parents = {"parents": [city.given_up[0]], "parent_codes": ["v"], "parent_of": ["v"] * len(city.changed)}
    whole = {**parents, "parent_of": parents["parent_of"] + [None] * len(city.rest)}
    assert "outside-parent" in {finding.kind for finding in city.local(**parents)}
    assert summary(city.local(**parents)) == summary(city.whole(**whole))


def test_without_an_outline_the_ground_that_was_given_up_has_to_be_covered() -> None:
    city = City(1, {24: "delete"}, {}, None)
    (gap,) = check_change([], city.changed, city.given_up, city.near)
    assert gap.kind == "gap" and gap.area_m2 == pytest.approx(city.given_up[0].area)
    assert check_change([], city.changed[:0], city.given_up[:0], city.near) == []
