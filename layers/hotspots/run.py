"""One search for hot spots: places, counts and neighbours read, and everything reckoned from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor
from scipy import sparse

from geo.errors import InvalidInput
from geo.hotspots.discoveries import adjusted, confidence
from geo.hotspots.emerging import LEAST_STEPS, emerging
from geo.hotspots.empirical_bayes import rates, shrunken_rates
from geo.hotspots.gi_star import Window, gi_star, p_values
from geo.hotspots.mann_kendall import Trend, mann_kendall
from geo.hotspots.neighbours import touching, within_distance, within_rings, within_steps
from layers.hotspots.cubes import cell_counts, grid_cube
from layers.hotspots.places import Places, read_cell_places, read_grid_places
from layers.jobs.progress import report
from layers.situation.case_filter import CaseFilter

Unit = Literal["grid", "cell"]
Value = Literal["count", "rate", "smoothed-rate", "local-rate"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Attributes
    ----------
    bounds : tuple of date
        First day of each step, and the day after the last.
    unit : str
        ``grid`` or ``cell``.
    resolution : int
        Of cells.
    cases : CaseFilter
    value : str
        ``count``; ``rate``, cases a person; ``smoothed-rate`` and ``local-rate``, drawn by empirical Bayes towards the
        mean of all grids or of the neighbours.
    rings : int
        Neighbours are what so many steps from grid to touching grid, or from cell to cell, lead to.
    distance_m : float or None
        Neighbours are what lies no further than this from middle to middle, instead of rings.
    lag : int
        Steps before its own in which a bin has neighbours.
    window : str
        As in `geo.hotspots.gi_star.gi_star`.
    level : float
        Rate of false discoveries, and significance of a trend.
    discoveries : bool
        Whether the many tests are paid for by the procedure of Benjamini and Hochberg.
    """

    bounds: tuple[date, ...]
    unit: Unit = "grid"
    resolution: int = 8
    cases: CaseFilter = CaseFilter()
    value: Value = "count"
    rings: int = 1
    distance_m: float | None = None
    lag: int = 1
    window: Window = "cube"
    level: float = 0.05
    discoveries: bool = True


@dataclass(frozen=True, eq=False)
class Found:
    """What came of it, for n places and t steps.

    Attributes
    ----------
    search : Search
    places : Places
    cube : (n, t) ndarray of float
        Cases.
    scores : (n, t) ndarray of float
        Gi*.
    p : (n, t) ndarray of float
        Of false discoveries where these are paid for, else of the one test.
    confidence : (n, t) ndarray of int8
        As in `geo.hotspots.discoveries.confidence`.
    trend : Trend
        Of the scores.
    classes : (n,) ndarray of int8 or None
        As in `geo.hotspots.emerging.emerging`; None for fewer steps than say anything.
    elsewhere : int
        Cases that lie in none of the places.
    left_out : int
        Grids without people, of which no rate can be told.
    """

    search: Search
    places: Places
    cube: Floats
    scores: Floats
    p: Floats
    confidence: NDArray[np.int8]
    trend: Trend
    classes: NDArray[np.int8] | None
    elsewhere: int
    left_out: int


def find(cur: Cursor, search: Search) -> Found:
    """Look for hot spots in what the asker may see.

    Parameters
    ----------
    cur : cursor
    search : Search

    Raises
    ------
    InvalidInput
        When rates of cells are asked for, or there are not enough places.
    """
    report(0, 4, "progress.hotspots.counting")
    if search.unit == "cell":
        if search.value != "count":
            raise InvalidInput("hotspots.no-people", value=search.value)
        cells, counts = cell_counts(cur, search.resolution, search.bounds, search.cases)
        places, elsewhere = read_cell_places(cur, search.resolution, cells), 0
        cube = np.zeros((len(places), counts.shape[1]))
        if places.cells is not None:
            cube[np.searchsorted(places.cells, cells)] = counts
    else:
        places = read_grid_places(cur)
        cube, elsewhere = grid_cube(cur, places, search.bounds, search.cases)
    peopled = (places.population > 0) | (search.value == "count")
    left_out = int((~peopled).sum())
    if left_out:
        places, cube = places.only(peopled), cube[peopled]
    if len(places) < 3:
        raise InvalidInput("hotspots.few-places", places=len(places))
    report(1, 4, "progress.hotspots.neighbours")
    near = _neighbours(places, search)
    report(2, 4, "progress.hotspots.testing")
    scores = gi_star(_values(cube, places, near, search.value), near, lag=search.lag, window=search.window)
    p = p_values(scores)
    if search.discoveries:
        p = adjusted(p)
    trend = mann_kendall(scores)
    classes = None
    if cube.shape[1] >= LEAST_STEPS:
        significant = np.where(p <= search.level, np.sign(scores), 0)
        classes = emerging(significant, trend.direction(search.level))
    report(3, 4, "progress.hotspots.writing")
    return Found(search, places, cube, scores, p, confidence(scores, p), trend, classes, elsewhere, left_out)


def _neighbours(places: Places, search: Search) -> sparse.csr_array:
    if search.distance_m is not None:
        middles = shapely.centroid(places.plane.flat(places.geometries))
        return within_distance(shapely.get_coordinates(middles), search.distance_m)
    if places.cells is not None:
        return within_rings(places.cells, search.rings)
    return within_steps(touching(places.plane.flat(places.geometries)), search.rings)


def _values(cube: Floats, places: Places, near: sparse.csr_array, value: Value) -> Floats:
    if value == "rate":
        return rates(cube, places.population)
    if value == "smoothed-rate":
        return shrunken_rates(cube, places.population)
    if value == "local-rate":
        return shrunken_rates(cube, places.population, near)
    return cube


def days_of(bounds: Sequence[date]) -> tuple[date, date]:
    """First and last day of steps, both included."""
    return bounds[0], date.fromordinal(bounds[-1].toordinal() - 1)
