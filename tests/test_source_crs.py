"""Coordinate systems of files, and geometries made fit for a layer."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import InvalidInput
from geo.gcj02 import Shift, wgs84_to_bd09, wgs84_to_gcj02
from layers.loading.shaping import shaped
from layers.loading.source_crs import crs_of_file, likely_projected, parse_crs


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
