"""The OpenAPI document: every address that there is, with every reference inside the document itself."""

from __future__ import annotations

from typing import Any

from config.web.openapi_cases import case_schemas, with_cases
from config.web.openapi_dggs import DGGS_PARAMETERS, DGGS_SCHEMAS, dggs_paths
from config.web.openapi_dialect import openapi_schema
from config.web.openapi_edits import with_edits
from config.web.openapi_jobs import JOB_PARAMETERS, JOB_RESPONSES, JOB_SCHEMAS, job_paths
from config.web.openapi_rasters import RASTER_PARAMETERS, raster_operations
from config.web.openapi_schemas import PARAMETERS, RECORD_PARAMETERS, RESPONSES, SCHEMAS, SECURITY, property_parameter
from config.web.pygeoapi_config import marked, pygeoapi_config
from geo.crs import CRS84_URI
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.layer import Layer
from layers.catalogue.raster import Raster
from layers.exporting.formats import DOWNLOADS
from layers.features.items_request import offered_crs
from layers.store import City
from processes.registry import PROCESSES

_PAGE = ["f", "lang"]
_FILES = [media_type for format_ in DOWNLOADS.values() for media_type in format_.media_types[:1]]
_ITEMS = [
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "limit",
    "offset",
    "cursor",
    "sortby",
    "properties",
    "skipGeometry",
    "resulttype",
    "profile",
    "encoding",
]
_FILTER = ["filter", "filter-lang", "filter-crs"]


def openapi_document(base_url: str, city: City) -> dict[str, Any]:
    """OpenAPI 3.0.3 of the whole service.

    Parameters
    ----------
    base_url : str
        Its address.
    city : City
        Named in the title.
    """
    identification = pygeoapi_config(base_url, city)["metadata"]["identification"]
    crs = {"type": "string", "enum": list(offered_crs(city.metric_srid)), "default": CRS84_URI}
    shared = PARAMETERS | RECORD_PARAMETERS | JOB_PARAMETERS | RASTER_PARAMETERS | DGGS_PARAMETERS
    parameters = {name: dict(entry) for name, entry in shared.items()}
    for name in ("crs", "bbox-crs", "filter-crs", "subset-crs", "center-crs"):
        parameters[name] = parameters[name] | {"schema": crs}
    paths: dict[str, Any] = {
        "/": _get("landingPage", "Landing page", "capabilities", "landingPage"),
        "/conformance": _get("conformance", "Conformance classes", "capabilities", "confClasses"),
        "/openapi": _get(
            "openapi", "This document", "capabilities", "openapi", media="application/vnd.oai.openapi+json;version=3.0"
        ),
        "/asyncapi": _get(
            "asyncapi", "What is pushed, as AsyncAPI", "capabilities", "object", media="application/asyncapi+json"
        ),
        "/collections": _get("collections", "Collections", "capabilities", "collections"),
        "/tileMatrixSets": _get("tileMatrixSets", "Tile matrix sets", "tiles", "object", parameters=["lang"]),
        "/tileMatrixSets/{tileMatrixSetId}": _get(
            "tileMatrixSet",
            "One tile matrix set",
            "tiles",
            "object",
            parameters=["tileMatrixSetId", "lang"],
            missing=True,
        ),
        "/processes": _get("processes", "Processes", "processes", "object"),
    }
    for layer in CATALOGUE.values():
        paths |= with_edits(_layer_paths(layer, city), layer, offered_crs(city.metric_srid))
    for raster in RASTERS.values():
        paths |= _raster_paths(raster, city)
    for id_ in PROCESSES:
        paths |= _process_paths(id_)
    paths |= job_paths()
    paths |= dggs_paths(base_url, _get)
    paths = with_cases(paths, offered_crs(city.metric_srid))
    return {
        "openapi": "3.0.3",
        "info": {
            "title": identification["title"]["en"],
            "description": f"{identification['description']['en']}\n\n{identification['description']['zh']}",
            "version": "1.0.0",
            "license": {"name": "MIT"},
        },
        "servers": [{"url": base_url}],
        "tags": [
            {"name": name} for name in ("capabilities", "tiles", "processes", "jobs", "dggs", *CATALOGUE, *RASTERS)
        ],
        "paths": paths,
        "components": {
            "parameters": parameters,
            "responses": RESPONSES | JOB_RESPONSES,
            "schemas": SCHEMAS | JOB_SCHEMAS | DGGS_SCHEMAS | case_schemas(),
            "securitySchemes": SECURITY,
        },
        "security": [{}, {"key": []}, {"basic": []}],
    }


