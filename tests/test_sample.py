"""The sample city: its sums and counts, its coverage, its cases, and that a seed always gives the same."""

from __future__ import annotations

import csv
import hashlib
import json
from contextlib import closing

import numpy as np
import psycopg2
import pytest
import shapely
from built_city import built_city, dedicated, level, parts, social
from hypothesis import given
from hypothesis import strategies as st

from geo.codes.numbering import assign_serials
from geo.crs import project, transformer
from layers.sample import SampleCity, build_city, load_sample, tables
from layers.sample.cases import COUNT
from layers.sample.grids import apportion
from layers.sample.teams import chinese_number


@pytest.fixture(scope="module")
def built() -> SampleCity:
    return built_city()


def digest(city: SampleCity) -> str:
    total = hashlib.sha256()
    for frame in (city.divisions, city.grids, city.cameras, city.cases, city.service_points, city.enforcement):
        for shape in shapely.to_wkb(frame.geometry.to_numpy()):
            total.update(shape)
        total.update(frame.drop(columns="geometry").to_csv().encode())
    return total.hexdigest()


def test_counts_and_sums_are_those_of_2020(built):
    assert level(built, "county")["code"].tolist() == ["321283"]
    assert len(level(built, "township")) == 16
    assert len(level(built, "village")) == 356
    assert len(social(built)) == 1186
    assert len(dedicated(built)) == 226
    assert social(built)["population"].sum() == 1_127_100
    assert len(built.cameras) == 2000
    assert len(built.cases) == 200_000
    assert built.enforcement["officers"].sum() == 323
    assert (built.enforcement["powers"] == 138).all()
    assert len(built.enforcement) == 16


def test_the_area_is_the_official_one_within_a_five_hundredth(built):
    areas = level(built, "county")["area_m2"].to_numpy()
    assert areas[0] / 1e6 == pytest.approx(1172.27, rel=0.002)
    measured = shapely.area(project(built.grids.geometry.to_numpy(), 4490, 4549))
    assert built.grids["area_m2"].to_numpy() == pytest.approx(measured, rel=1e-4)
    assert social(built)["area_m2"].sum() == pytest.approx(areas[0], rel=1e-9)


def test_every_level_is_a_sound_coverage_of_the_outline(built):
    for frame in (level(built, "township"), level(built, "village"), social(built)):
        shapes = parts(frame)
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes)
        assert shapely.equals(shapely.coverage_union_all(shapes), built.outline)


def test_coordinates_have_eight_decimals_and_vertices_are_shared(built):
    grids = shapely.get_coordinates(built.grids.geometry.to_numpy())
    assert (np.round(grids, 8) == grids).all()
    known = set(map(tuple, shapely.get_coordinates(social(built).geometry.to_numpy()).tolist()))
    for name in ("county", "township", "village"):
        assert known.issuperset(map(tuple, shapely.get_coordinates(parts(level(built, name))).tolist()))


def test_grids_make_up_their_villages_and_villages_their_townships(built):
    grids, villages = social(built), level(built, "village")
    for child, parent_of, parent in (
        (grids, grids["village_code"], villages),
        (villages, villages["parent_code"], level(built, "township")),
    ):
        shapes = parts(child)
        for code, whole, people in zip(parent["code"], parts(parent), parent["population"], strict=True):
            members = (parent_of == code).to_numpy()
            assert members.any()
            assert shapely.equals(shapely.coverage_union_all(shapes[members]), whole)
            assert child["population"][members].sum() == people


def test_borders_wind_as_drawn_ones_do(built):
    vertices = shapely.get_num_coordinates(parts(social(built))) - 1
    assert 40 <= np.median(vertices) <= 90
    assert np.mean((vertices >= 40) & (vertices <= 90)) > 0.85


def test_dedicated_grids_lie_inside_one_social_grid_and_apart(built):
    inner, outer = parts(dedicated(built)), parts(social(built))
    left, right = shapely.STRtree(outer).query(inner, predicate="covered_by")
    assert left.tolist() == list(range(226))
    assert (dedicated(built)["village_code"].to_numpy() == social(built)["village_code"].to_numpy()[right]).all()
    assert (dedicated(built)["population"].to_numpy() <= social(built)["population"].to_numpy()[right]).all()
    assert (shapely.area(inner) < shapely.area(outer[right]) / 1.5).all()
    a, b = shapely.STRtree(inner).query(inner, predicate="intersects")
    assert shapely.area(shapely.intersection(inner[a[a != b]], inner[b[a != b]])).sum() == 0
    assert shapely.is_valid(inner).all()


def test_codes_are_in_reading_order_and_in_their_blocks(built):
    codes = built.grids["code"]
    assert codes.is_unique
    assert codes.str.fullmatch(r"321283\d{9}").all()
    assert (codes.str[:12] == built.grids["village_code"]).all()
    serial = codes.str[12:].astype(int)
    assert serial[built.grids["kind"] == "social"].between(1, 499).all()
    assert serial[built.grids["kind"] == "dedicated"].between(501, 999).all()
    shuffled = built.grids.sample(frac=1, random_state=7)
    again = assign_serials(
        shuffled.geometry.to_numpy(), shuffled["village_code"].tolist(), shuffled["kind"].tolist(), metric_srid=4549
    )
    assert (again == shuffled["code"].str[12:].astype(int)).all()


