"""OGC API - DGGS over H3: zones, their lists and their data, held against the library h3 and against plain SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h3
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from config.web.dggs_request import parse_data_request, parse_zone_request
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from serving import Service

GRID = "/collections/case-heat/dggs/H3"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
ZONE = "88309c10e7fffff"
BOX = (120.0, 32.1, 120.06, 32.2)


def get(service: Service, path: str, role: str | None = "staff") -> Any:
    answer = service.get(path, role)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(service: Service, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with service.database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def rels(document: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


@pytest.mark.parametrize("origin", ["", "/collections/case-heat"])
def test_the_grid_is_listed_and_described(service: Service, origin: str) -> None:
    start = get(service, f"{origin}/?f=json" if not origin else f"{origin}?f=json", None)
    assert rels(start)[f"{REL}dggrs-list"].endswith(f"{origin}/dggs")
    (listed,) = get(service, f"{origin}/dggs", None)["dggrs"]
    assert listed["id"] == "H3" and listed["title"]
    assert {"self", f"{REL}dggrs-definition"} <= set(rels(listed))
    grid = get(service, f"{origin}/dggs/H3", None)
    assert (grid["id"], grid["defaultDepth"], grid["maxRefinementLevel"]) == ("H3", 0, 10)
    assert grid["title"] and grid["description"] and grid["crs"].endswith("CRS84")
    assert rels(grid)[f"{REL}dggrs-zone-query"].endswith(f"{origin}/dggs/H3/zones")
    assert f"{REL}{'geodata' if origin else 'dataset'}" in rels(grid)
    templates = {entry["rel"]: entry["uriTemplate"] for entry in grid["linkTemplates"]}
    assert templates[f"{REL}dggrs-zone-info"].endswith("/zones/{zoneId}")
    assert templates[f"{REL}dggrs-zone-data"].endswith("/zones/{zoneId}/data")


@pytest.mark.parametrize("zone", [ZONE, "80f3fffffffffff", h3.latlng_to_cell(32.17, 120.05, 15)])
def test_a_zone_is_that_of_h3(service: Service, zone: str) -> None:
    """A hexagon of the city, a pentagon at resolution 0, a cell at the finest."""
    told = get(service, f"/dggs/H3/zones/{zone}", None)
    lat, lon = h3.cell_to_latlng(zone)
    assert (told["id"], told["level"]) == (zone, h3.get_resolution(zone))
    assert told["centroid"] == pytest.approx([lon, lat])
    assert told["areaMetersSquare"] == pytest.approx(h3.cell_area(zone, unit="m^2"))
    assert told["shapeType"] == ("pentagon" if h3.is_pentagon(zone) else "hexagon")
    ring = [(x, y) for y, x in h3.cell_to_boundary(zone)]
    assert shapely.geometry.shape(told["geometry"]).equals_exact(shapely.Polygon(ring), 1e-12)
    named = {rel: [link["href"].rsplit("/", 1)[1] for link in told["links"] if link["rel"] == REL + rel] for rel in (
        "dggrs-zone-parent", "dggrs-zone-child", "dggrs-zone-neighbor")}  # fmt: skip
    level = h3.get_resolution(zone)
    assert named["dggrs-zone-parent"] == ([h3.cell_to_parent(zone)] if level else [])
    assert set(named["dggrs-zone-child"]) == (set(h3.cell_to_children(zone)) if level < 15 else set())
    assert set(named["dggrs-zone-neighbor"]) == set(h3.grid_disk(zone, 1)) - {zone}
    feature = get(service, f"/dggs/H3/zones/{zone}?f=geojson", None)
    assert (feature["type"], feature["properties"]["zoneID"]) == ("Feature", zone)


def counted(service: Service, level: int, where: str = "true") -> dict[str, int]:
    """Cases by the cell of their cell's parent, counted from the cases themselves."""
    plain = f"select to_hex(wangge.h3_parent(cell, {level})), count(*) from wangge.cases where {where} group by 1"  # noqa: S608
    return dict(rows(service, plain))


