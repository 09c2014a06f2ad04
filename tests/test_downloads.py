"""Items as files over HTTP: read back by GDAL they are what PostGIS holds, for whoever asks and whatever is asked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.catalogue.catalogue import CATALOGUE
from layers.exporting.formats import DOWNLOADS
from layers.loading.fields import shapefile_names

CRS = {"EPSG:4490": 4490, "EPSG:4549": 4549, "EPSG:3857": 3857}
HUANGQIAO = "township_code = '321283100'"


def fetched(service: Any, folder: Path, layer: str, format_: str, role: str | None = None, **params: str) -> Path:
    """A file as a client keeps it."""
    answer = service.get(f"collections/{layer}/items", role, params=params | {"f": format_})
    assert answer.status_code == 200, answer.text[:500]
    path = folder / f"{layer}{'.zip' if format_ == 'shp' else DOWNLOADS[format_].suffix}"
    path.write_bytes(answer.content)
    return path


def read(path: Path, layer: str) -> gpd.GeoDataFrame:
    """A file as GDAL reads it, columns under their own names; Parquet as Arrow does, since the wheel lacks a driver."""
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".csv":
        frame = pd.read_csv(path, dtype={"code": str, "village_code": str, "township_code": str, "grid_code": str})
        shapes = shapely.from_wkt(frame.pop("wkt")) if "wkt" in frame else shapely.points(frame[["lon", "lat"]])
        return gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"], errors="ignore"), geometry=shapes, crs=4326)
    frame = gpd.read_file(path)
    if path.suffix == ".zip":
        short = shapefile_names(CATALOGUE[layer].fields)
        frame = frame.rename(columns={name: field for field, name in short.items()})
    return frame


def stored(service: Any, layer: str, where: str, srid: int = 4490) -> gpd.GeoDataFrame:
    """The same rows by plain SQL, in the order in which they stand."""
    entry = CATALOGUE[layer]
    columns = ", ".join(entry.names)
    with service.database.transaction() as cursor:
        cursor.execute(
            f"select {columns}, st_asbinary(st_transform(geom, {srid})) from wangge.{entry.table}"  # noqa: S608
            f" where {where} order by fid"
        )
        rows = cursor.fetchall()
    frame = pd.DataFrame([row[:-1] for row in rows], columns=list(entry.names))
    return gpd.GeoDataFrame(frame, geometry=shapely.from_wkb([bytes(row[-1]) for row in rows]))


def assert_same(
    found: gpd.GeoDataFrame, wanted: gpd.GeoDataFrame, layer: str, format_: str, tolerance: float = 1e-8
) -> None:
    """Rows in the same order, every field, every geometry."""
    assert len(found) == len(wanted)
    id_ = "code" if layer == "grids" else CATALOGUE[layer].id_field
    if format_ == "fgb":
        # FlatGeobuf's index has an order of its own
        found, wanted = (frame.sort_values(id_).reset_index(drop=True) for frame in (found, wanted))
    for field in CATALOGUE[layer].fields:
        here, there = found[field.name], wanted[field.name]
        assert list(here.isna()) == list(there.isna()), field.name
        here, there = here.dropna(), there.dropna()
        if field.type in ("integer", "number"):
            assert np.allclose(here.astype(float), there.astype(float), rtol=1e-12), field.name
        elif field.type in ("date", "date-time"):
            moments = [pd.to_datetime(column, utc=True).astype("datetime64[s, UTC]") for column in (here, there)]
            assert list(moments[0]) == list(moments[1]), field.name
        elif field.type == "boolean":
            words = {"1": True, "0": False, "True": True, "False": False, "true": True, "false": False}
            assert [words[str(value)] for value in here] == list(there), field.name
        else:
            assert [str(value) for value in here] == [str(value) for value in there], field.name
    shapes = [shapely.normalize(frame.geometry.to_numpy()) for frame in (found, wanted)]
    # formats that know no difference give a polygon for what has one part
    shapes = [shapely.get_parts(group) for group in shapes]
    assert shapely.equals_exact(shapes[0], shapes[1], tolerance=tolerance).all()


@pytest.mark.parametrize("format_", DOWNLOADS)
@pytest.mark.parametrize("layer", ["grids", "cameras"])
def test_gdal_reads_back_what_postgis_holds(service: Any, tmp_path: Path, layer: str, format_: str) -> None:
    """Polygons with dates and points with booleans: the whole filtered set, far more than a page has by default."""
    path = fetched(service, tmp_path, layer, format_, "staff", filter=HUANGQIAO)
    found = read(path, layer)
    wanted = stored(service, layer, HUANGQIAO)
    assert len(wanted) > 100
    assert_same(found, wanted, layer, format_)
    assert found.crs.equals("OGC:CRS84") or found.crs.to_epsg() == 4326


@pytest.mark.parametrize("format_", ["gpkg", "shp", "fgb", "parquet"])
@pytest.mark.parametrize("crs", CRS)
def test_every_crs_is_easting_first_and_named(service: Any, tmp_path: Path, format_: str, crs: str) -> None:
    found = read(fetched(service, tmp_path, "grids", format_, filter=HUANGQIAO, crs=crs), "grids")
    tolerance = 1e-8 if crs == "EPSG:4490" else 1e-3
    assert_same(found, stored(service, "grids", HUANGQIAO, CRS[crs]), "grids", format_, tolerance)
    # a .prj has no number: the definition is what counts
    assert found.crs.to_epsg() == CRS[crs] or found.crs.equals(crs, ignore_axis_order=True)


@pytest.mark.parametrize("format_", DOWNLOADS)
def test_filters_fields_order_and_limit_are_those_of_a_page(service: Any, tmp_path: Path, format_: str) -> None:
    params = {
        "bbox": "120.0,32.1,120.15,32.25", "kind": "social", "filter": "population > 500",
        "properties": "code,population", "sortby": "-population,code", "datetime": "2024-05-01", "limit": "40",
        "offset": "3",
    }  # fmt: skip
    page = service.get("collections/grids/items", params=params).json()["features"]
    found = read(fetched(service, tmp_path, "grids", format_, **params), "grids")
    assert len(page) == 40
    assert list(found["code"]) == [feature["properties"]["code"] for feature in page]
    assert set(found.columns) - {"id", "geometry", "geom"} == {"code", "population"}
    more = read(fetched(service, tmp_path, "grids", format_, **params | {"limit": "20000"}), "grids")
    hits = service.get("collections/grids/items", params=params | {"resulttype": "hits"}).json()["numberMatched"]
    assert len(more) == hits - 3


@pytest.mark.parametrize("format_", DOWNLOADS)
def test_a_file_holds_what_its_key_may_see(service: Any, tmp_path: Path, format_: str) -> None:
    assert service.get(f"collections/cameras/items?f={format_}").status_code == 401
    found = read(fetched(service, tmp_path, "cameras", format_, "township"), "cameras")
    assert_same(found, stored(service, "cameras", f"township_code = '{service.township}'"), "cameras", format_)
    heat = read(fetched(service, tmp_path, "case-heat", format_, month="2025-03-01"), "case-heat")
    assert heat["count"].astype(int).min() >= 5
    assert set(heat["class_code"]) == {"all"}


def test_headers_say_what_it_is(service: Any) -> None:
    for id_, format_ in DOWNLOADS.items():
        path = f"collections/enforcement/items?f={id_}&limit=2&lang=zh"
        answer = service.get(path, headers={"Accept-Encoding": "identity"})
        assert answer.headers["Content-Type"].split(";")[0] == format_.media_type
        assert answer.headers["Content-Length"] == str(len(answer.content))
        name = answer.headers["Content-Disposition"]
        assert name.startswith(f'attachment; filename="enforcement{".shp.zip" if id_ == "shp" else format_.suffix}"')
        assert "%E7%BB%BC%E5%90%88" in name
        again = service.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = service.request("HEAD", path)
        assert (head.status_code, head.headers["ETag"]) == (200, answer.headers["ETag"])
        for media_type in format_.media_types:
            accepted = service.get("collections/enforcement/items?limit=2", headers={"Accept": media_type})
            assert accepted.headers["Content-Type"].split(";")[0] == format_.media_type
    packed = service.get("collections/enforcement/items?f=csv", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = service.get("collections/enforcement/items?f=csv", headers={"Accept-Encoding": "identity"})
    assert packed.content == plain.content


def test_links_of_a_page_and_of_a_layer_lead_to_the_files(service: Any) -> None:
    page = service.get("collections/grids/items?limit=2&township_code=321283100").json()
    matched = page["numberMatched"]
    for holder in (page, service.get("collections/grids?f=json").json()):
        files = {link["type"]: link["href"] for link in holder["links"] if link["rel"] == "enclosure"}
        assert set(files) == {format_.media_type for format_ in DOWNLOADS.values()}
        assert all("limit" not in href for href in files.values())
        for type_, href in files.items():
            assert service.request("HEAD", href).headers["Content-Type"].split(";")[0] == type_
    files = {link["type"]: link["href"] for link in page["links"] if link["rel"] == "enclosure"}
    csv = service.get(files["text/csv"]).content.decode("utf-8-sig")
    assert len(csv.splitlines()) == matched + 1
    html = service.get("collections/grids/items?f=html&township_code=321283100").text
    assert "f=gpkg" in html
    assert "township_code=321283100" in html


def test_a_shapefile_in_gbk_says_so_and_is_read_by_it(service: Any, tmp_path: Path) -> None:
    answer = service.get("collections/grids/items?f=shp&encoding=GBK&limit=50")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        assert names == {f"grids{end}" for end in (".shp", ".shx", ".dbf", ".prj", ".cpg", ".fields.csv")}
        assert archive.read("grids.cpg").strip() == b"GBK"
        assert "第一网格".encode("gbk") in archive.read("grids.dbf")
        told = archive.read("grids.fields.csv").decode("utf-8-sig")
    assert "village_co,village_code," in told
    path = tmp_path / "grids.zip"
    path.write_bytes(answer.content)
    assert_same(read(path, "grids"), stored(service, "grids", "true").head(50), "grids", "shp")
    text = service.get("collections/grids/items?f=csv&encoding=gbk&limit=5").content
    assert "第一网格" in text.decode("gbk")


def test_what_a_format_cannot_hold_is_said_and_not_lost(own_service: Any) -> None:
    """A character that the encoding lacks, a text that is too long, a mixture of geometries: never a question mark."""
    with own_service.database.transaction() as cursor:
        cursor.execute(
            "insert into wangge.service_points (code, name, level, township_code, geom) values"
            " ('RARE', '𠮷祥服务站', 'station', '321283001', st_setsrid(st_point(120.02, 32.17), 4490)),"
            " ('LONG', repeat('长', 100), 'station', '321283001', st_setsrid(st_point(120.02, 32.17), 4490))"
        )
    items = "collections/service-points/items"
    refused = {
        "f=shp&encoding=GBK&code=RARE": "𠮷", "f=csv&encoding=GBK&code=RARE": "𠮷", "f=shp&code=LONG": "254",
        "f=gpkg&encoding=GBK": "GBK", "f=csv&encoding=KOI8": "KOI8", "f=gpkg&skipGeometry=true": "skipGeometry",
        "f=geojsonl&crs=EPSG:3857": "3857", "f=gpkg&resulttype=hits": "hits", "f=shp&nonsense=1": "nonsense",
        "f=dxf": "dxf",
    }  # fmt: skip
    for query, word in refused.items():
        answer = own_service.get(f"{items}?{query}&lang=en")
        assert answer.status_code == 400, query
        assert word in answer.json()["description"], query
    assert own_service.get("collections/findings/items?f=shp", "staff").status_code == 400
    rare = own_service.get(f"{items}?f=csv&code=RARE&skipGeometry=true").content.decode("utf-8-sig")
    assert "𠮷祥服务站" in rare
    assert "lon" not in rare
    assert own_service.get(f"{items}?f=fgb&code=LONG").status_code == 200


def test_a_layer_without_a_row_is_a_file_without_one(service: Any, tmp_path: Path) -> None:
    for format_ in DOWNLOADS:
        path = fetched(service, tmp_path, "grids", format_, code="nothing")
        if format_ == "geojsonl":
            assert path.read_bytes() == b""
        else:
            assert len(read(path, "grids")) == 0