def test_every_grid_has_a_team_and_a_party_organisation(built):
    assert (built.grids["leaders"] == 1).all()
    assert (built.grids[["members", "info_managers", "instructors", "volunteers"]] >= 1).all().all()
    assert built.grids["party_organisation"].str.endswith(("党支部", "党小组")).all()
    names = built.grids.groupby("village_code")["name"]
    assert (names.nunique() == names.size()).all()


def test_names_and_codes_are_the_official_ones(built, shared):
    with (shared / "data" / "taixing" / "divisions_2020.csv").open(encoding="utf-8") as file:
        official = {row["code"]: row["name"] for row in csv.DictReader(file)}
    ours = dict(zip(built.divisions["code"], built.divisions["name"], strict=True))
    assert ours.pop("321283") == "泰兴市"
    assert official.items() >= ours.items()
    left_out = set(official) - set(ours)
    assert {code[:9] for code in left_out} == {"321283401", "321283402", "321283403"}


def test_real_places_lie_in_their_divisions(built, shared):
    shapes = dict(zip(built.divisions["code"], built.divisions.geometry, strict=True))
    with (shared / "data" / "taixing" / "points.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["level"] != "county"]
    assert len(rows) == 31
    for row in rows:
        code = row["code"].removesuffix("000") if row["level"] == "town" else row["code"]
        assert shapes[code].contains(shapely.Point(float(row["lon_wgs84"]), float(row["lat_wgs84"]))), row["name"]


def test_the_outline_is_the_official_one_simplified(shared):
    ring = json.loads((shared / "data" / "taixing" / "outline_gcj02.json").read_text("utf-8"))["coordinates"][0]
    west, south, east, north = shapely.Polygon(ring).bounds
    # GCJ-02 lies about 0.005 degrees east and 0.002 south of the truth here.
    lon, lat = transformer(4549, 4490).transform(*np.array(tables.outline().bounds).reshape(2, 2).T)
    assert (lon[0], lon[1]) == pytest.approx((west - 0.005, east - 0.005), abs=0.002)
    assert (lat[0], lat[1]) == pytest.approx((south + 0.002, north + 0.002), abs=0.002)
    assert 300 <= len(tables.outline().exterior.coords) <= 500


def test_one_seed_gives_the_same_bytes_and_another_gives_another_sound_city(built):
    assert digest(build_city()) == digest(built)
    other = build_city(7)
    assert digest(other) != digest(built)
    assert shapely.coverage_is_valid(parts(social(other)))
    assert social(other)["population"].sum() == 1_127_100


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(0, 3), st.integers(0, 5000))
def test_apportioned_numbers_have_the_exact_sum(weights, at_least, more):
    weights = np.array(weights) + 1e-3
    total = at_least * len(weights) + more
    shares = apportion(weights, total, at_least=at_least)
    assert shares.sum() == total
    assert (shares >= at_least).all()


def test_apportioning_less_than_the_least_is_an_error():
    with pytest.raises(ValueError, match="can't give 1 to each of 3"):
        apportion(np.ones(3), 2, at_least=1)


def test_numbers_in_chinese_are_all_different():
    assert len({chinese_number(number) for number in range(1, 100)}) == 99
    assert [chinese_number(number) for number in (9, 11, 30, 99)] == ["九", "十一", "三十", "九十九"]


def test_the_database_holds_the_whole_city(city):
    with city.transaction() as cursor:
        for table, rows in (("divisions", 373), ("grids", 1412), ("cameras", 2000), ("cases", COUNT),
                            ("service_points", 372), ("enforcement", 16), ("issued_codes", 1412)):
            cursor.execute(f"select count(*) from wangge.{table}")  # noqa: S608 - names from the line above
            assert cursor.fetchone()[0] == rows, table
        cursor.execute("select sum(count) from wangge.case_counts")
        assert cursor.fetchone()[0] == COUNT
        cursor.execute("select distinct sum(count) from wangge.case_heat where audience = 'staff'"
                       " group by resolution, class_code = 'all', channel = 'all'")
        assert cursor.fetchall() == [(COUNT,)]
        cursor.execute("select count(*) from wangge.cases c join wangge.grids g on g.code = c.grid_code"
                       " where not st_within(c.geom, g.geom)")
        assert cursor.fetchone()[0] == 0
        cursor.execute("select min(reported_at at time zone 'Asia/Shanghai')::date::text,"
                       " max(reported_at at time zone 'Asia/Shanghai')::date::text from wangge.cases")
        first, last = (bytes(text).decode() if not isinstance(text, str) else text for text in cursor.fetchone())
        assert (first, last) == ("2024-01-01", "2025-12-31")


def test_a_load_that_fails_leaves_nothing_behind(db, built):
    told = []
    with closing(psycopg2.connect(db.owner_dsn)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("insert into wangge.divisions (code, name, level, geom) values"
                           " ('321283001', 'x', 'township', st_multi(st_makeenvelope(120, 32, 121, 33, 4490)))")
        with pytest.raises(psycopg2.errors.UniqueViolation):
            load_sample(connection, lambda done, total, key: told.append(key), built)
        with connection, connection.cursor() as cursor:
            cursor.execute("select (select count(*) from wangge.city), (select count(*) from wangge.grids)")
            assert cursor.fetchone() == (0, 0)
    assert told == ["sample.building", "sample.divisions"]
