"""A grid as a client sends it, read into the columns of the working copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage.soundness import check_soundness, polygonal
from geo.crs import STORED_SRID, axes_inverted, project, srid_of
from geo.errors import InvalidInput
from geo.measuring import Plane
from layers.catalogue.changes import GRID_EDITS
from layers.catalogue.layer import Field
from layers.loading.personal_data import masked, personal_data
from layers.text import Text
from layers.texts import texts

WRITTEN: Final = tuple(field for field in GRID_EDITS.fields if field.written)
"""What clients write, besides the geometry."""

_DECIMALS: Final = 10
"""Of degrees: what is computed twice differs beyond them."""

_CHINA: Final = (73.0, 3.0, 136.5, 54.0)
_GREATEST: Final = {"population": 2**31 - 1}
_GREATEST_COUNT: Final = 2**15 - 1
_LONGEST: Final = 200
_LONGEST_BY_FIELD: Final = {"village_code": 12}


@dataclass(frozen=True)
class SentFeature:
    """What a feature says.

    Attributes
    ----------
    id : str or None
        As it was sent; an address comes before it.
    values : dict of str to object
        Written fields that it names, by name.
    geometry : shapely MultiPolygon or None
        EPSG:4490, longitude first; None when it says none.
    says_geometry : bool
        Whether it has the member at all, be it null.
    """

    id: str | None
    values: dict[str, Any]
    geometry: shapely.MultiPolygon | None
    says_geometry: bool


def read_feature(content: object, crs: str) -> SentFeature:
    """Read a GeoJSON feature, or a merge patch of one.

    Parameters
    ----------
    content : object
        As it came out of the JSON.
    crs : str
        URI of the CRS of its coordinates, which come in its axis order.

    Raises
    ------
    InvalidInput
        Naming the property and its value, or the place where the polygon is not valid.

    Examples
    --------
    >>> read_feature({"properties": {"name": "一号", "area_m2": 3}}, "http://www.opengis.net/def/crs/OGC/1.3/CRS84")
    SentFeature(id=None, values={'name': '一号'}, geometry=None, says_geometry=False)
    """
    if not isinstance(content, Mapping) or content.get("type", "Feature") != "Feature":
        raise InvalidInput("edit.not-a-feature")
    properties = content.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise InvalidInput("edit.not-a-feature")
    unknown = [name for name in properties if GRID_EDITS.field(str(name)) is None]
    if unknown:
        known = ", ".join(field.name for field in WRITTEN)
        raise InvalidInput("edit.property", property=str(unknown[0])[:60], known=known)
    values = {field.name: _value(field, properties[field.name]) for field in WRITTEN if field.name in properties}
    id_ = content.get("id")
    shape = content.get("geometry")
    geometry = None if shape is None else read_geometry(shape, crs)
    return SentFeature(None if id_ is None else str(id_), values, geometry, "geometry" in content)


def read_geometry(content: object, crs: str) -> shapely.MultiPolygon:
    """A GeoJSON polygon in EPSG:4490.

    Raises
    ------
    InvalidInput
        When it is no polygon, lies outside of China, or is not valid; it names the place in degrees.
    """
    try:
        shape = shapely.from_geojson(json.dumps(content))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise InvalidInput("edit.geometry", reason=str(error)[:100]) from error
    if shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
        raise InvalidInput("edit.no-polygon", type=shape.geom_type)
    shape = shapely.force_2d(shape)
    if axes_inverted(crs):
        shape = shapely.transform(shape, lambda points: points[:, ::-1])
    (shape,) = project(np.array([shape], dtype=object), srid_of(crs), STORED_SRID)
    west, south, east, north = shape.bounds
    if not (_CHINA[0] <= west and _CHINA[1] <= south and east <= _CHINA[2] and north <= _CHINA[3]):
        raise InvalidInput("edit.outside-china", x=shape.bounds[0], y=shape.bounds[1], crs=crs)
    polygons, found = check_soundness([shape], [""])
    for finding in found:
        if finding.kind == "invalid":
            reason = f"reason.{finding.values['reason']}"
            said = texts().get(reason, Text(reason, reason))
            raise InvalidInput("edit.invalid", reason=said, x=finding.values["x"], y=finding.values["y"])
    whole = rounded(polygons[0])
    return whole if whole.geom_type == "MultiPolygon" else shapely.MultiPolygon([whole])


def rounded(shape: BaseGeometry, plane: Plane | None = None) -> BaseGeometry:
    """A valid polygon in degrees with as many decimals as differ on the ground, and valid still.

    To round each vertex, or to move it into a plane, may fold a needle over; then the polygon is put as a whole onto a
    grid: of the decimals that are kept, or where that does not do of a tenth of a millimetre, or a millimetre.

    Parameters
    ----------
    shape : shapely geometry
        Valid.
    plane : Plane, optional
        Where it has to be valid as well.
    """
    plain = shapely.transform(shape, lambda points: np.round(points, _DECIMALS))
    for decimals in (_DECIMALS, _DECIMALS - 1, _DECIMALS - 2):
        there = plain if plane is None else plane.flat(np.array([plain], dtype=object))[0]
        if plain.is_valid and there.is_valid and not plain.is_empty:
            return plain
        (plain,) = polygonal(np.array([shapely.set_precision(shape, 10.0**-decimals)], dtype=object))
    return shape


def _value(field: Field, value: object) -> Any:
    """A property's value as its column holds it."""
    if value is None:
        return None
    if field.type == "integer":
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidInput("edit.whole-number", property=field.name, value=str(value)[:40], most=_most(field))
        if not 0 <= value <= _most(field):
            raise InvalidInput("edit.whole-number", property=field.name, value=str(value)[:40], most=_most(field))
        return value
    longest = _LONGEST_BY_FIELD.get(field.name, _LONGEST)
    if not isinstance(value, str) or "\x00" in value or len(value) > longest:
        shown = str(value).replace("\x00", " ")[:40]
        raise InvalidInput("edit.text", property=field.name, value=shown, longest=longest)
    if field.values and value not in {code for code, _ in field.values}:
        raise InvalidInput(
            "edit.coded", property=field.name, value=value[:40], known=", ".join(code for code, _ in field.values)
        )
    if field.name == "village_code" and not (len(value) == 12 and value.isascii() and value.isdigit()):
        raise InvalidInput("edit.village", value=value[:40])
    if field.name != "village_code" and personal_data(value):
        raise InvalidInput("edit.personal", property=field.name, value=masked(value)[:40])
    return value.strip() or None


def _most(field: Field) -> int:
    return _GREATEST.get(field.name, _GREATEST_COUNT)
