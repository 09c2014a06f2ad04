"""Lineage: shares and operations by hand, and what must hold for any division of ground."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.changes.lineage import OPERATIONS, Lineage, derive_lineage
from geo.changes.shares import exact_shares
from geo.errors import InvalidInput
from geo.measuring import Plane, plane_of

METRES = Plane("EPSG:4549", "EPSG:4549")
Grids = dict[str, Any]


def box(west: float, east: float, south: float = 0, north: float = 100) -> Any:
    return shapely.box(west, south, east, north)


def derive(before: Grids, after: Grids, **options: Any) -> Lineage:
    return derive_lineage(
        list(before), list(before.values()), list(after), list(after.values()), plane=METRES, **options
    )


def told(lineage: Lineage) -> list[tuple[str | None, str | None, float, float, str]]:
    return [
        (k.before, k.after, round(k.share_of_before, 4), round(k.share_of_after, 4), k.operation) for k in lineage.links
    ]


def assert_whole(lineage: Lineage) -> None:
    """Shares of every grid, old and new, sum to 1 to the last bit, in the order they come in and backwards."""
    for side, share in (("before", "share_of_before"), ("after", "share_of_after")):
        sums: dict[str, list[float]] = defaultdict(list)
        for link in lineage.links:
            if getattr(link, side) is not None:
                sums[getattr(link, side)].append(getattr(link, share))
        assert {sum(values) for values in sums.values()} | {sum(values[::-1]) for values in sums.values()} <= {1.0}


def test_split_in_two_gives_two_new_codes() -> None:
    found = derive({"a": box(0, 100)}, {"x": box(0, 40), "y": box(40, 100)})
    assert told(found) == [("a", "y", 0.6, 1, "split"), ("a", "x", 0.4, 1, "split")]
    assert found.kept == {}


def test_a_small_part_split_off_leaves_the_code_with_the_rest() -> None:
    found = derive({"a": box(0, 100)}, {"x": box(0, 8), "y": box(8, 100)})
    assert told(found) == [("a", "y", 0.92, 1, "keep"), ("a", "x", 0.08, 1, "split")]
    assert found.kept == {"y": "a"}
    assert [link.area_m2 for link in found.links] == [9200, 800]


def test_merging_equals_ends_all_codes_and_swallowing_a_small_one_keeps_the_large_ones() -> None:
    found = derive({"a": box(0, 50), "b": box(50, 100)}, {"x": box(0, 100)})
    assert told(found) == [("a", "x", 1, 0.5, "merge"), ("b", "x", 1, 0.5, "merge")]
    found = derive({"a": box(0, 95), "b": box(95, 100)}, {"x": box(0, 100)})
    assert told(found) == [("a", "x", 1, 0.95, "keep"), ("b", "x", 1, 0.05, "merge")]


def test_a_border_that_moves_little_is_a_transfer_and_far_a_redraw() -> None:
    before = {"a": box(0, 100), "b": box(100, 200)}
    little = derive(before, {"x": box(0, 95), "y": box(95, 200)})
    assert told(little) == [
        ("a", "x", 0.95, 1, "keep"), ("a", "y", 0.05, 0.0476, "transfer"), ("b", "y", 1, 0.9524, "keep")
    ]  # fmt: skip
    far = derive(before, {"x": box(0, 70, north=90), "y": box(70, 200)})
    assert told(far) == [
        ("a", "x", 0.63, 1, "split"), ("a", "y", 0.3, 0.2308, "transfer"), ("a", None, 0.07, 0, "retire"),
        ("b", "y", 1, 0.7692, "merge"),
    ]  # fmt: skip
    mixed = derive({"a": box(0, 100), "b": box(100, 200)}, {"x": box(-30, 80), "y": box(80, 180)})
    assert told(mixed) == [
        ("a", "x", 0.8, 0.7273, "redraw"), ("a", "y", 0.2, 0.2, "transfer"), ("b", "y", 0.8, 0.8, "redraw"),
        ("b", None, 0.2, 0, "retire"), (None, "x", 0, 0.2727, "new"),
    ]  # fmt: skip


def test_the_share_that_keeps_a_code_is_asked_of_both_sides_and_includes_its_bound() -> None:
    assert derive({"a": box(0, 100)}, {"x": box(0, 90)}).kept == {"x": "a"}
    assert derive({"a": box(0, 100)}, {"x": box(0, 89.9)}).kept == {}
    assert derive({"a": box(0, 90)}, {"x": box(0, 100)}).kept == {"x": "a"}
    assert derive({"a": box(0, 89.9)}, {"x": box(0, 100)}).kept == {}
    assert derive({"a": box(0, 100)}, {"x": box(0, 89.9)}, keep_share=0.8).kept == {"x": "a"}


def test_ground_decides_and_not_the_name() -> None:
    found = derive({"a": box(0, 100), "b": box(100, 200)}, {"a": box(100, 200), "b": box(0, 100)})
    assert found.kept == {"a": "b", "b": "a"}


def test_a_code_stays_at_home() -> None:
    found = derive({"a": box(0, 100)}, {"a": box(0, 100)}, before_homes=["v1"], after_homes=["v2"])
    assert told(found) == [("a", "a", 1, 1, "transfer")]
    assert found.kept == {}


def test_a_sliver_is_no_link_and_its_ground_stays_counted() -> None:
    found = derive({"a": box(0, 100), "b": box(100, 200)}, {"x": box(0, 100.6), "y": box(100.6, 200)})
    assert told(found) == [("a", "x", 1, 1, "keep"), ("b", "y", 1, 1, "keep")]
    found = derive({"a": box(0, 100), "b": box(100, 200)}, {"x": box(0, 101.1), "y": box(101.1, 200)})
    assert [link.operation for link in found.links] == ["keep", "keep", "transfer"]
    # all of a grid may be narrow
    assert told(derive({"a": box(0, 0.5)}, {"x": box(0, 0.5, north=50), "y": box(0, 0.5, 50)}))[0][:2] == ("a", "x")


def test_kinds_lie_on_one_another_and_ground_is_carved_out_of_the_other() -> None:
    before = {"s": box(0, 100), "d": box(10, 20)}
    same = derive(before, before, before_kinds=["social", "dedicated"], after_kinds=["social", "dedicated"])
    assert told(same) == [("s", "s", 1, 1, "keep"), ("d", "d", 1, 1, "keep")]
    carved = derive(
        {"s": box(0, 100)}, {"s": box(0, 80), "d": box(80, 100)},
        before_kinds=["social"], after_kinds=["social", "dedicated"],
    )  # fmt: skip
    assert told(carved) == [("s", "s", 0.8, 1, "split"), ("s", "d", 0.2, 1, "split")]
    turned = derive({"g": box(0, 100)}, {"g": box(0, 100)}, before_kinds=["social"], after_kinds=["dedicated"])
    assert told(turned) == [("g", "g", 1, 1, "transfer")] and not turned.kept


def test_degrees_are_measured_in_the_plane() -> None:
    plane = Plane("EPSG:4549")
    flat = np.array([shapely.box(500_000, 3_560_000, 501_000, 3_561_000)])
    found = derive_lineage(["a"], plane.degrees(flat), ["x"], plane.degrees(flat), plane=plane)
    assert found.links[0].area_m2 == pytest.approx(1e6, abs=0.1)


@pytest.mark.parametrize(
    ("before", "options", "key"),
    [
        ({"a": box(0, 0)}, {}, "lineage.no-ground"),
        ({"a": shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])}, {}, "lineage.no-ground"),
        ({"a": box(0, 1)}, {"keep_share": 0.5}, "lineage.keep-share"),
        ({"a": box(0, 1)}, {"before_kinds": []}, "coverage.lengths"),
    ],
)
def test_refusals(before: Grids, options: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        derive(before, {"x": box(0, 100)}, **options)
    assert raised.value.key == key


def test_a_name_occurs_once() -> None:
    with pytest.raises(InvalidInput, match=r"lineage\.twice"):
        derive_lineage(["a", "a"], [box(0, 1), box(1, 2)], ["x"], [box(0, 2)], plane=METRES)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60).filter(lambda found: sum(found) > 0))
def test_shares_sum_to_one_exactly(amounts: list[float]) -> None:
    shares = exact_shares(np.array(amounts))
    assert shares.sum() == sum(shares.tolist()) == sum(sorted(shares.tolist())) == 1
    assert np.abs(shares - np.array(amounts) / sum(amounts)).max() < 1e-10


def division(points: list[tuple[float, float]], ground: Any) -> list[Any]:
    """Voronoi cells of points, cut out of a ground: a sound coverage of it."""
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=ground))
    parts = shapely.intersection(cells, ground)
    return list(parts[shapely.area(parts) > 0])


places = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=2, max_size=12, unique=True
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(places, places, st.booleans())
def test_any_division_of_ground(one: list[tuple[float, float]], two: list[tuple[float, float]], less: bool) -> None:
    """Whatever takes the place of whatever: shares are whole, areas add up, codes stay with one grid each."""
    ground = shapely.box(0, 0, 1000, 1000)
    old = {f"a{i}": shape for i, shape in enumerate(division(one, ground))}
    new = {f"b{i}": shape for i, shape in enumerate(division(two, shapely.box(0, 0, 1200, 900) if less else ground))}
    found = derive(old, new)
    assert_whole(found)
    assert {link.before for link in found.links} >= set(old) and {link.after for link in found.links} >= set(new)
    assert {link.operation for link in found.links} <= set(OPERATIONS)
    assert len(set(found.kept.values())) == len(found.kept)
    for link in found.links:
        if link.before and link.after:
            true = shapely.intersection(old[link.before], new[link.after]).area
            assert link.area_m2 == pytest.approx(true, abs=1e-6)
            # slivers of at most 1 m by the length of a border go to the largest part
            assert abs(link.share_of_before - true / old[link.before].area) * old[link.before].area < 20_000
            stays = min(true / old[link.before].area, true / new[link.after].area)
            if (found.kept.get(link.after) == link.before) != (stays >= 0.9):
                assert stays == pytest.approx(0.9, abs=0.02)
    backwards = derive(new, old)
    assert {(k.before, k.after) for k in found.links} == {(k.after, k.before) for k in backwards.links}


@settings(deadline=None, max_examples=20)
@given(places, st.randoms(use_true_random=False))
def test_the_order_of_the_grids_does_not_matter(points: list[tuple[float, float]], random: Any) -> None:
    ground = shapely.box(0, 0, 1000, 1000)
    old = {f"a{i}": shape for i, shape in enumerate(division(points, ground))}
    new = {"x": shapely.box(0, 0, 500, 1000), "y": shapely.box(500, 0, 1000, 1000)}
    names = list(old)
    random.shuffle(names)
    one, two = derive(old, new), derive({name: old[name] for name in names}, dict(reversed(new.items())))
    key = [(str(k.before), str(k.after)) for k in one.links]
    assert sorted(key) == sorted((str(k.before), str(k.after)) for k in two.links)
    assert one.kept == two.kept


def test_precincts_drawn_anew_between_two_elections(shared: Path) -> None:
    """Real ground: all of it is accounted for, also of a precinct that rounding makes cross itself in the plane."""
    years = [
        geopandas.read_file(shared / f"data/messy_denver_precincts/DenverCo_precincts{year}_repaired.zip").to_crs(4326)
        for year in (2016, 2018)
    ]
    middle = years[0].geometry[308].centroid
    years = [frame[shapely.dwithin(frame.geometry.to_numpy(), middle, 0.04)] for frame in years]
    old, new = ([f"{i}" for i in range(len(frame))] for frame in years)
    plane = Plane(plane_of(tuple(years[0].total_bounds)).crs, "EPSG:4326")
    shapes = [frame.geometry.to_numpy() for frame in years]
    assert shapely.is_valid(shapes[0]).all() and not shapely.is_valid(plane.flat(shapes[0])).all()
    found = derive_lineage(old, shapes[0], new, shapes[1], plane=plane)
    assert_whole(found)
    assert {link.before for link in found.links} >= set(old) and {link.after for link in found.links} >= set(new)
    # an independent count: pairs that stay the same by areas measured with an overlay of geopandas
    flat = [geopandas.GeoDataFrame({"n": ids}, geometry=shapely.make_valid(plane.flat(some)))
            for ids, some in zip((old, new), shapes, strict=True)]
    both = geopandas.overlay(*flat, keep_geom_type=True)
    both["area"] = both.area
    common = both.groupby(["n_1", "n_2"])["area"].sum()
    whole = [dict(zip(frame["n"], frame.area, strict=True)) for frame in flat]
    same = {(i, j) for (i, j), area in common.items() if min(area / whole[0][i], area / whole[1][j]) >= 0.9}
    assert {(i, j) for j, i in found.kept.items()} == same and len(same) > 25
