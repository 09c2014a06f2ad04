"""Items over HTTP: links that lead on, forms that say the same, and data that come out as they went in."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

GRIDS = "/collections/grids/items"
AWKWARD = "<b>&amp; \"引号\" '单引' \\反斜 </script><!-- 表情😀 \t\n é ﷽ {{7*7}} ${x} %s \u2028"


def link(page: dict[str, Any], rel: str, type_: str = "application/geo+json") -> str | None:
    return next((entry["href"] for entry in page["links"] if entry["rel"] == rel and entry["type"] == type_), None)


def rows(service: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with service.database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def test_rel_next_leads_through_the_layer_and_keeps_what_was_asked(service: Any) -> None:
    """Filter, CRS, fields, order and language go along; the count is the same on every page; the last has no next."""
    query = "limit=100&kind=social&sortby=-population,name&properties=code,population&crs=EPSG:4549&lang=en"
    found, following = [], f"{GRIDS}?{query}"
    while following:
        answer = service.get(following)
        page = answer.json()
        assert answer.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/EPSG/0/4549>"
        assert all(list(feature["properties"]) == ["code", "population"] for feature in page["features"])
        assert page["numberReturned"] == len(page["features"])
        found += [(feature["properties"]["code"], page["numberMatched"]) for feature in page["features"]]
        following = link(page, "next")
        if following:
            asked = parse_qs(urlsplit(following).query)
            assert asked["kind"] == ["social"]
            assert asked["lang"] == ["en"]
            assert len(page["features"]) == 100
    wanted = rows(service,
    "select code from wangge.grids where kind = 'social' order by population desc nulls last, name, fid")
    assert [code for code, _ in found] == [code for (code,) in wanted]
    assert {matched for _, matched in found} == {len(wanted)}


def test_pages_of_html_lead_on_as_well(service: Any) -> None:
    """By the page's own button, with the filter that was set."""
    found, following = [], f"{GRIDS}?f=html&limit=60&kind=dedicated&sortby=code"
    while following:
        text = service.get(following).text
        found += re.findall(r"/items/(\d{15})[\"?]", text)
        match = re.search(r'rel="next" href="([^"]+)"', text)
        following = html.unescape(match[1]) if match else None
    wanted = rows(service, "select code from wangge.grids where kind = 'dedicated' order by code")
    assert list(dict.fromkeys(found)) == [code for (code,) in wanted]


@pytest.mark.parametrize("query", ["limit=5", "limit=5&kind=dedicated", "limit=5&datetime=2024-05-01&crs=EPSG:3857"])
def test_links_lead_to_the_same_page_in_other_forms(service: Any, query: str) -> None:
    page = service.get(f"{GRIDS}?{query}").json()
    ids = [feature["id"] for feature in page["features"]]
    assert [feature["id"] for feature in service.get(link(page, "self")).json()["features"]] == ids
    for type_ in ("text/html", "text/csv", "application/ld+json"):
        answer = service.get(link(page, "alternate", type_))
        assert answer.headers["Content-Type"].startswith(type_)
        places = [answer.text.index(id_) for id_ in ids]
        assert places == sorted(places)
    assert service.get(link(page, "collection", "application/json")).json()["id"] == "grids"


def test_the_form_is_chosen_by_accept_too(service: Any) -> None:
    for accept, kind in {
        "application/geo+json": "application/geo+json", "application/json": "application/geo+json",
        "*/*": "application/geo+json", "text/html": "text/html", "text/csv": "text/csv",
        "application/ld+json": "application/ld+json", "text/html;q=0.3, application/json;q=0.9": "application/geo+json",
        "image/png, text/html;q=0.5, */*;q=0.1": "text/html", "image/png, image/*;q=0.8": "application/geo+json",
    }.items():  # fmt: skip
        answer = service.get(f"{GRIDS}?limit=1", headers={"Accept": accept})
        assert answer.headers["Content-Type"].split(";")[0] == kind, accept


def test_csv_has_a_row_a_feature(service: Any) -> None:
    text = service.get("/collections/cameras/items?limit=50&f=csv", "staff").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    page = service.get("/collections/cameras/items?limit=50", "staff").json()
    assert [row["device_id"] for row in table] == [feature["id"] for feature in page["features"]]
    assert [row["name"] for row in table] == [feature["properties"]["name"] for feature in page["features"]]


