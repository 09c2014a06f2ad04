"""First useful map of the map page beside the bare tiles: a page with MapLibre and the same style and nothing else.

Both are opened by turns in one browser with an empty cache, over the same service. A map is useful once its style and
all tiles of the window are there; a script in the page looks for that every few milliseconds from its start.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from chromium import Browser  # noqa: E402
from peer_servers import ours  # noqa: E402

from config.pages.map_page import SHOWN_AT_FIRST  # noqa: E402

ROUNDS = 9

_WATCH = """
{
  const look = () => {
    const map = document.getElementById("map")?.map;
    if (map?.isStyleLoaded() && map.areTilesLoaded()) window.useful = performance.now();
    else setTimeout(look, 5);
  };
  look();
}
"""

_BARE = """<!doctype html><html><head><link rel="stylesheet" href="{assets}/maplibre-gl.css">
<style>html, body, #map {{ height: 100%; margin: 0 }}</style></head><body><div id="map"></div>
<script src="{assets}/maplibre-gl.js"></script>
<script type="module">
const style = await (await fetch("{url}/style.json")).json();
style.layers = style.layers.filter((layer) => {shown}.includes(layer.metadata?.["wangge:layer"]));
const container = document.getElementById("map");
container.map = new maplibregl.Map({{ container, style, bounds: {bounds}, fitBoundsOptions: {{ padding: 24 }} }});
</script></body></html>
"""


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Address of a folder's files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _chromium() -> Path:
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    return Path(found)


def useful(browser: Browser, address: str) -> float:
    """Milliseconds from the start of a page to its first useful map, with an empty cache."""
    browser.call("Network.clearBrowserCache")
    browser.call("Page.navigate", url="about:blank")
    browser.call("Page.navigate", url=address)
    browser.until("window.useful")
    took: float = browser.run("window.useful")
    return took


def bench(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure both pages.

    Parameters
    ----------
    rounds : int
        How often each page is opened; the first time of each does not count.

    Returns
    -------
    list of dict
        A row: name, unit, ours, peer, peer_name, ratio (theirs over ours), goal.
    """
    from bench_serve import sample_database

    with tempfile.TemporaryDirectory(prefix="wg-") as name:
        folder = Path(name)
        with sample_database(folder) as cluster, ours(cluster.owner_dsn, cluster.api_dsn, folder) as url:
            browser = Browser(_chromium(), folder / "browser")
            try:
                browser.look(1440, 900)
                browser.call("Page.navigate", url=f"{url}/map")
                browser.until("document.getElementById('settings')")
                settings = json.loads(browser.run("document.getElementById('settings').textContent"))
                assets = browser.run("document.querySelector('script[src*=maplibre]').src.replace(/\\/[^/]*$/, '')")
                (folder / "bare").mkdir()
                (folder / "bare" / "index.html").write_text(_BARE.format(
                    assets=assets, url=url, shown=json.dumps(SHOWN_AT_FIRST), bounds=json.dumps(settings["bounds"])
                ))  # fmt: skip
                browser.call("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
                with _served(folder / "bare") as bare:
                    times: tuple[list[float], list[float]] = ([], [])
                    for _ in range(rounds + 1):
                        for held, address in zip(times, (f"{url}/map", f"{bare}/index.html"), strict=True):
                            held.append(useful(browser, address))
            finally:
                browser.close()
    mine, theirs = (statistics.median(held[1:]) for held in times)
    return [{
        "name": "first useful map, empty cache", "unit": "ms", "ours": round(mine), "peer": round(theirs),
        "peer_name": "MapLibre with the same style and tiles alone", "ratio": round(theirs / mine, 2), "goal": 0.67,
    }]  # fmt: skip
