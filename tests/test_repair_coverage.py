"""The process repair-coverage: a proposal in degrees that fits what it does not touch, and writes nothing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely
from town_of_cells import lattice

from geo.errors import InvalidInput
from geo.measuring import Plane
from layers.database.database import bind
from layers.texts import texts
from processes.coverage.check_coverage import CheckCoverage
from processes.coverage.repair_coverage import RepairCoverage


def run(**inputs: Any) -> dict[str, Any]:
    return RepairCoverage().execute(inputs)[1]


def town() -> dict[str, Any]:
    """Cells near Taixing with pushed vertices, in degrees with all their digits."""
    cells = lattice(6, 6, np.random.default_rng(8), pieces=3, faults=0.2)
    shapes = Plane("EPSG:4549").degrees(cells)
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": f"{n:02d}", "properties": {}, "geometry": json.loads(shapely.to_geojson(shape))}
            for n, shape in enumerate(shapes)
        ],
    }


def test_everything_that_is_proposed_passes_the_check() -> None:
    given = town()
    before = CheckCoverage().execute({"features": given})[1]
    assert before["counts"]["error"] > 0
    answer = run(features=given, tolerance_m=10, everything=True)
    assert len(answer["features"]) == answer["checked"] == 36
    assert 0 < answer["changed"] < 36 and answer["resolved"] == len(answer["steps"]) > 0
    assert answer["left"] == [] and answer["reasons"] == {}
    collection = {"type": "FeatureCollection", "features": answer["features"]}
    assert CheckCoverage().execute({"features": collection})[1]["counts"]["error"] == 0
    # what is not changed is what was given, digit for digit
    for mine, theirs in zip(answer["features"], given["features"], strict=True):
        if not mine["properties"]["changed"]:
            assert mine["geometry"] == theirs["geometry"]
        else:
            assert 0 <= mine["properties"]["moved_m"] <= 10


def test_what_is_left_says_why_in_both_languages() -> None:
    answer = run(features=town(), tolerance_m=0.5)
    assert answer["left"] and all(entry["reason"] == "too-wide" for entry in answer["left"])
    entry = answer["left"][0]
    assert texts()["repair.too-wide"].zh in entry["message"] and texts()["repair.too-wide"].en in entry["message_en"]
    assert len(answer["features"]) == answer["changed"]


def test_the_sample_city_needs_no_repair(city: Any) -> None:
    bind(city.api)
    answer = run(layer="grids")
    assert answer["features"] == answer["steps"] == answer["left"] == []


def test_a_layer_is_left_as_it_is(city_copy: Any) -> None:
    with city_copy.transaction() as cur:
        cur.execute(
            "update wangge.grids set geom = st_multi(st_translate(geom, 0.00001, 0)) where code ="
            " (select code from wangge.grids where kind = 'social' order by md5(code) limit 1)"
        )
        cur.execute("select md5(string_agg(st_asbinary(geom)::text, '' order by fid)) from wangge.grids")
        before = cur.fetchone()
    bind(city_copy.api)
    answer = run(tolerance_m=2)
    assert answer["changed"] > 0 and answer["resolved"] > 0
    with city_copy.transaction() as cur:
        cur.execute("select md5(string_agg(st_asbinary(geom)::text, '' order by fid)) from wangge.grids")
        assert cur.fetchone() == before


@pytest.mark.parametrize("inputs", [{"tolerance_m": 0}, {"layer": "cases"}, {"layer": "grids", "features": {}}])
def test_bad_input(city: Any, inputs: dict[str, Any]) -> None:
    bind(city.api)
    with pytest.raises(InvalidInput):
        run(**inputs)
