"""What is asked of a raster, cut out of it and painted: by hand on nine cells, and every refusal with its reason."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InvalidInput, NotFound
from geo.heat.raster_grid import RasterGrid
from layers.catalogue.density import CASE_DENSITY
from layers.rasters.asked import Asked, parse_asked
from layers.rasters.geotiff import describe, placed, write_cog
from layers.rasters.painting import breaks_below, indices, palette, png
from layers.rasters.reading import bounds_in, cut, warped
from layers.rasters.request import DensityRequest, parse_density_request
from layers.rasters.viewing import view_of

METRIC = 4549
NINE = np.array([[1, 2, 3], [4, 5, 6], [7, np.nan, 9]], dtype=np.float32)
GRID = RasterGrid(500_000, 3_560_150, 50, 3, 3)
TIF = write_cog(NINE, placed(GRID), METRIC, CASE_DENSITY, {"PERIOD": "2024-05-01/2024-05-31"})
DESCRIBED = describe(TIF)


def asked(*pairs: tuple[str, str]) -> Asked:
    return parse_asked(pairs, METRIC)[0]


def piece(*pairs: tuple[str, str]) -> list[list[float]]:
    """Values of a piece of the nine cells, NaN as -1."""
    values = cut(TIF, DESCRIBED, asked(*pairs)).values
    found: list[list[float]] = np.nan_to_num(values, nan=-1).tolist()
    return found


OWN = ("subset-crs", "EPSG:4549")


def test_the_file_says_what_it_is() -> None:
    """Cells, CRS, no-data, unit, band and words in both languages; tiles and the order of a Cloud-Optimised GeoTIFF."""
    with rasterio.open(io.BytesIO(TIF)) as opened:
        assert (opened.crs.to_epsg(), opened.shape, opened.dtypes) == (METRIC, (3, 3), ("float32",))
        assert math.isnan(opened.nodata) and opened.units == ("1/km2",) and opened.descriptions == ("density",)
        assert opened.transform[:6] == (50, 0, 500_000, 0, -50, 3_560_150)
        tags = opened.tags()
        assert (tags["TITLE_ZH"], tags["UNIT_ZH"], tags["UNIT"]) == ("事件密度", "件/平方公里", "cases per km²")
        assert (tags["AREA_OR_POINT"], tags["PERIOD"]) == ("Area", "2024-05-01/2024-05-31")
        assert opened.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert (DESCRIBED.grid, DESCRIBED.srid) == (GRID, METRIC)
    assert write_cog(NINE, placed(GRID), METRIC, CASE_DENSITY, {"PERIOD": "2024-05-01/2024-05-31"}) == TIF


def test_pieces_are_the_cells_that_a_box_touches() -> None:
    assert piece() == [[1, 2, 3], [4, 5, 6], [7, -1, 9]]
    assert piece(("subset", "E(500050:500100),N(3560050:3560100)"), OWN) == [[5]]
    assert piece(("subset", "E(500049:500100),N(3560050:3560101)"), OWN) == [[1, 2], [4, 5]]
    assert piece(("subset", "E(500060)"), OWN) == [[2], [5], [-1]]
    assert piece(("subset", "N(3560001:*)"), OWN) == [[1, 2, 3], [4, 5, 6], [7, -1, 9]]
    assert piece(("subset", "N(3560101:*)"), ("subset", "E(*:500001)"), OWN) == [[1]]
    # EPSG:4549 has its northing first
    assert piece(("bbox", "3560000,500100,3560010,500400"), ("bbox-crs", "EPSG:4549")) == [[9]]
    west, south, east, north = bounds_in(DESCRIBED, 4326)
    middle = f"{(west + east) / 2},{(south + north) / 2}"
    assert piece(("bbox", f"{middle},{middle}")) == [[5]]


def test_pieces_are_scaled_by_averages_of_what_there_is() -> None:
    """A factor of 3 is the mean of the eight values; a size of three columns and one row that of each column."""
    assert piece(("scale-factor", "3")) == [[pytest.approx(37 / 8)]]
    assert piece(("scale-axes", "E(1),N(3)")) == [[4, pytest.approx(3.5), 6]]
    assert piece(("scale-size", "E(3),N(1)")) == [[4, pytest.approx(3.5), 6]]
    assert piece(("width", "1"), ("height", "3")) == [[2], [5], [8]]
    assert piece(("resolution", "E(150),N(50)")) == [[2], [5], [8]]
    assert piece(("resolution", "")) == piece(("resolution", "E(),N()")) == piece()
    assert piece(("width", "6")) == [[1, 1, 2, 2, 3, 3], [4, 4, 5, 5, 6, 6], [7, 7, -1, -1, 9, 9]]


def test_a_piece_in_another_crs_lies_where_the_raster_lies() -> None:
    found = cut(TIF, DESCRIBED, asked(("crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84")))
    assert found.srid == 4326 and found.bounds == pytest.approx(bounds_in(DESCRIBED, 4326), abs=5e-4)
    assert np.nanmin(found.values) >= 1 and np.nanmax(found.values) <= 9
    assert asked(("crs", "EPSG:4549")).whole


@pytest.mark.parametrize("pairs", [
    [("subset", "E(0:10)"), OWN], [("bbox", "0,0,1,1")], [("subset", "N(9e8:9e8)"), OWN],
])  # fmt: skip
def test_nothing_lies_beside_the_raster(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(NotFound, match="raster.outside"):
        cut(TIF, DESCRIBED, asked(*pairs))
    assert np.isnan(warped(TIF, DESCRIBED, (0, 0, 1, 1), 4326, 4, 4).values).all()


@pytest.mark.parametrize(("pairs", "key"), [
    ([("subset", "E(1:2)")], "raster.axis"), ([("subset", "Lon(1:2)"), OWN], "raster.axis"),
    ([("subset", "h(1)")], "raster.axis"), ([("subset", "Lon")], "raster.axes"),
    ([("subset", "Lon(x)")], "raster.axes"), ([("subset", "Lon(nan)")], "raster.axes"),
    ([("subset", "Lon(*)")], "raster.axes"),
    ([("subset", "Lon(2:1)")], "raster.order"), ([("bbox", "1,1,2,2"), ("subset", "Lon(1)")], "raster.bbox-and-subset"),
    ([("bbox", "2,1,1,2")], "query.bbox-order"), ([("bbox", "1,2,3")], "query.bbox"),
    ([("crs", "EPSG:9")], "query.crs"),
    ([("scale-factor", "0")], "query.value"), ([("scale-factor", "nan")], "query.value"),
    ([("scale-axes", "Lon(2)")], "raster.axis"), ([("width", "0")], "query.whole"),
    ([("height", "1.5")], "query.whole"),
    ([("subset", "time(2024-05)")], "raster.time"), ([("width", "8000"), ("height", "8000")], "raster.large"),
])  # fmt: skip
def test_refusals_say_what_was_wrong(pairs: list[tuple[str, str]], key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        cut(TIF, DESCRIBED, asked(*pairs))
    assert caught.value.key == key


@pytest.mark.parametrize(("text", "period"), [
    ('time("2024-05")', "2024-05"), ('time("2024-05":"2024-07")', "2024-05/2024-07"), ('time(*:"2024")', "../2024"),
    ('Lon(120:121),time("2024-05-01T08:00:00+08:00":*)', "2024-05-01T08:00:00+08:00/.."),
])  # fmt: skip
def test_time_is_an_axis_too(text: str, period: str) -> None:
    assert parse_asked([("subset", text)], METRIC)[1] == period


def test_what_chooses_a_map_is_read_once() -> None:
    found = parse_density_request({"kernel": "gaussian", "bandwidth": "300.4", "edge": "none", "datetime": "2024-05"})
    assert found.text == "gaussian 300 none 2024-05-01T00:00:00+08:00/2024-05-31T23:59:59.999999+08:00"
    assert parse_density_request({}) == DensityRequest() and DensityRequest().text.endswith("../..")
    for params in ({"kernel": "cone"}, {"bandwidth": "199"}, {"bandwidth": "5001"}, {"bandwidth": "x"}, {"edge": "x"}):
        with pytest.raises(InvalidInput):
            parse_density_request(params)


@given(st.floats(1e-9, 1e9))
@settings(max_examples=200)
def test_breaks_are_round_rising_and_end_below_the_greatest(greatest: float) -> None:
    found = breaks_below(greatest, 6)
    assert len(found) == 6 and list(found) == sorted(set(found))
    assert found[-1] <= greatest < 2.5000001 * found[-1]
    assert all(f"{value:e}"[0] in "125" and float(f"{value:.1g}") == value for value in found)


def test_colours_follow_the_values() -> None:
    """At a break the break's colour, above the last the last, no value and calm ground nothing."""
    breaks = (1.0, 2.0, 5.0)
    colours = palette(("#000000", "#646464", "#c8c8c8"), breaks, 1.0)
    found = indices(np.array([[np.nan, 0.0, 0.49, 1.0, 2.0, 5.0, 900.0]], dtype=np.float32), breaks)
    assert found[0, :3].tolist() == [0, 0, 0] and found[0, 6] == 255
    reds = colours[found[0], 0].astype(int)
    assert np.abs(reds - np.array([0, 0, 0, 0, 100, 200, 200])).max() <= 2
    assert colours[0, 3] == 0 and colours[found[0, 3], 3] >= 250 and (np.diff(colours[1:, 3].astype(int)) >= 0).all()


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_picture_is_read_by_gdal_as_it_was_painted() -> None:
    colours = palette(CASE_DENSITY.ramp, (1.0, 2.0, 5.0, 10.0, 20.0, 50.0), 0.75)
    picture = np.arange(256, dtype=np.uint8).reshape(8, 32)
    with rasterio.open(io.BytesIO(png(picture, colours))) as opened:
        assert (opened.read(1) == picture).all()
        assert [opened.colormap(1)[index] for index in range(256)] == [tuple(row) for row in colours.tolist()]


