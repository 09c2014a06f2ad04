"""Some three hundred bad requests on the wire: each is refused with words, and none makes the service fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

ITEMS = "/collections/grids/items"
TILES = "/collections/grids/tiles"
NUL, LONE, BROKEN = "%00", "%ED%A0%80", "%FF%FE"
CRS_VALUES = [
    "", "x", "EPSG:9999", "EPSG:", "EPSG:4326", "EPSG:-1", "EPSG:4490x", "http://evil.example/4490", NUL, BROKEN,
    "http://www.opengis.net/def/crs/EPSG/0/99999999999999999999", "CRS85",
]  # fmt: skip
NAMES = ["geom", "fid", "nope", "-", "--code", "*", "1", "code%20desc", "code;drop%20table%20wangge.cases", NUL,
"code'",
         "%22code%22", "code,nope", LONE]  # fmt: skip
PARAMETERS = {
    "bbox": [
        "", "1", "1,2", "1,2,3", "a,b,c,d", "1,2,3,4,5", "1,2,3,4,5,6,7", "nan,nan,nan,nan", "inf,inf,inf,inf", ",,,",
        "-inf,-inf,inf,inf", "1e999,0,1,1", "120,33,121,32", "1;2;3;4", "0x1,2,3,4", NUL, "1,2,3,4" + NUL, BROKEN,
        "," * 2000,
    ],
    "crs": CRS_VALUES,
    "bbox-crs": CRS_VALUES,
    "filter-crs": CRS_VALUES,
    "limit": ["0", "-1", "1e30", "1.5", "abc", "", "+1", "%201", "9" * 40, NUL, "%D9%A3", "1,2", "0x10", "10%0A",
    BROKEN, "null"],
    "offset": ["-1", "1e30", "1.5", "abc", "", "9" * 40, NUL, "%D9%A3", "2147483649", "0x10"],
    "datetime": [
        "", "x", "2024-13", "2024-02-30", "/", "a/b", "2024/2023", "2024-01-01T99:00:00Z", NUL, "0000", "99999999999",
        "2024-01-01/.." + NUL, "%F0%9F%92%A9", "2024-01-01/2024-01-02/..", "0001-01-01T00:00:00%2B14:00", LONE, "now",
    ],
    "sortby": ["", "-", "+", "code,,name", *NAMES],
    "properties": NAMES,
    "cursor": [
        "", "x", "bnVsbA", "W10", "WyJ4Il0", "WzFlOTk5XQ", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ", "W3RydWVd", "W1tbW1tb",
        NUL,
        "%F0%9F%98%80", "W251bGxd", "A" * 5000,
    ],
    "f": ["", "x", "html2", "../../etc/passwd", NUL, "pdf", "xml"],
    "skipGeometry": ["yes", "1", NUL, ""],
    "resulttype": ["none", "", NUL],
    "filter=TRUE&filter-lang": ["", "sql", NUL],
    "filter": ["", "x", "1=", NUL, BROKEN, "%7B", "%5B%5D", "(" * 1000],
    "population": ["1e5", "many", "", "9" * 20, "-" + "9" * 20, NUL, "1.5", "%D9%A3x"],
    "area_m2": ["x", "", NUL],
    "valid_from": ["2024-99", "x", "", NUL],
    "foo": ["1"], "fid": ["1"], "geom": ["x"], LONE: ["1"], "": ["1"], BROKEN: [BROKEN], "name%27--": ["1"],
}  # fmt: skip
QUERIES = [f"{ITEMS}?{name}={value}" for name, values in PARAMETERS.items() for value in values]
PLACES = [
    "/nope", "/%00", "/%FF", "//nope", "/collections/nope", "/collections/..%2f..", "/collections//items",
    "/favicon.ico",
    "/collections/%00/items", f"{ITEMS}/%00", f"{ITEMS}/%FF", f"{ITEMS}/{LONE}", f"{ITEMS}/{'9' * 3000}",
    f"{ITEMS}/a/b",
    f"{ITEMS}/1'%20or%20'1'='1", f"{ITEMS}/321283001001001?bbox=1,2,3,4", f"{ITEMS}/321283001001001?crs=x",
    f"{ITEMS}/x?f=csv",
    "/collections/grids/nope", "/static/../../etc/passwd", "/static/css/default.css", "/admin", "/admin/config",
    "/jobs/x", "/jobs/x/results", "/stac", "/processes/nope", "/processes/%00", "/processes/locate/nope",
    "/collections/grids/coverage", "/collections/grids/map", "/collections/grids/position", "/openapi?f=yaml", "/?x=1",
    "/collections/grids/queryables?f=x", "/conformance?x=1", "/collections?f=csv", "/collections?limit=x",
    "/assets/nope",
    "/assets/..%2f..%2fsettings.py", "/assets/%2e%2e/settings.py", "/collections/grids/style?f=svg",
    "/tileMatrixSets/nope",
    f"{TILES}/nope", f"{TILES}/nope/1/1/1", f"{TILES}/WebMercatorQuad/23/0/0", f"{TILES}/WebMercatorQuad/1/2/0",
    f"{TILES}/WebMercatorQuad/1/0/2", f"{TILES}/WebMercatorQuad/-1/0/0", f"{TILES}/WebMercatorQuad/a/b/c",
    f"{TILES}/WebMercatorQuad/1/1", f"{TILES}/WebMercatorQuad/{'9' * 30}/0/0", f"{TILES}/WebMercatorQuad/%C2%B2/0/0",
    f"{TILES}/WebMercatorQuad/%D9%A3/0/0", f"{TILES}/WebMercatorQuad/3/3/6?f=png",
    f"{TILES}/WebMercatorQuad/3/3/6?nope=1",
    f"{TILES}/WebMercatorQuad/3/3/6?filter=x", f"{TILES}/WebMercatorQuad/3/3/6?bbox=1,2,3,4",
    f"{TILES}/WebMercatorQuad/3/3/6?datetime=x", f"{TILES}/WebMercatorQuad/3/3/6?limit=1",
    f"{TILES}/CGCS2000Quad/0/0/2",
    f"{TILES}/CGCS2000Quad/0/1/0", f"{ITEMS}?bbox=1,2,3,4&bbox=x", f"{ITEMS}?limit=5&limit=0", f"{ITEMS}?&&&=&=1&a",
    ITEMS + "?" + "&".join(f"a{number}=1" for number in range(300)),
]  # fmt: skip
BODIES = [
    b"", b"x", b"[]", b"null", b"1", b'"x"', b"{", b'{"inputs":null}', b'{"inputs":[]}', b'{"inputs":{"nope":1}}',
    b"\xff\xfe",
    b'{"inputs":{"points":"x"}}', b'{"inputs":{"a":"\\ud800"}}', b'{"inputs":{},"response":"x"}', b"[" * 100_000,
    b'{"a":' * 5000, b'{"inputs":{"lon":1e999,"lat":1}}', b'{"inputs":{"lon":NaN,"lat":1}}',
    b'{"inputs":{"lon":"x","lat":[]}}',
    b'{"inputs":{"x":' + b"9" * 5000 + b"}}",
    b'{"inputs":{"points":{"type":"Point","coordinates":["a","b"]}}}', b'{"inputs":{"points":{"type":"Point"}}}',
]  # fmt: skip


class Wire:
    """The service's socket: what is written goes out byte by byte, no client tidies it up before."""

    def __init__(self, base_url: str) -> None:
        self.place = urlsplit(base_url).netloc

    def ask(self, method: str, target: str, body: bytes | None = None, **headers: str) -> tuple[int, str, bytes]:
        with closing(HTTPConnection(self.place, timeout=60)) as connection:
            connection.putrequest(method, target)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            if body is not None:
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(body)))
            # who is refused by the address alone is answered before the whole body is sent
            with suppress(BrokenPipeError):
                connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()


