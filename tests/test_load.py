"""Loading files into layers: whole or not at all, in the right place, with every bad row named."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import h3
import numpy as np
import psycopg2
import pytest
import shapely

from geo.errors import Conflict, InvalidInput, NotFound
from geo.gcj02 import gcj02_to_wgs84, shift_geometries, wgs84_to_bd09, wgs84_to_gcj02
from layers.layer import Layer
from layers.load import load_file
from layers.rejects import HEADER, rejects_path
from layers.rules import RULES
from layers.texts import texts

if TYPE_CHECKING:
    from layers.database import Database

PROJECT = Path(__file__).resolve().parent.parent
CITY = shapely.box(120.0, 32.0, 120.2, 32.1)
EAST, WEST = shapely.box(120.1, 32.0, 120.2, 32.1), shapely.box(120.0, 32.0, 120.1, 32.1)
GRID = "321283001001001"
DEVICE = "3212830000132{:07d}"


def fetch(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a statement as the owner."""
    with database.transaction() as cur:
        cur.execute(statement)
        return cur.fetchall()


def count(database: Database, table: str) -> int:
    """Rows of a table."""
    return int(fetch(database, f"select count(*) from wangge.{table}")[0][0])  # noqa: S608


def rejected(path: Path) -> list[tuple[int, str, str]]:
    """Row, field and reason (English) of a list of rejects."""
    with rejects_path(path).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == HEADER
    return [(int(row), field, reason) for row, field, _, _, reason in rows[1:]]


def table(path: Path, header: str, *rows: str) -> Path:
    """A CSV file."""
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def divisions() -> gpd.GeoDataFrame:
    """A county of two townships with one village each."""
    codes = ["321283", "321283001", "321283002", "321283001001", "321283002001"]
    shapes = [CITY, WEST, EAST, WEST, EAST]
    return gpd.GeoDataFrame({"编码": codes, "名称": ["市", "西镇", "东镇", "西村", "东村"]}, geometry=shapes, crs=4490)


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Iterator[Database]:
    """A city of 20 by 10 hundredths of a degree with its divisions and one grid in the west."""
    with db.transaction() as cur:
        cur.execute(
            "insert into wangge.city (code, name, name_en, metric_srid, outline)"
            " values ('321283', '市', 'City', 4549, st_multi(st_geomfromtext(%s, 4490)))",
            (CITY.wkt,),
        )
    path = tmp_path / "divisions.gpkg"
    divisions().to_file(path)
    assert load_file(db, "divisions", path).loaded == 5
    grids = gpd.GeoDataFrame({"code": [GRID], "name": ["一号"]}, geometry=[WEST], crs=4490)
    grids.to_file(tmp_path / "one.gpkg")
    assert load_file(db, "grids", tmp_path / "one.gpkg").loaded == 1
    yield db


def cameras(path: Path, places: np.ndarray, **columns: list[object]) -> Path:
    """A CSV of cameras at places (longitude, latitude)."""
    frame = gpd.pd.DataFrame(
        {
            "device_id": [DEVICE.format(n) for n in range(len(places))],
            "name": "cam",
            "source": "天网",
            "lon": places[:, 0],
            "lat": places[:, 1],
            **columns,
        }
    )
    frame.to_csv(path, index=False)
    return path


def spread(number: int = 200) -> np.ndarray:
    """Places all over the city, up to its border."""
    draw = np.random.default_rng(7)
    return np.column_stack((draw.uniform(120.0, 120.2, number), draw.uniform(32.0, 32.1, number)))


# --- what goes in


def test_divisions_get_their_level_parent_and_measured_area(town: Database) -> None:
    rows = fetch(town, "select code, level, parent_code, area_m2 from wangge.divisions order by code")
    assert [row[:3] for row in rows] == [
        ("321283", "county", None),
        ("321283001", "township", "321283"),
        ("321283001001", "village", "321283001"),
        ("321283002", "township", "321283"),
        ("321283002001", "village", "321283002"),
    ]
    oracle = gpd.GeoSeries([CITY], crs=4490).to_crs(4549).area[0]
    assert rows[0][3] == pytest.approx(oracle, rel=1e-6)


def test_a_grid_gets_its_village_kind_and_first_day(town: Database) -> None:
    (row,) = fetch(
        town, "select village_code, township_code, kind, valid_from = current_date, valid_to from wangge.grids"
    )
    assert row == ("321283001001", "321283001", "social", True, None)
    assert fetch(town, "select code, serial from wangge.issued_codes") == [(GRID, 1)]


