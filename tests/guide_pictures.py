"""Pictures of the guides, made anew from a running service with the sample city, by one command.

``.venv/bin/python tests/guide_pictures.py --key KEY [--url URL] [--county URL] [NAME ...]`` writes ``NAME-zh.webp`` and
``NAME-en.webp`` into config/guides/pictures; ``--county`` is a service that stands as the guide to another county
leaves it. It takes Chromium, QGIS and Xvfb from the system's packages.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from chromium import Browser
from PIL import Image

PROJECT = Path(__file__).resolve().parent.parent
PICTURES = PROJECT / "config" / "guides" / "pictures"
QUALITY = 78
TOWNSHIP = "321283100"


@dataclass(frozen=True)
class Maker:
    """Where pictures are taken from.

    Attributes
    ----------
    url, county, key : str
        The service with the sample city and the one of another county, and a key of staff for the first.
    folder : Path
        For what is needed on the way.
    browser : Browser
    """

    url: str
    county: str
    key: str
    folder: Path
    browser: Browser

    def page(
        self, name: str, address: str, ready: str, size: tuple[int, int] = (1280, 800),
        click: tuple[int, int] | None = None, point: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        """A page, where wanted after a click or with the pointer at a place; the map as everybody sees it."""
        call = self.browser.call
        call("Network.enable")
        call("Network.setExtraHTTPHeaders", headers={} if ready == _MAP else {"X-API-Key": self.key})
        call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
        call("Page.navigate", url=address)
        self.browser.until(f"document.readyState === 'complete' && ({ready})")
        if click:
            self.browser.click(*click)
            time.sleep(2)
        if point:
            call("Input.dispatchMouseEvent", type="mouseMoved", x=point[0], y=point[1])
        time.sleep(1)
        answer = call("Page.captureScreenshot", format="webp", quality=QUALITY)
        (PICTURES / f"{name}.webp").write_bytes(base64.b64decode(answer["data"]))

    def map(self, name: str, language: str) -> None:
        """The map as the public sees it: a month of heat, and who is responsible at a place that was clicked."""
        view = "#at=9.94/32.1752/120.1344&month=2025-12&layers=divisions,grids,case-heat"
        self.page(name, f"{self.url}/map?lang={language}{view}", _MAP, click=(800, 420))

    def window(self, name: str, language: str, **asked: Any) -> None:
        """The window of QGIS with the ready project."""
        project = requests.get(
            f"{self.url}/qgis?key=embed&lang={language}", headers={"X-API-Key": self.key}, timeout=60
        )
        (self.folder / "wangge.qgz").write_bytes(project.content)
        picture = self.folder / f"{name}.png"
        (self.folder / "window.json").write_text(json.dumps({"picture": str(picture), **asked}), "utf-8")
        home = {
            "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder), "PATH": os.environ["PATH"],
            "QGIS_CUSTOM_CONFIG_PATH": str(self.folder / "profile"),
            "LANG": {"zh": "zh_CN.UTF-8", "en": "en_GB.UTF-8"}[language], "DISPLAY": ":77",
        }  # fmt: skip
        spoken = {"zh": "zh-Hans", "en": "en"}[language]
        program = Path(__file__).with_name("qgis_window.py")
        screen = subprocess.Popen(
            ["Xvfb", ":77", "-screen", "0", "1440x900x24"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            time.sleep(1)
            subprocess.run(
                ["qgis", "--nologo", "--lang", spoken, "--code", program, "--project", self.folder / "wangge.qgz"],
                env=home, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=180,
                check=False,
            )  # fmt: skip
        finally:
            screen.terminate()
            screen.wait()
        Image.open(picture).convert("RGB").resize((1280, 800)).save(PICTURES / f"{name}.webp", quality=QUALITY)

    def report(self, name: str, language: str) -> None:
        """The report on a file with a grid that was moved by some metres."""
        got = requests.get(f"{self.url}/collections/grids/items?township_code={TOWNSHIP}&limit=1000", timeout=60)
        grids = got.json()
        moved = grids["features"][7]["geometry"]
        moved["coordinates"] = _moved(moved["coordinates"])
        (self.folder / "grids.geojson").write_text(json.dumps(grids), "utf-8")
        report = self.folder / "report.html"
        subprocess.run(
            [PROJECT / "wangge", "check", self.folder / "grids.geojson", "--report", report],
            env={**os.environ, "LANG": {"zh": "zh_CN.UTF-8", "en": "C.UTF-8"}[language]}, check=False,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.page(name, report.as_uri(), "true")

    def notebook(self, name: str, language: str) -> None:
        """A map as a notebook shows it, with the pointer on a grid."""
        sys.path.insert(0, str(PROJECT / "notebooks"))
        from wangge_client import connect

        city = connect(self.url, lang=language)
        grids = city.read("grids", township_code=TOWNSHIP, kind="social")
        grids["density"] = grids.population / (grids.area_m2 / 1e6)
        titles = {"density": {"zh": "每平方公里人口", "en": "People per km²"}[language]}
        drawn = city.map(
            grids, "grids", column="density", titles=titles, opacity=0.7, fly="name",
            fields=["name", "density", "population", "members", "area_m2"],
        )  # fmt: skip
        villages = city.read("divisions", level="village", parent_code=TOWNSHIP)
        drawn.add(villages, "divisions", opacity=0, width=1.2, fields=[])
        drawn.save(self.folder / "map.html")
        size = (1000, 560)
        self.page(name, (self.folder / "map.html").as_uri(), "document.querySelector('path')", size, point=(545, 90))


def _moved(rings: Any) -> Any:
    """Coordinates ten metres further to the east, however deep they lie."""
    if isinstance(rings[0], (int, float)):
        return [rings[0] + 1e-4, *rings[1:]]
    return [_moved(ring) for ring in rings]


_MAP = "document.querySelector('.map-shell')?.dataset.map === 'ready'"
_SHOWN = ["wangge_divisions", "wangge_grids"]
PICTURED: dict[str, Callable[[Maker, str, str], None]] = {
    "qgis-project": lambda make, name, language: make.window(name, language),
    "qgis-close": lambda make, name, language: make.window(
        name, language, shown=[*_SHOWN, "wangge_cameras", "wangge_cases"], place="黄桥镇", scale=12_000
    ),
    "notebook": lambda make, name, language: make.notebook(name, language),
    "report": lambda make, name, language: make.report(name, language),
    "situation": lambda make, name, language: make.page(name, f"{make.url}/situation?lang={language}", "true"),
    "completeness": lambda make, name, language: make.page(name, f"{make.url}/completeness?lang={language}", "true"),
    "map": lambda make, name, language: make.map(name, language),
    "county": lambda make, name, language: make.page(name, f"{make.county}/map?lang={language}", _MAP),
}
"""How each picture is made, by its name."""


def main() -> int:
    """Make the pictures that are named, or all of them."""
    command = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    command.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURED))
    command.add_argument("--url", default="http://127.0.0.1:5000")
    command.add_argument("--county", default="http://127.0.0.1:5001")
    command.add_argument("--key", required=True)
    asked = command.parse_args()
    folder = Path(tempfile.mkdtemp())
    browser = Browser(Path(shutil.which("chromium") or "chromium"), folder / "browser")
    try:
        maker = Maker(asked.url, asked.county, asked.key, folder, browser)
        for name in asked.names or PICTURED:
            for language in ("zh", "en"):
                PICTURED[name](maker, f"{name}-{language}", language)
                print(name, language, (PICTURES / f"{name}-{language}.webp").stat().st_size)
    finally:
        browser.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
