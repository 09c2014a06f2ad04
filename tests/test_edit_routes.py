"""Writing grids as QGIS does it, line by line of what its provider sends, and as other programs do."""

from __future__ import annotations

import base64
import json
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
from edit_requests import EPSG, ITEMS, OWS, QGIS, code_of, feature, item, send
from editing import halves, in_metres, neighbours_in_village, shape_of
from pyproj import Transformer
from qgis_layer import CRS84, QgisLayer
from shapely.geometry import mapping, shape

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


@pytest.mark.parametrize("end", ["", "/"])
def test_no_write_is_redirected(edited: Any, end: str) -> None:
    """QGIS asks again by GET where it is sent elsewhere, and the edit is lost without a word."""
    code = code_of(edited)
    ground = shape_of(edited.database, code)
    created = send(edited, "POST", ITEMS + end, feature(ground, name="新"))
    answers = [created.status_code]
    for method, content in (("PUT", feature(ground, name="改")), ("PATCH", {"properties": {"name": "又改"}}),
    ("DELETE", None)):
        answers.append(send(edited, method, f"{ITEMS}/{code}{end}", content).status_code)
    assert answers == [201, 204, 204, 204]


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


def test_findings_follow_whatever_mends_or_opens_them(edited: Any) -> None:
    """A gap that is filled by a grid that it does not name is gone, and back when that grid is deleted again."""
    code = code_of(edited)
    west, east = halves(shape_of(edited.database, code))

    def gaps() -> list[Any]:
        page = edited.get("/collections/findings/items?layer=grid-edits&severity=error", "editor").json()
        return [found["properties"]["kind"] for found in page["features"]]

    send(edited, "PATCH", f"{ITEMS}/{code}", {"geometry": mapping(west)})
    assert gaps() == ["gap"]
    filling = send(edited, "POST", ITEMS, feature(east, name="东片")).headers["Location"]
    assert gaps() == []
    send(edited, "DELETE", filling.removeprefix(edited.base_url))
    assert gaps() == ["gap"]


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


@pytest.mark.parametrize("srid", [None, 4490, 4549, 3857])
def test_qgis_reads_and_writes_in_whatever_crs_its_user_chose(edited: Any, srid: int | None) -> None:
    """Boxes, pages, geometries of changed and of new features, each in the CRS of the layer and its order of axes."""
    code, other = neighbours_in_village(edited.database)
    layer = QgisLayer(edited, crs=f"{EPSG}{srid}" if srid else CRS84)
    ground = shape_of(edited.database, code)
    west, east = halves(ground)
    shown = layer.features(shapely.union(ground, shape_of(edited.database, other)).bounds)
    assert {code, other} <= set(shown)
    assert len(shown) < 100
    (made,) = layer.save(
        {code: west}, {code: {"name": "西半"}}, [other], [(east, shown[code]["properties"] | {"name": "东半"})]
    )
    assert layer.sent == ["PATCH", "PATCH", "DELETE", "POST"]
    now = item(edited, code).json()
    assert now["properties"]["name"] == "西半"
    assert shapely.hausdorff_distance(shape(now["geometry"]), west) < 3e-8
    back = item(edited, made["id"]).json()
    assert shapely.hausdorff_distance(shape(back["geometry"]), east) < 3e-8
    # of what came along QGIS shows at once what the service made of it
    properties = made["properties"]
    assert (properties["op"], properties["code"], properties["name"]) == ("create", None, "东半")
    assert properties["area_m2"] == pytest.approx(shapely.area(in_metres(east)[0]), rel=1e-5)
    assert item(edited, other).status_code == 404


def test_qgis_without_an_editor_s_key_may_only_look(edited: Any) -> None:
    for role, layer_id in (("editor", "grids"), ("staff", "grids"), ("staff", "cameras")):
        layer = QgisLayer(edited, role, layer_id)
        assert layer.may == {"GET", "HEAD", "OPTIONS"}
        assert layer.read_only == set(layer.fields)


def test_a_set_in_the_address_is_refused_at_once(edited: Any) -> None:
    """QGIS would hang it on what it reads alone: the set that is shown would not be the one that is written."""
    assert edited.get("/?change-set=1", "editor", headers=QGIS).status_code == 400


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
