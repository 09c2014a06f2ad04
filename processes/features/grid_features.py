"""Grids as they come in a GeoJSON FeatureCollection."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import shapely

from geo.errors import InvalidInput
from layers.checking.coded_grids import CodedGrids


def read_collection(collection: dict[str, Any]) -> CodedGrids:
    """Grids of a FeatureCollection in longitude and latitude.

    Parameters
    ----------
    collection : dict
        GeoJSON; ``code``, ``kind`` and ``village_code`` are read from the properties, where they may be missing. A
        feature without an id is called by its code or by its number from 1; what is called like one before it has
        ``#2`` added.

    Raises
    ------
    InvalidInput
        Naming the feature that can't be read, or the property that is no text.
    """
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise InvalidInput("grids.collection", type=collection.get("type"))
    shapes = np.full(len(features), None, dtype=object)
    ids: list[str] = []
    stated: dict[str, list[str | None]] = {"code": [], "kind": [], "village_code": []}
    seen: Counter[str] = Counter()
    for index, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise InvalidInput("grids.feature", index=index + 1, reason="type")
        properties = feature.get("properties") or {}
        for name, values in stated.items():
            value = properties.get(name)
            if value is not None and not isinstance(value, str):
                raise InvalidInput("grids.property", index=index + 1, name=name, value=value)
            values.append(value)
        name = str(feature.get("id") or properties.get("id") or stated["code"][-1] or index + 1)
        seen[name] += 1
        ids.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
        shapes[index] = _shape(feature.get("geometry"), index)
    return CodedGrids(ids, stated["code"], stated["kind"], stated["village_code"], shapes)


def _shape(geometry: object, index: int) -> shapely.Geometry | None:
    if geometry is None:
        return None
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise InvalidInput("grids.feature", index=index + 1, reason=str(error)) from error
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise InvalidInput("grids.feature", index=index + 1, reason=shape.geom_type)
    return shape
