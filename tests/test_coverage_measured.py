"""Coverage checks against real coverages that were measured with a full pairwise self-join."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from geo.coverage.coverage import check_coverage
from geo.finding import Finding
from layers.texts import texts

MEASURED = [
    "atlanta",
    "chapel-hill",
    "edmonton",
    "los-angeles-county",
    "savannah",
    "turku",
    "unna",
    "zurich-city",
    "CO_bad_gap_region",
    "DenverCo_precincts2016_orig",
    "DenverCo_precincts2016_repaired",
    "DenverCo_precincts2018_orig",
    "DenverCo_precincts2018_repaired",
    "communes-corse",
]

#: Gaps where the reference's count is not the right one: they differ in crumbs below 1e-8 m2 that rounding makes or
#: eats, so that the same union of another machine has other ones (644, 275 and 721 with GEOS 3.14.1).
COUNTED = {"los-angeles-county": 641, "savannah": 275, "zurich-city": 719}


def kinds(findings: list[Finding]) -> Counter[str]:
    return Counter(finding.kind for finding in findings)


@pytest.mark.parametrize("name", MEASURED)
def test_agrees_with_the_full_self_join(shared: Path, name: str) -> None:
    measured = json.loads((shared / "data" / "coverage_measured.json").read_text("utf-8"))
    entry = next(entry for entry in measured if Path(entry["file"]).stem == name)
    frame = geopandas.read_file(shared / "data" / entry["file"])
    # measured on polygons that were made valid in degrees, then projected
    invalid = int((~frame.geometry.is_valid).sum())
    polygons = np.asarray(frame.geometry.make_valid().to_crs(entry["crs_for_area"]))
    found = check_coverage(polygons, [str(i) for i in range(len(polygons))])
    overlap = [f.area_m2 or 0 for f in found if f.kind in ("overlap", "duplicate")]
    gap = [f for f in found if f.kind == "gap"]
    assert invalid == entry["invalid_polygons"]
    assert sum(area > 1 for area in overlap) == entry["overlap_pairs_gt_1m2"]
    assert sum(area > 100 for area in overlap) == entry["overlap_pairs_gt_100m2"]
    assert len(overlap) == entry["overlap_pairs_gt_0_01m2"]
    assert sum(overlap) == pytest.approx(entry["overlap_area_m2"], rel=1e-6)
    assert sum(f.area_m2 or 0 for f in gap) == pytest.approx(entry["gap_area_m2"], rel=1e-6)
    # three counts of the reference hold gaps that rounding made: tests/test_crumbs.py shows which and why
    assert len(gap) == COUNTED.get(name, entry["gaps"])
    # down to 0.01 m2 they are the holes of the union, an oracle that shares nothing with the check
    holes = np.array([shapely.Polygon(ring).area for part in shapely.get_parts(shapely.union_all(polygons)).tolist()
                      for ring in part.interiors])  # fmt: skip
    for least in (1.0, 0.01):
        assert sum((f.area_m2 or 0) > least for f in gap) == int((holes > least).sum())
    # the measured width was found with a coarser search, which misses the middle of some slivers
    for limit, key in ((1.0, "gaps_width_le_1m"), (10.0, "gaps_width_le_10m")):
        counted = entry[key] + len(gap) - entry["gaps"]
        assert abs(sum((f.width_m or 0) <= limit for f in gap) - counted) <= max(3, 0.005 * entry["gaps"])
    assert len({f.identity for f in found}) == len(found)


def test_every_finding_on_invalid_input_is_reported_once(shared: Path) -> None:
    frame = geopandas.read_file(shared / "data/messy_click_that_hood/zurich-city.geojson")
    polygons = np.asarray(frame.geometry.to_crs("+proj=laea +lat_0=47.38 +lon_0=8.54 +datum=WGS84 +units=m"))
    found = [f for f in check_coverage(polygons, [str(i) for i in range(len(polygons))]) if f.kind == "invalid"]
    assert len(found) == 7
    for finding in found:
        place = finding.geometry
        assert place is not None
        assert polygons[int(finding.ids[0])].distance(place) < 1e-6
        assert f"reason.{finding.values['reason']}" in texts()


def test_clean_coverages_have_no_errors(shared: Path) -> None:
    frame = geopandas.read_file(shared / "data/messy_france_communes/communes-corse.geojson").to_crs(2154)
    found = check_coverage(np.asarray(frame.geometry), frame["code"].tolist())
    assert set(kinds(found)) <= {"multipart"}
    parts = frame.geometry.explode().groupby(level=0).size()
    assert sorted(f.ids[0] for f in found) == sorted(frame["code"][parts[parts > 1].index])


@pytest.mark.parametrize("year", ["2016", "2018"])
def test_enclaves_of_denver_are_gaps_only_without_the_outline(shared: Path, year: str) -> None:
    frame = geopandas.read_file(shared / f"data/messy_denver_precincts/DenverCo_precincts{year}_repaired.zip")
    polygons = np.asarray(frame.to_crs("+proj=laea +lat_0=39.76 +lon_0=-104.85 +units=m").geometry)
    ids = [str(i) for i in range(len(polygons))]
    assert kinds(check_coverage(polygons, ids))["gap"] == 10
    outline = shapely.union_all(polygons)
    assert kinds(check_coverage(polygons, ids, outline=outline))["gap"] == 0
