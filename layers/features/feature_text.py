"""How PostgreSQL writes a feature as GeoJSON text."""

from __future__ import annotations

from geo.crs import CRS84_URI, STORED_SRID, axes_inverted, srid_of
from layers.catalogue.layer import Field, Layer
from layers.database.sqltext import Sql, name
from layers.features.items_request import ItemsRequest
from layers.features.jsonfg_text import place_texts, time_text
from layers.features.query import source
from layers.features.record_text import CONFORMS_TO, PROPERTIES
from layers.heat.heat_request import HEAT, heat_request

_DEGREE_DIGITS = 8
_METRE_DIGITS = 4


def variant(layer: Layer, request: ItemsRequest) -> tuple[object, ...]:
    """What the text of a feature hangs on besides its row: two requests of one variant share the texts."""
    same = (layer.id, request.crs, request.properties, request.geometry, request.profile)
    return same if layer.id != HEAT else (*same, heat_request(request))


def features_statement(layer: Layer, request: ItemsRequest, fids: list[int]) -> Sql:
    """Row number, row version and GeoJSON text of features.

    Text is put together from its parts: on a row of 15 fields this is a third of the time that PostgreSQL's own
    ``row_to_json`` takes.
    """
    text = requested_text(layer, request)
    chosen = Sql("where fid = any(%s::bigint[])", (fids,))
    return Sql(f"select fid, xmin, {text} from") + source(layer, request) + chosen


def requested_text(layer: Layer, request: ItemsRequest) -> str:
    """`feature_text` as a request asks for it."""
    return feature_text(layer, request.crs, request.properties, geometry=request.geometry, profile=request.profile)


def feature_text(
    layer: Layer,
    crs: str,
    properties: tuple[str, ...] | None = None,
    *,
    geometry: bool = True,
    profile: str = "rfc7946",
) -> str:
    """SQL expression of a feature's GeoJSON text.

    Parameters
    ----------
    layer : Layer
        The catalogue's entry; its names alone enter the expression.
    crs : str
        URI of the CRS of the coordinates, in its axis order: 8 decimals of a degree (1 mm), 4 of a metre.
    properties : tuple of str, optional
        Fields to show; all when not given.
    geometry : bool
        False writes ``null``.
    profile : str
        One of `layers.features.items_request.PROFILES`; those of JSON-FG have a time and a place.
    """
    shown = [field for field in layer.fields if properties is None or field.name in properties]
    members = []
    for position, field in enumerate(shown):
        members.append(f"'{',' if position else ''}\"{field.name}\":'")
        members.append(_value(field))
    shape = f"coalesce({geometry_text(layer, crs)}, 'null')" if geometry else "'null'"
    more = []
    if profile != "rfc7946":
        degrees = f"coalesce({geometry_text(layer, CRS84_URI)}, 'null')" if geometry else "'null'"
        shape, place = place_texts(degrees, shape, crs, profile)
        more = ["',\"place\":'", place, "',\"time\":'", time_text(layer)]
    if layer.record:
        # JSON-FG has a conformsTo of its own, at the root alone
        more = more or [CONFORMS_TO, "',\"time\":'", time_text(layer)]
        members.append(PROPERTIES)
    parts = [
        '\'{"type":"Feature","id":\'',
        f"to_json({name(layer.id_field)})",
        "',\"geometry\":'",
        shape,
        *more,
        "',\"properties\":{'",
        *members,
        "'}}'",
    ]
    return f"concat({', '.join(parts)})"


def geometry_text(layer: Layer, crs: str) -> str:
    """SQL expression of a feature's geometry as GeoJSON text in a CRS."""
    srid = srid_of(crs)
    shape = "geom" if layer.geometry_type == "Point" else "st_forcepolygonccw(geom)"
    if srid not in (4326, STORED_SRID):
        shape = f"st_transform({shape}, {srid})"
    if axes_inverted(crs):
        shape = f"st_flipcoordinates({shape})"
    digits = _DEGREE_DIGITS if srid in (4326, STORED_SRID) else _METRE_DIGITS
    return f"st_asgeojson({shape}, {digits}, 0)"


def _value(field: Field) -> str:
    """SQL expression of a field's JSON text. Numbers and booleans read the same in both, and to_json costs more."""
    column = name(field.name)
    if field.type in ("integer", "boolean"):
        return f"coalesce({column}::text, 'null')"
    return f"coalesce(to_json({column})::text, 'null')"
