"""Queryables, sortables and the schema of a layer as JSON Schema, from the catalogue."""

from __future__ import annotations

from typing import Any

import orjson

from config.web.http import Answer, Request
from layers.catalogue.layer import Field, Layer
from layers.features.provider import json_type

_GEOMETRIES = {
    "Point": ("geometry-point", "Point"),
    "Polygon": ("geometry-polygon", "Polygon"),
    "MultiPolygon": ("geometry-multipolygon", "MultiPolygon"),
    "Geometry": ("geometry-any", "Geometry"),
}
_UNITS = {"m": "m", "m2": "m2", "deg": "deg"}


def schema_answer(layer: Layer, what: str, base_url: str, request: Request) -> Answer:
    """One of a layer's schemas.

    Parameters
    ----------
    what : str
        ``schema`` (what a feature holds), ``queryables`` (what filters may name) or ``sortables``.
    """
    language = request.language
    body = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base_url}/collections/{layer.id}/{what}",
        "type": "object",
        "title": layer.title.in_(language),
        "description": layer.description.in_(language),
        "properties": _properties(layer, what, language),
        "additionalProperties": False,
    }
    headers = [("Content-Language", language), ("Cache-Control", "public, max-age=60")]
    return Answer(orjson.dumps(body), "application/schema+json", 200, headers)


def _properties(layer: Layer, what: str, language: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for position, field in enumerate(layer.fields):
        if what == "sortables" and field.type == "array":
            continue
        found[field.name] = _described(field, language)
        if what == "schema":
            found[field.name]["x-ogc-propertySeq"] = position + 1
            found[field.name]["readOnly"] = not field.written
        if role := _role(layer, field):
            found[field.name]["x-ogc-role"] = role
    if what == "sortables":
        return found
    format_, kind = _GEOMETRIES[layer.geometry_type]
    title = "几何" if language == "zh" else "Geometry"
    if what == "queryables":
        # clients tell a geometry by where this reference points; they never follow it
        name = kind if kind != "Geometry" else "Geometry"
        found["geometry"] = {
            "title": title,
            "$ref": f"https://geojson.org/schema/{name}.json",
            "format": format_,
            "x-ogc-role": "primary-geometry",
        }
    else:
        found["geometry"] = {
            "title": title,
            "format": format_,
            "x-ogc-role": "primary-geometry",
            "x-ogc-propertySeq": 0,
        }
    return found


def _described(field: Field, language: str) -> dict[str, Any]:
    described = {"title": field.title.in_(language), **json_type(field.type)}
    if field.values:
        described["enum"] = [value for value, _ in field.values]
        described["description"] = "; ".join(f"{value} = {text.in_(language)}" for value, text in field.values)
    if field.unit:
        described["x-ogc-unit"] = _UNITS[field.unit]
    return described


def _role(layer: Layer, field: Field) -> str | None:
    if field.name == layer.id_field:
        return "id"
    if field.name in layer.time:
        if len(layer.time) == 1:
            return "primary-instant"
        return "primary-interval-start" if field.name == layer.time[0] else "primary-interval-end"
    return None
