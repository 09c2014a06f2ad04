"""What staff do on the map page: findings, borders of another day, keys, and what keeps nobody out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from axe import axe_script, faults
from chromium import Browser
from conftest import missing

from config.settings import PROJECT
from geo.gcj02 import gcj02_to_wgs84
from layers.checking.check import check_layer
from layers.checking.findings import store_findings

if TYPE_CHECKING:
    from conftest import Service

CARD = "document.querySelector('#card')"
LIST = "document.querySelectorAll('#findings ol button')"
DAY = "2024-03-01"


@pytest.fixture(scope="module")
def faulty(own_service: Service) -> Service:
    """The service over a city with a grid that was pushed aside, its findings, and one whose borders changed once."""
    with own_service.database.transaction() as cur:
        cur.execute(
            "select min(code) from wangge.grids where kind = 'social' and township_code = %s", (own_service.township,)
        )
        pushed = cur.fetchone()[0]
        cur.execute("update wangge.grids set geom = st_translate(geom, 0.0004, 0.0002) where code = %s", (pushed,))
        found, coverages = check_layer(cur, "grids")
        store_findings(cur, "grids", found, townships=coverages[0].townships())
        cur.execute("select max(code) from wangge.grids where kind = 'social'")
        code = cur.fetchone()[0]
        cur.execute("update wangge.grids set valid_from = %s where code = %s", (DAY, code))
        cur.execute(
            "insert into wangge.grids (code, name, kind, village_code, area_m2, population, valid_from, valid_to, geom)"
            " select code, 'as it was', kind, village_code, area_m2, population, '2020-07-01', valid_from, geom"
            " from wangge.grids where code = %s",
            (code,),
        )
    return own_service


@pytest.fixture(scope="module")
def browser(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for the tests of this module."""
    opened = Browser(program("chromium"), tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def page(faulty: Service, browser: Browser) -> Callable[..., Browser]:
    """Function that opens the map in a window, with the key of a role if one is named."""

    def go(
        hash_: str = "", role: str | None = None, size: tuple[int, int] = (1440, 900), *, dark: bool = False
    ) -> Browser:
        browser.call("Page.navigate", url=f"{faulty.base_url}/conformance?f=html")
        browser.until("document.readyState === 'complete'")
        kept = f"sessionStorage.setItem('wangge-key', '{faulty.keys[role]}')" if role else "sessionStorage.clear()"
        browser.run(kept)
        browser.complaints.clear()
        browser.look(*size, dark=dark)
        browser.open(f"{faulty.base_url}/map?lang=en#{hash_}")
        if role:
            browser.until("document.querySelector('#key').classList.contains('in')")
        return browser

    return go


def open_findings(browser: Browser) -> None:
    browser.until("!document.querySelector('#findings').hidden")
    browser.run("document.querySelector('#findings').open = true")
    browser.until(f"{LIST}.length")


def test_findings_are_counted_listed_and_flown_to(faulty: Service, page: Callable[..., Browser]) -> None:
    browser = page("layers=grids", "staff")
    open_findings(browser)
    all_ = faulty.get("/collections/findings/items?state=open&limit=1000", "staff").json()["features"]
    errors = [feature for feature in all_ if feature["properties"]["severity"] == "error"]
    assert len(errors) > 2
    assert browser.run("document.querySelector('#findings .count').textContent") == str(len(all_))
    assert browser.run("document.querySelector('[data-severity=error] b').textContent") == str(len(errors))
    kinds = {feature["properties"]["kind"] for feature in errors}
    options = browser.run(
        "[...document.querySelectorAll('#findings option')].map((one) => [one.value, one.textContent])"
    )
    assert {value for value, _ in options if value} == kinds
    for value, text in options:
        number = sum(not value or feature["properties"]["kind"] == value for feature in errors)
        assert text.endswith(f"({number})")
    shown = []
    browser.run(f"{LIST}[0].focus(); {LIST}[0].click()")
    for _ in range(2):
        browser.until(f"{CARD}.querySelector('.finding') && !document.getElementById('map').map.isMoving()")
        id_ = browser.run(f"{CARD}.querySelector('dd:last-of-type a').textContent")
        chosen = next(feature for feature in errors if feature["id"] == id_)
        shown.append(id_)
        text = browser.run(f"{CARD}.textContent")
        assert chosen["properties"]["message_en"] in text
        assert all(concerned in text for concerned in chosen["properties"]["ids"])
        assert "Mark" not in text
        box = json.loads(browser.run("JSON.stringify(document.getElementById('map').map.getBounds().toArray())"))
        corners = (
            np.array(chosen["geometry"]["coordinates"][0], dtype=float)
            if chosen["geometry"]["type"] == "Polygon"
            else None
        )
        if corners is not None:
            assert (corners >= box[0]).all()
            assert (corners <= box[1]).all()
        browser.press("ArrowDown")
        browser.until(f"{CARD}.querySelector('dd:last-of-type a').textContent !== '{id_}'")
    assert len(set(shown)) == 2
    browser.press("Escape")
    browser.until(f"{CARD}.hidden")
    assert browser.complaints == []


def test_staff_of_a_township_see_its_findings_and_cameras_and_no_other(
    faulty: Service, page: Callable[..., Browser]
) -> None:
    at = faulty.get("/collections/cameras/items?limit=1", "township").json()["features"][0]["geometry"]["coordinates"]
    own = {f["id"] for f in faulty.get("/collections/cameras/items?limit=10000", "township").json()["features"]}
    browser = page(f"layers=grids,cameras&at=12/{at[1]}/{at[0]}", "township")
    browser.until("document.querySelector('#layers input[value=cameras]:enabled:checked')")
    drawn = "document.getElementById('map').map.queryRenderedFeatures({layers: ['cameras-point']})"
    browser.until(f"{drawn}.length > 3")
    ids = set(browser.run(f"{drawn}.map((one) => one.properties.device_id)"))
    assert ids <= own
    assert len(own) < faulty.get("/collections/cameras/items?limit=1", "staff").json()["numberMatched"]
    open_findings(browser)
    number = faulty.get("/collections/findings/items?state=open", "township").json()["numberMatched"]
    assert browser.run("document.querySelector('#findings .count').textContent") == str(number)
    assert browser.complaints == []


def test_the_public_is_offered_no_findings_and_a_key_that_ended_is_told(
    faulty: Service, page: Callable[..., Browser]
) -> None:
    browser = page("layers=grids")
    assert browser.run("document.querySelector('#findings').hidden")
    browser.run("sessionStorage.setItem('wangge-key', 'wg_ended')")
    browser.call("Page.reload")
    browser.until("document.querySelector('#key output.error')")
    assert "revoked" in browser.run("document.querySelector('#key output').textContent")
    # what the wrong key kept away comes after all
    drawn = "document.getElementById('map').map.queryRenderedFeatures({layers: ['grids-fill']})"
    browser.until(f"document.getElementById('map').map && {drawn}.length")


def test_borders_of_another_day_are_drawn_searched_and_answered(faulty: Service, page: Callable[..., Browser]) -> None:
    temporal = faulty.get("/collections/grids?f=json").json()["extent"]["temporal"]
    assert temporal["grid"] == {"cellsCount": 2, "coordinates": ["2020-07-01", DAY]}
    old = faulty.get("/collections/grids/items?datetime=2021-01-01&name=as it was").json()["features"][0]
    lon, lat = np.mean(np.array(old["geometry"]["coordinates"][0][0]), axis=0)
    browser = page(f"layers=grids&at=15/{lat}/{lon}")
    drawn = "document.getElementById('map').map.querySourceFeatures('grids', {sourceLayer: 'grids'})"
    names = f"{drawn}.map((one) => one.properties.name)"
    assert "as it was" not in browser.run(names)
    browser.run("document.querySelector('#days .name').click(); document.querySelector('#days [data-step]').click()")
    browser.until(f"{names}.includes('as it was')")
    assert "day=2020-07-01" in browser.run("location.hash")
    browser.run("document.querySelector('.maplibregl-canvas').focus()")
    browser.press("Enter")
    browser.until(f"{CARD}.textContent.includes('as it was')")
    assert "Grid on 2020-07-01" in browser.run(f"{CARD}.textContent")
    assert browser.run(f"document.activeElement === {CARD}")
    browser.press("Escape")
    browser.until(f"{CARD}.hidden")
    browser.run("document.querySelector('#days .today').click()")
    assert "day=" not in browser.run("location.hash")
    browser.until(f"!{names}.includes('as it was')")
    # a link into the open page
    browser.run("location.hash = location.hash + '&day=2021-05-05'")
    browser.until(f"{names}.includes('as it was')")
    assert browser.run("document.querySelector('#days input[type=date]').value") == "2021-05-05"
    assert browser.complaints == []


CASES = [
    ("120.05, 32.17", (120.05, 32.17)),
    ("32.17 120.05", (120.05, 32.17)),
    ("32.17，120.05", (120.05, 32.17)),
    ("120°3'0\" 32°10'12\"", (120.05, 32.17)),
    ("32°10′12″N, 120°3′E", (120.05, 32.17)),
    ("N32°10.2' E120°3'", (120.05, 32.17)),
    ("东经120度3分 北纬32度10分12秒", (120.05, 32.17)),
    ("经度：120.05 纬度：32.17", (120.05, 32.17)),
    ("lat=32.17, lon=120.05", (120.05, 32.17)),
    ("32 10 12 120 3 0", (120.05, 32.17)),
    ("33.9S 18.4E", (18.4, -33.9)),
    ("321283 100", None), ("黄桥", None), ("321283100202001", None), ("120.05N 32.17N", None),
    ("32°61'0\" 120°3'0\"", None), ("120.05", None), ("", None),
]  # fmt: skip


def test_coordinates_are_read_as_people_write_them(page: Callable[..., Browser]) -> None:
    browser = page("layers=grids")
    script = (
        "import(document.querySelector('link[href$=\"/coordinates.js\"]').href).then((module) => JSON.stringify({}))"
    )
    texts = json.dumps([text for text, _ in CASES])
    read = json.loads(
        browser.run(script.format(f"{texts}.map((text) => module.coordinatesOf(text, [119.9, 31.9, 120.4, 32.4]))"))
    )
    for (text, expected), found in zip(CASES, read, strict=True):
        assert (found is None) == (expected is None), (text, found)
        assert expected is None or all(map(lambda a, b: math.isclose(a, b, abs_tol=1e-9), found, expected)), (
            text,
            found,
        )
    grid = [(lon, lat) for lon in np.linspace(73, 135, 12) for lat in np.linspace(4, 53, 9)]
    moved = browser.run(script.replace("coordinates", "gcj02").format(f"{json.dumps(grid)}.map(module.fromGcj02)"))
    np.testing.assert_allclose(json.loads(moved), np.column_stack(gcj02_to_wgs84(*np.array(grid).T)), atol=1e-9)
    browser.run("const box = document.getElementById('query'); box.value = '32.17 120.05'; box.form.requestSubmit()")
    browser.until("document.querySelectorAll('.results button').length === 2")
    browser.run("document.querySelector('.results button').click()")
    browser.until(f"{CARD}.querySelector('.here')")
    assert "120.050000, 32.170000" in browser.run(f"{CARD}.textContent")
    assert browser.complaints == []


def test_a_service_that_is_gone_is_told(page: Callable[..., Browser]) -> None:
    browser = page("layers=grids&at=12/32.17/120.05")
    source = "document.getElementById('map').map.getSource('grids')"
    browser.run(f"window.before = {source}.tiles; void {source}.setTiles(['http://127.0.0.1:1/{{z}}/{{y}}/{{x}}'])")
    browser.until("!document.querySelector('#down').hidden")
    # the button asks for the same again, which is there again by then
    browser.run(f"{source}.tiles = window.before; document.querySelector('#down button').click()")
    browser.until("document.getElementById('map').map.queryRenderedFeatures({layers: ['grids-fill']}).length")
    browser.until("document.querySelector('#down').hidden")


def test_addresses_that_change_twice_in_a_row_are_no_fault_of_the_service(page: Callable[..., Browser]) -> None:
    browser = page("layers=grids&at=12/32.17/120.05")
    source = "document.getElementById('map').map.getSource('case-heat')"
    browser.run(f"{source}.setTiles({source}.tiles); {source}.setTiles({source}.tiles); 0")
    browser.run("new Promise((resolve) => setTimeout(resolve, 500))")
    assert browser.run("document.querySelector('#down').hidden")
    assert browser.complaints == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_axe_finds_nothing_serious(page: Callable[..., Browser], size: tuple[int, int], dark: bool) -> None:
    script = axe_script(PROJECT / "data" / "cache")
    if script is None:
        missing("axe-core")
    browser = page(
        "layers=divisions,grids,cameras,cases,case-heat&day=2021-05-05&at=14/32.17/120.015", "staff", size, dark=dark
    )
    open_findings(browser)
    browser.run("document.querySelector('.map-shell').classList.remove('folded')")
    assert faults(browser, script) == []
    browser.run(f"{LIST}[0].click()")
    browser.until(f"!{CARD}.hidden")
    if size[0] < 600:
        browser.run("document.querySelector('.map-shell').classList.add('folded')")
        targets = browser.run(
            "[...document.querySelectorAll('.map-shell button, .map-shell input, .map-shell select')]"
            ".filter((one) => one.checkVisibility() && one.type !== 'range' && one.type !== 'checkbox')"
            ".map((one) => [one.className, one.getBoundingClientRect().height])"
        )
        assert [name for name, height in targets if height < 40] == []
    assert faults(browser, script) == []
    assert browser.complaints == []
