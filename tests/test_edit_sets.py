"""Change sets over HTTP: which one is written, many features at once, whole runs of QGIS, and strict writes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from edit_requests import ITEMS, code_of, feature, item, send
from editing import editor, far_pairs, halves, neighbours_in_village, nudged, rows, shape_of
from qgis_layer import QgisLayer
from shapely.geometry import mapping
from system_qgis import ask_qgis
from working import until

from layers.catalogue.changes import GRID_EDITS
from layers.changes.publish import publish
from layers.identity import acting

# --- sets


def test_a_set_is_named_by_a_parameter_or_a_header(edited: Any) -> None:
    code = code_of(edited)

    def opened(title: str) -> int:
        answer = edited.request("POST", "/processes/open-change-set/execution", "editor",
                                json={"inputs": {"title": title}})
        return int(answer.json()["change_set"])

    first, second = opened("一"), opened("二")
    path = f"{ITEMS}/{code}"
    assert send(edited, "PATCH", path, {"properties": {"name": "甲"}}, Wangge_Change_Set=str(first)).status_code == 204
    assert send(edited, "PATCH", f"{path}?change-set={second}", {"properties": {"name": "乙"}}).status_code == 204
    for query, name in ((f"?change-set={first}", "甲"), (f"?change-set={second}", "乙"), ("", "乙")):
        assert item(edited, code, query).json()["properties"]["name"] == name
    page = edited.get(f"{ITEMS}?change-set={first}&op=update", "editor").json()
    assert [one["id"] for one in page["features"]] == [code]
    # an editor sees the sets of others and does not write to them
    theirs = edited.request("POST", "/processes/open-change-set/execution", "admin", json={"inputs": {"title": "三"}})
    number = theirs.json()["change_set"]
    assert item(edited, code, f"?change-set={number}").status_code == 200
    assert send(edited, "DELETE", f"{path}?change-set={number}").status_code == 403
    assert send(edited, "DELETE", f"{path}?change-set=999999").status_code == 404
    assert send(edited, "DELETE", f"{path}?change-set=x").status_code == 400
    listed = edited.request("POST", "/processes/list-change-sets/execution", "editor", json={"inputs": {}}).json()
    assert [entry["title"] for entry in listed["change_sets"][:3]] == ["三", "二", "一"]
    edited.request("POST", "/processes/abandon-change-set/execution", "editor", json={"inputs": {"change_set": first}})
    assert send(edited, "DELETE", f"{path}?change-set={first}").status_code == 409


def test_a_batch_goes_in_whole_or_not_at_all(edited: Any) -> None:
    one, other = neighbours_in_village(edited.database)
    west, east = halves(shape_of(edited.database, one))
    batch = [feature(west, name="西") | {"id": one}, feature(east, name="东"),
             {"type": "Feature", "id": other, "geometry": None, "properties": None}]
    answer = send(edited, "POST", ITEMS, {"type": "FeatureCollection", "features": batch})
    assert answer.status_code == 200, answer.text
    written = answer.json()["features"]
    assert [entry["id"] for entry in written[::2]] == [one, other]
    assert item(edited, written[1]["id"]).json()["properties"]["name"] == "东"
    assert item(edited, other).status_code == 404
    broken = {"type": "FeatureCollection", "features": [feature(west, name="再"), feature(east, population=-1)]}
    count = edited.get(f"{ITEMS}?limit=1", "editor").json()["numberMatched"]
    assert send(edited, "POST", ITEMS, broken).status_code == 400
    assert edited.get(f"{ITEMS}?limit=1", "editor").json()["numberMatched"] == count


# --- clients that read


def test_gdal_reads_the_working_copy(edited: Any) -> None:
    code = code_of(edited)
    send(edited, "PATCH", f"{ITEMS}/{code}", {"properties": {"name": "改名"}})
    frame = pyogrio.read_dataframe(
        f"OAPIF:{edited.base_url}/collections/grid-edits", USERPWD=f"x:{edited.keys['editor']}", PAGE_SIZE=500
    )
    assert len(frame) == rows(edited.database, "select count(*) from wangge.grids where valid_to is null")[0][0]
    assert frame[frame["op"] == "update"]["name"].tolist() == ["改名"]
    assert np.isin(["code", "name", "kind", "village_code", "population"], frame.columns).all()


def test_qgis_reads_the_working_copy_and_what_is_wrong_with_it(edited: Any, tmp_path: Any) -> None:
    """QGIS 3.22, which knows no editing over OGC API: it opens the layer with an editor's key as the set has it."""
    code, gone = neighbours_in_village(edited.database)
    west, east = halves(shape_of(edited.database, code))
    send(edited, "PATCH", f"{ITEMS}/{code}", {"geometry": mapping(west)})
    made = send(edited, "POST", ITEMS, feature(east, name="东半", population=7)).headers["Location"].rsplit("/", 1)[1]
    send(edited, "DELETE", f"{ITEMS}/{gone}")
    tasks = [{"layer": layer, "url": edited.base_url, "key": edited.keys["editor"], "picture": str(tmp_path / layer)}
             for layer in ("grid-edits", "findings")]  # fmt: skip
    asked = tmp_path / "tasks.json"
    asked.write_text(json.dumps([*tasks, {**tasks[0], "key": edited.keys["staff"]}]), "utf-8")
    edits, findings, as_staff = ask_qgis("qgis_reader.py", tmp_path, asked)
    held = {code for (code,) in rows(edited.database, "select code from wangge.grids where valid_to is null")}
    assert set(edits["features"]) == held - {gone} | {made}
    assert edits["count"] == len(held)
    # its name for longitude first
    assert (edits["crs"], edits["geometry"]) == ("EPSG:4326", "MultiPolygon")
    assert set(edits["fields"]) >= set(GRID_EDITS.names)
    wanted = {"integer": "integer", "number": "real", "string": "string", "date-time": "datetime"}
    told = {field.name: edits["types"][field.name].lower() for field in GRID_EDITS.fields}
    assert {name: kind for name, kind in told.items() if not kind.startswith(wanted[GRID_EDITS.field(name).type])} == {}
    drawn = edits["features"][made]["attributes"]
    assert (drawn["name"], drawn["op"], drawn["population"]) == ("东半", "create", "7")
    assert edits["features"][code]["area"] == pytest.approx(west.area, rel=1e-4)
    assert not edits["editable"] and not edits["opens_for_editing"]
    # the grid that was deleted left a gap
    (gap,) = [one["attributes"] for one in findings["features"].values() if one["attributes"]["kind"] == "gap"]
    assert gap["severity"] == "error"
    assert not as_staff["valid"]


