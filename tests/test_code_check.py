"""Checks of codes: each fault planted alone and found alone, and relations on a town with many faults."""

import random

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.codes.check import check_codes
from geo.codes.code import code_of
from geo.codes.numbering import assign_serials
from geo.codes.schemes import CJT349_20, VILLAGES_15_D900
from geo.codes.sequence import _longest_rising
from geo.errors import InvalidInput
from geo.finding import CODE_KINDS
from layers.texts import say

SRID = 4549
V1, V2, V3 = "321283100201", "321283100202", "321283001001"
DIVISIONS = {V1, V2, V3}


def codes(*serials, village=V1):
    return [f"{village}{serial:03d}" for serial in serials]


def check(found_codes, kinds=None, villages=None, **options):
    """Kind and ids of each finding; grids are called a, b, c, ... and are social and where their code says."""
    names = [chr(ord("a") + i) for i in range(len(found_codes))]
    options = {"divisions": DIVISIONS, "ids": names} | options
    found = check_codes(found_codes, kinds or ["social"] * len(names),
                        villages or [(code or V1)[:12] for code in found_codes], **options)
    for finding in found:
        for language in ("zh", "en"):
            assert say(f"finding.{finding.kind}", language, **finding.text_values())
    return found


def kinds_of(found):
    return [(finding.kind, finding.ids) for finding in found]


def town(rows=4, columns=5, village=V1):
    """A lattice of 100 m boxes in EPSG:4549 with the codes of a first numbering, in shuffled order."""
    cells = [(x, y) for x in range(columns) for y in range(rows)]
    random.Random(rows * columns).shuffle(cells)
    shapes = np.array([shapely.box(5e5 + 100 * x, 3.56e6 + 100 * y, 5e5 + 100 * x + 100, 3.56e6 + 100 * y + 100)
                       for x, y in cells], dtype=object)
    count = len(cells)
    serials = assign_serials(shapes, [village] * count, ["social"] * count, metric_srid=SRID, srid=SRID)
    return shapes, [code_of(village, "social", int(serial)) for serial in serials]


def test_sound_codes_have_no_findings():
    shapes, town_codes = town()
    assert check(town_codes, geometries=shapes, metric_srid=SRID, srid=SRID,
                 shares={chr(ord("a") + i): [(V1, 0.97), (V2, 0.03)] for i in range(len(town_codes))}) == []
    assert check([*codes(1, 2), *codes(501), *codes(1, village=V2)], ["social", "social", "dedicated", "social"]) == []
    assert check([]) == []


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_missing(nothing):
    found = check([codes(1)[0], nothing], villages=[V1, V2])
    assert kinds_of(found) == [("code-missing", ("b",))]
    assert found[0].severity == "error"
    assert found[0].values["village"] == V2


@pytest.mark.parametrize(
    ("code", "place", "digits"),
    [
        ("32128310020100l", (13, 15), "00l"),
        ("3212831002010", (13, 15), "0"),
        ("321283100201001 ", (16, 16), " "),
        ("321283100000001", (10, 12), "000"),
        ("321283100201000", (13, 15), "000"),
        ("网格1", (1, 6), "网格1"),
        ("1", (1, 6), "1"),
    ],
)
def test_format_names_the_digits(code, place, digits):
    found = check([codes(1)[0], code], villages=[V1, V1])
    assert kinds_of(found) == [("code-format", ("b",))]
    assert (found[0].values["first"], found[0].values["last"]) == place
    assert found[0].values["digits"] == digits


@pytest.mark.parametrize(("village", "unknown"), [("321284100201",) * 2, ("321283109201",) * 2, ("321283100299",) * 2])
def test_unknown_division_names_the_first_part_that_nobody_knows(village, unknown):
    found = check(codes(1, village=village), villages=[V1], shares={"a": [(V1, 1.0)]})
    assert kinds_of(found) == [("code-division", ("a",))]
    length = {"321284100201": 6, "321283109201": 9, "321283100299": 12}[village]
    assert found[0].values["division"] == unknown[:length]
    assert found[0].values["expected"] == V1
    assert check(codes(1, village=village), divisions=None) == []


