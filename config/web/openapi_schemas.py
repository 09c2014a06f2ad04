"""Shared parts of the OpenAPI document: parameters, answers and schemas."""

from __future__ import annotations

from typing import Any

from config.web.http import ITEM_FORMATS
from layers.catalogue.layer import Layer
from layers.exporting.formats import ENCODINGS
from layers.features.items_request import DEFAULT_LIMIT, GREATEST_LIMIT, PROFILES
from layers.features.provider import json_type
from layers.tiles.matrix import DEEPEST, TILE_MATRIX_SETS

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 0}


def _query(name: str, description: str, schema: dict[str, Any], *, explode: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
        "style": "form",
        "explode": explode,
    }


def _path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


PARAMETERS: dict[str, Any] = {
    "f": _query("f", "Representation", {"type": "string", "enum": ["json", "html", "jsonld"], "default": "json"}),
    "f-items": _query(
        "f",
        "Representation. Files (all but json, geojson, jsonfg, html, jsonld) hold every feature of the request, or the "
        "first limit of them; their coordinates are longitude or easting first, and a Shapefile's names are cut to ten "
        "letters, explained in a table beside it",
        {"type": "string", "enum": list(ITEM_FORMATS), "default": "json"},
    ),
    "f-item": _query(
        "f",
        "Representation",
        {"type": "string", "enum": ["json", "geojson", "jsonfg", "html", "jsonld"], "default": "json"},
    ),
    "profile": _query(
        "profile",
        "Profiles of GeoJSON, the most wanted first: rfc7946, jsonfg (with time, and place in any CRS), jsonfg-plus "
        "(with the geometry in degrees as well)",
        {"type": "array", "items": {"type": "string"}, "default": [PROFILES[0]]},
    ),
    "encoding": _query(
        "encoding", "Encoding of a Shapefile or CSV", {"type": "string", "enum": list(ENCODINGS), "default": "UTF-8"}
    ),
    "lang": _query("lang", "Language of words", {"type": "string", "enum": ["zh", "en"], "default": "zh"}),
    "bbox": _query(
        "bbox",
        "Four numbers in the axis order of bbox-crs: features that touch the box",
        {
            "type": "array",
            "minItems": 4,
            "maxItems": 6,
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            "items": {"type": "number"},
        },
    ),
    "bbox-crs": _query("bbox-crs", "CRS of bbox", _TEXT),
    "crs": _query("crs", "CRS of the answer's coordinates", _TEXT),
    "filter-crs": _query("filter-crs", "CRS of coordinates in filter", _TEXT),
    "datetime": _query("datetime", "A moment, day, month or year, or an interval with / and .. for an open end", _TEXT),
    "limit": _query(
        "limit",
        "Features a page, or in a file: without it a file holds all",
        {"type": "integer", "minimum": 1, "maximum": GREATEST_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "offset": _query(
        "offset",
        "Features before the page; rel=next pages by key and is faster",
        _WHOLE | {"maximum": 2**31, "default": 0},
    ),
    "change-set": _query(
        "change-set",
        "Number of the change set; the asker's current one when it is not given",
        {"type": "integer", "minimum": 1},
    ),
    "cursor": _query("cursor", "Where the page begins, as rel=next of the page before says", _TEXT),
    "sortby": _query(
        "sortby", "Fields, each with - before it to fall", {"type": "array", "items": _TEXT, "minItems": 1}
    ),
    "properties": _query("properties", "Fields to show", {"type": "array", "items": _TEXT}),
    "skipGeometry": _query("skipGeometry", "Leave the geometry out", {"type": "boolean", "default": False}),
    "resulttype": _query(
        "resulttype", "hits: only numberMatched", {"type": "string", "enum": ["results", "hits"], "default": "results"}
    ),
    "filter": _query("filter", "CQL2", _TEXT),
    "filter-lang": _query(
        "filter-lang", "Form of filter", {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"}
    ),
    "featureId": _path("featureId", "Id of a feature", _TEXT),
    "tileMatrixSetId": _path("tileMatrixSetId", "Tile matrix set", {"type": "string", "enum": list(TILE_MATRIX_SETS)}),
    "tileMatrix": _path("tileMatrix", "Zoom", _WHOLE | {"maximum": DEEPEST}),
    "tileRow": _path("tileRow", "Row from the top", _WHOLE),
    "tileCol": _path("tileCol", "Column from the left", _WHOLE),
}

_LISTED = {"type": "array", "items": _TEXT}
RECORD_PARAMETERS: dict[str, Any] = {
    "q": _query("q", "Words, cut as Chinese is; of terms between commas one has to be there", _LISTED),
    "ids": _query("ids", "Ids of records; an empty list finds nothing", _LISTED),
    "externalIds": _query("externalIds", "The city's codes of data items, with or without data-items: before", _LISTED),
}
"""Those of OGC API - Records that features don't have."""

_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/exception"}}}
_NO_BODY_SCHEMA = {"text/html": {"schema": {"type": "string"}}, "application/xml": {"schema": {"type": "string"}}}


def _failure(description: str) -> dict[str, Any]:
    return {"description": description, "content": _ERROR | _NO_BODY_SCHEMA}


RESPONSES: dict[str, Any] = {
    "invalid": _failure("What was asked can't be taken; the body says what, where, and what to do"),
    "needsKey": _failure("For holders of a key only, or the key is wrong"),
    "forbidden": _failure("The key's role may not do this"),
    "missing": _failure("There is no such thing"),
    "conflict": _failure("What is there stands against it"),
    "failed": _failure("The service failed; the body has a reference to the log"),
    "away": _failure("The database is busy or away; try again shortly"),
}

_LINKS = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}

SCHEMAS: dict[str, Any] = {
    "object": {"type": "object"},
    "openapi": {"type": "object", "required": ["openapi", "info", "paths"]},
    "tile": {"type": "string", "format": "binary"},
    "file": {"type": "string", "format": "binary"},
    "link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {"href": _TEXT, "rel": _TEXT, "type": _TEXT, "title": _TEXT, "hreflang": _TEXT},
    },
    "exception": {
        "type": "object",
        "required": ["code", "description"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "code": _TEXT,
            "description": _TEXT,
            "detail": _TEXT,
        },
    },
    "landingPage": {
        "type": "object",
        "required": ["links"],
        "properties": {"title": _TEXT, "description": _TEXT, "links": _LINKS},
    },
    "confClasses": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": _TEXT}},
    },
    "collection": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            "id": _TEXT,
            "title": _TEXT,
            "description": _TEXT,
            "links": _LINKS,
            "extent": {"type": "object"},
            "itemType": _TEXT,
            "itemCount": _WHOLE,
            "crs": {"type": "array", "items": _TEXT},
            "storageCrs": _TEXT,
        },
    },
    "collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {
            "links": _LINKS,
            "collections": {"type": "array", "items": {"$ref": "#/components/schemas/collection"}},
        },
    },
    "geometry": {
        "type": "object",
        "nullable": True,
        "required": ["type"],
        "properties": {
            "type": _TEXT,
            "coordinates": {"type": "array", "items": {}},
            "geometries": {"type": "array", "items": {}},
        },
    },
    "feature": {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"oneOf": [_TEXT, {"type": "integer"}]},
            "geometry": {"$ref": "#/components/schemas/geometry"},
            "properties": {"type": "object", "nullable": True},
            "links": _LINKS,
        },
    },
    "featureCollection": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
            "links": _LINKS,
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": _WHOLE,
            "numberReturned": _WHOLE,
        },
    },
}

SECURITY: dict[str, Any] = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "Personal key"},
    "basic": {"type": "http", "scheme": "basic", "description": "Any user name, the personal key as password"},
}


def property_parameter(layer: Layer, name: str) -> dict[str, Any]:
    """A property as a filter parameter, in the form in which QGIS takes it for one."""
    field = layer.field(name)
    kind = json_type(field.type) if field and field.type != "array" else {"type": "string"}
    if field and field.type in ("date", "date-time"):
        kind = {"type": "string"}
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": f"{field.title.en} / {field.title.zh}" if field else name,
        "schema": kind,
        "style": "form",
        "explode": False,
    }
