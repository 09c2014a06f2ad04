"""The one query builder: from a request and a layer to statements. Pure, so its tests need no database."""

from __future__ import annotations

import re

import shapely

from geo.crs import STORED_SRID, axes_inverted, srid_of
from geo.errors import InvalidInput
from layers.catalogue.layer import Layer
from layers.database.sqltext import Sql, all_of, cast, joined, name
from layers.database.versions import version_name
from layers.features.cql2_spatial import stored_wkb
from layers.features.cql2_temporal import moment_sql
from layers.features.items_request import ItemsRequest
from layers.features.moments import Period
from layers.heat.heat_request import HEAT, heat_request
from layers.heat.sums import heat_rows
from layers.records.search import search_conditions

_CELL = re.compile(r"[0-9a-f]{15}\Z")


def table(layer: Layer) -> str:
    """The layer's table, with its schema."""
    return f"wangge.{name(layer.table)}"


def source(layer: Layer, request: ItemsRequest) -> Sql:
    """FROM item of a layer's rows: its table, or what is summed for this request."""
    if layer.id != HEAT:
        return Sql(table(layer))
    within = [] if request.bbox is None else [bbox_condition(request.bbox, request.bbox_crs)]
    within += [_is_cell(value) for column, value in request.equals if column == "cell"]
    return heat_rows(heat_request(request), within)


def _is_cell(value: object) -> Sql:
    return Sql("cell = %s::bigint", (int(str(value), 16),)) if _CELL.match(str(value)) else Sql("false")


def conditions(layer: Layer, request: ItemsRequest) -> list[Sql]:
    """What every feature of the request fulfils, wherever the page stands."""
    found = []
    if request.bbox is not None:
        found.append(bbox_condition(request.bbox, request.bbox_crs))
    # the rows of case heat are those of the period already
    if request.period is not None and layer.id != HEAT:
        found += time_conditions(layer, request.period)
    elif layer.current_only and not _asks_for_time(layer, request):
        found.append(Sql(f"{name(layer.time[1])} is null"))
    for column, value in request.equals:
        found.append(_equality(layer, column, value))
    if request.condition is not None:
        found.append(request.condition.sql)
    if request.search is not None:
        found += search_conditions(request.search)
    return found


def ids_statement(layer: Layer, request: ItemsRequest, *, counting: bool = False) -> Sql:
    """Row numbers of a page and one more, each with the version of the row and of the layer.

    Columns are ``fid``, the row's ``xmin``, the layer's version, with ``counting`` how many features all pages have
    together (else null), and the sort keys as text.
    """
    found = conditions(layer, request)
    count = Sql("null::bigint")
    if counting:
        # in the same message: a count of its own would cost a second round trip and a second plan
        count = Sql("(select count(*) from") + source(layer, request) + all_of(found) + Sql(")")
    if request.after is not None:
        found.append(_after_condition(layer, request.sortby, request.after))
    # under names of their own: ORDER BY takes the name of an output column first, and the text of a number sorts
    # otherwise
    keys = "".join(f", {name(column)}::text as key_{place}" for place, (column, _) in enumerate(request.sortby))
    version = Sql("(select version from wangge.layer_versions where layer = %s::text)", (version_name(layer),))
    statement = Sql("select fid, xmin,") + version + Sql(",") + count + Sql(f"as matched{keys} from")
    statement += source(layer, request) + all_of(found)
    return statement + _paging(request, request.limit + 1)


def rows_statement(layer: Layer, request: ItemsRequest, columns: str) -> Sql:
    """Rows of every feature of a request, in its order: what a file is made from.

    Parameters
    ----------
    columns : str
        SQL expressions of names that `layers.database.sqltext.name` let pass.
    """
    found = conditions(layer, request)
    if request.after is not None:
        found.append(_after_condition(layer, request.sortby, request.after))
    return Sql(f"select {columns} from") + source(layer, request) + all_of(found) + _paging(request, request.limit)


def _paging(request: ItemsRequest, limit: int) -> Sql:
    order = "".join(f"{name(column)} {'desc' if falls else 'asc'} nulls last, " for column, falls in request.sortby)
    return Sql(f"order by {order}fid limit %s::bigint offset %s::bigint", (limit, request.offset))


def count_statement(layer: Layer, request: ItemsRequest) -> Sql:
    """How many features the request has on all its pages."""
    return Sql("select count(*) from") + source(layer, request) + all_of(conditions(layer, request))


def id_statement(layer: Layer, id_: str, request: ItemsRequest) -> Sql:
    """Row number, row version and layer's version of one feature; the request says in which rows it stands."""
    version = Sql("(select version from wangge.layer_versions where layer = %s::text)", (version_name(layer),))
    return (
        Sql("select fid, xmin,")
        + version
        + Sql("from")
        + source(layer, request)
        + Sql(f"where {name(layer.id_field)} = %s::text", (id_,))
    )


