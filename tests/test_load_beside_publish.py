"""Loading grids and publishing them at once: one waits for the other, and sees the whole of what it made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg2
import pytest
import shapely
from editing import editor, faults, rows, write
from small_county import build_county
from working import PATIENCE_S, until

from geo.errors import Conflict
from layers.changes.publish import publish, publish_within
from layers.identity import Identity, acting
from layers.loading.load import load_file

GRID = "329901001201001"


@pytest.fixture
def county(db: Any) -> Any:
    build_county(db)
    return db


@pytest.fixture
def file(county: Any, tmp_path: Path) -> Path:
    """The grids as a file, under other names."""
    found = rows(county, "select code, '载入', kind, village_code, population, st_asbinary(geom) from wangge.grids")
    shapes = [shapely.from_wkb(bytes(row[-1])) for row in found]
    columns = ["code", "name", "kind", "village_code", "population"]
    frame = gpd.GeoDataFrame([row[:-1] for row in found], columns=columns, geometry=shapes, crs=4490)
    path = tmp_path / "grids.gpkg"
    frame.to_file(path)
    return path


def waits(database: Any) -> None:
    """Return when a connection of this database waits for a lock on the grids."""
    statement = (
        "select count(*) from pg_locks where not granted and relation = 'wangge.grids'::regclass"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    until(lambda: rows(database, statement) == [(1,)])


def run(work: Callable[[], object]) -> tuple[threading.Thread, list[Any]]:
    """Work in a thread of its own; what comes of it, or the error, stands in the list afterwards."""
    came: list[Any] = []

    def catching() -> None:
        try:
            came.append(work())
        except (Conflict, psycopg2.Error) as error:
            came.append(error)

    thread = threading.Thread(target=catching)
    thread.start()
    return thread, came


def renamed(database: Any, who: Identity) -> int:
    number, _ = write(database, who, ("patch", GRID, {"name": "改名"}, None))
    return number


def test_a_load_waits_for_a_publication(county: Any, file: Path) -> None:
    who = editor(county)
    number = renamed(county, who)
    with acting(who), county.api.transaction() as cur:
        assert publish_within(cur, number).number is not None
        thread, came = run(lambda: load_file(county, "grids", file, replace=True))
        waits(county)
        assert came == []
    thread.join(PATIENCE_S)
    assert (came[0].loaded, came[0].rejected) == (12, 0)
    assert rows(county, "select name, count(*) from wangge.grids group by 1") == [("载入", 12)]
    assert rows(county, "select count(*) from wangge.publications") == [(1,)]
    assert faults(county) == []


def test_a_publication_waits_for_a_load_and_is_told_what_it_changed(county: Any, file: Path) -> None:
    who = editor(county)
    number = renamed(county, who)
    reached, goes = threading.Event(), threading.Event()

    def told(stage: str, done: int, total: int) -> None:
        if stage == "check":
            reached.set()
            goes.wait(PATIENCE_S)

    loading, loaded = run(lambda: load_file(county, "grids", file, replace=True, progress=told))
    assert reached.wait(PATIENCE_S)

    def publishing() -> object:
        with acting(who):
            return publish(county.api, number)

    thread, came = run(publishing)
    waits(county)
    assert came == []
    goes.set()
    loading.join(PATIENCE_S)
    thread.join(PATIENCE_S)
    assert loaded[0].loaded == 12
    assert isinstance(came[0], Conflict)
    assert came[0].key == "publish.stale"
    assert rows(county, "select name, count(*) from wangge.grids group by 1") == [("载入", 12)]


def test_a_publication_waits_for_a_load_that_has_only_read(county: Any, file: Path) -> None:
    """What the load compared its rows with is what is there when it writes; here all of them are refused, as known."""
    who = editor(county)
    number = renamed(county, who)
    reached, goes = threading.Event(), threading.Event()

    def told(stage: str, done: int, total: int) -> None:
        if stage == "check":
            reached.set()
            goes.wait(PATIENCE_S)

    loading, loaded = run(lambda: load_file(county, "grids", file, progress=told))
    assert reached.wait(PATIENCE_S)

    def publishing() -> object:
        with acting(who):
            return publish(county.api, number)

    thread, came = run(publishing)
    waits(county)
    goes.set()
    loading.join(PATIENCE_S)
    thread.join(PATIENCE_S)
    assert (loaded[0].loaded, loaded[0].rejected) == (0, 12)
    assert came[0].number is not None