@pytest.fixture(scope="module")
def wire(service: Any) -> Iterator[Wire]:
    yield Wire(service.base_url)
    assert "reference" not in service.log.read_text("utf-8", "replace"), "the service failed inside"


def refused(status: int, kind: str, body: bytes, wanted: tuple[int, ...]) -> None:
    assert status in wanted, body[:300]
    assert kind == "application/json"
    words = json.loads(body)
    assert words["status"] == status
    assert re.search("[\u4e00-\u9fff].{4}", words["description"]), words
    assert len(words["description"]) < 9000
    assert not re.search(r"Traceback|psycopg2|object has no attribute|File \"", words["description"])


@pytest.mark.parametrize("target", QUERIES, ids=lambda target: target[23:70])
def test_a_bad_parameter_is_refused(wire: Wire, target: str) -> None:
    refused(*wire.ask("GET", target), (400,))


@pytest.mark.parametrize("target", PLACES, ids=lambda target: target[:60])
def test_a_bad_address_is_refused(wire: Wire, target: str) -> None:
    refused(*wire.ask("GET", target), (400, 404))


@pytest.mark.parametrize("process", ["locate", "check-coverage", "assign-codes", "nope"])
def test_a_bad_execution_is_refused(wire: Wire, process: str) -> None:
    for body in BODIES:
        refused(*wire.ask("POST", f"/processes/{process}/execution", body), (400, 404))


