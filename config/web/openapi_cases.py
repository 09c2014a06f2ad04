"""The OpenAPI document's part on taking cases in: one, a batch, or a step of one."""

from __future__ import annotations

from typing import Any, Final

from config.web.openapi_edits import FAILURES, header
from geo.crs import CRS84_URI
from layers.catalogue.cases import CASES
from layers.features.provider import json_type
from layers.intake.sent_cases import MOST_CASES, REQUIRED

_FOUND: Final = ("type_name", "grid_code", "village_code", "township_code")
"""Fields that follow from the others where they are not sent."""
_PERSONAL = (
    "Fields that cases don't have, and telephone and identity numbers or number plates in any text, are refused; with "
    "Prefer: handling=lenient such fields are left out and listed as stripped."
)
_OUTCOMES: Final = ("new", "changed", "same", "older")


def _reported(number: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [120.0503, 32.1712]},
        "properties": {
            "case_no": f"TX20250601-000{number}", "category": "matter", "type_code": "06020", "channel": "12345热线",
            "state": "上报", "reported_at": "2025-06-01T08:30:00+08:00",
        },
    }  # fmt: skip


EXAMPLES: Final[dict[str, Any]] = {
    "one": {"summary": "一个新上报的案件 / A case that was just reported", "value": _reported(1)},
    "batch": {
        "summary": "一批案件 / Cases together",
        "value": {"type": "FeatureCollection", "features": [_reported(2), _reported(3)]},
    },
}
"""Bodies of a POST, in two languages."""
STEP_EXAMPLES: Final[dict[str, Any]] = {
    "step": {
        "summary": "立案 / The case is filed",
        "value": {"properties": {"state": "立案", "filed_at": "2025-06-01T09:05:00+08:00"}},
    },
    "place": {
        "summary": "更正位置，网格随之更新 / The place corrected; its grid follows",
        "value": {"geometry": {"type": "Point", "coordinates": [120.0521, 32.1698]}},
    },
}
"""Bodies of a PATCH, in two languages."""


def case_schemas() -> dict[str, Any]:
    """Schemas of a case as it is sent, of a batch, of a change, and of what became of them."""
    properties = {
        field.name: {
            **json_type(field.type),
            "title": f"{field.title.zh} / {field.title.en}",
            **({"enum": [value for value, _ in field.values]} if field.values else {}),
            **({} if field.name in REQUIRED and field.name not in _FOUND else {"nullable": True}),
        }
        for field in CASES.fields
    }
    required = [name for name in REQUIRED if name not in _FOUND]
    change = {name: {key: value for key, value in told.items() if key != "enum"} | {"nullable": True}
              for name, told in properties.items()}  # fmt: skip
    point = {"$ref": "#/components/schemas/geometry"}
    text = {"type": "string"}
    return {
        "case": {
            "type": "object",
            "required": ["type", "geometry", "properties"],
            "properties": {
                "type": {"type": "string", "enum": ["Feature"]},
                "id": {"type": "string", "description": "case_no, where the properties have none"},
                "geometry": point,
                "properties": {"type": "object", "required": required, "properties": properties},
            },
        },
        "cases": {
            "type": "object",
            "required": ["type", "features"],
            "properties": {
                "type": {"type": "string", "enum": ["FeatureCollection"]},
                "features": {
                    "type": "array", "minItems": 1, "maxItems": MOST_CASES,
                    "items": {"$ref": "#/components/schemas/case"},
                },
            },
        },
        "caseChange": {
            "type": "object",
            "properties": {"geometry": point, "properties": {"type": "object", "properties": change}},
        },
        "casesTaken": {
            "type": "object",
            "required": ["cases", "stripped"],
            "properties": {
                "cases": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["id", "outcome", "href"],
                        "properties": {"id": text, "outcome": text | {"enum": list(_OUTCOMES)}, "href": text},
                    },
                },
                "stripped": {"type": "array", "items": text},
            },
        },
    }  # fmt: skip


def with_cases(paths: dict[str, Any], crs: tuple[str, ...]) -> dict[str, Any]:
    """The document's paths together with the operations that take cases in.

    Parameters
    ----------
    paths : dict
        With those that read cases; they are added to.
    crs : tuple of str
        URIs that Content-Crs may name.
    """
    here = f"/collections/{CASES.id}/items"
    headers = [
        header("Content-Crs", "CRS of the body's coordinates", {"enum": list(crs), "default": CRS84_URI}),
        header("Prefer", "handling=lenient leaves out fields that cases don't have", {"enum": _HANDLING}),
    ]
    taken = {"application/json": {"schema": {"$ref": "#/components/schemas/casesTaken"}}}
    location = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    sent = {"oneOf": [{"$ref": "#/components/schemas/case"}, {"$ref": "#/components/schemas/cases"}]}
    paths[here]["post"] = _operation(
        "takeCases", "案件入库 / Take cases in",
        f"一个案件或一批案件（至多 {MOST_CASES} 个），按案件编号合并，一个不合格则全部不入库。\n\n"
        f"One case or up to {MOST_CASES}, merged by their numbers, all of them or none. {_PERSONAL}",
        headers, {"application/geo+json": {"schema": sent, "examples": EXAMPLES}},
        {"200": {"description": "What became of each case", "content": taken},
         "201": {"description": "A single case was new", "headers": location, "content": taken}},
    )  # fmt: skip
    paths[f"{here}/{{featureId}}"]["patch"] = _operation(
        "stepCase", "案件流转或更正 / A step of a case, or a correction",
        "未写的不变，写 null 的清空；环节须按规定流转。\n\n"
        "What is not sent stays, and null takes a value away; a state has to follow from the one before.",
        [{"$ref": "#/components/parameters/featureId"}, headers[0]],
        {"application/merge-patch+json": {
            "schema": {"$ref": "#/components/schemas/caseChange"}, "examples": STEP_EXAMPLES}},
        {"204": {"description": "Written"}},
    )  # fmt: skip
    return paths


_HANDLING: Final = ["handling=strict", "handling=lenient"]


def _operation(
    id_: str, summary: str, description: str, parameters: list[dict[str, Any]], content: dict[str, Any],
    done: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    failures = {status: {"$ref": f"#/components/responses/{name}"} for status, name in FAILURES.items()}
    return {
        "operationId": id_,
        "summary": summary,
        "description": description,
        "tags": [CASES.id],
        "parameters": parameters,
        "requestBody": {"required": True, "content": content},
        "responses": {**done, **failures, "415": {"description": "The body is of another type"}},
        "security": [{"key": []}, {"basic": []}],
    }
