"""Working cells of three departments of the sample city, each drawn after a fashion of its own, as departments do."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.tessellation.borders import dissolve
from geo.tessellation.growth import grow
from geo.tessellation.tessellation import Tessellation
from layers.sample import tables
from layers.sample.divisions import Divisions
from layers.sample.grids import GridFaces
from layers.sample.ground import Ground
from layers.sample.tables import Place, short_name

Ints = NDArray[np.int64]

POLICE, FIRE, AFFAIRS = "公安", "消防", "民政"
#: Cells of the fire department in a township; they keep to no village.
FIRE_CELLS = 9
#: Townships where civil affairs has cells at all: there the very grids.
AFFAIRS_TOWNSHIPS = 5
_HOUSEHOLD = 3.1


def department_cells(
    ground: Ground, ground_ll: Tessellation, areas: Divisions, drawn: GridFaces, townships: list[Place],
    villages: list[Place], rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Cells of the police (a village each), the fire department (across villages) and civil affairs (grids, but only
    of some townships), in EPSG:4490.

    Parameters
    ----------
    ground : Ground
    ground_ll : Tessellation
        The same faces in degrees.
    areas : Divisions
    drawn : GridFaces
    townships, villages : list of Place
    rng : numpy Generator

    Returns
    -------
    GeoDataFrame
        Columns as in the table, by department and code.
    """
    of_grid = np.array([int(areas.township[np.argmax(drawn.social == grid)]) for grid in range(len(drawn.village))])
    own = np.flatnonzero(of_grid < AFFAIRS_TOWNSHIPS)
    number = np.full(len(of_grid), -1, dtype=np.int64)
    number[own] = np.arange(len(own))
    fire = _fire(ground, areas, len(townships), rng)
    within = np.concatenate([np.arange(1, n + 1) for n in np.bincount(of_grid[own], minlength=AFFAIRS_TOWNSHIPS)])
    own_grids = list(zip([townships[n] for n in of_grid[own]], within.tolist(), strict=True))
    parts = [
        (POLICE, areas.village, [
            (f"JW{place.code}", short_name(place.name) + "警务责任区", place.code[:9]) for place in villages
        ]),
        (FIRE, fire, [
            (f"XF{place.code}{n:02d}", f"{place.name}第{n}防火巡查区", place.code)
            for place in townships for n in range(1, FIRE_CELLS + 1)
        ]),
        (AFFAIRS, number[drawn.social], [
            (f"MZ{place.code}{n:03d}", f"{place.name}民政服务{n}区", place.code) for place, n in own_grids
        ]),
    ]  # fmt: skip
    scale = tables.POPULATION / ground.people.sum()
    frames = []
    for department, labels, cells in parts:
        inside = labels >= 0
        people = np.round(np.bincount(labels[inside], ground.people[inside], len(cells)) * scale).astype(np.int64)
        table = pd.DataFrame({
            "department": department,
            "code": [code for code, _, _ in cells],
            "name": [name for _, name, _ in cells],
            "township_code": [township for _, _, township in cells],
            "population": people,
            "households": np.round(people / _HOUSEHOLD).astype(np.int64),
            "staff": rng.integers(1, 7, len(cells)),
        })
        shapes = dissolve(ground_ll.polygons, labels, len(cells))
        geometry = [shapely.MultiPolygon([shape]) for shape in shapes]
        frames.append(gpd.GeoDataFrame(table, geometry=geometry, crs=4490).sort_values("code"))
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=4490)


def _fire(ground: Ground, areas: Divisions, townships: int, rng: np.random.Generator) -> Ints:
    """Cells grown inside of townships from faces drawn by lot, with about the same ground each."""
    held = np.full(len(ground.mesh), -1, dtype=np.int64)
    for township in range(townships):
        faces = rng.choice(np.flatnonzero(areas.township == township), FIRE_CELLS, replace=False)
        held[faces] = township * FIRE_CELLS + np.arange(FIRE_CELLS)
    inside = areas.township[ground.pairs[:, 0]] == areas.township[ground.pairs[:, 1]]
    each = np.bincount(areas.township, ground.mesh.areas, townships) / FIRE_CELLS
    return grow(ground.pairs[inside], ground.costs[inside], held, ground.mesh.areas, np.repeat(each, FIRE_CELLS))
