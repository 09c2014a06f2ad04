"""Loading files into layers: what goes in, what follows from it, and what is taken back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import h3
import numpy as np
import pytest
import shapely
from town import CITY, EAST, GRID, build_town, cameras, count, fetch, rejected, spread, table

from geo.errors import Conflict, InvalidInput
from layers.loading.load import load_file

if TYPE_CHECKING:
    from layers.database.database import Database

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Database:
    """The city of `town.build_town`."""
    return build_town(db, tmp_path)


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
    assert {note.key for note in report.notes} >= {"load.note-encoding", "load.note-stripped", "load.note-repaired"}
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
    assert next(note for note in report.notes if note.key == "load.note-stripped").values["columns"] == "姓名"

    place = fetch(
        town,
        "select category, type_code, type_name, grid_code, village_code, township_code, cell"
        " from wangge.cases where case_no = 'A0'",
    )[0]
    name = fetch(town, "select type_name from wangge.case_types where category = 'matter' and type_code = '06020'")[0][
        0
    ]
    cell = h3.str_to_int(h3.latlng_to_cell(32.0512, 120.05120, 10))
    assert place == ("matter", "06020", name, GRID, "321283001001", "321283001", cell)
    assert fetch(town, "select type_code, village_code, grid_code from wangge.cases where case_no = 'B1'") == [
        ("01001", "321283002001", None)
    ]
    parent = h3.str_to_int(h3.cell_to_parent(h3.int_to_str(cell), 8))
    heat = fetch(
        town,
        "select count, month from wangge.case_heat where audience = 'staff' and class_code = 'all' and channel = 'all'"  # noqa: S608
        f" and cell = {parent}",
    )
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


def test_department_cells_are_told_apart_by_department_and_code(town: Database, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"编码": list("112"), "所属部门": ["公安", "消防", "消防"], "名称": ["甲", "乙", None], "户数": [3, 4, None]},
        geometry=[EAST, CITY.buffer(-0.03), shapely.box(120.15, 32.02, 120.16, 32.03)], crs=4490,
    )  # fmt: skip
    path = tmp_path / "cells.gpkg"
    frame.to_file(path)
    report = load_file(town, "department-cells", path)
    assert (report.loaded, report.rejected) == (3, 0)
    # the township is that of a point in the middle, the area is measured
    rows = fetch(
        town,
        "select department, code, name, households, township_code, area_m2 from wangge.department_cells order by 1, 2",
    )
    assert [row[:5] for row in rows][::2] == [
        ("公安", "1", "甲", 3, "321283002"), ("消防", "2", None, None, "321283002")
    ]  # fmt: skip
    assert rows[0][5] == pytest.approx(gpd.GeoSeries([EAST], crs=4490).to_crs(4549).area[0], rel=1e-6)
    # the same again is refused row by row, and a code that comes twice in one department as well
    gpd.pd.concat([frame, frame[1:2]]).to_file(path)
    assert load_file(town, "department-cells", path).rejected == 4
    assert {(field, reason) for _, field, reason in rejected(path)} == {
        ("code", "loaded already"), ("code", "the same as row 2")
    }  # fmt: skip
    assert count(town, "department_cells") == 3


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
    first = table(tmp_path / "1.csv", header, *(f"A{n},matter,06020,a,上报,2024-03-05,120.05,32.05" for n in range(3)))
    second = table(
        tmp_path / "2.csv",
        header,
        "A1,matter,06020,a,上报,2024-03-05,120.05,32.05",
        "A9,matter,06020,a,上报,2024-03-05,120.05,32.05",
    )
    load_file(town, "cases", first)
    assert load_file(town, "cases", second).loaded == 1, "A1 is there and the same"
    assert load_file(town, "cases", second, replace=True).loaded == 2
    assert fetch(town, "select case_no from wangge.cases order by 1") == [("A1",), ("A9",)]
    assert fetch(town, "select sum(count) from wangge.case_counts") == [(2,)]
    bad = table(tmp_path / "3.csv", header, "A1,matter,99999,a,上报,2024-03-05,120.05,32.05")
    assert load_file(town, "cases", bad, replace=True).rejected == 1
    assert count(town, "cases") == 2


def test_divisions_that_grids_stand_on_are_not_emptied(town: Database, tmp_path: Path) -> None:
    with pytest.raises(Conflict) as caught:
        load_file(town, "divisions", tmp_path / "divisions.gpkg", replace=True)
    assert caught.value.key == "load.replace-referenced"
    assert count(town, "divisions") == 5


def test_points_need_divisions_first(db: Database, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_file(db, "cameras", cameras(tmp_path / "c.csv", spread(5)))
    assert caught.value.key == "load.no-divisions"
