"""Grids of the sample city split, merged, retired, recoded and traced by processes, up to the published map."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from editing import PLANE, editor, faults, in_metres, neighbours_in_village, rows, shape_of

from geo.errors import Conflict, Forbidden, InvalidInput, NeedsKey, NotFound
from layers.changes.publish import publish
from layers.database import database as databases
from layers.identity import PUBLIC, Identity, acting
from processes.registry import PROCESSES


@pytest.fixture
def city(city_copy: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A copy of the sample city that processes run on."""
    monkeypatch.setattr(databases, "_bound", city_copy.api)
    return city_copy


def run(who: Identity, process: str, **inputs: Any) -> dict[str, Any]:
    """Answer of a process."""
    with acting(who):
        return PROCESSES[process]().execute(inputs)[1]


def published(city: Any, who: Identity, number: int) -> Any:
    """The publication of a set, after which the city is sound."""
    with acting(who):
        done = publish(city.api, number)
    assert done.number is not None, [(f.kind, f.ids, f.area_m2) for f in done.blocking]
    assert faults(city) == []
    return done


def by_role(answer: dict[str, Any], role: str) -> list[dict[str, Any]]:
    """Features of a role."""
    return [one for one in answer["features"] if one["properties"]["role"] == role]


def across(shape: Any) -> dict[str, Any]:
    """GeoJSON line from west to east through the middle of a grid that cuts it in two."""
    west, south, east, north = shape.bounds
    for share in np.linspace(0.3, 0.7, 41):
        y = south + share * (north - south)
        line = shapely.LineString([(west - 0.001, y), (east + 0.001, y)])
        if shapely.intersection(line, shape).geom_type == "LineString":
            return {"type": "LineString", "coordinates": [list(at) for at in line.coords]}
    raise LookupError("no straight cut leaves two polygons")


def today(city: Any) -> date:
    return rows(city, "select current_date")[0][0]


def age(city: Any, days: int) -> None:
    """Make the city begin some days ago, so that the map of yesterday is another than that of today."""
    with city.transaction(Identity("admin")) as cur:
        cur.execute("update wangge.grids set valid_from = valid_from - %s where valid_from > current_date - %s",
                    (days, days))


def test_a_grid_is_split_along_a_line_and_traced(city: Any) -> None:
    age(city, 3)
    who = editor(city)
    (code, _) = neighbours_in_village(city)
    before = shape_of(city, code)
    people = rows(city, "select population from wangge.grids where code = %s", code)[0][0]
    answer = run(who, "split-grid", grid=code, line=across(before), names=["甲片", "乙片"])
    parts = by_role(answer, "part")
    assert [part["properties"]["name"] for part in parts] == ["甲片", "乙片"]
    assert sum(part["properties"]["population"] for part in parts) == people
    assert parts[0]["id"] == code and parts[1]["id"].startswith("new-")
    assert sum(part["properties"]["share"] for part in parts) == pytest.approx(1)
    assert by_role(answer, "cut")[0]["geometry"]["type"] in ("LineString", "MultiLineString")
    assert answer["findings"]["counts"]["error"] == 0
    # nothing is published yet
    assert shape_of(city, code).equals(before)
    done = published(city, who, answer["change_set"])
    new = sorted(done.codes.values())
    assert code not in new

    traced = run(who, "trace-code", code=code)
    forwards, backwards = traced["ways"]
    assert sorted(forwards["shares"]) == new and sum(forwards["shares"].values()) == 1
    assert backwards["shares"] == {code: 1.0} and traced["valid_to"] == today(city).isoformat()
    assert {one["properties"]["code"] for one in traced["features"]} == {code, *new}
    (origin,) = [way for way in run(who, "trace-code", code=new[0])["ways"] if way["direction"] == "backwards"]
    assert origin["shares"] == {code: 1.0} and [step["operation"] for step in origin["path"]] == ["split"]

    # cases by location on both maps, and counts by shares: nothing is lost
    yesterday = today(city) - timedelta(days=1)
    period = {"since": "2000-01-01", "until": "2100-01-01"}
    old, now = (run(who, "count-on-day", day=str(day), **period) for day in (yesterday, today(city)))
    total = rows(city, "select count(*) from wangge.cases")[0][0]
    assert old["total"] == now["total"] == total
    assert old["counts"][code] == sum(now["counts"][one] for one in new)
    assert {one: count for one, count in old["counts"].items() if one != code} == {
        one: count for one, count in now["counts"].items() if one not in new
    }
    carried = run(who, "count-on-day", day=str(today(city)), counts={code: 101}, counted_on=str(yesterday))
    assert sorted(carried["counts"]) == new and carried["total"] == 101 == sum(carried["counts"].values())


