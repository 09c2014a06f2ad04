"""The query builder and the pages made from it, against plain SQL written here."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geo.crs import CRS84_URI, axes_inverted, uri_of
from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE
from layers.features.features import Features, Page
from layers.features.items_request import parse_items_request
from layers.features.query import bbox_condition, count_statement, id_statement, ids_statement
from layers.identity import Identity, acting
from layers.tiles.matrix import TILE_MATRIX_SETS
from layers.tiles.query import tile_statement

STAFF = Identity("staff", name="test")
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CITY = (119.9, 31.95, 120.35, 32.4)
CRS = {CRS84_URI: 4490, uri_of(4490): 4490, uri_of(4549): 4549, uri_of(3857): 3857}


@pytest.fixture(scope="module")
def features(city: Any) -> Features:
    return Features(city.api)


def rows(database: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Plain SQL as the owner, whom no row rule binds."""
    with database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def ids_of(page: Page) -> list[Any]:
    return [json.loads(text)["id"] for text in page.features]


# --- statements, without a database

MARKER = "Zq'7\"%s;--"


@pytest.mark.parametrize("matrix", TILE_MATRIX_SETS)
@pytest.mark.parametrize("layer_id", CATALOGUE)
@pytest.mark.parametrize(("filtered", "sorted_", "boxed"), list(product((False, True), repeat=3)))
def test_values_are_never_part_of_the_text(
    layer_id: str, matrix: str, filtered: bool, sorted_: bool, boxed: bool
) -> None:
    """As many placeholders as values, and what a client wrote stands in none of the statements."""
    layer = CATALOGUE[layer_id]
    column = next(field.name for field in layer.fields if field.type == "string")
    params = {column: MARKER}
    if filtered:
        quoted = MARKER.replace("'", "''")
        params |= {"filter": f"{column} = '{quoted}' OR {column} LIKE '{quoted}%' OR {column} IN ('{quoted}', 'x')"}
    if sorted_:
        params |= {"sortby": f"-{column}"}
    if boxed:
        params |= {"bbox": "119.123,31.456,120.789,32.012", "datetime": "2024-03-07/2025-09-11"}
    request = parse_items_request(layer, params)
    if sorted_:
        request = replace(request, after=(MARKER, 77_777))
    for statement in (
        ids_statement(layer, request),
        count_statement(layer, request),
        id_statement(layer, MARKER, request),
        tile_statement(layer, TILE_MATRIX_SETS[matrix], 14, 6636, 13655, replace(request, after=None)),
    ):
        assert statement.text.replace("%%", "").count("%s") == len(statement.values)
        assert statement.text.replace("%%", "").replace("%s", "").count("%") == 0
        for written in ("Zq", "77777", "119.123", "2024-03"):
            assert written not in statement.text


@pytest.mark.parametrize("crs", CRS)
def test_a_box_that_stands_the_wrong_way_round_is_refused(crs: str) -> None:
    falling = (32.4, 120.2, 31.9, 120.3) if axes_inverted(crs) else (120.2, 32.4, 120.3, 31.9)
    with pytest.raises(InvalidInput) as refused:
        bbox_condition(falling, crs)
    assert refused.value.key == "query.bbox-order"
    if CRS[crs] != 4490:  # only in degrees may west be greater than east: the box goes over the antimeridian
        backward = (1.0, 500.0, 2.0, 400.0) if axes_inverted(crs) else (500.0, 1.0, 400.0, 2.0)
        with pytest.raises(InvalidInput) as refused:
            bbox_condition(backward, crs)
        assert refused.value.key == "query.bbox-order"


# --- boxes


def box_in(srid: int, west: float, south: float, east: float, north: float) -> tuple[float, ...]:
    """A box of another CRS between two corners in degrees, x first."""
    move = Transformer.from_crs(4490, srid, always_xy=True).transform
    (left, bottom), (right, top) = move(west, south), move(east, north)
    # meridians lean in the projected ones, so a high and narrow box may have its corners the other way round
    return (min(left, right), bottom, max(left, right), top)


@pytest.mark.parametrize("layer_id", ["divisions", "grids", "cameras", "service-points"])
@pytest.mark.parametrize("crs", CRS, ids=lambda uri: uri.rsplit("/", 1)[-1])
def test_a_box_finds_what_touches_it(city: Any, features: Features, layer_id: str, crs: str) -> None:
    """PostGIS's own test in the box's CRS is the oracle; what lies on the edge to a metre may be on either side."""
    layer, srid = CATALOGUE[layer_id], CRS[crs]
    inverted = crs in (uri_of(4490), uri_of(4549))  # EPSG: latitude or northing first
    slack = 1e-5 if srid == 4490 else 1.0

    @FEW
    @given(
        st.floats(CITY[0], CITY[2]), st.floats(CITY[1], CITY[3]), st.floats(0.0005, 0.3), st.floats(0.0005, 0.3),
    )  # fmt: skip
    def check(west: float, south: float, width: float, height: float) -> None:
        box = box_in(srid, west, south, west + width, south + height)
        written = [box[1], box[0], box[3], box[2]] if inverted else box
        params = {"bbox": ",".join(map(repr, written)), "bbox-crs": crs, "limit": "10000"}
        with acting(STAFF):
            page = features.page(layer, parse_items_request(layer, params))
        found = set(ids_of(page))
        assert page.matched == len(found) == len(page.features)

        def touching(grown: float) -> set[Any]:
            edges = (box[0] - grown, box[1] - grown, box[2] + grown, box[3] + grown, srid)
            sql = (
                f"select {layer.id_field} from wangge.{layer.table} where st_intersects(st_transform(geom, {srid}),"  # noqa: S608
                " st_makeenvelope(%s, %s, %s, %s, %s))"
            )
            return {id_ for (id_,) in rows(city, sql, *edges)}

        assert touching(-slack) <= found <= touching(slack)

    check()


def test_a_box_over_the_antimeridian_holds_both_sides(features: Features) -> None:
    layer = CATALOGUE["service-points"]
    for bbox, crs in (("100,30,-170,40", CRS84_URI), ("30,100,40,-170", uri_of(4490))):
        request = parse_items_request(layer, {"bbox": bbox, "bbox-crs": crs, "resulttype": "hits"})
        assert features.page(layer, request).matched == 372
    for bbox in ("121,30,-170,40", "170,30,119,40"):
        assert features.page(layer, parse_items_request(layer, {"bbox": bbox, "resulttype": "hits"})).matched == 0


def test_a_box_without_breadth_is_a_line_or_a_point(city: Any, features: Features) -> None:
    x, y, code = rows(city, "select st_x(geom), st_y(geom), code from wangge.service_points order by fid limit 1")[0]
    layer = CATALOGUE["service-points"]
    for bbox in (f"{x},{y},{x},{y}", f"{x},{y - 0.1},{x},{y + 0.1}"):
        assert code in ids_of(features.page(layer, parse_items_request(layer, {"bbox": bbox})))
    heights = parse_items_request(layer, {"bbox": f"{x},{y},-100,{x},{y},100"})
    assert ids_of(features.page(layer, heights)) == [code]
