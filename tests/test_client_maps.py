"""Maps of the planners' client: as the service draws its layers, in a real browser, without a request to anybody."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from chromium import Browser
from hypothesis import given
from hypothesis import strategies as st

from layers.catalogue.catalogue import VECTOR_LAYERS

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
# of dist/leaflet.js and dist/leaflet.css in the package leaflet 1.9.4 of npm, whose own integrity
# sha512-nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA== was checked
LEAFLET = {
    "js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
    "css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
}
DRAWN = [layer for layer in VECTOR_LAYERS if layer.tiles is not None and layer.id not in ("grid-edits", "catalogue")]
RAMP = ("#ffeda0", "#feb24c", "#fd8d3c", "#e31a1c", "#800026")
# what no planner's plain Python needs to have
ABSENT = ("folium", "branca", "matplotlib", "IPython", "ipykernel", "jupyter_core", "jupyter_client", "nbformat")
AWKWARD = "</script><b>&\"'{{7*7}}"


@pytest.fixture(scope="module", autouse=True)
def beside() -> Iterator[None]:
    """The client is imported from the folder that it lies in."""
    sys.path.insert(0, str(NOTEBOOKS))
    yield
    sys.path.remove(str(NOTEBOOKS))


@pytest.fixture(scope="module")
def city(service: Any, beside: None) -> Any:
    """The service as its staff see it."""
    import wangge_client

    return wangge_client.connect(service.base_url, service.keys["staff"], lang="en")


@pytest.fixture(scope="module")
def browser(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(program("chromium"), tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def shown(browser: Browser, map_: Any, folder: Path) -> None:
    """Open a map as whoever was sent its file does."""
    map_.save(folder / "map.html")
    browser.complaints.clear()
    browser.asked.clear()
    browser.call("Page.navigate", url=(folder / "map.html").as_uri())
    browser.until("document.readyState === 'complete' && document.querySelector('.leaflet-container')")


def texts(browser: Browser, selector: str) -> Any:
    return browser.run(f"[...document.querySelectorAll({json.dumps(selector)})].map(one => one.textContent)")


# --- looks


@pytest.mark.parametrize("layer", DRAWN, ids=lambda layer: layer.id)
def test_a_layer_looks_as_the_catalogue_says(city: Any, layer: Any) -> None:
    """Colours, titles and meanings come over HTTP, and are those that were written once."""
    from wangge_client.looks import look_of

    look = look_of(city, layer.id)
    style = layer.style
    assert (look.colour, look.opacity, look.by) == (style.colour, style.opacity, style.by)
    assert sorted(look.classes) == sorted(style.colours)
    assert look.title.startswith(layer.title.en)
    for field in layer.fields:
        assert look.title_of(field.name) == field.title.en
        assert look.meanings(field.name) == {value: meaning.en for value, meaning in field.values}


@given(
    numbers=st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-99, 99)), min_size=1, max_size=40),
    classes=st.integers(1, 5),
)
def test_every_number_lies_in_a_class_of_the_legend(numbers: list[Any], classes: int) -> None:
    from wangge_client.colouring import MISSING, colouring
    from wangge_client.looks import Look

    frame = pd.DataFrame({"value": pd.Series(numbers, dtype=float)})
    told = colouring(frame, Look(), "value", None, lambda: RAMP[:classes])
    there = frame["value"].notna().to_numpy()
    assert [colour == MISSING for colour in told.colours] == list(~there)
    assert set(np.array(told.colours)[there]) == {colour for label, colour in told.legend}
    # a greater number never has a colour from further down the ramp
    order = frame["value"][there].argsort(kind="stable")
    places = [RAMP.index(colour) for colour in np.array(told.colours)[there][order]]
    assert places == sorted(places)


def test_classes_are_those_that_were_given() -> None:
    """By hand: from each value on, the value itself belongs to the upper class."""
    from wangge_client.colouring import MISSING, colouring
    from wangge_client.looks import Look

    frame = pd.DataFrame({"cases": pd.Series([4, 5, 19, 20, None], dtype="Int64"), "kind": list("abba") + [None]})
    told = colouring(frame, Look(), "cases", {0: "#000001", 5: "#000002", 20: "#000003"}, tuple)
    assert told.colours == ["#000001", "#000002", "#000002", "#000003", MISSING]
    assert told.legend == [("0–4", "#000001"), ("5–19", "#000002"), ("≥ 20", "#000003")]
    told = colouring(frame, Look(), "kind", {"b": "#00000b"}, tuple)
    assert told.colours[1:3] == ["#00000b"] * 2
    assert told.colours[0] == told.colours[3] not in (MISSING, "#00000b")
    assert [label for label, _ in told.legend] == ["b", "a"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(1234567, "1,234,567 m²"), (0.123456, "0.1235 m²"), (2802.4, "2,802 m²"), (601.0, "601 m²"),
     (np.int64(7), "7 m²"), (True, "yes"), (None, ""), (pd.NA, ""), (float("nan"), ""), (pd.NaT, ""),
     (pd.Timestamp("2025-07-01"), "2025-07-01"), (pd.Timestamp("2025-07-01T08:05Z"), "2025-07-01 08:05"),
     (["a", "b"], "a, b"), ("x", "Ex")],
)  # fmt: skip
def test_values_are_written_as_people_write_them(value: Any, said: str) -> None:
    from wangge_client import tips

    assert tips.said(value, "en", {"x": "Ex"}, " m²") == said


# --- in a browser


def test_a_map_has_all_that_it_needs_in_itself(city: Any, browser: Browser, tmp_path: Path) -> None:
    grids = city.read("grids", township_code="321283100")
    grids["density"] = grids.population / (grids.area_m2 / 1e6)
    villages = city.read("divisions", parent_code="321283100")
    metres = grids.to_crs("EPSG:4549")
    map_ = city.map(metres, "grids", column="density", fields=["name", "kind", "area_m2"], fly="name")
    map_.add(villages, "divisions", name="villages", opacity=0, fields=[])
    shown(browser, map_, tmp_path)
    assert browser.run("document.querySelectorAll('.leaflet-overlay-pane path').length") == len(grids) + len(villages)
    assert len(texts(browser, ".leaflet-control-layers label")) == 2
    assert texts(browser, ".legend h2") == ["density", "Level"]
    *classes, level = texts(browser, ".legend li")
    assert 2 <= len(classes) <= 6
    assert level == "Village"
    assert "Taixing" in texts(browser, ".leaflet-control-attribution")[0]

    # a line of the list is flown to, and tells what it is
    assert texts(browser, ".list button") == list(grids.name)
    browser.run("document.querySelectorAll('.list button')[2].click()")
    browser.until("document.querySelector('.leaflet-tooltip')")
    row = grids.iloc[2]
    kind = {"social": "Social-governance", "dedicated": "Dedicated"}[row.kind]
    assert texts(browser, ".leaflet-tooltip th") == ["Name", "Kind", "Area"]
    assert texts(browser, ".leaflet-tooltip td") == [row["name"], kind, f"{round(row.area_m2):,} m²"]
    assert browser.complaints == []
    assert {address.partition(":")[0] for address in browser.asked} <= {"file", "data"}


def test_one_of_several_is_seen_at_a_time(city: Any, browser: Browser, tmp_path: Path) -> None:
    """Months of heat in the service's own classes, and one legend for all of them."""
    heat = city.read("case-heat", resolution=7, datetime="2025-01-01/2025-03-31", sortby="month",
                     properties=["cell", "month", "count"])  # fmt: skip
    # the busiest cells come with the last month alone: the legend is in order all the same
    heat = heat[(heat["count"] < 200) | (heat.month.dt.month == 3)]
    map_ = city.map()
    for month, cells in heat.groupby("month"):
        map_.add(cells, "case-heat", name=f"{month:%Y-%m}", choice=True, show=month.month == 2)
    shown(browser, map_, tmp_path)
    drawn = "document.querySelectorAll('.leaflet-overlay-pane path').length"
    sizes = heat.groupby("month").size()
    assert browser.run(drawn) == sizes.iloc[1]
    browser.run("document.querySelectorAll('.leaflet-control-layers-selector')[2].click()")
    assert browser.run(drawn) == sizes.iloc[2]
    assert len(texts(browser, ".legend h2")) == 1
    classes = ["< 5", "5–19", "20–59", "60–199", "200–599", "≥ 600"]
    there = np.searchsorted([5, 20, 60, 200, 600], heat["count"].to_numpy(), side="right")
    assert texts(browser, ".legend li") == [classes[place] for place in sorted(set(there))]
    assert browser.complaints == []