def test_a_grid_is_split_into_equal_parts_by_cases(city: Any) -> None:
    who = editor(city)
    ((code,),) = rows(
        city,
        "select grids.code from wangge.grids join wangge.cases on st_intersects(cases.geom, grids.geom)"
        " where grids.kind = 'social' and st_numgeometries(grids.geom) = 1"
        " group by 1 order by count(*) desc, 1 limit 1",
    )
    answer = run(who, "split-grid", grid=code, parts=3, balance="cases", tolerance=0.1)
    parts = by_role(answer, "part")
    assert len(parts) == 3 and all(part["geometry"]["type"] == "Polygon" for part in parts)
    cases = rows(city, "select count(*) from wangge.cases, wangge.grids where code = %s"
                       " and st_intersects(cases.geom, grids.geom)", code)[0][0]
    assert sum(part["properties"]["size"] for part in parts) == cases and answer["error"] <= 0.2
    done = published(city, who, answer["change_set"])
    assert len(done.codes) == 3


def test_a_dry_run_writes_nothing(city: Any) -> None:
    who = editor(city)
    one, other = neighbours_in_village(city)
    for process, inputs in (
        ("split-grid", {"grid": one, "parts": 2}),
        ("merge-grids", {"grids": [one, other]}),
        ("retire-grid", {"grid": one}),
        ("recode-division", {"divisions": [{"old": one[:12], "township": "321283999"}],
                             "townships": [{"code": "321283999", "name": "新镇"}]}),
    ):
        answer = run(who, process, dry_run=True, **inputs)
        assert answer["features"] and answer["dry_run"] and answer["change_set"] is None
    assert rows(city, "select count(*) from wangge.edited_grids") == [(0,)]
    assert rows(city, "select count(*) from wangge.edited_divisions") == [(0,)]
    assert rows(city, "select count(*) from wangge.change_sets") == [(0,)]


def test_neighbours_are_merged_with_their_people(city: Any) -> None:
    who = editor(city)
    codes = neighbours_in_village(city, 3)
    people = rows(city, "select sum(population), sum(members) from wangge.grids where code = any(%s)", codes)[0]
    ground = shapely.area(in_metres(*(shape_of(city, code) for code in codes))).sum()
    answer = run(who, "merge-grids", grids=codes, keep=codes[0], name="合片")
    (merged,) = by_role(answer, "merged")
    assert (merged["properties"]["population"], merged["properties"]["members"]) == people
    assert answer["parts"] == 1 and merged["properties"]["area_m2"] == pytest.approx(ground, rel=1e-6)
    done = published(city, who, answer["change_set"])
    (new,) = done.codes.values()
    assert rows(city, "select name from wangge.grids where code = %s and valid_to is null", new) == [("合片",)]
    assert {link.operation for link in done.lineage.links} <= {"merge", "keep"}


def test_grids_of_two_villages_or_far_apart_are_not_merged(city: Any) -> None:
    who = editor(city)
    ((one, other),) = rows(city, "select min(code), max(code) from wangge.grids where kind = 'social'")
    with pytest.raises(InvalidInput, match=r"merge\.villages"):
        run(who, "merge-grids", grids=[one, other])
    ((one, other),) = rows(
        city,
        "select one.code, other.code from wangge.grids as one join wangge.grids as other using (village_code)"
        " where one.kind = 'social' and other.kind = 'social' and st_distance(one.geom, other.geom) > 0.001 limit 1",
    )
    with pytest.raises(InvalidInput, match=r"merge\.apart"):
        run(who, "merge-grids", grids=[one, other])
    with pytest.raises(InvalidInput, match=r"merge\.keep"):
        run(who, "merge-grids", grids=[one, other], keep="elsewhere")
    with pytest.raises(NotFound):
        run(who, "merge-grids", grids=[one, "999"])