def bounds_statement(layer: Layer) -> Sql:
    """West, south, east, north of all features, and the first and last moment."""
    first, last = (name(layer.time[0]), name(layer.time[-1])) if layer.time else ("null::text", "null::text")
    corners = "st_xmin(box), st_ymin(box), st_xmax(box), st_ymax(box)"
    extent = Sql("select st_extent(geom) as box from") + source(layer, ItemsRequest())
    # of case heat a month a row, so that the first and the last are known
    spread = ItemsRequest(sortby=(("month", False),)) if layer.id == HEAT else ItemsRequest()
    times = Sql(f"select min({first}) as first, max({last}) as last from") + source(layer, spread)
    return (
        Sql(f"select {corners}, first::text, last::text from (")
        + extent
        + Sql(") as extent, (")
        + times
        + Sql(") as times")
    )


def days_statement(layer: Layer) -> Sql:
    """Days on which a feature of a layer began or ended, as text, the earliest first."""
    edges = joined((Sql(f"select {name(column)} as day from {table(layer)}") for column in layer.time), " union ")
    return Sql("select day::text from (") + edges + Sql(") as edges where day is not null order by day")


def bbox_condition(bbox: tuple[float, ...], crs: str) -> Sql:
    """Features that touch a box of any offered CRS.

    A box of a projected CRS is no box in degrees: it is cut up and moved, so that the features are those inside the box
    that was drawn.
    """
    a, b, c, d = bbox
    if axes_inverted(crs):
        a, b, c, d = b, a, d, c
    if b > d:
        raise InvalidInput("query.bbox-order", value=",".join(f"{number:g}" for number in bbox))
    in_degrees = srid_of(crs) in (4326, STORED_SRID)
    if in_degrees and a < c and b < d:
        marks = ", ".join(["%s::double precision"] * 4)
        literal = Sql(f"st_makeenvelope({marks}, {STORED_SRID})", (a, b, c, d))
        return Sql("geom &&") + literal + Sql("and st_intersects(geom,") + literal + Sql(")")
    if a <= c:
        box = shapely.box(a, b, c, d) if (a < c and b < d) else _thin(a, b, c, d)
    elif in_degrees:
        # west greater than east: the box goes over the antimeridian
        box = shapely.union_all([shapely.box(a, b, 180.0, d), shapely.box(-180.0, b, c, d)])
    else:
        raise InvalidInput("query.bbox-order", value=",".join(f"{number:g}" for number in bbox))
    if axes_inverted(crs):
        box = shapely.transform(box, lambda points: points[:, ::-1])
    literal = Sql(f"st_geomfromwkb(%s::bytea, {STORED_SRID})", (stored_wkb(box, crs),))
    return Sql("geom &&") + literal + Sql("and st_intersects(geom,") + literal + Sql(")")


def time_conditions(layer: Layer, period: Period) -> list[Sql]:
    """What holds of a layer's features in a period; nothing for a layer without time, as the standard wants it."""
    if not layer.time:
        return []
    first, last = layer.time[0], layer.time[-1]
    kind = (layer.field(first) or layer.fields[0]).type
    found = []
    if period.end is not None:
        end = Sql(f"{name(first)} <=") + moment_sql(period.end, kind)
        # a beginning that nobody knows is before any day
        found.append(Sql(f"{name(first)} is null or") + end if len(layer.time) == 2 else end)
    if period.start is not None:
        start = moment_sql(period.start, kind)
        if len(layer.time) == 2:
            found.append(Sql(f"{name(last)} is null or {name(last)} >") + start)
        else:
            found.append(Sql(f"{name(last)} >=") + start)
    return found


def _thin(a: float, b: float, c: float, d: float) -> shapely.Geometry:
    return shapely.Point(a, b) if (a, b) == (c, d) else shapely.LineString([(a, b), (c, d)])


def _asks_for_time(layer: Layer, request: ItemsRequest) -> bool:
    named = {column for column, _ in request.equals} | (request.condition.names if request.condition else frozenset())
    return bool(named & set(layer.time))


def _equality(layer: Layer, column: str, value: object) -> Sql:
    field = layer.field(column) or layer.fields[0]
    if isinstance(value, Period):
        edges = ((value.start, ">="), (value.end, "<="))
        return joined(
            (Sql(f"{name(column)} {op}") + moment_sql(edge, field.type) for edge, op in edges if edge), " and "
        )
    if field.type == "array":
        return Sql(f"%s::text = any({name(column)})", (value,))
    return Sql(f"{name(column)} =") + cast(value, field.type)


def _after_condition(layer: Layer, sortby: tuple[tuple[str, bool], ...], after: tuple[object, ...]) -> Sql:
    """Features behind the last one of the page before, in the order of the request with nulls last."""
    same: list[Sql] = []
    branches = []
    for (column, falls), value in zip(sortby, after, strict=False):
        kind = (layer.field(column) or layer.fields[0]).type
        if value is None:
            same.append(Sql(f"{name(column)} is null"))
            continue
        beyond = (
            Sql(f"({name(column)} {'<' if falls else '>'}") + cast(value, kind) + Sql(f"or {name(column)} is null)")
        )
        branches.append(joined([*same, beyond], " and "))
        same.append(Sql(f"{name(column)} =") + cast(value, kind))
    branches.append(joined([*same, Sql("fid > %s::bigint", (after[-1],))], " and "))
    return joined((Sql(f"({branch.text})", branch.values) for branch in branches), " or ")
