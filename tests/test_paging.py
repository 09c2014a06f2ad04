"""Pages, counts and days of features against plain SQL written here, while the data stand and while they change."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.catalogue.catalogue import CATALOGUE
from layers.features.features import Features, Page
from layers.features.items_request import ItemsRequest, parse_items_request
from layers.identity import Identity, acting

STAFF = Identity("staff", name="test")
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SORTABLE = {
    "cameras": ["azimuth_deg", "name", "ptz_type", "assumed", "township_code"],
    "service-points": ["village_code", "level", "floor_area_m2", "name"],
    "grids": ["valid_to", "valid_from", "kind", "population", "village_code"],
    "divisions": ["category", "level", "area_m2"],
}


@pytest.fixture(scope="module")
def features(city: Any) -> Features:
    return Features(city.api)


def rows(database: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Plain SQL as the owner, whom no row rule binds."""
    with database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def ids_of(page: Page) -> list[Any]:
    return [json.loads(text)["id"] for text in page.features]


def all_pages(features: Features, layer_id: str, between: Callable[[], Any] = int, **params: str) -> list[Any]:
    """Ids of every page, following the cursor to the end; each page says how many there are in all."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = features.page(CATALOGUE[layer_id], parse_items_request(CATALOGUE[layer_id], params | cursor))
        found += ids_of(page)
        if page.next_cursor is None:
            return found
        assert len(page.features) == int(params["limit"])
        assert len(found) < 10_000, "paging does not end"
        cursor = {"cursor": page.next_cursor}
        between()


@pytest.mark.parametrize("layer_id", SORTABLE)
def test_all_pages_are_the_table_once_in_the_order_asked_for(city: Any, features: Features, layer_id: str) -> None:
    layer = CATALOGUE[layer_id]
    key = st.tuples(st.sampled_from(SORTABLE[layer_id]), st.booleans())
    every = rows(city, f"select count(*) from wangge.{layer.table}")[0][0]  # noqa: S608

    @settings(FEW, max_examples=10)
    @given(st.lists(key, max_size=3, unique_by=lambda entry: entry[0]), st.integers(every // 7, every + 1))
    def check(keys: list[tuple[str, bool]], limit: int) -> None:
        params = {"limit": str(limit)}
        if keys:
            params["sortby"] = ",".join(("-" if falls else "+") + name for name, falls in keys)
        order = "".join(f"{name} {'desc' if falls else 'asc'} nulls last, " for name, falls in keys)
        plain = f"select {layer.id_field} from wangge.{layer.table} order by {order}fid"  # noqa: S608
        wanted = [id_ for (id_,) in rows(city, plain)]
        with acting(STAFF):
            assert all_pages(features, layer_id, **params) == wanted

    check()


def test_pages_that_end_inside_the_nulls_go_on_there(city: Any, features: Features) -> None:
    """The page's last feature has null in the sort key: the next page begins behind it, not at the first null."""
    plain = "select code from wangge.service_points order by village_code desc nulls last, name, fid"
    wanted = [id_ for (id_,) in rows(city, plain)]
    assert rows(city, "select count(*) from wangge.service_points where village_code is null")[0][0] > 7
    assert all_pages(features, "service-points", sortby="-village_code,name", limit="7") == wanted


def test_pages_stand_still_while_rows_come_and_go(city_copy: Any) -> None:
    """Every row that was there all the while is read once, whatever is written between the pages."""
    features = Features(city_copy.api)
    before = [id_ for (id_,) in rows(city_copy, "select code from wangge.service_points order by name, fid")]
    serial = iter(range(1000))

    def disturb() -> None:
        with city_copy.transaction() as cursor:
            for name in ("一在前", "龙在后", "中间"):
                cursor.execute(
                    "insert into wangge.service_points (code, name, level, township_code, geom) values"
                    " (%s, %s, 'station', '321283001', st_setsrid(st_point(120, 32.2), 4490))",
                    (f"new-{next(serial)}", name),
                )
            cursor.execute("delete from wangge.service_points where code = %s", (f"new-{next(serial) - 2}",))

    found = all_pages(features, "service-points", disturb, sortby="name", limit="50")
    assert [id_ for id_ in found if not id_.startswith("new-")] == before
    assert len(found) == len(set(found))


def test_offset_and_limit_cut_a_slice(city: Any, features: Features) -> None:
    layer = CATALOGUE["divisions"]
    wanted = [code for (code,) in rows(city, "select code from wangge.divisions order by name desc, fid")]
    for offset, limit in ((0, 1), (10, 20), (372, 5), (373, 5), (10_000, 5)):
        params = {"sortby": "-name", "offset": str(offset), "limit": str(limit)}
        page = features.page(layer, parse_items_request(layer, params))
        assert ids_of(page) == wanted[offset : offset + limit]
        assert page.matched == 373
        assert (page.next_cursor is not None) == (offset + limit < 373)


# --- counts and times