@pytest.mark.parametrize("query", ["name=" + "x" * 6000, f"name={LONE}", f"name={BROKEN}", "name=%F0%9F%98%80",
"area_m2=nan",
                                   "area_m2=1e999", "limit=" + "9" * 17, "offset=2147483647", "datetime=../..",
                                   "bbox=1e8,1e8,2e8,2e8",
                                   "datetime=0001-01-01", "sortby=code,code", "properties=", "population=-5",
                                   "lang=fr"])  # fmt: skip
def test_odd_but_sound_requests_are_answered(wire: Wire, query: str) -> None:
    status, kind, body = wire.ask("GET", f"{ITEMS}?{query}")
    assert (status, kind) == (200, "application/geo+json")
    assert json.loads(body)["numberMatched"] in (0, 1412)


@pytest.mark.parametrize("headers", [
    {"Accept": "x" * 3000}, {"Accept": ";;q=,,,"}, {"Accept": "text/html;q=abc"}, {"Accept_Language": "\xff;q=,;;"},
    {"Prefer": "x=,;"},
    {"If_None_Match": '"' * 500}, {"If_None_Match": "W/,,,"}, {"Accept_Encoding": "gzip;q=0,,\xff"},
    {"User_Agent": "\xff\xfe"},
    {"Accept_Language": "," * 3000}, {"Cookie": "x" * 3000}, {"X_Forwarded_For": "x"}, {"Range": "bytes=5-1"},
])  # fmt: skip
def test_odd_headers_make_no_failure(wire: Wire, headers: dict[str, str]) -> None:
    for target in (ITEMS, "/", f"{TILES}/WebMercatorQuad/12/1659/3413", "/nope"):
        status, _, body = wire.ask("GET", target, **headers)
        assert status in (200, 304, 404), body[:200]


def test_a_wrong_preference_is_refused(wire: Wire) -> None:
    refused(*wire.ask("GET", ITEMS, Prefer="handling=nonsense"), (400,))
    assert wire.ask("GET", f"{ITEMS}?foo=1", Prefer="handling=lenient")[0] == 200
    refused(*wire.ask("GET", f"{ITEMS}?foo=1", Prefer="handling=strict"), (400,))


def test_a_word_of_chinese_in_an_address_is_read(wire: Wire) -> None:
    status, _, body = wire.ask("GET", f"{ITEMS}?name={quote('国庆新村第一网格')}")
    assert (status, json.loads(body)["numberMatched"]) == (200, 1)
