"""HTTP itself: methods, CORS, compression, conditional requests, and errors in the reader's language and form."""

from __future__ import annotations

import gzip
import re
from typing import Any
from xml.etree import ElementTree

import pytest

GRIDS = "/collections/grids/items"
ONE = f"{GRIDS}/321283001001001"
TILE = "/collections/grids/tiles/WebMercatorQuad/12/1659/3413"
PATHS = [
    "/", "/conformance", "/openapi", "/collections", "/collections/grids", GRIDS, ONE, "/collections/grids/queryables",
    "/collections/grids/schema", "/collections/grids/tiles", TILE, "/processes", "/tileMatrixSets", "/style.json",
    "/map", "/nothing", f"{GRIDS}?f=html", f"{GRIDS}?f=csv",
]  # fmt: skip
CHINESE = re.compile("[\u4e00-\u9fff]")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_may_be_read_from_elsewhere_and_says_what_it_hangs_on(service: Any, path: str) -> None:
    answer = service.get(path, headers={"Origin": "https://map.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"ETag", "Link", "Content-Crs"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    told = {name.strip().lower() for name in answer.headers["Vary"].split(",")}
    assert {"accept", "accept-encoding", "accept-language", "authorization", "x-api-key"} <= told


@pytest.mark.parametrize("path", PATHS)
def test_head_says_what_get_says_without_a_body(service: Any, path: str) -> None:
    got = service.get(path, headers={"Accept-Encoding": "identity"})
    headed = service.request("HEAD", path, headers={"Accept-Encoding": "identity"})
    assert headed.status_code == got.status_code
    assert headed.content == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Content-Crs"):
        assert headed.headers.get(name) == got.headers.get(name), name


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_asks_first_and_needs_no_key_for_it(service: Any, path: str) -> None:
    asked = {
        "Origin": "https://map.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-api-key, if-none-match",
    }
    answer = service.request("OPTIONS", path, headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("x-api-key", "authorization", "if-none-match", "content-type"))


@pytest.mark.parametrize("path", [GRIDS + "?limit=50", TILE, "/openapi", f"{GRIDS}?f=html"])
def test_gzip_when_taken_and_only_then(service: Any, path: str) -> None:
    plain = service.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    for _ in range(2):  # made, then kept
        packed = service.get(path, headers={"Accept-Encoding": "gzip"}, stream=True)
        raw = packed.raw.read(decode_content=False)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) == len(raw) < len(plain.content)
        assert without_clock(gzip.decompress(raw)) == without_clock(plain.content)


def without_clock(body: bytes) -> bytes:
    return re.sub(rb'"timeStamp":"[^"]+"', b"", body)


@pytest.mark.parametrize("path", [GRIDS + "?limit=5", ONE, TILE])
def test_what_a_client_holds_is_not_sent_again(service: Any, path: str) -> None:
    first = service.get(path)
    etag = first.headers["ETag"]
    for sent in (etag, f'"other", {etag}', f"W/{etag.removeprefix('W/')}"):
        again = service.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
        assert "Content-Length" not in again.headers
    assert service.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert "no-cache" in first.headers["Cache-Control"]


def test_an_etag_of_one_language_does_not_stand_for_the_other(service: Any) -> None:
    chinese, english = (service.get(GRIDS, headers={"Accept-Language": tag}).headers["ETag"] for tag in ("zh", "en"))
    assert chinese != english


def test_answers_to_a_key_are_kept_by_nobody_in_between(service: Any) -> None:
    for path in ("/collections/cases/items?limit=1", "/collections/case-heat/items?limit=1", "/collections"):
        assert "private" in service.get(path, "staff").headers["Cache-Control"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", GRIDS, ONE, "/collections/grids", "/map"])
def test_other_methods_are_refused_with_what_is_allowed(service: Any, method: str, path: str) -> None:
    answer = service.request(method, path, "admin")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert method in answer.json()["description"]


def test_execution_is_posted(service: Any) -> None:
    path = "/processes/locate/execution"
    for method in ("GET", "PUT", "DELETE"):
        answer = service.request(method, path)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert "POST" in service.request("OPTIONS", path).headers["Allow"]


# --- errors

MISTAKES = [
    (f"{GRIDS}?bbox=1,2,3", 400, "bbox", "1,2,3"),
    (f"{GRIDS}?datetime=2024-13", 400, "datetime", "2024-13"),
    (f"{GRIDS}?valid_from=2024-13", 400, "valid_from", "2024-13"),
    (f"{GRIDS}?limit=0", 400, "limit", "0"),
    (f"{GRIDS}?offset=-1", 400, "offset", "-1"),
    (f"{GRIDS}?crs=EPSG:9999", 400, "crs", "EPSG:9999"),
    (f"{GRIDS}?bbox-crs=nonsense", 400, "bbox-crs", "nonsense"),
    (f"{GRIDS}?sortby=height", 400, "sortby", "height"),
    (f"{GRIDS}?properties=height", 400, "properties", "height"),
    (f"{GRIDS}?height=3", 400, "height", "population"),
    (f"{GRIDS}?population=many", 400, "population", "many"),
    (f"{GRIDS}?cursor=abc", 400, "rel=next", "abc"),
    (f"{GRIDS}?filter=height>3", 400, "filter", "height"),
    (f"{GRIDS}?filter=population>'x'", 400, "string", "integer"),
    (f"{GRIDS}?filter=S_INTERSECTS(name,POINT(1 2))", 400, "s_intersects", "POINT"),
    (f"{GRIDS}?f=pdf", 400, "pdf", "html"),
    (f"{GRIDS}/nothing", 404, "nothing", "grids"),
    ("/collections/nothing", 404, "nothing", "/collections"),
    ("/nothing/at/all", 404, "/nothing/at/all", "/"),
    ("/processes/nothing", 404, "nothing", "/processes"),
    ("/collections/cases/items", 401, "cases", "X-API-Key"),
    ("/collections/grids/tiles/Nothing/1/1/1", 404, "Nothing", "WebMercatorQuad"),
    ("/collections/grids/tiles/WebMercatorQuad/1/7/0", 404, "1/7/0", "22"),
    ("/collections?f=csv", 400, "csv", "json"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "status", "field", "value"), MISTAKES)
def test_a_mistake_is_named_in_both_languages(service: Any, path: str, status: int, field: str, value: str) -> None:
    """What was wrong, the value, and what there is instead; never a library's English to a Chinese reader."""
    for language in ("zh", "en"):
        answer = service.get(path, headers={"Accept-Language": language, "Accept": "*/*"})
        body = answer.json()
        assert (answer.status_code, body["status"]) == (status, status)
        assert answer.headers["Cache-Control"] == "no-store"
        assert field in body["description"], body
        assert value in body["description"], body
        assert bool(CHINESE.search(body["description"])) == (language == "zh")
    assert CHINESE.search(service.get(path, headers={"Accept-Language": "fr, de;q=0.5"}).json()["description"])
    parameter = path + ("&" if "?" in path else "?") + "lang=en"
    assert not CHINESE.search(service.get(parameter, headers={"Accept-Language": "zh"}).json()["description"])


def test_preferred_language_by_weight(service: Any) -> None:
    preferences = {"en;q=0.5, zh;q=0.8": True, "zh-CN;q=0.1, en-GB": False, "": True, "en;q=x,zh;q=0.1": True}
    for header, chinese in preferences.items():
        said = service.get("/nothing", headers={"Accept-Language": header}).json()["description"]
        assert bool(CHINESE.search(said)) == chinese, header


@pytest.mark.parametrize(("path", "status"), [(path, status) for path, status, _, _ in MISTAKES][::3])
def test_qgis_is_answered_in_the_form_that_it_shows(service: Any, path: str, status: int) -> None:
    """QGIS shows the text of an XML report and drops a JSON body."""
    answer = service.get(path, headers={"User-Agent": "Mozilla/5.0 QGIS/32216/Debian", "Accept-Language": "zh"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/xml")
    space = "{http://www.opengis.net/ows/1.1}"
    report = ElementTree.fromstring(answer.content)
    exception = report.find(f"{space}Exception")
    assert report.tag == f"{space}ExceptionReport"
    assert exception.get("exceptionCode")
    assert CHINESE.search(exception.findtext(f"{space}ExceptionText"))


def test_xml_holds_whatever_was_asked_for(service: Any) -> None:
    for path in ("/%00%01%0b%1f", "/<b>&\"'", "/%EF%BF%BF", "/%F0%9F%98%80", "/%FF"):
        answer = service.get(path, headers={"User-Agent": "QGIS/32216"})
        assert answer.status_code == 404
        assert ElementTree.fromstring(answer.content) is not None


@pytest.mark.parametrize(("path", "status"), [(path, status) for path, status, _, _ in MISTAKES][::4])
def test_a_browser_is_answered_with_a_page(service: Any, path: str, status: int) -> None:
    answer = service.get(path, headers={"Accept": BROWSER, "Accept-Language": "zh-CN"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert CHINESE.search(answer.text)


def test_a_page_shows_what_was_asked_for_and_runs_none_of_it(service: Any) -> None:
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    for path in (f"/collections/{attack.replace('/', '%2F')}", f"{GRIDS}?sortby={attack}", f"{GRIDS}?bbox={attack}"):
        answer = service.get(path, headers={"Accept": BROWSER})
        assert answer.status_code in (400, 404)
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text


def test_a_failure_inside_says_a_reference_and_no_more(service: Any) -> None:
    """No traceback, no SQL, no path of the machine in any error of this module."""
    for path, *_ in MISTAKES:
        text = service.get(path).text
        assert not re.search(r"Traceback|psycopg2|File \"|select .* from|/site-packages/", text)
