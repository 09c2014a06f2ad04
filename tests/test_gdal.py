"""Real clients: GDAL's driver reads every collection as the tables have it, and QGIS opens and draws what is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer
from system_qgis import ask_qgis

from layers.catalogue.catalogue import CATALOGUE, RASTERS

SOME = 1500


def rows(service: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with service.database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def no_proxy() -> Iterator[None]:
    """GDAL asks the service itself, whatever the machine's environment says of proxies."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": "", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": None})
    yield
    pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": None})


def source(service: Any, layer_id: str) -> str:
    return f"OAPIF:{service.base_url}/collections/{layer_id}"


def staff(service: Any) -> dict[str, str]:
    return {"USERPWD": f"anyone:{service.keys['staff']}"}


# --- GDAL


def test_gdal_lists_what_one_may_read(service: Any) -> None:
    # the driver lists every collection, those without features too
    public = {name for name, _ in pyogrio.list_layers(f"OAPIF:{service.base_url}")} - set(RASTERS)
    assert public == {layer.id for layer in CATALOGUE.values() if layer.readers == "public"}


@pytest.mark.parametrize("layer_id", sorted(set(CATALOGUE) - {"findings", "grid-edits", "grid-lineage", "case-heat"}))
def test_gdal_reads_a_collection_as_the_table_has_it(service: Any, layer_id: str) -> None:
    """Every field and every vertex, page after page, up to the first fifteen hundred features."""
    layer = CATALOGUE[layer_id]
    info = pyogrio.read_info(source(service, layer_id), **staff(service))
    assert info["features"] == rows(service, f"select count(*) from wangge.{layer.table}")[0][0]  # noqa: S608
    assert info["geometry_type"] == layer.geometry_type
    assert set(info["fields"]) >= set(layer.names)
    frame = pyogrio.read_dataframe(source(service, layer_id), max_features=SOME, PAGE_SIZE=400, **staff(service))
    plain = f"select st_asbinary(geom), {layer.id_field}, {', '.join(f'{name}::text' for name in layer.names)} from wangge.{layer.table} order by fid limit {SOME}"  # noqa: S608, E501
    held = rows(service, plain)
    assert len(frame) == len(held) == min(SOME, info["features"])
    assert list(frame["id"]) == [row[1] for row in held]
    shapes = shapely.from_wkb([bytes(row[0]) for row in held])
    assert shapely.equals_exact(shapely.normalize(frame.geometry.to_numpy()), shapely.normalize(shapes), 1.1e-8).all()
    for place, field in enumerate(layer.fields, 2):
        wanted = [row[place] for row in held]
        given = frame[field.name].astype(object).where(frame[field.name].notna(), None).tolist()
        assert [value is None for value in given] == [value is None for value in wanted], field.name
        pairs = [(a, b) for a, b in zip(given, wanted, strict=True) if b is not None]
        if field.type in ("number", "integer"):
            assert np.allclose([float(a) for a, _ in pairs], [float(b) for _, b in pairs], rtol=1e-12)
        elif field.type == "string":
            assert all(a == b for a, b in pairs), field.name
        elif field.type == "date":
            assert all(str(a)[:10] == b for a, b in pairs), field.name


def test_gdal_reads_nothing_of_an_empty_layer(service: Any) -> None:
    assert pyogrio.read_info(source(service, "findings"), **staff(service))["features"] == 0


def test_gdal_brings_its_key_in_each_of_its_ways(service: Any, tmp_path: Path) -> None:
    """Its header option does not reach this driver; the password, the header file and the bearer token do."""
    headers = tmp_path / "headers.txt"
    headers.write_text(f"X-API-Key: {service.keys['township']}\n", "ascii")
    own = rows(service, "select count(*) from wangge.cameras where township_code = %s", service.township)[0][0]
    for options in (
        {"GDAL_HTTP_HEADER_FILE": str(headers)},
        {"GDAL_HTTP_USERPWD": f"x:{service.keys['township']}", "GDAL_HTTP_AUTH": "BASIC"},
        {"GDAL_HTTP_BEARER": service.keys["township"], "GDAL_HTTP_AUTH": "BEARER"},
    ):
        pyogrio.set_gdal_config_options(options)
        try:
            assert pyogrio.read_info(source(service, "cameras"))["features"] == own
        finally:
            pyogrio.set_gdal_config_options(dict.fromkeys(options))
    with pytest.raises(pyogrio.errors.DataSourceError, match="X-API-Key"):
        pyogrio.read_info(source(service, "cameras"))


@pytest.mark.parametrize(("where", "plain"), [
    ("population > 1500", "population > 1500"), ("kind = 'dedicated' AND population < 900",
    "kind = 'dedicated' and population < 900"), ("name LIKE '%第一%'", "name like '%%第一%%'"),
    ("township_code IN ('321283001', '321283100')", "township_code in ('321283001', '321283100')"),
    ("party_organisation IS NULL", "party_organisation is null"),
])  # fmt: skip
def test_gdal_s_filters_are_answered_by_the_service(service: Any, where: str, plain: str) -> None:
    frame = pyogrio.read_dataframe(source(service, "grids"), where=where, read_geometry=False)
    assert set(frame["code"]) == {code for (code,) in rows(service, f"select code from wangge.grids where {plain}")}  # noqa: S608


