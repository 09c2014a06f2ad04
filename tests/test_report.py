"""The report of a check: well-formed, complete, in both languages, safe with any name, and without a network."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas
import numpy as np
import pytest
import shapely

from config.check import run_check
from config.pages.report import PICTURES, Checked, report, write_report
from config.pages.report_picture import HEIGHT, WIDTH, Surroundings, picture
from config.settings import Settings
from config.terminal import Terminal
from geo.errors import InvalidInput
from geo.finding import KINDS, Finding
from layers.checking.check import check
from layers.checking.coverages import Coverage
from layers.texts import texts

AT = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)
VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Checks that tags close, and keeps text, tags and every attribute's value."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.values: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.values += [value or "" for _, value in attrs]
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def grids() -> Coverage:
    """Two townships with an overlap in one and a hole in the other; a name that would break a careless page."""
    side = 0.01
    shapes = [shapely.box(120 + n * side, 32, 120 + (n + 1) * side, 32.01) for n in range(4)]
    shapes[1] = shapes[1] | shapely.box(120.019, 32.002, 120.0205, 32.003)
    shapes[3] = shapes[3] - shapely.box(120.034, 32.004, 120.035, 32.005)
    ids = ["321283001001001", "321283001001002", "321283001001003", '321283102001001<b>&"']
    return Coverage(ids, np.array(shapes, dtype=object))


def checked(**more: Any) -> Checked:
    coverage = grids()
    found = check(coverage)
    names = {"321283001": "西街道", "321283102": "东镇"}
    return Checked("grids", found, coverage.ids, coverage.geometries, coverage.townships(), names, **more)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_holds_everything_and_loads_nothing(language: str) -> None:
    given = checked()
    page = report(given, language, AT)
    outline = Outline(page)
    kinds = {finding.kind for finding in given.findings}
    assert {"overlap", "gap"} <= kinds
    assert not {"script", "link", "img", "iframe", "object"} & set(outline.tags) and "b&" not in outline.tags
    assert not re.search(r"https?://|url\(|@import|src=", page)
    assert '321283102001001<b>&"' in outline.text and "2024-05-06 07:08" in outline.text
    assert "西街道" in outline.text and "东镇" in outline.text
    for kind in kinds:
        assert texts()[f"report.kind.{kind}"].in_(language) in outline.text
    assert outline.tags.count("svg") == len(given.findings)
    for drawing in re.findall(r"<svg.*?</svg>", page):
        ElementTree.fromstring(drawing)


def test_totals_by_township_add_up() -> None:
    given = checked()
    page = report(given, "en", AT)
    table = re.search(r"<h2>By township</h2>(.*?)</table>", page, re.DOTALL)
    assert table is not None
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL)]
    body, total = rows[1:-1], rows[-1]
    assert {row[0] for row in body} == {"西街道", "东镇"}
    for column in (1, 2, 3):
        assert sum(int(row[column]) for row in body) == int(total[column])
    assert sum(int(total[column]) for column in (1, 2, 3)) == len(given.findings)


def test_states_and_a_sound_layer() -> None:
    given = checked()
    states = ["accepted"] + ["open"] * (len(given.findings) - 1)
    assert ">1</b>accepted" in report(checked(states=states), "en", AT)
    sound = Outline(report(Checked("grids", [], ["a"], np.array([shapely.box(0, 0, 1, 1)])), "en", AT))
    assert "Nothing was found." in sound.text and "svg" not in sound.tags


def test_more_than_can_be_drawn_are_in_the_table() -> None:
    shapes = np.array([shapely.box(120, 32, 120.01, 32.01)])
    number = PICTURES + 20
    found = [Finding("gap", "error", ("a",), shapely.box(120, 32, 120.001, 32.001), {"neighbours": 1}, place=str(n))
             for n in range(number)]  # fmt: skip
    page = report(Checked("x", found, ["a"], shapes), "en", AT)
    assert page.count("<svg") == PICTURES and f'<td class="n">{number}</td>' in page


def test_every_kind_and_shape_can_be_drawn() -> None:
    around = Surroundings.of(["a", "b"], np.array([shapely.box(120, 32, 120.01, 32.01), None], dtype=object))
    for kind in KINDS:
        assert texts()[f"report.kind.{kind}"].zh
    line = shapely.LineString([(120, 32), (120.01, 32.01)])
    for shape in (shapely.Point(120, 32), line, shapely.MultiLineString([line]), shapely.box(120, 32, 120.001, 32.2),
                  shapely.GeometryCollection([line, shapely.box(120, 32, 120.001, 32.001)])):  # fmt: skip
        root = ElementTree.fromstring(picture(shape, "error", ("a",), around))
        assert root.tag == "svg" and any(element.get("class", "").startswith("error") for element in root)


def test_an_invalid_shape_is_drawn() -> None:
    """Two parts that share a side can't be cut to the frame as they are: GEOS refuses (`side location conflict`)."""
    around = Surroundings.of(["a"], np.array([shapely.box(119, 31, 121, 33)]))
    bow = shapely.Polygon([(120, 32), (120.001, 32.001), (120.001, 32), (120, 32.001)])
    twins = shapely.MultiPolygon([shapely.box(120, 32, 120.001, 32.001), shapely.box(120.0005, 32, 120.002, 32.001)])
    for shape in (bow, twins):
        assert not shape.is_valid
        root = ElementTree.fromstring(picture(shape, "error", ("a",), around))
        assert any(element.get("class") == "error" and element.get("d") for element in root)


