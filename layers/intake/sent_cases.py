"""Cases as a client sends them, made into rows: GeoJSON features with the fields of the layer and nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import shape

from geo.crs import CRS84_URI, STORED_SRID, axes_inverted, project, srid_of
from geo.errors import InvalidInput
from layers.catalogue.cases import CASES
from layers.loading.converting import Converter
from layers.loading.personal_data import masked, personal_data, personal_field
from layers.loading.reference import Reference
from layers.loading.rejects import Problem
from layers.loading.rows import Found, Rows, make_rows
from layers.loading.rules import rule_of

MOST_CASES: Final = 10_000
"""Cases of one request; more go in by ``load``."""

REQUIRED: Final = (
    "case_no", "category", "type_code", "type_name", "channel", "state", "reported_at", "township_code",
)  # fmt: skip


def read_features(content: Any) -> list[dict[str, Any]]:
    """The features of a body: a Feature, or a FeatureCollection.

    Raises
    ------
    InvalidInput
        When it is neither, has no feature or more than `MOST_CASES`.
    """
    features = content.get("features") if _is(content, "FeatureCollection") else [content]
    if not isinstance(features, list) or not features or not all(_is(feature, "Feature") for feature in features):
        raise InvalidInput("intake.no-features")
    if len(features) > MOST_CASES:
        raise InvalidInput("intake.too-many", count=len(features), most=MOST_CASES)
    return features


def make_cases(
    features: Sequence[dict[str, Any]], crs: str, reference: Reference, *, strip: bool
) -> tuple[Rows, list[str]]:
    """Rows of cases.

    Parameters
    ----------
    features : sequence of dict
        From `read_features`.
    crs : str
        URI of the CRS of the points, in its axis order.
    reference : Reference
        What the database knows.
    strip : bool
        Leave fields out that cases don't have, personal ones above all; else they stand against their case.

    Returns
    -------
    Rows
        With what stands against them, by the position of the feature.
    list of str
        Names of the fields that were left out.
    """
    problems: list[Found] = []
    stripped: set[str] = set()
    given: dict[str, list[Any]] = {name: [] for name in CASES.names}
    geometries = np.empty(len(features), dtype=object)
    for at, feature in enumerate(features):
        properties = feature.get("properties") or {}
        if not isinstance(properties, dict):
            properties = {}
            problems.append((at, "properties", None, Problem("load.reject-missing")))
        # a feature's id is its number, as this service itself writes it
        properties = {"case_no": feature.get("id")} | properties
        for name, value in properties.items():
            if name in given:
                continue
            if strip:
                stripped.add(name)
            else:
                problems.append((at, name, None, _unknown(name, value)))
        for name, column in given.items():
            column.append(properties.get(name))
        geometries[at] = _geometry(feature.get("geometry"))
    converters = {
        field.name: Converter(field, rule_of(CASES.id, field.name), field.name, own_number=field.name == CASES.id_field)
        for field in CASES.fields
    }
    rows = make_rows(CASES, given, converters, _stored(geometries, crs), reference, CASES.names, REQUIRED, problems)
    return rows, sorted(stripped)


def _unknown(name: str, value: object) -> Problem:
    """Why a field that cases don't have stands against one; what a person may be known by is not repeated."""
    kind = personal_field(name)
    if kind:
        return Problem("load.reject-personal", {"kind": kind})
    found = personal_data(value) if isinstance(value, str) else None
    return Problem(f"load.reject-{found}", hidden=masked(str(value))) if found else Problem("load.reject-unknown")


def _is(content: Any, kind: str) -> bool:
    return isinstance(content, dict) and content.get("type") == kind


def _geometry(node: Any) -> shapely.Geometry | None:
    try:
        return None if node is None else shapely.force_2d(shape(node))
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, shapely.errors.ShapelyError):
        return None


def _stored(geometries: Any, crs: str) -> Any:
    """Points in the stored CRS, longitude first; what is no point stays as it is and is refused by its type."""
    if crs == CRS84_URI:
        return geometries
    if axes_inverted(crs):
        geometries = shapely.transform(geometries, lambda points: points[:, ::-1])
    srid = srid_of(crs)
    return geometries if srid in (4326, STORED_SRID) else project(geometries, srid, STORED_SRID)