def test_tiles_show_the_set(edited: Any) -> None:
    code = code_of(edited)
    x, y = shapely.get_coordinates(shape_of(edited.database, code).centroid)[0]
    column, row = int((x + 180) / 360 * 2**15), int(
        (1 - np.arcsinh(np.tan(np.radians(y))) / np.pi) / 2 * 2**15)
    path = f"/collections/grid-edits/tiles/WebMercatorQuad/15/{row}/{column}?f=mvt"
    before = edited.get(path, "editor")
    assert send(edited, "PATCH", f"{ITEMS}/{code}", {"properties": {"name": "瓦片里的新名"}}).status_code == 204
    # the version is told with the commit, and read by a thread of its own
    def changed() -> Any:
        answer = edited.get(path, "editor")
        return answer if answer.headers["ETag"] != before.headers["ETag"] else None

    after = until(changed)
    assert "瓦片里的新名".encode() in after.content
    assert after.headers["ETag"] != before.headers["ETag"]
    assert "瓦片里的新名".encode() not in edited.get(path, "admin").content


def test_one_run_in_the_order_in_which_qgis_sends_it(clone: Any, city_template: str, tmp_path: Any) -> None:
    """A grid with a shared border is split, the border of two is moved, three are merged and one is deleted.

    QGIS sends changed geometries first, then changed attributes, then what was deleted, and what is new last.
    """
    from serving import serving

    with clone(city_template) as database, serving(database, tmp_path) as service:
        found = rows(
            database,
            "select village_code from wangge.grids where kind = 'social' group by 1 having count(*) between 5 and 8"
            " order by count(*) desc, 1 limit 1",
        )
        village = found[0][0]
        plain = "select code from wangge.grids where village_code = %s and kind = 'social' order by 1"
        codes = [code for (code,) in rows(database, plain, village)]
        shapes = {code: shape_of(database, code) for code in codes}
        # lists in one order: of another pair the strip below may be cut so thin that its ring crosses itself in metres
        touching = {
            a: [b for b in sorted(codes) if b != a and shapes[a].intersection(shapes[b]).length > 1e-3]
            for a in sorted(codes)
        }
        a, b = next((a, b) for a in touching for b in touching[a])
        rest = [code for code in codes if code not in (a, b)]
        chain = next(
            [x, y, z] for x in rest for y in touching[x] for z in [*touching[y], *touching[x]]
            if len({x, y, z, a, b}) == 5
        )
        moved = next(pair for pair in far_pairs(database, 40) if pair[0][:12] != village)
        places = nudged(*(shape_of(database, code) for code in moved), 1e-5)
        # one that lies on others: of one that is carved out of them a gap would be left
        ((dedicated,),) = rows(
            database,
            "select min(top.code) from wangge.grids as top where top.kind = 'dedicated' and exists (select from"
            " wangge.grids as below where below.kind = 'social'"
            " and st_contains(below.geom, st_pointonsurface(top.geom)))",
        )

        def errors() -> set[tuple[str, ...]]:
            page = service.get("/collections/findings/items?layer=grid-edits&severity=error&limit=100", "editor").json()
            return {tuple(found["properties"]["ids"]) for found in page["features"]}

        west, east = halves(shapes[a])
        strip = shapely.intersection(shapes[b], shapely.buffer(shapely.intersection(east, shapes[b]), 0.00002))
        if strip.is_empty:
            west, east = east, west
            strip = shapely.intersection(shapes[b], shapely.buffer(shapely.intersection(east, shapes[b]), 0.00002))
        merged = shapely.union_all([shapes[code] for code in chain])
        layer = QgisLayer(service)
        assert layer.may >= {"POST", "PUT", "PATCH", "DELETE"}
        shown = layer.features(shapes[a].bounds)
        assert a in shown
        assert set(shown) < set(layer.features())
        # first what is moved alone: between its two requests the border is torn, and said to be
        for code, polygon, faults in zip(moved, places, (True, False), strict=True):
            layer.save({code: polygon})
            assert any(set(moved) <= set(ids) for ids in errors()) is faults
        (new,) = layer.save(
            {a: west, b: shapely.difference(shapes[b], strip), chain[0]: merged},
            {chain[0]: {"name": "三合一"}},
            (*chain[1:], dedicated),
            # a feature that is split off takes its attributes along, and its new name was typed in
            [(shapely.union(east, strip), shown[a]["properties"] | {"name": "东半"})],
        )
        assert layer.sent[2:] == ["PATCH", "PATCH", "PATCH", "PATCH", "DELETE", "DELETE", "DELETE", "POST"]
        assert (new["properties"]["op"], new["properties"]["code"]) == ("create", None)
        new = new["id"]
        assert errors() == set()
        who = editor(database, "boss", "admin")
        with acting(who):
            done = publish(database.api, 1)
        assert done.number is not None, [(one.kind, one.ids, one.width_m) for one in done.blocking]
        assert done.codes.items() >= {code: code for code in moved}.items()
        operations = {}
        for link in done.lineage.links:
            operations.setdefault(link.before, set()).add(link.operation)
        assert all(operations[code] == {"merge"} for code in chain)
        assert "split" in operations[a] | operations.get(new, set())
        assert operations[dedicated] == {"retire"}
        assert service.get(f"/collections/grids/items/{done.codes[new]}").json()["properties"]["name"] == "东半"
        assert service.get(f"/collections/grids/items/{chain[1]}").status_code == 404
        today = service.get("/collections/grids/items?limit=1").json()["numberMatched"]
        assert today == 1412 + 1 - 2 - 1


