"""Statements that make vector tiles in PostGIS. Pure, as the query builder is."""

from __future__ import annotations

from functools import lru_cache

from geo.crs import STORED_SRID, transformer
from layers.catalogue.layer import Layer
from layers.database.sqltext import Sql, all_of, name
from layers.features.items_request import ItemsRequest
from layers.features.query import conditions, table
from layers.heat.heat_request import HEAT, heat_request
from layers.heat.sums import heat_rows
from layers.tiles.matrix import TileMatrixSet

Bounds = tuple[float, float, float, float]

EXTENT = 4096
_BUFFER = 64
_MOST_FEATURES = 50_000
CASES_FROM_ZOOM = 13
"""From here on a tile shows cases; above it their counts, since a tile of a whole city of points can't be drawn."""

_RESOLUTION_FROM_ZOOM = ((15, 10), (13, 9), (11, 8), (9, 7), (0, 6))
"""H3 resolution of the counts from a zoom on: cells of 10 to 40 pixels."""

_WHOLE_FROM_ZOOM = 12
"""From here on a border's vertices lie further apart than the units of a tile."""

_ROUNDED_ZOOMS = range(12, 14)
"""Where a tile holds many whole grids; further in nearly every grid goes over an edge and has to be cut."""

_COUNTED_COLUMNS = {"category", "type_code", "township_code"}


def tile_statement(layer: Layer, matrix: TileMatrixSet, zoom: int, row: int, column: int, request: ItemsRequest) -> Sql:
    """Statement whose one value is the tile's MVT; empty where the tile has no feature.

    Parameters
    ----------
    layer : Layer
        The collection; it is the name of the tile's layer too.
    matrix : TileMatrixSet
        How the ground is cut.
    zoom, row, column : int
        The tile.
    request : ItemsRequest
        Its period, property filters and filter choose the features.
    """
    bounds = matrix.bounds(zoom, row, column)
    if layer.id == "cases" and zoom < CASES_FROM_ZOOM:
        rows = _case_cells(layer, matrix, bounds, zoom, request)
    elif layer.id == HEAT:
        rows = _heat_cells(layer, matrix, bounds, zoom, request)
    else:
        rows = _rows(layer, matrix, bounds, zoom, request)
    return (
        Sql(f"select st_asmvt(tile, %s::text, {EXTENT}, 'shape', 'fid') from (", (layer.id,))
        + rows
        + Sql(") as tile where shape is not null")
    )


def _rows(layer: Layer, matrix: TileMatrixSet, bounds: Bounds, zoom: int, request: ItemsRequest) -> Sql:
    """A feature a row, with the catalogue's tile fields."""
    columns = "".join(f", {name(field)}" for field in layer.tile_fields)
    shape = Sql(_column(matrix))
    if layer.geometry_type != "Point" and zoom < _WHOLE_FROM_ZOOM:
        # vertices closer than half a unit of the tile fall together anyway, and each costs its cutting
        shape = Sql(f"st_simplify({shape.text}, %s::double precision, true)", ((bounds[2] - bounds[0]) / EXTENT / 2,))
    chosen = [_touches("geom", matrix, bounds), *conditions(layer, request)]
    drawn = _cut(shape, matrix, bounds)
    if layer.geometry_type == "MultiPolygon" and matrix.srid != STORED_SRID and zoom in _ROUNDED_ZOOMS:
        drawn = _rounded_where_safe(drawn, bounds)
    statement = Sql(f"select fid{columns},") + drawn + Sql(f"as shape from {table(layer)}")
    return statement + all_of(chosen) + Sql(f"limit {_MOST_FEATURES}")


def _case_cells(layer: Layer, matrix: TileMatrixSet, bounds: Bounds, zoom: int, request: ItemsRequest) -> Sql:
    """Counts of cases at the middle of their H3 cells: from the kept counts where these know what is asked, else
    counted.
    """
    resolution = _resolution(zoom)
    asked = {column for column, _ in request.equals}
    if request.condition is None and asked <= _COUNTED_COLUMNS:
        source, amount = "wangge.case_counts as counted", "sum(count)"
        chosen = conditions(layer, ItemsRequest(equals=request.equals))
        if request.period is not None:
            # counts are kept a day; a period that begins or ends within one takes all of it
            chosen += [
                Sql(f"day {op} wangge.day_of(%s::timestamptz)", (edge,))
                for op, edge in ((">=", request.period.start), ("<=", request.period.end))
                if edge is not None
            ]
    else:
        source, amount = f"{table(layer)} as counted", "count(*)"
        chosen = conditions(layer, request)
    # by the shape of the cell that is drawn: by its children alone a cell at the tile's edge would be counted in part,
    # and differently in each of two tiles
    drawn = Sql("cell_drawn in (select cell from wangge.h3_cells") + all_of(
        [Sql("resolution = %s::smallint", (resolution,)), _touches("h3_cells.geom", matrix, bounds)]
    ) + Sql(")")
    inner = (
        Sql(
            f"select cell_drawn, {amount} as count from {source},"
            " lateral (select wangge.h3_parent(counted.cell, %s) as cell_drawn) as parents",
            (resolution,),
        )
        + all_of([drawn, *chosen])
    )
    return (
        Sql(
            "select (cells.cell >> %s) & 17179869183 as fid, to_hex(cells.cell) as cell,"
            " counts.count::bigint as count,",
            (3 * (15 - resolution),),
        )
        + _cut(_moved("st_centroid(cells.geom)", matrix), matrix, bounds)
        + Sql("as shape from (")
        + inner
        + Sql("group by 1) as counts join wangge.h3_cells as cells on cells.cell = counts.cell_drawn")
    )


