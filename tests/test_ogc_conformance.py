"""OGC's abstract tests of Features: Part 1 by the suite that PyPI carries, Part 3 partly by it and else by our own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from requests.utils import parse_header_links

if TYPE_CHECKING:
    from serving import Service

CORE = 29
UNSOUND = {
    "test_ct2": "compares the relation with its quotation marks, without which a URI is no token of RFC 8288",
    "test_ct3": "looks for the address of a link under a name that its own parser does not use, and asks for a list",
    "test_ct5": "needs what test_ct3 leaves behind, and takes any text for a valid and any other for an invalid value",
    "test_ct7": "needs what test_ct3 leaves behind, and sends a Python dictionary as filter-lang",
    "test_ct8": "needs what test_ct3 leaves behind, and looks for properties outside of `properties`",
    "test_ct9": "needs what test_ct3 leaves behind",
    "test_ct10": "needs what test_ct3 leaves behind, and formats a text with unescaped braces",
}
"""Tests of the suite's version 0.1.15 that no server can pass; what they are for is tested below."""

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
DIALECTS = ("https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema")
LAYERS = ("divisions", "grids", "case-heat", "service-points", "enforcement")
RUN = """
import sys
import httpx
from ogctests.main import run_ogctests

read = httpx.Response.json


def json(answer, **options):
    document = read(answer, **options)
    if isinstance(document, dict) and "collections" in document:
        document["collections"] = [one for one in document["collections"] if one.get("itemType") == "feature"]
    return document


httpx.Response.json = json
sys.exit(run_ogctests(*sys.argv[1:3], sys.argv[3:]))
"""
"""The suite takes every collection for one of features; that of a raster has no items, and is none of its business."""


@pytest.fixture(scope="module")
def suite(service: Service, conformance: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcomes]:
    """Function that runs a part of the suite against the service."""

    def run(part: str) -> Outcomes:
        folder = tmp_path_factory.mktemp("ogctests")
        config, report = folder / "pytest.ini", folder / "report.xml"
        config.write_text("[pytest]\n", "utf-8")
        done = subprocess.run(
            [conformance / "python", "-P", "-c", RUN, part, service.base_url, "-c", config, f"--rootdir={folder}",
             "-p", "no:cacheprovider", "--tb=short", f"--junit-xml={report}"],
            cwd=folder, env=os.environ | {"NO_PROXY": "127.0.0.1"}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert report.exists(), done.stdout + done.stderr
        return Outcomes(report, done.stdout)

    return run


class Outcomes:
    """What became of each test of a run.

    Attributes
    ----------
    passed, failed : set of str
        Names of tests.
    said : str
        What the run printed.
    """

    def __init__(self, report: Path, said: str) -> None:
        cases = list(ElementTree.parse(report).iter("testcase"))
        bad = [case for case in cases if any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))]
        self.failed = {case.get("name", "") for case in bad}
        self.passed = {case.get("name", "") for case in cases} - self.failed
        self.said = said


def test_part_1_core(suite: Callable[[str], Outcomes]) -> None:
    found = suite("features/core")
    assert not found.failed, found.said
    assert len(found.passed) == CORE


def test_part_3_filtering(suite: Callable[[str], Outcomes]) -> None:
    found = suite("features/filtering")
    assert found.failed == set(UNSOUND), found.said
    assert found.passed == {"test_ct1", "test_ct4", "test_ct6"}


# --- what the unsound ones are for; names are those of OGC 19-079r2, Annex A


def queryables_of(service: Service, layer: str) -> dict[str, Any]:
    """Schema of what filters may name."""
    found: dict[str, Any] = service.get(
        f"collections/{layer}/queryables", headers={"Accept": "application/schema+json"}
    ).json()
    return found


def ask(service: Service, layer: str, **params: str) -> Any:
    """Answer of a layer's items, as GeoJSON."""
    return service.get(f"collections/{layer}/items", params=params, headers={"Accept": "application/geo+json"})


def sample(service: Service, layer: str) -> tuple[str, str]:
    """A text queryable and a value that some feature has."""
    texts = [
        name
        for name, schema in queryables_of(service, layer)["properties"].items()
        if schema.get("type") == "string" and "format" not in schema
    ]
    feature = ask(service, layer, limit="1").json()["features"][0]
    return next((name, feature["properties"][name]) for name in texts if feature["properties"][name])


