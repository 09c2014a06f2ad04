"""Pages: both languages, nothing from elsewhere, data shown as it is, the sample marked on every one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pygeoapi.util
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.pages import templating
from config.pages.assets import LIBRARY, asset, names
from config.pages.templating import TEMPLATES, render, set_page_context, with_query
from config.pages.values import instant, script_json, show
from layers.catalogue.catalogue import CATALOGUE
from layers.texts import texts

if TYPE_CHECKING:
    import requests
    from conftest import Service

LANGUAGES = ("zh", "en")
BASE = "http://127.0.0.1:5000"
OURS = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
PARTS = {"_base.html", "_parts.html", "collections/_properties.html"}
SAMPLE = {"zh": "示例数据", "en": "Sample data"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

JOB = {
    "jobID": "7f", "processID": "locate", "status": "running", "progress": 40, "message": "a < b",
    "created": "2025-06-01T00:30:00Z",
    "started": None, "finished": None, "parameters": {"inputs": {}}, "links": [],
}  # fmt: skip
UNSERVED: dict[str, Any] = {
    "asyncapi.html": {"asyncapi-document-path": f"{BASE}/asyncapi"},
    "collections/coverage/index.html": {"id": "case-density", "title": "KDE", "links": []},
    "collections/tiles/metadata.html": {"id": "grids", "title": "网格", "tileset": "WebMercatorQuad", "links": []},
    "jobs/index.html": {"jobs": {"jobs": [JOB], "links": []}, "offset": 0, "now": "2025-06-01T00:31:00Z"},
    "jobs/job.html": {"jobs": JOB, "offset": 0, "now": "2025-06-01T00:31:00Z"},
    "jobs/results/index.html": {"job": {"id": "7f"}, "result": {"message": "<b>"}},
    "openapi/redoc.html": {"openapi-document-path": f"{BASE}/openapi"},
    "tilematrixsets/index.html": {"tileMatrixSets": [{"id": "WebMercatorQuad", "title": "x", "uri": "u"}], "links": []},
    "tilematrixsets/tilematrixset.html": {"id": "WebMercatorQuad", "crs": "c", "uri": "u", "tileMatrices": []},
}
"""Templates that the service has no address for yet, each with data in pygeoapi's form."""


class Page(HTMLParser):
    """What a page loads, where it leads, and what it says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.resources: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.text = ""
        self.language = ""
        self.inline = False
        self._within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._within = tag if tag in ("script", "style") else ""
        if tag == "html":
            self.language = given["lang"]
        if tag == "a":
            self.links.append(given.get("href", ""))
        else:
            self.resources += [given[name] for name in ("src", "href", "action", "data", "poster") if name in given]
        data_only = given.get("type") == "application/json"
        self.inline |= any(name.startswith("on") or name == "style" for name in given)
        self.inline |= tag == "style" or (tag == "script" and "src" not in given and not data_only)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            self.scripts.append(data)
        elif not self._within:
            self.text += data


@pytest.fixture
def context() -> Iterator[None]:
    """A sample city as every page's context; what was there before comes back."""
    before = templating.page_context()
    set_page_context(
        lambda: {"sample": True, "city": {"name": "泰兴市", "name_en": "Taixing"}, "identity": {"role": "public"}}
    )
    yield
    set_page_context(lambda: before)


def check(html: str, language: str, base_url: str) -> Page:
    """What holds for every page."""
    page = Page(html)
    assert page.language == {"zh": "zh-CN", "en": "en"}[language]
    own = urlsplit(base_url).netloc
    for address in page.resources + page.links:
        assert urlsplit(address).netloc in ("", own), f"leads elsewhere: {address}"
    assert not page.inline, "an inline script or style, which the content policy refuses"
    for name in [address.rpartition("/")[2] for address in page.resources if "/assets/" in address]:
        assert asset(name) is not None, f"no such file: {name}"
    assert SAMPLE[language] in page.text
    assert "None" not in page.text.split()
    for script in page.scripts:
        json.loads(script)
    return page


