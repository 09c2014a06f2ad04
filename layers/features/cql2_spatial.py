"""Spatial functions of CQL2 on a layer's geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape

from geo.crs import STORED_SRID, axes_inverted, project, srid_of
from geo.errors import InvalidInput
from layers.database.sqltext import Sql

SPATIAL = {
    "s_intersects": "st_intersects",
    "s_equals": "st_equals",
    "s_disjoint": "st_disjoint",
    "s_touches": "st_touches",
    "s_within": "st_within",
    "s_overlaps": "st_overlaps",
    "s_crosses": "st_crosses",
    "s_contains": "st_contains",
}
_MIRRORED = {"s_within": "s_contains", "s_contains": "s_within"}


def spatial_condition(op: str, args: list[Any], crs: str) -> Sql:
    """Condition of one spatial function.

    Parameters
    ----------
    op : str
        A key of `SPATIAL`.
    args : list
        The layer's geometry and a written geometry, in either order.
    crs : str
        URI of the CRS of the written one, in its axis order.

    Raises
    ------
    InvalidInput
        When neither argument is the layer's geometry, or the other is no geometry.
    """
    ours = [isinstance(arg, dict) and arg.get("property") in ("geometry", "geom") for arg in args]
    if ours == [False, True]:
        return spatial_condition(_MIRRORED.get(op, op), args[::-1], crs)
    if ours != [True, False]:
        raise InvalidInput("query.filter-geometry", function=op)
    geometry = _geometry(args[1])
    most = (90.0, 180.0) if axes_inverted(crs) else (180.0, 90.0)
    if srid_of(crs) in (4326, STORED_SRID) and (np.abs(shapely.get_coordinates(geometry)) > most).any():
        raise InvalidInput("query.coordinates", crs=crs)
    written = stored_wkb(geometry, crs)
    literal = Sql(f"st_geomfromwkb(%s::bytea, {STORED_SRID})", (written,))
    exact = Sql(f"{SPATIAL[op]}(geom,") + literal + Sql(")")
    if op == "s_disjoint":
        return exact
    # the bounding boxes first and by themselves: only their operator reaches the index below a row-level rule
    return Sql("(geom &&") + literal + Sql("and") + exact + Sql(")")


def stored_wkb(geometry: shapely.Geometry, crs: str) -> bytes:
    """A client's geometry as WKB in the stored CRS, longitude first.

    Raises
    ------
    InvalidInput
        When its coordinates lie outside of what the CRS can hold.
    """
    if axes_inverted(crs):
        geometry = shapely.transform(geometry, lambda points: points[:, ::-1])
    srid = srid_of(crs)
    if srid not in (4326, STORED_SRID):
        # a straight edge of the client's CRS is curved in degrees, so it is cut up before it is moved
        span = max(geometry.bounds[2] - geometry.bounds[0], geometry.bounds[3] - geometry.bounds[1])
        if span > 0 and np.isfinite(span):
            geometry = shapely.segmentize(geometry, span / 16)
        geometry = project(np.array([geometry]), srid, STORED_SRID)[0]
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise InvalidInput("query.coordinates", crs=crs)
    return bytes(shapely.to_wkb(geometry))


def _geometry(node: Any) -> shapely.Geometry:
    try:
        if isinstance(node, dict) and isinstance(node.get("bbox"), list):
            numbers = [float(number) for number in node["bbox"]]
            if len(numbers) == 6:
                numbers = [*numbers[:2], *numbers[3:5]]
            west, south, east, north = numbers
            return shapely.box(west, south, east, north)
        geometry = shape(node)
        if geometry.is_empty:
            raise ValueError("empty geometry")
        if not geometry.is_valid:
            raise ValueError(shapely.is_valid_reason(geometry))
        return shapely.force_2d(geometry)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, shapely.errors.ShapelyError) as error:
        # what shapely says of a geometry helps; what Python says of a lookup in something else does not
        more = f": {error}" if isinstance(error, ValueError | shapely.errors.ShapelyError) else ""
        raise InvalidInput("query.filter", value=str(node)[:120], reason=f"not a geometry{more}") from error
