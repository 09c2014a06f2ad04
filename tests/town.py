"""A city of two townships to load into, and files to load: what the tests of loading share."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from layers.loading.load import load_file
from layers.loading.rejects import HEADER, rejects_path

if TYPE_CHECKING:
    from layers.database.database import Database

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


def build_town(db: Database, tmp_path: Path) -> Database:
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
    return db


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