@pytest.mark.parametrize("level", [3, 6, 8, 10])
def test_zones_are_those_with_cases(service: Service, level: int) -> None:
    path = f"{GRID}/zones?zone-level={level}&compact-zones=false&limit=10000"
    zones, offset = [], 0
    while True:
        page = get(service, f"{path}&offset={offset}")
        zones += page["zones"]
        offset += 10_000
        if "next" not in rels(page):
            break
    assert sorted(zones) == sorted(counted(service, level)) == zones
    assert get(service, f"/dggs/H3/zones?zone-level={level}&compact-zones=false&limit=5")["zones"] == zones[:5]


def test_compact_zones_stand_for_all_their_children(service: Service) -> None:
    whole = get(service, f"{GRID}/zones?zone-level=8&compact-zones=false")["zones"]
    compact = get(service, f"{GRID}/zones?zone-level=8")
    assert len(compact["zones"]) < len(whole)
    assert set(h3.uncompact_cells(compact["zones"], 8)) == set(whole)
    assert set(compact["zones"]) == set(h3.compact_cells(whole))
    assert compact["returnedAreaMetersSquare"] == pytest.approx(
        sum(h3.cell_area(zone, unit="m^2") for zone in compact["zones"])
    )


def test_zones_in_a_box_below_a_parent_and_in_a_period(service: Service) -> None:
    box = ",".join(map(str, BOX))
    plain = f"{GRID}/zones?zone-level=8&compact-zones=false"
    near = set(h3.h3shape_to_cells_experimental(h3.geo_to_h3shape(shapely.box(*BOX)), 8, contain="overlap"))
    found = set(get(service, f"{plain}&bbox={box}")["zones"])
    assert found == near & set(counted(service, 8))
    west, south, east, north = BOX
    assert set(get(service, f"{plain}&subset=Lat({south}:{north}),Lon({west}:{east})")["zones"]) == found
    turned = f"{plain}&bbox=32.1,120.0,32.2,120.06&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4490"
    assert set(get(service, turned)["zones"]) == found
    parent = h3.cell_to_parent(ZONE, 6)
    below = get(service, f"{plain}&parent-zone={parent}")["zones"]
    assert below == sorted(zone for zone in counted(service, 8) if h3.cell_to_parent(zone, 6) == parent)
    june = "wangge.day_of(reported_at) between '2024-06-05' and '2024-06-20' and type_code = '06999'"
    some = get(service, f"{plain}&datetime=2024-06-05/2024-06-20&type_code=local-06999")["zones"]
    assert some == sorted(counted(service, 8, june))
    assert get(service, f'{plain}&subset=time("2024-06-05":"2024-06-20")&type_code=local-06999')["zones"] == some
    page = get(service, f"{plain}&bbox={box}&f=geojson")
    assert {feature["properties"]["zoneID"] for feature in page["features"]} == found
    points = get(service, f"{plain}&bbox={box}&f=geojson&geometry=zone-centroid")["features"]
    assert points[0]["geometry"]["coordinates"] == pytest.approx(list(h3.cell_to_latlng(points[0]["id"]))[::-1])


@pytest.mark.parametrize(("level", "depths"), [(8, "0"), (6, "0-4"), (5, "1,3"), (10, "0"), (2, "4")])
def test_data_are_the_counts_of_the_sub_zones_in_their_order(service: Service, level: int, depths: str) -> None:
    zone = h3.cell_to_parent(h3.latlng_to_cell(32.17, 120.05, 10), level)
    document = get(service, f"{GRID}/zones/{zone}/data?zone-depth={depths}")
    wanted = {"0": [0], "0-4": [0, 1, 2, 3, 4], "1,3": [1, 3], "4": [4]}[depths]
    assert (document["zoneId"], document["depths"]) == (zone, wanted)
    assert document["dggrs"].endswith("/dggs/H3")
    assert set(document["schema"]["properties"]) == set(document["values"]) == {"count"}
    for depth, told in zip(wanted, document["values"]["count"], strict=True):
        zones = sorted(h3.cell_to_children(zone, level + depth))
        expected = counted(service, level + depth)
        assert told["depth"] == depth
        assert told["shape"] == {"count": len(zones), "subZones": len(zones)}
        assert told["data"] == [expected.get(sub, 0) for sub in zones]


