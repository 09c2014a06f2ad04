"""The process grid-indicators against SQL of its own on the sample city; who sees what; the rules of assessment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.errors import InvalidInput, NeedsKey
from layers.database.database import bind
from layers.identity import Identity, acting
from layers.situation.case_columns import VOID
from layers.situation.rules import read_rules
from layers.situation.type_numbers import best_of
from processes.situation.grid_indicators import GridIndicators

STAFF = Identity("staff")
TOWN = "321283100"
MONTH = GridIndicators.example


def run(**inputs: Any) -> dict[str, Any]:
    answer: dict[str, Any] = GridIndicators().execute(inputs)[1]
    return answer


@pytest.fixture
def sample(city: Any) -> Iterator[Any]:
    bind(city.api)
    with acting(STAFF):
        yield city


_BY_SQL = """
    select {code}, count(*) filter (where state <> %(void)s), count(*) filter (where state = %(void)s),
        count(*) filter (where closed_at <= %(as_of)s and state <> %(void)s)::float8
            / nullif(count(*) filter (where state <> %(void)s), 0),
        percentile_cont(array[0.5, 0.9]) within group (order by extract(epoch from closed_at - reported_at) / 3600)
            filter (where closed_at <= %(as_of)s and state <> %(void)s)
    from wangge.cases
    where reported_at >= '2025-12-01T00:00+08' and reported_at < '2026-01-01T00:00+08'
    group by 1
