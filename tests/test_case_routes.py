"""Cases over HTTP: one and many, steps, who may, what is answered; and a count is right in the next request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from serving import Service

ITEMS = "/collections/cases/items"
PLACE = (120.05, 32.17)


def case(number: str, **more: object) -> dict[str, Any]:
    properties = {
        "case_no": number, "category": "matter", "type_code": "06020", "channel": "巡查", "state": "上报",
        "reported_at": "2025-11-03T08:00:00+08:00",
    }  # fmt: skip
    return {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": list(PLACE)}, "properties": properties | more,
    }  # fmt: skip


def send(
    service: Service, body: Any, role: str | None = "staff", method: str = "POST", path: str = ITEMS, **headers: str
) -> Any:
    sent = {"Content-Type": "application/geo+json", "Accept-Language": "en"} | headers
    return service.request(method, path, role, data=orjson.dumps(body), headers=sent)


def heat(service: Service) -> int:
    """Cases of a day and type in the whole city, from the counts."""
    path = "/collections/case-heat/items?datetime=2025-11-03&type_code=matter-06020&skipGeometry=true&limit=10000"
    return sum(one["properties"]["count"] for one in service.get(path, "staff").json()["features"])


def test_one_case_and_its_count_in_the_next_request(own_service: Service) -> None:
    before = heat(own_service)
    answer = send(own_service, case("HTTP-1"))
    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "cases": [{"id": "HTTP-1", "outcome": "new", "href": answer.headers["Location"]}], "stripped": [],
    }  # fmt: skip
    assert heat(own_service) == before + 1
    feature = own_service.get(answer.headers["Location"], "staff").json()
    assert feature["properties"]["type_name"] and feature["properties"]["grid_code"]
    again = send(own_service, case("HTTP-1"))
    assert (again.status_code, again.json()["cases"][0]["outcome"]) == (200, "same")
    assert heat(own_service) == before + 1


def test_a_batch_is_taken_whole_or_not_at_all(own_service: Service) -> None:
    before = heat(own_service)
    batch = {"type": "FeatureCollection", "features": [case("B-1"), case("B-2", 电话="13812345678"), case("B-3")]}
    answer = send(own_service, batch)
    assert answer.status_code == 400
    (reason,) = answer.json()["reasons"]
    assert (reason["position"], reason["field"]) == (2, "电话") and "personal data" in reason["reason"]
    assert "13812345678" not in answer.text
    assert heat(own_service) == before
    lenient = send(own_service, batch, Prefer="handling=lenient")
    assert lenient.status_code == 200
    assert lenient.headers["Preference-Applied"] == "handling=lenient"
    assert [one["outcome"] for one in lenient.json()["cases"]] == ["new"] * 3
    assert lenient.json()["stripped"] == ["电话"]
    assert heat(own_service) == before + 3


def test_steps_by_patch_and_what_is_not_allowed(own_service: Service) -> None:
    send(own_service, case("S-1"))
    path = f"{ITEMS}/S-1"

    def step(state: str, **times: object) -> Any:
        body = {"properties": {"state": state} | times}
        return send(own_service, body, "staff", "PATCH", path, **{"Content-Type": "application/merge-patch+json"})

    assert step("立案", filed_at="2025-11-03T09:00:00+08:00").status_code == 204
    closed = step("结案", closed_at="2025-11-04T09:00:00+08:00")
    assert closed.status_code == 409 and "立案" in closed.json()["description"]
    assert step("派遣", dispatched_at="2025-11-03T08:59:00+08:00").status_code == 400
    assert step("派遣", dispatched_at="2025-11-03T10:00:00+08:00").status_code == 204
    assert step("上报", filed_at=None, dispatched_at=None).status_code == 409
    assert own_service.get(path, "staff").json()["properties"]["state"] == "派遣"
    assert send(own_service, {"properties": {"case_no": "S-2"}}, "staff", "PATCH", path).status_code == 400
    assert send(own_service, {"properties": {}}, "staff", "PATCH", f"{ITEMS}/unknown").status_code == 404


def test_what_the_openapi_document_shows_is_taken(own_service: Service) -> None:
    """Its examples, as they stand there."""
    paths = own_service.get("/openapi?f=json").json()["paths"]

    def examples(path: str, method: str) -> dict[str, Any]:
        ((_, told),) = paths[path][method]["requestBody"]["content"].items()
        return {name: example["value"] for name, example in told["examples"].items()}

    sent = examples(ITEMS, "post")
    one, batch = (send(own_service, sent[name]) for name in ("one", "batch"))
    assert (one.status_code, batch.status_code) == (201, 200), (one.text, batch.text)
    assert [case_["outcome"] for case_ in batch.json()["cases"]] == ["new", "new"]
    place = f"{ITEMS}/{one.json()['cases'][0]['id']}"
    changes = examples(f"{ITEMS}/{{featureId}}", "patch")
    for name in ("step", "place"):
        done = send(own_service, changes[name], "staff", "PATCH", place,
                    **{"Content-Type": "application/merge-patch+json"})  # fmt: skip
        assert done.status_code == 204, done.text
    feature = own_service.get(place, "staff").json()
    assert feature["properties"]["state"] == "立案"
    assert feature["geometry"] == changes["place"]["geometry"]


def test_who_may_and_in_which_crs(own_service: Service) -> None:
    assert send(own_service, case("W-1"), None).status_code == 401
    foreign = own_service.get(f"{ITEMS}?township_code=321283100&limit=1", "staff").json()["features"][0]["geometry"]
    refused = send(own_service, case("W-1") | {"geometry": foreign}, "township")
    assert refused.status_code == 403, "another township's ground"
    assert own_service.get(f"{ITEMS}/W-1", "staff").status_code == 404
    assert "POST" in own_service.request("OPTIONS", ITEMS, "staff").headers["Allow"]
    assert "POST" not in own_service.request("OPTIONS", ITEMS).headers["Allow"]
    turned = case("W-2")
    turned["geometry"]["coordinates"] = list(PLACE[::-1])
    uri = "http://www.opengis.net/def/crs/EPSG/0/4490"
    assert send(own_service, turned, **{"Content-Crs": f"<{uri}>"}).status_code == 201
    stored = own_service.get(f"{ITEMS}/W-2", "staff").json()["geometry"]["coordinates"]
    assert stored == list(PLACE)
    for body, headers, status in (
        ({"type": "Feature"}, {"Content-Type": "text/plain"}, 415), ([1], {}, 400), ({"type": "Point"}, {}, 400),
        ({"type": "FeatureCollection", "features": []}, {}, 400),
    ):  # fmt: skip
        assert send(own_service, body, **headers).status_code == status
    assert own_service.request("DELETE", f"{ITEMS}/W-2", "staff").status_code == 405
