"""The map page: what it says of itself, and what a reader can do with it in a real browser without the internet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium import Browser

from config.pages import templating
from config.pages.assets import modules, version
from config.pages.basemap import Basemap
from config.pages.map_page import map_page
from config.pages.templating import CONTENT_SECURITY_POLICY, set_page_context
from layers.catalogue.catalogue import CATALOGUE, RASTERS, VECTOR_LAYERS
from layers.heat.public import Publishing, bind_publishing, publishing

if TYPE_CHECKING:
    from conftest import Service

BASE = "http://127.0.0.1:5000"
BASEMAP = "https://tiles.example/{z}/{x}/{y}.png"
WAIT_S = 60


class Inputs(HTMLParser):
    """Check boxes of the layers, and the settings of the scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.boxes: dict[str, bool] = {}
        self.settings: dict[str, Any] = {}
        self._reading = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name") == "layer":
            self.boxes[given["value"] or ""] = "disabled" not in given
        self._reading = tag == "script" and given.get("id") == "settings"

    def handle_data(self, data: str) -> None:
        if self._reading and data.strip():
            self.settings = json.loads(data)


@pytest.fixture
def as_reader() -> Iterator[Callable[[str], None]]:
    """Function that sets who looks at the page."""
    before = templating.page_context()

    def look(role: str) -> None:
        city = {"name": "泰兴市", "name_en": "Taixing", "bbox": (119.9, 31.9, 120.4, 32.4)}
        set_page_context(lambda: {"sample": True, "city": city, "identity": {"role": role}})

    yield look
    set_page_context(lambda: before)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_offers_every_layer_with_its_words(language: str, as_reader: Callable[[str], None]) -> None:
    as_reader("public")
    page = Inputs(map_page(BASE, language))
    # the working copy is offered to editors alone
    offered = {layer.id: layer for layer in VECTOR_LAYERS if layer.readers != "editor"}
    assert page.boxes == {id_: layer.readers == "public" for id_, layer in (offered | RASTERS).items()}
    for name, layers in (("rasters", RASTERS), ("layers", offered)):
        assert [entry["title"] for entry in page.settings[name]] == [one.title.in_(language) for one in layers.values()]
    as_reader("editor")
    assert set(Inputs(map_page(BASE, language)).boxes) == {*(layer.id for layer in VECTOR_LAYERS), *RASTERS}
    assert page.settings["bounds"] == [119.9, 31.9, 120.4, 32.4]
    assert page.settings["basemap"] is None
    assert "://" not in json.dumps(page.settings).replace(BASE, "")


def test_what_is_hidden_stands_in_the_legend(as_reader: Callable[[str], None]) -> None:
    """Ground without a colour is no promise that nothing happened there: once for counts, once for their density."""
    as_reader("public")
    known = publishing()
    try:
        bind_publishing(Publishing(least_count=7))
        chinese, english = (map_page(BASE, language) for language in ("zh", "en"))
    finally:
        bind_publishing(known)
    assert chinese.count("少于 7 件") == english.count("counts below 7") == 2, "in the page and among its words"
    assert "仅由已公布的计数生成" in chinese and "made of released counts alone" in english


def test_every_layer_of_features_says_which_property_is_its_id(as_reader: Callable[[str], None]) -> None:
    as_reader("public")
    known = {layer["id"]: layer["idField"] for layer in Inputs(map_page(BASE, "zh")).settings["layers"]}
    assert known.pop("case-heat") is None, "a cell of a tile is a sum of features"
    assert all(name in CATALOGUE[id_].tile_fields for id_, name in known.items())


def test_staff_need_no_second_key_where_the_page_itself_was_asked_with_one(as_reader: Callable[[str], None]) -> None:
    as_reader("staff")
    page = Inputs(map_page(BASE, "zh"))
    assert all(page.boxes.values())
    assert page.settings["staff"] is True


def test_a_base_map_is_there_only_when_it_was_set(as_reader: Callable[[str], None]) -> None:
    as_reader("public")
    page = Inputs(map_page(BASE, "zh", basemap=Basemap((BASEMAP,), "天地图")))
    assert page.settings["basemap"] == {"tiles": [BASEMAP], "attribution": "天地图"}
    assert Basemap((BASEMAP,)).policy() == (
        CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' https://tiles.example")
        + "; connect-src 'self' https://tiles.example"
    )
    assert Basemap().policy() == CONTENT_SECURITY_POLICY


def test_what_the_page_loads_is_there_under_the_name_of_its_release(service: Service) -> None:
    page = service.get("/map").text
    loaded = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)
    assert {address.split("/")[2] for address in loaded} == {version()}
    for address in loaded:
        answer = service.get(address)
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True), address
    # no module is found out only when another one is read
    names = {address.split("/")[3] for address in loaded}
    assert set(modules("map.js")) <= names
    other = service.get("/assets/000000000000/map.js")
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-store")