def test_chinese_headers_gbk_and_an_unknown_crs_of_metres(town: Database, tmp_path: Path) -> None:
    path = tmp_path / "网格.shp"
    frame = gpd.GeoDataFrame(
        {
            "网格编码": ["321283002001501.0"], "名称": ["二号网格"], "网格类型": ["专属网格"], "人口": ["1,050"],
            "初始时间": ["2024年3月5日"], "电话": ["13812345678"],
        },
        geometry=gpd.GeoSeries([EAST], crs=4490).to_crs(4528),
    )  # fmt: skip
    frame.to_file(path, encoding="GBK")
    path.with_suffix(".prj").unlink()
    path.with_suffix(".cpg").unlink()
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "grids", path)
    assert (caught.value.key, caught.value.values["likely"]) == ("load.no-crs", "EPSG:4528")
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "grids", path, crs="EPSG:4549")
    assert (caught.value.key, caught.value.values["likely"]) == ("load.wrong-crs-likely", "EPSG:4528")

    report = load_file(town, "grids", path, crs="EPSG:4528")
    assert (report.read, report.loaded, report.rejected, report.srid) == (1, 1, 0, 4528)
    assert {note.key for note in report.notes} >= {"load.note-encoding", "load.note-unused", "load.note-repaired"}
    row = fetch(
        town,
        "select code, name, kind, population, valid_from, st_asbinary(geom) from wangge.grids where kind = 'dedicated'",
    )[0]
    assert row[:5] == ("321283002001501", "二号网格", "dedicated", 1050, date(2024, 3, 5))
    assert shapely.hausdorff_distance(shapely.from_wkb(bytes(row[5])), EAST) < 1e-7
    stored = shapely.get_coordinates(shapely.from_wkb(bytes(row[5])))
    assert np.array_equal(stored, np.round(stored, 8))


def test_cameras_are_placed_by_their_location(town: Database, tmp_path: Path) -> None:
    path = cameras(tmp_path / "c.csv", np.array([[120.05, 32.05], [120.15, 32.05]]), DirectionType=[1, 8])
    assert load_file(town, "cameras", path).loaded == 2
    rows = fetch(
        town,
        "select source, status, assumed, azimuth_deg, grid_code, township_code from wangge.cameras order by device_id",
    )
    assert rows == [("skynet", "ON", False, 90.0, GRID, "321283001"), ("skynet", "ON", False, 315.0, None, "321283002")]


def test_cases_are_typed_placed_and_counted(town: Database, tmp_path: Path) -> None:
    header = "案件编号,类别,类型编码,类型,来源渠道,环节,上报时间,经度,纬度,姓名"
    rows = [f"A{n},事项,6020,,12345,结案,2024-03-05 23:30,120.0512{n},32.0512,张三" for n in range(6)]
    path = table(tmp_path / "cases.csv", header, *rows, "B1,部件,,供水井盖,巡查,上报,2024/4/1,120.15,32.05,")
    report = load_file(town, "cases", path)
    assert report.loaded == 7
    assert next(note for note in report.notes if note.key == "load.note-unused").values["columns"] == "姓名"

    place = fetch(
        town,
        "select category, type_code, type_name, grid_code, village_code, township_code, cell"
        " from wangge.cases where case_no = 'A0'",
    )[0]
    name = fetch(town, "select type_name from wangge.case_types where category = 'matter' and type_code = '06020'")[0][
        0
    ]
    cell = h3.str_to_int(h3.latlng_to_cell(32.0512, 120.05120, 9))
    assert place == ("matter", "06020", name, GRID, "321283001001", "321283001", cell)
    assert fetch(town, "select type_code, village_code, grid_code from wangge.cases where case_no = 'B1'") == [
        ("01001", "321283002001", None)
    ]
    parent = h3.cell_to_parent(h3.int_to_str(cell), 8)
    assert fetch(town, f"select parent from wangge.h3_cells where cell = {cell}") == [(h3.str_to_int(parent),)]  # noqa: S608
    heat = fetch(town, f"select count, month from wangge.case_heat where class_code = 'all' and cell = '{parent}'")  # noqa: S608
    assert heat == [(6, date(2024, 3, 1))]
    assert fetch(town, "select sum(count) from wangge.case_counts") == [(7,)]


