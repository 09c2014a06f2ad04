"""The hot routes and pygeoapi give the same features for the same request, and both agree with plain SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from config.settings import Settings
from config.web.app import App
from config.web.http import Request
from config.web.pygeoapi_route import ask_pygeoapi
from geo.crs import CRS84_URI, uri_of
from layers.catalogue.catalogue import CATALOGUE
from layers.database.database import Database
from layers.identity import Identity, acting
from layers.store import Store, bind_store

STAFF = Identity("staff", name="test")
SRIDS = {CRS84_URI: 4490, uri_of(4490): 4490, uri_of(4549): 4549, uri_of(3857): 3857}
INVERTED = {uri_of(4490), uri_of(4549)}
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture,
HealthCheck.too_slow])
KINDS = {
    "grids": {
        "equals": [("kind", "dedicated"), ("township_code", "321283001"), ("population", "1500"), ("name",
        "国庆新村第一网格")], "filters": [
            ("population > 1200", "population > 1200"), ("kind = 'social' AND leaders = 1",
            "kind = 'social' and leaders = 1"), ("name LIKE '%第一%'", "name like '%%第一%%'"),
            ("NOT (members > 2 OR volunteers IS NULL)", "not (members > 2 or volunteers is null)"),
            ("S_INTERSECTS(geometry, POINT(120.05 32.17))",
            "st_intersects(geom, st_setsrid(st_point(120.05, 32.17), 4490))"),
        ],
        "sorts": ["population", "name", "valid_to", "area_m2", "kind"],
        "times": [("2024-05-01", "true"), ("../2020-06-30", "false"), ("2020-07-01T00:00:00+08:00/..", "true")],
    },
    "cameras": {
        "equals": [("source", "skynet"), ("assumed", "true"), ("status", "OFF"), ("ptz_type", "3")],
        "filters": [
            ("azimuth_deg IS NULL", "azimuth_deg is null"), ("range_m BETWEEN 80 AND 110",
            "range_m between 80 and 110"), ("fov_deg * 2 > azimuth_deg", "fov_deg * 2 > azimuth_deg"),
            ("CASEI(source) = 'bluesky'", "lower(source) = 'bluesky'"),
        ],
        "sorts": ["azimuth_deg", "name", "range_m", "assumed"],
        "times": [],
    },
    "cases": {
        "equals": [("category", "component"), ("township_code", "321283100"), ("type_code", "02004")],
        "filters": [
            ("type_code LIKE '02%' AND closed_at IS NULL", "type_code like '02%%' and closed_at is null"),
            ("T_AFTER(reported_at, DATE('2025-06-30'))", "reported_at >= '2025-07-01 00:00+08'"),
        ],
        "sorts": ["reported_at", "closed_at", "type_code", "case_no"],
        "times": [
            ("2024-05", "reported_at >= '2024-05-01 00:00+08' and reported_at < '2024-06-01 00:00+08'"),
            ("2025-12-31T12:00:00Z/..", "reported_at >= '2025-12-31 12:00Z'"),
        ],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def app(city: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app of one worker over the city, in this process; one a session, since pygeoapi's Flask app is a global."""
    settings_ = Settings(
        data_dir=tmp_path_factory.mktemp("data"), database_url=city.owner_dsn, api_database_url=city.api_dsn, port=5999
    )
    store = bind_store(Store(Database(city.api_dsn, pool_size=4)))
    yield App(settings_, store)
    store.versions.stop()


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request and the same in SQL."""
    layer_id = draw(st.sampled_from(list(KINDS)))
    kinds = KINDS[layer_id]
    params: dict[str, str] = {"limit": str(draw(st.integers(1, 60)))}
    where: list[str] = []
    values: list[Any] = []
    if draw(st.booleans()):
        crs = draw(st.sampled_from(list(SRIDS)))
        west, south = draw(st.floats(119.95, 120.3)), draw(st.floats(32.0, 32.35))
        corners = [west, south, west + draw(st.floats(0.005, 0.2)), south + draw(st.floats(0.005, 0.2))]
        if SRIDS[crs] != 4490:
            move = Transformer.from_crs(4490, SRIDS[crs], always_xy=True).transform
            (left, bottom), (right, top) = move(*corners[:2]), move(*corners[2:])
            corners = [min(left, right), bottom, max(left, right), top]
        a, b, c, d = corners
        params |= {"bbox": ",".join(map(repr, (b, a, d, c) if crs in INVERTED else corners)), "bbox-crs": crs}
        where.append(f"st_intersects(st_transform(geom, {SRIDS[crs]}), st_makeenvelope(%s, %s, %s, %s, {SRIDS[crs]}))")
        values += corners
    for name, value in draw(st.lists(st.sampled_from(kinds["equals"]), max_size=2, unique_by=lambda pair: pair[0])):
        params[name] = value
        where.append(f"{name}::text = %s")
        values.append(value)
    if draw(st.booleans()):
        text, sql = draw(st.sampled_from(kinds["filters"]))
        params["filter"] = text
        where.append(f"({sql})")
    if kinds["times"] and draw(st.booleans()):
        params["datetime"], sql = draw(st.sampled_from(kinds["times"]))
        where.append(f"({sql})")
    order = ""
    keys = draw(st.lists(st.tuples(st.sampled_from(kinds["sorts"]), st.booleans()), max_size=2,
    unique_by=lambda key: key[0]))
    if keys:
        params["sortby"] = ",".join(("-" if falls else "") + name for name, falls in keys)
        order = "".join(f"{name} {'desc' if falls else 'asc'} nulls last, " for name, falls in keys)
    if draw(st.booleans()):
        params["crs"] = draw(st.sampled_from(list(SRIDS)))
    if draw(st.booleans()):
        names = CATALOGUE[layer_id].names
        params["properties"] = ",".join(draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)))
    if draw(st.sampled_from([False, False, True])):
        params["skipGeometry"] = "true"
    offset = draw(st.sampled_from([0, 0, 7, 50]))
    if offset:
        params["offset"] = str(offset)
    return {"layer": layer_id, "params": params, "where": " and ".join(where) or "true", "values": values,
    "order": order}


def hot(app: App, layer_id: str, params: dict[str, str]) -> dict[str, Any]:
    """The hot route's answer to staff."""
    with acting(STAFF):
        answer = app.items.page(CATALOGUE[layer_id], asked(f"/collections/{layer_id}/items", params))
    return orjson.loads(answer.body)


