"""Cells, grids and blocks as they come in a GeoJSON FeatureCollection."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InvalidInput
from layers.checking.areas import Areas


def read_features(collection: dict[str, Any], field: str, wanted: Collection[str]) -> Areas:
    """Features of a collection in longitude and latitude.

    Parameters
    ----------
    collection : dict
        GeoJSON FeatureCollection. A feature is called by its id, its property ``code`` or ``id``, or its number from 1.
    field : str
        Input that it was given for, to be named in an error.
    wanted : collection of str
        Properties to read; None where a feature lacks one.

    Raises
    ------
    InvalidInput
        Naming the feature that can't be read.
    """
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise InvalidInput("crosswalk.collection", field=field, type=collection.get("type"))
    ids: list[str] = []
    columns: dict[str, list[Any]] = {name: [] for name in wanted}
    shapes = np.full(len(features), None, dtype=object)
    for index, feature in enumerate(features):
        properties = feature.get("properties") or {} if isinstance(feature, dict) else None
        if not isinstance(properties, dict) or feature.get("type") != "Feature":
            raise InvalidInput("crosswalk.feature", field=field, index=index + 1, reason="type")
        given = (feature.get("id"), properties.get("code"), properties.get("id"), index + 1)
        ids.append(str(next(value for value in given if value not in (None, ""))))
        for name, values in columns.items():
            values.append(properties.get(name))
        shapes[index] = _shape(feature.get("geometry"), field, index)
    return Areas(ids, shapes, columns)


def told_apart(ids: Sequence[str], owners: Sequence[str]) -> list[str]:
    """The ids, with ``#2`` and so on added to what one owner has called so before.

    >>> told_apart(["1", "1", "1"], ["water", "water", "fire"])
    ['1', '1#2', '1']
    """
    taken: set[tuple[str, str]] = set()
    found = []
    for name, owner in zip(ids, owners, strict=True):
        number, fresh = 1, name
        while (owner, fresh) in taken:
            number += 1
            fresh = f"{name}#{number}"
        taken.add((owner, fresh))
        found.append(fresh)
    return found


def numbers(areas: Areas, field: str, name: str) -> NDArray[np.float64]:
    """A column of counts; where there is none, 0.

    Raises
    ------
    InvalidInput
        When no feature has the property, or one that is not a number of 0 or more.
    """
    values = areas.columns.get(name, [])
    if areas.ids and all(value is None for value in values):
        raise InvalidInput("crosswalk.no-count", field=field, name=name)
    for id_, value in zip(areas.ids, values, strict=True):
        whole = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (whole and math.isfinite(value) and value >= 0):
            raise InvalidInput("crosswalk.count", field=field, name=name, id=id_, value=value)
    return np.array([value or 0 for value in values], dtype=float)


def _shape(geometry: object, field: str, index: int) -> shapely.Geometry | None:
    if geometry is None:
        return None
    try:
        return shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise InvalidInput("crosswalk.feature", field=field, index=index + 1, reason=str(error)) from error