def test_a_map_shows_the_scale_that_is_asked() -> None:
    """One to a thousand is 0.28 m a pixel in the city's metres, and more degrees than that a degree of longitude."""
    view = view_of({"scale-denominator": "1000"}, asked(), DESCRIBED, METRIC)
    assert (view.columns, view.rows, view.box) == (536, 536, GRID.bounds)
    view = view_of({"center": "120.0,32.17", "scale-denominator": "1000"}, asked(("width", "100")), DESCRIBED, METRIC)
    assert (view.columns, view.rows) == (100, 100)
    assert view.box[2] - view.box[0] == pytest.approx(28)
    degrees = view_of({"center": "120.0,32.17", "scale-denominator": "1000"}, asked(("width", "100")), DESCRIBED, 4326)
    assert (degrees.box[2] - degrees.box[0]) * 111_319.49 * math.cos(math.radians(32.17)) == pytest.approx(28)
    wide = view_of({}, asked(("width", "300")), DESCRIBED, METRIC)
    assert (wide.columns, wide.rows) == (300, 300)
    for params, pairs, key in (
        ({"scale-denominator": "5"}, [("bbox", "1,1,2,2"), ("width", "9")], "raster.scale-and-size"),
        ({"center": "1,2"}, [("bbox", "1,1,2,2")], "raster.center-and-box"),
        ({"center": "1"}, [], "query.value"), ({"scale-denominator": "x"}, [], "query.value"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            view_of(params, asked(*pairs), DESCRIBED, METRIC)
        assert caught.value.key == key


def test_coarse_pictures_come_from_an_overview() -> None:
    """Of a checkerboard of nothing and two, overviews hold one everywhere; the cells themselves would show both."""
    board = (np.indices((1024, 1024)).sum(axis=0) % 2 * 2).astype(np.float32)
    grid = RasterGrid(500_000, 3_611_200, 50, 1024, 1024)
    tif = write_cog(board, placed(grid), METRIC, CASE_DENSITY, {})
    described = describe(tif)
    assert described.overviews == (2, 4)
    coarse = warped(tif, described, grid.bounds, METRIC, 256, 256).values
    assert coarse[2:-2, 2:-2] == pytest.approx(1)
    fine = warped(tif, described, (500_000, 3_611_100, 500_100, 3_611_200), METRIC, 2, 2).values
    assert sorted(fine.ravel().tolist()) == [0, 0, 2, 2]
