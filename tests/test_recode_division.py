"""Divisions that merge, move and get other codes: published with their grids, on the map of each day, taken back."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from editing import PLANE, editor, faults, rows

from geo.errors import Conflict, Forbidden, InvalidInput
from layers.changes.change_sets import reverse
from layers.changes.publish import publish
from layers.checking.check import check_layer
from layers.database import database as databases
from layers.identity import Identity, acting
from layers.keys import add_key, identify
from processes.registry import PROCESSES

TOWNSHIPS = [{"code": "321283002", "name": "延令街道"}, {"code": "321283003", "name": "姚王街道"}]


@pytest.fixture
def city(city_copy: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A copy of the sample city that processes run on, as it has been for some days."""
    monkeypatch.setattr(databases, "_bound", city_copy.api)
    with city_copy.transaction(Identity("admin")) as cur:
        cur.execute("update wangge.grids set valid_from = valid_from - 9")
    return city_copy


def run(who: Identity, process: str, **inputs: Any) -> dict[str, Any]:
    with acting(who):
        return PROCESSES[process]().execute(inputs)[1]


def table_of_2021(shared: Path, known: set[str]) -> list[dict[str, str]]:
    """The rows of the notice whose village the sample has."""
    with (shared / "data" / "taixing" / "reassignment_2021.csv").open(encoding="utf-8") as file:
        return [
            {"old": row["code_2020"], "township": row["parent_2021_on"]}
            for row in csv.DictReader(file) if row["parent_2021_on"] and row["code_2020"] in known
        ]  # fmt: skip


def day_map(city: Any, table: str, day: date, where: str) -> dict[str, Any]:
    """Shapes by code of what was valid on a day, in metres."""
    found = rows(
        city,
        f"select code, st_asbinary(geom) from wangge.{table} where {where}"  # noqa: S608
        " and (valid_from is null or valid_from <= %s) and (valid_to is null or valid_to > %s)",
        day, day,
    )  # fmt: skip
    assert len({code for code, _ in found}) == len(found)
    return {code: PLANE.flat(shapely.from_wkb(bytes(shape))) for code, shape in found}


def assert_partition(shapes: dict[str, Any], ground: Any) -> None:
    """No two of them have ground in common, and together they have all of it."""
    parts = np.array(list(shapes.values()), dtype=object)
    whole = shapely.union_all(parts)
    assert shapely.area(parts).sum() == pytest.approx(whole.area, rel=1e-9)
    assert shapely.area(shapely.symmetric_difference(whole, ground)) < 1e-6 * ground.area


def all_maps(city: Any, day: date) -> list[dict[str, Any]]:
    return [
        day_map(city, "grids", day, "kind = 'social'"),
        day_map(city, "divisions", day, "level = 'village'"),
        day_map(city, "divisions", day, "level = 'township'"),
    ]


def findings_of(city: Any, layer: str) -> list[Any]:
    with city.transaction(Identity("admin")) as cur:
        return [finding for finding in check_layer(cur, layer)[0] if finding.severity == "error"]