# --- programs


def test_a_strict_write_is_published_at_once_or_not_at_all(edited: Any) -> None:
    one, other = neighbours_in_village(edited.database)
    both = shapely.union(shape_of(edited.database, one), shape_of(edited.database, other))
    kept = send(edited, "PATCH", f"{ITEMS}/{other}", {"properties": {"name": "在编"}}).headers["Wangge-Change-Set"]
    batch = [feature(both, name="甲") | {"id": one}, {"type": "Feature", "id": other, "geometry": None}]
    half = edited.request("PATCH", f"{ITEMS}/{one}", "editor", data=json.dumps({"geometry": batch[0]["geometry"]}),
                          headers={"Content-Type": "application/merge-patch+json", "Prefer": "handling=strict"})
    assert half.status_code == 422
    assert {found["properties"]["kind"] for found in half.json()["findings"]["features"]} == {"overlap"}
    assert rows(edited.database, "select count(*) from wangge.publications") == [(0,)]
    whole = send(edited, "POST", ITEMS, {"type": "FeatureCollection", "features": batch}, Prefer="handling=strict")
    assert whole.status_code == 200, whole.text
    assert whole.headers["Preference-Applied"] == "handling=strict"
    answer = whole.json()
    (code,) = answer["codes"].values()
    assert answer["published"] is True
    assert {link["operation"] for link in answer["lineage"]} <= {"merge", "keep"}
    assert edited.get(f"/collections/grids/items/{code}").json()["properties"]["name"] == "甲"
    # the set that was being edited is still the current one, and now stale
    again = send(edited, "PATCH", f"{ITEMS}/{code}", {"properties": {"name": "丙"}})
    assert again.headers["Wangge-Change-Set"] == kept
    inputs = {"inputs": {"change_set": int(kept)}}
    stale = edited.request("POST", "/processes/publish/execution", "editor", json=inputs)
    assert (stale.status_code, other in stale.json()["detail"]) == (409, True)