def asked(path: str, params: dict[str, str]) -> Request:
    return Request.of(EnvironBuilder(path, query_string=urlencode(params)).get_environ())


def through_pygeoapi(app: App, path: str, params: dict[str, str]) -> Any:
    """The same by the way of every other representation."""
    bind_store(app.store)  # the providers that pygeoapi builds know no other way to it
    with acting(STAFF):
        answer = ask_pygeoapi(app.pygeoapi, app.items, asked(path, params), path.strip("/").split("/"))
    assert answer.status == 200, answer.body[:500]
    return orjson.loads(answer.body)


def plain(city: Any, request: dict[str, Any], column: str, *, page: bool = True) -> list[Any]:
    layer = CATALOGUE[request["layer"]]
    sql = f"select {column} from wangge.{layer.table} where {request['where']}"  # noqa: S608
    values = list(request["values"])
    if page:
        sql += f" order by {request['order']}fid limit %s offset %s"
        values += [int(request["params"]["limit"]), int(request["params"].get("offset", 0))]
    with city.transaction() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


@given(requests())
@FEW
def test_both_ways_and_plain_sql_agree(app: App, city: Any, request_: dict[str, Any]) -> None:
    layer, params = CATALOGUE[request_["layer"]], request_["params"]
    ours = hot(app, layer.id, params)
    theirs = through_pygeoapi(app, f"/collections/{layer.id}/items", params)
    assert theirs["features"] == ours["features"]
    for name in ("numberMatched", "numberReturned"):
        assert theirs[name] == ours[name]
    # what lies on a projected box's edge to a centimetre may be on either side of it
    if params.get("bbox-crs") not in (uri_of(4549), uri_of(3857)):
        assert [feature["id"] for feature in ours["features"]] == plain(city, request_, layer.id_field)
        assert [ours["numberMatched"]] == plain(city, request_, "count(*)", page=False)


@given(requests())
@settings(FEW, max_examples=12)
def test_rel_next_leads_through_all_pages_of_both(app: App, city: Any, request_: dict[str, Any]) -> None:
    """Followed to the end, each page the same by both ways, all of them together what plain SQL lists."""
    layer, params = CATALOGUE[request_["layer"]], dict(request_["params"])
    params.pop("offset", None)
    matched = hot(app, layer.id, params | {"resulttype": "hits"})["numberMatched"]
    assume(matched <= 4000)  # a page has ten thousand features at the most, and reading the city four times takes long
    params["limit"] = str(max(1, -(-matched // 4)))
    found: list[str] = []
    following: dict[str, str] | None = params
    pages = 0
    while following is not None:
        ours = hot(app, layer.id, following)
        theirs = through_pygeoapi(app, f"/collections/{layer.id}/items", following)
        assert theirs["features"] == ours["features"]
        assert ours["numberMatched"] == matched
        found += [feature["id"] for feature in ours["features"]]
        following = next_of(ours)
        assert theirs["nextCursor"] == (following and following["cursor"])
        pages += 1
        assert pages < 10
    assert len(found) == len(set(found)) == matched
    if params.get("bbox-crs") not in (uri_of(4549), uri_of(3857)):
        assert found == plain(city, request_ | {"params": {"limit": "1000000"}}, layer.id_field)


def next_of(page: dict[str, Any]) -> dict[str, str] | None:
    """Parameters of the next page's address."""
    for link in page["links"]:
        if link["rel"] == "next":
            return {name: value for name, value in parse_qsl(urlsplit(link["href"]).query) if name != "f"}
    return None


@pytest.mark.parametrize("layer_id", CATALOGUE)
@pytest.mark.parametrize("crs", SRIDS)
def test_one_feature_is_the_same_by_both_ways(app: App, city: Any, layer_id: str, crs: str) -> None:
    layer = CATALOGUE[layer_id]
    ids = [feature["id"] for feature in hot(app, layer_id, {"limit": "2"})["features"]]
    for id_ in ids:
        path = f"/collections/{layer_id}/items/{id_}"
        with acting(STAFF):
            ours = json.loads(app.items.item(layer, id_, asked(path, {"crs": crs})).body)
        theirs = through_pygeoapi(app, path, {"crs": crs, "f": "json"})
        for name in ("type", "id", "geometry", "properties"):
            assert theirs[name] == ours[name]


def test_the_whole_app_answers_as_its_parts_do(app: App) -> None:
    """By WSGI, with nothing in between."""
    client = Client(app, Response)
    answer = client.get("/collections/grids/items?limit=3&sortby=-population")
    parts = hot(app, "grids", {"limit": "3", "sortby": "-population"})
    assert json.loads(answer.get_data())["features"] == parts["features"]
    assert client.get("/collections/grids/items?limit=3&f=html").status_code == 200
