"""Polygons as they come in a GeoJSON FeatureCollection."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InvalidInput


def read_polygons(collection: dict[str, Any]) -> tuple[list[str], NDArray[np.object_], list[str | None]]:
    """Names, geometries and kinds of the features; what is wrong with a geometry is for the check to say.

    Parameters
    ----------
    collection : dict
        GeoJSON FeatureCollection in longitude and latitude. A feature is called by its id, its property ``code`` or
        ``id``, or its number from 1; what is called like one before it has ``#2`` added.

    Raises
    ------
    InvalidInput
        Naming the feature that is none or whose geometry can't be read at all.
    """
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise InvalidInput("coverage.collection", type=collection.get("type"))
    ids: list[str] = []
    kinds: list[str | None] = []
    seen: Counter[str] = Counter()
    shapes = np.full(len(features), None, dtype=object)
    for index, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise InvalidInput("coverage.features", index=index + 1, reason="type")
        properties = feature.get("properties") or {}
        given = (feature.get("id"), properties.get("code"), properties.get("id"), index + 1)
        name = str(next(value for value in given if value not in (None, "")))
        seen[name] += 1
        ids.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
        kinds.append(properties.get("kind"))
        shapes[index] = _shape(feature.get("geometry"), index)
    return ids, shapes, kinds


def read_population(collection: dict[str, Any]) -> NDArray[np.float64]:
    """Property ``population`` of each feature; not-a-number where it is no number."""
    given = [(feature.get("properties") or {}).get("population") for feature in collection["features"]]
    return np.array([value if isinstance(value, int | float) else np.nan for value in given], dtype=np.float64)


def _shape(geometry: object, index: int) -> shapely.Geometry | None:
    if geometry is None:
        return None
    try:
        return shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise InvalidInput("coverage.features", index=index + 1, reason=str(error)) from error