def test_service_points_and_bureaus(town: Database, tmp_path: Path) -> None:
    header = "编码,名称,级别,建筑面积,lon,lat"
    path = table(tmp_path / "s.csv", header, "C1,中心,为民服务中心,320.5,120.05,32.05", "S1,站,服务站,,120.15,32.05")
    assert load_file(town, "service-points", path).loaded == 2
    assert fetch(
        town, "select level, township_code, village_code, floor_area_m2 from wangge.service_points order by code"
    ) == [
        ("centre", "321283001", None, 320.5),
        ("station", "321283002", "321283002001", None),
    ]
    path = table(tmp_path / "e.csv", "code,name,officers,powers,lon,lat", "E1,局,20,138,120.15,32.05")
    assert load_file(town, "enforcement", path).loaded == 1
    assert fetch(town, "select township_code, officers, powers from wangge.enforcement") == [("321283002", 20, 138)]


# --- whole or not at all


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


def test_a_dry_run_says_what_would_happen_and_does_nothing(town: Database, tmp_path: Path) -> None:
    path = cameras(tmp_path / "c.csv", spread(50))
    report = load_file(town, "cameras", path, dry_run=True)
    assert (report.loaded, report.dry_run) == (50, True)
    assert count(town, "cameras") == 0
    assert load_file(town, "cameras", path).loaded == 50


def test_progress_is_told_in_stages(town: Database, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    load_file(town, "cameras", cameras(tmp_path / "c.csv", spread(50)), progress=lambda *step: told.append(step))
    assert [stage for stage, _, _ in told] == ["read", "read", "check", "check", "write", "write"]
    assert told[-1] == ("write", 50, 50)
    assert all(done <= total for _, done, total in told)


def test_replacing_takes_the_old_rows_and_their_counts_with_it(town: Database, tmp_path: Path) -> None:
    header = "case_no,category,type_code,channel,state,reported_at,lon,lat"
    first = table(tmp_path / "1.csv", header, *(f"A{n},matter,06020,a,b,2024-03-05,120.05,32.05" for n in range(3)))
    second = table(
        tmp_path / "2.csv",
        header,
        "A1,matter,06020,a,b,2024-03-05,120.05,32.05",
        "A9,matter,06020,a,b,2024-03-05,120.05,32.05",
    )
    load_file(town, "cases", first)
    assert load_file(town, "cases", second).rejected == 1
    assert load_file(town, "cases", second, replace=True).loaded == 2
    assert fetch(town, "select case_no from wangge.cases order by 1") == [("A1",), ("A9",)]
    assert fetch(town, "select sum(count) from wangge.case_counts") == [(2,)]
    bad = table(tmp_path / "3.csv", header, "A1,matter,99999,a,b,2024-03-05,120.05,32.05")
    assert load_file(town, "cases", bad, replace=True).rejected == 1
    assert count(town, "cases") == 2


def test_divisions_that_grids_stand_on_are_not_emptied(town: Database, tmp_path: Path) -> None:
    with pytest.raises(Conflict) as caught:
        load_file(town, "divisions", tmp_path / "divisions.gpkg", replace=True)
    assert caught.value.key == "load.replace-referenced"
    assert count(town, "divisions") == 5


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


def test_points_need_divisions_first(db: Database, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_file(db, "cameras", cameras(tmp_path / "c.csv", spread(5)))
    assert caught.value.key == "load.no-divisions"


def test_the_database_has_the_last_word_in_words(
    town: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES["cameras"], "fov_deg", RULES["cameras"]["height_m"])
    path = cameras(tmp_path / "c.csv", np.array([[120.05, 32.05]]), fov_deg=[400])
    with pytest.raises(Conflict) as caught:
        load_file(town, "cameras", path)
    assert (caught.value.key, caught.value.values["constraint"]) == ("load.refused", "cameras_fov_deg_check")
    assert count(town, "cameras") == 0


# --- where it lies


@pytest.mark.parametrize(("name", "forward"), [("GCJ02", wgs84_to_gcj02), ("BD09", wgs84_to_bd09)])
def test_a_layer_in_shifted_coordinates_is_refused_until_that_is_said(
    town: Database, tmp_path: Path, name: str, forward: Callable[..., Any]
) -> None:
    places = spread(800)
    path = cameras(tmp_path / "c.csv", np.column_stack(forward(places[:, 0], places[:, 1])))
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "cameras", path)
    assert caught.value.key == f"load.misplaced-{name.lower()}"
    report = load_file(town, "cameras", path, crs=name)
    assert (report.loaded, report.srid) == (800, None)
    there = fetch(town, "select st_x(geom), st_y(geom) from wangge.cameras order by device_id")
    assert np.abs(np.array(there) - places).max() < 2e-8


def test_swapped_axes_and_other_places_are_told_apart(town: Database, tmp_path: Path) -> None:
    places = spread()
    cases = {
        "load.misplaced-swapped-axes": places[:, ::-1],
        "load.misplaced-outside": places + [3.0, 1.0],
        "load.wrong-crs-likely": np.column_stack((places[:, 0] * 1000 + 380_000, places[:, 1] * 1e5)),
        "load.wrong-crs": places * 1e9,
    }
    for key, at in cases.items():
        with pytest.raises(InvalidInput) as caught:
            load_file(town, "cameras", cameras(tmp_path / "c.csv", at))
        assert caught.value.key == key
    swapped = cameras(tmp_path / "c.csv", places[:, ::-1])
    assert load_file(town, "cameras", swapped, mapping={"lon": "lat", "lat": "lon"}).loaded == len(places)


def test_northing_first_is_told_from_easting_first(town: Database, tmp_path: Path) -> None:
    metres = shapely.get_coordinates(gpd.GeoSeries(shapely.points(spread()), crs=4490).to_crs(4549).to_numpy())
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "cameras", cameras(tmp_path / "c.csv", metres[:, ::-1]), crs="4549")
    assert caught.value.key == "load.misplaced-swapped-axes"
    assert load_file(town, "cameras", cameras(tmp_path / "c.csv", metres), crs="4549").loaded == 200