def _heat_cells(layer: Layer, matrix: TileMatrixSet, bounds: Bounds, zoom: int, request: ItemsRequest) -> Sql:
    """A cell of the zoom's resolution once, with the sum over what was asked for."""
    rows = heat_rows(heat_request(request, _resolution(zoom)), [_touches("geom", matrix, bounds)])
    inner = Sql(f"select cell, min({_column(matrix)}) as shape, sum(count)::bigint as count from") + rows
    inner += all_of(conditions(layer, request))
    return (
        Sql("select (('x' || lpad(cell, 16, '0'))::bit(64)::bigint >> 18) & 17179869183 as fid, cell, count,")
        + _cut(Sql("cells.shape"), matrix, bounds)
        + Sql("as shape from (")
        + inner
        + Sql("group by cell) as cells")
    )


def _resolution(zoom: int) -> int:
    """Resolution of the cells that a zoom shows."""
    return next(resolution for least, resolution in _RESOLUTION_FROM_ZOOM if zoom >= least)


def _column(matrix: TileMatrixSet) -> str:
    """Column that holds a layer's shapes in the CRS of a matrix."""
    return "geom" if matrix.srid == STORED_SRID else "mercator"


def _moved(expression: str, matrix: TileMatrixSet) -> Sql:
    """A shape of no column, in the CRS of a matrix."""
    return Sql(expression if matrix.srid == STORED_SRID else f"st_transform({expression}, {matrix.srid})")


def _cut(shape: Sql, matrix: TileMatrixSet, bounds: Bounds) -> Sql:
    """The geometry in the tile's own units, cut at its buffered edge."""
    envelope = ", ".join(["%s::double precision"] * 4)
    return Sql(
        f"st_asmvtgeom({shape.text}, st_makeenvelope({envelope}, {matrix.srid}), {EXTENT}, {_BUFFER}, true)",
        (*shape.values, *bounds),
    )


def _rounded_where_safe(drawn: Sql, bounds: Bounds) -> Sql:
    """Shapes that lie whole in the tile and stay valid when rounded are only scaled; the others are cut and mended.

    Cutting and mending takes two thirds of a tile. Rounding moves a vertex by at most half the diagonal of a unit, and
    two parts of a border can meet only when the minimum clearance is no more than twice that.
    """
    unit = (bounds[2] - bounds[0]) / EXTENT
    west, south, east, north = bounds
    margin = _BUFFER * unit
    marks = ", ".join(["%s::double precision"] * 4)
    inside = Sql(
        f"case when clearance > %s::double precision and mercator @ st_makeenvelope({marks}, 3857)",
        (unit * 1.4143, west - margin, south - margin, east + margin, north + margin),
    )
    scaled = Sql(
        "then st_snaptogrid(st_affine(mercator, %s::double precision, 0, 0, -%s::double precision, "
        "%s::double precision, %s::double precision), 1)",
        (1 / unit, 1 / unit, -west / unit, north / unit),
    )
    return inside + scaled + Sql("else") + drawn + Sql("end")


def _touches(column: str, matrix: TileMatrixSet, bounds: Bounds) -> Sql:
    """Rows whose box touches the tile's buffered box, by the index."""
    marks = ", ".join(["%s::double precision"] * 4)
    return Sql(f"{column} && st_makeenvelope({marks}, {STORED_SRID})", _degrees(matrix.srid, bounds))


@lru_cache(maxsize=10_000)
def _degrees(srid: int, bounds: Bounds) -> Bounds:
    """A tile's buffered box in the stored CRS. Both sets of tiles run along its axes, so two corners tell it."""
    margin = (bounds[2] - bounds[0]) * _BUFFER / EXTENT
    west, south, east, north = bounds[0] - margin, bounds[1] - margin, bounds[2] + margin, bounds[3] + margin
    if srid != STORED_SRID:
        (west, east), (south, north) = transformer(srid, STORED_SRID).transform([west, east], [south, north])
    return west, south, east, north
