"""The planners' client against the running service: tables, processes as functions, jobs, and the service's words."""

from __future__ import annotations

import contextlib
import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


@pytest.fixture(scope="module")
def client() -> Any:
    """The package as a notebook imports it: from the folder that it lies in."""
    sys.path.insert(0, str(NOTEBOOKS))
    try:
        import wangge_client
    finally:
        sys.path.remove(str(NOTEBOOKS))
    return wangge_client


@pytest.fixture
def city(client: Any, service: Any) -> Any:
    """The service as its staff see it."""
    found = client.connect(service.base_url, service.keys["staff"], lang="en")
    found._session.trust_env = False
    return found


def test_it_needs_nothing_of_the_project(tmp_path: Path) -> None:
    """Copied elsewhere it imports, in a Python that can't see this checkout."""
    shutil.copytree(NOTEBOOKS / "wangge_client", tmp_path / "wangge_client")
    code = "import sys, wangge_client; print({'geo', 'layers', 'processes', 'config'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)}, check=False)  # fmt: skip
    assert done.stdout.strip() == "set()", done.stderr


def test_layers_are_listed_as_the_key_sees_them(client: Any, service: Any, city: Any) -> None:
    public = client.connect(service.base_url)
    assert "cameras" in city.layers.index
    assert "cameras" not in public.layers.index
    assert city.layers.loc["grids", "count"] == 1412
    fields = city.fields("grids")
    assert fields.loc["kind", "values"] == "social = Social-governance; dedicated = Dedicated"
    assert fields.loc["area_m2", "unit"] == "m2"


