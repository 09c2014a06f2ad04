"""Faults of known kind, place and size put into sound coverages, and awkward input."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate

from geo.coverage.coverage import check_coverage
from geo.errors import InvalidInput
from geo.finding import KINDS, Finding
from layers.texts import texts

CELL = 100.0


def lattice(columns: int, rows: int, seed: int, angle: float = 0.0) -> tuple[Any, list[str]]:
    """A sound coverage of wiggly quadrilaterals of about 100 m in GK-like coordinates; outer border straight."""
    rng = np.random.default_rng(seed)
    node = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1), indexing="ij"), axis=-1) * CELL
    node[1:-1, 1:-1] += rng.uniform(-15, 15, (columns - 1, rows - 1, 2))

    def side(a: Any, b: Any, straight: bool) -> Any:
        along = np.linspace(0, 1, 6)[:, None]
        line = a + along * (b - a)
        if not straight:
            line[1:-1] += rng.uniform(-4, 4, (4, 2))
        return line

    across = {
        (i, j): side(node[i, j], node[i + 1, j], j in (0, rows)) for i in range(columns) for j in range(rows + 1)
    }
    up = {(i, j): side(node[i, j], node[i, j + 1], i in (0, columns)) for i in range(columns + 1) for j in range(rows)}
    polygons = []
    for i in range(columns):
        for j in range(rows):
            ring = (across[i, j][:-1], up[i + 1, j][:-1], across[i, j + 1][:0:-1], up[i, j][:0:-1])
            polygons.append(shapely.Polygon(np.concatenate(ring)))
    moved = [rotate(polygon, angle, origin=(0, 0)) for polygon in polygons]
    shift = np.array([500_000.0, 3_560_000.0])
    return shapely.transform(np.array(moved), lambda at: at + shift), [f"{i:03d}" for i in range(len(polygons))]


def with_corner(x: float) -> Any:
    with np.errstate(invalid="ignore"):
        return shapely.Polygon([(0, 0), (x, 1), (1, 1)])


def bulged(polygon: Any, other: Any, out_m: float) -> Any:
    """A polygon with one vertex of the border to another pushed towards that one, or away from it."""
    ring = shapely.get_coordinates(polygon)[:-1]
    common = [n for n in range(len(ring)) if shapely.Point(ring[n]).distance(other) < 1e-9]
    n = common[len(common) // 2]
    chord = ring[(n + 1) % len(ring)] - ring[n - 1]
    # rings run anticlockwise: out is to the right
    normal = np.array([chord[1], -chord[0]]) / np.hypot(*chord) * (1 if shapely.is_ccw(polygon.exterior) else -1)
    ring[n] += out_m * normal
    return shapely.Polygon(ring)


def kinds(findings: list[Finding]) -> Counter[str]:
    return Counter(finding.kind for finding in findings)


def summary(findings: list[Finding]) -> set[tuple[Any, ...]]:
    return {(f.identity, f.kind, f.severity, f.ids, f.sliver, round(f.area_m2 or 0, 3)) for f in findings}


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), angle=st.floats(0, 90))
def test_sound_coverage_has_no_findings(seed: int, angle: float) -> None:
    polygons, ids = lattice(5, 4, seed, angle)
    assert check_coverage(polygons, ids) == []
    assert check_coverage(polygons, ids, outline=shapely.union_all(polygons)) == []


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_injected_faults_are_all_found_and_nothing_else(data: st.DataObject) -> None:
    seed, angle = data.draw(st.integers(0, 10_000)), data.draw(st.floats(0, 90))
    polygons, ids = lattice(8, 8, seed, angle)
    sound = polygons.copy()
    rng = np.random.default_rng(seed)
    expected: list[tuple[str, tuple[str, ...], float]] = []
    # inner cells two apart, so that the faults do not meet
    spots = [(i, j) for i in (1, 3, 5) for j in (1, 3, 5)]
    for (i, j), fault in zip(spots, data.draw(st.permutations(["overlap", "gap", "duplicate", "island", "hole", "bow",
                                                              "vertex", "none", "multipart"])), strict=True):
        k = i * 8 + j
        middle = sound[k].centroid
        size = float(rng.uniform(0.5, 5))
        other = (i + 1) * 8 + j
        if fault in ("overlap", "gap"):
            polygons[k] = bulged(sound[k], sound[other], size if fault == "overlap" else -size)
            area = shapely.symmetric_difference(polygons[k], sound[k]).area
            expected.append((fault, (ids[k], ids[other]), area))
        elif fault == "duplicate":
            polygons, ids = np.append(polygons, sound[k]), [*ids, "copy"]
            expected.append(("duplicate", (ids[k], "copy"), sound[k].area))
        elif fault == "island":
            polygons, ids = np.append(polygons, middle.buffer(size)), [*ids, "island"]
            expected.append(("overlap", (ids[k], "island"), middle.buffer(size).area))
        elif fault == "hole":
            polygons[k] = shapely.difference(sound[k], middle.buffer(size))
            expected.append(("gap", (ids[k],), middle.buffer(size).area))
        elif fault == "bow":
            x, y = middle.x, middle.y
            ring = [(x, y), (x + size, y + size), (x + size, y), (x, y + size), (x, y)]
            polygons[k] = shapely.Polygon(sound[k].exterior, [ring])
            # the two triangles of the bow are left out of what make_valid makes of it
            expected += [("invalid", (ids[k],), 0.0), *[("gap", (ids[k],), size * size / 4)] * 2]
        elif fault == "vertex":
            points = shapely.get_coordinates(sound[k])
            onto = [shapely.Point(p).distance(sound[other]) < 1e-9 for p in points[:-1]]
            a = next(n for n in range(len(onto)) if onto[n] and onto[(n + 1) % len(onto)])
            polygons[k] = shapely.Polygon(np.insert(points, a + 1, (points[a] + points[a + 1]) / 2, axis=0))
            # a middle that rounding puts beside the line leaves a crack, which GEOS takes for sound
            if not shapely.coverage_is_valid(polygons[[k, other]]):
                expected.append(("mismatched-edge", (ids[k], ids[other]), 0.0))
        elif fault == "multipart":
            far = shapely.box(400_000, 3_000_000, 400_010, 3_000_010 + k)
            polygons[k] = shapely.MultiPolygon([sound[k], far])
            expected.append(("multipart", (ids[k],), sound[k].area + far.area))
    found = check_coverage(polygons, ids, min_area_m2=1e-5)
    assert all(f.severity == "warning" for f in found if f.kind == "gap" and (f.area_m2 or 0) < 1e-5)
    found = [f for f in found if f.kind != "gap" or (f.area_m2 or 0) > 1e-5]
    assert sorted((f.kind, f.ids) for f in found) == sorted((kind, tuple(sorted(names))) for kind, names, _ in expected)
    assert sum(f.area_m2 or 0 for f in found if f.kind in ("gap", "overlap", "duplicate")) == pytest.approx(
        sum(area for kind, _, area in expected if kind in ("gap", "overlap", "duplicate")), rel=1e-6
    )


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), push=st.floats(-6, 6), order=st.randoms(use_true_random=False))
def test_areas_add_up_and_order_does_not_matter(seed: int, push: float, order: Any) -> None:
    polygons, ids = lattice(6, 6, seed)
    outline = shapely.union_all(polygons)
    rng = np.random.default_rng(seed)
    for k in (7, 10, 25, 28):
        grown = polygons[k].buffer(push * rng.uniform(0.5, 1), join_style="mitre")
        polygons[k] = grown if abs(push) > 0.1 else polygons[k]
    found = check_coverage(polygons, ids, outline=outline)
    overlap = sum(f.area_m2 or 0 for f in found if f.kind == "overlap")
    gap = sum(f.area_m2 or 0 for f in found if f.kind == "gap")
    # where three meet, a grown one overlaps pairs only: the others are sound to each other
    assert shapely.area(polygons).sum() - overlap + gap == pytest.approx(outline.area, abs=0.05)
    rearranged = list(range(len(ids)))
    order.shuffle(rearranged)
    again = check_coverage(polygons[rearranged], [ids[i] for i in rearranged], outline=outline)
    assert summary(again) == summary(found)


def test_gap_that_reaches_the_outside_needs_the_outline() -> None:
    polygons, ids = lattice(4, 4, 1)
    outline = shapely.union_all(polygons)
    rest, names = np.delete(polygons, 1), ids[:1] + ids[2:]
    assert check_coverage(rest, names) == []
    (gap,) = check_coverage(rest, names, outline=outline)
    assert (gap.kind, gap.severity, gap.ids) == ("gap", "error", ("000", "002", "004", "005", "006"))
    assert gap.area_m2 == pytest.approx(polygons[1].area)


def test_hole_of_the_outline_is_an_enclave() -> None:
    polygons, ids = lattice(4, 4, 1)
    outline = shapely.difference(shapely.union_all(polygons), polygons[5])
    rest, names = np.delete(polygons, 5), ids[:5] + ids[6:]
    assert kinds(check_coverage(rest, names)) == {"gap": 1}
    assert check_coverage(rest, names, outline=outline) == []


def test_t_junction_is_a_mismatched_edge() -> None:
    polygons = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 5), shapely.box(10, 5, 20, 10)]
    found = check_coverage(polygons, ["a", "b", "c"])
    assert {(f.kind, f.severity, f.ids) for f in found} == {
        ("mismatched-edge", "warning", ("a", "b")),
        ("mismatched-edge", "warning", ("a", "c")),
    }


def test_slivers_are_marked_by_width_not_area() -> None:
    long_thin = [shapely.box(0, 0, 1000, 10), shapely.box(0, 9.5, 1000, 20)]
    small_thick = [shapely.box(0, 0, 10, 10), shapely.box(8, 8, 18, 18)]
    (thin,) = check_coverage(long_thin, ["a", "b"], tolerance_m=1)
    (thick,) = check_coverage(small_thick, ["a", "b"], tolerance_m=1)
    assert thin.sliver and thin.area_m2 == pytest.approx(500) and thin.width_m == pytest.approx(0.5, rel=0.01)
    assert not thick.sliver and thick.area_m2 == pytest.approx(4) and thick.width_m == pytest.approx(2, rel=0.01)


def test_nested_polygon_is_found_although_one_side_only_is_flagged() -> None:
    found = check_coverage([shapely.box(0, 0, 100, 100), shapely.box(40, 40, 60, 60)], ["outer", "inner"])
    assert [(f.kind, f.ids, f.values["share"]) for f in found] == [("overlap", ("inner", "outer"), 1.0)]


def test_outside_parent_with_area_and_share() -> None:
    villages = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)]
    grids = [shapely.box(0, 0, 110, 100), shapely.box(110, 0, 199.5, 100), shapely.box(199.5, 0, 200.5, 100)]
    found = check_coverage(
        grids, ["a", "b", "c"], parents=villages, parent_codes=["v1", "v2"], parent_of=["v1", "v2", "v2"], tolerance_m=1
    )
    inside = [f for f in found if f.kind == "outside-parent"]
    assert [(f.ids, f.severity, f.values["parent"]) for f in inside] == [
        (("a",), "error", "v1"),
        (("c",), "warning", "v2"),
    ]
    assert inside[0].area_m2 == pytest.approx(1000) and inside[0].values["share"] == pytest.approx(1 / 11)
    nobody = [None, "v9", ""]
    unknown = check_coverage(grids, ["a", "b", "c"], parents=villages, parent_codes=["v1", "v2"], parent_of=nobody)
    assert "outside-parent" not in kinds(unknown)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "empty"),
        (shapely.Polygon(), "empty"),
        (shapely.Point(1, 1), "not-a-polygon"),
        (shapely.LineString([(0, 0), (1, 1)]), "not-a-polygon"),
        (with_corner(math.nan), "not-finite"),
        (with_corner(math.inf), "not-finite"),
        (shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), "self-intersection"),
        (shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(20, 20), (21, 20), (21, 21)]]), "hole-outside"),
    ],
)
def test_awkward_geometries_are_invalid_and_stop_nothing(geometry: Any, reason: str) -> None:
    rest = [shapely.box(100, 0, 200, 100), shapely.box(150, 0, 250, 100)]
    found = check_coverage([geometry, *rest], ["bad", "b", "c"])
    assert [(f.kind, f.values.get("reason")) for f in found if f.ids == ("bad",)] == [("invalid", reason)]
    assert kinds(found)["overlap"] == 1


def test_nothing_and_wrong_lengths() -> None:
    assert check_coverage([], []) == []
    with pytest.raises(InvalidInput):
        check_coverage([shapely.box(0, 0, 1, 1)], [])


def test_identity_survives_a_small_change_and_tells_parts_apart() -> None:
    base = [shapely.box(0, 0, 100, 100), shapely.box(95, 0, 200, 100)]
    moved = [shapely.box(0, 0, 100, 100), shapely.box(95.2, 0, 200, 100)]
    (before,), (after,) = check_coverage(base, ["a", "b"]), check_coverage(moved, ["b", "a"])
    assert before.identity == after.identity
    holed = shapely.box(0, 0, 100, 100) - shapely.box(10, 10, 12, 12) - shapely.box(12.5, 12.5, 13, 13)
    found = check_coverage([holed], ["a"])
    assert kinds(found) == {"gap": 2} and len({f.identity for f in found}) == 2


def test_every_kind_has_its_text() -> None:
    values = {"x": 1.0, "y": 2.0, "reason": "", "length_m": 1.0, "parts": 2, "share": 0.5, "parent": "p"}
    values |= {"people": 1.0, "least": 2.0, "most": 3.0}
    values |= {"least_m2": 1.0, "most_m2": 2.0, "placement": "gcj02", "offset_m": 500.0, "attribute": "name"}
    for kind in KINDS:
        text = texts()[f"finding.{kind}"]
        assert text.zh and text.en
        if not kind.startswith("code-"):
            finding = Finding(kind, "error", ("a", "b"), None, values, area_m2=1.234, width_m=0.5)
            assert "a, b" in text.en.format(**finding.text_values()) or kind == "placement"