def test_a_retired_grid_leaves_its_ground_and_people_to_a_neighbour(city: Any) -> None:
    who = editor(city)
    (code, _) = neighbours_in_village(city)
    people = dict(rows(city, "select code, population from wangge.grids where valid_to is null"))
    answer = run(who, "retire-grid", grid=code)
    heir = answer["heir"]
    assert heir is not None and heir[:12] == code[:12]
    done = published(city, who, answer["change_set"])
    assert set(done.codes) == {heir}
    now = rows(city, "select population from wangge.grids where code = %s and valid_to is null", done.codes[heir])
    assert now == [(people[code] + people[heir],)]
    assert rows(city, "select count(*) from wangge.grids where code = %s and valid_to is null", code) == [(0,)]


def test_a_dedicated_grid_on_top_of_others_simply_ends(city: Any) -> None:
    who = editor(city)
    ((code,),) = rows(city, "select min(code) from wangge.grids where kind = 'dedicated'")
    answer = run(who, "retire-grid", grid=code)
    assert answer["heir"] is None
    done = published(city, who, answer["change_set"])
    assert [(link.before, link.operation) for link in done.lineage.links] == [(code, "retire")]


def test_a_change_of_divisions_gives_all_grids_new_codes(city: Any) -> None:
    who = editor(city)
    ((village,),) = rows(city, "select village_code from wangge.grids group by 1 order by count(*) desc, 1 limit 1")
    townships = rows(city, "select code from wangge.divisions where level = 'township' order by 1")
    township = next(code for (code,) in townships if code != village[:9])
    answer = run(who, "recode-division", divisions=[{"old": village, "township": township}])
    new = answer["villages"][village]
    assert new[:9] == township and answer["issued"] == [new] and answer["ended"] == [village]
    divisions = {one["properties"]["code"]: one["properties"] for one in by_role(answer, "division")}
    assert divisions.keys() == {new, township, village[:9]} and divisions[new]["parent_code"] == township
    assert divisions[new]["old"] == [village]
    held = {code for (code,) in rows(city, "select code from wangge.grids where village_code = %s", village)}
    assert {one["before"] for one in answer["codes"]} == held and answer["findings"]["features"] == []
    # the very codes that were told are given out
    with acting(who):
        done = publish(city.api, answer["change_set"])
    assert done.number is not None, [(f.kind, f.ids) for f in done.blocking]
    assert done.codes == {one["before"]: one["after"] for one in answer["codes"]}
    assert {link.operation for link in done.lineage.links} == {"transfer"}
    assert all(link.share_of_before == link.share_of_after == 1 for link in done.lineage.links)
    some = answer["codes"][0]
    assert run(who, "trace-code", code=some["before"])["ways"][0]["shares"] == {some["after"]: 1.0}


def test_who_may_not_edit_is_refused(city: Any) -> None:
    (code, _) = neighbours_in_village(city)
    for process, inputs in (("split-grid", {"grid": code, "parts": 2}), ("retire-grid", {"grid": code})):
        with pytest.raises(NeedsKey):
            run(PUBLIC, process, **inputs)
        with pytest.raises(Forbidden):
            run(Identity("staff", name="reader"), process, **inputs)
    mine = run(editor(city), "split-grid", grid=code, parts=2)["change_set"]
    with pytest.raises(Forbidden):
        run(editor(city, "another"), "retire-grid", grid=code, change_set=mine)
    with pytest.raises((NotFound, Conflict)):
        run(editor(city, "third"), "retire-grid", grid=code, change_set=99999)


@pytest.mark.parametrize(
    ("process", "inputs", "key"),
    [
        ("split-grid", {"grid": "1"}, "split.one-way"),
        ("split-grid", {"grid": "1", "parts": 2, "line": {"type": "Point"}}, "split.one-way"),
        ("split-grid", {"grid": "1", "parts": 2, "balance": "points"}, "split.points-balance"),
        ("trace-code", {"code": "999999999999999"}, "trace.unknown"),
        ("count-on-day", {"day": "2024-01-01"}, "count.one-way"),
        ("count-on-day", {"day": "2024-01-01", "counts": {"a": -1}, "counted_on": "2024-01-01"}, "process.input"),
        ("recode-division", {"divisions": [{"old": "321283999999", "new": "321283001999"}]}, "recode.unknown-village"),
    ],
)
def test_what_cant_be_taken_is_said(city: Any, process: str, inputs: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        run(editor(city), process, **inputs)
    assert raised.value.key == key


def test_the_plane_of_the_tests_is_the_citys(city: Any) -> None:
    assert rows(city, "select metric_srid from wangge.city") == [(int(PLANE.crs.split(":")[1]),)]
