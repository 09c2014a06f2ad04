"""The ground of the sample city: one tessellation whose faces villages and grids are grown from, in EPSG:4549."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.tessellation.tessellation import Tessellation, relax, tessellate
from layers.sample.field import PeopleField, ripple
from layers.sample.lines import canals, roads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Spacing = Callable[[Floats], Floats]

#: Faces for one social grid on average: its border then has some 40 to 90 vertices.
_FACES_PER_GRID = 17.0
_SNAP_M = 4.0
#: How much dearer it is for a region to grow across a canal or a road.
_CANAL, _ROAD = 7.0, 3.0


@dataclass(frozen=True, eq=False)
class Ground:
    """The tessellation and what growing on it costs.

    Attributes
    ----------
    mesh : Tessellation
    pairs : ndarray, shape (P, 2)
        Neighbouring faces.
    costs : ndarray, shape (P,)
        Price of growing from one to the other, about their distance in metres.
    grids : ndarray, shape (F,)
        Social grids that a face would be worth; sums to about their number.
    people : ndarray, shape (F,)
        Inhabitants, before scaling to the official total.
    roadside : ndarray of bool, shape (F,)
        Faces along a road.
    """

    mesh: Tessellation
    pairs: Ints
    costs: Floats
    grids: Floats
    people: Floats
    roadside: NDArray[np.bool_]


def lay_ground(
    outline: shapely.Polygon,
    people: PeopleField,
    anchors: Floats,
    grids: int,
    inhabitants: int,
    rng: np.random.Generator,
) -> Ground:
    """Tessellate the outline, with finer faces where grids are smaller and edges along canals and roads.

    Parameters
    ----------
    outline : Polygon
        In metres.
    people : PeopleField
    anchors : ndarray, shape (N, 2)
        Points that are to lie in the middle of a face: the real positions of places.
    grids, inhabitants : int
        Number of social grids, and of people.
    rng : numpy Generator
    """
    area_km2 = outline.area / 1e6

    def spacing(points: Floats) -> Floats:
        return 1000 / np.sqrt(_FACES_PER_GRID * people.grids_per_km2(points, grids, inhabitants, area_km2))

    courses = [(line, _CANAL, 0) for line in canals(outline, rng)]
    courses += [(line, _ROAD, 1) for line in roads(people.seats, rng)]
    points, course, side = _banks([line for line, _, _ in courses], anchors, spacing)
    free = _scatter(outline.buffer(800), spacing, rng)
    near, _ = cKDTree(points).query(free)
    free = free[near > 0.75 * spacing(free)]
    seeds = np.concatenate((points, free))
    fixed = np.arange(len(seeds)) < len(points)
    seeds = relax(seeds, fixed, 2)
    mesh = tessellate(outline, seeds, _SNAP_M)

    course = np.concatenate((course, np.full(len(free), -1)))[mesh.seed]
    side = np.concatenate((side, np.zeros(len(free), dtype=np.int64)))[mesh.seed]
    _, sides = mesh.edges
    pairs = np.unique(np.sort(sides[(sides >= 0).all(axis=1)], axis=1), axis=0)
    a, b = pairs.T
    across = (course[a] >= 0) & (course[a] == course[b]) & (side[a] != side[b])
    toll = np.array([toll for _, toll, _ in courses])
    middle = (mesh.centres[a] + mesh.centres[b]) / 2
    costs = np.hypot(*(mesh.centres[a] - mesh.centres[b]).T)
    costs *= np.exp(0.35 * ripple(middle, 2500.0, rng) + 0.3 * rng.normal(size=len(pairs)))
    costs *= np.where(across, toll[course[a]], 1.0)
    is_road = np.append(np.array([kind == 1 for _, _, kind in courses]), False)
    area = mesh.areas / 1e6
    density = people.per_km2(mesh.centres) * np.exp(0.35 * rng.normal(size=len(mesh)))
    return Ground(
        mesh,
        pairs,
        costs,
        area * people.grids_per_km2(mesh.centres, grids, inhabitants, area_km2),
        area * density,
        is_road[course],
    )


def _banks(lines: list[shapely.LineString], anchors: Floats, spacing: Spacing) -> tuple[Floats, Ints, Ints]:
    """Seeds in pairs on both sides of lines, so that Voronoi edges run along them: points, line and side of each.

    The anchors come first, with line -1; a line that passes one too closely is broken there.
    """
    points, course, side = anchors, np.full(len(anchors), -1), np.zeros(len(anchors), dtype=np.int64)
    for number, line in enumerate(lines):
        fine = shapely.get_coordinates(shapely.segmentize(line, 15.0))
        step = np.hypot(*np.diff(fine, axis=0).T)
        ticks = np.concatenate(([0.0], np.cumsum(step / (0.85 * spacing(fine[:-1])))))
        at = np.searchsorted(ticks, np.arange(0.5, ticks[-1], 1.0))
        at = at[(at > 0) & (at < len(fine) - 1)]
        ahead = fine[at + 1] - fine[at - 1]
        ahead /= np.hypot(*ahead.T)[:, None]
        aside = np.column_stack((-ahead[:, 1], ahead[:, 0])) * 0.42 * spacing(fine[at])[:, None]
        distance, _ = cKDTree(points).query(fine[at])
        open_ = distance > 0.95 * spacing(fine[at])
        at, aside = at[open_], aside[open_]
        points = np.concatenate((points, fine[at] + aside, fine[at] - aside))
        course = np.concatenate((course, np.full(2 * len(at), number)))
        side = np.concatenate((side, np.repeat([0, 1], len(at))))
    return points, course, side


def _scatter(area: shapely.Polygon, spacing: Spacing, rng: np.random.Generator) -> Floats:
    """Random points in an area with one in each square of the local spacing."""
    west, south, east, north = area.bounds
    finest = 60.0
    tries = rng.uniform((west, south), (east, north), (int((east - west) * (north - south) / finest**2), 2))
    kept = tries[rng.uniform(size=len(tries)) < (finest / spacing(tries)) ** 2]
    shapely.prepare(area)
    return np.asarray(kept[shapely.contains_xy(area, kept)])
