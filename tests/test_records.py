"""The catalogue of data as OGC API - Records: what is in it, how it is found, and what its records say."""

from __future__ import annotations

from typing import Any

import pytest

from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.records.items import read_items
from layers.records.words import terms_of, words_of

ITEMS = "collections/catalogue/items"
CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"

SEARCHES = {
    # what people type, what has to be found, what must not be
    "化工": ({"化工园区"}, {"文化工作站"}),
    "网格队伍": ({"网格队伍人数"}, {"网格党组织"}),
    "老年人口": ({"老年人口"}, {"户籍人口"}),
    "人口": ({"户籍人口", "流动人口"}, set()),
    "天网": ({"天网监控点位"}, set()),
    "蓝天卫士": ({"蓝天卫士点位"}, {"天网监控点位"}),
    "消防": ({"消防重点单位", "微型消防站"}, set()),
    "医疗 机构": ({"医疗机构"}, {"养老机构"}),
    "民办": ({"民办教育机构"}, set()),
    "hydrants": ({"消防栓"}, set()),
    "HYDRANTS,路灯": ({"消防栓", "路灯"}, set()),
    "文化工作站": ({"文化工作站"}, {"化工园区"}),
    "秸秆": ({"秸秆禁烧巡查"}, set()),
    "河长": ({"河长制巡河"}, set()),
}


def titles(service: Any, **params: str) -> set[str]:
    """Titles of the records that a request finds."""
    answer = service.get(ITEMS, params={"limit": "1000", **params})
    assert answer.status_code == 200, answer.text[:300]
    return {feature["properties"]["title"] for feature in answer.json()["features"]}


def test_the_aspects_the_items_and_every_layer_are_in_it(service: Any) -> None:
    for kind, count in (("series", 32), ("dataset", 186), ("collection", len(CATALOGUE) - 1 + len(RASTERS))):
        found = service.get(ITEMS, params={"type": kind, "limit": "1"}).json()
        assert found["numberMatched"] == count, kind
    layers = service.get(ITEMS, params={"type": "collection", "limit": "1000"}).json()["features"]
    assert {feature["properties"]["layer"] for feature in layers} == {*CATALOGUE, *RASTERS} - {"catalogue"}
    items = service.get(ITEMS, params={"type": "dataset", "limit": "1000"}).json()["features"]
    for feature in items:
        properties = feature["properties"]
        assert properties["department"] and properties["cycle"] and properties["source"] == "sample"
        assert properties["aspect_code"] == properties["code"][:2]
    assert len({feature["properties"]["title"] for feature in items}) == 186


@pytest.mark.parametrize("words", SEARCHES)
def test_words_are_found_as_words(service: Any, words: str) -> None:
    wanted, unwanted = SEARCHES[words]
    found = titles(service, q=words, type="dataset")
    assert wanted <= found
    assert not unwanted & found


def test_a_search_goes_with_every_filter(service: Any) -> None:
    whole = titles(service, q="企业")
    assert whole
    some = titles(service, q="企业", filter="department = '生态环境局'")
    assert some == {"污染源企业"}
    assert titles(service, q="企业", aspect="生态环境") == some < whole
    assert titles(service, q="，。！") == set()
    assert service.get("collections/grids/items?q=x").status_code == 400
    page = service.get(ITEMS, params={"q": "企业", "limit": "2", "sortby": "title_en"}).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert "q=" in following
    again = service.get(following).json()
    assert again["numberMatched"] == page["numberMatched"]


def test_ids_and_external_ids(service: Any) -> None:
    """7.4 of the standard: only those named; of none named, none; a scheme has to fit."""
    assert titles(service, ids="item-0201,layer-grids") == {"综合网格", "网格"}
    assert titles(service, ids="") == set()
    assert titles(service, externalIds="0201") == titles(service, externalIds="data-items:0201") == {"综合网格"}
    assert titles(service, externalIds="elsewhere:0201") == set()


def test_a_record_is_one(service: Any) -> None:
    collection = service.get("collections/catalogue?f=json").json()
    assert collection["itemType"] == "record"
    record = service.get(f"{ITEMS}/item-0201").json()
    assert (record["type"], record["id"]) == ("Feature", "item-0201")
    assert record["time"]["timestamp"].endswith("Z")
    assert service.get(f"{ITEMS}/item-0301").json()["time"] is None
    assert record["conformsTo"] == [CORE]
    assert record["geometry"]["type"] == "Polygon"
    properties = record["properties"]
    assert {"type", "title", "created", "updated", "language", "keywords"} <= set(properties)
    assert properties["contacts"] == [{"roles": ["owner"], "organization": "网格化服务管理中心"}]
    assert properties["themes"][0]["concepts"] == [{"id": "02", "title": "网格"}]
    assert properties["externalIds"] == [{"scheme": "data-items", "value": "0201"}]
    rels = {link["rel"] for link in record["links"]}
    assert {"self", "alternate", "collection"} <= rels
    assert service.get(f"{ITEMS}/item-0201?f=html").status_code == 200
    assert "综合网格" in service.get(f"{ITEMS}?f=html&q=网格").text
    declared = service.get("conformance?f=json").json()["conformsTo"]
    for name in ("record-core", "record-collection", "record-core-query-parameters", "record-api", "json", "html",
                 "oas30", "searchable-catalog", "searchable-catalog-filtering", "searchable-catalog-sorting", "sorting",
                 "filtering"):  # fmt: skip
        assert f"http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/{name}" in declared


def test_a_catalogue_has_a_media_type_of_its_own(service: Any) -> None:
    answer = service.get("collections/catalogue", headers={"Accept": "application/ogc-catalog+json"})
    assert answer.headers["Content-Type"] == "application/ogc-catalog+json"
    assert answer.json()["id"] == "catalogue"
    other = service.get("collections/grids", headers={"Accept": "application/ogc-catalog+json"})
    assert other.headers["Content-Type"].startswith("application/json")
    for path in (ITEMS, f"{ITEMS}/item-0201"):
        links = service.get(path, headers={"Accept": "application/geo+json"}).json()["links"]
        profiles = [link["href"] for link in links if link["rel"] == "profile"]
        assert "http://www.opengis.net/def/profile/OGC/0/ogc-catalog" in profiles


def test_words_of_a_text() -> None:
    assert "化工" not in words_of(["文化工作站"])
    assert words_of([""]) == []
    assert terms_of(" , ，") == ()
    assert all(set(words) <= set(words_of([text])) for text in ("特殊人群", "hydrants") for words in terms_of(text))


def test_a_list_of_items_is_read_whole_or_not_at_all() -> None:
    head = "code,aspect_code,aspect,aspect_en,title,title_en,department,cycle,layer,only,required\n"
    row = "0101,01,人口,Population,户籍人口,Residents,公安局,month,grids,kind=social,code;name\n"
    (item,) = read_items("\ufeff" + head + row)
    assert (item.only, item.required, item.layer) == (("kind", "social"), ("code", "name"), "grids")
    for text, key in (
        ("a,b\n", "records.columns"), (head, "records.none"), (head + row + row, "records.twice"),
        (head + row.replace("month", "often"), "records.cycle"), (head + row.replace("公安局", ""), "records.empty"),
        (head + row.replace("grids", "grid"), "records.layer"),
        (head + row.replace("kind=", "kinds="), "records.field"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            read_items(text)
        assert caught.value.key == key
