"""Who sees what: no row that is not theirs by any way that the service has, whoever asked before."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import psycopg2
import pytest

from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.identity import Identity

STAFF_ONLY = ["department-cells", "crosswalk", "cameras", "cases", "hot-spots", "findings", "grid-lineage"]
EDITORS_ONLY = {"grid-edits"}
ROLES = [None, "township", "staff", "editor", "admin"]
FORMATS = ["json", "html", "csv", "jsonld"]
SECRET = "321283100"  # a township that the key "township" is not for


def rows(database: Any, sql: str, *values: object, identity: Identity | None = None) -> list[tuple[Any, ...]]:
    with database.transaction(identity) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def rule(layer_id: str, role: str | None, township: str) -> str:
    """What a role may see of a layer, in SQL for the owner, written here once more."""
    if layer_id == "case-heat":
        return f"audience = '{'staff' if role in ('staff', 'editor', 'admin') else 'public'}'"
    if layer_id in STAFF_ONLY and role == "township":
        return f"township_code = '{township}'"
    return "true" if role or layer_id not in STAFF_ONLY else "false"


def _role(role: str | None) -> str:
    return {None: "public", "township": "staff"}.get(role, role or "")


def seen(service: Any, layer_id: str, role: str | None, columns: str) -> tuple[Any, ...]:
    where = rule(layer_id, role, service.township)
    table = f"wangge.{CATALOGUE[layer_id].table} where {where}"
    if layer_id in EDITORS_ONLY:
        # without an edit it is the city of today
        table = "(select *, null::timestamptz as edited_at from wangge.grids where valid_to is null) as today"
    if layer_id == "case-heat" and "geom" in columns:
        whole = "resolution = 8 and class_code = 'all'"
        told = f"select cell, month from wangge.case_heat where {where} and channel = 'all' and {whole}"  # noqa: S608
        if "public" in where:
            told += f" union all select cell, null from wangge.heat_years where {whole}"  # noqa: S608
        table = (
            "(select cells.geom, min(month) as first_day, max(month) as last_day"  # noqa: S608
            f" from ({told}) as told join wangge.h3_cells as cells using (cell) group by cell, cells.geom) as cells"
        )
    return rows(service.database, f"select {columns} from {table}")[0]  # noqa: S608


# --- the public and what is for staff


@pytest.mark.parametrize("layer_id", STAFF_ONLY)
def test_the_public_is_told_to_bring_a_key_everywhere(service: Any, layer_id: str) -> None:
    one = f"select {CATALOGUE[layer_id].id_field} from wangge.{CATALOGUE[layer_id].table} limit 1"  # noqa: S608
    known = rows(service.database, one)
    tile = "WebMercatorQuad/10/414/853"
    assert service.get(f"/collections/{layer_id}/tiles/{tile}", "staff").status_code in (200, 204)
    for path in (
        "", "/items", "/items?limit=1", "/items?resulttype=hits", "/items?filter=TRUE",
        f"/items/{known[0][0] if known else 'x'}",
        "/items/unknown", "/queryables", "/schema", "/sortables", "/tiles", "/tiles/WebMercatorQuad", f"/tiles/{tile}",
        "/tiles/WebMercatorQuad/metadata", "/style",
    ):  # fmt: skip
        for format_ in ("", "html", "csv", "jsonld", "json"):
            joint = "&" if "?" in path else "?"
            answer = service.get(f"/collections/{layer_id}{path}" + (f"{joint}f={format_}" if format_ else ""))
            assert answer.status_code == 401, (path, format_)
            assert "Basic" in answer.headers["WWW-Authenticate"]
            assert known == [] or str(known[0][0]) not in answer.text or path.endswith(str(known[0][0]))


@pytest.mark.parametrize("role", ROLES)
def test_the_list_of_collections_is_one_s_own(service: Any, role: str | None) -> None:
    shown = {*RASTERS, *(id_ for id_, layer in CATALOGUE.items() if Identity(_role(role)).reaches(layer.readers))}
    listed = service.get("/collections", role).json()["collections"]
    assert {entry["id"] for entry in listed} == shown
    page = service.get("/collections?f=html&lang=en", role).text
    landing = service.get("/?f=html&lang=en", role).text
    style = json.dumps(service.get("/style.json", role).json())
    for layer_id in STAFF_ONLY:
        for text in (page, landing, style):
            assert (f"collections/{layer_id}" in text) == (layer_id in shown) or text is landing
        assert role or f"collections/{layer_id}" not in landing


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("layer_id", CATALOGUE)
def test_counts_and_extents_are_of_the_rows_one_sees(service: Any, layer_id: str, role: str | None) -> None:
    """numberMatched, itemCount and extent, whoever asked before: nothing of a hidden row, not even its number."""
    if not Identity(_role(role)).reaches(CATALOGUE[layer_id].readers):
        return
    time = CATALOGUE[layer_id].time
    times = f"min({time[0]}), max({time[-1]})" if time else "null, null"
    count, west, south, east, north, first, _ = seen(
        service, layer_id, role,
        f"count(*), st_xmin(st_extent(geom)), st_ymin(st_extent(geom)), st_xmax(st_extent(geom)),"
        f" st_ymax(st_extent(geom)), {times}",
    )  # fmt: skip
    for query in ("limit=1", "resulttype=hits", "filter=TRUE&limit=2", "offset=1000000"):
        assert service.get(f"/collections/{layer_id}/items?{query}", role).json()["numberMatched"] == count, query
    collection = service.get(f"/collections/{layer_id}", role).json()
    assert collection["itemCount"] == count
    if count:
        assert collection["extent"]["spatial"]["bbox"] == [pytest.approx([west, south, east, north], abs=1e-9)]
        if first is not None:
            assert collection["extent"]["temporal"]["interval"][0][0].startswith(first.strftime("%Y-%m-%d"))
    if CATALOGUE[layer_id].tiles is None:
        return
    tilejson = service.get(f"/collections/{layer_id}/tiles/WebMercatorQuad/metadata", role).json()
    if count:
        assert tilejson["bounds"] == pytest.approx([west, south, east, north], abs=1e-9)


# --- staff of one township


@pytest.mark.parametrize("layer_id", ["cameras", "cases"])
def test_staff_of_a_township_never_meet_a_row_of_another(service: Any, layer_id: str) -> None:
    layer = CATALOGUE[layer_id]
    plain = f"select {layer.id_field} from wangge.{layer.table} where township_code = %s order by fid limit 3"  # noqa: S608
    foreign = rows(service.database, plain, SECRET)
    items = f"/collections/{layer_id}/items"
    for (id_,) in foreign:
        assert service.get(f"{items}/{id_}", "staff").status_code == 200  # its text is kept now
        for format_ in ("json", "html", "jsonld"):
            assert service.get(f"{items}/{id_}?f={format_}", "township").status_code == 404
    for query in (
        f"township_code={SECRET}", f"filter=township_code='{SECRET}'", f"{layer.id_field}={foreign[0][0]}",
        f"filter=NOT (township_code = '{service.township}')",
        f"filter=township_code <> '{service.township}' OR TRUE = FALSE",
    ):  # fmt: skip
        assert service.get(f"{items}?{query}", "staff").json()["numberMatched"] > 0
        answer = service.get(f"{items}?{query}", "township").json()
        assert (answer["numberMatched"], answer["features"]) == (0, []), query
    whole = service.get(f"{items}?limit=10000&properties=township_code&skipGeometry=true", "township").json()
    assert {feature["properties"]["township_code"] for feature in whole["features"]} == {service.township}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_form_of_a_page_has_the_same_rows(service: Any, format_: str) -> None:
    path = f"/collections/cameras/items?limit=500&f={format_}"
    everything = service.get(path, "staff").text
    own = service.get(path, "township").text
    found = rows(service.database, "select device_id, township_code from wangge.cameras")
    mine = [id_ for id_, township in found if township == service.township]
    others = [id_ for id_, township in found if township != service.township]
    assert sum(id_ in own for id_ in mine) == min(len(mine), 500)
    assert not any(id_ in own for id_ in others)
    assert any(id_ in everything for id_ in others)
    if format_ == "csv":
        assert len(list(csv.reader(io.StringIO(own)))) == min(len(mine), 500) + 1


def test_a_cursor_of_another_s_page_shows_only_one_s_own(service: Any) -> None:
    page = service.get("/collections/cases/items?limit=5&sortby=-reported_at", "staff").json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    answer = service.get(following, "township").json()
    assert {feature["properties"]["township_code"] for feature in answer["features"]} == {service.township}
    assert service.get(following).status_code == 401


# --- the database itself


@pytest.mark.parametrize("layer_id", CATALOGUE)
def test_the_service_s_login_without_an_asker_sees_what_the_public_sees(service: Any, layer_id: str) -> None:
    with psycopg2.connect(service.database.api_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f"select count(*) from wangge.{CATALOGUE[layer_id].table}")  # noqa: S608
        assert cursor.fetchone() == ((0,) if layer_id in EDITORS_ONLY else seen(service, layer_id, None, "count(*)"))
    connection.close()


def test_the_service_s_login_can_write_nothing_and_read_no_key(city: Any) -> None:
    for sql in (
        "delete from wangge.cases", "update wangge.grids set name = 'x'",
        "insert into wangge.layer_versions values ('x', 1)",
        "truncate wangge.cameras", "select * from wangge.keys", "select key_sha256 from wangge.keys",
        "alter table wangge.cameras disable row level security", "drop policy reading on wangge.cameras",
        "set role wangge_owner",
        "create table wangge.mine ()", "drop table wangge.grids", "alter role wangge_api bypassrls",
        "copy wangge.cases to program 'cat'", "select pg_read_file('/etc/passwd')", "create table public.mine ()",
    ):  # fmt: skip
        with psycopg2.connect(city.api_dsn.replace("default_transaction_read_only=on",
        "default_transaction_read_only=off")) as connection:
            with connection.cursor() as cursor, pytest.raises((psycopg2.errors.InsufficientPrivilege,
            psycopg2.errors.UndefinedTable)):
                cursor.execute(sql)
            connection.rollback()
        connection.close()
    (may,) = rows(city.api,
    "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb from pg_roles where rolname = current_user")
    assert may == (False,)
    assert rows(city.api, "select count(*) from pg_class where relowner = current_user::regrole") == [(0,)]


@pytest.mark.parametrize("role", ["public", "staff", "Staff", "", "owner", "postgres", "admin'--"])
def test_only_the_roles_that_there_are_see_more(city: Any, role: str) -> None:
    """A role that nobody gave out reads as the public, and so does an empty one."""
    with city.api.transaction() as cursor:
        cursor.execute("select set_config('wangge.role', %s, true)", (role,))
        cursor.execute("select count(*) from wangge.cases")
        assert cursor.fetchone()[0] == (200_000 if role == "staff" else 0)


# --- small counts


def test_the_public_never_sees_a_small_count_or_a_class(service: Any) -> None:
    """By items, CQL2, sort order and pages; staff of one township see what the public sees."""
    items = "/collections/case-heat/items"
    for role in (None, "township"):
        counts = service.get(f"{items}?limit=10&sortby=count,month&skipGeometry=true", role).json()
        assert [feature["properties"]["count"] for feature in counts["features"]] == [5] * 10
        assert {feature["properties"]["class_code"] for feature in counts["features"]} == {"all"}
        assert {feature["properties"]["resolution"] for feature in counts["features"]} == {8}
        by_month = "month > '2000-01-01' AND "
        for filter_ in ("count < 5", "count BETWEEN 1 AND 4", "NOT (count >= 5)", "class_code <> 'all'",
        "class_code LIKE 'm%25'", "type_code <> 'all'", "channel <> 'all'", "resolution > 8"):
            answer = service.get(f"{items}?filter={by_month}{filter_}", role).json()
            assert answer["numberMatched"] == 0, filter_
            assert service.get(f"{items}?filter={by_month}{filter_}", "staff").json()["numberMatched"] > 0, filter_
        for query in ("resolution=10", "channel=12345热线", "type_code=matter-09009", "resolution=9&datetime=2024-05"):
            assert service.get(f"{items}?{query}", role).json()["numberMatched"] == 0
            assert service.get(f"{items}?{query}", "staff").json()["numberMatched"] > 0
        # a day is no month: what is shown is the month, and says so
        day = service.get(f"{items}?datetime=2024-05-17&limit=1", role).json()["features"][0]["properties"]
        assert (day["first_day"], day["last_day"]) == ("2024-05-01", "2024-05-31")
    cell, month = rows(
        service.database,
        "select to_hex(cell), to_char(month, 'YYYYMM') from wangge.case_heat where audience = 'staff'"
        " and resolution = 8 and count < 5 and class_code = 'all' and channel = 'all' limit 1",
    )[0]
    hidden = f"{cell}-{month}-all"
    assert service.get(f"{items}/{hidden}", "staff").status_code == 200
    assert service.get(f"{items}/{hidden}").status_code == 404
    assert service.get(f"{items}/{hidden}", "township").status_code == 404
