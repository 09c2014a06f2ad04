"""Reading files: formats, encodings, coordinate systems, and values made into values of fields."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.gcj02 import Shift, wgs84_to_bd09, wgs84_to_gcj02
from layers.catalogue import CATALOGUE
from layers.converting import Converter
from layers.encoding import encoding_of_text
from layers.fields import match_columns, shapefile_names
from layers.personal_data import masked, personal_data
from layers.reading import Source, open_source
from layers.rejects import Problem
from layers.rules import RULES, rule_of
from layers.shaping import shaped
from layers.source_crs import crs_of_file, likely_projected, parse_crs

SHANGHAI = timezone(timedelta(hours=8))
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


def problem_of(converted: object) -> str | None:
    """Key of the text of a problem."""
    return converted.key if isinstance(converted, Problem) else None


def converter(layer: str, field: str, column: str = "") -> Converter:
    """The way into a field of a layer."""
    found = CATALOGUE[layer].field(field)
    assert found is not None
    return Converter(found, rule_of(layer, field), column, own_number=field == CATALOGUE[layer].id_field)


# --- encodings


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


# --- CSV


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


# --- other formats


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
            convert = converter("grids", "code")
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


# --- coordinate systems


@pytest.mark.parametrize(
    ("crs", "x", "y", "lon", "lat"),
    [
        ("EPSG:4549", 504715.919, 3560704.540, 120.05, 32.17),
        ("4528", 40504715.919, 3560704.540, 120.05, 32.17),
        ("epsg:4549", 490547.608, 3538530.205, 119.90, 31.97),
        ("CGCS2000", 120.123456789, 32.1, 120.12345679, 32.1),
        ("WGS-84", 120.05, 32.17, 120.05, 32.17),
    ],
)
def test_coordinates_are_stored_as_the_standard_vectors_say(
    crs: str, x: float, y: float, lon: float, lat: float
) -> None:
    (stored,) = parse_crs(crs).to_stored(np.array([shapely.Point(x, y, 7.0)], dtype=object))
    assert not stored.has_z
    assert abs(stored.x - lon) < 2e-8 and abs(stored.y - lat) < 2e-8
    assert round(stored.x, 8) == stored.x


@pytest.mark.parametrize(("crs", "forward"), [("GCJ02", wgs84_to_gcj02), ("bd-09", wgs84_to_bd09)])
def test_the_shift_of_map_vendors_is_undone(crs: str, forward: Shift) -> None:
    lon, lat = forward(120.05, 32.17)
    (stored,) = parse_crs(crs).to_stored(np.array([shapely.Point(float(lon), float(lat))], dtype=object))
    assert abs(stored.x - 120.05) < 2e-8 and abs(stored.y - 32.17) < 2e-8


def test_a_crs_without_a_name_we_know_is_refused() -> None:
    for text in ("", "EPSG:", "EPSG:999999", "Beijing", "4490.5"):
        with pytest.raises(InvalidInput):
            parse_crs(text)


def test_definitions_in_files_are_recognised() -> None:
    esri = gpd.GeoSeries([shapely.Point(0, 0)], crs=4549).crs.to_wkt("WKT1_ESRI")
    found = crs_of_file(esri)
    assert found is not None and found.srid == 4549 and not found.datum_differs
    assert crs_of_file(None) is None
    assert crs_of_file('LOCAL_CS["drawing"]') is None
    old = crs_of_file("EPSG:2437")  # Beijing 1954 / 3-degree Gauss-Kruger CM 120E
    assert old is not None and old.datum_differs


def test_metres_are_told_by_their_size() -> None:
    east, north = np.array([504715.9]), np.array([3560704.5])
    assert likely_projected(east, north, 4549) == "EPSG:4549"
    assert likely_projected(east + 40e6, north, 4549) == "EPSG:4528"
    assert likely_projected(north, east, 4549) is None
    assert likely_projected(np.array([120.0]), np.array([32.0]), 4549) is None


# --- geometries


def test_geometries_take_the_shape_of_the_layer() -> None:
    square = shapely.box(120, 32, 120.1, 32.1)
    bow = shapely.Polygon([(120, 32), (120.1, 32.1), (120.1, 32), (120, 32.1)])
    given_ = [
        square,
        shapely.MultiPolygon([square]),
        bow,
        shapely.Point(120, 32),
        None,
        shapely.Polygon(),
        shapely.box(200, 0, 201, 1),
    ]
    out, problems = shaped(np.array(given_, dtype=object), "MultiPolygon", None)
    assert [shape and shape.geom_type for shape in out] == [
        "MultiPolygon",
        "MultiPolygon",
        None,
        None,
        None,
        None,
        None,
    ]
    keys = ["invalid", "type", "no-geometry", "no-geometry", "not-degrees"]
    assert [(at, problem.key) for at, _, problem in problems] == [
        (at + 2, f"load.reject-{key}") for at, key in enumerate(keys)
    ]

    spots = [
        shapely.MultiPoint([(120, 32)]),
        shapely.MultiPoint([(120, 32), (121, 32)]),
        square,
        shapely.Point(np.inf, 0),
    ]
    out, problems = shaped(np.array(spots, dtype=object), "Point", None)
    assert out[0].geom_type == "Point" and [shape is None for shape in out[1:]] == [True, True, True]
    assert [problem.key for _, _, problem in problems] == [
        "load.reject-type",
        "load.reject-type",
        "load.reject-not-degrees",
    ]


# --- values


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("321283001001001", "321283001001001"),
        ("321283001001001.0", "321283001001001"),
        (321283001001001.0, "321283001001001"),
        (321283001001001, "321283001001001"),
        ("'321283001001001", "321283001001001"),
        ('="321283001001001"', "321283001001001"),
        (" 321283001001001 ", "321283001001001"),
        ("３２１２８３００１００１００１", "321283001001001"),
        (float("nan"), None),
        ("", None),
    ],
)
def test_codes_are_text_and_what_was_a_number_is_mended(value: object, code: str | None) -> None:
    assert converter("grids", "code")(value) == code


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("3.21283E+14", "load.reject-rounded"),
        (32128300001310000001.0, "load.reject-rounded"),
        ("32128300100100", "load.reject-code"),
        ("32128300100100A", "load.reject-code"),
        ("321283001001001.5", "load.reject-code"),
    ],
)
def test_codes_that_lost_digits_are_refused(value: object, key: str) -> None:
    layer = "cameras" if isinstance(value, float) else "grids"
    assert problem_of(converter(layer, CATALOGUE[layer].fields[0].name)(value)) == key


@given(st.integers(10**14, 10**15 - 1))
def test_a_grid_code_survives_every_way_through_a_number(code: int) -> None:
    convert = converter("grids", "code")
    assert {convert(code), convert(float(code)), convert(f"{code}.0"), convert(str(code))} == {str(code)}


def test_types_of_cases_get_back_the_zero_that_a_number_drops() -> None:
    assert converter("cases", "type_code")(6020) == "06020"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05 08:30:00", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024-03-05T08:30", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024-03-05T00:30:00Z", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024-03-05T00:30:00.500+00:00", datetime(2024, 3, 5, 8, 30, 0, 500000, tzinfo=SHANGHAI)),
        ("2024/3/5 8:30", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024/03/05 08:30:00+08", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024.3.5", datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        ("20240305", datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        (20240305, datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        ("20240305083000", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024年3月5日", datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        ("2024年3月5日 8时30分5秒", datetime(2024, 3, 5, 8, 30, 5, tzinfo=SHANGHAI)),
        (datetime(2024, 3, 5, 0, 30, tzinfo=UTC), datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        (date(2024, 3, 5), datetime(2024, 3, 5, tzinfo=SHANGHAI)),
    ],
)
def test_times_are_read_as_they_are_written(text: object, moment: datetime) -> None:
    assert converter("cases", "reported_at")(text) == moment
    assert converter("grids", "valid_from")(text) == moment.date()


@pytest.mark.parametrize(
    "text", ["3/5/2024", "2024-02-30", "2024-13-01", "yesterday", "2024-03-05 25:00", "0001-01-01", "1", "2024-W10-2"]
)
def test_times_that_are_none_are_refused(text: str) -> None:
    assert problem_of(converter("cases", "reported_at")(text)) == "load.reject-moment"


@given(st.integers(-2_200_000_000, 6_900_000_000), st.sampled_from([UTC, SHANGHAI]))
def test_iso_times_come_back(second: int, zone: timezone) -> None:
    moment = datetime.fromtimestamp(second, zone)
    assert converter("cases", "reported_at")(moment.isoformat()) == moment


@pytest.mark.parametrize(
    ("layer", "field", "words"),
    [
        ("grids", "kind", {"social": ["social", "SOCIAL", "综合网格", "Social-governance", "social governance"]}),
        (
            "cameras",
            "source",
            {"skynet": ["天网", "Skynet", "skynet (public security)"], "bluesky": ["蓝天卫士", "Blue-sky guard"]},
        ),
        ("cameras", "status", {"ON": ["on", "在线"], "OFF": ["离线", "Off"]}),
        ("cases", "category", {"component": ["部件"], "matter": ["事项", "Matter"]}),
    ],
)
def test_coded_fields_take_their_titles(layer: str, field: str, words: dict[str, list[str]]) -> None:
    convert = converter(layer, field)
    for code, written in words.items():
        assert [convert(word) for word in written] == [code] * len(written)
    assert problem_of(convert("别的")) == "load.reject-value"


@pytest.mark.parametrize(
    ("layer", "field", "value", "expected"),
    [
        ("grids", "population", "1,234", 1234),
        ("grids", "population", "12.0", 12),
        ("grids", "population", 12.5, "load.reject-integer"),
        ("grids", "population", -1, "load.reject-range"),
        ("grids", "leaders", 40000, "load.reject-range"),
        ("cameras", "fov_deg", "０", "load.reject-range"),
        ("cameras", "fov_deg", "360", 360.0),
        ("cameras", "range_m", "50m", "load.reject-number"),
        ("cameras", "range_m", "1e400", "load.reject-number"),
        ("cameras", "azimuth_deg", 360, 0.0),
        ("cameras", "azimuth_deg", "东南", 135.0),
        ("cameras", "azimuth_deg", "由东向西", 270.0),
        ("cameras", "azimuth_deg", "NE", 45.0),
        ("cameras", "azimuth_deg", 4, 4.0),
        ("cameras", "azimuth_deg", "up", "load.reject-azimuth"),
        ("cameras", "assumed", "是", True),
        ("cameras", "assumed", 0, False),
        ("cameras", "assumed", "maybe", "load.reject-boolean"),
        ("cameras", "name", 12.0, "12"),
        ("cameras", "name", "NULL", None),
        ("cameras", "name", "a\0b", "load.reject-control"),
    ],
)
def test_values_become_what_the_field_is(layer: str, field: str, value: object, expected: object) -> None:
    converted = converter(layer, field)(value)
    assert (problem_of(converted) or converted) == expected


def test_direction_types_of_the_standard_are_directions() -> None:
    convert = converter("cameras", "azimuth_deg", "DirectionType")
    assert [convert(number) for number in range(1, 9)] == [90, 270, 180, 0, 135, 45, 225, 315]
    assert problem_of(convert(9)) == "load.reject-azimuth"


# --- personal data


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("联系人13812345678", "mobile"),
        ("１３８１２３４５６７８", "mobile"),
        ("+86 139-1234-5678 找", "mobile"),
        ("8613812345678", "mobile"),
        ("身份证11010519491231002X", "identity"),
        ("321283199001010018", "identity"),
        ("苏MA12345", "plate"),
        ("违停 苏M·8K123", "plate"),
        ("321283001001001", None),
        ("32128300001310000001", None),
        ("321283138123456", None),
        ("12812345678", None),
        ("黄桥镇第138网格", None),
        ("2024030508300012", None),
        ("202403050830001234", None),
    ],
)
def test_what_looks_like_a_person_is_told_from_codes(text: str, kind: str | None) -> None:
    assert personal_data(text) == kind


def test_a_number_of_a_case_may_hold_county_and_day() -> None:
    assert personal_data("321283202403050001", is_number=True) is None
    assert personal_data("11010519491231002X", is_number=True) == "identity"
    assert personal_data("110105194912310021", is_number=True) is None


@given(st.integers(13 * 10**9, 2 * 10**10 - 1), CHINESE)
def test_no_mobile_number_slips_through_and_none_is_repeated(number: int, word: str) -> None:
    text = f"{word}{number}{word}"
    assert personal_data(text) == "mobile"
    assert str(number) not in masked(text)


# --- columns


@pytest.mark.parametrize("layer", RULES)
def test_every_name_of_a_field_finds_it(layer: str) -> None:
    fields = CATALOGUE[layer].fields
    short = shapefile_names(fields)
    ways = [
        [field.name for field in fields],
        [field.name.upper().replace("_", " ") for field in fields],
        [field.title.zh for field in fields],
        [field.title.en for field in fields],
        [short[field.name] for field in fields],
        [CATALOGUE[layer].title.zh + field.title.zh for field in fields],
    ]
    for columns in ways:
        matching = match_columns(CATALOGUE[layer], fields, columns, {}, "file")
        assert matching.columns == dict(zip([field.name for field in fields], columns, strict=True))
        assert matching.unused == ()


def test_a_mapping_wins_and_its_mistakes_are_named() -> None:
    layer = CATALOGUE["grids"]
    matching = match_columns(layer, layer.fields, ["code", "WGBM", "备注"], {"code": "wgbm"}, "file")
    assert matching.columns == {"code": "WGBM"} and matching.unused == ("code", "备注")
    for mapping, key in (({"kode": "WGBM"}, "load.map-field"), ({"code": "XX"}, "load.map-column")):
        with pytest.raises(InvalidInput) as caught:
            match_columns(layer, layer.fields, ["WGBM"], mapping, "file")
        assert caught.value.key == key
    with pytest.raises(InvalidInput) as caught:
        match_columns(layer, layer.fields, ["名称", "名 称"], {}, "file")
    assert caught.value.key == "load.alike" and caught.value.values["columns"] == "名称, 名 称"


def test_geojson_ids_and_nested_values_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    feature = {"type": "Feature", "id": "x", "properties": {"a": {"b": 1}, "c": None, "d": [1]}, "geometry": None}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with open_source(path) as source:
        (batch,) = source.batches(source.columns)
    assert batch.geometries[0] is None
