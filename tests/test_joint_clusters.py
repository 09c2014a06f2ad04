"""The process joint-clusters: a burst that is planted between two townships is found, with whom it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import shapely

from geo.errors import InvalidInput, NeedsKey
from layers.database.database import bind
from layers.identity import Identity, acting
from layers.situation.rules import read_rules
from processes.situation.joint_clusters import JointClusters

STAFF = Identity("staff")

# the common border of two townships: cases of three departments on both sides, over three days
_PLANT = """
    with border as (
        select a.code as one, b.code as other, st_lineinterpolatepoint(
            st_geometryn(st_linemerge(st_intersection(st_boundary(a.geom), st_boundary(b.geom))), 1), 0.5) as at
        from wangge.divisions as a join wangge.divisions as b on a.code < b.code
        where a.level = 'township' and b.level = 'township'
            and st_length(st_intersection(st_boundary(a.geom), st_boundary(b.geom))) > 0.05
        order by a.code, b.code limit 1
    ), middle as (select one, other, at, st_x(at) as x, st_y(at) as y from border)
    insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at, grid_code,
        village_code, township_code, cell, geom)
    select 'PLANTED' || lpad(n::text, 3, '0'), 'matter',
        case n % 3 when 0 then '06025' when 1 then '09005' else '02010' end, 'x', '12345热线', '上报',
        timestamptz '2025-12-29T08:00+08' + n * interval '1 hour',
        grids.code, grids.village_code, grids.township_code,
        (select cell from wangge.cases order by cases.geom <-> point limit 1), point
    from middle, generate_series(0, 59) as n,
        lateral (
            select st_setsrid(st_makepoint(x + 0.001 * sin(n), y + 0.001 * cos(n * 1.7)), 4490) as point) as planted,
        lateral (select code, village_code, township_code from wangge.grids
                 where valid_to is null and kind = 'social' order by grids.geom <-> point limit 1) as grids
"""


def run(**inputs: Any) -> dict[str, Any]:
    answer: dict[str, Any] = JointClusters().execute({"simulations": 99} | inputs)[1]
    return answer


@pytest.fixture(scope="module")
def planted(clone: Any, city_template: str) -> Iterator[Any]:
    with clone(city_template) as database:
        with database.transaction() as cur:
            cur.execute(_PLANT)
        bind(database.api)
        yield database


@pytest.fixture
def burst(planted: Any) -> Iterator[dict[str, Any]]:
    bind(planted.api)
    with acting(STAFF):
        yield run(to_day="2025-12-31")


def test_the_burst_is_found_with_whom_it_concerns(planted: Any, burst: dict[str, Any]) -> None:
    first = burst["features"][0]
    told = first["properties"]
    with planted.transaction() as cur:
        cur.execute("select township_code, count(*) from wangge.cases where case_no like 'PLANTED%' group by 1")
        sides = dict(cur.fetchall())
        cur.execute("select count(*) from wangge.cases where reported_at >= '2025-10-03T00:00+08' and state <> '作废'")
        assert cur.fetchone() == (burst["cases"],)
    assert len(sides) == 2
    assert (told["joint"], told["crosses"], told["p"]) == (True, "township", 0.01)
    assert {side["code"] for side in told["townships"]} == set(sides)
    assert all(side["name"] for side in told["townships"] + told["villages"])
    assert {one["id"] for one in told["departments"]} >= {"environment", "enforcement", "traffic"}
    inside = [number for number in told["case_nos"] if number.startswith("PLANTED")]
    assert len(inside) >= 50
    assert told["count"] == len(told["case_nos"]) > 3 * told["expected"]
    assert told["to_day"] == "2025-12-31"
    assert told["days"] in (3, 4)
    shape = shapely.from_geojson(str(first["geometry"]).replace("'", '"').replace("(", "[").replace(")", "]"))
    with planted.transaction() as cur:
        cur.execute(
            "select count(*) from wangge.cases where state <> '作废' and reported_at >= %s::date::timestamp"
            " at time zone 'Asia/Shanghai' and st_intersects(geom, st_setsrid(st_geomfromwkb(%s), 4490))",
            (told["from_day"], shapely.to_wkb(shape)),
        )
        # six in a hundred points lie outside of the parent of their cell
        assert cur.fetchone()[0] == pytest.approx(told["count"], rel=0.15)
    assert told["reason"].startswith("近") and "跨镇街" in told["reason"]
    assert "townships" in told["reason_en"] and "Departments concerned" in told["reason_en"]


def test_the_same_seed_gives_the_same_answer(burst: dict[str, Any]) -> None:
    assert run(to_day="2025-12-31") == burst
    other = run(to_day="2025-12-31", seed=7)
    assert other["features"][0]["properties"]["case_nos"] == burst["features"][0]["properties"]["case_nos"]


def test_one_departments_view_and_one_townships(planted: Any, burst: dict[str, Any]) -> None:
    told = burst["features"][0]["properties"]
    only = run(to_day="2025-12-31", types=["matter-09"], everything=True)
    assert only["cases"] < burst["cases"]
    assert all([one["id"] for one in f["properties"]["departments"]] in ([], ["enforcement"]) for f in only["features"])
    town = told["townships"][0]["code"]
    with acting(Identity("staff", town)):
        own = run(to_day="2025-12-31", everything=True)
    assert own["cases"] < burst["cases"]
    assert all([side["code"] for side in f["properties"]["townships"]] == [town] for f in own["features"])
    assert own["features"]
    with acting(Identity()), pytest.raises(NeedsKey):
        run()


def test_before_the_burst_it_is_not_there(burst: dict[str, Any]) -> None:
    told = [
        number for f in run(to_day="2025-12-28", everything=True)["features"] for number in f["properties"]["case_nos"]
    ]
    assert not [number for number in told if number.startswith("PLANTED")]


def test_what_can_not_be_looked_for_is_refused(burst: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"scan\.longest"):
        run(history=14, longest=14)
    with pytest.raises(InvalidInput, match=r"process\.input"):
        run(simulations=1)


def test_every_type_has_a_department_by_the_shipped_rules() -> None:
    from layers.case_types import case_types

    rules = read_rules()
    named = {name for one in rules.departments for name in one.types}
    classes = {f"{entry.category}-{entry.class_code}" for entry in case_types()}
    assert classes == named