def _layer_paths(layer: Layer, city: City) -> dict[str, Any]:
    here = f"/collections/{layer.id}"
    name = "".join(part.capitalize() for part in layer.id.split("-"))
    title = marked(layer.title, city).en
    closed = layer.readers != "public"

    def get(operation: str, summary: str, schema: str, **more: Any) -> dict[str, Any]:
        return _get(f"{operation}{name}", f"{title}: {summary}", layer.id, schema, closed=closed, **more)

    own = [property_parameter(layer, field.name) for field in layer.fields]
    tile = [*_names("tileMatrixSetId", "tileMatrix", "tileRow", "tileCol"), *_names("datetime", *_FILTER), *own]
    paths = {
        here: get("describe", "description", "collection"),
        f"{here}/items": get(
            "items",
            "features",
            "featureCollection",
            media="application/geo+json",
            parameters=[*_names("f-items", "lang", *_ITEMS, *_FILTER), *own],
            files=True,
        ),
        f"{here}/items/{{featureId}}": get(
            "item",
            "one feature",
            "feature",
            media="application/geo+json",
            parameters=_names("featureId", "f-item", "lang", "crs", "profile", "properties", "skipGeometry"),
            missing=True,
        ),
        f"{here}/queryables": get("queryables", "what filters may name", "object", media="application/schema+json"),
        f"{here}/sortables": get(
            "sortables", "what sortby may name", "object", media="application/schema+json", parameters=["lang"]
        ),
        f"{here}/schema": get("schema", "what a feature holds", "object", media="application/schema+json"),
        f"{here}/style": get(
            "style", "Mapbox GL style", "object", parameters=["lang"], media="application/vnd.mapbox.style+json"
        ),
        f"{here}/tiles": get("tilesets", "tile sets", "object"),
        f"{here}/tiles/{{tileMatrixSetId}}": get(
            "tileset", "one tile set", "object", parameters=["tileMatrixSetId", "lang"], missing=True
        ),
        f"{here}/tiles/{{tileMatrixSetId}}/metadata": get(
            "tilejson", "TileJSON", "object", parameters=["tileMatrixSetId", "lang"], missing=True
        ),
        f"{here}/tiles/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": get(
            "tile",
            "a vector tile",
            "tile",
            parameters=tile,
            media="application/vnd.mapbox-vector-tile",
            missing=True,
            empty=True,
        ),
    }
    if layer.tiles is None:
        paths = {path: entry for path, entry in paths.items() if "/tiles" not in path and not path.endswith("/style")}
    return paths


def _raster_paths(raster: Raster, city: City) -> dict[str, Any]:
    here, title = f"/collections/{raster.id}", marked(raster.title, city).en
    name = "".join(part.capitalize() for part in raster.id.split("-"))
    closed = raster.readers != "public"
    described = _get(f"describe{name}", f"{title}: description", raster.id, "collection", closed=closed)
    paths = {here: described}
    for path, told in raster_operations(raster).items():
        operation, summary = f"{told.pop('operation')}{name}", f"{title}: {told.pop('summary')}"
        paths[here + path] = _get(operation, summary, raster.id, closed=closed, **told)
    return paths


def _process_paths(id_: str) -> dict[str, Any]:
    cls = PROCESSES[id_]
    description = cls.describe()
    inputs = {
        "type": "object",
        "properties": {name: openapi_schema(entry["schema"]) for name, entry in description["inputs"].items()},
        "required": [name for name, entry in description["inputs"].items() if entry["minOccurs"]],
        "additionalProperties": False,
    }
    if not inputs["required"]:
        del inputs["required"]
    body = {
        "type": "object",
        "properties": {
            "inputs": inputs,
            "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
            "subscriber": _ref("schemas", "subscriber"),
        },
    }
    operation = "".join(part.capitalize() for part in id_.split("-"))
    return {
        f"/processes/{id_}": _get(f"describeProcess{operation}", f"{cls.title.en}: description", "processes", "object"),
        f"/processes/{id_}/execution": {
            "post": {
                "operationId": f"execute{operation}",
                "summary": cls.title.en,
                "description": f"{cls.description.en}\n\n{cls.description.zh}",
                "tags": ["processes"],
                "parameters": _names("prefer"),
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": body, "example": description["example"]}},
                },
                "responses": {
                    "200": {
                        "description": cls.result.en,
                        "content": {"application/json": {"schema": _ref("schemas", "object")}},
                    },
                    "201": _ref("responses", "accepted"),
                    **{status: _ref("responses", name) for status, name in _FAILURES.items()},
                },
            }
        },
    }


_FAILURES = {
    "400": "invalid", "401": "needsKey", "403": "forbidden", "404": "missing", "409": "conflict", "429": "tooMany",
    "500": "failed", "503": "away",
}  # fmt: skip


def _get(
    operation: str,
    summary: str,
    tag: str,
    schema: str,
    *,
    media: str = "application/json",
    parameters: list[Any] | None = None,
    missing: bool = False,
    closed: bool = False,
    empty: bool = False,
    files: bool = False,
) -> dict[str, Any]:
    """A path that is read."""
    listed = (
        _names(*_PAGE)
        if parameters is None
        else [_names(entry)[0] if isinstance(entry, str) else entry for entry in parameters]
    )
    content: dict[str, Any] = {media: {"schema": _ref("schemas", schema)}}
    if any(entry in _names("f", "f-items", "f-item") for entry in listed):
        content["text/html"] = {"schema": {"type": "string"}}
    if files:
        content |= {media_type: {"schema": _ref("schemas", "file")} for media_type in _FILES}
    failures = {"400": "invalid", "401": "needsKey", "500": "failed", "503": "away"}
    failures |= {"404": "missing"} if missing else {}
    responses: dict[str, Any] = {"200": {"description": summary, "content": content}}
    if empty:
        responses["204"] = {"description": "The tile is empty"}
    responses |= {"304": {"description": "Unchanged"}} | {
        status: _ref("responses", name) for status, name in failures.items()
    }
    operation_: dict[str, Any] = {
        "operationId": operation,
        "summary": summary,
        "tags": [tag],
        "parameters": listed,
        "responses": responses,
    }
    if closed:
        operation_["security"] = [{"key": []}, {"basic": []}]
    return {"get": operation_}


def _names(*names: str) -> list[dict[str, str]]:
    return [_ref("parameters", name) for name in names]


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
