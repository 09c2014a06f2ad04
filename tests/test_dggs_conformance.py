"""Every class of OGC API - DGGS (21-038r1) that is declared, each by what its requirements say SHALL be."""

from __future__ import annotations

from typing import Any

import h3
import pytest

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
ROOT, HERE = "/dggs/H3", "/collections/case-heat/dggs/H3"
ZONE = "86309c027ffffff"
CRS = "http://www.opengis.net/def/crs"
SUFFIXES = {"": "List", "/{dggrsId}": "", "/{dggrsId}/zones": "Zones", "/{dggrsId}/zones/{zoneId}": "ZoneInfo",
            "/{dggrsId}/zones/{zoneId}/data": "ZoneData"}  # fmt: skip


def get(service: Any, path: str, status: int = 200, **options: Any) -> Any:
    answer = service.get(path, "staff", **options)
    assert answer.status_code == status, (path, answer.text[:300])
    return answer.json()


def rels(document: dict[str, Any], of: str = "links") -> dict[str, str]:
    return {link["rel"]: link.get("href") or link["uriTemplate"] for link in document[of]}


def counts(document: dict[str, Any]) -> list[list[int]]:
    return [entry["data"] for entry in document["values"]["count"]]


def core(service: Any) -> None:
    for here in (ROOT, HERE):
        (listed,) = get(service, here.removesuffix("/H3"))["dggrs"]
        described = get(service, here)
        for told in (listed, described):
            assert told["id"] == "H3" and told["title"]
            assert rels(told)["self"].endswith(here)
            made_of = get(service, rels(told)[f"{REL}dggrs-definition"])
            assert {"dggh", "zirs", "subZoneOrder"} <= made_of.keys()
            assert made_of["dggh"]["definition"]["spatialDimensions"] == 2 and made_of["subZoneOrder"]["description"]
        assert described["description"] and described["crs"] == f"{CRS}/OGC/1.3/CRS84"
        templates = rels(described, "linkTemplates")
        zone = get(service, templates[f"{REL}dggrs-zone-info"].replace("{zoneId}", ZONE))
        assert zone["id"] == ZONE and rels(zone)[f"{REL}dggrs"].endswith(here)
    english, chinese = (get(service, f"{ROOT}/definition", headers={"Accept-Language": language})["title"]
                        for language in ("en", "zh"))  # fmt: skip
    assert english != chinese


def data_retrieval(service: Any) -> None:
    described = get(service, HERE)
    address = rels(described, "linkTemplates")[f"{REL}dggrs-zone-data"].replace("{zoneId}", ZONE)
    assert rels(get(service, f"{HERE}/zones/{ZONE}"))[f"{REL}dggrs-zone-data"].startswith(address)
    assert get(service, address)["depths"] == [described["defaultDepth"]]
    assert get(service, address, headers={"Accept": "application/geo+json"})["type"] == "FeatureCollection"


def data_subsetting(service: Any) -> None:
    data = f"{HERE}/zones/{ZONE}/data?zone-depth=2"
    year, may = counts(get(service, f"{data}&datetime=2024")), counts(get(service, f"{data}&datetime=2024-05"))
    assert 0 < sum(may[0]) < sum(year[0])
    assert counts(get(service, f'{data}&subset=time("2024-05-01":"2024-05-31")')) == may
    assert counts(get(service, f'{data}&subset=time("2024-05")')) == may
    before = counts(get(service, f"{data}&datetime=../2024-04-30"))
    assert before == counts(get(service, f"{data}&datetime=/2024-04-30"))
    assert before == counts(get(service, f'{data}&subset=time(*:"2024-04-30")'))
    after = counts(get(service, f'{data}&subset=time("2024-06-01":*)'))
    every = counts(get(service, data))
    assert [sum(parts) for parts in zip(before[0], may[0], after[0], strict=True)] == every[0]
    # an axis of the grid, an axis that there is not, two answers to one question
    for wrong in ("subset=Lat(32:33)", "subset=Lon(120:121)", "subset=h(1:2)", 'subset=time("2024")&subset=Lat(32:33)',
                  'subset=time("2024")&datetime=2024'):  # fmt: skip
        get(service, f"{data}&{wrong}", 400)
    chosen = get(service, f"{data}&properties=count")
    assert set(chosen["schema"]["properties"]) == set(chosen["values"]) == {"count"}
    without = get(service, f"{data}&exclude-properties=count")
    assert without["schema"]["properties"] == without["values"] == {}
    for wrong in ("properties=name", "exclude-properties=name", "properties=count&exclude-properties=count"):
        get(service, f"{data}&{wrong}", 400)