def pages(service: Service) -> list[str]:
    """Every address of the service that has a page."""
    found = ["", "collections", "conformance", "processes", "openapi"]
    for id_ in CATALOGUE:
        tiles = ("/tiles",) if CATALOGUE[id_].tiles else ()
        found += [f"collections/{id_}{below}" for below in ("", "/items", "/queryables", "/schema", *tiles)]
        features = service.get(f"collections/{id_}/items?f=json&limit=1", "editor").json()["features"]
        found += [f"collections/{id_}/items/{feature['id']}" for feature in features]
    listed = service.get("processes?f=json").json()["processes"]
    return found + [f"processes/{process['id']}" for process in listed]


def html(answer: requests.Response) -> str:
    """Text of a page."""
    assert answer.headers["Content-Type"].startswith("text/html")
    return str(answer.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_service_is_whole_and_loads_nothing_from_elsewhere(service: Service, language: str) -> None:
    for path in pages(service):
        answer = service.get(f"{path}?f=html&lang={language}", "editor")
        assert answer.status_code == 200, path
        page = check(html(answer), language, service.base_url)
        assert not re.search(r"unpkg|jsdelivr|cdnjs|googleapis", answer.text), path
        assert bool(CHINESE.search(page.text.replace("中文", ""))) or language == "en", path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", sorted(UNSERVED))
def test_templates_without_an_address_render_all_the_same(template: str, language: str, context: None) -> None:
    check(render(template, UNSERVED[template], language, BASE), language, BASE)


def test_no_template_of_pygeoapi_that_loads_from_elsewhere_is_left() -> None:
    """A stock page below our _base.html has no block for its scripts; one with a head of its own must be replaced."""
    stock = Path(pygeoapi.util.TEMPLATESDIR)
    for path in stock.rglob("*.html"):
        name = path.relative_to(stock).as_posix()
        assert name in OURS or path.read_text("utf-8").lstrip().startswith(
            ('{% extends "_base.html" %}', "{% extends")
        ), name
    base = (TEMPLATES / "_base.html").read_text("utf-8")
    assert "extrahead" not in base
    assert "extrafoot" not in base


def test_an_error_is_a_page_in_the_language_of_the_reader(service: Service) -> None:
    for language, words in (("zh", "请求未能完成"), ("en", "The request failed")):
        answer = service.get("collections/nowhere?f=html", headers={"Accept-Language": language, "Accept": "text/html"})
        assert answer.status_code == 404
        assert words in check(html(answer), language, service.base_url).text


def test_staff_layers_are_listed_for_staff_only(service: Service) -> None:
    assert "collections/cameras" not in html(service.get("collections?f=html"))
    assert "collections/cameras" in html(service.get("collections?f=html", "staff"))


def test_next_leads_through_a_filtered_collection_and_shows_each_feature_once(service: Service) -> None:
    path = "collections/grids/items?f=html&kind=dedicated&limit=90&lang=en"
    wanted = service.get("collections/grids/items?f=json&kind=dedicated&limit=1000").json()["numberMatched"]
    seen: list[str] = []
    while path:
        text = html(service.get(path))
        assert '<option value="dedicated" selected>' in text
        seen += re.findall(r'data-feature="(\d+)"', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path = following[1].replace("&amp;", "&") if following else ""
        assert not path or "kind=dedicated" in path
    assert len(seen) == len(set(seen)) == wanted > 90


def test_a_page_of_features_draws_what_it_lists(service: Service) -> None:
    page = Page(html(service.get("collections/service-points/items?f=html&limit=7")))
    (drawn,) = [json.loads(script) for script in page.scripts]
    assert len(drawn["style"]["sources"]["features"]["data"]["features"]) == 7
    assert drawn["base"] == service.base_url


def test_values_are_shown_as_they_are_and_never_as_markup(context: None) -> None:
    nasty = '</script><img src=x onerror=alert(1)> 5 < 6 & "7"'
    data = {
        "id": "1",
        "title": "网格",
        "properties": {"name": nasty, "code": "321283"},
        "geometry": {"type": "Point", "coordinates": [120, 32]},
        "links": [{"rel": "collection", "href": f"{BASE}/collections/grids", "type": "application/json"}],
    }
    page = check(render("collections/items/item.html", data, "zh", BASE), "zh", BASE)
    assert nasty in page.text
    (script,) = page.scripts
    assert "<" not in script
    feature = json.loads(script)["style"]["sources"]["features"]["data"]["features"][0]
    assert feature["properties"]["name"] == nasty


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_in_a_page_comes_back_and_closes_no_element(value: Any) -> None:
    text = str(script_json(value))
    assert json.loads(text) == value
    assert not re.search("[<>&\u2028\u2029]", text)


@pytest.mark.parametrize(
    ("layer", "field", "value", "zh", "en"),
    [
        ("grids", "kind", "social", "综合网格", "Social-governance"),
        ("grids", "kind", "unheard-of", "unheard-of", "unheard-of"),
        ("grids", "area_m2", 1234567.891, "1,234,567.9 m²", "1,234,567.9 m²"),
        ("grids", "population", 1200, "1,200", "1,200"),
        ("grids", "code", "321283001001001", "321283001001001", "321283001001001"),
        ("grids", "valid_to", None, "", ""),
        ("cameras", "azimuth_deg", 90.0, "90°", "90°"),
        ("cameras", "assumed", True, "是", "yes"),
        ("findings", "ids", ["a", "b"], "a、b", "a, b"),
        ("cases", "reported_at", "2025-05-31T16:30:00Z", "2025-06-01 00:30", "2025-06-01 00:30"),
    ],
)
def test_values_read_as_staff_read_them(layer: str, field: str, value: Any, zh: str, en: str) -> None:
    assert show("zh", CATALOGUE[layer], field, value) == zh
    assert show("en", CATALOGUE[layer], field, value) == en


def test_an_instant_is_the_same_minute_from_any_zone() -> None:
    assert instant("2025-06-01T08:30:00+08:00") == instant("2025-06-01T00:30:00Z") == instant("2025-06-01T00:30:00")
    assert instant("no time") == "no time"


def test_a_link_keeps_its_query_but_for_what_changes() -> None:
    assert with_query("/items?kind=social&f=json", f="html", cursor=None) == "/items?kind=social&f=html"


def test_the_words_of_the_pages_are_all_there_and_all_used() -> None:
    source = "".join((TEMPLATES / name).read_text("utf-8") for name in OURS)
    said = set(re.findall(r"\bt\('([\w.-]+)'", source))
    families = {family for family in said if family.endswith(".")}
    known = {key.removeprefix("page.") for key in texts() if key.startswith("page.")}
    assert said - families <= known
    assert {key for key in known - said if not key.startswith(tuple(families))} == set()


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../style.py",
        "%2e%2e/style.py",
        "glyphs-LICENSE.txt",
        "page.css/",
        "/etc/passwd",
        "glyphs-0.pbf",
        "glyphs-1-256.pbf",
    ],
)
def test_only_files_for_pages_are_served(name: str) -> None:
    assert asset(name) is None


def test_files_are_served_with_their_type_and_a_tag_of_their_content(service: Service) -> None:
    assert set(LIBRARY) < names()
    for name in (*names(), "glyphs-0-255.pbf"):
        body, media_type, etag = asset(name) or (b"", "", "")
        assert body
        answer = service.get(f"assets/{name}?font=Any")
        assert (answer.content, answer.headers["Content-Type"], answer.headers["ETag"].removeprefix("W/")) == (
            body,
            media_type,
            etag,
        )
    assert len({(asset(name) or (b"", "", name))[2] for name in names()}) == len(names())
