"""Rows that can't be loaded: every one is named at once, and nothing goes in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import psycopg2
import pytest
import shapely
from town import DEVICE, EAST, WEST, build_town, cameras, count, fetch, rejected, table

from geo.errors import Conflict, InvalidInput, NotFound
from layers.catalogue.catalogue import CATALOGUE
from layers.loading.load import load_file
from layers.loading.rejects import rejects_path
from layers.loading.rules import RULES
from layers.texts import texts

if TYPE_CHECKING:
    from layers.database.database import Database

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Database:
    """The city of `town.build_town`."""
    return build_town(db, tmp_path)


def test_every_bad_row_is_named_at_once_and_nothing_is_loaded(town: Database, tmp_path: Path) -> None:
    good = f"{DEVICE.format(1)},cam,skynet,ON,10,120.05,32.05,"
    load_file(
        town,
        "cameras",
        table(tmp_path / "first.csv", "device_id,name,source,status,azimuth_deg,lon,lat,grid_code", good),
    )
    version = fetch(town, "select version from wangge.layer_versions where layer = 'cameras'")
    path = table(
        tmp_path / "many.csv",
        "device_id,name,source,status,azimuth_deg,lon,lat,grid_code",
        good,
        f"{DEVICE.format(2)},cam,skynet,ON,400,120.05,32.05,",
        f"{DEVICE.format(3)},,moon,ON,,120.05,32.05,",
        f"{DEVICE.format(4)},cam,skynet,ON,,,32.05,",
        f"{DEVICE.format(5)},cam,skynet,ON,,120.05,0,",
        f"{DEVICE.format(6)},李四13912345678,skynet,ON,,120.05,32.05,",
        f"{DEVICE.format(7)},cam,skynet,ON,,120.05,32.05,321283001001999",
        f"{DEVICE.format(8)},cam,skynet,ON,,120.05,32.05,",
        f"{DEVICE.format(8)},cam,skynet,ON,,120.06,32.05,",
        "123,cam,skynet,ON,,120.05,32.05,",
        f"{DEVICE.format(9)},cam,skynet,ON,,120.204,32.05,",
        *(f"{DEVICE.format(n)},cam,skynet,ON,,120.05,32.05," for n in range(20, 40)),
    )
    report = load_file(town, "cameras", path)
    assert (report.read, report.loaded, report.rejected) == (31, 0, 10)
    assert report.rejects_path == rejects_path(path)
    assert rejected(path) == [
        (2, "device_id", "loaded already"),
        (3, "azimuth_deg", "not within [0, 360)"),
        (4, "name", "required, but empty"),
        (4, "source", "not an allowed value. Allowed: skynet 天网, bluesky 蓝天卫士, township 镇街视频"),
        (5, "geometry", "no coordinates or geometry"),
        (6, "geometry", "outside of the city"),
        (7, "name", "looks like a mobile number, which must not be stored"),
        (8, "grid_code", "there is no grid with this code"),
        (10, "device_id", "the same as row 9"),
        (11, "device_id", "should be 20 digits; it has 3 characters, or others than digits"),
        (12, "township_code", "lies in no township; mend the coordinates or state the township code"),
    ]
    assert "13912345678" not in rejects_path(path).read_text("utf-8-sig")
    assert rejects_path(path).read_bytes().startswith(b"\xef\xbb\xbf")
    assert count(town, "cameras") == 1
    assert fetch(town, "select version from wangge.layer_versions where layer = 'cameras'") == version
    for language in ("zh", "en"):
        assert str(report.rejects_path) in report.lines(language)[0]


def test_mended_rows_go_in_and_the_old_list_goes(town: Database, tmp_path: Path) -> None:
    path = cameras(tmp_path / "c.csv", np.array([[120.05, 32.05], [120.15, 32.05]]), fov_deg=[400, 60])
    assert load_file(town, "cameras", path).rejected == 1
    assert rejects_path(path).exists()
    cameras(path, np.array([[120.05, 32.05], [120.15, 32.05]]), fov_deg=[40, 60])
    assert load_file(town, "cameras", path).loaded == 2
    assert not rejects_path(path).exists()
    rejects_path(path).write_text("somebody's own file")
    load_file(town, "cameras", path, replace=True)
    assert rejects_path(path).exists()


def test_polygons_that_are_torn_are_told_and_history_may_repeat_a_code(town: Database, tmp_path: Path) -> None:
    bow = shapely.Polygon([(120.1, 32), (120.2, 32.1), (120.2, 32), (120.1, 32.1)])
    days = [
        ("2020-01-01", "2021-01-01"),
        ("2021-01-01", None),
        ("2022-01-01", None),
        ("2024-01-01", "2023-01-01"),
        (None, None),
    ]
    frame = gpd.GeoDataFrame(
        {
            "code": ["321283002001001"] * 3 + ["321283002001002", "321283002001003"],
            "name": "网格",
            "valid_from": [first for first, _ in days],
            "valid_to": [last for _, last in days],
        },
        geometry=[EAST, EAST, EAST, EAST, bow],
        crs=4490,
    )
    path = tmp_path / "grids.gpkg"
    frame.to_file(path)
    assert load_file(town, "grids", path).rejected == 3
    assert [(row, field) for row, field, _ in rejected(path)] == [(3, "code"), (4, "valid_to"), (5, "geometry")]
    assert "Self-intersection" in rejected(path)[2][2]
    frame.iloc[:2].to_file(path)
    assert load_file(town, "grids", path).loaded == 2
    assert load_file(town, "grids", path).rejected == 2
    assert {reason for _, _, reason in rejected(path)} == {"loaded already"}


def test_villages_need_a_township_and_grids_a_village(town: Database, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"code": ["321283009001", "321283001002"], "name": ["a", "b"]}, geometry=[WEST, WEST], crs=4490
    )
    frame.to_file(tmp_path / "v.gpkg")
    assert load_file(town, "divisions", tmp_path / "v.gpkg").rejected == 1
    assert rejected(tmp_path / "v.gpkg") == [(1, "parent_code", "the parent division is not there")]
    frame = gpd.GeoDataFrame({"code": ["321283009001001"], "name": ["a"]}, geometry=[WEST], crs=4490)
    frame.to_file(tmp_path / "g.gpkg")
    assert load_file(town, "grids", tmp_path / "g.gpkg").rejected == 1
    assert rejected(tmp_path / "g.gpkg") == [(1, "village_code", "there is no village with this code")]


def test_what_a_table_lacks_is_said_with_the_remedy(town: Database, tmp_path: Path) -> None:
    path = table(tmp_path / "c.csv", "设备,名称,来源,lon,lat", f"{DEVICE.format(1)},cam,天网,120.05,32.05")
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "cameras", path)
    assert caught.value.key == "load.missing-field"
    assert caught.value.values["fields"] == "device_id (设备编码)"
    assert caught.value.values["columns"] == "设备, 名称, 来源"
    assert load_file(town, "cameras", path, mapping={"device_id": "设备"}).loaded == 1
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "cameras", table(tmp_path / "empty.csv", "device_id,name,source,lon,lat"))
    assert caught.value.key == "load.empty"
    for layer in ("case-heat", "findings", "nonsense"):
        with pytest.raises(NotFound):
            load_file(town, layer, path)


def test_the_database_has_the_last_word_in_words(
    town: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES["cameras"], "fov_deg", RULES["cameras"]["height_m"])
    path = cameras(tmp_path / "c.csv", np.array([[120.05, 32.05]]), fov_deg=[400])
    with pytest.raises(Conflict) as caught:
        load_file(town, "cameras", path)
    assert (caught.value.key, caught.value.values["constraint"]) == ("load.refused", "cameras_fov_deg_check")
    assert count(town, "cameras") == 0


_BASES = {
    "divisions": "code, name, level, geom) values ('321283003', 'a', 'township', {polygon}",
    "grids": "code, name, kind, village_code, geom)"
    " values ('321283001001009', 'a', 'social', '321283001001', {polygon}",
    "department_cells": "department, code, township_code, geom) values ('d', 'x', '321283001', {polygon}",
    "cameras": "device_id, name, source, township_code, geom)"
    " values ('32128300001320000009', 'a', 'skynet', '321283001', {point}",
    "service_points": "code, name, level, township_code, geom) values ('x', 'a', 'centre', '321283001', {point}",
    "enforcement": "code, name, township_code, officers, powers, geom) values ('x', 'a', '321283001', 1, 1, {point}",
}


@pytest.mark.parametrize("layer", [layer for layer in RULES if layer != "cases"])
def test_limits_are_those_of_the_database(town: Database, layer: str) -> None:

    table_name = CATALOGUE[layer].table
    shapes = {
        "polygon": f"st_geomfromtext('MULTI{EAST.wkt.replace('((', '(((').replace('))', ')))')}', 4490)",
        "point": "st_setsrid(st_makepoint(120.05, 32.05), 4490)",
    }
    insert = f"insert into wangge.{table_name} ({_BASES[table_name].format(**shapes)})"

    def database_takes(field: str, value: object) -> bool:
        with town.transaction() as cur:
            cur.execute(insert)
            try:
                cur.execute(f"update wangge.{table_name} set {field} = %s", (value,))  # noqa: S608
                taken = True
            except (psycopg2.IntegrityError, psycopg2.DataError):
                taken = False
            cur.execute("rollback")
        return taken

    tried = 0
    for field, rule in RULES[layer].items():
        limits = [limit for limit in (rule.low, rule.high) if limit is not None]
        whole = CATALOGUE[layer].field(field).type == "integer"
        for limit in limits:
            for value in (limit - 1, limit, limit + 1) if whole else (limit - 0.5, limit, limit + 0.5):
                assert database_takes(field, value) == rule.allows(value), (field, value)
                tried += 1
    assert tried >= 3 or layer == "grids"


def test_every_text_that_the_loader_says_is_there() -> None:

    known = texts()
    written = {
        key
        for file in (PROJECT / "layers").rglob("*.py")
        for key in re.findall(r"[\"']((?:load|export)\.[a-z0-9-]*[a-z0-9])[\"']", file.read_text("utf-8"))
    }
    written |= {f"load.misplaced-{kind}" for kind in ("swapped-axes", "gcj02", "bd09", "outside")}
    written |= {f"load.reject-{kind}" for kind in ("mobile", "identity", "plate")}
    assert written <= known.keys()
    ours = {key for key in known if key.startswith(("load.", "export."))}
    assert ours <= written


def test_only_known_layers_take_files() -> None:

    for layer_id, rules in RULES.items():
        layer = CATALOGUE[layer_id]
        assert set(rules) <= set(layer.names)
