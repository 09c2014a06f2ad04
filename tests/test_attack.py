"""What the public can get by any request hangs on nothing but the counts that were released.

The attacks by linear programming (``test_release.py``) are made on those counts. They are attacks on all that the
public can get only if there is nothing else: so here everything else of a city is changed, or taken away, and every
answer has to stay the same to the last byte. What follows from the released counts alone tells no more than they do.
"""

from __future__ import annotations

import re
from typing import Any

import h3
import psycopg2
from h3.api import basic_int
from serving import serving

from layers.identity import ADMIN
from layers.records.measure import measure_records

HEAT, DENSITY, GRID = "/collections/case-heat", "/collections/case-density", "/collections/case-heat/dggs/H3"
BOX = "120.0,32.1,120.06,32.2"
PERIODS = ("2024", "2024-05", "2024-05-10/2024-07-20", "../2024-06-15", "2025-12", "2024-11/2025-02", "2026-01/..")
KINDS = ("class_code=matter-06", "type_code=local-06999", "channel=12345热线")
FILTERS = ("count>=5", "month>DATE('1900-01-01')", "class_code<>''", "type_code<>''", "channel<>''",
           "month>=DATE('2024-05-01') AND class_code<>'' AND channel<>''", "resolution>6", "count<5")  # fmt: skip
TOLD = (
    "(select cell from wangge.case_heat where audience = 'public' union select cell from wangge.heat_years)"
)
HEADERS = ("ETag", "Content-Type", "Content-Range", "Content-Bbox", "Content-Datetime", "Link", "Last-Modified",
           "OGC-NumberMatched", "OGC-NumberReturned")  # fmt: skip


def secret_cells(database: Any) -> list[int]:
    """Cells of cases of which nothing was released, some of each resolution."""
    with database.transaction() as cursor:
        cursor.execute(
            f"select (array_agg(cell order by cell))[1:3] from wangge.h3_cells where cell not in {TOLD}"  # noqa: S608
            " group by resolution"
        )
        return [cell for (cells,) in cursor.fetchall() for cell in cells]


def addresses(secret: list[int]) -> list[str]:
    """Requests of every kind that has to do with cases, and the pages and documents that stand around them."""
    choices = [
        *(f"resolution={resolution}" for resolution in (6, 7, 8, 9, 10)),
        *(f"datetime={period}" for period in PERIODS), *KINDS,
        *(f"resolution={resolution}&datetime={PERIODS[1]}&{KINDS[0]}" for resolution in (7, 9)),
        *(f"resolution=7&datetime={period}&filter={text}" for period in PERIODS[:3] for text in FILTERS),
        *(f"filter={text}" for text in FILTERS), f"bbox={BOX}", "sortby=-count", "sortby=month,-count",
        "resulttype=hits", "offset=7000", "skipGeometry=true&properties=count",
    ]  # fmt: skip
    found = [f"{HEAT}/items?limit=200&{choice}" for choice in choices]
    found += [f"{HEAT}/items?f={name}&limit=50" for name in ("jsonfg", "html", "csv", "geojsonl", "parquet", "jsonld")]
    found += [f"{HEAT}/items/{cell:x}{more}" for cell in secret for more in ("", "-202405-all", "-all-matter-06")]
    found += [f"{HEAT}/tiles/WebMercatorQuad/{tile}?{choice}" for tile in ("8/103/213", "13/3318/6827")
              for choice in choices[:16]]  # fmt: skip
    found += [f"{HEAT}{what}" for what in ("", "?f=html", "/schema", "/queryables", "/sortables", "/style", "/tiles",
                                           "/tiles/WebMercatorQuad/metadata")]  # fmt: skip
    levels = [f"zone-level={level}&compact-zones={compact}" for level in range(11) for compact in ("true", "false")]
    found += [f"{GRID}/zones?{level}" for level in levels[::3]]
    found += [f"{GRID}/zones?zone-level=8&{choice}" for choice in (*KINDS, *(f"datetime={p}" for p in PERIODS))]
    roots = sorted({h3.cell_to_parent(f"{cell:x}", 5) for cell in secret})[:4]
    found += [f"{GRID}/zones/{zone}/data?zone-depth=0-5&{choice}" for zone in roots
              for choice in ("", *KINDS, *(f"datetime={period}" for period in PERIODS))]  # fmt: skip
    found += [f"{GRID}/zones/{cell:x}{what}" for cell in secret for what in ("", "/data", "/data?f=geojson")]
    found += ["/dggs", "/dggs/H3", GRID, "/dggs/H3/zones"]
    found += [f"{DENSITY}/coverage?scale-factor=4&{choice}" for choice in (
        "", "bandwidth=auto&edge=none", "kernel=gaussian&datetime=2024-05")]  # fmt: skip
    tile = "/map/tiles/WebMercatorQuad/11/829/1706"
    found += [f"{DENSITY}{what}" for what in ("", "/schema", "/map?width=200", tile)]
    found += ["/?f=json", "/?f=html", "/map", "/situation", "/collections?f=json", "/collections?f=html",
              "/conformance", "/processes?f=json", "/jobs?f=json", "/openapi?f=json", "/asyncapi?f=json",
              "/collections/catalogue/items?limit=500", "/collections/catalogue/items/layer-cases",
              "/collections/grids/items?limit=20"]  # fmt: skip
    found += [f"/collections/{id_}/{what}" for id_ in ("cases", "hot-spots") for what in ("items", "schema")]
    return found