def test_a_layer_is_read_to_its_end(service: Any, city: Any) -> None:
    told: list[tuple[float, float]] = []
    cases = city.read("cases", limit=12_000, properties=["case_no", "reported_at", "closed_at"],
                      progress=lambda done, total: told.append((done, total)))  # fmt: skip
    assert len(cases) == cases["case_no"].nunique() == 12_000
    assert told[-1] == (12_000, 12_000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert isinstance(cases["reported_at"].dtype, pd.DatetimeTZDtype)
    huangqiao = city.read("grids", filter="township_code = '321283100'")
    with service.database.transaction() as cursor:
        cursor.execute("select count(*), sum(population) from wangge.grids where township_code = '321283100'")
        count, people = cursor.fetchone()
    assert (len(huangqiao), huangqiao["population"].sum()) == (count, people)
    assert len(city.read("grids", township_code="321283100", kind="social")) < count
    assert len(city.read("grids", bbox=(120.0, 32.1, 120.1, 32.2))) < 1412
    assert city.read("grids", code="none").empty


@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:4490", "EPSG:3857"])
def test_coordinates_are_easting_first(city: Any, crs: str) -> None:
    """Whatever the axis order that the service keeps to; areas in the metric CRS are those of the service."""
    here = city.read("grids", limit=30, crs=crs)
    degrees = city.read("grids", limit=30)
    assert here.crs.to_epsg() == int(crs[5:])
    again = here.to_crs("EPSG:4326") if crs == "EPSG:3857" else here.to_crs("EPSG:4490")
    assert np.allclose(again.total_bounds, degrees.total_bounds, atol=1e-6)
    if crs == "EPSG:4549":
        assert np.allclose(here.area, here["area_m2"], rtol=1e-6)


def test_processes_are_functions(city: Any) -> None:
    assert {"locate", "check-coverage"} <= set(city.processes.index)
    assert "check_coverage" in dir(city)
    assert "dedicated" in city.locate.__doc__
    assert inspect.signature(city.locate).parameters["crs"].default == "WGS84"
    answer = city.locate(points=[[120.05, 32.17]])
    assert len(answer["grid_code"][0]) == 15
    grids = city.read("grids", filter="township_code = '321283100' AND kind = 'social'", crs="EPSG:4549")
    moved = grids.copy()
    grown = moved.index[0]
    moved.loc[grown, "geometry"] = moved.geometry[grown].buffer(30)
    findings = city.check_coverage(features=moved).frame()
    assert isinstance(findings, gpd.GeoDataFrame)
    overlaps = findings[findings["kind"] == "overlap"]
    # the table's index is what the service calls them by
    assert len(overlaps) and all(grown in ids for ids in overlaps["ids"])
    with pytest.raises(ValueError, match="count"):
        answer.frame()
    with pytest.raises(AttributeError, match="locate"):
        city.nonsense()


def test_errors_are_the_service_s_words(client: Any, service: Any, city: Any) -> None:
    with pytest.raises(client.NeedsKey, match="密钥") as caught:
        client.connect(service.base_url, "wg_wrong")
    assert caught.value.status == 401
    with pytest.raises(client.NotFound, match="no collection|There is no|nothing"):
        city.read("nothing")
    with pytest.raises(client.ServiceError, match="populations") as caught:
        city.read("grids", filter="populations > 5")
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameterValue")
    with pytest.raises(client.NeedsKey):
        client.connect(service.base_url).read("cameras")
    with pytest.raises(client.Unreachable, match="wangge up"):
        client.connect("http://127.0.0.1:1")


def test_a_layer_is_written_to_a_file(client: Any, city: Any, tmp_path: Path) -> None:
    wanted = {"filter": "township_code = '321283100' AND kind = 'social'"}
    read = city.read("grids", **wanted)
    for suffix in (".gpkg", ".zip", ".parquet"):
        file = city.save("grids", tmp_path / f"grids{suffix}", **wanted)
        found = gpd.read_parquet(file) if suffix == ".parquet" else gpd.read_file(file)
        assert set(found["code"]) == set(read.index)
        assert shapely.equals_exact(found.union_all().envelope, read.union_all().envelope, 1e-6)
    with rasterio.open(city.save("case-density", tmp_path / "density.tif", datetime="2025-12")) as raster:
        assert raster.crs.to_epsg() == 4549
    with pytest.raises(ValueError, match="gpkg"):
        city.save("grids", tmp_path / "grids.doc")
    with pytest.raises(client.ServiceError, match="populations"):
        city.save("grids", tmp_path / "none.gpkg", filter="populations > 5")
    assert not (tmp_path / "none.gpkg").exists()


def test_edits_are_written_whole_and_published(client: Any, edited: Any) -> None:
    city = client.connect(edited.base_url, edited.keys["editor"], lang="en")
    change_set = city.open_change_set(title="new border")["change_set"]
    two = city.read("grid-edits", change_set=change_set, filter="village_code = '321283100202' AND kind = 'social'")
    keeps, goes = two.index[:2]
    wider = two.loc[[keeps]].assign(name="一家")
    wider.geometry = [shapely.unary_union([two.geometry[keeps], two.geometry[goes]])]
    written = city.write(wider, removed=[goes], change_set=change_set)
    assert written["changeSet"] == change_set
    assert {one["id"] for one in written["features"]} == {keeps, goes}
    now = city.read("grid-edits", change_set=change_set, filter="op <> 'unchanged'")
    assert list(now.index) == [keeps] and now.name[keeps] == "一家"
    # the other columns came back as they were read
    assert now.loc[keeps, "population"] == two.loc[keeps, "population"]
    with pytest.raises(client.ServiceError, match="valid|crosses|intersect"):
        city.write(wider.set_geometry([shapely.Polygon([(120, 32), (120.1, 32.1), (120.1, 32), (120, 32.1)])]),
                   change_set=change_set)  # fmt: skip
    trial = city.publish(change_set=change_set, dry_run=True)
    assert not trial["published"] and trial["blocking"] == []
    # a row of another index is a new grid: here one that lies on those that are there
    added = city.write(two.loc[[goes]].reset_index(drop=True), change_set=change_set)
    assert added["features"][0]["id"] not in two.index
    assert "overlap" in set(added["findings"].frame()["kind"])


def test_jobs_are_awaited_and_cancelled(client: Any, served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    city = client.connect(served.base_url, served.keys["staff"], lang="en")
    job = city.start("check-coverage", layer="divisions")
    answer = job.wait(progress=True, timeout_s=120)
    assert answer["type"] == "FeatureCollection"
    assert "100%" in capsys.readouterr().err
    assert city.job(job.id).wait() == answer
    assert city.jobs.loc[job.id, "status"] == "successful"
    with pytest.raises(client.ServiceError, match="layer"):
        city.start("check-coverage", layer="nothing").wait(timeout_s=120)
    told: list[float] = []
    assert city.run("locate", points=[[120.05, 32.17]], progress=lambda done, _: told.append(done))["count"] == 1
    assert told[-1] == 100
    gone = city.start("check-coverage", layer="grids")
    gone.cancel()
    with pytest.raises((client.Cancelled, client.NotFound)):
        gone.wait(timeout_s=120)


def test_who_interrupts_the_waiting_cancels_the_job(
    client: Any, served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = client.connect(served.base_url, served.keys["staff"])
    job = city.start("check-coverage", layer="grids")

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wangge_client.job.time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        job.wait()
    monkeypatch.undo()
    # a job that had ended before it was cancelled is forgotten
    with contextlib.suppress(client.NotFound):
        assert job.state["status"] in ("dismissed", "successful")
