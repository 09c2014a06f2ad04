"""Reading files: formats, encodings and tables with coordinates."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE
from layers.loading.converting import Converter
from layers.loading.encoding import encoding_of_text
from layers.loading.reading import open_source
from layers.loading.rules import rule_of
from layers.loading.source import Source

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12)
NAMES = ["济川街道", "黄桥镇", "联通", "滨江镇（新）"]


def points(**columns: list[object]) -> gpd.GeoDataFrame:
    """A layer of points, one for each of `NAMES`."""
    shapes = [shapely.Point(120 + step / 100, 32.1) for step in range(len(NAMES))]
    return gpd.GeoDataFrame({"名称": NAMES, **columns}, geometry=shapes, crs=4490)


def values(path: Path, column: str, **options: object) -> list[object]:
    """All values of a column of a file."""
    with open_source(path, **options) as source:
        return [value for batch in source.batches([column], 3) for value in batch.columns[column]]


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("cpg", ["kept", "removed", "UTF-8", "ISO-8859-1", "nonsense"])
def test_a_shapefile_reads_right_whatever_its_cpg_says(tmp_path: Path, encoding: str, cpg: str) -> None:
    path = tmp_path / "towns.shp"
    points().to_file(path, encoding=encoding)
    if cpg == "removed":
        path.with_suffix(".cpg").unlink()
    elif cpg != "kept":
        path.with_suffix(".cpg").write_text(cpg)
    assert values(path, "名称") == NAMES


def test_an_encoding_that_was_asked_for_is_held_against_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "towns.shp"
    points().to_file(path, encoding="GBK")
    assert values(path, "名称", encoding="gb2312") == NAMES
    with pytest.raises(InvalidInput) as caught:
        open_source(path, encoding="UTF-8")
    assert caught.value.key == "load.encoding-wrong"
    with pytest.raises(InvalidInput) as caught:
        open_source(path, encoding="klingon")
    assert caught.value.key == "load.encoding-unknown"


@given(st.lists(CHINESE, min_size=1, max_size=5), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"]))
@settings(max_examples=60, deadline=None)
def test_chinese_text_is_found_in_every_encoding(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], encoding: str
) -> None:
    text = "名称\n" + "\n".join(words) + "\n网格\n"
    path = tmp_path_factory.mktemp("text") / "text.csv"
    path.write_bytes(text.encode(encoding))
    assert path.read_text(encoding_of_text(path)) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_reads_in_every_encoding_and_with_every_separator(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [["网格编码", "名称", "经度", "纬度"], ["321283001001001", "一号", "120.05", "32.1"]]
    path = tmp_path / "grids.csv"
    path.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    assert values(path, "网格编码") == ["321283001001001"]
    assert values(path, "名称") == ["一号"]


def csv_source(tmp_path: Path, text: str, **coordinates: str) -> Source:
    """A CSV file with that text, opened."""
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    return open_source(path, coordinates=coordinates)


@pytest.mark.parametrize(
    "header",
    ["lon,lat", "LNG,Lat", "经度,纬度", "经度(WGS84),纬度(WGS84)", "x,y", "Longitude,Latitude", "横坐标,纵坐标"],
)
def test_columns_with_coordinates_are_recognised(tmp_path: Path, header: str) -> None:
    with csv_source(tmp_path, f"name,{header}\na,120.5,32.25\n") as source:
        assert source.columns == ("name",)
        (batch,) = source.batches(["name"])
    assert batch.geometries[0].equals(shapely.Point(120.5, 32.25))


def test_coordinates_may_be_named_and_swapped_back_so(tmp_path: Path) -> None:
    with csv_source(tmp_path, "name,x,y\na,32.25,120.5\n", lon="y", lat="X") as source:
        (batch,) = source.batches([])
    assert batch.geometries[0].equals(shapely.Point(120.5, 32.25))
    with pytest.raises(InvalidInput) as caught:
        csv_source(tmp_path, "name,a,b\n", lon="c")
    assert (caught.value.key, caught.value.values["columns"]) == ("load.map-column", "name, a, b")
    with pytest.raises(InvalidInput) as caught:
        csv_source(tmp_path, "name,a,b\n")
    assert (caught.value.key, caught.value.values["columns"]) == ("load.no-coordinates", "name, a, b")


def test_well_known_text_is_a_geometry(tmp_path: Path) -> None:
    text = 'name,wkt\na,"SRID=4490;POLYGON ((0 0, 1 0, 1 1, 0 0))"\nb,POLYGON ((0 0\nc,\n'
    with csv_source(tmp_path, text) as source:
        (batch,) = source.batches(["name"])
    assert batch.geometries[0].area == 0.5
    assert [(at, problem.key) for at, _, _, problem in batch.problems] == [(1, "load.reject-wkt")]


def test_rows_of_a_csv_keep_the_numbers_of_a_spreadsheet(tmp_path: Path) -> None:
    text = 'name,lon,lat\n\n"two\nlines",120,32\n,,\nb,abc,32\nc,120,32,extra\nd,120\n,,\n'
    with csv_source(tmp_path, text) as source:
        batches = list(source.batches(["name"], 2))
    numbers = [number for batch in batches for number in batch.numbers]
    told = [(batch.numbers[at], problem.key) for batch in batches for at, _, _, problem in batch.problems]
    assert numbers == [3, 5, 6, 7]
    assert told == [(5, "load.reject-coordinate"), (6, "load.reject-cells")]
    assert [shape is None for batch in batches for shape in batch.geometries] == [False, True, False, True]


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson", ".fgb"])
def test_values_and_places_are_the_same_in_every_format(tmp_path: Path, suffix: str) -> None:
    layer = points(code=[f"32128300100100{n}" for n in range(4)], count=[1, 2, 3, 4])
    path = tmp_path / f"towns{suffix}"
    layer.to_file(path)
    with open_source(path) as source:
        batches = list(source.batches(["名称", "code", "count"], 3))
    assert source.rows == 4
    assert source.crs is not None and source.crs.geographic
    assert sum((list(batch.columns["名称"]) for batch in batches), []) == NAMES or suffix == ".fgb"
    assert sorted(value for batch in batches for value in batch.columns["code"]) == sorted(layer["code"])
    assert sorted(point.x for batch in batches for point in batch.geometries) == sorted(layer.geometry.x)


def test_codes_that_are_numbers_in_the_file_stay_whole(tmp_path: Path) -> None:
    layer = points(whole=[321283001001001, 321283001001002, 321283001001003, 321283001001004])
    layer["real"] = layer["whole"].astype(float)
    for suffix in (".gpkg", ".geojson", ".shp"):
        path = tmp_path / f"codes{suffix}"
        layer.to_file(path)
        for column in ("whole", "real"):
            field = CATALOGUE["grids"].field("code")
            assert field is not None
            convert = Converter(field, rule_of("grids", "code"), column)
            assert [convert(value) for value in values(path, column)] == [str(code) for code in layer["whole"]]


def test_a_geopackage_with_several_layers_needs_one_that_is_called_like_ours(tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    points().to_file(path, layer="roads")
    points().iloc[:1].to_file(path, layer="Grids")
    with open_source(path, prefer=("grids",)) as source:
        assert source.rows == 1
    with pytest.raises(InvalidInput) as caught:
        open_source(path, prefer=("cameras",))
    assert caught.value.key == "load.layers"
    assert "roads" in str(caught.value.values["layers"])


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    def refused(name: str, content: bytes = b"") -> str:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InvalidInput) as caught, open_source(path) as source:
            list(source.batches([]))
        return caught.value.key

    assert refused("a.dwg") == "load.format"
    assert refused("a.zip", b"PK no zip") == "load.unreadable"
    assert refused("a.geojson", b'{"type": "FeatureCollection", "features": [') == "load.unreadable"
    assert refused("a.gpkg", b"x" * 200) == "load.unreadable"
    assert refused("a.shp", b"x" * 200) == "load.unreadable"
    assert refused("a.csv") == "load.empty"
    assert refused("b.csv", b"name,name,lon,lat\n") == "load.repeated-columns"
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.shp", b"")
        archive.writestr("b.shp", b"")
    assert refused("two.zip", (tmp_path / "two.zip").read_bytes()) == "load.zip"
    with pytest.raises(InvalidInput) as caught:
        open_source(tmp_path / "nothing.shp")
    assert caught.value.key == "load.no-file"


def test_a_shapefile_in_a_zip_with_names_in_gbk_and_folders(tmp_path: Path) -> None:
    points().to_file(tmp_path / "towns.shp", encoding="GBK")
    packed = tmp_path / "数据.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            archive.write(tmp_path / f"towns{suffix}", f"../镇街/towns{suffix.upper()}")
    assert values(packed, "名称") == NAMES
    with open_source(packed) as source:
        assert source.crs is not None and source.crs.srid == 4490


@pytest.mark.parametrize("name", ["DenverCo_precincts2016_orig", "DenverCo_precincts2018_orig", "CO_bad_gap_region"])
def test_real_zipped_shapefiles_land_where_another_reader_puts_them(shared: Path, name: str) -> None:
    path = shared / "data" / "messy_denver_precincts" / f"{name}.zip"
    theirs = gpd.read_file(path)
    with open_source(path) as source:
        assert source.rows == len(theirs)
        assert source.crs is not None
        ours = np.concatenate([source.crs.to_stored(batch.geometries) for batch in source.batches([])])
    there = shapely.get_coordinates(theirs.to_crs(4326).geometry.to_numpy())
    here = shapely.get_coordinates(ours)
    assert np.abs(here - there).max() < 3e-5  # NAD 83 and WGS 84 are taken as one by some paths, metres apart by others


def test_geojson_ids_and_nested_values_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    feature = {"type": "Feature", "id": "x", "properties": {"a": {"b": 1}, "c": None, "d": [1]}, "geometry": None}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with open_source(path) as source:
        (batch,) = source.batches(source.columns)
    assert batch.geometries[0] is None
