"""Inputs that the processes which edit grids share, and their answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import shapely
from pydantic import Field
from shapely.geometry.base import BaseGeometry

from geo.errors import InvalidInput
from layers.changes.drafting import Draft
from processes.features.finding_features import finding_features


def grid_id() -> Any:
    """The grid that is meant."""
    return Field(
        ...,
        min_length=1,
        max_length=40,
        title="Grid",
        description="Code of a published grid, or the id of one in the working copy.",
        json_schema_extra={"title_zh": "网格", "description_zh": "已发布网格的编码，或工作副本中的网格标识。"},
    )


def into_set() -> Any:
    """The set that is written to."""
    return Field(
        None,
        ge=1,
        le=2**31 - 1,
        title="Change set",
        description="Number of the change set to write to; your current one, or a new one, when not given.",
        json_schema_extra={"title_zh": "变更集", "description_zh": "写入的变更集编号；缺省为当前变更集，没有则新建。"},
    )


def preview_only() -> Any:
    """Whether nothing is kept."""
    return Field(
        False,
        title="Dry run",
        description="Only show what would come of it; nothing is written.",
        json_schema_extra={"title_zh": "试运行", "description_zh": "只预览结果，不写入。"},
    )


def as_geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """A geometry as GeoJSON."""
    found: dict[str, Any] = json.loads(shapely.to_geojson(geometry))
    return found


def feature(id_: str | None, geometry: BaseGeometry | None, **properties: object) -> dict[str, Any]:
    """A GeoJSON feature."""
    shape = None if geometry is None or geometry.is_empty else as_geojson(geometry)
    return {"type": "Feature", "id": id_, "geometry": shape, "properties": properties}


def read_lines(collection: dict[str, Any], field: str) -> list[BaseGeometry]:
    """Lines of a GeoJSON geometry, Feature or FeatureCollection in longitude and latitude.

    Raises
    ------
    InvalidInput
        Naming the field when it can't be read.
    """
    return _read(collection, field)


def read_points(collection: dict[str, Any], field: str) -> tuple[list[BaseGeometry], list[float]]:
    """Points of a GeoJSON FeatureCollection, and their property ``weight``, 1 where it is missing."""
    shapes = _read(collection, field)
    weights = [(one.get("properties") or {}).get("weight", 1) for one in collection.get("features", [])]
    numbers = all(isinstance(weight, int | float) and not isinstance(weight, bool) for weight in weights)
    if len(weights) != len(shapes) or not numbers or any(shape.geom_type != "Point" for shape in shapes):
        raise InvalidInput("draft.points", field=field)
    return shapes, [float(weight) for weight in weights]


def _read(content: dict[str, Any], field: str) -> list[BaseGeometry]:
    try:
        features = content["features"] if content.get("type") == "FeatureCollection" else [content]
        geometries = [one["geometry"] if one.get("type") == "Feature" else one for one in features]
        return [shapely.force_2d(shapely.from_geojson(json.dumps(one))) for one in geometries]
    except (shapely.errors.GEOSException, KeyError, AttributeError, TypeError, ValueError) as error:
        raise InvalidInput("draft.geojson", field=field, reason=str(error)[:100]) from error


def drafted(draft: Draft, features: Sequence[dict[str, Any]], dry_run: bool, **more: object) -> dict[str, Any]:
    """The answer of a process that edits: what can be drawn, the set, and what is wrong with it.

    Parameters
    ----------
    draft : Draft
        That has ended.
    features : sequence of dict
        GeoJSON, EPSG:4490.
    dry_run : bool
    **more
        Further members.
    """
    return {
        "type": "FeatureCollection",
        "dry_run": dry_run,
        "change_set": None if dry_run else draft.change_set,
        **more,
        "features": list(features),
        "findings": finding_features(draft.findings, checked=len(draft.ids)),
    }
