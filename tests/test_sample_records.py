"""The sample city's records: cameras, cases, cells and service points."""

from __future__ import annotations

import csv

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from built_city import built_city, level, social

from geo.crs import project
from layers.case_types import case_types
from layers.sample import SampleCity
from layers.sample.cases import COUNT, SATELLITE
from layers.sample.rhythm import STATES, STEPS, VOID


@pytest.fixture(scope="module")
def built() -> SampleCity:
    return built_city()


def test_case_types_are_those_of_the_standard_and_a_few_of_ones_own(shared):
    with (shared / "data" / "case_types.csv").open(encoding="utf-8") as file:
        category = {"部件": "component", "事项": "matter"}
        standard = {
            (category[row["kind"]], row["big_code"], row["big_name"], row["code"], row["name"])
            for row in csv.DictReader(file)
        }
    ours = case_types()
    assert {tuple(vars(entry).values()) for entry in ours if entry.category != "local"} == standard
    local = [entry for entry in ours if entry.category == "local"]
    assert {entry.type_name for entry in local} >= {"焚烧秸秆", "卫星图斑疑似违建"}
    assert all(entry.type_code[:2] == entry.class_code and int(entry.type_code[2:]) > 900 for entry in local)
    keys = [(entry.category, entry.type_code) for entry in ours]
    assert len(set(keys)) == len(keys) == 153 + 250 + len(local)


def test_cameras_are_shaped_as_gb_t_28181_says(built):
    cameras = built.cameras
    assert cameras["device_id"].is_unique
    assert cameras["device_id"].str.fullmatch(r"32128300(00|08|40)13[12]\d\d{6}").all()
    towers = cameras[cameras["source"] == "bluesky"]
    assert len(towers) == 100
    assert (towers["height_m"] == 40).all()
    assert towers["range_m"].between(1500, 5000).all()
    assert (towers["fov_deg"] == 360).all()
    assert cameras["azimuth_deg"].dropna().between(0, 360, inclusive="left").all()
    assert cameras["fov_deg"].between(0, 360, inclusive="right").all()
    assert 50 < cameras["assumed"].sum() < 400
    lies_in(built, cameras)


def test_towers_are_spread_evenly(built):
    towers = built.cameras[built.cameras["source"] == "bluesky"].geometry.to_numpy()
    points = shapely.get_coordinates(project(towers, 4490, 4549))
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 1000
    # 1173 km2 for 100 towers: a square lattice would have 3.4 km.
    assert 2000 < np.median(distance.min(axis=1)) < 4000


def lies_in(city: SampleCity, frame) -> None:
    """Each point lies in the grid that its row names, and in no other."""
    grids = social(city)
    point, grid = shapely.STRtree(grids.geometry.to_numpy()).query(frame.geometry.to_numpy(), predicate="within")
    assert len(point) == len(frame)
    assert (grids["code"].to_numpy()[grid] == frame["grid_code"].to_numpy()[point]).all()


def test_cases_lie_in_their_grids_and_cells(built):
    cases = built.cases
    lies_in(built, cases)
    assert (cases["grid_code"].str[:12] == cases["village_code"]).all()
    assert (cases["grid_code"].str[:9] == cases["township_code"]).all()
    some = cases.sample(2000, random_state=1)
    for cell, point in zip(some["cell"], some.geometry, strict=True):
        assert cell == h3.latlng_to_cell(point.y, point.x, 10)


def test_times_are_in_order_and_agree_with_the_state(built):
    cases = built.cases
    reported = cases["reported_at"].to_numpy()
    local = reported + np.timedelta64(8, "h")
    assert local.min() >= np.datetime64("2024-01-01T00:00:00")
    assert local.max() < np.datetime64("2026-01-01T00:00:00")
    assert (np.diff(reported) >= np.timedelta64(0, "s")).all()
    void = (cases["state"] == VOID).to_numpy()
    steps = cases[["reported_at", *STEPS]].to_numpy().astype("datetime64[s]")
    done = ~np.isnat(steps)
    assert set(cases["state"]) <= {*STATES, VOID}
    assert (done[~void].sum(axis=1) == [STATES.index(state) + 1 for state in cases["state"][~void]]).all()
    # what has happened is a beginning of the list: nothing is checked that was not handled
    assert (np.diff(done[~void].astype(int), axis=1) <= 0).all()
    assert (done[void] == [True, True, False, False, False, True]).all()
    both = done[:, 1:] & done[:, :-1]
    assert (steps[:, 1:][both] > steps[:, :-1][both]).all()
    assert (steps[void, 5] > steps[void, 1]).all()
    assert steps[done].max() < np.datetime64("2025-12-31T16:00:00")
    assert (cases["state"] == "结案").mean() > 0.9


def test_case_numbers_are_unique_and_count_up_each_day(built):
    numbers = built.cases["case_no"]
    assert numbers.is_unique
    assert numbers.is_monotonic_increasing
    day = np.datetime_as_string(built.cases["reported_at"].to_numpy() + np.timedelta64(8, "h"), unit="D")
    assert (numbers.str[6:14] == [text.replace("-", "") for text in day]).all()


def test_cases_have_a_type_and_nothing_that_tells_who(built):
    known = {(entry.category, entry.type_code): entry.type_name for entry in built.case_types}
    columns = ["category", "type_code", "type_name"]
    seen = built.cases[columns].drop_duplicates()
    assert all(known[row.category, row.type_code] == row.type_name for row in seen.itertuples())
    assert set(built.cases.columns) == {
        "case_no", *columns, "channel", "state", "reported_at", *STEPS, "grid_code", "village_code", "township_code",
        "cell", "geometry",
    }  # fmt: skip


def test_cases_follow_the_seasons_the_week_and_the_towns(built):
    cases = built.cases
    local = (cases["reported_at"] + np.timedelta64(8, "h")).dt
    straw = (cases["category"] == "local") & (cases["type_code"] == "06999")
    assert set(local.month[straw]) == {6, 10, 11}
    by_weekday = local.day_of_week[~straw].value_counts()
    assert by_weekday[[0, 1, 2, 3, 4]].min() > by_weekday[[5, 6]].max()
    assert (cases["channel"] == SATELLITE).sum() > 1000
    assert (cases["category"][cases["channel"] == SATELLITE] == "local").all()
    frequent = cases["type_name"].value_counts()
    assert frequent.iloc[:10].sum() > 0.4 * COUNT
    assert len(frequent) > 250
    per_cell = cases["cell"].value_counts()
    assert per_cell.iloc[: len(per_cell) // 100].sum() > 0.1 * COUNT


def test_service_points_are_in_every_village_and_fifteen_centres_are_large(built):
    points = built.service_points
    centres = points[points["level"] == "centre"]
    stations = points[points["level"] == "station"]
    assert len(centres) == 16
    assert (centres["floor_area_m2"] >= 300).sum() == 15
    assert set(stations["village_code"]) == set(level(built, "village")["code"])
    assert points["code"].is_unique
    villages = dict(zip(built.divisions["code"], built.divisions.geometry, strict=True))
    assert all(villages[row.village_code].contains(row.geometry) for row in stations.itertuples())
    assert all(villages[row.township_code].contains(row.geometry) for row in centres.itertuples())
    assert all(villages[row.township_code].contains(row.geometry) for row in built.enforcement.itertuples())
