"""The OpenAPI document: valid, complete in itself, and true of every address that there is."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from serving import Service

MADE_UP = {
    "tileMatrixSetId": "WebMercatorQuad",
    "tileMatrix": "12",
    "tileRow": "1652",
    "tileCol": "3419",
    "dggrsId": "H3",
    "zoneId": "88309c10e7fffff",
}
UNLISTED = {"/map", "/style.json"}
"""Pages and what they load: nothing that a program would look for in the document."""


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    """The document as it is served."""
    answer = service.get("openapi?f=json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from nodes(member)
    elif isinstance(value, list):
        for member in value:
            yield from nodes(member)


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def parameters(document: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    """Query parameters of a path's GET by their name."""
    listed = document["paths"][path]["get"].get("parameters", [])
    entries = [resolved(document, entry) for entry in listed]
    assert len({(entry["in"], entry["name"]) for entry in entries}) == len(entries), path
    return {entry["name"]: entry for entry in entries if entry["in"] == "query"}


def test_it_is_valid_openapi(document: dict[str, Any], conformance: Path, tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), "utf-8")
    done = subprocess.run(
        [conformance / "python", "-P", "-m", "openapi_spec_validator", file],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[:4000]


def test_it_needs_nothing_from_elsewhere(document: dict[str, Any]) -> None:
    references = [node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)]
    assert len(references) > 100
    for reference in references:
        assert reference.startswith("#/"), reference
        assert resolved(document, {"$ref": reference})


def test_nothing_in_it_is_left_unused(document: dict[str, Any]) -> None:
    used = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    parts = document["components"]
    offered = {f"#/components/{kind}/{name}" for kind in ("parameters", "responses", "schemas") for name in parts[kind]}
    assert offered - used == set()


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def test_variables_of_a_path_are_its_parameters(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            declared = [resolved(document, entry) for entry in operation.get("parameters", [])]
            assert {entry["name"] for entry in declared if entry["in"] == "path"} == set(re.findall(r"{(\w+)}", path))


def test_every_path_of_it_answers(document: dict[str, Any], service: Service) -> None:
    """To a holder of a key as it says; to the public as well, or with 401 where it says so."""
    for path, operations in document["paths"].items():
        if "get" not in operations or "{jobID}" in path:
            continue  # jobs are made and read in test_jobs.py
        operation = operations["get"]
        address = path.format_map(MADE_UP | {"featureId": feature_of(service, path)})
        if "{featureId}" in path and address.endswith("/"):
            continue  # a layer without a feature
        formats = parameters(document, path).get("f")
        answer = service.get(f"{address}?f={formats['schema']['default']}" if formats else address, "admin")
        assert answer.status_code in (200, 204), f"{address}: {answer.status_code} {answer.text[:200]}"
        said = operation["responses"][str(answer.status_code)]
        if answer.status_code == 200:
            media = answer.headers["Content-Type"].split(";")[0]
            assert media in {kind.split(";")[0] for kind in resolved(document, said)["content"]}, address
        public = service.get(address).status_code
        assert public in (200, 204) or (public == 401 and "401" in operation["responses"]), address


def feature_of(service: Service, path: str) -> str:
    """Id of a feature of the path's layer; empty where it has none."""
    found = re.match(r"/collections/([\w-]+)/items/", path)
    if found is None:
        return ""
    features = service.get(f"collections/{found[1]}/items?limit=1", "admin").json()["features"]
    return str(features[0]["id"]) if features else ""


def test_every_link_leads_to_a_path_of_it(document: dict[str, Any], service: Service) -> None:
    """Followed from the landing page, through every collection, process and tile set."""
    templates = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "/?") for path in document["paths"]]
    seen, wrong = {"/"}, []
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        answer = service.get(path, "admin", headers={"Accept": "application/json"})
        if answer.status_code != 200:
            wrong.append(f"{path}: {answer.status_code}")
            continue
        if "json" not in answer.headers.get("Content-Type", ""):
            continue
        for node in nodes(answer.json()):
            href = node.get("href")
            if not isinstance(href, str) or not href.startswith(service.base_url):
                continue
            target = href.removeprefix(service.base_url).split("?")[0] or "/"
            if target in seen or target in UNLISTED or target.startswith("/assets/"):
                continue
            seen.add(target)
            if not any(template.fullmatch(target) for template in templates):
                wrong.append(f"{path} links to {target}")
            elif "{" not in target and not target.endswith("/execution"):
                waiting.append(target)
    assert wrong == []
    assert len(seen) > 50