def test_words_are_only_words(city: Any, browser: Browser, tmp_path: Path) -> None:
    """Neither markup, nor the end of a script, nor a template that the package would run."""
    point, line = shapely.Point(120, 32), shapely.LineString([(120, 32), (120.1, 32.1)])
    frame = gpd.GeoDataFrame({AWKWARD: [AWKWARD], "geometry": [point]}, crs="OGC:CRS84")
    map_ = city.map(frame, column=AWKWARD, name=AWKWARD, fly=AWKWARD)
    map_.add(gpd.GeoSeries([line, None], crs="OGC:CRS84"), name=AWKWARD)
    shown(browser, map_, tmp_path)
    for selector in (".leaflet-control-layers label span span", ".legend h2", ".list h2", ".list button"):
        assert AWKWARD in [text.strip() for text in texts(browser, selector)], selector
    browser.run("document.querySelector('.list button').click()")
    browser.until("document.querySelector('.leaflet-tooltip')")
    assert texts(browser, ".leaflet-tooltip th, .leaflet-tooltip td") == [AWKWARD, AWKWARD]
    # a line isn't filled
    paths = "document.querySelectorAll('.leaflet-overlay-pane path')"
    assert browser.run(f"[...{paths}].filter(one => one.getAttribute('fill') === 'none').length") == 1
    assert browser.run(f"{paths}.length") == 2
    assert browser.complaints == []