def test_data_of_a_period_and_kind_as_geojson(service: Service) -> None:
    parent = h3.cell_to_parent(ZONE, 6)
    asked = f"{GRID}/zones/{parent}/data?zone-depth=3&datetime=2024-05-10/2024-07-20&class_code=matter-06&f=geojson"
    days = "wangge.day_of(reported_at) between '2024-05-10' and '2024-07-20'"
    city = counted(service, 9, f"{days} and category = 'matter' and left(type_code, 2) = '06'")
    expected = {zone: count for zone, count in city.items() if h3.cell_to_parent(zone, 6) == parent}
    features = get(service, asked)["features"]
    assert {one["id"]: one["properties"]["count"] for one in features} == expected
    assert features[0]["geometry"]["type"] == "Polygon"
    assert get(service, f"{GRID}/zones/{ZONE}/data?exclude-properties=count")["values"] == {}


def test_the_public_is_told_released_counts_and_never_zero(service: Service) -> None:
    """At the released resolution what case_heat holds for it; elsewhere, and where nothing is released, null."""
    released = "select distinct resolution from wangge.case_heat where audience = 'public'"
    levels = {level for (level,) in rows(service, released)}
    parent = h3.cell_to_parent(ZONE, 6)
    for role in (None, "township"):
        for level in range(6, 11):
            path = f"{GRID}/zones/{parent}/data?zone-depth={level - 6}&datetime=2024-05"
            (told,) = get(service, path, role)["values"]["count"]
            shown = rows(
                service, "select to_hex(cell), count from wangge.case_heat where audience = 'public'"
                " and resolution = %s and class_code = 'all' and channel = 'all' and month = '2024-05-01'", level,
            )  # fmt: skip
            zones = sorted(h3.cell_to_children(parent, level))
            assert told["data"] == [dict(shown).get(zone) for zone in zones]
            assert any(told["data"]) == (level in levels)
    staff = service.get(f"{GRID}/zones", "staff").headers["ETag"]
    assert service.get(f"{GRID}/zones", headers={"If-None-Match": staff}).status_code == 200
    assert service.get(f"{GRID}/zones", "staff", headers={"If-None-Match": staff}).status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dggs/ISEA3H", 404), ("/dggs/H3/zones/nonsense", 404), ("/dggs/H3/zones/ffffffffffffffff", 404),
        ("/dggs/H3/zones?zone-level=11", 400), ("/dggs/H3/zones?zone-level=x", 400),
        ("/dggs/H3/zones?parent-zone=1", 404), ("/dggs/H3/zones?compact-zones=maybe", 400),
        ("/dggs/H3/zones?bbox=1,2,3", 400), ("/dggs/H3/zones?subset=Height(1:2)", 400), ("/dggs/H3/zones?what=1", 400),
        ("/dggs/H3/zones?bbox=1,2,3,4&subset=Lat(1:2)", 400), (f"/dggs/H3/zones/{ZONE}/data?zone-depth=6", 400),
        (f"/dggs/H3/zones/{ZONE}/data?zone-depth=3", 400), (f"/dggs/H3/zones/{ZONE}/data?properties=name", 400),
        (f"/dggs/H3/zones/{ZONE}?f=png", 400), ("/collections/grids/dggs", 404), ("/dggs/H3/zones/x/y/z", 404),
    ],
)  # fmt: skip
def test_what_there_is_not_is_refused(service: Service, path: str, status: int) -> None:
    assert service.get(path, "staff").status_code == status, path


@given(st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    for name in ("subset", "zone-level", "limit", "bbox", "datetime", "geometry"):
        try:
            parse_zone_request([(name, text)], 4549)
        except InvalidInput as error:
            assert error.key.startswith(("query.", "raster."))
    try:
        depths = parse_data_request([("zone-depth", text)], 4549, 0, 5).depths
        assert depths == tuple(sorted(set(depths))) and 0 <= depths[0] <= depths[-1] <= 5
    except InvalidInput as error:
        assert error.key.startswith("query.")
