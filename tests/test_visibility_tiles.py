"""Who sees what in tiles and processes: a tile that one role had made is never handed to another who sees less."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mvt import read_tile

from layers.tiles.matrix import TILE_MATRIX_SETS
from processes.registry import PROCESSES

ORDERS = [["staff", "township", None], [None, "township", "staff"], ["admin", "editor", "township", None, "township"]]
PLACES = {"WebMercatorQuad": [(8, 103, 213), (12, 1659, 3413), (13, 3320, 6827)], "CGCS2000Quad": [(7, 41, 213), (11,
658, 3414), (13, 2633, 13656)]}


def rows(service: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with service.database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def tile(service: Any, layer_id: str, address: str, role: str | None, query: str = "") -> list[Any] | None:
    """Features of a tile for a role; None where a key is needed."""
    answer = service.get(f"/collections/{layer_id}/tiles/{address}{query}", role)
    if answer.status_code == 401:
        return None
    assert answer.status_code in (200, 204)
    return read_tile(answer.content)[layer_id].features if answer.content else []


def addresses() -> list[str]:
    return [f"{matrix}/{zoom}/{row}/{column}" for matrix in TILE_MATRIX_SETS for zoom, row, column in PLACES[matrix]]


@pytest.mark.parametrize("address", addresses())
@pytest.mark.parametrize("layer_id", ["cameras", "cases"])
def test_no_tile_shows_a_row_of_another_township(service: Any, layer_id: str, address: str) -> None:
    """Whoever asked first, and with gzip as without: the kept tile is that of one's own sight."""
    column = {"cameras": "device_id", "cases": "case_no"}[layer_id]
    own = {id_ for (id_,) in rows(service, f"select {column} from wangge.{layer_id} where township_code = %s", service.township)}  # noqa: S608, E501
    counted = rows(service, "select count(*) from wangge.cases where township_code = %s", service.township)[0][0]
    for turn, order in enumerate(ORDERS):
        for role in order:
            found = tile(service, layer_id, address, role, f"?filter=TRUE AND {turn} = {turn}" if turn else "")
            if role is None:
                assert found is None
            elif role == "township":
                ids = {feature.properties[column] for feature in found if column in feature.properties}
                assert ids <= own
                assert sum(feature.properties.get("count", 0) for feature in found) <= counted
            else:
                assert len(found) >= len(tile(service, layer_id, address, "township"))
    everything, mine = (tile(service, layer_id, address, role) for role in ("staff", "township"))
    assert len(everything) > 0
    assert len(mine) < len(everything) or "count" in everything[0].properties


@pytest.mark.parametrize("matrix", TILE_MATRIX_SETS)
def test_counts_of_a_township_s_tile_are_of_its_own_cases(service: Any, matrix: str) -> None:
    zoom, row, column = PLACES[matrix][0]
    for query, where in (("", "true"), ("?category=matter", "category = 'matter'"), ("?filter=state = '结案'",
    "state = '结案'")):
        plain = f"select count(*) from wangge.cases where township_code = '{service.township}' and {where}"  # noqa: S608
        for role in ("staff", "township", "staff"):
            found = tile(service, "cases", f"{matrix}/{zoom}/{row}/{column}", role, query)
            total = sum(feature.properties["count"] for feature in found)
            if role == "township":
                assert total == rows(service, plain)[0][0]
            else:
                assert total > rows(service, plain)[0][0]


