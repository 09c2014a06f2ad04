"""What QGIS reads when it opens a layer, in the order in which it asks; each row fails the layer if it is missing.

After the source of its OAPIF provider (``src/providers/wfs/oapif``), as of the middle of 2026.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from geo.crs import axes_inverted
from layers.catalogue.catalogue import CATALOGUE, VECTOR_LAYERS

QGIS = {"User-Agent": "Mozilla/5.0 QGIS/34400/Windows 11 Version 2009"}
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CONF = "http://www.opengis.net/spec/"
GEOMETRIES = {
    "Point": "geometry-point", "Polygon": "geometry-polygon", "MultiPolygon": "geometry-multipolygon",
    "Geometry": "geometry-any",
}  # fmt: skip


def links(document: dict[str, Any], rel: str) -> dict[str, str]:
    return {link["type"]: link["href"] for link in document["links"] if link["rel"] == rel and "type" in link}


def ask(service: Any, path: str, role: str | None = "editor") -> Any:
    answer = service.get(path, role, headers=QGIS)
    assert answer.status_code == 200, answer.text[:300]
    return answer


# --- opening


@pytest.mark.parametrize("accept", ["application/json", "application/json, application/geo+json", "*/*"])
def test_the_landing_page_is_json_with_three_links(service: Any, accept: str) -> None:
    answer = service.get("/", headers=QGIS | {"Accept": accept})
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    page = json.loads(answer.content.decode("utf-8"))
    described = links(page, "service-desc")["application/vnd.oai.openapi+json;version=3.0"]
    assert links(page, "data")["application/json"]
    assert links(page, "conformance")["application/json"]
    for address in (described, links(page, "data")["application/json"], links(page, "conformance")["application/json"]):
        assert service.get(address, headers=QGIS).status_code == 200
    openapi = service.get(described, headers=QGIS)
    assert openapi.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"


def test_openapi_says_how_large_a_page_may_be(service: Any) -> None:
    """QGIS reads only this one component; its page is min(max(1000, default), maximum)."""
    document = ask(service, "/openapi").json()
    limit = document["components"]["parameters"]["limit"]
    assert (limit["name"], limit["in"]) == ("limit", "query")
    assert limit["schema"]["maximum"] >= 1000
    page = min(max(1000, limit["schema"]["default"]), limit["schema"]["maximum"])
    answer = ask(service, f"/collections/grids/items?limit={page}").json()
    assert answer["numberReturned"] == page


@pytest.mark.parametrize("layer_id", CATALOGUE)
def test_a_simple_filter_is_a_parameter_that_qgis_takes_for_one(service: Any, layer_id: str) -> None:
    """Its name, in query, form, not exploded, of a type; QGIS then sends the comparison as ``name=value``."""
    document = ask(service, "/openapi").json()
    operation = document["paths"][f"/collections/{layer_id}/items"]["get"]
    plain = {entry["name"]: entry for entry in operation["parameters"] if "name" in entry}
    assert set(plain) == set(CATALOGUE[layer_id].names)
    for entry in plain.values():
        assert (entry["in"], entry["style"], entry["explode"]) == ("query", "form", False)
        assert entry["schema"]["type"] in ("string", "integer", "number", "boolean")


@pytest.mark.parametrize("layer_id", CATALOGUE)
def test_a_collection_says_where_it_lies_and_in_which_crs(service: Any, layer_id: str) -> None:
    listed = next(entry for entry in ask(service, "/collections").json()["collections"] if entry["id"] == layer_id)
    alone = ask(service, f"/collections/{layer_id}").json()
    for collection in (listed, alone):
        ((west, south, east, north),) = collection["extent"]["spatial"]["bbox"]
        assert 119 < west < east < 121
        assert 31 < south < north < 33
        assert collection["storageCrs"] == CRS84
        assert set(collection["crs"]) == {CRS84, EPSG + "4490", EPSG + "4549", EPSG + "3857"}
        assert collection["itemType"] == ("record" if CATALOGUE[layer_id].record else "feature")
        assert collection["itemCount"] == ask(service, f"/collections/{layer_id}/items?limit=1").json()["numberMatched"]
        assert links(collection, "items")["application/geo+json"]
        assert links(collection, CONF.replace("spec/", "def/rel/ogc/1.0/schema"))["application/schema+json"]


def test_conformance_switches_on_what_qgis_knows(service: Any) -> None:
    declared = set(ask(service, "/conformance").json()["conformsTo"])
    needed = {
        "ogcapi-features-1/1.0/conf/core", "ogcapi-features-1/1.0/conf/geojson", "ogcapi-features-2/1.0/conf/crs",
        "cql2/1.0/conf/cql2-text", "cql2/1.0/conf/basic-cql2", "ogcapi-features-3/1.0/conf/filter",
        "ogcapi-features-3/1.0/conf/features-filter", "cql2/1.0/conf/advanced-comparison-operators",
        "cql2/1.0/conf/case-insensitive-comparison", "cql2/1.0/conf/basic-spatial-functions",
        "ogcapi-features-5/1.0/conf/schemas",
    }  # fmt: skip
    assert {CONF + path for path in needed} <= declared


@pytest.mark.parametrize("layer_id", CATALOGUE)
def test_queryables_have_types_and_a_geometry(service: Any, layer_id: str) -> None:
    layer = CATALOGUE[layer_id]
    answer = ask(service, f"/collections/{layer_id}/queryables")
    assert answer.headers["Content-Type"].startswith("application/schema+json")
    properties = answer.json()["properties"]
    geometry = properties.pop("geometry")
    assert geometry["$ref"].startswith("https://geojson.org/schema/")
    assert list(properties) == list(layer.names)
    assert all(entry["type"] for entry in properties.values())


@pytest.mark.parametrize("layer_id", CATALOGUE)
def test_the_schema_has_types_titles_order_and_roles(service: Any, layer_id: str) -> None:
    layer = CATALOGUE[layer_id]
    answer = service.get(f"/collections/{layer_id}/schema", "editor", headers=QGIS | {"Accept-Language": "zh"})
    assert answer.headers["Content-Type"].startswith("application/schema+json")
    properties = answer.json()["properties"]
    geometry = properties.pop("geometry")
    assert geometry["x-ogc-role"] == "primary-geometry"
    assert geometry["format"] == GEOMETRIES[layer.geometry_type]
    assert [properties[name]["title"] for name in layer.names] == [field.title.zh for field in layer.fields]
    order = sorted(properties, key=lambda name: properties[name]["x-ogc-propertySeq"])
    assert order == list(layer.names)
    # what QGIS may write is what people write; the rest follows from it
    assert [properties[field.name]["readOnly"] for field in layer.fields] == [not f.written for f in layer.fields]
    for field in layer.fields:
        entry = properties[field.name]
        if field.type in ("date", "date-time"):
            assert (entry["type"], entry["format"]) == ("string", field.type)
        else:
            assert entry["type"] == field.type
    roles = {entry["x-ogc-role"]: name for name, entry in properties.items() if "x-ogc-role" in entry}
    if layer.field(layer.id_field):
        assert roles["id"] == layer.id_field
    if len(layer.time) == 2:
        assert (roles["primary-interval-start"], roles["primary-interval-end"]) == layer.time
    elif layer.time:
        assert roles["primary-instant"] == layer.time[0]


@pytest.mark.parametrize("layer_id", CATALOGUE)
def test_the_first_ten_and_on(service: Any, layer_id: str) -> None:
    page = ask(service, f"/collections/{layer_id}/items?limit=10").json()
    assert page["type"] == "FeatureCollection"
    if page["numberMatched"] > 10:
        onward = links(page, "next")["application/geo+json"]
        following = ask(service, onward).json()
        known = {feature["id"] for feature in page["features"]}
        assert known.isdisjoint(feature["id"] for feature in following["features"])
    else:
        assert links(page, "next") == {}


# --- axis order


@pytest.mark.parametrize("crs", [CRS84, EPSG + "4490", EPSG + "4549", EPSG + "3857"])
@pytest.mark.parametrize("layer_id", ["grids", "cameras", "divisions"])
def test_coordinates_and_boxes_come_in_the_axis_order_of_the_crs(service: Any, layer_id: str, crs: str) -> None:
    """What EPSG says of the order of the axes, QGIS believes: coordinates, bbox, and what stands in filters."""
    srid = 4490 if crs == CRS84 else int(crs.rsplit("/", 1)[1])
    answer = ask(service, f"/collections/{layer_id}/items?limit=3&crs={crs}")
    assert answer.headers["Content-Crs"] == f"<{crs}>"
    plain = ask(service, f"/collections/{layer_id}/items?limit=3").json()["features"]
    # always_xy=False is pyproj's word for the order that EPSG lays down
    move = Transformer.from_crs("OGC:CRS84", crs if crs == CRS84 else srid, always_xy=False)
    for feature, other in zip(answer.json()["features"], plain, strict=True):
        moved = shapely.transform(shape(other["geometry"]), lambda xy: shapely.get_coordinates(
            shapely.points(*move.transform(xy[:, 0], xy[:, 1]))
        ))  # fmt: skip
        assert shapely.equals_exact(moved, shape(feature["geometry"]), 2e-8 if srid == 4490 else 2e-3)
        # a point is written to the tenth of a millimetre, and so lies beside its own place
        around = shape(feature["geometry"]).buffer(1e-8 if srid == 4490 else 0.001)
        box = ",".join(repr(number) for number in around.bounds)
        found = ask(service, f"/collections/{layer_id}/items?limit=5000&bbox={box}&bbox-crs={crs}").json()
        assert feature["id"] in {entry["id"] for entry in found["features"]}
        assert found["numberMatched"] < 400
        centre = shapely.point_on_surface(shape(feature["geometry"]))
        filter_ = f"S_INTERSECTS(geometry, POLYGON(({circle(centre, 0.00002 if srid == 4490 else 2)})))"
        found = ask(service, f"/collections/{layer_id}/items?limit=100&filter={filter_}&filter-crs={crs}").json()
        assert feature["id"] in {entry["id"] for entry in found["features"]}
    assert axes_inverted(crs) == (srid in (4490, 4549) and crs != CRS84)


def circle(centre: shapely.Point, radius: float) -> str:
    return ", ".join(f"{x!r} {y!r}" for x, y in centre.buffer(radius).exterior.coords)


def test_epsg_4326_is_not_offered_and_says_so(service: Any) -> None:
    """Its twin CRS84 is; two names for one thing with other axes would only be mistaken for each other."""
    answer = service.get(f"/collections/grids/items?crs={EPSG}4326", headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert CRS84 in answer.json()["description"]


@pytest.mark.parametrize("written", ["[EPSG:4490]", "<http://www.opengis.net/def/crs/EPSG/0/4490>",
"urn:ogc:def:crs:EPSG::4490"])
def test_a_crs_is_taken_in_its_spellings(service: Any, written: str) -> None:
    answer = service.get("/collections/grids/items", params={"limit": 1, "crs": written})
    assert answer.headers["Content-Crs"] == f"<{EPSG}4490>"
    (latitude, longitude), *_ = answer.json()["features"][0]["geometry"]["coordinates"][0][0]
    assert latitude < 90 < longitude


# --- what else QGIS asks


@pytest.mark.parametrize("path", ["/collections/grids/items", "/collections/grids/items/321283001001001",
"/collections/grids/items/unknown_id"])
def test_options_offer_no_editing_where_there_is_none(service: Any, path: str) -> None:
    """QGIS believes Allow alone: POST there would make the layer editable."""
    for role in (None, "staff", "editor", "admin"):
        answer = service.request("OPTIONS", path, role, headers=QGIS)
        assert answer.status_code in (200, 204)
        allowed = answer.headers["Allow"].split(", ")
        assert "GET" in allowed
        assert not {"POST", "PUT", "PATCH", "DELETE"} & set(allowed)


def test_times_come_as_qgis_writes_them(service: Any) -> None:
    """For "until" and "from" QGIS makes an interval of the first or the last moment of RFC 3339, without a zone."""
    count = ask(service, "/collections/cases/items?limit=1").json()["numberMatched"]
    until, since = (
        ask(service, f"/collections/cases/items?limit=1&datetime={period}").json()["numberMatched"]
        for period in ("0000-01-01T00:00:00Z%2F2025-06-01T00:00:00.000",
                       "2025-06-01T00:00:00.000%2F9999-12-31T00:00:00Z")
    )  # fmt: skip
    assert 0 < until < count
    assert until + since == count


def test_a_key_is_taken_as_header_and_as_basic(service: Any) -> None:
    key = service.keys["staff"]
    token = base64.b64encode(f"anyone:{key}".encode()).decode()
    for headers in ({"X-API-Key": key}, {"Authorization": f"Basic {token}"}):
        assert service.get("/collections/cameras/items?limit=10", headers=QGIS | headers).status_code == 200
    refused = service.get("/collections/cameras/items?limit=10", headers=QGIS)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert b"ExceptionReport" in refused.content


@pytest.mark.parametrize("layer_id", [layer.id for layer in VECTOR_LAYERS])
def test_every_address_in_a_style_is_absolute(service: Any, layer_id: str) -> None:
    """QGIS loses the port of a relative one, and fetches sprites without credentials."""
    collection = ask(service, f"/collections/{layer_id}").json()
    (address,) = links(collection, "http://www.opengis.net/def/rel/ogc/1.0/styles").values()
    style = ask(service, address).json()
    assert style["version"] == 8
    written = [*(url for source in style["sources"].values() for url in source.get("tiles", [source.get("url")]))]
    written += [style[name] for name in ("sprite", "glyphs") if name in style]
    assert written
    assert all(url.startswith(service.base_url + "/") for url in written)
    assert {layer["source-layer"] for layer in style["layers"] if "source-layer" in layer} == {layer_id}


def test_a_tile_template_is_one_that_qgis_fills(service: Any) -> None:
    style = ask(service, "/collections/grids/style").json()
    (template,) = style["sources"]["grids"]["tiles"]
    assert all(mark in template for mark in ("{z}", "{x}", "{y}"))
    assert ask(service, template.format(z=12, y=1659, x=3413)).headers["Content-Type"].endswith("mapbox-vector-tile")
