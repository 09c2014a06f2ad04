"""How PostgreSQL writes a feature as JSON-FG: GeoJSON with its time, and its place in any CRS.

OGC Features and Geometries JSON, Part 1 (21-045r1), clauses 8 and 13.
"""

from __future__ import annotations

from typing import Any

from geo.crs import CRS84_URI
from layers.catalogue.layer import Layer
from layers.database.sqltext import name

CONFORMS_TO = tuple(f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{part}" for part in ("core", "types-schemas"))
PROFILE_URI = "http://www.opengis.net/def/profile/OGC/0/"
_DIMENSIONS = {"Point": 0, "Polygon": 2, "MultiPolygon": 2}


def root_members(layer: Layer, crs: str, schema: str | None = None) -> dict[str, Any]:
    """Members of the root object beside those of GeoJSON, whether it is a collection or one feature.

    Parameters
    ----------
    layer : Layer
        Its id is the feature type.
    crs : str
        URI of the CRS of the places.
    schema : str, optional
        Address of the schema, where the service is known.
    """
    members: dict[str, Any] = {"conformsTo": list(CONFORMS_TO), "featureType": layer.id}
    if schema is not None:
        members["featureSchema"] = schema
    if crs != CRS84_URI:
        members["coordRefSys"] = crs
    return members


def collection_members(layer: Layer, crs: str, schema: str | None = None) -> dict[str, Any]:
    """`root_members` of a collection, with the dimension that all its geometries have."""
    members = root_members(layer, crs, schema)
    if layer.geometry_type in _DIMENSIONS:
        members["geometryDimension"] = _DIMENSIONS[layer.geometry_type]
    return members


def place_texts(in_degrees: str, in_crs: str, crs: str, profile: str) -> tuple[str, str]:
    """SQL expressions of ``geometry`` and ``place``.

    What lies in degrees of WGS 84 has to stand in ``geometry``; anything else in ``place``, with ``geometry`` null or,
    for readers of plain GeoJSON, in degrees.
    """
    if crs == CRS84_URI:
        return in_degrees, "'null'"
    return (in_degrees if profile == "jsonfg-plus" else "'null'"), in_crs


def time_text(layer: Layer) -> str:
    """SQL expression of ``time``: an instant as a date or a UTC moment, a period or a validity as an interval.

    Both ends of an interval belong to it, so a feature that is no longer valid on a day ends on the day before.
    """
    if not layer.time:
        return "'null'"
    first, last = name(layer.time[0]), name(layer.time[-1])
    field = layer.field(layer.time[0])
    days = field is not None and field.type == "date"
    if len(layer.time) == 2:
        # one that ended on the day it began was never valid
        end = f"greatest({last} - 1, {first})" if layer.current_only and days else last
        begin, end = (f"{edge}::text" if days else _moment(edge) for edge in (first, end))
        edges = f"coalesce({begin}, '..'), case when {last} is null then '..' else {end} end"
        text = f"jsonb_build_object('interval', jsonb_build_array({edges}))::text"
    elif days:
        text = f"jsonb_build_object('date', {first})::text"
    else:
        text = f"jsonb_build_object('timestamp', {_moment(first)})::text"
    return f"case when coalesce({first}, {last}) is null then 'null' else {text} end"


def _moment(column: str) -> str:
    """A moment in UTC as the clause wants it."""
    return f"""to_char({column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
