"""Divisions with a past from a file: versions of a code that follow each other, and what is told of others."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from town import CITY, EAST, WEST, build_town, fetch, rejected, table

from geo.errors import InvalidInput
from layers.database import database as databases
from layers.identity import Identity, acting
from layers.loading.load import load_file
from processes.registry import PROCESSES

if TYPE_CHECKING:
    from layers.database.database import Database
    from layers.loading.report import LoadReport

HEADER = "code,name,valid_from,valid_to,wkt"


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Database:
    return build_town(db, tmp_path)


def versions(path: Path, *rows: str, shape: Any = WEST) -> Path:
    return table(path, HEADER, *(f'{row},"{shape.wkt}"' for row in rows))


def load(database: Database, path: Path, **options: Any) -> LoadReport:
    return load_file(database, "divisions", path, crs="EPSG:4490", **options)


def test_a_file_has_the_versions_of_a_code(db: Database, tmp_path: Path) -> None:
    path = versions(
        tmp_path / "d.csv",
        "321283,市,,",
        "321283001,西镇,,2019-05-01",
        "321283001,西城街道,2019-05-01,",
        # a village that was gone for three years
        "321283001001,西村,,2015-01-01",
        "321283001001,西社区,2018-01-01,2019-05-01",
        "321283001001,西城社区,2019-05-01,",
        # and one that is gone
        "321283001002,南村,2010-01-01,2018-01-01",
        shape=CITY,
    )
    report = load(db, path)
    assert (report.loaded, report.rejected) == (7, 0)
    on_day = "select name from wangge.divisions where daterange(valid_from, valid_to) @> date '{}' order by code"
    assert fetch(db, on_day.format("2014-12-31")) == [("市",), ("西镇",), ("西村",), ("南村",)]
    assert fetch(db, on_day.format("2016-01-01")) == [("市",), ("西镇",), ("南村",)]
    assert fetch(db, on_day.format("2018-01-01")) == [("市",), ("西镇",), ("西社区",)]
    assert fetch(db, on_day.format("2019-05-01")) == [("市",), ("西城街道",), ("西城社区",)]
    assert fetch(db, "select parent_code, level from wangge.divisions where code = '321283001002'") == [
        ("321283001", "village")
    ]


def test_the_past_of_divisions_that_are_there(town: Database, tmp_path: Path) -> None:
    """What was loaded without a first day begins where its past ends."""
    path = versions(
        tmp_path / "past.csv", "321283001001,老西村,2001-01-01,2008-01-01", "321283001001,大西村,2008-01-01,2021-04-01"
    )
    assert load(town, path, dry_run=True).rejected == 0
    report = load(town, path)
    assert [note.key for note in report.notes if note.key.startswith("load.note-first")] == ["load.note-first-days"]
    assert fetch(
        town, "select name, valid_from, valid_to from wangge.divisions where code = '321283001001' order by valid_from"
    ) == [
        ("老西村", date(2001, 1, 1), date(2008, 1, 1)),
        ("大西村", date(2008, 1, 1), date(2021, 4, 1)),
        ("西村", date(2021, 4, 1), None),
    ]
    # a second file can't say otherwise
    again = versions(tmp_path / "again.csv", "321283001001,另一村,2020-01-01,2022-01-01")
    assert load(town, again).rejected == 1
    ((_, field, reason),) = rejected(again)
    assert field == "code" and "2008-01-01 – 2021-03-31, 2021-04-01 – …" in reason


def test_each_row_is_told_what_is_wrong_with_its_days(town: Database, tmp_path: Path) -> None:
    ((tomorrow,),) = fetch(town, "select current_date + 1")
    path = versions(
        tmp_path / "bad.csv",
        "321283003,北镇,2010-01-01,2015-01-01",
        "321283003,北街道,2014-12-31,2020-01-01",
        "321283003002,甲村,2012-01-01,2021-01-01",
        "321283003003,乙村,2012-01-01,2012-01-01",
        "321283002001,东村,2012-01-01,",
        f"321283003004,丙村,2014-01-01,{tomorrow}",
        "321283003005,丁村,,2005-01-01",
        shape=EAST,
    )
    assert load(town, path).rejected == 6
    found = {(row, field): reason for row, field, reason in rejected(path)}
    assert "code of row 2 on the same days" in found[3, "code"]
    assert "2020-01-01 – 2020-12-31" in found[4, "parent_code"]
    assert "2012-01-01" in found[5, "valid_to"]
    assert "… – …" in found[6, "code"]
    assert "later than today" in found[7, "valid_to"]
    assert "… – 2004-12-31" in found[8, "parent_code"]
    assert fetch(town, "select count(*) from wangge.divisions") == [(5,)]


def test_a_code_of_the_past_leads_to_what_it_became(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three quarters of a village went to one, a quarter to another; a fifth of the city was nobody's for two years."""
    monkeypatch.setattr(databases, "_bound", db.api)
    county = ("321283,市,,", shapely.box(120, 32, 120.2, 32.1))
    rows = [
        county, ("321283001,镇,,", county[1]),
        ("321283001001,甲村,,2015-01-01", shapely.box(120, 32, 120.08, 32.1)),
        ("321283001002,乙村,2015-01-01,", shapely.box(120, 32, 120.06, 32.1)),
        ("321283001003,丙村,,2015-01-01", shapely.box(120.08, 32, 120.16, 32.1)),
        ("321283001003,丙社区,2015-01-01,", shapely.box(120.06, 32, 120.16, 32.1)),
        ("321283001004,丁村,,2016-01-01", shapely.box(120.16, 32, 120.2, 32.1)),
        ("321283001004,丁社区,2018-01-01,", shapely.box(120.16, 32, 120.2, 32.1)),
    ]  # fmt: skip
    path = table(tmp_path / "past.csv", HEADER, *(f'{row},"{shape.wkt}"' for row, shape in rows))
    assert load(db, path).rejected == 0

    def way(code: str, to_day: str, day: str | None = None) -> dict[str, Any]:
        with acting(Identity("staff")):
            inputs = {"code": code, "to_day": to_day} | ({"day": day} if day else {})
            (found,) = PROCESSES["trace-code"]().execute(inputs)[1]["ways"]
        return dict(found)

    assert way("321283001001", "2020-01-01")["shares"] == pytest.approx(
        {"321283001002": 0.75, "321283001003": 0.25}, abs=1e-3
    )
    back = way("321283001003", "2014-01-01", "2020-01-01")
    assert back["shares"] == pytest.approx({"321283001003": 0.8, "321283001001": 0.2}, abs=1e-3)
    assert {step["operation"] for step in back["path"]} == {"transfer", "merge"}
    gone = way("321283001004", "2017-01-01", "2015-06-01")
    assert (gone["shares"], gone["nobody"]) == ({}, 1.0)
    with pytest.raises(InvalidInput) as told:
        way("321283001004", "2020-01-01", "2017-01-01")
    assert told.value.values["days"] == "… – 2015-12-31, 2018-01-01 – …"
    with pytest.raises(InvalidInput, match="trace.unknown-division"):
        way("321283001009", "2020-01-01")
