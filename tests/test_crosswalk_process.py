"""The process crosswalk: cells of a file on the city's grids, tables that add up, and what it refuses."""

import json
from collections import Counter

import psycopg2
import pytest
import shapely

from geo.errors import Forbidden, InvalidInput, NeedsKey
from layers.crosswalk import keep_crosswalk
from layers.database.database import bind
from layers.identity import Identity, acting
from layers.texts import say
from processes.crosswalk.crosswalk import CrosswalkProcess


def run(**inputs):
    return CrosswalkProcess().execute(inputs)[1]


def feature(shape, **properties):
    return {"type": "Feature", "properties": properties,
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape))}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def box(x, y, width=10, height=10):
    """A box in thousandths of a degree from 120 E, 32 N."""
    return shapely.box(120 + x / 1000, 32 + y / 1000, 120 + (x + width) / 1000, 32 + (y + height) / 1000)


GRIDS = collection(*(feature(box(10 * i, 0), code=f"G{i}", kind="social") for i in range(3)),
                   feature(box(2, 2, 3, 3), code="D", kind="dedicated"))


@pytest.fixture
def sample(city):
    bind(city.api)
    return city


def test_example_runs(sample):
    answer = run(**CrosswalkProcess.example)
    assert [row["cell"] for row in answer["assignment"]] == ["F1", "W1", "W2"]
    assert all(row["grid"] for row in answer["assignment"])
    assert answer["crs"] == "EPSG:4549"
    for total in answer["totals"]["departments"]:
        count = total["counts"]["households"]
        assert count["grids"] + count["lost"] == count["cells"]
    given = {total["department"]: total["counts"]["households"]["cells"] for total in answer["totals"]["departments"]}
    assert given == {"fire": 510, "water": 395}


def test_grids_of_the_city_map_to_themselves(sample):
    answer = run(cells="grids", department="township_code", counts=["population"])
    own = [row for row in answer["relations"] if row["class"] in ("1:1", "1:n", "n:m", "n:1")]
    own = [row for row in own if row["cell"] == row["grid"]]
    social = [row for row in answer["assignment"] if int(row["cell"][12:]) < 500]
    assert all(row["grid"] == row["cell"] and row["share"] == pytest.approx(1) for row in social)
    assert len(own) == len(social) == len({row["grid"] for row in answer["totals"]["grids"]})


def test_department_cells_by_hand(db):
    bind(db.api)
    cells = collection(feature(box(0, 0, 19), code="1", department="water"),
                       feature(box(20, 0), code="2", department="water"),
                       feature(box(0, 0, 6), code="1", department="fire"),
                       feature(box(6, 0, 4), code="2", department="fire"),
                       feature(box(50, 50), code="3", department="fire"))  # fmt: skip
    answer = run(cells=cells, grids=GRIDS)
    found = {(row["department"], row["cell"], row["grid"]): row["class"] for row in answer["relations"]}
    assert found == {
        ("water", "1", "G0"): "1:n", ("water", "1", "G1"): "1:n", ("water", "2", "G2"): "1:1",
        ("fire", "1", "G0"): "n:1", ("fire", "2", "G0"): "n:1", ("fire", "3", None): "orphan",
        ("fire", None, "G1"): "orphan", ("fire", None, "G2"): "orphan",
    }
    assert answer["classes"] == Counter(found.values()) | {"n:m": 0, "sliver": 0}
    (conflict,) = answer["conflicts"]
    assert (conflict["grid"], conflict["department"], conflict["cells"]) == ("G0", "fire", ["1", "2"])
    assert conflict["proposed"] == "1"
    assert conflict["grid_shares"] == pytest.approx([0.6, 0.4], abs=1e-4)
    (loss,) = answer["losses"]
    assert (loss["kind"], loss["cell"], loss["department"], loss["share"]) == ("outside", "3", "fire", 1.0)
    assert loss["message"] != loss["message_en"]
    assert {(row["department"], row["cell"]): row["grid"] for row in answer["assignment"]} == {
        ("water", "1"): "G0", ("water", "2"): "G2", ("fire", "1"): "G0", ("fire", "2"): "G0", ("fire", "3"): None}
    dedicated = run(cells=cells, grids=GRIDS, kind="dedicated")
    assert {row["grid"] for row in dedicated["relations"]} == {"D", None}
    # what is not asked for is not computed
    assert all("people" not in row for row in answer["relations"])
    assert "population" not in answer["totals"]