def test_the_count_is_exact_after_every_change(city_copy: Any) -> None:
    features = Features(city_copy.api)
    layer = CATALOGUE["cases"]

    def told(**params: str) -> set[int]:
        with acting(STAFF):
            hits = features.page(layer, parse_items_request(layer, params | {"resulttype": "hits"})).matched
            first = features.page(layer, parse_items_request(layer, params | {"limit": "1"})).matched
            behind = features.page(layer, parse_items_request(layer, params | {"offset": "300000"})).matched
            return {hits, first, behind, features.bounds(layer).count} if not params else {hits, first, behind}

    def held(where: str = "true") -> set[int]:
        return set(rows(city_copy, f"select count(*) from wangge.cases where {where}")[0])  # noqa: S608

    def agree() -> None:
        assert told() == held()
        assert told(category="component") == held("category = 'component'")
        may = "reported_at >= '2024-05-01 00:00+08' and reported_at < '2024-06-01 00:00+08'"
        assert told(datetime="2024-05") == held(may)

    agree()
    for change in (
        "insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at, township_code,"
        " cell, geom) select 'again-' || case_no, category, type_code, type_name, channel, state, reported_at,"
        " township_code, cell, geom from wangge.cases where fid %% 1000 = 7",
        "delete from wangge.cases where case_no like 'again-%%' and category = 'component'",
        "update wangge.cases set category = 'component', type_code = t.type_code, type_name = t.type_name from"
        " (select * from wangge.case_types where category = 'component' limit 1) as t where case_no like 'again-%%'",
    ):
        assert rows(city_copy, f"{change} returning fid")
        agree()


def test_a_day_shows_the_grids_of_that_day(city_copy: Any) -> None:
    """Without a day those of now; an end day is the first on which the grid is no more."""
    features = Features(city_copy.api)
    layer = CATALOGUE["grids"]
    ended, begun = (code for (code,) in rows(city_copy, "select code from wangge.grids order by code limit 2"))
    rows(
        city_copy,
        "with a as (update wangge.grids set valid_to = '2023-06-15' where code = %s returning 1),"
        " b as (update wangge.grids set valid_from = '2023-06-15' where code = %s returning 1) select 1",
        ended,
        begun,
    )

    def codes(**params: str) -> set[str]:
        request = parse_items_request(layer, params | {"code": ended} | {"limit": "10"})
        other = parse_items_request(layer, params | {"code": begun} | {"limit": "10"})
        return {
            json.loads(text)["properties"]["code"]
            for text in (*features.page(layer, request).features, *features.page(layer, other).features)
        }

    assert codes() == {begun}
    for day, shown in {
        "2020-06-30": set(), "2020-07-01": {ended}, "2023-06-14": {ended}, "2023-06-15": {begun},
        "2023-06-15T00:00:00+08:00": {begun}, "2023-06-14T23:59:59+08:00": {ended}, "2023-06-14T15:59:59Z": {ended},
        "2023-06-14/2023-06-15": {ended, begun}, "../2023-06-14": {ended}, "2023-06-15/..": {begun},
        "2023": {ended, begun}, "../..": {ended, begun}, "9999-12-31": {begun},
    }.items():  # fmt: skip
        assert codes(datetime=day) == shown, day
    assert codes(filter="valid_to IS NOT NULL") == {ended}
    assert codes(valid_to="2023-06-15") == {ended}
    assert features.page(layer, ItemsRequest()).matched == 1411
    text, *_ = features.one(layer, f"{ended}-20230615", ItemsRequest())
    assert json.loads(text)["properties"]["valid_to"] == "2023-06-15"


@pytest.mark.parametrize(
    ("layer_id", "datetime", "where"),
    [
        ("cases", "2024-02-29", "reported_at >= '2024-02-29 00:00+08' and reported_at < '2024-03-01 00:00+08'"),
        ("cases", "2024-02-29T08:00/2024-03-01T08:00", "reported_at between '2024-02-29 00:00Z' and '2024-03-01Z'"),
        ("cases", "../2024-01-01", "reported_at < '2024-01-02 00:00+08'"),
        ("cases", "2025-12-31T20:00:00/..", "reported_at >= '2025-12-31 20:00+08'"),
        ("divisions", "1990", "true"),
    ],
)
def test_datetime_chooses_as_plain_sql_does(
    city: Any, features: Features, layer_id: str, datetime: str, where: str
) -> None:
    layer = CATALOGUE[layer_id]
    with acting(STAFF):
        page = features.page(layer, parse_items_request(layer, {"datetime": datetime, "resulttype": "hits"}))
    assert page.matched == rows(city, f"select count(*) from wangge.{layer.table} where {where}")[0][0]  # noqa: S608


@given(st.dates(date(2023, 12, 1), date(2026, 1, 31)), st.dates(date(2023, 12, 1), date(2026, 1, 31)))
@settings(FEW, max_examples=15)
def test_periods_that_follow_each_other_share_out_the_cases(features: Features, one: date, other: date) -> None:
    first, last = sorted((one, other))
    layer = CATALOGUE["cases"]

    def hits(period: str) -> int:
        with acting(STAFF):
            return features.page(layer, parse_items_request(layer, {"datetime": period, "resulttype": "hits"})).matched

    middle = f"{first}T00:00:00+08:00/{last}T23:59:59.999999+08:00"
    before, after = f"../{date.fromordinal(first.toordinal() - 1)}", f"{date.fromordinal(last.toordinal() + 1)}/.."
    assert hits(f"{first}/{last}") == hits(middle)
    assert hits(before) + hits(middle) + hits(after) == 200_000
