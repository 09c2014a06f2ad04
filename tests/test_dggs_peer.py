"""OGC API - DGGS held against what pydggsapi answered over the same cases; ``record_dggs.py`` made the record.

Where the two differ the text of OGC 21-038r1 decides, and the difference stands here: pydggsapi lists compact zones
that hold no data (/req/zone-query/zones-list wants those where there are), has null where a count is 0, and writes a
centre as GeoJSON (/rec/core/zone-info wants two numbers).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h3
import pytest
from serving import serving
from test_release import write_cases

RECORD = json.loads(Path(__file__).with_name("dggs_pydggsapi.json").read_text("utf-8"))
PEER = {(entry["path"], entry["type"]): entry["answer"] for entry in RECORD["answers"]}
GRID = "/collections/case-heat/dggs/H3"


@pytest.fixture(scope="module")
def answers(clone: Any, city_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Any, Any]]:
    """What ours says to the same requests over the same cases, as staff see them."""
    with clone(city_template) as database:
        with database.transaction() as cursor:
            cursor.execute("truncate wangge.cases, wangge.heat_releases cascade")
            lon, lat = zip(*RECORD["points"], strict=True)
            count = len(lon)
            write_cases(cursor, lon, lat, ["2025-05-05 12:00:00"] * count, [0] * count, "peer")
        with serving(database, tmp_path_factory.mktemp("peer")) as service:
            found = {
                (path, media_type): service.get(GRID + path, "staff", headers={"Accept": media_type})
                for path, media_type in PEER
            }
    assert {answer.status_code for answer in found.values()} == {200}
    assert all(answer.headers["Content-Type"] == media_type for (_, media_type), answer in found.items())
    yield {asked: answer.json() for asked, answer in found.items()}


def both(answers: dict[Any, Any], what: str, media_type: str = "application/json") -> list[tuple[str, Any, Any]]:
    """Path, our answer and theirs of one kind of request: ``list``, ``info`` or ``data``."""
    return [
        (path, answers[path, type_], theirs)
        for (path, type_), theirs in PEER.items()
        if type_ == media_type and what == kind_of(path)
    ]


def kind_of(path: str) -> str:
    """Which resource a path is of."""
    return "list" if path.startswith("/zones?") else "data" if "/data" in path else "info"


def test_zones_are_listed_alike(answers: dict[Any, Any]) -> None:
    held = both(answers, "list")
    assert len(held) == 10
    for path, ours, theirs in held:
        if "compact-zones=true" not in path:
            assert sorted(ours["zones"]) == sorted(theirs["zones"]), path
            assert ours["returnedAreaMetersSquare"] == pytest.approx(theirs["returnedAreaMetersSquare"]), path
            continue
        level = int(path.split("zone-level=")[1][0])
        every = PEER[path.replace("=true", "=false"), "application/json"]["zones"]
        assert set(h3.uncompact_cells(ours["zones"], level)) == set(every), path
        assert set(ours["zones"]) == set(h3.compact_cells(every)), path
        beyond = set(h3.uncompact_cells(theirs["zones"], level)) - set(every)
        assert set(every) <= set(h3.uncompact_cells(theirs["zones"], level)), path
        assert bool(beyond) == (ours["zones"] != theirs["zones"]), path


def test_zones_are_told_of_alike(answers: dict[Any, Any]) -> None:
    held = both(answers, "info")
    assert len(held) == 3
    for path, ours, theirs in held:
        assert {name: ours[name] for name in ("id", "level", "shapeType")} == {
            name: theirs[name] for name in ("id", "level", "shapeType")
        }, path
        assert ours["centroid"] == pytest.approx(theirs["centroid"]["coordinates"]), path
        assert ours["bbox"] == pytest.approx(theirs["bbox"]), path
        assert ours["areaMetersSquare"] == pytest.approx(theirs["areaMetersSquare"]), path
        assert ring(ours) == [pytest.approx(corner) for corner in ring(theirs)], path


def ring(zone: dict[str, Any]) -> Any:
    return zone["geometry"]["coordinates"][0]


def test_data_are_alike_in_the_same_order(answers: dict[Any, Any]) -> None:
    held = both(answers, "data")
    assert len(held) == 5
    for path, ours, theirs in held:
        assert (ours["zoneId"], ours["depths"]) == (theirs["zoneId"], theirs["depths"]), path
        (values,) = theirs["values"].values()
        for mine, value in zip(ours["values"]["count"], values, strict=True):
            assert mine["depth"] == value["depth"], path
            assert [mine["shape"][name] for name in ("count", "subZones")] == [
                value["shape"][name] for name in ("count", "subZones")
            ], path
            assert mine["data"] == [count or 0 for count in value["data"]], path
            assert sum(mine["data"]) > 0


@pytest.mark.parametrize("kind", ["list", "data"])
def test_features_are_alike(answers: dict[Any, Any], kind: str) -> None:
    held = both(answers, kind, "application/geo+json")
    assert held
    for path, ours, theirs in held:
        mine = {one["properties"]["zoneID"]: one for one in ours["features"]}
        other = {one["properties"]["zoneId"]: one for one in theirs["features"]}
        assert mine.keys() == other.keys() and mine, path
        for zone, one in mine.items():
            assert one["geometry"]["type"] == other[zone]["geometry"]["type"]
            assert flat(one) == pytest.approx(flat(other[zone])), path
            if kind == "data":
                assert one["properties"]["count"] == other[zone]["properties"]["case-heat.count"], path


def flat(feature: dict[str, Any]) -> list[float]:
    """All coordinates, one after another."""
    found = feature["geometry"]["coordinates"]
    while isinstance(found[0], list):
        found = [part for inner in found for part in inner]
    return found