@pytest.fixture(scope="module")
def browser(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for the tests of this module."""
    opened = Browser(program("chromium"), tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def enter_key(browser: Browser, key: str) -> None:
    """Type a key and send it."""
    browser.run(f"""(() => {{
        const form = document.getElementById("key");
        form.querySelector("input").value = {json.dumps(key)};
        form.requestSubmit();
    }})()""")


def look_for(browser: Browser, text: str) -> None:
    """Type into the search box."""
    browser.run(f"""(() => {{
        const box = document.getElementById("query");
        box.value = {json.dumps(text)};
        box.dispatchEvent(new Event("input"));
    }})()""")


@pytest.fixture
def opened(service: Service, browser: Browser) -> Browser:
    """The map over one village, without a key."""
    browser.complaints.clear()
    browser.call("Page.navigate", url="about:blank")
    browser.open(f"{service.base_url}/map?lang=zh#layers=divisions,grids&at=14.5/32.17/120.015")
    return browser


def test_the_map_draws_without_the_internet_and_without_complaint(service: Service, opened: Browser) -> None:
    assert opened.complaints == []
    assert opened.run("document.querySelector('.maplibregl-canvas').width") > 500
    assert len(opened.picture()) > 40_000, "an empty map packs into far less"
    ours = ("blob:", "data:", "about:", service.base_url)
    assert [address for address in opened.asked if not address.startswith(ours)] == []


def test_a_click_tells_who_is_responsible(service: Service, opened: Browser) -> None:
    opened.click(760, 420)
    opened.until("document.querySelector('#card .here')")
    text = opened.run("document.querySelector('#card').textContent")
    assert all(word in text for word in ("此处由谁负责", "网格编码", "镇街", "村居", "网格党组织"))
    lon, lat = map(float, opened.run("document.querySelector('#card .at').textContent").split(","))
    inputs = {"lon": [lon], "lat": [lat]}
    answer = service.request("POST", "/processes/locate/execution", json={"inputs": inputs}).json()
    assert all(answer[name][0] in text for name in ("grid_code", "grid_name", "village_name", "township_name"))
    href = opened.run("document.querySelector('#card .here a').getAttribute('href')")
    assert href == f"/collections/grids/items/{answer['grid_code'][0]}?f=html&lang=zh"
    assert service.get(href).status_code == 200
    assert opened.complaints == []


def test_a_village_is_found_by_its_name_and_shown(opened: Browser) -> None:
    before = opened.run("location.hash")
    look_for(opened, "黄桥")
    opened.until("document.querySelector('.results button')")
    found = opened.run("[...document.querySelectorAll('.results button')].map((button) => button.textContent)")
    assert all("黄桥" in text for text in found)
    opened.run("document.querySelector('.results button').click()")
    opened.until(f"location.hash !== {json.dumps(before)}")
    assert opened.complaints == []


def test_words_that_mean_something_in_a_filter_are_only_words(opened: Browser) -> None:
    look_for(opened, "' OR 1=1 --%")
    opened.until("document.querySelector('.results .none')")
    assert opened.run("document.querySelector('.results').textContent") == "没有找到。请检查编码或换一个名称。"
    assert opened.complaints == []


def test_a_key_opens_layers_for_staff_and_stands_in_no_address(service: Service, opened: Browser) -> None:
    box = "document.querySelector('#layers input[value=cameras]')"
    assert opened.run(f"{box}.disabled")
    enter_key(opened, service.keys["staff"])
    opened.until(f"!{box}.disabled")
    opened.run(f"{box}.click()")
    opened.until("location.hash.includes('cameras')")
    addresses = opened.run("[location.href, ...performance.getEntriesByType('resource').map((entry) => entry.name)]")
    assert not any(service.keys["staff"] in address for address in addresses)
    assert service.keys["staff"] in opened.run("Object.values(sessionStorage)")
    assert service.keys["staff"] not in opened.run("JSON.stringify(localStorage) + document.cookie")
    opened.run("document.querySelector('#key .forget').click()")
    opened.until(f"{box}.disabled")
    assert opened.run("sessionStorage.length") == 0
    assert opened.complaints == []


def test_a_wrong_key_is_said_to_be_wrong(opened: Browser) -> None:
    enter_key(opened, "wg_nobody")
    opened.until("document.querySelector('#key output.error')")
    assert "无效" in opened.run("document.querySelector('#key output').textContent")
    assert opened.run("sessionStorage.length") == 0


def test_the_month_goes_into_the_address_and_back(service: Service, opened: Browser) -> None:
    def at(hash_: str) -> None:
        opened.call("Page.navigate", url="about:blank")
        opened.open(f"{service.base_url}/map?lang=zh#{hash_}")

    heat = "document.getElementById('map').map.getSource('case-heat').tiles[0]"
    at("layers=case-heat")
    latest = opened.run("document.querySelector('#months output').textContent")
    opened.run("document.querySelector('#months [data-step=\"-1\"]').click()")
    month = opened.run("document.querySelector('#months output').textContent")
    assert month < latest
    assert f"month={month}" in opened.run("location.hash")
    opened.until(f"{heat}.endsWith('&datetime={month}')")
    at(f"layers=case-heat&month={month}")
    assert opened.run("document.querySelector('#months output').textContent") == month
    enter_key(opened, service.keys["staff"])
    opened.until("!document.querySelector('#layers input[value=cases]').disabled")
    for layer in ("cases", "case-heat"):
        opened.until(f"document.getElementById('map').map.getSource('{layer}').tiles[0].endsWith('&datetime={month}')")
    opened.run("document.querySelector('#months .all').click()")
    assert "month=all" in opened.run("location.hash")
    opened.until(f"!{heat}.includes('datetime')")
    # played from the month before the last: it goes on to the last, and stops there
    opened.run("document.querySelector('#months .all').click(); document.querySelector('#months .play').click()")
    opened.until(f"document.querySelector('#months output').textContent === '{latest}'")
    opened.until("document.querySelector('#months .play').title === '播放'")
    opened.run("document.querySelector('#key .forget').click()")
    assert opened.complaints == []
