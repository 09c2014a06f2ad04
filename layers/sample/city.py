"""The sample city put together: Taixing's real names around made-up borders, cameras and cases."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.codes.numbering import assign_serials
from geo.crs import transformer
from geo.heat.cells import cells_of
from geo.tessellation.borders import border_edges, dissolve, smooth
from geo.tessellation.tessellation import Tessellation
from layers.case_types import CaseType, case_types
from layers.sample import tables
from layers.sample.cameras import describe_cameras, place_cameras
from layers.sample.cases import make_cases
from layers.sample.departments import department_cells
from layers.sample.divisions import Divisions, divide, positions
from layers.sample.field import PeopleField
from layers.sample.grids import DEDICATED, SOCIAL, GridFaces, apportion, draw_grids
from layers.sample.ground import Ground, lay_ground
from layers.sample.places import enforcement_bureaus, service_points
from layers.sample.spots import DECIMALS, spots
from layers.sample.tables import Place, short_name
from layers.sample.teams import dedicated_names, social_names, teams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED = 321283
#: First day of the sample's grids.
VALID_FROM = "2020-07-01"
#: Edges longer than this get a vertex in the middle, a little aside, so that borders wind as drawn ones do.
_LONG_EDGE_M = 70.0
_CATEGORY = {"0": "street", "1": "town", "2": "township", "3": "township"}
_VILLAGE_CATEGORY = {"0": "residents", "1": "residents", "2": "villagers", "3": "villagers"}


@dataclass(frozen=True, eq=False)
class SampleCity:
    """Everything that is loaded, in EPSG:4490 (longitude first, 8 decimals), columns as in the database.

    Attributes
    ----------
    outline : MultiPolygon
    divisions, grids, cameras, cases, service_points, enforcement : GeoDataFrame
        Areas are m2 in EPSG:4549. The people of a dedicated grid are counted in the social grid around it as well.
    case_types : list of CaseType
    """

    outline: shapely.MultiPolygon
    divisions: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    department_cells: gpd.GeoDataFrame
    cameras: gpd.GeoDataFrame
    cases: gpd.GeoDataFrame
    service_points: gpd.GeoDataFrame
    enforcement: gpd.GeoDataFrame
    case_types: list[CaseType]


def build_city(rng_seed: int = SEED) -> SampleCity:
    """The sample city of a seed; the same seed gives the same bytes.

    Parameters
    ----------
    rng_seed : int

    Returns
    -------
    SampleCity
        16 townships and 356 villages that tile the outline, 1186 social and 226 dedicated grids with 1,127,100 people
        in the social ones, working cells of three departments, 2,000 cameras, 200,000 cases from 2024-01-01 to
        2025-12-31, 16 service centres, 356 stations
        and 16 enforcement bureaus. Borders, people, cameras and cases are made up.
    """
    # One stream a subject: changing how cameras are drawn leaves the grids as they were.
    streams = np.random.default_rng(rng_seed).spawn(7)
    townships, villages = tables.townships(), tables.villages()
    seats, known = positions(townships), positions(villages)
    field = PeopleField([place.code for place in townships], seats)
    anchors = np.concatenate((seats, known[~np.isnan(known[:, 0])]))
    ground = lay_ground(tables.outline(), field, anchors, SOCIAL, tables.POPULATION, streams[0])
    areas = divide(ground, townships, villages, streams[1])
    drawn = draw_grids(ground, areas.village, len(villages), streams[2])
    metric, ground_ll = _finish(ground.mesh, drawn, streams[2])

    people = apportion(np.bincount(drawn.social, ground.people, SOCIAL), tables.POPULATION, at_least=60)
    grids = _grids(metric, ground_ll, ground, drawn, villages, people, streams[3])
    divisions = _divisions(metric, ground_ll, areas, drawn, people, townships, villages)
    codes = grids["code"].to_numpy()

    faces, sources = place_cameras(ground, streams[4])
    short = [short_name(place.name) for place in villages]
    cameras = describe_cameras(sources, [short[index] for index in areas.village[faces]], streams[4])
    cameras["grid_code"] = codes[drawn.social[faces]]
    cameras["township_code"] = cameras["grid_code"].str[:9]

    cases, case_faces = make_cases(ground, case_types(), streams[5])
    case_points = spots(ground_ll, case_faces, streams[5])
    cases["grid_code"] = codes[drawn.social[case_faces]]
    cases["village_code"] = cases["grid_code"].str[:12]
    cases["township_code"] = cases["grid_code"].str[:9]
    cases["cell"] = cells_of(*case_points.T)

    outline = divisions.geometry.iloc[0]
    points = service_points(
        townships, villages, _seats(townships, divisions.geometry.to_numpy()[1:17]),
        _seats(villages, divisions.geometry.to_numpy()[17:]), streams[4],
    )
    offices = np.round(points[["lon", "lat"]].to_numpy()[: len(townships)] + (0.0009, -0.0006), DECIMALS)
    bureaus = enforcement_bureaus(townships, offices, divisions["population"].to_numpy()[1:17].astype(np.float64))
    return SampleCity(
        outline=outline,
        divisions=divisions,
        grids=grids,
        department_cells=department_cells(ground, ground_ll, areas, drawn, townships, villages, streams[6]),
        cameras=_at(cameras, spots(ground_ll, faces, streams[4])),
        cases=_at(cases, case_points),
        service_points=_at(points.drop(columns=["lon", "lat"]), points[["lon", "lat"]].to_numpy()),
        enforcement=_at(bureaus.drop(columns=["lon", "lat"]), bureaus[["lon", "lat"]].to_numpy()),
        case_types=case_types(),
    )


def _finish(mesh: Tessellation, drawn: GridFaces, rng: np.random.Generator) -> tuple[Tessellation, Tessellation]:
    """The tessellation with winding borders, in metres and in degrees."""
    ends, sides = mesh.edges
    border = border_edges(mesh, drawn.social) | border_edges(mesh, drawn.dedicated + 1)
    length = np.hypot(*(mesh.vertices[ends[:, 0]] - mesh.vertices[ends[:, 1]]).T)
    long = border & (sides >= 0).all(axis=1) & (length > _LONG_EDGE_M)
    mesh = mesh.with_midpoints(long, np.clip(rng.normal(0, 0.06, len(long)), -0.15, 0.15))
    mesh = smooth(mesh, border_edges(mesh, drawn.social) | border_edges(mesh, drawn.dedicated + 1))
    degrees = transformer(tables.METRIC_SRID, 4490).transform(*mesh.vertices.T)
    rounded = mesh.moved(np.round(np.column_stack(degrees), DECIMALS))
    return mesh, rounded


def _grids(
    metric: Tessellation, ground_ll: Tessellation, ground: Ground, drawn: GridFaces, villages: list[Place],
    people: Ints, rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Social grids 0 to 1185, then dedicated ones."""
    shapes = np.concatenate((
        dissolve(ground_ll.polygons, drawn.social, SOCIAL), dissolve(ground_ll.polygons, drawn.dedicated, DEDICATED),
    ))
    areas = metric.areas
    inside = drawn.dedicated >= 0
    part = np.bincount(drawn.dedicated[inside], ground.people[inside], DEDICATED)
    whole = np.bincount(drawn.social, ground.people, SOCIAL)[drawn.host]
    owner = np.concatenate((drawn.village, drawn.village[drawn.host]))
    village_codes = [villages[index].code for index in owner]
    short = [short_name(villages[index].name) for index in owner]
    kinds = ["social"] * SOCIAL + ["dedicated"] * DEDICATED
    serials = assign_serials(shapes, village_codes, kinds, metric_srid=tables.METRIC_SRID)
    names = social_names(short[:SOCIAL], serials[:SOCIAL])
    names += dedicated_names(short[SOCIAL:], drawn.purpose, serials[SOCIAL:])
    population = np.concatenate((people, np.floor(people[drawn.host] * part / whole).astype(np.int64)))
    table = pd.DataFrame({
        "code": [f"{village}{serial:03d}" for village, serial in zip(village_codes, serials.tolist(), strict=True)],
        "name": names,
        "kind": kinds,
        "village_code": village_codes,
        "area_m2": np.concatenate((
            np.bincount(drawn.social, areas, SOCIAL), np.bincount(drawn.dedicated[inside], areas[inside], DEDICATED),
        )),
        "population": population,
    })
    table = pd.concat((table, teams(names, population, rng)), axis=1)
    table["valid_from"] = VALID_FROM
    return _with(table, shapes)


