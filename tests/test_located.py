"""The process locate on the sample city: every way to give points, borders, vendors' coordinates, and edits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from geo.errors import InvalidInput
from geo.gcj02 import wgs84_to_bd09, wgs84_to_gcj02
from layers.database.database import bind
from layers.texts import texts
from processes.locate import Locate


def run(**inputs: Any) -> dict[str, Any]:
    return Locate().execute(inputs)[1]


@pytest.fixture
def sample(city: Any) -> Any:
    bind(city.api)
    with city.transaction() as cur:
        cur.execute(
            "select code, village_code, township_code, st_x(p), st_y(p) from (select *, st_pointonsurface(geom) as p"
            " from wangge.grids where valid_to is null and kind = 'social' order by md5(code) limit 200) as chosen"
        )
        return cur.fetchall()


def test_points_inside_grids_in_the_order_given(sample: Any) -> None:
    answer = run(points=[[row[3], row[4]] for row in sample])
    assert answer["grid_code"] == [row[0] for row in sample]
    assert answer["village_code"] == [row[1] for row in sample]
    assert answer["township_code"] == [row[2] for row in sample]
    assert answer["count"] == answer["located"] == len(sample)
    assert all(answer["village_name"]) and all(answer["township_name"])


def test_arrays_and_geojson_say_the_same(sample: Any) -> None:
    lon, lat = [row[3] for row in sample], [row[4] for row in sample]
    columns = run(lon=[*lon, 0.0], lat=[*lat, 0.0])
    assert columns["grid_code"][-1] is None
    points = [{"type": "Point", "coordinates": [x, y, 5.0]} for x, y in zip(lon, lat, strict=True)]
    features = [
        {"type": "Feature", "id": n, "geometry": geometry, "properties": {"kept": n}}
        for n, geometry in enumerate([*points, None])
    ]
    found = run(points={"type": "FeatureCollection", "features": features})["features"]
    assert [feature["properties"]["grid_code"] for feature in found] == columns["grid_code"]
    assert [feature["properties"]["kept"] for feature in found] == list(range(len(features)))
    assert features[0]["properties"] == {"kept": 0}


@pytest.mark.parametrize(("crs", "shift"), [("GCJ02", wgs84_to_gcj02), ("BD09", wgs84_to_bd09)])
def test_vendor_coordinates(sample: Any, crs: str, shift: Any) -> None:
    lon, lat = shift([row[3] for row in sample], [row[4] for row in sample])
    assert run(lon=lon.tolist(), lat=lat.tolist(), crs=crs)["grid_code"] == [row[0] for row in sample]


def test_equals_postgis_on_random_points(sample: Any, city: Any) -> None:
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(119.85, 120.4, 2000), rng.uniform(31.9, 32.45, 2000)
    with city.transaction() as cur:
        cur.execute(
            "select min(code) from unnest(%s::float8[], %s::float8[]) with ordinality as at (x, y, n)"
            " left join wangge.grids on valid_to is null and kind = %s"
            " and st_intersects(geom, st_setsrid(st_point(x, y), 4490)) group by n order by n",
            (lon.tolist(), lat.tolist(), "dedicated"),
        )
        dedicated = [row[0] for row in cur.fetchall()]
    assert run(lon=lon.tolist(), lat=lat.tolist(), dedicated=True)["grid_code"] == dedicated


def test_an_edit_is_seen_at_once(city_copy: Any) -> None:
    bind(city_copy.api)
    with city_copy.transaction() as cur:
        cur.execute("select code, st_asbinary(geom) from wangge.grids where kind = 'social' order by code limit 1")
        code, shape = cur.fetchone()
    at = shapely.from_wkb(bytes(shape)).representative_point()
    assert run(points=[[at.x, at.y]])["grid_code"] == [code]
    with city_copy.transaction() as cur:
        cur.execute("delete from wangge.grids where code = %s", (code,))
    assert run(points=[[at.x, at.y]])["grid_code"] == [None]


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"lon": [1.0]},
        {"points": [[1.0, 2.0]], "lon": [1.0], "lat": [2.0]},
        {"lon": [1.0, 2.0], "lat": [1.0]},
        {"points": [[1.0]]},
        {"points": {"type": "Feature"}},
        {"points": {"type": "FeatureCollection", "features": [{"geometry": {"type": "LineString"}}]}},
        {"points": {"type": "FeatureCollection", "features": [{"geometry": {"type": "Point", "coordinates": "a"}}]}},
        {"points": [["a", "b"]]},
        {"points": [[1.0, 2.0]], "crs": "EPSG:4549"},
    ],
)
def test_bad_input_is_said(sample: Any, inputs: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        run(**inputs)
    text = texts()[caught.value.key]
    assert text.zh.format(**caught.value.values) and text.en.format(**caught.value.values)


def test_nothing(sample: Any) -> None:
    assert run(points=[])["count"] == 0