@pytest.mark.parametrize("matrix", TILE_MATRIX_SETS)
@pytest.mark.parametrize("query", ["", "?datetime=2024-05", "?datetime=2024-05/2024-07", "?month=2025-01-01"])
def test_heat_tiles_sum_only_what_is_shown(service: Any, matrix: str, query: str) -> None:
    """Per cell the sum over the months asked for, of released rows; for staff of all rows of the zoom's resolution."""
    zoom, row, column = PLACES[matrix][0]
    resolution = 6 if zoom < 9 else 7
    months = {
        "": "true", "?datetime=2024-05": "month = '2024-05-01'", "?month=2025-01-01": "month = '2025-01-01'",
        "?datetime=2024-05/2024-07": "month between '2024-05-01' and '2024-07-01'",
    }[query]  # fmt: skip
    heat = (
        "select cell, date_trunc('year', month) as year, sum(count) as count from wangge.case_heat"  # noqa: S608
        f" where class_code = 'all' and channel = 'all' and resolution = {resolution} and {months}"
    )
    told = f"{heat} and audience = 'public' group by 1, 2"
    if not query:  # all that there is: whole years, which are told as such where their months aren't all
        told += f" union all select cell, year, count from wangge.heat_years where class_code = 'all' and resolution = {resolution}"  # noqa: S608, E501
    wholes = {"staff": f"{heat} and audience = 'staff' group by 1, 2", None: told, "township": told}
    sums = {
        role: {
            cell: int(total)
            for cell, total in rows(
                service,
                "select to_hex(cell), sum(count) from (select cell, year, max(count) as count"  # noqa: S608
                f" from ({whole}) as known group by 1, 2) as years group by 1",
            )
        }
        for role, whole in wholes.items()
    }
    for role in ("staff", None, "township", "staff", None):
        found = tile(service, "case-heat", f"{matrix}/{zoom}/{row}/{column}", role, query)
        drawn = {feature.properties["cell"]: feature.properties["count"] for feature in found}
        assert len(drawn) == len(found)
        assert drawn == {cell: total for cell, total in sums[role].items() if cell in drawn}
        assert len(drawn) > 0.9 * len(sums[role]) > 0
    assert sums["staff"] != sums[None] == sums["township"]


def test_tiles_of_classes_hold_years_alone_for_the_public(service: Any) -> None:
    told = dict(rows(service, "select to_hex(cell), sum(count) from wangge.heat_years where resolution = 6"
    " and class_code = 'local-08' group by 1"))
    for matrix in TILE_MATRIX_SETS:
        zoom, row, column = PLACES[matrix][0]
        address = f"{matrix}/{zoom}/{row}/{column}"
        for query in ("?filter=count<5", "?class_code=local-08&datetime=2024-05", "?channel=12345热线",
        "?class_code=local-08&filter=month>DATE('2000-01-01')"):
            assert tile(service, "case-heat", address, None, query) == []
            assert tile(service, "case-heat", address, "township", query) == []
        assert tile(service, "case-heat", address, "staff", "?class_code=local-08&datetime=2024-05")
        drawn = tile(service, "case-heat", address, None, "?class_code=local-08")
        assert drawn
        assert {feature.properties["cell"]: feature.properties["count"] for feature in drawn}.items() <= told.items()


def test_an_etag_of_staff_does_not_answer_for_the_public(service: Any) -> None:
    path = "/collections/case-heat/tiles/WebMercatorQuad/8/103/213"
    for url in (path, "/collections/case-heat/items?limit=3"):
        staff = service.get(url, "staff").headers["ETag"]
        public = service.get(url).headers["ETag"]
        assert staff != public
        assert service.get(url, headers={"If-None-Match": staff}).status_code == 200
        assert service.get(url, "staff", headers={"If-None-Match": staff}).status_code == 304


@pytest.mark.parametrize("process", PROCESSES)
def test_no_process_tells_the_public_what_is_for_staff(service: Any, process: str) -> None:
    """Run on the example that works on the sample city: no camera, no case and no finding comes out."""
    inputs = {"inputs": PROCESSES[process].example}
    secrets = [
        id_
        for table, column in (("cameras", "device_id"), ("cases", "case_no"))
        for (id_,) in rows(service, f"select {column} from wangge.{table} where fid %% 97 = 1 limit 500")  # noqa: S608
    ]
    answer = service.request("POST", f"/processes/{process}/execution", json=inputs)
    assert answer.status_code in (200, 201, 401)
    assert not any(secret in answer.text for secret in secrets)
    if PROCESSES[process].least_role != "public":
        assert answer.status_code == 401


def test_a_process_that_reads_a_layer_reads_it_as_the_asker(service: Any) -> None:
    for process in ("check-coverage", "check-codes"):
        for layer in ("cameras", "cases", "findings", "keys", "case_counts", "jobs", "../keys", "wangge.keys"):
            answer = service.request("POST", f"/processes/{process}/execution", json={"inputs": {"layer": layer}})
            assert answer.status_code in (400, 401, 404), json.dumps(answer.json())[:200]