def test_real_counties_in_gcj02_are_refused_and_then_lie_on_the_city(
    db: Database, shared: Path, tmp_path: Path
) -> None:
    path = shared / "data" / "china_counties" / "321200_full.json"
    theirs = gpd.read_file(path)
    true = shift_geometries(theirs.geometry.to_numpy(), gcj02_to_wgs84)
    with db.transaction() as cur:
        cur.execute(
            "insert into wangge.city (code, name, name_en, metric_srid, outline)"
            " values ('321200', '泰州', 'Taizhou', 4549, st_multi(st_geomfromwkb(%s, 4490)))",
            (shapely.union_all(true).wkb,),
        )
    with pytest.raises(InvalidInput) as caught:
        load_file(db, "divisions", path, mapping={"code": "adcode"})
    assert caught.value.key == "load.misplaced-gcj02"
    assert 400 < float(str(caught.value.values["distance_m"])) < 600
    copy = tmp_path / "counties.geojson"
    copy.write_bytes(path.read_bytes())
    assert load_file(db, "divisions", copy, mapping={"code": "adcode"}, crs="GCJ02").rejected == 6
    assert {field for _, field, _ in rejected(copy)} == {"level"}  # theirs says district, and the code says it anyway
    report = load_file(db, "divisions", copy, mapping={"code": "adcode", "level": "-"}, crs="GCJ02")
    assert (report.loaded, report.rejected) == (len(theirs), 0)
    total = fetch(db, "select sum(area_m2) from wangge.divisions")[0][0]
    oracle = gpd.GeoSeries(true, crs=4490).to_crs(4549).area.sum()
    assert total == pytest.approx(oracle, rel=1e-6)


def test_real_precincts_of_another_country_are_not_in_the_city(town: Database, shared: Path) -> None:
    path = shared / "data" / "messy_denver_precincts" / "DenverCo_precincts2018_repaired.zip"
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "grids", path)
    assert caught.value.key == "load.missing-field"
    columns = str(caught.value.values["columns"]).split(", ")
    with pytest.raises(InvalidInput) as caught:
        load_file(town, "grids", path, mapping={"code": columns[0], "name": columns[1]})
    assert caught.value.key == "load.misplaced-outside"
    assert int(str(caught.value.values["distance_km"])) > 8000


