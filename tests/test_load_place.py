"""Layers in the wrong place: refused with what they look like, and loaded once that is said."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from town import DEVICE, build_town, cameras, fetch, rejected, spread

from geo.errors import InvalidInput
from geo.gcj02 import gcj02_to_wgs84, shift_geometries, wgs84_to_bd09, wgs84_to_gcj02
from layers.loading.load import load_file

if TYPE_CHECKING:
    from layers.database.database import Database

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Database:
    """The city of `town.build_town`."""
    return build_town(db, tmp_path)


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
