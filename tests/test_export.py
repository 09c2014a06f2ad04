"""Layers written to files and read again, by ourselves and by others."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.errors import InvalidInput, NotFound
from layers.catalogue.catalogue import CATALOGUE
from layers.exporting.export import export_layer
from layers.exporting.formats import SUFFIXES
from layers.loading.load import load_file

if TYPE_CHECKING:
    from layers.database.database import Database

LAYERS = ("divisions", "grids", "cameras", "service-points", "enforcement")
"""Layers that take files, but for the cases, whose number would make these tests slow."""


def fetch(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a statement as the owner."""
    with database.transaction() as cur:
        cur.execute(statement)
        return cur.fetchall()


def theirs(path: Path) -> pd.DataFrame:
    """A file as geopandas or pandas reads it."""
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    return gpd.read_file(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_programs_read_what_is_written(city: Database, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"网格{suffix}"
    assert export_layer(city, "grids", path) == 1412
    rows = theirs(path)
    assert len(rows) == 1412
    ours = fetch(
        city, "select code, name, kind, population, st_asbinary(geom), valid_from from wangge.grids order by code"
    )
    rows = rows.sort_values("code")
    assert list(rows["code"]) == [row[0] for row in ours]
    assert list(rows["name"]) == [row[1] for row in ours]
    assert [int(value) for value in rows["population"]] == [row[3] for row in ours]
    assert [str(value)[:10] for value in rows["valid_from"]] == [row[5].isoformat() for row in ours]
    if suffix == ".csv":
        shapes = shapely.from_wkt(rows["wkt"].to_numpy())
    else:
        # geopandas makes a polygon of what has one part in formats that know no difference
        parts, whose = shapely.get_parts(rows.geometry.to_numpy(), return_index=True)
        shapes = shapely.multipolygons(parts, indices=whose)
        assert rows.crs.to_epsg() == (4326 if "geojson" in suffix or suffix == ".jsonfg" else 4490)
    stored = shapely.from_wkb([bytes(row[4]) for row in ours])
    assert shapely.equals_exact(shapely.normalize(shapes), shapely.normalize(stored), tolerance=1e-8).all()
    assert [entry for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != ".parquet"])
def test_what_is_written_loads_again_and_is_the_same(city: Database, db: Database, tmp_path: Path, suffix: str) -> None:
    (outline,) = fetch(city, "select code, name, name_en, metric_srid, st_asbinary(outline) from wangge.city")
    with db.transaction() as cur:
        cur.execute(
            "insert into wangge.city (code, name, name_en, metric_srid, outline)"
            " values (%s, %s, %s, %s, st_geomfromwkb(%s, 4490))",
            outline,
        )
    for layer in LAYERS:
        path = tmp_path / f"{layer}{suffix}"
        written = export_layer(city, layer, path)
        report = load_file(db, layer, path)
        assert (report.loaded, report.rejected) == (written, 0), report.lines("en")
        table, key = CATALOGUE[layer].table, CATALOGUE[layer].id_field
        columns = ", ".join(name for name in CATALOGUE[layer].names if name != "area_m2")
        statement = f"select {columns} from wangge.{table} order by {key}"  # noqa: S608
        assert fetch(db, statement) == fetch(city, statement)
        statement = f"select {key}, st_asbinary(geom) from wangge.{table} order by {key}"  # noqa: S608
        here, there = (
            shapely.from_wkb([bytes(shape) for _, shape in fetch(database, statement)]) for database in (db, city)
        )
        assert shapely.equals_exact(shapely.normalize(here), shapely.normalize(there), tolerance=1e-8).all()


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".csv", ".geojson"])
def test_times_keep_their_moment(city_copy: Database, tmp_path: Path, suffix: str) -> None:
    with city_copy.transaction() as cur:
        # emptying the table and writing some back is faster than deleting the others and their counts
        columns = ", ".join((*CATALOGUE["cases"].names, "cell", "geom"))
        cur.execute(f"create temporary table few as select {columns} from wangge.cases order by fid limit 500")  # noqa: S608
        cur.execute("truncate wangge.cases")
        cur.execute(f"insert into wangge.cases ({columns}) select * from few")  # noqa: S608
    statement = "select case_no, reported_at, filed_at, closed_at, cell from wangge.cases order by case_no"
    before = fetch(city_copy, statement)
    counts = fetch(city_copy, "select * from wangge.case_counts order by 1, 2, 3, 4, 5")
    path = tmp_path / f"cases{suffix}"
    assert export_layer(city_copy, "cases", path) == 500
    assert load_file(city_copy, "cases", path, replace=True).loaded == 500
    after = fetch(city_copy, statement)
    assert [row[0] for row in after] == [row[0] for row in before]
    for one, other in zip(before, after, strict=True):
        assert one[4] == other[4]
        for here, there in zip(one[1:4], other[1:4], strict=True):
            assert (here is None) == (there is None)
            assert here is None or abs((here - there).total_seconds()) < 1
    assert fetch(city_copy, "select * from wangge.case_counts order by 1, 2, 3, 4, 5") == counts