def data_custom_depths(service: Any) -> None:
    deepest = get(service, HERE)["maxRelativeDepth"]
    zone = h3.cell_to_parent(ZONE, 4)
    for asked, depths in (("0", [0]), ("2", [2]), ("1-3", [1, 2, 3]), ("0,3", [0, 3]), (str(deepest), [deepest])):
        told = get(service, f"{HERE}/zones/{zone}/data?zone-depth={asked}")
        assert told["depths"] == [entry["depth"] for entry in told["values"]["count"]] == depths
        for depth, values in zip(depths, counts(told), strict=True):
            assert len(values) == h3.cell_to_children_size(zone, 4 + depth)
    for wrong in (str(deepest + 1), "-1", "x", "2-1", ""):
        get(service, f"{HERE}/zones/{zone}/data?zone-depth={wrong}", 400)


def zone_query(service: Any) -> None:
    assert rels(get(service, HERE))[f"{REL}dggrs-zone-query"].endswith(f"{HERE}/zones")
    for here, origin in ((ROOT, "dataset"), (HERE, "geodata")):
        found = get(service, f"{here}/zones?limit=3")
        assert len(found["zones"]) == 3
        links = rels(found)
        assert links[f"{REL}dggrs"].endswith(here)
        assert {f"{REL}dggrs-definition", f"{REL}{origin}", "next"} <= links.keys()
        assert f"{REL}dggrs-zone-data" in rels(found, "linkTemplates")
    plain = f"{HERE}/zones?zone-level=8&compact-zones=false"
    near = set(get(service, f"{plain}&bbox=120.0,32.1,120.06,32.2")["zones"])
    assert near
    for same in (
        f"bbox=32.1,120.0,32.2,120.06&bbox-crs={CRS}/EPSG/0/4490", "bbox=120.0,32.1,120.06,32.2&bbox-crs=[OGC:CRS84]",
        "subset=Lat(32.1:32.2),Lon(120.0:120.06)", "subset=Lat(32.1:32.2)&subset=Lon(120.0:120.06)",
        "subset=Latitude(32.1:32.2),long(120.0:120.06)",
        "subset=Lat(32.1:32.2),Lon(120.0:120.06)&subset-crs=[EPSG:4490]",
    ):  # fmt: skip
        assert set(get(service, f"{plain}&{same}")["zones"]) == near, same
    metres = {"bbox": "bbox=3550000,500000,3560000,505000&bbox-crs=[EPSG:4549]"}
    inside = set(get(service, f"{plain}&{metres['bbox']}")["zones"])
    for names in ("E(500000:505000),N(3550000:3560000)", "y(3550000:3560000),x(500000:505000)"):
        assert set(get(service, f"{plain}&subset={names}&subset-crs=[EPSG:4549]")["zones"]) == inside, names
    assert inside
    every = get(service, plain)["zones"]
    west = "subset=E(*:600000)&subset-crs=[EPSG:4549]"
    for all_ in ("subset=Lon(*:*)", "bbox-crs=[EPSG:9]", "subset-crs=[EPSG:9]", west):
        assert get(service, f"{plain}&{all_}")["zones"] == every, all_
    # over the antimeridian, from 121 to 119: nothing of the city lies there
    assert get(service, f"{plain}&subset=Lon(121:119)")["zones"] == []
    east = get(service, f"{plain}&subset=Lon(120.05:-170)")["zones"]
    assert east == get(service, f"{plain}&subset=Lon(120.05:180)")["zones"] != []
    for wrong in ("subset=Lat(1:2)&subset-crs=[EPSG:4549]", "subset=E(1:2)", "subset=Lat(2:1)", "subset=h(1)",
                  "bbox=1,2,3,4&subset=Lat(1:2)", "subset=Lat(1:2)&subset-crs=[EPSG:9]"):  # fmt: skip
        get(service, f"{plain}&{wrong}", 400)
    compact = get(service, f"{HERE}/zones?zone-level=8")["zones"]
    assert h3.compact_cells(every) and set(compact) == set(h3.compact_cells(every))
    levels = [h3.get_resolution(zone) for zone in compact]
    assert levels == sorted(levels) and set(levels) - {8}, "larger zones first"


