"""The process hot-spots on the sample city: counts, neighbours, who sees and stores what; steps of time by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest
import shapely
from h3.api import basic_int

from geo.errors import Forbidden, InvalidInput, NeedsKey
from geo.hotspots.gi_star import gi_star
from geo.hotspots.neighbours import touching
from geo.hotspots.steps import steps_up_to, steps_within, year_before
from layers.database.database import bind
from layers.identity import Identity, acting
from processes.hotspots.hot_spots import HotSpots

STAFF, EDITOR, ADMIN = Identity("staff"), Identity("editor"), Identity("admin")
TOWN = "321283100"


def run(**inputs: Any) -> dict[str, Any]:
    answer: dict[str, Any] = HotSpots().execute(inputs)[1]
    return answer


@pytest.fixture
def sample(city: Any) -> Iterator[Any]:
    bind(city.api)
    with acting(STAFF):
        yield city


# --- steps of time


@pytest.mark.parametrize(
    ("first", "last", "step", "found"),
    [
        ("2025-01-01", "2025-03-31", "month", ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]),
        ("2025-01-02", "2025-03-30", "month", ["2025-02-01", "2025-03-01"]),
        ("2024-11-15", "2025-07-01", "quarter", ["2025-01-01", "2025-04-01", "2025-07-01"]),
        ("2023-12-31", "2025-01-01", "year", ["2024-01-01", "2025-01-01"]),
        ("2024-02-27", "2024-03-01", "day", ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"]),
        ("2025-01-01", "2025-01-20", "week", ["2025-01-07", "2025-01-14", "2025-01-21"]),
    ],
)
def test_only_whole_steps(first: str, last: str, step: Any, found: list[str]) -> None:
    bounds = steps_within(date.fromisoformat(first), date.fromisoformat(last), step)
    assert [str(day) for day in bounds] == found
    assert steps_up_to(date.fromisoformat(last), step, len(found) - 1) == bounds


def test_a_period_without_a_whole_step_is_refused() -> None:
    for first, last, step in (("2025-01-02", "2025-01-31", "month"), ("2025-01-02", "2025-01-01", "day")):
        with pytest.raises(InvalidInput, match=r"hotspots\.period"):
            steps_within(date.fromisoformat(first), date.fromisoformat(last), step)  # type: ignore[arg-type]
    assert [str(day) for day in year_before(date(2024, 2, 29), date(2024, 3, 10))] == ["2023-02-28", "2023-03-10"]


# --- the sample city


def test_grids_are_counted_and_tested_as_written_out(sample: Any) -> None:
    answer = run(from_day="2025-10-01", to_day="2025-12-31", everything=True, series=True, window="steps", lag=0)
    with sample.transaction() as cur:
        cur.execute(
            "select grid_code, extract(month from reported_at at time zone 'Asia/Shanghai')::integer - 10, count(*)"
            " from wangge.cases where reported_at >= '2025-10-01T00:00+08' and reported_at < '2026-01-01T00:00+08'"
            " group by 1, 2"
        )
        counted = {(code, month): number for code, month, number in cur.fetchall()}
    told = {
        (feature["id"], month): number
        for feature in answer["features"]
        for month, number in enumerate(feature["properties"]["series"]["count"])
        if number
    }
    assert told == counted
    assert answer["cases"] == sum(counted.values())
    assert (answer["elsewhere"], answer["left_out"], answer["patterns"]) == (0, 0, {})
    assert {feature["properties"]["pattern"] for feature in answer["features"]} == {None}
    # the last step again, from the polygons of the answer
    shapes = shapely.from_geojson([str(f["geometry"]).replace("'", '"') for f in answer["features"]])
    near = touching(shapely.transform(shapes, lambda xy: xy * (94_000, 111_000)))
    last = np.array([f["properties"]["last_count"] for f in answer["features"]])
    again = gi_star(last, near)
    z = np.array([f["properties"]["gi_star"] for f in answer["features"]])
    # a neighbour more or less where a border is nearly half a metre off
    assert (np.abs(z - again) < 1e-3).mean() > 0.99


def test_patterns_need_ten_steps_and_are_always_the_same(sample: Any) -> None:
    answer = run(**HotSpots.example)
    assert answer == run(**HotSpots.example)
    assert sum(answer["patterns"].values()) == answer["places"] == 1186
    assert {name for name in answer["patterns"] if name.endswith("-hot")}
    assert len(answer["steps"]) == 12
    told = [feature["properties"] for feature in answer["features"]]
    assert all(one["hot_steps"] or one["cold_steps"] for one in told)
    assert all(one["geometry"] is None for one in answer["features"])
    assert run(steps=9, geometry=False)["patterns"] == {}


def test_cells_cover_the_city_and_their_counts_add_up(sample: Any) -> None:
    answer = run(unit="cell", resolution=8, from_day="2025-01-01", to_day="2025-12-31", rings=2, geometry=False)
    with sample.transaction() as cur:
        cur.execute("select count(*) from wangge.cases where reported_at >= '2025-01-01T00:00+08'")
        assert cur.fetchone() == (answer["cases"],)
    # the city's 1172 km2 in cells of the size they have there, and a few over its border
    cell = basic_int.cell_area(basic_int.latlng_to_cell(32.17, 120.05, 8))
    assert 1172 / cell < answer["places"] < 1.08 * 1172 / cell
    chosen = run(
        unit="cell", resolution=7, types=["local-06"], channels=["视频巡查"], step="week", steps=10, geometry=False
    )
    with sample.transaction() as cur:
        cur.execute(
            "select count(*) from wangge.cases where category = 'local' and type_code like '06%%'"
            " and channel = '视频巡查' and reported_at >= '2025-10-23T00:00+08'"
        )
        assert cur.fetchone() == (chosen["cases"],)
    assert chosen["steps"][0] == "2025-10-23"


def test_rates_need_people(sample: Any) -> None:
    told = run(value="smoothed-rate", everything=True, geometry=False)
    plain = run(value="rate", everything=True, geometry=False)
    assert told["places"] == plain["places"]
    z, raw = ([f["properties"]["gi_star"] for f in one["features"]] for one in (told, plain))
    assert z != raw
    with pytest.raises(InvalidInput, match=r"hotspots\.no-people"):
        run(unit="cell", value="rate")


def test_staff_of_a_township_see_theirs(sample: Any) -> None:
    with acting(Identity("staff", TOWN)):
        answer = run(everything=True, geometry=False)
        cells = run(unit="cell", geometry=False)
    assert {feature["properties"]["township_code"] for feature in answer["features"]} == {TOWN}
    assert cells["cases"] == answer["cases"] + answer["elsewhere"]
    with acting(Identity()), pytest.raises(NeedsKey):
        run()


@pytest.mark.parametrize(
    ("inputs", "key"),
    [
        ({"types": ["06020"]}, "situation.type"),
        ({"from_day": "2025-03-02", "to_day": "2025-03-30"}, "hotspots.period"),
        ({"step": "hour"}, "process.input"),
        ({"distance_m": 0}, "process.input"),
    ],
)
def test_what_can_not_be_looked_for_is_refused(sample: Any, inputs: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        run(**inputs)
    assert refused.value.key == key


def test_without_cases_there_is_nothing_to_find(db: Any) -> None:
    bind(db.api)
    with acting(STAFF), pytest.raises(InvalidInput, match=r"situation\.no-cases"):
        run()


# --- what moves and what is kept


def test_a_case_of_a_grid_that_is_no_more_counts_where_it_lies(city_copy: Any) -> None:
    bind(city_copy.api)
    with city_copy.transaction() as cur:
        cur.execute("select code from wangge.grids where kind = 'social' and valid_to is null order by code limit 1")
        ((code,),) = cur.fetchall()
        cur.execute("update wangge.cases set grid_code = '321283999999001' where grid_code = %s", (code,))
        assert cur.rowcount > 0
    with acting(STAFF):
        answer = run(steps=24, everything=True, geometry=False)
    count = {feature["id"]: feature["properties"]["count"] for feature in answer["features"]}
    assert answer["elsewhere"] == 0
    with city_copy.transaction() as cur:
        cur.execute("select count(*) from wangge.cases where grid_code = '321283999999001'")
        assert cur.fetchone() == (count[code],)


def test_the_latest_run_is_shown_and_earlier_ones_by_their_day(city_copy: Any) -> None:
    bind(city_copy.api)
    with acting(STAFF), pytest.raises(Forbidden):
        run(store=True)
    with acting(EDITOR):
        first = run(store=True, geometry=False)
        second = run(store=True, geometry=False, unit="cell", types=["matter"])
    assert second["stored"] == first["stored"] + 1

    def rows(identity: Identity, number: int | None = None) -> list[tuple[Any, ...]]:
        with city_copy.api.transaction(identity) as cur:
            cur.execute(
                "select count(*), min(unit), max(types) from wangge.hot_spots"
                " where case when %s::integer is null then replaced_at is null else run = %s end",
                (number, number),
            )
            return cur.fetchall()

    assert rows(STAFF) == [(second["places"], "cell", ["matter"])]
    assert rows(STAFF, first["stored"]) == [(first["places"], "grid", [])]
    # a cell is no township's
    assert rows(Identity("staff", TOWN)) == [(0, None, None)]
    assert rows(Identity("staff", TOWN), first["stored"])[0][0] == 182
    assert rows(Identity()) == [(0, None, None)]
    # only the function writes, and only for editors of the whole city
    for identity in (STAFF, Identity("staff", TOWN), Identity()):
        with pytest.raises(Exception, match="only editors"), city_copy.api.transaction(identity) as cur:
            cur.execute("select wangge.store_hot_spots('{}', '[]')")
    with pytest.raises(Exception, match="permission denied"), city_copy.api.transaction(ADMIN) as cur:
        cur.execute("delete from wangge.hot_spots")
    # old runs go
    with city_copy.transaction() as cur:
        cur.execute("update wangge.hot_spots set run = run + 10 where run = %s", (second["stored"],))
    with acting(ADMIN):
        third = run(store=True, geometry=False, steps=1)
    assert third["stored"] == second["stored"] + 11
    with city_copy.transaction() as cur:
        cur.execute("select array_agg(distinct run) from wangge.hot_spots")
        assert cur.fetchone() == ([third["stored"] - 1, third["stored"]],)