def answers(service: Any, asked: list[str]) -> dict[str, tuple[Any, ...]]:
    """What the public gets, without the address and the moment of the answer."""
    found = {}
    moment = re.compile(rb'"timeStamp": ?"[^"]*"')
    for address in asked:
        answer = service.get(address)
        body = moment.sub(b"", answer.content.replace(service.base_url.encode(), b"here"))
        headers = [answer.headers.get(name, "").replace(service.base_url, "here") for name in HEADERS]
        found[address] = (answer.status_code, *headers, body)
    done = service.request("POST", "/processes/completeness/execution", json={"inputs": {}})
    found["completeness"] = (done.status_code, done.content)
    return found


def test_all_the_public_can_get_follows_from_what_was_released(
    service: Any, city_copy: Any, tmp_path_factory: Any
) -> None:
    """Cases come and go, and what releases know besides of what they told is thrown away: no public byte moves."""
    secret = secret_cells(city_copy)
    assert {basic_int.get_resolution(cell) for cell in secret} == {6, 7, 8, 9, 10}
    asked = addresses(secret)
    before = answers(service, asked)
    with city_copy.transaction() as cursor:
        cursor.execute("delete from wangge.cases where fid % 3 = 0")
        cursor.execute(
            "insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at,"
            " township_code, cell, geom) select 'more-' || fid, category, type_code, type_name, channel, '上报',"
            " reported_at + interval '40 days', township_code, cell, geom from wangge.cases where fid % 5 = 1"
        )
        cursor.execute("truncate wangge.heat_frozen, wangge.heat_told, wangge.density_maps")
        cursor.execute(f"delete from wangge.h3_cells where cell not in {TOLD}")  # noqa: S608
    with serving(city_copy, tmp_path_factory.mktemp("changed")) as changed:
        after = answers(changed, asked)
        exact, was = (one.get(f"{HEAT}/items?limit=1&resolution=6", "staff").json() for one in (changed, service))
        assert exact["features"] != was["features"], "staff see the change"
    assert {address for address in before if before[address] != after[address]} == set()
    statuses = {address: told[0] for address, told in before.items()}
    assert set(statuses.values()) <= {200, 204, 400, 401, 404}
    assert sum(status == 200 for status in statuses.values()) > 140
    assert all(statuses[f"/collections/{id_}/items"] == 401 for id_ in ("cases", "hot-spots"))


def test_the_catalogue_tells_no_number_of_cases(city_copy: Any) -> None:
    """Totals that follow the cases, read at each month's end, would be sums that no release has told."""
    def measured() -> dict[str, tuple[Any, ...]]:
        with city_copy.transaction(ADMIN) as cursor:
            measure_records(cursor)
            cursor.execute(
                "select id, count, filled, valid, delivered_at from wangge.records"
                " where layer in ('cases', 'case-heat')"
            )
            return {id_: row for id_, *row in cursor.fetchall()}

    before = measured()
    with city_copy.transaction() as cursor:
        cursor.execute("delete from wangge.cases where fid % 3 = 0 and reported_at < '2025-12-31'")
    assert measured() == before
    assert len(before) > 3
    assert {row[0] for row in before.values()} == {None}
    for *_, delivered in before.values():
        assert delivered.utcoffset() is not None and f"{delivered:%M%S}" == "0000"


def test_no_table_of_the_exact_counts_is_open_to_the_service(city: Any) -> None:
    """Whatever a request says, the login of the service reads no more for the public than was released."""
    with city.api.transaction() as cursor:
        for table in ("wangge.cases", "wangge.case_counts", "wangge.hot_spots"):
            cursor.execute(f"select count(*) from {table}")  # noqa: S608
            assert cursor.fetchone() == (0,), table
        cursor.execute("select distinct audience from wangge.case_heat")
        assert cursor.fetchall() == [("public",)]
    for table in ("heat_frozen", "heat_told"):
        try:
            with city.api.transaction() as cursor:
                cursor.execute(f"select count(*) from wangge.{table}")  # noqa: S608
        except psycopg2.errors.InsufficientPrivilege:
            continue
        raise AssertionError(f"{table} can be read")