@pytest.mark.parametrize("layer", LAYERS)
def test_items_link_to_their_queryables(service: Service, layer: str) -> None:
    """/conf/queryables/get-queryables-uris and get-queryables."""
    for method in ("HEAD", "GET"):
        answer = service.request(method, f"collections/{layer}/items", headers={"Accept": "application/json"})
        assert answer.status_code == 200
        found = [
            link["url"] for link in parse_header_links(answer.headers.get("Link", "")) if link.get("rel") == QUERYABLES
        ]
        assert len(found) == 1, f"{method}: Link says {answer.headers.get('Link')!r}"
    answer = service.get(found[0], headers={"Accept": "application/schema+json"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/schema+json"
    schema = answer.json()
    assert schema["$schema"] in DIALECTS
    assert schema["$id"] == found[0]
    assert schema["type"] == "object" and schema["properties"]
    for name, entry in schema["properties"].items():
        assert "type" in entry or entry.get("format", "").startswith("geometry-"), name
    assert any(entry.get("format", "").startswith("geometry-") for entry in schema["properties"].values())
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("layer", LAYERS)
def test_queryables_are_query_parameters(service: Service, layer: str) -> None:
    """/conf/queryables-query-parameters/query-param."""
    name, value = sample(service, layer)
    answer = ask(service, layer, **{name: value})
    assert answer.status_code == 200
    assert {feature["properties"][name] for feature in answer.json()["features"]} == {value}
    for other, schema in queryables_of(service, layer)["properties"].items():
        if schema.get("type") in ("integer", "number", "boolean"):
            assert ask(service, layer, **{other: "no number"}).status_code == 400, other
    assert ask(service, layer, this_is_not_a_queryable="1").status_code == 400


@pytest.mark.parametrize("layer", LAYERS)
def test_filters_choose_what_they_say(service: Service, layer: str) -> None:
    """/conf/filter/filter-param and filter-lang-default."""
    name, value = sample(service, layer)
    text = f"{name}='{value}'"
    as_json = json.dumps({"op": "=", "args": [{"property": name}, value]})
    answers = [
        ask(service, layer, filter=text),
        ask(service, layer, **{"filter": text, "filter-lang": "cql2-text"}),
        ask(service, layer, **{"filter": as_json, "filter-lang": "cql2-json"}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/geo+json"
        assert {feature["properties"][name] for feature in answer.json()["features"]} == {value}
        assert answer.json()["features"] == answers[0].json()["features"]
    whole = ask(service, layer, resulttype="hits").json()["numberMatched"]
    without = ask(service, layer, resulttype="hits", filter=f"NOT ({text})").json()["numberMatched"]
    assert whole == without + answers[0].json()["numberMatched"]
    for language, wrong in (("cql2-text", f"{name}=="), ("cql2-json", as_json[:-1]), ("cql3", text)):
        assert ask(service, layer, **{"filter": wrong, "filter-lang": language}).status_code == 400, language


@pytest.mark.parametrize("layer", LAYERS)
def test_unknown_queryables_are_refused(service: Service, layer: str) -> None:
    """/conf/filter/expression-construction."""
    assert ask(service, layer, filter="this_is_not_a_queryable='x'").status_code == 400


@pytest.mark.parametrize("layer", LAYERS)
def test_geometries_of_a_filter_are_degrees(service: Service, layer: str) -> None:
    """/conf/filter/filter-crs-wgs84."""
    properties = queryables_of(service, layer)["properties"]
    spatial = next(name for name, entry in properties.items() if entry.get("format", "").startswith("geometry-"))
    box = service.get(f"collections/{layer}", headers={"Accept": "application/json"}).json()["extent"]["spatial"][
        "bbox"
    ][0]
    # the extent is rounded to as many digits as JSON shows: a hair more on each side
    written = ",".join(str(edge + hair) for edge, hair in zip(box, (-1e-6, -1e-6, 1e-6, 1e-6), strict=True))
    every = ask(service, layer, resulttype="hits").json()["numberMatched"]
    inside = ask(service, layer, resulttype="hits", filter=f"S_INTERSECTS({spatial},BBOX({written}))")
    assert inside.status_code == 200, inside.text
    assert inside.json()["numberMatched"] == every > 0
    far = f"S_INTERSECTS({spatial},BBOX(1000000,1000000,2000000,2000000))"
    assert ask(service, layer, filter=far).status_code == 400
