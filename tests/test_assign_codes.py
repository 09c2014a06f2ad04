"""The process assign-codes on the sample city: proposals, codes for good, and what it refuses."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import shapely

from geo.codes.code import parse_code
from geo.errors import Forbidden, InvalidInput, NeedsKey
from layers.database.database import bind
from layers.identity import Identity, acting
from layers.texts import say
from processes.codes.assign_codes import AssignCodes

EDITOR = Identity("editor", name="test")


def run(**inputs):
    return AssignCodes().execute(inputs)[1]


def codes_of(answer):
    return [feature["properties"]["code"] for feature in answer["features"]]


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(geometry))}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.fixture
def sample(city):
    bind(city.api)
    return city


@pytest.fixture
def own(city_copy):
    bind(city_copy.api)
    return city_copy


@pytest.fixture
def quarters(city):
    """A village's code, its greatest social serial, and four squares inside it in reading order."""
    with city.transaction() as cur:
        cur.execute(
            "select village_code, max(serial) from wangge.issued_codes where serial < 500"
            " group by village_code order by village_code offset 40 limit 1"
        )
        village, last = cur.fetchone()
        cur.execute("select st_asbinary(geom) from wangge.divisions where code = %s", (village,))
        ground = shapely.from_wkb(bytes(cur.fetchone()[0]))
    x, y = shapely.point_on_surface(ground).coords[0]
    step = 0.0001
    squares = [shapely.box(a, b, a + step, b + step) for b in (y, y - step) for a in (x - step, x)]
    assert shapely.covers(ground, squares).all()
    return village, last, squares


def test_example_runs_on_the_sample_city(sample):
    answer = run(**AssignCodes.example)
    assert len(codes_of(answer)) == 2
    assert answer["issued"] == 0
    assert all(parse_code(code).serial > 500 for code in codes_of(answer))


def test_new_grids_follow_the_last_in_reading_order(sample, quarters):
    village, last, squares = quarters
    expected = [f"{village}{last + i:03d}" for i in range(1, 5)]
    answer = run(grids=collection(*(feature(square, name=str(i)) for i, square in enumerate(squares))))
    assert codes_of(answer) == expected
    # neither the order nor a second run changes a code
    turned = run(grids=collection(*(feature(square) for square in squares[::-1])))
    assert codes_of(turned) == expected[::-1]
    assert [part["properties"]["village_code"] for part in answer["features"]] == [village] * 4
    assert [part["properties"]["name"] for part in answer["features"]] == ["0", "1", "2", "3"]
    assert answer["scheme"] == "villages-15"


def test_grid_with_a_code_keeps_it(sample, quarters):
    village, last, squares = quarters
    first = run(grids=collection(*map(feature, squares)))
    assert run(grids=first) == first
    first["features"][1]["properties"]["code"] = None
    assert codes_of(run(grids=first))[1] == f"{village}{last + 5:03d}"


def test_kinds_and_schemes_have_blocks_of_their_own(sample, quarters):
    village, _, squares = quarters
    answer = run(grids=collection(feature(squares[0], kind="dedicated")))
    assert int(codes_of(answer)[0][12:]) > 500
    other = run(grids=collection(feature(squares[0])), scheme="cjt349-20")
    assert codes_of(other)[0][6:18] == village
    assert len(codes_of(other)[0]) == 20


def test_issued_codes_are_gone_for_everybody(own, quarters):
    village, last, squares = quarters
    with acting(EDITOR):
        kept = run(grids=collection(feature(squares[0])), issue=True)
    assert codes_of(kept) == [f"{village}{last + 1:03d}"]
    assert kept["issued"] == 1
    assert codes_of(run(village_codes=[village])) == [f"{village}{last + 2:03d}"]

    def take(_):
        with acting(EDITOR):
            return codes_of(run(village_codes=[village], count=3, issue=True))

    with ThreadPoolExecutor(16) as pool:
        taken = [code for codes in pool.map(take, range(16)) for code in codes]
    assert sorted(taken) == [f"{village}{last + i:03d}" for i in range(2, 50)]


def test_only_editors_give_out(sample, quarters):
    village, *_ = quarters
    with pytest.raises(NeedsKey):
        run(village_codes=[village], issue=True)
    with acting(Identity("staff")), pytest.raises(Forbidden) as caught:
        run(village_codes=[village], issue=True)
    assert "editor" in say(caught.value.key, "zh", **caught.value.values)


FAR = shapely.box(10, 50, 10.001, 50.001)


@pytest.mark.parametrize(
    ("inputs", "key"),
    [
        ({}, "assign-codes.what"),
        ({"grids": collection(), "village_codes": []}, "assign-codes.what"),
        ({"grids": collection(feature(FAR))}, "assign-codes.no-village"),
        ({"grids": {"type": "Feature"}}, "grids.collection"),
        ({"grids": collection({"type": "Feature", "geometry": {"type": "Polygon"}})}, "grids.feature"),
        ({"grids": collection(feature(shapely.Point(120, 32)))}, "grids.feature"),
        ({"grids": collection(feature(FAR, village_code=321283100202))}, "grids.property"),
        ({"grids": collection(feature(FAR, code="12"))}, "code.wrong-county"),
        ({"village_codes": ["321283100999"]}, "issue.unknown-village"),
        ({"village_codes": ["321283"]}, "code.not-a-village"),
        ({"village_codes": ["321283100202"], "kind": "forest"}, "code.unknown-kind"),
        ({"village_codes": ["321283100202"], "count": 600}, "numbering.block-full"),
        ({"village_codes": ["321283100202"], "count": 0}, "process.input"),
        ({"village_codes": ["321283100202"], "scheme": "x"}, "code.unknown-scheme"),
    ],
)
def test_wrong_input_is_refused_in_words(sample, inputs, key):
    with pytest.raises(InvalidInput) as caught:
        run(**inputs)
    assert caught.value.key == key
    for language in ("zh", "en"):
        assert say(key, language, **caught.value.values)


def test_nothing_to_number(sample):
    assert run(grids=collection())["features"] == []
    assert run(village_codes=[])["features"] == []