def test_gdal_s_box_is_answered_by_the_index(service: Any) -> None:
    box = (120.0, 32.1, 120.1, 32.2)
    frame = pyogrio.read_dataframe(source(service, "grids"), bbox=box)
    held = rows(service, "select code from wangge.grids where geom && st_makeenvelope(%s, %s, %s, %s, 4490)", *box)
    touching = rows(service,
    "select code from wangge.grids where st_intersects(geom, st_makeenvelope(%s, %s, %s, %s, 4490))", *box)
    assert {code for (code,) in touching} <= set(frame["code"]) <= {code for (code,) in held}


def test_gdal_reads_heat_that_adds_up_to_the_cases(service: Any) -> None:
    """Sums made for the request have no table of their own: a cell once, all of them together the cases."""
    frame = pyogrio.read_dataframe(source(service, "case-heat"), PAGE_SIZE=5000, **staff(service))
    assert frame["cell"].is_unique
    assert frame["count"].sum() == rows(service, "select count(*) from wangge.cases")[0][0]


@pytest.mark.parametrize("srid", [4490, 4549, 3857])
def test_gdal_reads_another_crs_the_right_way_round(service: Any, srid: int) -> None:
    frame = pyogrio.read_dataframe(source(service, "enforcement"), CRS=f"http://www.opengis.net/def/crs/EPSG/0/{srid}")
    assert frame.crs.to_epsg() == srid
    move = Transformer.from_crs(4490, srid, always_xy=True).transform
    places = rows(service, "select code, st_x(geom), st_y(geom) from wangge.enforcement")
    held = {code: move(x, y) for code, x, y in places}
    for code, point in zip(frame["code"], frame.geometry, strict=True):
        assert (point.x, point.y) == pytest.approx(held[code], abs=2e-8 if srid == 4490 else 1e-3)


# --- QGIS


@pytest.fixture(scope="module")
def qgis(service: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What QGIS says of two layers, with a key and without, and of the tiles, in one run of it."""
    folder = tmp_path_factory.mktemp("qgis")
    mercator = Transformer.from_crs(4490, 3857, always_xy=True).transform
    box = [*mercator(119.9, 31.97), *mercator(120.37, 32.38)]
    tiles = f"{service.base_url}/collections/grids/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}".replace("&", "%26")
    tasks = [
        {"layer": "grids", "url": service.base_url},
        {"layer": "cameras", "url": service.base_url, "key": service.keys["township"]},
        {"layer": "cameras", "url": service.base_url},
        {"template": tiles, "box": box},
        {"template": tiles, "box": [0, 0, 100_000, 100_000]},
    ]
    for number, task in enumerate(tasks):
        task["picture"] = str(folder / f"{number}.png")
    asked = folder / "tasks.json"
    asked.write_text(json.dumps(tasks), "utf-8")
    answers = ask_qgis("qgis_reader.py", folder, asked)
    for task, answer in zip(tasks, answers, strict=True):
        answer["picture"] = Path(task["picture"])
    return answers


def test_qgis_reads_the_grids(service: Any, qgis: Any) -> None:
    grids = qgis[0]
    assert grids["valid"]
    assert grids["count"] == len(grids["features"]) == 1412
    assert set(grids["fields"]) >= set(CATALOGUE["grids"].names)
    assert not grids["editable"]
    held = rows(service,
    "select code, name, population, st_xmin(geom) + st_xmax(geom), st_area(geom) from wangge.grids")
    for code, name, population, twice_x, area in held:
        seen = grids["features"][code]
        assert (seen["attributes"]["name"], seen["attributes"]["population"]) == (name, str(population))
        assert seen["x"] == pytest.approx(twice_x / 2, abs=2e-8)
        assert seen["area"] == pytest.approx(area, rel=1e-4)


def test_qgis_with_a_key_sees_what_the_key_is_for(service: Any, qgis: Any) -> None:
    own = rows(service, "select device_id from wangge.cameras where township_code = %s", service.township)
    assert set(qgis[1]["features"]) == {id_ for (id_,) in own}
    assert not qgis[2]["valid"]


def test_qgis_draws_layers_and_tiles(qgis: Any) -> None:
    """The city fills most of its box; far out at sea there is nothing."""
    assert qgis[0]["painted"] > 0.3
    assert qgis[3]["valid"]
    assert qgis[3]["painted"] > 0.3
    assert qgis[4]["painted"] == 0
    assert all(answer["picture"].read_bytes().startswith(b"\x89PNG") for answer in (qgis[0], qgis[3]))