def _divisions(
    metric: Tessellation, ground_ll: Tessellation, areas: Divisions, drawn: GridFaces, people: Ints,
    townships: list[Place], villages: list[Place],
) -> gpd.GeoDataFrame:
    """The county, its townships, its villages: 373 rows."""
    village_people = np.bincount(drawn.village, people, len(villages)).astype(np.int64)
    parents = [place.code for place in townships]
    owner = np.array([parents.index(place.code[:9]) for place in villages])
    shapes = np.concatenate((
        dissolve(ground_ll.polygons, np.zeros(len(metric), dtype=np.int64), 1),
        dissolve(ground_ll.polygons, areas.township, len(townships)),
        dissolve(ground_ll.polygons, areas.village, len(villages)),
    ))
    table = pd.DataFrame({
        "code": [tables.CODE, *parents, *(place.code for place in villages)],
        "name": [tables.NAME, *(place.name for place in townships), *(place.name for place in villages)],
        "level": ["county"] + ["township"] * len(townships) + ["village"] * len(villages),
        "parent_code": [None] + [tables.CODE] * len(townships) + [place.code[:9] for place in villages],
        "category": [
            None,
            *(_CATEGORY.get(place.code[6], "other") for place in townships),
            *(_VILLAGE_CATEGORY.get(place.code[9], "other") for place in villages),
        ],
        "area_m2": np.concatenate((
            [metric.areas.sum()],
            np.bincount(areas.township, metric.areas, len(townships)),
            np.bincount(areas.village, metric.areas, len(villages)),
        )),
        "population": np.concatenate((
            [people.sum()], np.bincount(owner, village_people, len(townships)).astype(np.int64), village_people,
        )),
    })
    return _with(table, shapes)


def _seats(places: list[Place], shapes: NDArray[np.object_]) -> Floats:
    """Real positions where known, otherwise a point inside, in degrees."""
    points = np.round(shapely.get_coordinates(shapely.point_on_surface(shapes)), DECIMALS)
    for index, place in enumerate(places):
        if place.position is not None:
            points[index] = place.position
    return points


def _with(table: pd.DataFrame, shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table, geometry=[shapely.MultiPolygon([shape]) for shape in shapes], crs=4490)


def _at(table: pd.DataFrame, points: Floats) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table, geometry=shapely.points(points), crs=4490)
