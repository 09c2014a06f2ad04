"""The process check-codes: the sample city is sound, each fault planted in it is found and told in both languages."""

import json

import pytest
import shapely

from geo.errors import InvalidInput
from layers.database.database import bind
from processes.codes.check_codes import CheckCodes


def run(**inputs):
    return CheckCodes().execute(inputs)[1]


def errors_of(answer):
    return [(f["properties"]["kind"], f["properties"]["ids"]) for f in answer["features"]
            if f["properties"]["severity"] == "error"]


@pytest.fixture
def sample(city):
    bind(city.api)
    return city


@pytest.fixture
def grids(sample):
    """Grids of the sample city's first township as GeoJSON."""
    with sample.transaction() as cur:
        cur.execute(
            "select code, kind, village_code, st_asbinary(geom) from wangge.grids where valid_to is null"
            " and township_code = (select min(township_code) from wangge.grids) order by code"
        )
        rows = cur.fetchall()
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": f"grid-{i}", "properties": {"code": code, "kind": kind, "village_code": village},
         "geometry": json.loads(shapely.to_geojson(shapely.from_wkb(bytes(shape))))}
        for i, (code, kind, village, shape) in enumerate(rows)]}


def test_sample_city_has_no_faulty_code(sample):
    answer = run()
    with sample.transaction() as cur:
        cur.execute("select count(*) from wangge.grids where valid_to is null")
        assert answer["checked"] == cur.fetchone()[0]
    assert errors_of(answer) == []
    assert answer["counts"]["error"] == 0


def test_first_numbering_of_the_sample_city_needs_no_note(sample):
    assert run()["features"] == []


def test_planted_faults_are_found_and_nothing_else(grids):
    properties = [feature["properties"] for feature in grids["features"]]
    other = next(p["village_code"] for p in properties if p["village_code"] != properties[0]["village_code"])
    properties[0]["code"] = f"{other}490"
    properties[1]["code"] = None
    properties[2]["code"] = "3212830"
    properties[3]["code"] = properties[4]["code"]
    properties[5]["kind"] = "dedicated" if properties[5]["kind"] == "social" else "social"
    answer = run(grids=grids)
    assert sorted(errors_of(answer)) == sorted([
        ("code-village", ["grid-0"]), ("code-missing", ["grid-1"]), ("code-format", ["grid-2"]),
        ("code-duplicate", ["grid-3", "grid-4"]), ("code-block", ["grid-5"]),
    ] + ([("code-village", ["grid-3"])] if properties[3]["village_code"] != properties[4]["village_code"] else []))
    assert answer["counts"]["error"] == len(errors_of(answer))
    for feature in answer["features"]:
        told = feature["properties"]
        assert told["message"] != told["message_en"]
        assert "{" not in told["message"] + told["message_en"]
    village = next(f for f in answer["features"] if f["properties"]["kind"] == "code-village")
    assert village["geometry"]["type"] == grids["features"][0]["geometry"]["type"]


def test_unknown_division_and_ground_in_another_village(grids):
    first, second, *others = grids["features"]
    there = next(o for o in others if o["properties"]["village_code"] != second["properties"]["village_code"])
    first["properties"]["code"] = "321283999201001"
    second["geometry"] = there["geometry"]
    answer = run(grids=grids)
    assert errors_of(answer) == [("code-division", ["grid-0"]), ("code-village", ["grid-1"])]
    values = [feature["properties"]["values"] for feature in answer["features"][:2]]
    assert (values[0]["division"], values[0]["expected"]) == ("321283999", first["properties"]["village_code"])
    assert values[1]["expected"] == there["properties"]["village_code"]
    assert values[1]["share"] == pytest.approx(1, abs=1e-5)


def test_retired_code_that_comes_back_is_found(city_copy):
    bind(city_copy.api)
    with city_copy.transaction() as cur:
        cur.execute("select code, geom from wangge.grids where valid_to is null order by code limit 3")
        (ended, _), (kept, _), (moved, _) = cur.fetchall()
        # One ends for good, one goes on as it was with other figures, one changes its ground under the same code.
        cur.execute("update wangge.grids set valid_from = '2020-01-01', valid_to = '2024-01-01' where code in %s",
                    ((ended, kept, moved),))
        cur.execute(
            "insert into wangge.grids (code, name, kind, village_code, valid_from, geom)"
            " select code, name, kind, village_code, '2024-01-01',"
            " case code when %s then st_multi(st_expand(st_pointonsurface(geom), 1e-6)) else geom end"
            " from wangge.grids where code in %s",
            (moved, (kept, moved)),
        )
    assert errors_of(run()) == [("code-reused", [moved])]
    with city_copy.transaction() as cur:
        cur.execute("select kind, village_code from wangge.grids where code = %s", (ended,))
        kind, village = cur.fetchone()
    again = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": ended, "kind": kind, "village_code": village}, "geometry": None}]}
    assert errors_of(run(grids=again)) == [("code-reused", [ended])]


def test_names_stay_apart_when_a_file_repeats_them(grids):
    twice = {"type": "FeatureCollection", "features": [grids["features"][0]] * 2}
    assert errors_of(run(grids=twice)) == [("code-duplicate", ["grid-0", "grid-0#2"])]


@pytest.mark.parametrize(("inputs", "key"), [
    ({"layer": "cameras"}, "check-codes.layer"),
    ({"layer": "no-such"}, "check-codes.layer"),
    ({"layer": "grids", "grids": {"type": "FeatureCollection", "features": []}}, "check-codes.both"),
    ({"scheme": "none"}, "code.unknown-scheme"),
    ({"colour": "red"}, "process.input"),
])
def test_wrong_input_is_refused(sample, inputs, key):
    with pytest.raises(InvalidInput) as caught:
        run(**inputs)
    assert caught.value.key == key
