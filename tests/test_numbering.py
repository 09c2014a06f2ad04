"""Numbering: orders checked by hand, relations that hold for any village: order-free, unique, stable, append-only."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.codes.numbering import assign_serials, reading_order
from geo.codes.schemes import CJT349_20, VILLAGES_15
from geo.crs import project
from geo.errors import InvalidInput
from layers.texts import say

SRID = 4549
ORIGIN = (500_000.0, 3_560_000.0)
VILLAGES = ("321283100201", "321283100202", "321283001001")


def box(x, y, width=100.0, height=100.0):
    return shapely.box(ORIGIN[0] + x, ORIGIN[1] + y, ORIGIN[0] + x + width, ORIGIN[1] + y + height)


def order(geometries, **options):
    return reading_order(geometries, SRID, srid=SRID, **options).tolist()


@st.composite
def villages(draw, most=18):
    """Distinct boxes on a 10 m raster, each with a village and a kind."""
    corner = st.integers(0, 60)
    corners = draw(st.lists(st.tuples(corner, corner, st.integers(1, 30), st.integers(1, 30)),
                            min_size=1, max_size=most, unique=True))
    shapes = [box(10 * x, 10 * y, 10 * w, 10 * h) for x, y, w, h in corners]
    names = draw(st.lists(st.sampled_from(VILLAGES), min_size=len(shapes), max_size=len(shapes)))
    kinds = draw(st.lists(st.sampled_from(VILLAGES_15.kinds), min_size=len(shapes), max_size=len(shapes)))
    return np.array(shapes, dtype=object), names, kinds


def turned(shape, by):
    """The same polygon with its ring begun elsewhere and run the other way."""
    ring = list(shape.exterior.coords)[:-1]
    ring = ring[by % len(ring):] + ring[: by % len(ring)]
    return shapely.Polygon(ring[::-1])


def test_a_row_that_wavers_stays_one_band():
    row = [box(100 * i, 20 * (i % 2)) for i in range(5)]
    below = [box(100 * i, -100 + 15 * (i % 3)) for i in range(5)]
    assert order(row + below) == list(range(10))
    assert order((row + below)[::-1]) == list(range(9, -1, -1))


def test_whole_and_halved_grids_side_by_side():
    # The halves are 50 m high beside 100 m: one band, the northern half first.
    shapes = [box(0, 0), box(100, 50, height=50), box(100, 0, height=50), box(200, 0)]
    assert order(shapes) == [0, 1, 2, 3]
    assert order([shapes[i] for i in (2, 3, 1, 0)]) == [3, 2, 0, 1]


def test_depth_of_a_band_is_half_of_the_median_height():
    # Heights 40, 40, 400: the median is 40, so points 20 m apart share a band and points 21 m apart do not.
    tall = box(1000, -5000, height=400)
    assert order([box(100, 0, height=40), box(0, -20, height=40), tall]) == [1, 0, 2]
    assert order([box(100, 0, height=40), box(0, -21, height=40), tall]) == [0, 1, 2]


def test_a_crescent_is_ordered_by_a_point_inside_it():
    # Its centroid and the centre of its box lie east of the small grid, the crescent itself runs west of it.
    crescent = box(0, 0, 300, 300).difference(box(20, -10, 300, 320))
    assert order([box(50, 100, 100, 100), crescent]) == [1, 0]


def test_mirrored_rule_walks_the_other_way():
    shapes = [box(x, y) for y in (100, 0) for x in (0, 100, 200)]
    assert order(shapes) == [0, 1, 2, 3, 4, 5]
    assert order(shapes, rule="rows-mirrored") == [5, 4, 3, 2, 1, 0]


def test_degrees_are_projected_to_the_metric_crs():
    shapes = np.array([box(x, y) for y in (100, 0) for x in (0, 100, 200)], dtype=object)[[4, 1, 5, 0, 2, 3]]
    degrees = project(shapes, SRID, 4490)
    assert reading_order(degrees, SRID).tolist() == order(shapes) == [3, 1, 4, 5, 0, 2]


@given(villages(), st.randoms(use_true_random=False), st.integers(0, 3))
def test_order_does_not_depend_on_the_input(village, random, by):
    shapes, _, _ = village
    shuffled = [turned(shape, by) for shape in shapes]
    random.shuffle(shuffled)
    first = [shapely.normalize(shapes[i]).wkb for i in reading_order(shapes, SRID, srid=SRID)]
    second = [shapely.normalize(shuffled[i]).wkb for i in reading_order(shuffled, SRID, srid=SRID)]
    assert first == second


@given(villages())
def test_order_is_bands_from_north_to_south_and_west_to_east_inside(village):
    shapes, _, _ = village
    walk = reading_order(shapes, SRID, srid=SRID)
    assert sorted(walk.tolist()) == list(range(len(shapes)))
    heights = sorted(shape.bounds[3] - shape.bounds[1] for shape in shapes)
    depth = heights[len(heights) // 2] / 2
    points = [shapely.point_on_surface(shapely.normalize(shapes[i])) for i in walk]
    for here, after in pairwise(points):
        # A step is to the east, or begins a band further south; it never climbs by more than a band.
        assert after.x >= here.x - 0.001 or after.y < here.y + depth
        assert after.y <= here.y + depth + 0.001


@given(villages(), st.randoms(use_true_random=False))
def test_serials_do_not_depend_on_the_order_of_the_grids(village, random):
    shapes, names, kinds = village
    serials = assign_serials(shapes, names, kinds, metric_srid=SRID, srid=SRID)
    deal = list(range(len(names)))
    random.shuffle(deal)
    dealt = shapes[deal], [names[i] for i in deal], [kinds[i] for i in deal]
    again = assign_serials(*dealt, metric_srid=SRID, srid=SRID)
    assert again.tolist() == serials[deal].tolist()


@given(villages())
def test_first_serials_fill_each_block_from_its_beginning(village):
    shapes, names, kinds = village
    serials = assign_serials(shapes, names, kinds, metric_srid=SRID, srid=SRID)
    assert len(set(zip(names, serials.tolist(), strict=True))) == len(names)
    for group in set(zip(names, kinds, strict=True)):
        held = [i for i, pair in enumerate(zip(names, kinds, strict=True)) if pair == group]
        first = VILLAGES_15.block_of(group[1]).first
        assert sorted(serials[held].tolist()) == list(range(first, first + len(held)))
        walk = reading_order(shapes[held], SRID, srid=SRID)
        assert (np.diff(serials[held][walk]) == 1).all()


@given(villages())
def test_run_on_its_own_answer_changes_nothing(village):
    shapes, names, kinds = village
    serials = assign_serials(shapes, names, kinds, metric_srid=SRID, srid=SRID)
    used = {name: {int(s) for n, s in zip(names, serials, strict=True) if n == name} for name in names}
    again = assign_serials(shapes, names, kinds, metric_srid=SRID, srid=SRID, serials=serials.tolist(), used=used)
    assert again.tolist() == serials.tolist()


@given(villages(), st.data())
def test_serials_are_only_appended(village, data):
    shapes, names, kinds = village
    ever = {v: data.draw(st.sets(st.integers(1, 300) | st.integers(501, 800)), label=v) for v in VILLAGES}
    held = [None] * len(names)
    for _ in range(2):
        fresh = [i for i, serial in enumerate(held) if serial is None]
        assume(fresh)
        late = set(data.draw(st.sets(st.sampled_from(fresh)))) if len(fresh) > 1 else set()
        now = [i for i in range(len(names)) if i not in late]
        serials = assign_serials(shapes[now], [names[i] for i in now], [kinds[i] for i in now],
                                 metric_srid=SRID, srid=SRID, used=ever, serials=[held[i] for i in now])
        for i, serial in zip(now, serials.tolist(), strict=True):
            if held[i] is not None:
                assert serial == held[i]
                continue
            block = VILLAGES_15.block_of(kinds[i])
            before = [s for s in ever[names[i]] if s in block]
            assert serial in block
            assert serial > max(before, default=0)
        for i, serial in zip(now, serials.tolist(), strict=True):
            held[i] = serial
            ever[names[i]] = ever[names[i]] | {serial}
        if None not in held:
            break


@settings(max_examples=25)
@given(villages(most=6))
def test_arguments_stay_as_they_were(village):
    shapes, names, kinds = village
    used = {names[0]: {1, 2}}
    before = (list(shapes), list(names), list(kinds))
    assign_serials(shapes, names, kinds, metric_srid=SRID, srid=SRID, used=used)
    assert (list(shapes), names, kinds) == before
    assert used == {names[0]: {1, 2}}


def test_full_block_says_how_many_are_left():
    shapes = [box(100 * i, 0) for i in range(3)]
    used = {VILLAGES[0]: {1, 497}}
    assert assign_serials(shapes[:2], [VILLAGES[0]] * 2, ["social"] * 2, metric_srid=SRID, srid=SRID,
                          used=used).tolist() == [498, 499]
    with pytest.raises(InvalidInput) as caught:
        assign_serials(shapes, [VILLAGES[0]] * 3, ["social"] * 3, metric_srid=SRID, srid=SRID, used=used)
    assert caught.value.key == "numbering.block-full"
    assert caught.value.values | {"left": 2, "needed": 3, "village": VILLAGES[0]} == caught.value.values
    assert VILLAGES[0] in say(caught.value.key, "zh", **caught.value.values)
    # A retired 499 fills the block for good, even where 498 was never seen.
    with pytest.raises(InvalidInput, match="numbering.block-full"):
        assign_serials(shapes[:1], [VILLAGES[0]], ["social"], metric_srid=SRID, srid=SRID, used={VILLAGES[0]: {499}})
    assert assign_serials(shapes[:1], [VILLAGES[0]], ["dedicated"], metric_srid=SRID, srid=SRID,
                          used={VILLAGES[0]: {499}}).tolist() == [501]


def test_undivided_community_of_cjt_349_takes_zero_once():
    def serials(count, used=()):
        return assign_serials([box(100 * i, 0) for i in range(count)], [VILLAGES[0]] * count, ["social"] * count,
                              CJT349_20, metric_srid=SRID, srid=SRID, used={VILLAGES[0]: set(used)}).tolist()

    assert serials(1) == [0]
    assert serials(2) == [1, 2]
    assert serials(1, used={0}) == [1]
    assert serials(1, used={3}) == [4]


@pytest.mark.parametrize("shape", [None, shapely.Polygon(), shapely.MultiPolygon()])
def test_grid_without_a_place_is_named(shape):
    with pytest.raises(InvalidInput) as caught:
        reading_order([box(0, 0), shape], SRID, srid=SRID)
    assert (caught.value.key, caught.value.values["index"]) == ("numbering.no-geometry", 2)
    assert "2" in say(caught.value.key, "en", **caught.value.values)


def test_wrong_input_is_refused():
    with pytest.raises(InvalidInput, match="numbering.lengths"):
        assign_serials([box(0, 0)], [VILLAGES[0]] * 2, ["social"], metric_srid=SRID, srid=SRID)
    with pytest.raises(InvalidInput, match="code.not-a-village"):
        assign_serials([box(0, 0)], ["321283"], ["social"], metric_srid=SRID, srid=SRID)
    with pytest.raises(InvalidInput, match="code.unknown-kind"):
        assign_serials([box(0, 0)], [VILLAGES[0]], ["forest"], metric_srid=SRID, srid=SRID)


def test_nothing_to_number():
    assert reading_order([], SRID).tolist() == []
    assert assign_serials([], [], [], metric_srid=SRID).tolist() == []