def test_an_item_is_the_feature_of_the_page(service: Any) -> None:
    for layer, role in (("grids", None), ("cameras", "staff"), ("cases", "staff"), ("case-heat", None)):
        for crs in ("", "&crs=EPSG:4490", "&crs=EPSG:4549"):
            page = service.get(f"/collections/{layer}/items?limit=3{crs}", role).json()
            for feature in page["features"]:
                item = service.get(f"/collections/{layer}/items/{feature['id']}?f=json{crs}", role).json()
                assert {name: item[name] for name in feature} == feature
                assert service.get(link(item, "self"), role).json()["geometry"] == feature["geometry"]


def test_only_hits_and_no_geometry(service: Any) -> None:
    hits = service.get(f"{GRIDS}?resulttype=hits").json()
    assert (hits["numberMatched"], hits["numberReturned"], hits["features"]) == (1412, 0, [])
    bare = service.get(f"{GRIDS}?limit=2&skipGeometry=true&properties=name").json()
    assert [(feature["geometry"], list(feature["properties"])) for feature in bare["features"]] == [(None,
    ["name"])] * 2
    assert [list(feature) for feature in bare["features"]] == [["type", "id", "geometry", "properties"]] * 2


def test_a_limit_beyond_the_greatest_is_cut_down(service: Any) -> None:
    page = service.get("/collections/cases/items?limit=999999&skipGeometry=true&properties=case_no", "staff").json()
    assert (page["numberReturned"], page["numberMatched"]) == (10_000, 200_000)
    assert link(page, "next")


def test_rings_turn_as_geojson_has_them(service: Any) -> None:
    """Outer rings counter-clockwise, each closed (RFC 7946), eight decimals of a degree at the most."""
    for feature in service.get(f"{GRIDS}?limit=50").json()["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            for place, ring in enumerate(polygon):
                assert ring[0] == ring[-1]
                pairs = zip(ring, ring[1:], strict=False)
                area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)
                assert (area > 0) == (place == 0)
                assert all(round(number, 8) == number for point in ring for number in point)


def test_what_went_in_comes_out(own_service: Any) -> None:
    """Brackets, quotes, Chinese and line breaks: as they are in JSON and CSV, and harmless in HTML."""
    rows(
        own_service,
        "insert into wangge.service_points (code, name, level, township_code, geom) values"
        " ('FW<1>&\"''ä字', %s, 'station', '321283001', st_setsrid(st_point(120.02, 32.17), 4490))",
        AWKWARD,
    )
    items = "/collections/service-points/items"
    params = {"name": AWKWARD, "limit": "1"}
    (feature,) = own_service.get(items, params=params).json()["features"]
    assert feature["properties"]["name"] == AWKWARD
    raw = own_service.get(items, params=params).content
    assert "引号".encode() in raw
    assert b"<b>&amp;" in raw
    item = own_service.get(f"{items}/FW%3C1%3E%26%22%27%C3%A4%E5%AD%97").json()
    assert own_service.get(link(item, "self")).json()["properties"] == feature["properties"] == item["properties"]
    (row,) = csv.DictReader(io.StringIO(own_service.get(items,
    params=params | {"f": "csv"}).content.decode("utf-8-sig"), newline=""))
    assert row["name"] == AWKWARD
    page = own_service.get(items, params=params | {"f": "html"}).text
    assert "<b>&amp;" not in page
    assert "</script><!--" not in page
    assert "表情😀" in page
    assert "{{7*7}}" in page or "{{7*7}}" in html.unescape(page)
    assert "49 ${x}" not in page
    found = json.loads(own_service.get(items, params=params | {"f": "json"}).content)
    assert found["numberMatched"] == 1


def test_a_large_page_is_whole_plain_or_packed_fresh_or_kept(service):
    address = f"{service.base_url}/collections/grids/items?limit=2000"
    forms = ["identity"] * 3 + ["gzip"] * 3
    answers = [requests.get(address, headers={"Accept-Encoding": form}, timeout=60) for form in forms]
    assert [answer.headers.get("Content-Encoding") for answer in answers] == [None] * 3 + ["gzip"] * 3
    pages = [answer.json() for answer in answers]
    assert len(pages[0]["features"]) == pages[0]["numberMatched"] == 1412
    assert all(page["features"] == pages[0]["features"] for page in pages)
    assert sorted(page["timeStamp"] for page in pages) == [page["timeStamp"] for page in pages]
