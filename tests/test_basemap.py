"""The base map on the map page: tiles of a real server in both usual forms, and what is told without them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import Browser
from PIL import Image
from serving import free_port, serving

if TYPE_CHECKING:
    from conftest import Service

TILE_KEY = "0123456789abcdef"
LOWER, UPPER = (200, 120, 60), (20, 20, 230)
WHOSE = "天地图 GS(2024)0650号"
HINT = "document.querySelector('[data-layer=basemap] .hint')"
MAP = "document.getElementById('map').map"


def png(colour: tuple[int, ...], side: int) -> bytes:
    """A tile that is clear but for a square in one corner."""
    tile = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    tile.paste((*colour, 255), (0, 0, side, side))
    held = io.BytesIO()
    tile.save(held, "PNG")
    return held.getvalue()


class TileServer:
    """Tiles as XYZ and as WMTS by parameters, for those who name the key."""

    def __init__(self) -> None:
        self.port = free_port()
        self.key = TILE_KEY
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Answer from now on."""
        held = self
        tiles = {"/vec": png(LOWER, 256), "/wmts": png(UPPER, 48)}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                held.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                parts = urlsplit(self.path)
                given = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
                kind = "/wmts" if parts.path == "/wmts" else "/vec"
                if kind == "/wmts":
                    assert (given["request"], given["layer"]) == ("GetTile", "cva")
                    z, x, y = (int(given[name]) for name in ("tilematrix", "tilecol", "tilerow"))
                else:
                    z, x, y = map(int, parts.path.removeprefix("/vec/").removesuffix(".png").split("/"))
                assert 0 <= x < 2**z
                assert 0 <= y < 2**z
                good = given.get("tk") == held.key
                body = tiles[kind] if good else b'{"msg": "the key is wrong"}'
                self.send_response(200 if good else 403)
                self.send_header("Content-Type", "image/png" if good else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *parts: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Be away."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def addresses(self) -> str:
        """As the setting names them, the key in each."""
        root = f"http://127.0.0.1:{self.port}"
        wmts = "SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=cva&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
        return (
            f"{root}/vec/{{z}}/{{x}}/{{y}}.png?tk={TILE_KEY} "
            f"{root}/wmts?{wmts}&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={TILE_KEY}"
        )


@pytest.fixture(scope="module")
def tiles() -> Iterator[TileServer]:
    """A server of tiles that answers."""
    server = TileServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(
    clone: Callable[..., Any], city_template: str, tiles: TileServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service with that base map."""
    with (
        clone(city_template) as database,
        serving(
            database, tmp_path_factory.mktemp("service"), basemap_url=tiles.addresses, basemap_attribution=WHOSE
        ) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def browser(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for the tests of this module."""
    opened = Browser(program("chromium"), tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def opened(service: Service, browser: Browser, tiles: TileServer) -> Callable[[], Browser]:
    """Function that opens the map of the whole city with a key of staff."""

    def go() -> Browser:
        browser.call("Page.navigate", url=f"{service.base_url}/conformance?f=html")
        browser.until("document.readyState === 'complete'")
        browser.run(f"sessionStorage.setItem('wangge-key', '{service.keys['staff']}')")
        browser.complaints.clear()
        browser.asked.clear()
        tiles.asked.clear()
        browser.open(f"{service.base_url}/map?lang=zh#at=9/32.17/120.13&layers=divisions,grids,basemap")
        return browser

    return go


def shares(browser: Browser) -> dict[tuple[int, ...], float]:
    """Share of the map's pixels in the colour of each part of the base map."""
    picture = Image.open(io.BytesIO(browser.picture())).convert("RGB").crop((330, 120, 1100, 700))
    count = {colour: number for number, colour in picture.getcolors(picture.width * picture.height) or []}
    return {colour: count.get(colour, 0) / (picture.width * picture.height) for colour in (LOWER, UPPER)}


def seen(browser: Browser) -> bool:
    """Whether both parts are there, with the city on top of them."""
    found = shares(browser)
    return 0.4 < found[LOWER] < 0.95 and 0.01 < found[UPPER] < 0.05


def move(browser: Browser, view: str) -> None:
    """Go to another view and wait until it is drawn."""
    browser.run(f"new Promise((resolve) => {{ {MAP}.once('idle', () => resolve(0)); {MAP}.jumpTo({view}); }})")


def until(true: Callable[[], bool]) -> None:
    """Wait for what only a picture shows."""
    for _ in range(60):
        if true():
            return
        threading.Event().wait(0.25)
    raise AssertionError("never seen")


def test_tiles_of_both_forms_are_drawn_below_the_layers_and_learn_nothing_of_the_reader(
    service: Service, tiles: TileServer, opened: Callable[[], Browser]
) -> None:
    browser = opened()
    until(lambda: seen(browser))
    order = browser.run(f"{MAP}.getStyle().layers.map((layer) => layer.id)")
    assert order[1:3] == ["basemap-0", "basemap-1"]
    assert "grids-fill" in order[3:]
    box = "document.querySelector('.maplibregl-ctrl-attrib')"
    credit = f"{box}.checkVisibility() && {box}.textContent"
    assert WHOSE in browser.run(credit)
    assert {urlsplit(path).path.split("/")[1] for path, _ in tiles.asked} == {"vec", "wmts"}
    for path, headers in tiles.asked:
        assert TILE_KEY in path
        assert not {"x-api-key", "authorization", "cookie"} & set(headers)
        # a host that gives keys for a site wants to know the site; the place on the map is none of its business
        assert headers.get("referer", "") in ("", f"{service.base_url}/")
    ours = ("blob:", "data:", "about:", service.base_url, f"http://127.0.0.1:{tiles.port}/")
    assert [address for address in browser.asked if not address.startswith(ours)] == []
    browser.run("document.querySelector('#layers input[name=basemap]').click()")
    until(lambda: shares(browser) == {LOWER: 0, UPPER: 0})
    assert not browser.run(f"{credit} || ''")
    assert browser.complaints == []


@pytest.mark.parametrize("fault", ["refused", "away"])
def test_a_base_map_without_an_answer_is_told_rests_and_comes_back(
    service: Service, tiles: TileServer, opened: Callable[[], Browser], fault: str
) -> None:
    if fault == "away":
        tiles.stop()
    else:
        tiles.key = "another"
    browser = opened()
    browser.until(f"{HINT} && !{HINT}.hidden")
    said = browser.run(f"{HINT}.textContent")
    assert ("底图服务暂不可用" if fault == "away" else "拒绝访问（403）") in said
    assert browser.run("document.querySelector('#notice').textContent") in said
    # neither the service nor the reader's own key is to blame, and the layers are there
    assert browser.run("document.querySelector('#down').hidden && !document.querySelector('#key output.error')")
    assert browser.run("sessionStorage.getItem('wangge-key')") == service.keys["staff"]
    browser.until(f"{MAP}.queryRenderedFeatures({{layers: ['grids-fill']}}).length")
    # the browser notes each tile that failed; once it rests, moving the map asks for none
    assert len(browser.complaints) <= 40
    assert all(str(tiles.port) in line for line in browser.complaints)
    browser.complaints.clear()
    move(browser, "{center: [120.4, 32.3], zoom: 10}")
    assert browser.complaints == []
    if fault == "away":
        tiles.start()
    tiles.key = TILE_KEY
    move(browser, "{center: [120.13, 32.17], zoom: 9}")
    browser.run(f"{HINT}.querySelector('button').click()")
    until(lambda: seen(browser))
    assert browser.run(f"{HINT}.hidden")
