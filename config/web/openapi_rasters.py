"""What the OpenAPI document says of rasters: coverage, map, map tiles, legend."""

from __future__ import annotations

from typing import Any, get_args

from geo.heat.density import Edge
from geo.heat.kernels import KERNELS
from layers.catalogue.raster import Raster
from layers.rasters.request import (
    AUTO,
    DEFAULT_BANDWIDTH_M,
    DEFAULT_KERNEL,
    GREATEST_BANDWIDTH_M,
    LEAST_BANDWIDTH_M,
    PARAMETERS,
)

_TEXT: dict[str, Any] = {"type": "string"}
_AXES: dict[str, Any] = {"type": "array", "items": _TEXT}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 16_000_000}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": False, "description": description, "schema": schema,
        "style": "form", "explode": False,
    }  # fmt: skip


RASTER_PARAMETERS: dict[str, Any] = {
    "kernel": _query("kernel", "Shape of the kernel", _TEXT | {"enum": list(KERNELS), "default": DEFAULT_KERNEL}),
    "bandwidth": _query(
        "bandwidth",
        "Standard deviation of the kernel along an axis, metres; auto follows from the cases by Silverman's rule",
        {
            "oneOf": [
                {"type": "number", "minimum": LEAST_BANDWIDTH_M, "maximum": GREATEST_BANDWIDTH_M},
                {"type": "string", "enum": [AUTO]},
            ],
            "default": DEFAULT_BANDWIDTH_M,
        },
    ),
    "edge": _query(
        "edge",
        "Correction at the city's edge; with diggle the map adds up to the cases",
        _TEXT | {"enum": list(get_args(Edge)), "default": "diggle"},
    ),
    "subset": _query("subset", 'Lon(120.0:120.1),Lat(32.1:32.2), E(..),N(..) or time("2024-05":"2024-07")', _AXES),
    "subset-crs": _query("subset-crs", "CRS of the coordinates in subset", _TEXT),
    "width": _query("width", "Columns of the answer", _COUNT),
    "height": _query("height", "Rows of the answer", _COUNT),
    "scale-factor": _query(
        "scale-factor",
        "Cells along an axis that one of the answer stands for: 2 is half as fine",
        {"type": "number", "exclusiveMinimum": True, "minimum": 0},
    ),
    "scale-axes": _query("scale-axes", "scale-factor of each axis: E(2),N(4)", _AXES),
    "scale-size": _query("scale-size", "Cells of the answer along each axis: E(300),N(200)", _AXES),
    "resolution": _query("resolution", "Size of a cell of the answer in its CRS: E(200),N(200)", _AXES),
    "transparent": _query("transparent", "Whether the ground is left empty", {"type": "boolean"}),
    "bgcolor": _query("bgcolor", "Colour of the ground, 0xRRGGBB", _TEXT),
    "scale-denominator": _query(
        "scale-denominator", "Metres on the ground for one on the screen, at 0.28 mm a pixel",
        {"type": "number", "exclusiveMinimum": True, "minimum": 0},
    ),
    "center": _query(
        "center", "Middle of the map, in the axis order of center-crs",
        {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
    ),
    "center-crs": _query("center-crs", "CRS of center", _TEXT),
    "coverageFormat": _query("f", "Representation", _TEXT | {"enum": ["geotiff", "cog"], "default": "geotiff"}),
    "mapFormat": _query("f", "Representation", _TEXT | {"enum": ["png"], "default": "png"}),
    "legendFormat": _query("f", "Representation", _TEXT | {"enum": ["json", "svg"], "default": "json"}),
}  # fmt: skip

DRAWN = [name for name in PARAMETERS if name != "datetime"] + ["datetime"]
"""Parameters that choose which map is made."""

_GROUND = ["bbox", "bbox-crs", "subset", "subset-crs", "crs", "width", "height"]
_SCALING = ["scale-factor", "scale-axes", "scale-size", "resolution"]
_MAP = ["center", "center-crs", "scale-denominator", "transparent", "bgcolor"]


def raster_operations(raster: Raster) -> dict[str, dict[str, Any]]:
    """Path below the collection of each operation, with what `config.web.openapi` writes it from."""
    matrix = ["tileMatrixSetId", "lang", *DRAWN]
    return {
        "/coverage": {
            "operation": "coverage", "summary": "values as GeoTIFF", "schema": "tile", "media": "image/tiff",
            "parameters": ["coverageFormat", "lang", *DRAWN, *_GROUND, *_SCALING], "missing": True,
        },
        "/map": {
            "operation": "map", "summary": "picture of a box", "schema": "tile", "media": "image/png",
            "parameters": ["mapFormat", "lang", *DRAWN, *_GROUND, *_MAP],
        },
        "/map/tiles": {
            "operation": "mapTilesets", "summary": "map tile sets", "schema": "object", "parameters": ["lang", *DRAWN],
        },
        "/map/tiles/{tileMatrixSetId}": {
            "operation": "mapTileset", "summary": "one map tile set", "schema": "object", "parameters": matrix,
            "missing": True,
        },
        "/map/tiles/{tileMatrixSetId}/metadata": {
            "operation": "mapTilejson", "summary": "TileJSON", "schema": "object", "parameters": matrix,
            "missing": True,
        },
        "/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}": {
            "operation": "mapTile", "summary": "a map tile", "schema": "tile", "media": "image/png", "missing": True,
            "parameters": [
                "tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "mapFormat", "lang", *DRAWN, "transparent",
                "bgcolor",
            ],
        },
        "/legend": {
            "operation": "legend", "summary": "what the colours mean", "schema": "object",
            "parameters": ["legendFormat", "lang", *DRAWN],
        },
        "/schema": {
            "operation": "schema", "summary": "what a cell holds", "schema": "object",
            "media": "application/schema+json", "parameters": ["lang"],
        },
        "/style": {
            "operation": "style", "summary": "Mapbox GL style", "schema": "object", "parameters": ["lang"],
            "media": "application/vnd.mapbox.style+json",
        },
    }  # fmt: skip
