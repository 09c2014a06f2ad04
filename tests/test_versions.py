"""What was changed is seen: pages at once, tiles as soon as the change is told, and nothing stale when nobody tells."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2
import pytest
from mvt import read_tile
from working import until

GRIDS = "/collections/grids"
TILE = f"{GRIDS}/tiles/WebMercatorQuad/12/1659/3413"
MERCATOR, CGCS = "WebMercatorQuad/8/103/213", "CGCS2000Quad/7/41/213"


def rows(service: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with service.database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def name_of_first(service: Any) -> tuple[str, str]:
    """Code of a grid in the tile, and the name that the tile gives it."""
    features = read_tile(service.get(TILE).content)["grids"].features
    first = min(features, key=lambda feature: feature.properties["code"])
    return first.properties["code"], first.properties["name"]


def names_in_tile(answer: Any) -> dict[str, str]:
    return {f.properties["code"]: f.properties["name"] for f in read_tile(answer.content)["grids"].features}


def listeners(service: Any, then: str = "pid") -> list[Any]:
    """Process numbers of the connections that listen for versions, or what else the superuser does with them."""
    with closing(psycopg2.connect(service.database.admin_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"select {then} from pg_stat_activity where datname = current_database() and usename = 'wangge_api'"  # noqa: S608
            " and query = 'select layer, version from wangge.layer_versions'"
        )
        return [value for (value,) in cursor.fetchall()]


def test_a_page_shows_a_change_at_once(own_service: Any) -> None:
    """Pages, items, counts, packed pages and HTML ask the database for the version each time."""
    code = rows(own_service, "select code from wangge.grids order by fid desc limit 1")[0][0]
    urls = {
        f"{GRIDS}/items?code={code}": {}, f"{GRIDS}/items/{code}": {}, f"{GRIDS}/items?code={code}&f=html": {},
        f"{GRIDS}/items?limit=10000&properties=code,name&skipGeometry=true": {"Accept-Encoding": "gzip"},
        f"{GRIDS}/items?code={code}&f=csv": {}, f"{GRIDS}/items/{code}?f=jsonld": {},
    }  # fmt: skip
    for turn in range(3):
        before = {url: own_service.get(url, headers=headers) for url, headers in urls.items()}
        rows(own_service, "update wangge.grids set name = %s where code = %s", f"改名{turn}", code)
        for url, headers in urls.items():
            etag = before[url].headers.get("ETag")
            answer = own_service.get(url, headers=headers | ({"If-None-Match": etag} if etag else {}))
            assert answer.status_code == 200, url
            assert f"改名{turn}" in answer.text
            assert f"改名{turn}" not in before[url].text
            assert etag is None or answer.headers["ETag"] != etag


def test_counts_follow_at_once(own_service: Any) -> None:
    def counted() -> tuple[int, int, int]:
        items = own_service.get("/collections/service-points/items?limit=1").json()["numberMatched"]
        hits = own_service.get("/collections/service-points/items?resulttype=hits&level=station").json()
        return items, hits["numberMatched"], own_service.get("/collections/service-points").json()["itemCount"]

    before = counted()
    rows(
        own_service,
        "insert into wangge.service_points (code, name, level, township_code, geom) values"
        " ('FW-1', '远处', 'station', '321283001', st_setsrid(st_point(121.5, 31.2), 4490))",
    )
    assert counted() == tuple(number + 1 for number in before)
    extent = own_service.get("/collections/service-points").json()["extent"]["spatial"]["bbox"][0]
    assert extent[2] == pytest.approx(121.5)
    rows(own_service, "delete from wangge.service_points where code = 'FW-1'")
    assert counted() == before


def test_a_tile_and_its_etag_change_together(own_service: Any) -> None:
    """From the change on every answer is either the old tile under its old ETag, or the new one under a new."""
    code, name = name_of_first(own_service)
    old = own_service.get(TILE)
    assert own_service.get(TILE, headers={"If-None-Match": old.headers["ETag"]}).status_code == 304
    rows(own_service, "update wangge.grids set name = %s where code = %s", "新名甲", code)
    seen = []

    def changed() -> bool:
        answer = own_service.get(TILE, headers={"Accept-Encoding": "gzip" if len(seen) % 2 else "identity"})
        seen.append((answer.headers["ETag"], names_in_tile(answer)[code]))
        return answer.headers["ETag"] != old.headers["ETag"]

    until(changed)
    assert all(shown == name if etag == old.headers["ETag"] else shown == "新名甲" for etag, shown in seen)
    fresh = seen[-1][0]
    assert own_service.get(TILE, headers={"If-None-Match": old.headers["ETag"]}).status_code == 200
    assert own_service.get(TILE, headers={"If-None-Match": fresh}).status_code == 304
    for _ in range(20):
        again = own_service.get(TILE)
        assert (again.headers["ETag"], names_in_tile(again)[code]) == (fresh, "新名甲")


def test_other_layers_keep_their_tiles(own_service: Any) -> None:
    path = "/collections/divisions/tiles/WebMercatorQuad/12/1659/3413"
    etag = own_service.get(path).headers["ETag"]
    rows(own_service, "update wangge.grids set volunteers = volunteers where fid = 1")
    until(lambda: own_service.get(TILE).headers["ETag"] != etag)
    assert own_service.get(path, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("address", [MERCATOR, CGCS])
def test_a_case_is_in_the_tile_s_sum_and_out_again(own_service: Any, address: str) -> None:
    """Cases and their heat, in both matrix sets: one statement counts it, the next takes it out."""

    def total(layer: str) -> int:
        answer = own_service.get(f"/collections/{layer}/tiles/{address}", "staff")
        return sum(feature.properties["count"] for feature in read_tile(answer.content)[layer].features)

    before = {layer: total(layer) for layer in ("cases", "case-heat")}
    rows(
        own_service,
        "insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at, township_code,"
        " cell, geom) select 'twice-' || case_no, category, type_code, type_name, channel, state, reported_at,"
        " township_code, cell, geom from wangge.cases where fid between 1001 and 1012",
    )
    for layer, number in before.items():
        until(lambda layer=layer, number=number: total(layer) == number + 12)
    rows(own_service, "delete from wangge.cases where case_no like 'twice-%%'")
    for layer, number in before.items():
        until(lambda layer=layer, number=number: total(layer) == number)


def test_while_nobody_tells_nothing_is_kept(own_service: Any) -> None:
    """The listener's connection is killed: once that is noticed each tile is made anew, until a new one knows again."""
    code, _ = name_of_first(own_service)
    seen = 0
    for turn in range(20):
        until(lambda: listeners(own_service))
        own_service.get(TILE)  # kept
        told = own_service.log.read_bytes().count(b"layer versions")
        assert listeners(own_service, "pg_terminate_backend(pid)") == [True]
        until(lambda told=told: own_service.log.read_bytes().count(b"layer versions") > told)
        for step in range(5):
            name = f"断线{turn}{step}"
            rows(own_service, "update wangge.grids set name = %s where code = %s", name, code)
            answer = own_service.get(TILE)
            if listeners(own_service):
                break  # somebody may have listened meanwhile: a change is told a moment after it is made
            assert names_in_tile(answer)[code] == name
            seen += 1
        if seen >= 3:
            break
    assert seen >= 3
    until(lambda: listeners(own_service))


def test_a_version_is_never_used_twice(own_service: Any) -> None:
    """Not by a change that is taken back, not by many in one second."""
    etags = set()
    for _ in range(5):
        for sign in ("+", "-"):
            rows(own_service, f"update wangge.grids set volunteers = volunteers {sign} 1 where fid = 3")  # noqa: S608
            etags.add(own_service.get(f"{GRIDS}/items?limit=1").headers["ETag"])
    assert len(etags) == 10


def test_a_change_that_is_rolled_back_was_none(own_service: Any) -> None:
    etag = own_service.get(f"{GRIDS}/items?limit=1").headers["ETag"]
    with pytest.raises(ZeroDivisionError), own_service.database.transaction() as cursor:
        cursor.execute("update wangge.grids set name = 'x' where fid = 1")
        raise ZeroDivisionError
    assert own_service.get(f"{GRIDS}/items?limit=1", headers={"If-None-Match": etag}).status_code == 304