def origins(service: Any) -> None:
    assert f"{REL}dggrs-list" in rels(get(service, "/?f=json"))
    assert f"{REL}dggrs-list" in rels(get(service, "/collections/case-heat?f=json"))
    for here, origin in ((ROOT, "dataset"), (HERE, "geodata")):
        assert f"{REL}{origin}" in rels(get(service, here))
        assert f"{REL}{origin}" in rels(get(service, here.removesuffix("/H3")))


def operation_ids(service: Any) -> None:
    paths = get(service, "/openapi?f=json")["paths"]
    for origin, here in (("dataset", ""), ("collection", "/collections/case-heat")):
        for path, suffix in SUFFIXES.items():
            assert paths[f"{here}/dggs{path}"]["get"]["operationId"].endswith(f".{origin}.getDGGRS{suffix}")


def data_json(service: Any) -> None:
    told = get(service, f"{HERE}/zones/{ZONE}/data?zone-depth=0,2")
    assert told["dggrs"].startswith("http") and told["zoneId"] == ZONE and told["depths"] == [0, 2]
    for depth, entry in zip(told["depths"], told["values"]["count"], strict=True):
        assert entry["shape"]["count"] == entry["shape"]["subZones"] == len(entry["data"]) == 7**depth
    public = service.get(f"{HERE}/zones/{ZONE}/data?zone-depth=4").json()
    assert None in counts(public)[0], "what is hidden is null"


def geojson(service: Any) -> None:
    for path in (f"{HERE}/zones?zone-level=8&limit=9&", f"{HERE}/zones/{ZONE}/data?zone-depth=2&"):
        for geometry, type_ in (("zone-region", "Polygon"), ("zone-centroid", "Point"), ("none", None)):
            found = get(service, f"{path}f=geojson&geometry={geometry}")
            assert found["type"] == "FeatureCollection" and found["features"]
            for one in found["features"]:
                assert one["id"] == one["properties"]["zoneID"]
                assert (one["geometry"] or {"type": None})["type"] == type_
        get(service, f"{path}f=geojson&geometry=cube", 400)


CHECKS = {
    "core": core, "data-retrieval": data_retrieval, "data-subsetting": data_subsetting,
    "data-custom-depths": data_custom_depths, "zone-query": zone_query, "root-dggs": origins,
    "collection-dggs": origins, "operation-ids": operation_ids, "data-json": data_json, "data-geojson": geojson,
    "zone-geojson": geojson,
}  # fmt: skip


def test_each_declared_class_has_a_check(service: Any) -> None:
    declared = service.get("/conformance?f=json").json()["conformsTo"]
    assert {uri.rsplit("/", 1)[-1] for uri in declared if "ogcapi-dggs-1/" in uri} == set(CHECKS)


@pytest.mark.parametrize("check", sorted(set(CHECKS.values()), key=lambda check: check.__name__))
def test_it_is_so(service: Any, check: Any) -> None:
    check(service)
