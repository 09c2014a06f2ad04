"""Service centres, service stations and enforcement bureaus of the sample city."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.sample.grids import apportion
from layers.sample.tables import Place, short_name

Floats = NDArray[np.float64]

OFFICERS, POWERS = 323, 138
#: A standard centre has this much floor; one of the sixteen has not.
CENTRE_M2 = 300.0


def service_points(
    townships: list[Place], villages: list[Place], seats: Floats, stations: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    """A centre for each township, and a station for each village.

    Parameters
    ----------
    townships, villages : list of Place
    seats, stations : ndarray, shape (16, 2) and (356, 2)
        Degrees.
    rng : numpy Generator

    Returns
    -------
    DataFrame
        ``code``, ``name``, ``level``, ``township_code``, ``village_code``, ``floor_area_m2``, ``lon``, ``lat``.
    """
    floor = np.round(rng.uniform(CENTRE_M2 + 20, 1500, len(townships)))
    floor[int(rng.integers(len(townships)))] = 260.0
    centres = pd.DataFrame({
        "code": ["FW" + place.code for place in townships],
        "name": [place.name + "便民服务中心" for place in townships],
        "level": "centre",
        "township_code": [place.code for place in townships],
        "village_code": None,
        "floor_area_m2": floor,
        "lon": seats[:, 0],
        "lat": seats[:, 1],
    })
    points = pd.DataFrame({
        "code": ["FW" + place.code for place in villages],
        "name": [short_name(place.name) + "便民服务站" for place in villages],
        "level": "station",
        "township_code": [place.code[:9] for place in villages],
        "village_code": [place.code for place in villages],
        "floor_area_m2": np.round(rng.uniform(60, 280, len(villages))),
        "lon": stations[:, 0],
        "lat": stations[:, 1],
    })
    return pd.concat((centres, points), ignore_index=True)


def enforcement_bureaus(townships: list[Place], points: Floats, population: Floats) -> pd.DataFrame:
    """A bureau for each township, its officers shared out by population, 323 together.

    Parameters
    ----------
    townships : list of Place
    points : ndarray, shape (16, 2)
        Degrees.
    population : ndarray, shape (16,)
    """
    return pd.DataFrame({
        "code": ["ZF" + place.code for place in townships],
        "name": [place.name + "综合行政执法局" for place in townships],
        "township_code": [place.code for place in townships],
        "officers": apportion(population, OFFICERS, at_least=8),
        "powers": POWERS,
        "lon": points[:, 0],
        "lat": points[:, 1],
    })
