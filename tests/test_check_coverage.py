"""The process check-coverage: the sample city is sound, and each fault planted in it is found and measured."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely

from geo.errors import InvalidInput
from layers.database.database import bind
from processes.coverage.check_coverage import CheckCoverage


def run(**inputs: Any) -> dict[str, Any]:
    return CheckCoverage().execute(inputs)[1]


@pytest.fixture
def copy(city_copy: Any) -> Any:
    bind(city_copy.api)
    return city_copy


def collection(*shapes: Any, **properties: list[Any]) -> dict[str, Any]:
    rows = [{name: values[n] for name, values in properties.items()} for n in range(len(shapes))]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": row, "geometry": json.loads(shapely.to_geojson(shape))}
            for shape, row in zip(shapes, rows, strict=True)
        ],
    }


@pytest.mark.parametrize("layer", ["grids", "divisions"])
def test_sample_city_is_sound(city: Any, layer: str) -> None:
    bind(city.api)
    answer = run(layer=layer)
    assert answer["checked"] > 300
    assert answer["features"] == []


def test_a_missing_grid_is_a_gap_even_at_the_border(copy: Any) -> None:
    with copy.transaction() as cur:
        cur.execute(
            "select g.code, st_area(st_transform(g.geom, metric_srid)) from wangge.grids as g, wangge.city"
            " where kind = 'social' order by st_distance(g.geom, st_boundary(outline)), g.code limit 1"
        )
        code, area = cur.fetchone()
        cur.execute("delete from wangge.grids where code = %s", (code,))
    (gap,) = run()["features"]
    assert gap["properties"]["kind"] == "gap" and gap["properties"]["severity"] == "error"
    assert gap["properties"]["area_m2"] == pytest.approx(area, rel=1e-6)
    assert 119 < shapely.from_geojson(json.dumps(gap["geometry"])).centroid.x < 121


def test_a_grid_moved_over_its_neighbours(copy: Any) -> None:
    with copy.transaction() as cur:
        cur.execute(
            "update wangge.grids set geom = st_multi(st_translate(geom, 0.0002, 0)) where code ="
            " (select code from wangge.grids where kind = 'social' order by md5(code) limit 1) returning code"
        )
        (code,) = cur.fetchone()
    found = [feature["properties"] for feature in run()["features"]]
    assert {"overlap", "gap"} <= {properties["kind"] for properties in found}
    # a dedicated grid may lie where the ground is nobody's now
    assert all(code in properties["ids"] for properties in found if properties["kind"] != "outside-parent")
    # 0.0002 degrees are 19 m
    assert all(0 < properties["width_m"] < 25 for properties in found if properties["kind"] in ("gap", "overlap"))


def test_features_without_a_database() -> None:
    side = 0.001
    one = shapely.box(120, 32, 120 + side, 32 + side)
    two = shapely.box(120 + side / 2, 32, 120 + 2 * side, 32 + side)
    (found,) = run(features=collection(one, two, code=["a", "b"]))["features"]
    assert found["properties"]["kind"] == "overlap" and found["properties"]["ids"] == ["a", "b"]
    assert found["properties"]["area_m2"] == pytest.approx(94.4 / 2 * 110.9, rel=0.01)
    assert "a, b" in found["properties"]["message"] and "a, b" in found["properties"]["message_en"]


def test_dedicated_grids_lie_on_top_and_leave_room() -> None:
    below = [shapely.box(120 + n / 100, 32, 120.01 + n / 100, 32.01) for n in range(3)]
    above = [shapely.box(120.001, 32.001, 120.002, 32.002), shapely.box(120.0015, 32.001, 120.003, 32.002)]
    kinds = ["social"] * 3 + ["dedicated"] * 2
    found = run(features=collection(*below, *above, code=list("abcde"), kind=kinds))["features"]
    assert [(f["properties"]["kind"], f["properties"]["ids"]) for f in found] == [("overlap", ["d", "e"])]


def test_sizes_and_populations_are_judged_where_limits_are_given() -> None:
    shapes = [shapely.box(120, 32, 120.01, 32.01), shapely.box(120.01, 32, 120.02, 32.01)]
    given = collection(*shapes, code=["a", "b"], population=[3, 900])
    assert run(features=given)["features"] == []
    found = run(features=given, least_people=100, most_m2=1000)["features"]
    kinds = [(f["properties"]["kind"], f["properties"]["ids"], f["properties"]["severity"]) for f in found]
    assert sorted(kinds) == [("population", ["a"], "warning"), ("size", ["a"], "warning"), ("size", ["b"], "warning")]
    with pytest.raises(InvalidInput):
        run(features=given, least_people=100, most_people=10)


def test_invalid_geometry_says_why_in_both_languages() -> None:
    bow = shapely.Polygon([(120, 32), (120.01, 32.01), (120.01, 32), (120, 32.01)])
    (found,) = run(features=collection(bow, code=["a"]))["features"]
    assert found["properties"]["kind"] == "invalid"
    assert "自相交" in found["properties"]["message"] and "crosses itself" in found["properties"]["message_en"]
    assert found["geometry"]["coordinates"] == pytest.approx([120.005, 32.005], abs=1e-5)


@pytest.mark.parametrize(
    "inputs",
    [
        {"layer": "cases"},
        {"layer": "nothing"},
        {"layer": "grids", "features": {}},
        {"features": {"type": "Feature"}},
        {"features": {"type": "FeatureCollection", "features": [1]}},
        {"features": {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Circle"}}]}},
        {"tolerance_m": -1},
    ],
)
def test_bad_input_is_said(city: Any, inputs: dict[str, Any]) -> None:
    bind(city.api)
    with pytest.raises(InvalidInput):
        run(**inputs)


def test_nothing() -> None:
    assert run(features=collection())["features"] == []
