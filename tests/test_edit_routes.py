"""Writing grids as QGIS does it, line by line of what its provider sends, and as other programs do."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pytest
import shapely
from editing import editor, halves, in_metres, neighbours_in_village, rows, shape_of
from pyproj import Transformer
from shapely.geometry import mapping, shape

from layers.changes.publish import publish
from layers.identity import acting

QGIS = {"User-Agent": "Mozilla/5.0 QGIS/34400/Windows 11 Version 2009", "Accept-Language": "zh"}
ITEMS = "/collections/grid-edits/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
OWS = "{http://www.opengis.net/ows/1.1}"


@pytest.fixture
def edited(own_service: Any) -> Any:
    """The service without edits of another test, and with one editor's key."""
    yield own_service
    with own_service.database.transaction() as cur:
        cur.execute(
            "update wangge.change_sets set state = 'abandoned', is_current = false, closed_at = now()"
            " where state = 'open'"
        )
        cur.execute("delete from wangge.findings where change_set is not null")


def send(service: Any, method: str, path: str, content: Any = None, role: str | None = "editor", **headers: str) -> Any:
    """A write as QGIS sends it: merge patches in two requests, GeoJSON otherwise."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/geo+json"
    sent = QGIS | ({"Content-Type": kind} if content is not None else {})
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if content is None else json.dumps(content)
    return service.request(method, path, role, headers=sent, data=data, allow_redirects=False)


def feature(polygon: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": mapping(polygon), "properties": properties}


def code_of(service: Any) -> str:
    return neighbours_in_village(service.database)[0]


def item(service: Any, id_: str, query: str = "") -> Any:
    return service.get(f"{ITEMS}/{id_}{query}", "editor", headers=QGIS)


# --- what switches editing on


@pytest.mark.parametrize("id_", ["321283001001001", "unknown_id"])
def test_options_say_what_a_key_may_do(edited: Any, id_: str) -> None:
    writes = ({"POST"}, {"PUT", "PATCH", "DELETE"})
    for role in (None, "township", "staff", "editor", "admin"):
        for path, methods in zip((ITEMS, f"{ITEMS}/{id_}"), writes, strict=True):
            answer = edited.request("OPTIONS", path, role, headers=QGIS)
            allowed = set(answer.headers["Allow"].split(", "))
            assert answer.status_code == 204
            assert (methods <= allowed) == (role in ("editor", "admin"))
            assert {"GET", "HEAD", "OPTIONS"} <= allowed
    token = base64.b64encode(f"anyone:{edited.keys['editor']}".encode()).decode()
    by_password = edited.request("OPTIONS", ITEMS, headers=QGIS | {"Authorization": f"Basic {token}"})
    assert "POST" in by_password.headers["Allow"]


def test_only_editors_read_and_write(edited: Any) -> None:
    for role, status in ((None, 401), ("staff", 403), ("township", 403)):
        assert edited.get(ITEMS, role).status_code == status
        answer = send(edited, "DELETE", f"{ITEMS}/{code_of(edited)}", role=role)
        assert answer.status_code == status
    for layer in ("grids", "findings", "divisions"):
        answer = send(edited, "POST", f"/collections/{layer}/items", {}, role="admin")
        assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, False)


# --- create, change, delete


def test_a_new_grid_has_an_address_where_qgis_reads_it_back(edited: Any) -> None:
    west, _ = halves(shape_of(edited.database, code_of(edited)))
    sent = feature(west, name="新网格", code=None, area_m2=None, kind="social", population=None)
    answer = send(edited, "POST", ITEMS, sent)
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith(f"{edited.base_url}{ITEMS}/")
    back = edited.get(answer.headers["Location"], "editor", headers=QGIS).json()
    assert back["id"] == answer.headers["Location"].rsplit("/", 1)[1]
    properties = back["properties"]
    assert (properties["name"], properties["op"], properties["code"]) == ("新网格", "create", None)
    assert properties["village_code"] == code_of(edited)[:12]
    assert properties["area_m2"] == pytest.approx(shapely.area(in_metres(west)[0]), rel=1e-6)
    assert shapely.hausdorff_distance(shape(back["geometry"]), west) < 1e-7


def test_a_change_comes_in_two_merge_patches(edited: Any) -> None:
    code = code_of(edited)
    west, _ = halves(shape_of(edited.database, code))
    before = item(edited, code).json()
    assert send(edited, "PATCH", f"{ITEMS}/{code}", {"geometry": mapping(west)}).status_code == 204
    assert send(edited, "PATCH", f"{ITEMS}/{code}", {"properties": {"name": "改名"}}).status_code == 204
    after = item(edited, code).json()
    assert shapely.hausdorff_distance(shape(after["geometry"]), west) < 1e-7
    assert after["properties"]["name"] == "改名"
    assert after["properties"]["population"] == before["properties"]["population"]
    assert after["properties"]["code"] == code
    # nobody else sees it, and nothing is published
    assert edited.get(f"{ITEMS}/{code}", "admin").json() == before
    assert edited.get(f"/collections/grids/items/{code}").json()["properties"]["name"] == before["properties"]["name"]


def test_a_put_replaces_the_grid_of_its_path(edited: Any) -> None:
    one, other = neighbours_in_village(edited.database)
    ground = shape_of(edited.database, one)
    untouched = item(edited, other).json()
    answer = send(edited, "PUT", f"{ITEMS}/{one}", feature(ground, name="替换") | {"id": other})
    assert answer.status_code == 204
    assert item(edited, other).json() == untouched
    replaced = item(edited, one).json()["properties"]
    assert (replaced["name"], replaced["population"], replaced["kind"]) == ("替换", None, "social")


def test_a_deleted_grid_is_gone_from_the_working_copy_alone(edited: Any) -> None:
    code = code_of(edited)
    assert send(edited, "DELETE", f"{ITEMS}/{code}").status_code == 204
    assert item(edited, code).status_code == 404
    assert send(edited, "DELETE", f"{ITEMS}/{code}").status_code == 404
    assert edited.get(f"/collections/grids/items/{code}").status_code == 200
    gaps = edited.get("/collections/findings/items?layer=grid-edits&kind=gap", "editor").json()
    assert gaps["numberMatched"] == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_grid_that_there_is_not(edited: Any, method: str) -> None:
    content = None if method == "DELETE" else feature(shapely.box(120.0, 32.1, 120.01, 32.11), name="x")
    answer = send(edited, method, f"{ITEMS}/321283001001999", content)
    assert answer.status_code == 404
    assert b"ExceptionReport" in answer.content


# --- axis order


@pytest.mark.parametrize("written", ["{}", "<{}>"], ids=["plain", "in brackets"])
@pytest.mark.parametrize("srid", [4490, 4549, 3857])
def test_coordinates_come_in_the_axis_order_of_content_crs(edited: Any, srid: int, written: str) -> None:
    code = code_of(edited)
    ground = shapely.get_parts(shape_of(edited.database, code))[0]
    move = Transformer.from_crs("OGC:CRS84", srid, always_xy=False)
    there = shapely.transform(ground, move.transform, interleaved=False)
    answer = send(edited, "PATCH", f"{ITEMS}/{code}", {"geometry": mapping(there)},
                  Content_Crs=written.format(f"{EPSG}{srid}"))
    assert answer.status_code == 204, answer.text
    assert shapely.hausdorff_distance(shape(item(edited, code).json()["geometry"]), ground) < 3e-8
    back = item(edited, code, f"?crs={EPSG}{srid}").json()
    assert shapely.hausdorff_distance(shape(back["geometry"]), there) < 0.01


def test_another_crs_and_swapped_axes_are_refused(edited: Any) -> None:
    code = code_of(edited)
    ground = shapely.get_parts(shape_of(edited.database, code))[0]
    swapped = shapely.transform(ground, lambda points: points[:, ::-1])
    for polygon, crs in ((ground, f"{EPSG}2385"), (ground, "nonsense"), (swapped, ""), (ground, f"{EPSG}4490")):
        answer = send(edited, "PATCH", f"{ITEMS}/{code}", {"geometry": mapping(polygon)}, Content_Crs=crs)
        assert answer.status_code == 400
    assert item(edited, code).json()["properties"]["op"] == "unchanged"


# --- versions


def test_etags_are_honoured_and_never_demanded(edited: Any) -> None:
    code = code_of(edited)
    first = item(edited, code).headers["ETag"]
    assert first.startswith('"')
    path = f"{ITEMS}/{code}"
    second = send(edited, "PATCH", path, {"properties": {"name": "一"}}, If_Match=first).headers["ETag"]
    assert second != first
    assert item(edited, code).headers["ETag"] == second
    for method, content in (("PATCH", {"properties": {"name": "二"}}), ("DELETE", None),
                            ("PUT", feature(shape_of(edited.database, code)))):
        refused = send(edited, method, path, content, If_Match=first)
        assert refused.status_code == 412
    assert item(edited, code).json()["properties"]["name"] == "一"
    assert send(edited, "PATCH", path, {"properties": {"name": "三"}}, If_Match=f'"other", {second}').status_code == 204
    assert send(edited, "PATCH", path, {"properties": {"name": "四"}}, If_Match="*").status_code == 204
    unchanged = edited.get(path, "editor", headers={"If-None-Match": item(edited, code).headers["ETag"]})
    assert unchanged.status_code == 304


# --- errors


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"properties": {"population": "many"}}, "population"),
        ({"properties": {"population": -1}}, "population"),
        ({"properties": {"leaders": 40000}}, "leaders"),
        ({"properties": {"kind": "other"}}, "kind"),
        ({"properties": {"colour": "red"}}, "colour"),
        ({"properties": {"name": "联系人13812345678"}}, "name"),
        ({"properties": {"name": 5}}, "name"),
        ({"properties": {"village_code": "12"}}, "12"),
        ({"geometry": {"type": "Point", "coordinates": [120, 32]}}, "Point"),
        ({"geometry": {"type": "Polygon", "coordinates": [[[120, 32]]]}}, ""),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, ""),
        ({"geometry": None}, ""),
        ({"geometry": {"type": "Polygon", "coordinates": [[[120, 32.1], [120.01, 32.11], [120.01, 32.1], [120, 32.11],
                                                           [120, 32.1]]]}}, "120.005"),
        ([1], ""),
        ("text", ""),
    ],
)  # fmt: skip
def test_what_can_t_be_taken_is_said_in_the_form_that_is_shown(edited: Any, content: Any, word: str) -> None:
    path = f"{ITEMS}/{code_of(edited)}"
    answer = send(edited, "PATCH", path, content)
    assert answer.status_code == 400
    report = ElementTree.fromstring(answer.content)
    (exception,) = report.findall(f"{OWS}Exception")
    assert exception.get("exceptionCode") == "InvalidParameterValue"
    said = exception.findtext(f"{OWS}ExceptionText") or ""
    assert word in said
    assert any("\u4e00" <= character <= "\u9fff" for character in said)
    plain = edited.request("PATCH", path, "editor", data=json.dumps(content),
                           headers={"Content-Type": "application/merge-patch+json", "Accept-Language": "en"})
    assert plain.status_code == 400
    assert plain.json()["status"] == 400
    assert plain.json()["detail"].isascii() or "13812" not in plain.json()["detail"]
    assert item(edited, code_of(edited)).json()["properties"]["op"] == "unchanged"


def test_bodies_of_other_types_and_broken_ones(edited: Any) -> None:
    path = f"{ITEMS}/{code_of(edited)}"
    for type_, status in (("text/plain", 415), ("", 415), ("application/geo+json; charset=utf-8", 400)):
        answer = edited.request("PUT", path, "editor", data="{", headers={"Content-Type": type_})
        assert answer.status_code == status
    assert edited.request("PUT", ITEMS, "editor", data="{}").status_code == 405
    assert edited.request("POST", path, "editor", data="{}").status_code == 405
    assert edited.request("DELETE", f"{path}/", "editor", allow_redirects=False).status_code == 204


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


def test_tiles_show_the_set(edited: Any) -> None:
    code = code_of(edited)
    x, y = shapely.get_coordinates(shape_of(edited.database, code).centroid)[0]
    column, row = int((x + 180) / 360 * 2**15), int(
        (1 - np.arcsinh(np.tan(np.radians(y))) / np.pi) / 2 * 2**15)
    path = f"/collections/grid-edits/tiles/WebMercatorQuad/15/{row}/{column}?f=mvt"
    before = edited.get(path, "editor")
    assert send(edited, "PATCH", f"{ITEMS}/{code}", {"properties": {"name": "瓦片里的新名"}}).status_code == 204
    # the version is told with the commit, and read by a thread of its own
    end = time.monotonic() + 10
    while (after := edited.get(path, "editor")).headers["ETag"] == before.headers["ETag"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert "瓦片里的新名".encode() in after.content
    assert "瓦片里的新名".encode() not in edited.get(path, "admin").content


def test_one_run_in_the_order_in_which_qgis_sends_it(clone: Any, city_template: str, tmp_path: Any) -> None:
    """A grid with a shared border is split, the border of two is moved, three are merged and one is deleted."""
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
        touching = {a: {b for b in codes if b != a and shapes[a].intersection(shapes[b]).length > 1e-3} for a in codes}
        a, b = next((a, b) for a in codes for b in touching[a])
        rest = [code for code in codes if code not in (a, b)]
        chain = next(
            [x, y, z] for x in rest for y in touching[x] for z in touching[y] | touching[x]
            if len({x, y, z, a, b}) == 5
        )
        # QGIS: geometries first, then new features, then attributes, then what was deleted
        west, east = halves(shapes[a])
        strip = shapely.intersection(shapes[b], shapely.buffer(shapely.intersection(east, shapes[b]), 0.00002))
        if strip.is_empty:
            west, east = east, west
            strip = shapely.intersection(shapes[b], shapely.buffer(shapely.intersection(east, shapes[b]), 0.00002))
        merged = shapely.union_all([shapes[code] for code in chain])
        for id_, polygon in ((a, west), (b, shapely.difference(shapes[b], strip)), (chain[0], merged)):
            assert send(service, "PATCH", f"{ITEMS}/{id_}", {"geometry": mapping(polygon)}).status_code == 204
        made = send(service, "POST", ITEMS, feature(shapely.union(east, strip), name="东半", kind="social", code=a))
        new = made.headers["Location"].rsplit("/", 1)[1]
        assert send(service, "PATCH", f"{ITEMS}/{chain[0]}", {"properties": {"name": "三合一"}}).status_code == 204
        for id_ in chain[1:]:
            assert send(service, "DELETE", f"{ITEMS}/{id_}").status_code == 204
        errors = service.get("/collections/findings/items?layer=grid-edits&severity=error", "editor").json()
        who = editor(database, "boss", "admin")
        with acting(who):
            done = publish(database.api, 1)
        assert done.number is not None, [(one.kind, one.ids, one.width_m) for one in done.blocking]
        assert errors["numberMatched"] >= 0
        operations = {}
        for link in done.lineage.links:
            operations.setdefault(link.before, set()).add(link.operation)
        assert all(operations[code] == {"merge"} for code in chain)
        assert "split" in operations[a] | operations.get(new, set())
        assert service.get(f"/collections/grids/items/{done.codes[new]}").json()["properties"]["name"] == "东半"
        assert service.get(f"/collections/grids/items/{chain[1]}").status_code == 404
        today = service.get("/collections/grids/items?limit=1").json()["numberMatched"]
        assert today == 1412 + 1 - 2


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
