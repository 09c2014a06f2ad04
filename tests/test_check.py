"""The command check: layers and files, exit status, table, GeoJSON, and findings that are kept."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from config.check import run_check
from config.settings import Settings
from config.terminal import Terminal
from geo.errors import InvalidInput, NotFound
from layers.checking.decisions import decide_finding
from layers.identity import ADMIN


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Function that checks a target: exit status and what was printed."""

    def run(
        target: Any, *, as_json: bool = False, database: Any = None, language: Any = "en", report: Path | None = None
    ) -> tuple[int, str]:
        where = {} if database is None else {
            "database_url": database.owner_dsn, "api_database_url": database.api_dsn
        }  # fmt: skip
        settings = Settings(data_dir=tmp_path, **where)
        args = Namespace(target=None if target is None else str(target), json=as_json, report=report)
        status = run_check(args, Terminal(language), settings)
        return status, capsys.readouterr().out

    return run


def write(path: Path, shapes: list[Any], srid: int | None = 4490, **columns: list[Any]) -> Path:
    geopandas.GeoDataFrame(columns, geometry=shapes, crs=srid).to_file(path)
    return path


def boxes(*left: float, width: float = 0.01) -> list[Any]:
    return [shapely.box(x, 32, round(x + width, 8), 32.01) for x in left]


def test_sound_file(check: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "sound.geojson", boxes(120, 120.01, 120.02), code=["a", "b", "c"])
    assert check(path) == (0, f"{path}: 3 polygons, nothing found.\n")
    answer = json.loads(check(path, as_json=True)[1])
    assert answer["features"] == [] and answer["checked"] == 3


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".fgb"])
def test_faults_of_a_file_in_every_format(check: Any, tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"faulty{suffix}", boxes(120, 120.008), code=["a", "b"])
    status, out = check(path, as_json=True)
    (feature,) = json.loads(out)["features"]
    assert status == 1
    assert feature["properties"]["kind"] == "overlap" and feature["properties"]["ids"] == ["a", "b"]
    assert feature["properties"]["area_m2"] == pytest.approx(0.2 * 944 * 1109, rel=0.01)
    assert feature["properties"]["sliver"] is False
    assert shapely.from_geojson(json.dumps(feature["geometry"])).bounds == pytest.approx((120.008, 32, 120.01, 32.01))


@pytest.mark.parametrize("srid", [4549, 4528, 3857, 4326])
def test_files_in_other_systems_are_measured_in_metres(check: Any, tmp_path: Path, srid: int) -> None:
    frame = geopandas.GeoDataFrame({"code": ["a", "b"]}, geometry=boxes(120, 120.008), crs=4490).to_crs(srid)
    path = tmp_path / "metres.gpkg"
    frame.to_file(path)
    status, out = check(path, as_json=True)
    (feature,) = json.loads(out)["features"]
    assert status == 1 and feature["properties"]["area_m2"] == pytest.approx(0.2 * 944 * 1109, rel=0.01)
    assert shapely.from_geojson(json.dumps(feature["geometry"])).centroid.x == pytest.approx(120.009, abs=1e-6)


def test_warnings_alone_are_no_failure(check: Any, tmp_path: Path) -> None:
    apart = shapely.MultiPolygon(boxes(120, 120.05))
    status, out = check(write(tmp_path / "parts.geojson", [apart], code=["a"]), language="zh")
    assert status == 0
    assert "警告 1" in out and "互不相连" in out


def test_codes_of_a_file_of_grids(check: Any, tmp_path: Path) -> None:
    codes = ["321283001201001", "321283001201001", "32128300120100"]
    path = write(tmp_path / "grids.geojson", boxes(120, 120.01, 120.02), code=codes)
    status, out = check(path, as_json=True)
    kinds = {feature["properties"]["kind"] for feature in json.loads(out)["features"]}
    assert status == 1 and kinds == {"code-duplicate", "code-format"}


def test_codes_of_other_files_are_names(check: Any, shared: Path) -> None:
    status, out = check(shared / "data/messy_france_communes/communes-corse.geojson", as_json=True)
    assert status == 0
    assert {feature["properties"]["kind"] for feature in json.loads(out)["features"]} == {"multipart"}


def test_a_measured_file(check: Any, shared: Path) -> None:
    status, out = check(shared / "data/messy_click_that_hood/turku.geojson", as_json=True)
    found = [feature["properties"] for feature in json.loads(out)["features"]]
    assert status == 1
    assert sum(p["kind"] == "gap" for p in found) == 853
    assert sum(p["kind"] == "overlap" and p["area_m2"] > 1 for p in found) == 90


def test_layers_of_the_sample_city(check: Any, city_copy: Any) -> None:
    for layer in (None, "divisions"):
        status, out = check(layer, database=city_copy)
        assert status == 0
        assert "0 errors" in out or "nothing found" in out


def test_findings_of_a_layer_are_kept_and_an_accepted_one_is_no_failure(check: Any, city_copy: Any) -> None:
    with city_copy.transaction() as cur:
        cur.execute(
            "delete from wangge.grids where code = (select code from wangge.grids where kind = 'social'"
            " order by md5(code) limit 1)"
        )
    status, out = check("grids", as_json=True, database=city_copy)
    (gap,) = [feature for feature in json.loads(out)["features"] if feature["properties"]["severity"] == "error"]
    assert status == 1 and gap["properties"]["state"] == "open" and gap["properties"]["kind"] == "gap"
    with city_copy.transaction() as cur:
        cur.execute("select state, township_code from wangge.findings where id = %s", (gap["id"],))
        state, township = cur.fetchone()
        assert state == "open" and township in {name[:9] for name in gap["properties"]["ids"]}
    with city_copy.api.transaction(ADMIN) as cur:
        decide_finding(cur, gap["id"], "accept", "a park")
    status, out = check("grids", database=city_copy)
    assert status == 0 and "accepted" in out


def test_targets_that_are_none(check: Any, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        check("nothing")
    assert "grids" in str(caught.value.values["layers"])
    points = write(tmp_path / "points.geojson", [shapely.Point(120, 32)], code=["a"])
    with pytest.raises(InvalidInput):
        check(points)
    (tmp_path / "broken.geojson").write_text("{")
    with pytest.raises(InvalidInput):
        check(tmp_path / "broken.geojson")