@pytest.mark.parametrize("layer", [layer for layer in CATALOGUE if layer not in ("cases", "grid-edits")])
def test_every_layer_is_written(city: Database, tmp_path: Path, layer: str) -> None:
    path = tmp_path / "layer.gpkg"
    count = export_layer(city, layer, path)
    table = CATALOGUE[layer].table
    if layer == "case-heat":
        # a row a cell and month, summed for the export: together they are the cases
        total = int(gpd.read_file(path, columns=["count"])["count"].sum())
        assert fetch(city, "select count(*) from wangge.cases") == [(total,)]
    else:
        assert fetch(city, f"select count(*) from wangge.{table}") == [(count,)]  # noqa: S608
    assert pyogrio.read_info(path)["features"] == count
    assert list(pyogrio.read_info(path)["fields"]) == list(CATALOGUE[layer].names)


def test_a_geopackage_carries_titles_and_the_meaning_of_codes(city: Database, tmp_path: Path) -> None:
    path = tmp_path / "grids.gpkg"
    export_layer(city, "grids", path)
    with closing(sqlite3.connect(path)) as connection:
        titles = dict(connection.execute("select column_name, name from gpkg_data_columns where table_name = 'grids'"))
        kinds = dict(connection.execute("select value, description from gpkg_data_column_constraints"))
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    assert titles == {field.name: field.title.zh for field in CATALOGUE["grids"].fields}
    assert kinds == {"social": "综合网格", "dedicated": "专属网格"}


def test_a_shapefile_says_its_encoding_and_its_columns(city: Database, tmp_path: Path) -> None:
    path = tmp_path / "grids.shp"
    export_layer(city, "grids", path)
    assert path.with_suffix(".cpg").read_text().strip() == "UTF-8"
    with (tmp_path / "grids.fields.csv").open(encoding="utf-8-sig", newline="") as file:
        names = {row["column"]: row["field"] for row in csv.DictReader(file)}
    assert list(names) == list(pyogrio.read_info(path)["fields"])
    assert list(names.values()) == list(CATALOGUE["grids"].names)


def test_geoparquet_says_what_it_is(city: Database, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "cameras.parquet"
    export_layer(city, "cameras", path)
    schema = pq.read_schema(path)
    geo = json.loads(schema.metadata[b"geo"])
    assert geo["columns"]["geom"]["crs"]["id"] == {"authority": "EPSG", "code": 4490}
    assert schema.field("device_id").metadata[b"title_zh"].decode() == "设备编码"


def test_ended_grids_are_left_out_unless_asked_for(city_copy: Database, tmp_path: Path) -> None:
    with city_copy.transaction() as cur:
        cur.execute(
            "update wangge.grids set valid_to = current_date where code in (select code from wangge.grids limit 3)"
        )
    assert export_layer(city_copy, "grids", tmp_path / "now.fgb") == 1409
    assert export_layer(city_copy, "grids", tmp_path / "all.fgb", {"datetime": "../.."}) == 1412


def test_a_file_is_replaced_when_the_new_one_is_whole(
    city: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bureaus.gpkg"
    export_layer(city, "enforcement", path)
    before = path.read_bytes()
    with pytest.raises(InvalidInput):
        export_layer(city, "findings", tmp_path / "findings.shp")
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(
            "layers.exporting.gdal_file.name_columns", lambda *_: (_ for _ in ()).throw(RuntimeError())
        )
        export_layer(city, "enforcement", path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["bureaus.gpkg"]
    assert export_layer(city, "enforcement", path) == 16


def test_what_cannot_be_written_says_why(city: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        export_layer(city, "nonsense", tmp_path / "a.gpkg")
    for path, key in ((tmp_path / "a.dxf", "export.format"), (tmp_path / "nowhere" / "a.gpkg", "export.folder")):
        with pytest.raises(InvalidInput) as caught:
            export_layer(city, "grids", path)
        assert caught.value.key == key
