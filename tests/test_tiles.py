"""Vector tiles of both matrix sets: what lies in them is what lies in the tables, and every address has its answer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from mvt import TileLayer, read_tile
from pyproj import Transformer

from layers.catalogue.catalogue import CATALOGUE
from layers.tiles.matrix import TILE_MATRIX_SETS
from layers.tiles.query import CASES_FROM_ZOOM

MERCATOR = 20037508.342789244
PUBLIC = ["divisions", "grids", "service-points", "enforcement"]
MIDDLE = (120.05, 32.17)


def rows(service: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with service.database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def tile_at(matrix: str, zoom: int, lon: float, lat: float) -> tuple[int, int]:
    """Row and column of a place, computed here from the sets' definitions."""
    if matrix == "WebMercatorQuad":
        y = math.asinh(math.tan(math.radians(lat))) / math.pi
        return int((1 - y) / 2 * 2**zoom), int((lon + 180) / 360 * 2**zoom)
    return int((90 - lat) / 180 * 2**zoom), int((lon + 180) / 180 * 2**zoom)


def box_of(matrix: str, zoom: int, row: int, column: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile in its CRS."""
    west, north, width = (-MERCATOR, MERCATOR, 2 * MERCATOR) if matrix == "WebMercatorQuad" else (-180, 90, 180)
    size = width / 2**zoom
    return west + column * size, north - (row + 1) * size, west + (column + 1) * size, north - row * size


def get(service: Any, layer: str, matrix: str, zoom: int, row: int, column: int, role: str | None = None,
query: str = "") -> Any:
    return service.get(f"/collections/{layer}/tiles/{matrix}/{zoom}/{row}/{column}{query}", role)


def on_the_ground(layer: TileLayer, box: tuple[float, ...], geometry: shapely.Geometry) -> shapely.Geometry:
    """A tile's geometry in the tile's CRS."""
    unit = (box[2] - box[0]) / layer.extent
    return shapely.transform(geometry, lambda xy: np.column_stack((box[0] + xy[:, 0] * unit, box[3] - xy[:, 1] * unit)))


@pytest.mark.parametrize("zoom", [9, 12, 15])
@pytest.mark.parametrize("matrix", TILE_MATRIX_SETS)
@pytest.mark.parametrize("layer_id", [*PUBLIC, "cameras", "cases"])
def test_a_tile_holds_what_the_table_has_there(service: Any, layer_id: str, matrix: str, zoom: int) -> None:
    """Ids, fields and shapes, to the accuracy of the tile's units; the row of PostGIS is the oracle."""
    if layer_id == "cases" and zoom < CASES_FROM_ZOOM:
        return
    layer = CATALOGUE[layer_id]
    place = rows(service, f"select st_x(p), st_y(p) from (select st_pointonsurface(geom) as p from wangge.{layer.table} order by fid limit 1) as one")[0]  # noqa: S608, E501
    row, column = tile_at(matrix, zoom, *place)
    box = box_of(matrix, zoom, row, column)
    answer = get(service, layer_id, matrix, zoom, row, column, "staff")
    assert answer.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    tile = read_tile(answer.content)
    assert set(tile) == {layer_id}
    drawn = {feature.id: feature for feature in tile[layer_id].features}
    assert len(drawn) == len(tile[layer_id].features), "a feature stands twice"
    srid = TILE_MATRIX_SETS[matrix].srid
    fields = ", ".join(layer.tile_fields)
    held = rows(
        service,
        f"select fid, st_asbinary(st_transform(geom, {srid})), {fields} from wangge.{layer.table}"  # noqa: S608
        " where st_intersects(st_transform(geom, %s), st_makeenvelope(%s, %s, %s, %s, %s))",
        srid, *box, srid,
    )  # fmt: skip
    unit = (box[2] - box[0]) / tile[layer_id].extent
    known = {fid: (shapely.from_wkb(bytes(shape)), values) for fid, shape, *values in held}
    frame = shapely.box(*box)
    for fid, (shape, values) in known.items():
        visible = shapely.intersection(shape, frame)
        large = shape.geom_type == "Point" or visible.area > 40 * unit**2 + 4 * unit * visible.length
        if fid not in drawn:
            assert not large, f"{layer_id} {fid} is missing"
            continue
        feature = drawn[fid]
        assert {k: v for k, v in zip(layer.tile_fields, values, strict=True) if v is not None} == feature.properties
        seen = on_the_ground(tile[layer_id], box, feature.geometry)
        if shape.geom_type == "Point":
            assert seen.distance(shape) < unit
        elif large:
            seen = shapely.intersection(shapely.make_valid(seen), frame)
            assert shapely.hausdorff_distance(seen, visible) < 4 * unit
    strangers = set(drawn) - set(known)
    margin = frame.buffer(64 * unit + unit)
    assert all(on_the_ground(tile[layer_id], box, drawn[fid].geometry).intersects(margin) for fid in strangers)
    assert known


@pytest.mark.parametrize("matrix", TILE_MATRIX_SETS)
@pytest.mark.parametrize(
    ("zoom", "query"),
    [
        (8, ""), (9, "?category=component"), (10, ""), (10, "?filter=type_code LIKE '02%25'"),
        (10, "?datetime=2024-05"), (11, "?datetime=2024-05"), (11, "?category=component"),
    ],
)  # fmt: skip
def test_tiles_of_counts_sum_up_to_the_cases(service: Any, matrix: str, query: str, zoom: int) -> None:
    """Over all tiles of a zoom, each count once: what lies in the margin of a tile belongs to its neighbour."""
    where = {
        "": "true", "?category=component": "category = 'component'",
        "?datetime=2024-05": "reported_at >= '2024-05-01 00:00+08' and reported_at < '2024-06-01 00:00+08'",
        "?filter=type_code LIKE '02%25'": "type_code like '02%%'",
    }[query]  # fmt: skip
    top, left = tile_at(matrix, zoom, 119.88, 32.42)
    bottom, right = tile_at(matrix, zoom, 120.375, 31.93)
    cells: dict[str, int] = {}
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            answer = get(service, "cases", matrix, zoom, row, column, "staff", query)
            for feature in read_tile(answer.content)["cases"].features if answer.status_code == 200 else []:
                assert set(feature.properties) == {"cell", "count"}
                assert cells.setdefault(feature.properties["cell"],
                feature.properties["count"]) == feature.properties["count"]
    assert sum(cells.values()) == rows(service, f"select count(*) from wangge.cases where {where}")[0][0]  # noqa: S608


def test_tiles_choose_as_items_do(service: Any) -> None:
    row, column = tile_at("WebMercatorQuad", 8, *MIDDLE)
    for query in ("?kind=dedicated", "?filter=population > 1500", "?township_code=321283001&kind=social"):
        tile = read_tile(get(service, "grids", "WebMercatorQuad", 8, row, column, None, query).content)["grids"]
        matched = service.get(f"/collections/grids/items{query}&resulttype=hits").json()["numberMatched"]
        codes = {feature.properties["code"] for feature in tile.features}
        listed = service.get(f"/collections/grids/items{query}&limit=10000&properties=code&skipGeometry=true").json()
        assert 0 < len(codes) <= matched < 1412
        assert codes <= {feature["properties"]["code"] for feature in listed["features"]}
    assert get(service, "grids", "WebMercatorQuad", 8, row, column, None, "?datetime=1990").status_code == 204


def test_empty_is_204_and_outside_is_404(service: Any) -> None:
    for matrix in TILE_MATRIX_SETS:
        empty = get(service, "grids", matrix, 12, 0, 0)
        assert (empty.status_code, empty.content) == (204, b"")
        assert empty.headers["ETag"]
        wide = 2 if matrix == "CGCS2000Quad" else 1
        for zoom, row, column in ((0, 1, 0), (0, 0, wide), (5, 32, 0), (5, 0, 32 * wide), (23, 0, 0)):
            assert get(service, "grids", matrix, zoom, row, column).status_code == 404
        assert get(service, "grids", matrix, 5, 31, 32 * wide - 1).status_code == 204
    assert get(service, "grids", "EuropeanETRS89", 0, 0, 0).status_code == 404


def test_the_suffix_of_a_tile_is_taken(service: Any) -> None:
    row, column = tile_at("WebMercatorQuad", 12, *MIDDLE)
    plain = get(service, "grids", "WebMercatorQuad", 12, row, column)
    for ending in (".mvt", ".pbf", "?f=mvt"):
        assert get(service, "grids", "WebMercatorQuad", 12, row, column, None, ending).content == plain.content


def test_gdal_reads_the_same_tile(service: Any, tmp_path: Path) -> None:
    row, column = tile_at("WebMercatorQuad", 12, *MIDDLE)
    content = get(service, "grids", "WebMercatorQuad", 12, row, column).content
    path = tmp_path / "tile.mvt"
    path.write_bytes(content)
    frame = pyogrio.read_dataframe(path, X=column, Y=row, Z=12, CLIP="NO")
    ours = read_tile(content)["grids"].features
    assert set(frame["code"]) == {feature.properties["code"] for feature in ours}
    assert frame.crs.to_epsg() == 3857
    names = {feature.properties["code"]: feature.properties["name"] for feature in ours}
    assert dict(zip(frame["code"], frame["name"], strict=True)) == names


@pytest.mark.parametrize("matrix", TILE_MATRIX_SETS)
def test_tilejson_and_tile_set_name_addresses_that_answer(service: Any, matrix: str) -> None:
    tilejson = service.get(f"/collections/grids/tiles/{matrix}/metadata?f=tilejson").json()
    (template,) = tilejson["tiles"]
    assert template.startswith(service.base_url)
    row, column = tile_at(matrix, 11, *MIDDLE)
    assert service.get(template.format(z=11, y=row, x=column)).status_code == 200
    assert tilejson["minzoom"] <= 11 <= tilejson["maxzoom"]
    (described,) = tilejson["vector_layers"]
    assert (described["id"], set(described["fields"])) == ("grids", set(CATALOGUE["grids"].tile_fields))
    tileset = service.get(f"/collections/grids/tiles/{matrix}").json()
    item = next(link for link in tileset["links"] if link["rel"] == "item")
    assert item["type"] == "application/vnd.mapbox-vector-tile"
    assert service.get(item["href"].format(tileMatrix=11, tileRow=row, tileCol=column)).status_code == 200
    assert {entry["id"] for entry in service.get("/tileMatrixSets").json()["tileMatrixSets"]} == set(TILE_MATRIX_SETS)
    matrices = service.get(f"/tileMatrixSets/{matrix}").json()
    eleven = next(entry for entry in matrices["tileMatrices"] if entry["id"] == "11")
    west, _, east, north = box_of(matrix, 11, 0, 0)
    corner = [north, west] if matrix == "CGCS2000Quad" else [west, north]
    assert eleven["pointOfOrigin"] == pytest.approx(corner)
    assert eleven["cellSize"] * 256 == pytest.approx(east - west)


def test_ground_and_tile_agree_in_both_sets(service: Any) -> None:
    """One grid drawn by both sets lies at the same place on the ground."""
    lon, lat = rows(service, "select st_x(p), st_y(p) from (select st_pointonsurface(geom) as p from wangge.grids order by fid limit 1) as one")[0]  # noqa: E501
    shapes = []
    for matrix, srid in (("WebMercatorQuad", 3857), ("CGCS2000Quad", 4490)):
        row, column = tile_at(matrix, 14, lon, lat)
        layer = read_tile(get(service, "grids", matrix, 14, row, column).content)["grids"]
        move = Transformer.from_crs(srid, 4549, always_xy=True).transform
        feature = next(feature for feature in layer.features if feature.id == 1)
        shape = on_the_ground(layer, box_of(matrix, 14, row, column), feature.geometry)
        shapes.append(shapely.transform(shape, lambda xy, move=move: np.column_stack(move(*xy.T))).buffer(0))
    overlap = shapely.intersection(*shapes)
    assert overlap.area > 0
    near = Transformer.from_crs(4490, 4549, always_xy=True).transform(lon, lat)
    assert all(shape.intersects(shapely.Point(near).buffer(5)) for shape in shapes)
