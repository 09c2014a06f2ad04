"""The ledger of codes through all that happens to grids: what was given up stays so, and its second use is found."""

import geopandas as gpd
import pytest
import shapely
from town import EAST, GRID, build_town, fetch

from layers.database.database import bind
from layers.loading.load import load_file
from processes.codes.check_codes import CheckCodes

INSERT = (
    "insert into wangge.grids (code, name, kind, village_code, valid_from, geom)"
    " values (%s, 'grid', 'social', left(%s, 12), %s, st_multi(st_geomfromtext(%s, 4490)))"
)
WEST_HALF = shapely.box(120.0, 32.0, 120.05, 32.1)


@pytest.fixture
def town(db, tmp_path):
    bind(db.api)
    return build_town(db, tmp_path)


def write(town, *statements):
    with town.transaction() as cur:
        for statement, *values in statements:
            cur.execute(statement, values)


def reused():
    found = CheckCodes().execute({})[1]["features"]
    return [f["properties"]["ids"] for f in found if f["properties"]["kind"] == "code-reused"]


def retired(town):
    return [code for (code,) in fetch(town, "select code from wangge.issued_codes where retired_at is not null")]


def test_code_of_a_deleted_grid_is_retired_and_stays_so_when_it_comes_back(town):
    assert retired(town) == []
    write(town, ("delete from wangge.grids",))
    assert retired(town) == [GRID]
    write(town, (INSERT, GRID, GRID, "2024-01-01", WEST_HALF.wkt))
    assert retired(town) == [GRID]
    assert reused() == [[GRID]]


def test_code_of_an_ended_grid_comes_back_for_the_same_ground_only(town):
    write(town, ("update wangge.grids set valid_from = '2020-01-01', valid_to = '2024-01-01'",))
    assert retired(town) == [GRID]
    assert reused() == []
    ((ground,),) = fetch(town, "select st_astext(geom) from wangge.grids")
    write(town, (INSERT, GRID, GRID, "2024-01-01", ground))
    assert reused() == []
    write(town, ("update wangge.grids set geom = st_multi(st_geomfromtext(%s, 4490)) where valid_to is null",
                 WEST_HALF.wkt))  # fmt: skip
    assert reused() == [[GRID]]


def test_a_gap_between_two_lives_of_a_code_is_a_second_use(town):
    write(town, ("update wangge.grids set valid_from = '2020-01-01', valid_to = '2022-01-01'",))
    ((ground,),) = fetch(town, "select st_astext(geom) from wangge.grids")
    write(town, (INSERT, GRID, GRID, "2024-01-01", ground))
    assert reused() == [[GRID]]


def test_a_row_that_is_opened_again_takes_its_code_back(town):
    write(town, ("update wangge.grids set valid_from = '2020-01-01', valid_to = '2024-01-01'",))
    write(town, ("update wangge.grids set valid_to = null",))
    assert retired(town) == []
    assert reused() == []


def test_a_layer_loaded_anew_keeps_its_codes(town, tmp_path):
    other = "321283002001001"
    frame = gpd.GeoDataFrame({"code": [GRID, other], "name": ["一号", "二号"]}, geometry=[WEST_HALF, EAST], crs=4490)
    frame.to_file(tmp_path / "two.gpkg")
    assert load_file(town, "grids", tmp_path / "two.gpkg", replace=True).loaded == 2
    assert retired(town) == []
    frame[1:].to_file(tmp_path / "one.gpkg")
    load_file(town, "grids", tmp_path / "one.gpkg", replace=True)
    # what the new file leaves out is given up, and what was given up before is not given back
    assert retired(town) == [GRID]
    load_file(town, "grids", tmp_path / "two.gpkg", replace=True)
    assert retired(town) == [GRID]
    assert reused() == [[GRID]]