def test_duplicates_are_one_finding_for_each_code():
    found = check([*codes(1, 2, 1, 1, 3), "x", "x"], villages=[V1] * 7)
    assert kinds_of(found) == [("code-duplicate", ("a", "c", "d")), ("code-duplicate", ("f", "g")),
                               ("code-format", ("f",)), ("code-format", ("g",))]
    assert found[0].values["count"] == 3


def test_duplicate_shows_a_point_in_each_grid():
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6), None]
    found = check(codes(1, 1, 1), geometries=shapes)
    assert shapely.equals(found[0].geometry, shapely.MultiPoint([(0.5, 0.5), (5.5, 5.5)]))
    assert check([None], geometries=shapes[:1])[0].geometry == shapes[0]


def test_retired_code_is_not_used_again():
    found = check(codes(1, 2, 3), retired=set(codes(2, 4)))
    assert kinds_of(found) == [("code-reused", ("b",))]


def test_village_of_the_ground_wins():
    found = check(codes(1, 2, 3, 4), villages=[V1] * 4, shares={
        "a": [(V1, 0.4), (V2, 0.6)], "b": [(V2, 0.5), (V1, 0.5)], "c": [(V1, 0.51), (V2, 0.49)], "d": []})
    assert kinds_of(found) == [("code-village", ("a",))]
    values = found[0].values
    assert (values["village"], values["expected"], values["share"], values["own_share"]) == (V1, V2, 0.6, 0.4)
    assert values["shares"] == f"{V2} 60.0%, {V1} 40.0%"


def test_stated_village_is_held_against_the_code_too():
    # Without the ground, and where the ground agrees with the code.
    for shares in ({}, {"a": [(V1, 1.0)]}):
        found = check(codes(1), villages=[V2], shares=shares)
        assert kinds_of(found) == [("code-village", ("a",))]
        assert (found[0].values["expected"], found[0].values["basis"]) == (V2, "attribute")
    assert check(codes(1), villages=[None]) == []


@pytest.mark.parametrize(("serial", "kind", "wrong"), [
    (499, "social", False), (500, "social", True), (501, "social", True), (499, "dedicated", True),
    (500, "dedicated", True), (501, "dedicated", False), (7, "forest", True), (7, None, False), (500, None, True)])
def test_blocks(serial, kind, wrong):
    found = [f for f in check(codes(serial), [kind]) if f.kind != "code-hole"]
    assert kinds_of(found) == ([("code-block", ("a",))] if wrong else [])


def test_another_scheme_has_other_blocks():
    assert check(codes(1, 900), scheme=VILLAGES_15_D900, retired=codes(*range(2, 900)))[0].kind == "code-block"
    assert kinds_of(check(codes(901), ["dedicated"], scheme=VILLAGES_15_D900)) == []


def test_cjt_349_holds_the_class_and_the_undivided_community():
    def twenty(serial, kind="social", object_class="010000", village=V1):
        return check([f"{object_class}{village}{serial:02d}"], [kind], [village], scheme=CJT349_20)

    assert twenty(0) == twenty(1) == []
    assert kinds_of(twenty(1, object_class="020000")) == [("code-block", ("a",))]
    assert kinds_of(twenty(0, "dedicated", "020000")) == [("code-block", ("a",))]
    # 00 says that the community is not divided, so it can't stand beside 01.
    both = check([f"010000{V1}00", f"010000{V1}01"], villages=[V1, V1], scheme=CJT349_20)
    assert kinds_of(both) == [("code-block", ("a",))]


def test_holes_are_serials_that_nobody_ever_had():
    found = check(codes(3, 4, 6, 9), retired=codes(5, 8, 12))
    # d follows the hole 007, and stands before 010-011, which only a retired code follows
    assert kinds_of(found) == [("code-hole", ("a", "d"))]
    assert found[0].severity == "note"
    assert found[0].values["holes"] == "001-002, 007, 010-011"
    assert found[0].values["count"] == 5
    assert check(codes(3), retired=codes(1), issued=codes(2)) == []
    blocks = check([*codes(2, 503), *codes(1, village=V2)], ["social", "dedicated", "social"])
    assert [(f.kind, f.ids, f.values["holes"]) for f in blocks] == [
        ("code-hole", ("a",), "001"), ("code-hole", ("b",), "501-502")]


