"""A key that ends while the map page is open, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import Browser

from layers.keys import add_key, list_keys, revoke_key

if TYPE_CHECKING:
    from conftest import Service

CAMERAS = "/collections/cameras/items?limit=1"
CARD = "document.querySelector('#card')"


@pytest.fixture(scope="module")
def browser(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for the tests of this module."""
    opened = Browser(program("chromium"), tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.mark.parametrize("act", ["map.jumpTo({center: [120.1, 32.2]})", "map.getCanvas().focus()"])
def test_a_key_that_is_revoked_while_the_page_is_open_is_told_and_what_is_public_goes_on(
    own_service: Service, browser: Browser, act: str
) -> None:
    """On a phone, whose form for the key is folded away: by tiles that are refused, and by a question that is."""
    key = add_key(own_service.database, "staff", None, "to be ended")
    number = max(entry.id for entry in list_keys(own_service.database))
    browser.call("Page.navigate", url=f"{own_service.base_url}/conformance?f=html")
    browser.until("document.readyState === 'complete'")
    browser.run(f"sessionStorage.setItem('wangge-key', '{key}')")
    browser.complaints.clear()
    browser.look(390, 844)
    browser.open(f"{own_service.base_url}/map?lang=en#layers=grids,cameras&at=14/32.17/120.015")
    box = "document.querySelector('#layers input[value=cameras]')"
    browser.until(f"{box}.checked && !{box}.disabled")
    assert browser.complaints == []
    revoke_key(own_service.database, number)
    end = time.monotonic() + 20
    while own_service.get(CAMERAS, headers={"X-API-Key": key}).status_code != 401:
        assert time.monotonic() < end, "a revoked key still works"
        time.sleep(0.02)
    browser.run(f"{{ const {{ map }} = document.getElementById('map'); void {act} }}")
    if "focus" in act:
        browser.press("Enter")
        browser.until(f"{CARD}.querySelector('.here a')")
    browser.until("!document.querySelector('#notice').hidden")
    assert "refused" in browser.run("document.querySelector('#notice').textContent")
    browser.until(f"{box}.disabled")
    assert "revoked" in browser.run("document.querySelector('#key output.error').textContent")
    assert browser.run("sessionStorage.length") == 0
    browser.until("document.getElementById('map').map.areTilesLoaded()")
    assert browser.run("document.getElementById('map').map.queryRenderedFeatures({layers: ['grids-fill']}).length") > 3
    # the browser notes each answer of 401, of which a screen of tiles in two layers has a handful; the page adds none
    assert all("401" in line for line in browser.complaints)
    assert len(browser.complaints) <= 12
    browser.complaints.clear()
    browser.run(
        "new Promise((resolve) => { const { map } = document.getElementById('map');"
        " map.once('idle', () => resolve(0)); map.jumpTo({center: [120.05, 32.1]}) })"
    )
    assert browser.complaints == []
