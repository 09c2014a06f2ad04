"""Case density over HTTP: the coverage as GDAL reads it, pieces, maps, tiles, legend, and who sees what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from raster_answers import COVERAGE, HERE, opened
from rasterio.warp import transform, transform_bounds

MIDDLE = (120.02, 32.17)
READ_BY_GDAL = """
import json, sys, rasterio
from rasterio.windows import Window
with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", CPL_CURL_VERBOSE="NO", VSI_CACHE="NO"):
    with rasterio.open("/vsicurl/" + sys.argv[1]) as opened:
        part = opened.read(1, window=Window(300, 300, 5, 4))
        small = opened.read(1, out_shape=(opened.height // 4, opened.width // 4))
        print(json.dumps({"crs": opened.crs.to_epsg(), "shape": opened.shape, "overviews": opened.overviews(1),
                          "unit": opened.units[0], "tags": opened.tags(), "part": part.tolist(),
                          "small": [int(side) for side in small.shape]}))
"""


def counted(service: Any, sql: str, *values: object) -> Any:
    with service.database.transaction() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


@pytest.fixture(scope="module")
def whole(service: Any) -> Any:
    """The public's coverage as it stands."""
    return service.get(COVERAGE)


# --- the coverage itself


def test_gdal_reads_windows_and_overviews_by_ranges(service: Any, whole: Any) -> None:
    """In a process of its own, over /vsicurl: the same cells as in the whole file."""
    address = f"{service.base_url}{COVERAGE}?f=cog"
    done = subprocess.run(
        [sys.executable, "-c", READ_BY_GDAL, address], capture_output=True, text=True, timeout=120,
        env=os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    with opened(whole) as file:
        assert found["part"] == file.read(1)[300:304, 300:305].tolist()
        assert (found["crs"], tuple(found["shape"])) == (4549, file.shape)
        assert found["overviews"] == file.overviews(1) != []
    assert (found["unit"], found["tags"]["UNIT_ZH"]) == ("1/km2", "件/平方公里")


def test_ranges(service: Any, whole: Any) -> None:
    """Parts are those of the whole; what can't be given says so; a part of an older file is never mixed in."""
    body, etag, length = whole.content, whole.headers["ETag"], len(whole.content)
    assert whole.headers["Accept-Ranges"] == "bytes" and "Content-Encoding" not in whole.headers

    def ask(range_: str, **more: str) -> Any:
        return service.get(COVERAGE, headers={"Range": range_, **more})

    for range_, part in (("bytes=0-9", body[:10]), (f"bytes={length - 5}-", body[-5:]), ("bytes=-7", body[-7:]),
                         (f"bytes=100-{10 * length}", body[100:])):  # fmt: skip
        answer = ask(range_)
        assert (answer.status_code, answer.content) == (206, part)
        first = body.index(part) if len(part) > 10 else None
        span = answer.headers["Content-Range"]
        assert span.endswith(f"/{length}") and (first is None or span.startswith(f"bytes {first}-"))
    assert ask("bytes=0-9", **{"If-Range": etag}).status_code == 206
    assert ask("bytes=0-9", **{"If-Range": '"old"'}).status_code == 200
    beyond = ask(f"bytes={length}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{length}")
    for other in ("bytes=0-1,5-6", "cells=0-9", "bytes=9-0", "bytes=-", "bytes=a-b"):
        assert (ask(other).status_code, ask(other).content) == (200, body)
    head = service.request("HEAD", COVERAGE)
    assert (head.headers["Content-Length"], head.content) == (str(length), b"")
    assert ask("bytes=0-9", **{"If-None-Match": etag}).status_code == 304


def test_the_coverage_says_where_and_when_it_lies(service: Any, whole: Any) -> None:
    """Box in the axis order of its CRS, period of what was counted, and the same in the file and the description."""
    described = service.get(f"{HERE}?f=json").json()
    assert whole.headers["Content-Type"] == "image/tiff; application=geotiff"
    assert whole.headers["Content-Crs"] == f"<{described['storageCrs']}>"
    box = [float(edge) for edge in whole.headers["Content-Bbox"].split(",")]
    assert box == described["extent"]["spatial"]["storageCrsBbox"][0]
    with opened(whole) as file:
        assert box == [file.bounds.bottom, file.bounds.left, file.bounds.top, file.bounds.right]
        assert [axis["cellsCount"] for axis in described["extent"]["spatial"]["grid"]] == [file.height, file.width]
        assert file.tags()["PERIOD"] == whole.headers["Content-Datetime"] == "2024-01-01/2025-12-31"
    rels = {link["rel"].rsplit("/", 1)[-1] for link in described["links"]}
    assert rels >= {"self", "coverage", "schema", "map", "tilesets-map", "legend", "styles"}
    for link in described["links"]:
        answer = service.get(link["href"])
        assert answer.status_code == 200 and answer.headers["Content-Type"].split(";")[0] == link["type"].split(";")[0]
    schema = service.get(f"{HERE}/schema?lang=zh").json()["properties"]["density"]
    assert (schema["title"], schema["x-ogc-unit"]) == ("密度", "1/km2") and "件/平方公里" in schema["description"]


def test_every_case_of_the_map_counts_once(service: Any, whole: Any) -> None:
    """Density times ground is what row-level security lets each asker count; nothing lies outside of the city."""
    everything = counted(service, "select count(*) from wangge.cases")
    month = counted(
        service, "select count(*) from wangge.cases where reported_at >= '2024-05-01 00:00+08'"
        " and reported_at < '2024-06-01 00:00+08'")  # fmt: skip
    # a cell counts what was told of it, and at least what was told of the cells in it
    told = "select month, cell, count from wangge.case_heat where audience = 'public' and resolution ="
    whole_of = f"with at_8 as ({told} 8)"
    for level, finer, name in ((7, "at_8", "at_7"), (6, "at_7", "at_6")):
        whole_of += (
            f", {name} as (select month, cell, max(count) as count from ({told} {level} union all select month,"  # noqa: S608
            f" wangge.h3_parent(cell, {level}), sum(count) from {finer} group by 1, 2) as both_ways group by 1, 2)"
        )
    shown = counted(service, f"{whole_of} select sum(count) from at_6")  # noqa: S608
    for answer, expected in (
        (service.get(COVERAGE, "staff"), everything), (service.get(f"{COVERAGE}?datetime=2024-05", "staff"), month),
        (whole, shown),
    ):  # fmt: skip
        with opened(answer) as file:
            values, tags = file.read(1), file.tags()
            assert np.nansum(values, dtype=float) * 0.05**2 == pytest.approx(float(tags["CASES"]), rel=1e-5)
            assert float(tags["CASES"]) + float(tags["CASES_OUTSIDE"]) == pytest.approx(float(expected), abs=1)
            assert np.isnan(values[0, 0]) and np.isnan(values[-1, -1])


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "quartic", "triweight"])
def test_kernel_and_bandwidth_are_told_in_the_file(service: Any, kernel: str) -> None:
    answer = service.get(f"{COVERAGE}?kernel={kernel}&bandwidth=1500&edge=uniform&datetime=2025-06")
    with opened(answer) as file:
        tags = file.tags()
    assert (tags["KERNEL"], tags["BANDWIDTH_M"], tags["EDGE_CORRECTION"]) == (kernel, "1500", "uniform")
    assert tags["PERIOD"] == "2025-06-01/2025-06-30"


def test_pieces_are_cells_of_the_whole(service: Any, whole: Any) -> None:
    """A box in degrees gives every cell that it touches, unchanged; half as fine gives their means."""
    box = (MIDDLE[0] - 0.01, MIDDLE[1] - 0.01, MIDDLE[0] + 0.01, MIDDLE[1] + 0.01)
    chosen = f"subset=Lon({box[0]}:{box[2]}),Lat({box[1]}:{box[3]})"
    with opened(whole) as file, opened(service.get(f"{COVERAGE}?{chosen}")) as piece:
        window = file.window(*piece.bounds)
        top, left = round(window.row_off), round(window.col_off)
        cells = file.read(1)[top : top + piece.height, left : left + piece.width]
        assert (piece.read(1) == cells).all()
        west, south, east, north = transform_bounds("OGC:CRS84", "EPSG:4549", *box)
        assert west - 50 < piece.bounds.left <= west and east <= piece.bounds.right < east + 50
        assert south - 50 < piece.bounds.bottom <= south and north <= piece.bounds.top < north + 50
        half = cells[: piece.height // 2 * 2, : piece.width // 2 * 2]
    half = half.reshape(half.shape[0] // 2, 2, half.shape[1] // 2, 2).mean(axis=(1, 3))
    with opened(service.get(f"{COVERAGE}?{chosen}&scale-factor=2")) as coarse:
        assert coarse.shape == (round(cells.shape[0] / 2), round(cells.shape[1] / 2))
        assert np.nanmean(coarse.read(1)) == pytest.approx(np.nanmean(half), rel=0.02)
    with opened(service.get(f"{COVERAGE}?{chosen}&crs=[OGC:CRS84]")) as moved:
        assert moved.crs.to_epsg() == 4326 and moved.bounds.left < MIDDLE[0] < moved.bounds.right
        at = next(moved.sample([MIDDLE]))[0]
    (x,), (y,) = transform("OGC:CRS84", "EPSG:4549", [MIDDLE[0]], [MIDDLE[1]])
    with opened(whole) as file:
        assert at == pytest.approx(next(file.sample([(x, y)]))[0], rel=0.1)


@pytest.mark.parametrize(("query", "status"), [
    ("bandwidth=5", 400), ("kernel=cone", 400), ("edge=soft", 400), ("datetime=soon", 400), ("colour=red", 400),
    ("f=png", 400), ("bbox=0,0,1,1", 404), ("subset=Lon(0:1)", 404), ("subset=E(1:2)", 400), ("width=0", 400),
    ('datetime=2024&subset=time("2024")', 400), ("crs=EPSG:9", 400), ("width=9999&height=9999", 400),
])  # fmt: skip
def test_refusals(service: Any, query: str, status: int) -> None:
    for language, letters in (("zh", "。"), ("en", ".")):
        answer = service.get(f"{COVERAGE}?{query}&lang={language}")
        assert answer.status_code == status, answer.text[:300]
        assert answer.json()["detail"].endswith(letters)


# --- pictures


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_map_is_a_picture_of_the_box(service: Any) -> None:
    """Size and box as asked, in any CRS; transparent outside of the city, or the ground's colour where one is named."""
    answer = service.get(f"{HERE}/map?bbox=119.8,32.1,120.0,32.2&crs=[EPSG:3857]&width=200&datetime=2025-06")
    box = [float(edge) for edge in answer.headers["Content-Bbox"].split(",")]
    assert box == pytest.approx(transform_bounds("OGC:CRS84", "EPSG:3857", 119.8, 32.1, 120.0, 32.2))
    assert answer.headers["Content-Datetime"] == "2025-06-01/2025-06-30"
    assert answer.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/EPSG/0/3857>"
    with opened(answer) as picture:
        assert picture.width == 200 and picture.height == round(200 * (box[3] - box[1]) / (box[2] - box[0]))
        assert picture.read(1)[:, :40].max() == 0 < picture.read(1).max()
        assert picture.colormap(1)[0][3] == 0
    with opened(service.get(f"{HERE}/map?width=60&bgcolor=0x102030")) as picture:
        assert picture.colormap(1)[0] == (16, 32, 48, 255)
    assert service.get(f"{HERE}/map?bgcolor=red").status_code == 400
    assert service.get(f"{HERE}/map?scale-denominator=200000").status_code == 200


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("matrix", ["WebMercatorQuad", "CGCS2000Quad"])
def test_tiles_fit_together(service: Any, matrix: str) -> None:
    """Four tiles of a zoom show what the one above them shows, and each has the one ETag of its map."""
    zoom, row, column = (10, 414, 853) if matrix == "WebMercatorQuad" else (9, 164, 853)
    with opened(service.get(f"{HERE}/map/tiles/{matrix}/{zoom}/{row}/{column}?f=png")) as tile:
        above = tile.read(1).astype(float)
        assert tile.shape == (256, 256) and above.max() > 0
    quarters = [
        [opened(service.get(f"{HERE}/map/tiles/{matrix}/{zoom + 1}/{row * 2 + down}/{column * 2 + across}")).read(1)
         for across in (0, 1)] for down in (0, 1)
    ]  # fmt: skip
    below = np.block(quarters).astype(float).reshape(256, 2, 256, 2).mean(axis=(1, 3))
    assert np.abs(above - below)[above > 0].mean() < 8
    far = service.get(f"{HERE}/map/tiles/{matrix}/{zoom}/0/0")
    assert far.status_code == 200 and opened(far).read(1).max() == 0


def test_tiles_say_what_they_are(service: Any) -> None:
    listed = service.get(f"{HERE}/map/tiles?f=json").json()["tilesets"]
    assert [entry["dataType"] for entry in listed] == ["map", "map"]
    words = service.get(f"{HERE}/map/tiles/WebMercatorQuad/metadata?kernel=gaussian&lang=en").json()
    assert words["tiles"][0].endswith("{z}/{y}/{x}?f=png&kernel=gaussian") and words["name"] == "Case density"
    address = words["tiles"][0].format(z=10, y=414, x=853)
    answer = service.get(address)
    assert answer.headers["Content-Type"] == "image/png" and answer.headers["Cache-Control"] == "public, no-cache"
    assert service.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for path, status in (("WebMercatorQuad/17/1/1", 404), ("WebMercatorQuad/1/5/0", 404), ("Other/1/0/0", 404),
                         ("WebMercatorQuad/a/0/0", 404), ("WebMercatorQuad/1/0/0?f=mvt", 400)):  # fmt: skip
        assert service.get(f"{HERE}/map/tiles/{path}").status_code == status


def test_the_legend_in_both_languages(service: Any) -> None:
    """Values rise to the greatest break below the map's greatest value, one a colour; SVG says the same."""
    zh, en = (service.get(f"{HERE}/legend?datetime=2025-06&lang={language}").json() for language in ("zh", "en"))
    assert (zh["title"], zh["unit"]) == ("事件密度", "件/平方公里")
    assert (en["title"], en["unit"]) == ("Case density", "cases per km²")
    values = [entry["value"] for entry in zh["entries"]]
    assert values == sorted(values) and len(values) == 6 and zh["period"] == "2025-06-01/2025-06-30"
    with opened(service.get(f"{COVERAGE}?datetime=2025-06")) as file:
        assert values[-1] <= np.nanmax(file.read(1)) < 2.5 * values[-1]
    drawn = service.get(f"{HERE}/legend?f=svg&datetime=2025-06&lang=zh")
    assert drawn.headers["Content-Type"] == "image/svg+xml" and "件/平方公里" in drawn.text
    assert all(entry["colour"] in drawn.text and entry["label"] in drawn.text for entry in zh["entries"])


def test_a_style_draws_the_tiles(service: Any) -> None:
    for path in (f"{HERE}/style", "/style.json"):
        style = service.get(path).json()
        assert style["sources"]["case-density"]["type"] == "raster"
        (layer,) = [layer for layer in style["layers"] if layer.get("source") == "case-density"]
        assert layer["type"] == "raster"
        assert service.get(style["sources"]["case-density"]["tiles"][0].format(z=10, y=414, x=853)).status_code == 200


def test_pages_show_the_layer(service: Any) -> None:
    for language, title in (("zh", "事件密度"), ("en", "Case density")):
        for path in ("/collections", HERE, "/map"):
            page = service.get(f"{path}?f=html&lang={language}" if path != "/map" else f"/map?lang={language}")
            assert page.status_code == 200 and title in page.text
