"""Dedicated grids on top of the social-governance ones or carved out of them, and grids of odd size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely

from geo.coverage.coverage import check_coverage
from geo.coverage.limits import Limits, check_limits
from geo.coverage.net import beyond, carved
from geo.errors import InvalidInput
from layers.checking.coverages import Coverage
from layers.checking.finding_text import message
from layers.checking.ordinary import ORDINARY

CITY = shapely.box(0, 0, 300, 100)
CELLS = [shapely.box(100 * n, 0, 100 * n + 100, 100) for n in range(3)]
PARK = shapely.box(150, 30, 190, 70)
CARVED = [CELLS[0], CELLS[1] - PARK, CELLS[2]]


def check(cells: list[Any], above: list[Any], **options: Any) -> tuple[list[Any], list[Any]]:
    """Findings of the net and of what lies on top of it."""
    names = ["a", "b", "c"]
    net = check_coverage(cells, names, above=above, **options)
    top = check_coverage(above, [f"d{n}" for n in range(len(above))], net=cells, complete=False, **options)
    return [(f.kind, f.ids) for f in net], [(f.kind, f.ids, f.severity, round(f.area_m2 or 0, 3)) for f in top]


@pytest.mark.parametrize("options", [{}, {"outline": CITY}])
def test_on_top_and_carved_out_are_both_sound(options: dict[str, Any]) -> None:
    assert check(CELLS, [PARK], **options) == ([], [])
    assert check(CARVED, [PARK], **options) == ([], [])
    # across the border of two, and at the border of the city
    assert check(CELLS, [shapely.box(90, 0, 210, 20)], **options) == ([], [])
    notch = shapely.box(0, 0, 10, 10)
    assert check([CELLS[0] - notch, *CELLS[1:]], [notch], **options) == ([], [])


def test_what_is_carved_out_and_not_filled_is_a_gap() -> None:
    small = shapely.box(150, 30, 190, 60)
    (gap,) = [f for f in check_coverage(CARVED, ["a", "b", "c"], above=[small]) if f.kind == "gap"]
    assert gap.area_m2 == pytest.approx(400) and gap.ids == ("b",)
    # a grid on the ground of others fills nothing, however near
    assert check(CARVED, [shapely.box(100, 0, 145, 20)])[0] == [("gap", ("b",))]


def test_leaving_the_net() -> None:
    over = shapely.box(280, 40, 310, 60)
    assert check(CELLS, [over]) == ([], [("outside-parent", ("d0",), "error", 200.0)])
    assert check(CELLS, [shapely.box(280, 40, 300.5, 60)])[1] == [("outside-parent", ("d0",), "warning", 10.0)]
    # away from all, and beside the city: nobody can tell without the outline whether that was carved out of its edge
    assert check(CELLS, [shapely.box(400, 0, 410, 10)])[1] == [("outside-parent", ("d0",), "error", 100.0)]
    beside = shapely.box(300, 0, 310, 10)
    assert check(CELLS, [beside])[1] == []
    assert check(CELLS, [beside], outline=CITY)[1] == [("outside-parent", ("d0",), "error", 100.0)]


def test_leaving_the_net_is_told_apart_from_leaving_the_village_and_said_in_words() -> None:
    over = shapely.box(280, 40, 310, 60)
    village = {"parents": [CITY], "parent_codes": ["v"], "parent_of": ["v"]}
    found = check_coverage([over], ["d"], net=CELLS, complete=False, **village)
    assert len({f.identity for f in found}) == 2
    sentences = {message(f, "en") for f in found}
    assert any("social-governance" in sentence for sentence in sentences) and any("of v" in s for s in sentences)


def test_beyond_and_carved_by_hand() -> None:
    net = np.array(CELLS)
    given = np.array([PARK, shapely.box(290, 0, 330, 10), shapely.box(500, 0, 501, 1)])
    assert shapely.area(beyond(given, net)).tolist() == pytest.approx([0, 300, 1])
    assert carved(given, net).tolist() == [False, True, True]


def test_kinds_of_a_layer_are_checked_with_one_another() -> None:
    ids = ["a", "b", "c", "d"]
    shapes = np.array([*CARVED, PARK], dtype=object)
    below, above = Coverage(ids, shapes, limits=ORDINARY, population=np.ones(4)).by_kind(["social"] * 3 + ["dedicated"])
    assert below.ids == ["a", "b", "c"] and list(below.above) == [PARK] and below.population is not None
    assert below.population.tolist() == [1, 1, 1]
    assert above.ids == ["d"] and len(above.net) == 3 and above.limits == Limits() and not above.complete


def test_limits() -> None:
    shapes = np.array([shapely.box(0, 0, side, side) for side in (1, 10, 100)] + [None], dtype=object)
    people = np.array([0, 5, math.nan, 50])
    found = check_limits(shapes, list("abcd"), Limits(least_m2=2, most_m2=1000, least_people=1, most_people=20), people)
    assert [(f.kind, f.ids, f.severity) for f in found] == [
        ("size", ("a",), "warning"),
        ("size", ("c",), "warning"),
        ("population", ("a",), "warning"),
        ("population", ("d",), "warning"),
    ]
    assert check_limits(shapes, list("abcd"), Limits(), people) == []
    # the limits themselves are ordinary
    assert check_limits(shapes[:1], ["a"], Limits(least_m2=1, most_m2=1)) == []
    for sentence in (message(f, language) for f in found for language in ("zh", "en")):
        assert "{" not in sentence


@pytest.mark.parametrize("wrong", [{"least_m2": -1}, {"least_people": 2, "most_people": 1}, {"most_m2": math.nan}])
def test_limits_that_do_not_hold(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        Limits(**wrong)