def test_real_cameras_with_a_latitude_of_zero_and_a_wrong_sign(db: Database, shared: Path, tmp_path: Path) -> None:
    with (shared / "data" / "cameras_gdot_georgia" / "cameras.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with db.transaction() as cur:
        cur.execute(
            "insert into wangge.city (code, name, name_en, metric_srid, outline)"
            " values ('321283', 'Georgia', 'Georgia', 4549, st_multi(st_makeenvelope(-86, 30, -80, 35.2, 4490)))"
        )
        cur.execute(
            "insert into wangge.divisions (code, name, level, geom) values ('321283001', 'all', 'township',"
            " st_multi(st_makeenvelope(120, 32, 120.1, 32.1, 4490)))"
        )
    path = tmp_path / "cameras.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "device_id", "source", "township_code"])
        writer.writeheader()
        for number, row in enumerate(rows):
            extra = {"device_id": DEVICE.format(number), "source": "township", "township_code": "321283001"}
            writer.writerow(row | extra)
    wrong = [
        number + 2
        for number, row in enumerate(rows)
        if not (-86.1 < float(row["lon"]) < -79.9 and 29.9 < float(row["lat"]) < 35.3)
    ]
    assert wrong
    report = load_file(db, "cameras", path, mapping={"azimuth_deg": "dir"})
    assert (report.read, report.rejected) == (len(rows), len(wrong))
    assert [
        row for row, field, reason in rejected(path) if (field, reason) == ("geometry", "outside of the city")
    ] == wrong


# --- the rules are those of the database

_BASES = {
    "divisions": "code, name, level, geom) values ('321283003', 'a', 'township', {polygon}",
    "grids": "code, name, kind, village_code, geom)"
    " values ('321283001001009', 'a', 'social', '321283001001', {polygon}",
    "cameras": "device_id, name, source, township_code, geom)"
    " values ('32128300001320000009', 'a', 'skynet', '321283001', {point}",
    "service_points": "code, name, level, township_code, geom) values ('x', 'a', 'centre', '321283001', {point}",
    "enforcement": "code, name, township_code, officers, powers, geom) values ('x', 'a', '321283001', 1, 1, {point}",
}


@pytest.mark.parametrize("layer", [layer for layer in RULES if layer != "cases"])
def test_limits_are_those_of_the_database(town: Database, layer: str) -> None:
    from layers.catalogue import CATALOGUE

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
            cur.connection.rollback()
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


# --- killed at any moment

_LOADER = """
import sys
from pathlib import Path
from layers.database import Database
from layers.load import load_file
def tell(stage, done, total):
    print(stage, done, flush=True)
load_file(Database(sys.argv[1]), "cameras", Path(sys.argv[2]), replace=True, progress=tell)
print("end", flush=True)
"""


@pytest.mark.parametrize("moment", ["read 0", "read 20000", "check 0", "check 30000", "write 0", "write 30000", "end"])
def test_a_load_that_is_killed_leaves_the_layer_as_before_or_as_after(
    town: Database, tmp_path: Path, moment: str
) -> None:
    few = cameras(tmp_path / "few.csv", spread(3))
    load_file(town, "cameras", few)
    many = cameras(tmp_path / "many.csv", spread(30_000))
    with subprocess.Popen(
        [sys.executable, "-c", _LOADER, town.owner_dsn, str(many)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == moment:
                os.kill(process.pid, signal.SIGKILL)
                break
        else:
            pytest.fail(f"the load never came to {moment!r}")
    # the next load waits for what the server still does for the dead one
    assert load_file(town, "cameras", few, dry_run=True, replace=True).loaded == 3
    left = count(town, "cameras")
    assert left == 30_000 if moment == "end" else left in (3, 30_000)
    if moment not in ("write 30000", "end"):
        assert left == 3
    assert load_file(town, "cameras", many, replace=True).loaded == 30_000


# --- words


def test_every_text_that_the_loader_says_is_there() -> None:
    import re

    known = texts()
    written = {
        key
        for file in (PROJECT / "layers").glob("*.py")
        for key in re.findall(r"[\"']((?:load|export)\.[a-z0-9-]*[a-z0-9])[\"']", file.read_text("utf-8"))
    }
    written |= {f"load.misplaced-{kind}" for kind in ("swapped-axes", "gcj02", "bd09", "outside")}
    written |= {f"load.reject-{kind}" for kind in ("mobile", "identity", "plate")}
    assert written <= known.keys()
    ours = {key for key in known if key.startswith(("load.", "export."))}
    assert ours <= written


def test_only_known_layers_take_files() -> None:
    from layers.catalogue import CATALOGUE

    for layer_id, rules in RULES.items():
        layer = CATALOGUE[layer_id]
        assert isinstance(layer, Layer)
        assert set(rules) <= set(layer.names)