def test_an_invalid_polygon_beside_is_drawn() -> None:
    bow = shapely.Polygon([(120, 32), (120.002, 32.002), (120.002, 32), (120, 32.002)])
    around = Surroundings.of(["bow"], np.array([bow]))
    root = ElementTree.fromstring(picture(shapely.Point(120.001, 32.001), "error", ("bow",), around))
    assert any(element.get("class") == "concerned" and element.get("d") for element in root)


def test_what_has_no_size_adds_up_to_none() -> None:
    found = [
        Finding("code-duplicate", "error", ("a", "b"), None, {"code": "7", "count": 2}),
        Finding("gap", "error", ("a",), None, {"neighbours": 1}, area_m2=0.5),
    ]
    shapes = np.array([shapely.box(120, 32, 120.01, 32.01)] * 2, dtype=object)
    page = report(Checked("x", found, ["a", "b"], shapes), "en", AT)
    kinds = page.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")
    assert [row.rsplit(">", 2)[-2].removesuffix("</td") for row in kinds if "<td>" in row] == ["0.50", ""]


def test_a_sliver_is_drawn_to_scale() -> None:
    # 2 m wide, 1000 m high: the picture is as high as the sliver and a bit more
    wide = 2 / (111_320 * np.cos(np.radians(32)))
    sliver = shapely.box(120, 32, 120 + wide, 32 + 1000 / 111_320)
    around = Surroundings.of(["a"], np.array([shapely.box(119, 31, 121, 33)]))
    root = ElementTree.fromstring(picture(sliver, "error", ("a",), around))
    path = next(element for element in root if element.get("class") == "error")
    points = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.get("d", "")), dtype=float)
    assert np.ptp(points[:, 1]) == pytest.approx(HEIGHT / 2.2, abs=1)
    assert np.ptp(points[:, 0]) / np.ptp(points[:, 1]) == pytest.approx(0.002, abs=0.001)
    assert points[:, 0].mean() == pytest.approx(WIDTH / 2, abs=2)


def test_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coverage = grids()
    path = tmp_path / "grids.gpkg"
    frame = geopandas.GeoDataFrame({"code": coverage.ids}, geometry=list(coverage.geometries), crs=4490)
    frame.to_crs(4549).to_file(path)
    target = tmp_path / "报告.html"
    args = Namespace(target=str(path), json=False, report=str(target))
    assert run_check(args, Terminal("zh"), Settings(data_dir=tmp_path)) == 1
    outline = Outline(target.read_text("utf-8"))
    assert "321283001" in outline.text and "svg" in outline.tags and "网格检查报告" in outline.text
    capsys.readouterr()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        write_report(tmp_path / "none" / "report.html", checked(), "en", AT)
    assert caught.value.key == "report.unwritable"