def test_the_change_of_april_2021_is_published_and_taken_back(city: Any, shared: Path) -> None:
    who = editor(city)
    ((today,),) = rows(city, "select current_date")
    known = {code for (code,) in rows(city, "select code from wangge.todays_divisions")}
    table = table_of_2021(shared, known)
    assert len(table) > 300
    ground = shapely.union_all(list(all_maps(city, today)[2].values()))
    before = all_maps(city, today)
    codes = {code for (code,) in rows(city, "select code from wangge.grids where valid_to is null")}
    with pytest.raises(InvalidInput, match=r"recode\.township-name"):
        run(who, "recode-division", divisions=table)
    answer = run(who, "recode-division", divisions=table, townships=TOWNSHIPS)
    assert len(answer["villages"]) == 42 and "321283114" in answer["ended"]
    assert answer["findings"]["features"] == []
    with acting(who):
        done = publish(city.api, answer["change_set"])
    assert done.number is not None, [(f.kind, f.ids) for f in done.blocking]
    moved = {one["before"]: one["after"] for one in answer["codes"]}
    assert done.codes == moved
    # the day before is as it was, the day itself as the notice has it, and each is all of the ground once
    yesterday = today - timedelta(1)
    for was, then, now in zip(before, all_maps(city, yesterday), all_maps(city, today), strict=True):
        assert was.keys() == then.keys() and all(was[code].equals_exact(then[code], 0) for code in was)
        assert_partition(now, ground)
    grids, villages, townships = all_maps(city, today)
    assert townships.keys() >= {"321283002", "321283003"} and "321283114" not in townships
    assert set(answer["villages"].values()) <= villages.keys() and villages.keys().isdisjoint(answer["villages"])
    assert sum(village[:9] == "321283002" for village in villages) == 24
    assert grids.keys() >= {moved[code] for code in moved if code in before[0]}
    assert findings_of(city, "grids") == [] and findings_of(city, "divisions") == [] and faults(city) == []
    assert rows(city, "select name, category from wangge.todays_divisions where code = '321283003'") == [
        ("姚王街道", "street")
    ]
    # every old code leads to its new one
    for old in sorted(moved)[::40]:
        assert run(who, "trace-code", code=old)["ways"][0]["shares"] == {moved[old]: 1.0}
    for old in sorted(answer["villages"])[::9]:
        forwards, backwards = run(who, "trace-code", code=old)["ways"]
        assert forwards["shares"] == {answer["villages"][old]: 1.0} and backwards["shares"] == {old: 1.0}
        assert [(one["before"], one["publication"]) for one in forwards["path"]] == [(old, done.number)]
    # a township that ended leads to those that got its villages, by their ground
    ended = run(who, "trace-code", code="321283114")["ways"][0]["shares"]
    area = {code: shape.area for code, shape in before[1].items() if code[:9] == "321283114"}
    gone = Counter({new[:9]: 0.0 for new in ended})
    for old, size in area.items():
        gone[answer["villages"][old][:9]] += size / sum(area.values())
    assert ended == pytest.approx(gone, abs=1e-6)
    # taken back: divisions under the codes that they had, grids with new codes, nobody's ground lost
    with acting(who):
        again = reverse(city.api, done.number, "撤回")
        undone = publish(city.api, again)
    assert undone.number is not None, [(f.kind, f.ids) for f in undone.blocking]
    back = all_maps(city, today)
    assert [shapes.keys() for shapes in back[1:]] == [shapes.keys() for shapes in before[1:]]
    assert all(back[2][code].equals(before[2][code]) for code in back[2])
    assert_partition(back[0], ground)
    assert findings_of(city, "grids") == [] and faults(city) == []
    issued = rows(city, "select code from wangge.issued_codes")
    assert len(issued) == len(codes) + len(moved) + sum(code not in codes for code in undone.codes.values())


def test_a_town_becomes_a_street_on_the_same_ground(city: Any) -> None:
    who = editor(city)
    in_town = "select code from wangge.todays_divisions where parent_code = '321283101'"
    villages = [code for (code,) in rows(city, in_town)]
    key = add_key(city, "staff", "321283101", "分界镇")
    assert identify(city.api, key).township == "321283101"
    ((was,),) = rows(city, "select st_asbinary(geom) from wangge.todays_divisions where code = '321283101'")
    answer = run(
        who, "recode-division", divisions=[{"old": code, "township": "321283004"} for code in villages],
        townships=[{"code": "321283004", "name": "分界街道"}],
    )  # fmt: skip
    with acting(who):
        assert publish(city.api, answer["change_set"]).number is not None
    ((now, name, category),) = rows(
        city, "select st_asbinary(geom), name, category from wangge.todays_divisions where code = '321283004'"
    )
    assert (name, category) == ("分界街道", "street")
    assert shapely.from_wkb(bytes(now)).symmetric_difference(shapely.from_wkb(bytes(was))).area < 1e-12
    # whose township has ended is told so: an empty map would say that nothing happens there
    with pytest.raises(Forbidden, match=r"key\.township-ended"):
        identify(city.api, key)
    assert findings_of(city, "divisions") == []


def test_two_villages_become_one_and_stale_sets_are_refused(city: Any) -> None:
    who, other = editor(city), editor(city, "another")
    one, two, three = (
        code for (code,) in rows(
            city, "select code from wangge.todays_divisions where parent_code = '321283102' order by code limit 3")
    )  # fmt: skip
    people = rows(city, "select sum(population) from wangge.todays_divisions where code = any(%s)", [one, two])[0][0]
    merging = run(who, "recode-division", divisions=[{"old": two, "new": one, "name": "合村"}])
    late = run(other, "recode-division", divisions=[{"old": three, "township": "321283101"}])
    with pytest.raises(Conflict, match=r"recode\.once"):
        run(who, "recode-division", divisions=[{"old": three, "new": one}])
    with acting(who):
        assert publish(city.api, merging["change_set"]).number is not None
    assert rows(city, "select name, population from wangge.todays_divisions where code = %s", one) == [("合村", people)]
    assert rows(city, "select valid_to = current_date from wangge.divisions where code = %s", two) == [(True,)]
    # the township of both has another row by now than the one that the second table was worked out from
    with acting(other), pytest.raises(Conflict, match=r"publish\.stale-divisions.*321283102"):
        publish(city.api, late["change_set"])