def test_a_map_that_was_shown_can_be_added_to(city: Any, browser: Browser, tmp_path: Path) -> None:
    """A notebook shows it where a cell ends with it; the next cell adds to it."""
    frame = gpd.GeoSeries([shapely.box(120, 32, 120.1, 32.1)], crs="OGC:CRS84")
    map_ = city.map(frame, name="a")
    assert "<iframe srcdoc=" in map_._repr_html_()
    shown(browser, map_.add(frame, name="b"), tmp_path)
    there = {".leaflet-control-layers": 1, ".leaflet-control-zoom": 1, ".leaflet-overlay-pane path": 2}
    for selector, number in there.items():
        assert len(texts(browser, selector)) == number, selector
    assert browser.complaints == []
    assert repr(map_) == "<A map to pan and zoom: a 1 · b 1>"


def test_nothing_to_draw_is_an_empty_map(city: Any, browser: Browser, tmp_path: Path) -> None:
    shown(browser, city.map(city.read("grids", code="none"), "grids"), tmp_path)
    assert browser.complaints == []


# --- what it needs


@pytest.mark.parametrize("kind", LEAFLET)
def test_leaflet_is_the_one_of_npm(kind: str) -> None:
    packed = (NOTEBOOKS / "wangge_client" / "leaflet" / f"leaflet.{kind}.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == LEAFLET[kind]


@pytest.mark.parametrize(("lang", "words"), [("zh", "画地图需要 folium"), ("en", "Maps need folium")])
def test_plain_python_reads_and_runs_and_is_told_what_maps_need(service: Any, lang: str, words: str) -> None:
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
import wangge_client
city = wangge_client.connect({service.base_url!r}, lang={lang!r})
grids = city.read("grids", limit=3)
print(len(grids), len(city.locate(points=[[120.05, 32.17]])["grid_code"]))
try:
    city.map(grids, "grids")
except wangge_client.NeedsFolium as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(NOTEBOOKS), "PYTHONUTF8": "1"})  # fmt: skip
    first, second = done.stdout.splitlines() or [done.stderr, ""]
    assert first == "3 1", done.stderr
    assert second.startswith(words) and "pip install folium" in second