def test_people_outweigh_ground(db):
    bind(db.api)
    cells = collection(feature(box(0, 0, 18), code="1", department="water"))
    blocks = collection(feature(box(0, 0), population=10), feature(box(10, 0, 5), population=90),
                        feature(shapely.Point(120.001, 32.001), population=3), feature(None, population=7))  # fmt: skip
    answer = run(cells=cells, grids=GRIDS, population=blocks, whole=True)
    (row,) = answer["assignment"]
    assert (row["grid"], row["by"]) == ("G1", "people")
    assert row["share"] == pytest.approx(90 / 103, rel=1e-4)
    people = {row["grid"]: row["people"] for row in answer["relations"] if row["class"] != "orphan"}
    assert people == {"G0": 13, "G1": 90}
    assert answer["totals"]["population"] == {"total": 110, "grids": 103, "unplaced": 7}
    (total,) = answer["totals"]["departments"]
    assert total["people"] == {"cells": 103, "kept": 103, "sliver": 0, "outside": 0, "doubled": 0}
    assert run(cells=cells, grids=GRIDS, population=blocks, assign_by="area")["assignment"][0]["grid"] == "G0"


def test_relations_have_their_ground_when_asked(db):
    bind(db.api)
    cells = collection(feature(box(0, 0, 20), code="1"), feature(box(60, 0), code="2"))
    answer = run(cells=cells, grids=GRIDS, geometry=True)
    assert "relations" not in answer
    shapes = {(f["properties"]["cell"], f["properties"]["grid"]): f["geometry"] for f in answer["features"]}
    assert shapes["2", None] is None
    ground = shapely.from_geojson(json.dumps(shapes["1", "G1"]))
    assert shapely.hausdorff_distance(ground, box(10, 0)) < 1e-6
    # cells that name no department belong to one
    assert {f["properties"]["department"] for f in answer["features"]} == {"cells"}


def test_a_layer_of_the_service_serves_as_cells_and_as_population(sample):
    answer = run(cells="divisions", department="level", population="divisions", blocks="largest", counts=["population"])
    totals = {total["department"]: total for total in answer["totals"]["departments"]}
    assert set(totals) == {"county", "township", "village"}
    for total in totals.values():
        area = total["area_m2"]
        assert area["cells"] == pytest.approx(area["kept"] + area["sliver"] + area["outside"] - area["doubled"])
        assert area["outside"] < 1e-6 * area["cells"]
    # villages are made of whole grids
    assert totals["village"]["relations"].keys() <= {"1:1", "1:n", "sliver"}


def test_what_is_not_valid_is_mended_and_told(db):
    bind(db.api)
    bow = shapely.Polygon([(120, 32), (120.01, 32.01), (120.01, 32), (120, 32.01)])
    answer = run(cells=collection(feature(bow, code="1"), feature(None, code="2")), grids=GRIDS)
    told = {row["id"]: row["message_en"] for row in answer["mended"]}
    assert "crosses itself" in told["1"]
    assert "no geometry" in told["2"]
    assert next(row for row in answer["relations"] if row["cell"] == "1")["cell_share"] == pytest.approx(1)


def test_ids_stay_apart_inside_a_department_only(db):
    bind(db.api)
    cells = collection(*(feature(box(0, 0), code="1", department=name) for name in ("fire", "fire", "water")))
    answer = run(cells=cells, grids=GRIDS)
    assert [(row["department"], row["cell"]) for row in answer["assignment"]] == [
        ("fire", "1"), ("fire", "1#2"), ("water", "1")]
    overlap = [loss for loss in answer["losses"] if loss["kind"] == "overlap"]
    assert [(loss["department"], loss["grid"], loss["share"]) for loss in overlap] == [
        ("fire", "G0", pytest.approx(1, abs=1e-4))]


CELLS = collection(feature(box(0, 0), code="1", households=-1, names="x"))


