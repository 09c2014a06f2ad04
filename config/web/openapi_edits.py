"""The OpenAPI document's part on writing features."""

from __future__ import annotations

from typing import Any

from geo.crs import CRS84_URI
from layers.catalogue.layer import Layer
from layers.features.provider import json_type

FAILURES = {
    "400": "invalid", "401": "needsKey", "403": "forbidden", "404": "missing", "409": "conflict", "500": "failed",
    "503": "away",
}  # fmt: skip
"""Answers of a request that writes, where it fails."""


def with_edits(paths: dict[str, Any], layer: Layer, crs: tuple[str, ...]) -> dict[str, Any]:
    """A layer's paths together with the operations that write its features, where it has writers; arguments as those of
    `edit_operations`.
    """
    items, item = f"/collections/{layer.id}/items", f"/collections/{layer.id}/items/{{featureId}}"
    for path in (items, item):
        paths[path]["get"]["parameters"] += [set_parameter(name) for name in layer.parameters]
    if layer.writers:
        of_items, of_item = edit_operations(layer, crs)
        paths[items] |= of_items
        paths[item] |= of_item
    return paths


def edit_operations(layer: Layer, crs: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Operations that write: those of the collection's items, and those of one item.

    Parameters
    ----------
    layer : Layer
        One with writers.
    crs : tuple of str
        URIs that Content-Crs may name.
    """
    name = "".join(part.capitalize() for part in layer.id.split("-"))
    parameters = [header("Content-Crs", "CRS of the body's coordinates", {"enum": list(crs), "default": CRS84_URI})]
    parameters.append(header("Prefer", "handling=strict publishes at once, or answers with findings", {}))
    one = [{"$ref": "#/components/parameters/featureId"}, header("If-Match", "ETag that is to be changed", {})]
    feature = _feature(layer)
    created = {
        "description": "The new feature is at Location",
        "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
    }
    batch = {
        "type": "object",
        "required": ["type", "features"],
        "properties": {"type": {"enum": ["FeatureCollection"]}, "features": {"type": "array", "items": feature}},
    }
    items = {
        "post": _operation(f"create{name}", "Add a feature, or write many", layer, parameters, {"201": created}, {
            "application/geo+json": {"schema": {"oneOf": [feature, batch]}},
        }),
    }  # fmt: skip
    done = {"204": {"description": "Written"}}
    item = {
        "put": _operation(f"replace{name}", "Replace a feature", layer, [*one, *parameters], done, {
            "application/geo+json": {"schema": feature},
        }),
        "patch": _operation(f"update{name}", "Change what is named of a feature", layer, [*one, *parameters], done, {
            "application/merge-patch+json": {"schema": {"type": "object"}},
        }),
        "delete": _operation(f"delete{name}", "Take a feature away", layer, [*one, parameters[1]], done, None),
    }  # fmt: skip
    return items, item


def _operation(
    id_: str,
    summary: str,
    layer: Layer,
    parameters: list[dict[str, Any]],
    done: dict[str, Any],
    content: dict[str, Any] | None,
) -> dict[str, Any]:
    more = {
        "412": {"description": "It has changed since the version that If-Match names"},
        "415": {"description": "The body is of another type"},
        "422": {"description": "With handling=strict: what stands against publishing"},
    }
    failures = {status: {"$ref": f"#/components/responses/{name}"} for status, name in FAILURES.items()}
    strict = {"200": {"description": "With handling=strict, or of many features: what was made of them"}}
    operation = {
        "operationId": id_,
        "summary": f"{layer.title.en}: {summary}",
        "tags": [layer.id],
        "parameters": [*parameters, *(set_parameter(name) for name in layer.parameters)],
        "responses": {**strict, **done, **failures, **more},
        "security": [{"key": []}, {"basic": []}],
    }
    return operation | ({"requestBody": {"required": True, "content": content}} if content else {})


def _feature(layer: Layer) -> dict[str, Any]:
    written = {}
    for field in layer.fields:
        if field.written:
            values = {"enum": [*(value for value, _ in field.values), None]} if field.values else {}
            written[field.name] = {**json_type(field.type), "nullable": True, **values}
    return {
        "type": "object",
        "required": ["type", "geometry"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"$ref": "#/components/schemas/geometry"},
            "properties": {"type": "object", "nullable": True, "properties": written},
        },
    }


def header(name: str, description: str, more: dict[str, Any]) -> dict[str, Any]:
    """A request's header, with ``more`` of its schema."""
    schema = {"type": "string", **more}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def set_parameter(name: str) -> dict[str, str]:
    """Query parameter that names a change set; by reference, so that QGIS takes it for no filter."""
    return {"$ref": f"#/components/parameters/{name}"}