"""


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("grid", "grid_code"),
        ("village", "village_code"),
        ("township", "township_code"),
        ("county", "left(township_code, 6)"),
    ],
)
def test_every_level_as_the_database_counts_it(sample: Any, level: str, code: str) -> None:
    as_of = "2025-12-29T12:00:00+08:00"
    answer = run(**MONTH | {"levels": [level], "as_of": as_of})
    with sample.transaction() as cur:
        cur.execute(_BY_SQL.replace("{code}", code), {"void": VOID, "as_of": as_of})
        known = {row[0]: row[1:] for row in cur.fetchall()}
    assert answer["elsewhere"] == {level: 0}
    told = {feature["id"]: feature["properties"] for feature in answer["features"]}
    assert set(known) <= set(told)
    for unit, row in told.items():
        count, void, closed, hours = known.get(unit, (0, 0, None, None))
        assert (row["count"], row["void_count"]) == (count, void)
        assert row["closed_share"] == (None if closed is None else pytest.approx(closed, abs=1e-4))
        quantiles = [None, None] if hours is None else pytest.approx(hours, abs=0.006)
        assert [row["closing_median_h"], row["closing_p90_h"]] == quantiles


def test_deadlines_of_the_type_decide_what_is_in_time(sample: Any) -> None:
    answer = run(**MONTH | {"levels": ["county"], "types": ["matter-09"]})
    hours = read_rules().deadlines.hours["matter-09"]
    with sample.transaction() as cur:
        cur.execute(
            "select count(*) filter (where took <= %s), count(*) filter (where took > %s) from ("
            "  select closed_at,"
            "    extract(epoch from coalesce(closed_at, '2026-01-01T00:00+08') - reported_at) / 3600 as took"
            "  from wangge.cases where reported_at >= '2025-12-01T00:00+08' and category = 'matter'"
            "  and type_code like '09%%' and state <> %s) as taken where closed_at is not null or took > %s",
            (hours, hours, VOID, hours),
        )
        ((in_time, late),) = cur.fetchall()
    row = answer["features"][0]["properties"]
    assert row["late_count"] == late
    assert row["in_time_share"] == pytest.approx(in_time / (in_time + late), abs=1e-4)


def test_the_period_before_and_the_year_before(sample: Any) -> None:
    before = run(**MONTH)
    assert before["compared_with"] == ["2025-11-01", "2025-11-30"]
    counts = {f["id"]: f["properties"]["count_before"] for f in before["features"]}
    november = run(**MONTH | {"from_day": "2025-11-01", "to_day": "2025-11-30"})
    assert counts == {f["id"]: f["properties"]["count"] for f in november["features"]}
    year = run(**MONTH | {"compare": "year"})
    assert year["compared_with"] == ["2024-12-01", "2024-12-31"]
    assert run(types=["matter"])["period"] == ["2025-12-01", "2025-12-31"]


def test_ranks_follow_the_points_and_the_points_their_components(sample: Any) -> None:
    rules = [{"indicator": "closed_share", "zero_at": 0.5, "full_at": 1.0, "points": 60},
             {"indicator": "count", "zero_at": 0, "full_at": 100, "points": -30}]  # fmt: skip
    answer = run(**MONTH | {"levels": ["village"], "base": 40, "components": rules, "geometry": True})
    rows = [feature["properties"] for feature in answer["features"]]
    assert all(feature["geometry"]["type"] == "MultiPolygon" for feature in answer["features"])
    for row in rows:
        if row["closed_share"] is not None:
            got = 40 + 60 * max(row["closed_share"] - 0.5, 0) / 0.5 - 0.3 * min(row["count"], 100)
            assert row["points"] == pytest.approx(max(got, 0), abs=0.011)
            assert row["rank"] == 1 + sum(
                other["points"] > row["points"] for other in rows if other["points"] is not None
            )
    assert [row["rank"] for row in rows if row["rank"]] == sorted(row["rank"] for row in rows if row["rank"])
    best = [row for row in rows if row["rank_in_township"] == 1]
    assert {row["township_code"] for row in best} == {row["township_code"] for row in rows}


def test_staff_of_a_township_see_theirs(sample: Any) -> None:
    with acting(Identity("staff", TOWN)):
        own = run(**MONTH | {"levels": ["grid", "village", "township", "county"]})
    whole = run(**MONTH | {"levels": ["grid"]})
    assert {f["properties"]["township_code"] for f in own["features"]} == {TOWN}
    grids = {f["id"]: f["properties"]["count"] for f in whole["features"] if f["properties"]["township_code"] == TOWN}
    assert {f["id"]: f["properties"]["count"] for f in own["features"] if f["properties"]["level"] == "grid"} == grids
    with acting(Identity()), pytest.raises(NeedsKey):
        run(**MONTH)


def test_cases_of_grids_and_villages_that_are_no_more(city_copy: Any) -> None:
    bind(city_copy.api)
    with acting(STAFF):
        as_it_was = run(**MONTH | {"levels": ["grid", "village", "township"]})
    with city_copy.transaction() as cur:
        cur.execute("update wangge.cases set grid_code = '321283999999001', village_code = '321283999999'"
                    " where case_no like '32128320251215%'")  # fmt: skip
        assert cur.rowcount > 0
    with acting(STAFF):
        # they lie where they lay
        assert run(**MONTH | {"levels": ["grid", "village", "township"]}) == as_it_was
    with city_copy.transaction() as cur:
        # now outside of every grid: they fall to the township that they name
        cur.execute("update wangge.cases set geom = st_setsrid(st_makepoint(119.0, 31.0), 4490)"
                    " where grid_code = '321283999999001' and reported_at >= '2025-12-01T00:00+08'")  # fmt: skip
        moved = cur.rowcount
    with acting(STAFF):
        found = run(**MONTH | {"levels": ["grid", "village", "township"]})
    assert found["elsewhere"] == {"grid": moved, "village": moved, "township": 0}


@pytest.mark.parametrize(
    ("inputs", "key"),
    [
        ({"from_day": "2025-01-01"}, "situation.half-period"),
        ({"from_day": "2025-01-02", "to_day": "2025-01-01"}, "situation.period"),
        (MONTH | {"as_of": "2026-01-01T00:00:00"}, "situation.no-zone"),
        (MONTH | {"base": 40}, "situation.base-alone"),
        (
            MONTH | {"components": [{"indicator": "count", "zero_at": 0, "full_at": 1, "points": 99}]},
            "assessment.total",
        ),
        (MONTH | {"levels": ["street"]}, "process.input"),
    ],
)
def test_what_can_not_be_told_is_refused(sample: Any, inputs: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        run(**inputs)
    assert refused.value.key == key


# --- rules


def test_rules_of_a_file_go_over_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        '[deadlines]\ndefault = 48\n[deadlines.hours]\n"matter" = 10\n"matter-06" = 5\n"matter-06020" = 1\n'
    )
    rules = read_rules(path)
    assert rules.assessment == read_rules().assessment
    assert (rules.deadlines_s(np.array([206020, 206021, 207001, 306999])) / 3600).tolist() == [1, 5, 10, 48]
    names = list(rules.department_names)
    assert names[rules.departments_of(np.array([306999]))[0]] == "farming"
    # what no department names falls to the last
    assert best_of(np.array([101001]), [("matter", 3)], 7).tolist() == [7]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[deadlines", "rules.unreadable"),
        ("[deadlines]\ndefault = 0", "rules.wrong"),
        ('[deadlines]\ndefault = 1\nhours = {"06020" = 3}', "situation.type"),
        ("[assessment]\ncomponents = []", "assessment.total"),
        ("departments = []", "rules.wrong"),
        ("[surprise]", "rules.wrong"),
    ],
)
def test_rules_that_can_not_be_are_refused(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        read_rules(path)
    assert refused.value.key == key
    with pytest.raises(InvalidInput, match=r"rules\.unreadable"):
        read_rules(tmp_path / "nowhere.toml")