@pytest.mark.parametrize(("inputs", "key"), [
    ({"cells": 5}, "process.input"),
    ({"cells": CELLS, "grids": "cameras"}, "crosswalk.layer"),
    ({"cells": "no-such"}, "crosswalk.layer"),
    ({"cells": CELLS, "population": "findings"}, "crosswalk.layer"),
    ({"cells": {"type": "Feature"}}, "crosswalk.collection"),
    ({"cells": collection(1)}, "crosswalk.feature"),
    ({"cells": collection({"type": "Feature", "geometry": {"type": "Circle"}})}, "crosswalk.feature"),
    ({"cells": CELLS, "counts": ["households"]}, "crosswalk.count"),
    ({"cells": CELLS, "counts": ["names"]}, "crosswalk.count"),
    ({"cells": CELLS, "counts": ["officers"]}, "crosswalk.no-count"),
    ({"cells": CELLS, "sliver_share": 2}, "process.input"),
    ({"cells": CELLS, "kind": "forest"}, "process.input"),
])
def test_wrong_input_is_refused_in_words(db, inputs, key):
    bind(db.api)
    with pytest.raises(InvalidInput) as caught:
        run(**inputs)
    assert caught.value.key == key
    for language in ("zh", "en"):
        assert say(key, language, **caught.value.values)


def test_nothing(db):
    bind(db.api)
    answer = run(cells=collection(), grids=collection())
    assert answer["relations"] == answer["assignment"] == answer["losses"] == []
    assert answer["totals"] == {"departments": [], "grids": []}


# --- the loaded cells, and the layer that the result is kept in


def kept(db, identity):
    with db.api.transaction(identity) as cur:
        cur.execute("select department, cell_code, grid_code, relation, proposed, area_m2, cell_share, township_code,"
                    " st_isvalid(geom) from wangge.crosswalk order by 1, 2, 3")
        return cur.fetchall()


def test_the_sample_comes_with_cells_and_their_relations(city_copy):
    bind(city_copy.api)
    with acting(Identity("editor")):
        before = kept(city_copy, Identity("admin"))
        answer = run(store=True)
    # what the sample was loaded with is what the process makes of the loaded cells
    assert answer["stored"] == len(before) == len(answer["relations"])
    assert kept(city_copy, Identity("admin")) == before
    assert {row[0] for row in before} == {"公安", "消防", "民政"} and all(row[-1] for row in before)
    assert answer["classes"]["1:n"] and answer["classes"]["n:m"] and answer["classes"]["1:1"]
    proposed = {(row[0], row[1]): row[2] for row in before if row[4]}
    assert proposed == {(row["department"], row["cell"]): row["grid"] for row in answer["assignment"]}
    # staff of a township see its relations and no others, the public none
    township = before[0][7]
    assert kept(city_copy, Identity("staff", township)) == [row for row in before if row[7] == township]
    assert kept(city_copy, Identity()) == []


def test_only_the_departments_that_were_asked_for_are_replaced(city_copy):
    bind(city_copy.api)
    with city_copy.api.transaction(Identity("staff")) as cur:
        cur.execute("select code, st_asgeojson(geom) from wangge.grids where kind = 'social' order by code limit 1")
        grid, shape = cur.fetchone()
    cells = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": "1", "department": "水利"}, "geometry": json.loads(shape)}]}
    with acting(Identity("editor")):
        run(cells=cells, store=True)
    rows = kept(city_copy, Identity("admin"))
    assert {row[0] for row in rows} == {"公安", "消防", "民政", "水利"}
    (own,) = [row for row in rows if row[0] == "水利" and row[1] == "1" and row[3] == "1:1"]
    assert (own[2], own[4], own[7]) == (grid, True, grid[:9]) and own[6] == pytest.approx(1)
    # the grids that this department leaves out have a row with their own ground
    assert sum(row[0] == "水利" and row[1] is None for row in rows) == 1185


def test_who_may_store_and_who_may_read_the_cells(city):
    bind(city.api)
    for identity, refusal in ((Identity(), NeedsKey), (Identity("staff"), Forbidden)):
        with acting(identity), pytest.raises(refusal):
            run(cells=CELLS, store=True)
    with acting(Identity()), pytest.raises(NeedsKey):
        run()
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), city.api.transaction(Identity("staff")) as cur:
        keep_crosswalk(cur, [])