def division_rows(city: Any) -> list[Any]:
    return rows(
        city, "select code, name, parent_code, category, population, st_asbinary(geom) from wangge.todays_divisions"
        " order by code",
    )  # fmt: skip


def test_names_alone_are_published_and_taken_back_with_no_grid_changed(city: Any) -> None:
    who = editor(city)
    ((village, old_name),) = rows(
        city, "select code, name from wangge.todays_divisions where level = 'village' order by code limit 1"
    )
    township, before = village[:9], division_rows(city)
    grids = rows(city, "select fid, xmin::text from wangge.grids order by fid")
    answer = run(
        who, "recode-division", divisions=[{"old": village, "name": "新名社区"}],
        townships=[{"code": township, "name": "新名街道"}],
    )  # fmt: skip
    assert (answer["villages"], answer["codes"], answer["ended"]) == ({}, [], [])
    assert [one["properties"]["code"] for one in answer["features"]] == [township, village]
    with acting(who):
        assert publish(city.api, answer["change_set"], dry_run=True).blocking == []
        done = publish(city.api, answer["change_set"])
    assert done.number is not None and done.codes == {} and done.edited == 0
    today = dict(rows(city, "select code, name from wangge.todays_divisions"))
    assert (today[village], today[township]) == ("新名社区", "新名街道")
    assert rows(city, "select name from wangge.divisions where code = %s and valid_to is not null", village) == [
        (old_name,)
    ]
    assert rows(city, "select fid, xmin::text from wangge.grids order by fid") == grids
    (listed,) = run(who, "list-change-sets", state="published")["change_sets"]
    assert (listed["created"], listed["changed"], listed["deleted"], listed["divisions"]) == (0, 0, 0, 2)
    with acting(who):
        back = publish(city.api, reverse(city.api, done.number, "撤回"))
    assert back.number is not None and division_rows(city) == before
    assert rows(city, "select fid, xmin::text from wangge.grids order by fid") == grids


def test_a_village_without_grids_moves_and_goes(city: Any) -> None:
    """A village that has no grid yet: a set of divisions only, whole and taken back whole."""
    who = editor(city)
    one, two = (
        code for (code,) in rows(
            city, "select code from wangge.todays_divisions where parent_code = '321283102' order by code limit 2")
    )  # fmt: skip
    with city.transaction(Identity("admin")) as cur:
        cur.execute("delete from wangge.grids where village_code = any(%s)", ([one, two],))
    before = division_rows(city)
    merging = run(who, "recode-division", divisions=[{"old": two, "new": one}])
    assert merging["codes"] == [] and two in merging["ended"]
    with acting(who):
        done = publish(city.api, merging["change_set"])
    assert done.number is not None
    assert two not in {row[0] for row in division_rows(city)} and findings_of(city, "divisions") == []
    with acting(who):
        assert publish(city.api, reverse(city.api, done.number, "撤回")).number is not None
    assert division_rows(city) == before


def test_a_table_that_changes_nothing_or_contradicts_itself_is_told(city: Any) -> None:
    who = editor(city)
    one, name, two = rows(
        city, "select a.code, a.name, b.code from wangge.todays_divisions as a join wangge.todays_divisions as b"
        " on a.parent_code = b.parent_code and a.code < b.code where a.level = 'village' order by 1, 3 limit 1",
    )[0]  # fmt: skip
    for key, table, townships in (
        ("recode.nothing", [], []),
        ("recode.nothing", [{"old": one, "name": name}], []),
        ("recode.no-township", [{"old": one}], []),
        ("recode.two-names", [{"old": one, "name": "甲"}, {"old": two, "new": one, "name": "乙"}], []),
        ("recode.township-empty", [{"old": one, "name": "甲"}], [{"code": "321283999", "name": "空镇"}]),
    ):
        with pytest.raises(InvalidInput) as told:
            run(who, "recode-division", divisions=table, townships=townships)
        assert told.value.key == key