def test_limit_says_what_qgis_needs(document: dict[str, Any], service: Service) -> None:
    """QGIS takes the page size from the default and the maximum of limit, and holds a server to both."""
    from layers.catalogue.catalogue import CATALOGUE

    for layer in CATALOGUE:
        schema = parameters(document, f"/collections/{layer}/items")["limit"]["schema"]
        assert schema["type"] == "integer" and schema["minimum"] == 1
        assert 1 <= schema["default"] <= schema["maximum"]
    page = service.get("collections/grids/items")
    assert len(page.json()["features"]) == schema["default"]
    assert service.get(f"collections/grids/items?limit={schema['maximum'] + 1}").status_code == 200


def test_filters_are_the_queryables(document: dict[str, Any], service: Service) -> None:
    from layers.catalogue.catalogue import CATALOGUE

    for layer in CATALOGUE:
        offered = service.get(f"collections/{layer}/queryables?f=json", "admin").json()["properties"]
        scalar = {name for name, schema in offered.items() if "type" in schema}
        assert scalar <= set(parameters(document, f"/collections/{layer}/items")), layer


def checked(document: dict[str, Any], schema: Any, value: Any) -> None:
    """Hold a value against a schema of the document; JSON Schema says ``nullable`` in another way."""
    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(member) for member in node]
        if not isinstance(node, dict):
            return node
        node = resolved(document, node)
        kept = {name: plain(member) for name, member in node.items() if name != "nullable"}
        return {"anyOf": [{"type": "null"}, kept]} if node.get("nullable") is True else kept

    jsonschema.validate(value, plain(schema), jsonschema.Draft202012Validator)


def test_examples_are_what_their_schemas_say_in_both_languages(document: dict[str, Any]) -> None:
    held = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            bodies = [resolved(document, one) for one in operation["responses"].values()]
            bodies.append(operation.get("requestBody", {}))
            for content in (content for body in bodies for content in body.get("content", {}).values()):
                for example in content.get("examples", {}).values():
                    checked(document, content["schema"], example["value"])
                    held.append((path, example["summary"]))
    dggs = {summary for path, summary in held if "/dggs" in path}
    assert dggs == {"中文", "English"}
    cases = {summary for path, summary in held if path.startswith("/collections/cases/")}
    assert len(cases) == 4 and all(" / " in summary for summary in cases)


@pytest.mark.parametrize(
    "path",
    [
        "/dggs", "/dggs/{dggrsId}", "/dggs/{dggrsId}/definition", "/dggs/{dggrsId}/zones",
        "/dggs/{dggrsId}/zones/{zoneId}", "/dggs/{dggrsId}/zones/{zoneId}/data",
    ],
)  # fmt: skip
def test_answers_of_dggs_are_what_their_schemas_say(service: Service, document: dict[str, Any], path: str) -> None:
    for here in ("", "/collections/case-heat"):
        if here + path not in document["paths"]:
            continue
        content = document["paths"][here + path]["get"]["responses"]["200"]["content"]
        for media_type, told in content.items():
            address = (here + path).replace("{dggrsId}", "H3").replace("{zoneId}", MADE_UP["zoneId"])
            answer = service.get(address, headers={"Accept": media_type})
            assert answer.headers["Content-Type"] == media_type
            checked(document, told["schema"], answer.json())