def test_order_names_the_fewest_that_must_move():
    shapes = [shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(5)]
    found = check(codes(1, 5, 2, 3, 4), geometries=shapes, metric_srid=SRID, srid=SRID)
    assert kinds_of(found) == [("code-order", ("b",))]
    assert found[0].severity == "note"
    assert (found[0].values["count"], found[0].values["total"]) == (1, 5)
    assert found[0].geometry == shapes[1]
    # Two villages are two sequences.
    two = [*codes(1, 2), *codes(1, 2, village=V2), codes(3)[0]]
    assert check(two, geometries=shapes, metric_srid=SRID, srid=SRID) == []


def test_grid_without_geometry_has_no_place_in_the_order():
    shapes = [shapely.box(0, 0, 1, 1), None, shapely.Polygon()]
    assert check(codes(1, 2, 3), geometries=shapes, metric_srid=SRID, srid=SRID) == []


@given(st.lists(st.integers(0, 9), max_size=9))
def test_longest_rising_is_rising_and_longest(numbers):
    kept = sorted(_longest_rising(numbers))
    chosen = [numbers[i] for i in kept]
    assert chosen == sorted(chosen)
    best = 0
    for mask in range(1 << len(numbers)):
        part = [n for i, n in enumerate(numbers) if mask >> i & 1]
        if part == sorted(part):
            best = max(best, len(part))
    assert len(kept) == best


SOME_CODES = (
    st.none() | st.sampled_from(codes(1, 2, 3, 500, 501) + codes(1, 2, village=V2)) | st.text("0123x", max_size=16)
)


@given(st.lists(SOME_CODES, max_size=12), st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_the_grids(found_codes, shuffler):
    rows = [(str(i), code, "social") for i, code in enumerate(found_codes)]

    def run(rows):
        found = check_codes([c for _, c, _ in rows], [k for *_, k in rows], [V1] * len(rows), divisions=DIVISIONS,
                            ids=[i for i, *_ in rows])
        return sorted((f.kind, f.values.get("code", ""), sorted(f.ids)) for f in found)

    before = run(rows)
    shuffler.shuffle(rows)
    assert run(rows) == before


def test_a_grid_has_one_root_fault_beside_what_it_shares_with_others():
    rng = np.random.default_rng(7)
    shapes, town_codes = town(10, 20)
    planted = rng.choice(len(town_codes), size=6, replace=False).tolist()
    faulty = list(town_codes)
    faulty[planted[0]] = None
    faulty[planted[1]] = faulty[planted[1]][:-1]
    faulty[planted[2]] = "321283100299" + faulty[planted[2]][12:]
    faulty[planted[3]] = V1 + "500"
    faulty[planted[4]] = V2 + faulty[planted[4]][12:]
    ids = [str(i) for i in range(len(faulty))]
    found = check_codes(faulty, ["social"] * len(faulty), [V1] * len(faulty), divisions=DIVISIONS, ids=ids,
                        retired={town_codes[planted[5]]}, geometries=shapes, metric_srid=SRID, srid=SRID)
    errors = {finding.ids: finding.kind for finding in found if finding.severity == "error"}
    expected = ("code-missing", "code-format", "code-division", "code-block", "code-village", "code-reused")
    assert errors == {(str(row),): kind for row, kind in zip(planted, expected, strict=True)}
    assert {finding.kind for finding in found} <= set(CODE_KINDS)
    assert len({finding.identity for finding in found}) == len(found)


def test_a_hundred_thousand_grids_of_a_province():
    villages = [f"3212831{v // 200:02d}{200 + v % 200:03d}" for v in range(2000)]
    many = [code_of(village, "social", serial) for village in villages for serial in range(1, 51)]
    found = check_codes(many, ["social"] * len(many), [code[:12] for code in many], divisions=set(villages))
    assert found == []
    stated = [code[:12] for code in many]
    many[77_777] = many[5]
    found = check_codes(many, ["social"] * len(many), stated, divisions=set(villages))
    assert [(finding.kind, finding.ids) for finding in found] == [
        ("code-duplicate", ("6", "77778")), ("code-village", ("77778",)), ("code-hole", ("77779",))]


def test_lists_of_different_length_are_refused():
    with pytest.raises(InvalidInput) as caught:
        check_codes(codes(1), ["social"], [])
    assert say(caught.value.key, "zh", **caught.value.values)
