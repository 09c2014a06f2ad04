"""JSON-FG (OGC 21-045r1): against the standard's clauses one by one, and read by GDAL's own driver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.crs import CRS84_URI, uri_of
from layers.catalogue.catalogue import CATALOGUE
from layers.exporting.export import export_layer

if TYPE_CHECKING:
    from layers.database.database import Database

CORE, TYPES = (f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{name}" for name in ("core", "types-schemas"))
GRIDS = "collections/grids/items"


def links(document: dict[str, Any], rel: str) -> list[str]:
    """Addresses of a relation."""
    return [link["href"] for link in document["links"] if link["rel"] == rel]


@pytest.mark.parametrize("layer", CATALOGUE)
@pytest.mark.parametrize("crs", [CRS84_URI, uri_of(4490), uri_of(4549)])
def test_a_page_holds_to_the_clauses(service: Any, layer: str, crs: str) -> None:
    """8.2 metadata, 8.4 geometry, 13 types and schemas; the same features as GeoJSON has."""
    params = {"limit": "5", "crs": crs}
    page = service.get(f"collections/{layer}/items", "editor", params=params | {"f": "jsonfg"}).json()
    plain = service.get(f"collections/{layer}/items", "editor", params=params).json()
    degrees = service.get(f"collections/{layer}/items", "editor", params={"limit": "5"}).json()
    assert {CORE, TYPES} <= set(page["conformsTo"])
    assert page["featureType"] == layer
    assert service.get(page["featureSchema"], "editor").status_code == 200
    kind = CATALOGUE[layer].geometry_type
    assert page.get("geometryDimension") == {"Point": 0, "Polygon": 2, "MultiPolygon": 2}.get(kind)
    assert page.get("coordRefSys") == (None if crs == CRS84_URI else crs)
    of_records = ["http://www.opengis.net/def/profile/OGC/0/ogc-catalog"] if CATALOGUE[layer].record else []
    assert links(page, "profile") == ["http://www.opengis.net/def/profile/OGC/0/jsonfg", *of_records]
    assert links(plain, "profile") == ["http://www.opengis.net/def/profile/OGC/0/rfc7946", *of_records]
    assert "conformsTo" not in plain
    assert [feature["properties"] for feature in page["features"]] == [f["properties"] for f in plain["features"]]
    for feature, other in zip(page["features"], plain["features"], strict=True):
        assert {"type", "id", "geometry", "place", "time", "properties"} == set(feature)
        assert "conformsTo" not in feature
        if crs == CRS84_URI:
            assert (feature["geometry"], feature["place"]) == (other["geometry"], None)
        else:
            assert (feature["geometry"], feature["place"]) == (None, other["geometry"])
    plus = service.get(f"collections/{layer}/items", "editor", params=params | {"profile": "jsonfg-plus"}).json()
    for feature, in_degrees in zip(plus["features"], degrees["features"], strict=True):
        assert feature["geometry"] == in_degrees["geometry"]


def test_time_is_what_the_layer_s_fields_say(own_service: Any) -> None:
    """8.3: days as an interval with both ends in it, moments in UTC, a month by its days."""
    with own_service.database.transaction() as cursor:
        cursor.execute(
            "update wangge.grids set valid_from = '2020-01-01', valid_to = '2024-03-01' where fid ="
            " (select min(fid) from wangge.grids) returning code"
        )
        code = cursor.fetchone()[0]
        cursor.execute("select case_no from wangge.cases order by reported_at limit 1")
        case_no = cursor.fetchone()[0]
    ended = own_service.get(f"{GRIDS}?f=jsonfg&code={code}&datetime=2023-01-01").json()["features"][0]
    assert ended["time"] == {"interval": ["2020-01-01", "2024-02-29"]}
    current = own_service.get(f"{GRIDS}?f=jsonfg&limit=1").json()["features"][0]
    assert current["time"] == {"interval": [current["properties"]["valid_from"], ".."]}
    case = own_service.get(f"collections/cases/items/{case_no}?f=jsonfg", "staff").json()
    moment = case["time"]["timestamp"]
    assert moment.endswith("Z")
    assert pd.Timestamp(moment) == pd.Timestamp(case["properties"]["reported_at"])
    heat = own_service.get("collections/case-heat/items?f=jsonfg&limit=1&month=2024-02-01").json()["features"][0]
    assert heat["time"] == {"interval": ["2024-02-01", "2024-02-29"]}
    assert own_service.get("collections/divisions/items?f=jsonfg&limit=1").json()["features"][0]["time"] is None


def test_one_feature_is_a_root_object(service: Any) -> None:
    address = service.get(f"{GRIDS}?limit=1").json()["features"][0]["id"]
    item = service.get(f"{GRIDS}/{address}?f=jsonfg&crs=EPSG:4549").json()
    assert {CORE, TYPES} <= set(item["conformsTo"])
    assert (item["featureType"], item["coordRefSys"], item["geometry"]) == ("grids", uri_of(4549), None)
    assert item["place"]["type"] == "MultiPolygon"
    again = service.get(links(item, "self")[0]).json()
    assert again["place"] == item["place"]


def test_the_profile_is_negotiated(service: Any) -> None:
    """15, and Part 5 on the parameter: names, URIs and CURIEs, the first known one; an unknown one is no error."""
    for query, accept, jsonfg in (
        ("profile=jsonfg", "application/geo+json", True), ("profile=rfc7946", "application/geo+json", False),
        ("profile=http://www.opengis.net/def/profile/OGC/0/jsonfg", "*/*", True),
        ("profile=[ogc-profile:jsonfg]", "*/*", True), ("profile=unknown,jsonfg", "*/*", True),
        ("profile=unknown", "*/*", False), ("", "application/geo+json", False),
        ("", "application/fg+json", True), ("", "application/vnd.ogc.fg+json", True),
    ):  # fmt: skip
        answer = service.get(f"{GRIDS}?limit=1&{query}", headers={"Accept": accept})
        assert answer.headers["Content-Type"] == "application/geo+json"
        assert ("conformsTo" in answer.json()) is jsonfg, (query, accept)
        assert f'OGC/0/{"jsonfg" if jsonfg else "rfc7946"}>; rel="profile"' in answer.headers["Link"]
    tags = {service.get(f"{GRIDS}?limit=1", headers={"Accept": form}).headers["ETag"] for form in
            ("application/geo+json", "application/fg+json")}  # fmt: skip
    assert len(tags) == 2


def test_pages_follow_each_other_in_their_profile(service: Any) -> None:
    page = service.get(f"{GRIDS}?f=jsonfg&limit=700&crs=EPSG:4490").json()
    codes = [feature["id"] for feature in page["features"]]
    while following := links(page, "next"):
        page = service.get(following[0]).json()
        assert CORE in page["conformsTo"]
        codes += [feature["id"] for feature in page["features"]]
    assert len(set(codes)) == len(codes) == page["numberMatched"] == 1412


@pytest.mark.parametrize("crs", ["", "EPSG:4549", "EPSG:4490"])
def test_gdal_reads_the_file(city: Database, tmp_path: Path, crs: str) -> None:
    """By its JSON-FG driver, which knows the place and its CRS."""
    path = tmp_path / "grids.jsonfg"
    assert export_layer(city, "grids", path, {"crs": crs} if crs else None) == 1412
    found = gpd.read_file(f"JSONFG:{path}" if crs else path)
    assert len(json.loads(path.read_text("utf-8"))["features"]) == len(found) == 1412
    with city.transaction() as cursor:
        cursor.execute(
            f"select code, st_asbinary(st_transform(geom, {crs[5:] or 4490})) from wangge.grids order by fid"  # noqa: S608
        )
        rows = cursor.fetchall()
    assert list(found["code"]) == [code for code, _ in rows]
    wanted = shapely.from_wkb([bytes(shape) for _, shape in rows])
    # a normal form may begin at another vertex where two lie within the rounding
    apart = shapely.hausdorff_distance(found.geometry.to_numpy(), wanted)
    assert apart.max() < (1e-3 if crs == "EPSG:4549" else 1e-8)
    if crs:
        assert found.crs.to_epsg() == int(crs[5:])
