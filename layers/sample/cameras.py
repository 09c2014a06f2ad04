"""Cameras of the sample city: 天网 along streets, 蓝天卫士 on towers over fields, the townships' own video."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from layers.sample.ground import Ground
from layers.sample.tables import CODE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SKYNET, BLUESKY, TOWNSHIP = 1600, 100, 300
#: What a source that is silent on angle and range is taken for; such rows say so.
ASSUMED_FOV_DEG, ASSUMED_RANGE_M = 90.0, 80.0
#: GB/T 28181: industry of each source (public security, farming and forestry, city management).
_INDUSTRY = {"skynet": "00", "bluesky": "40", "township": "08"}
_CAMERA, _NETWORK_CAMERA, _NETWORK = "131", "132", "0"
_DOME, _HALF_DOME, _FIXED, _PANORAMA = 1, 2, 3, 6


def place_cameras(ground: Ground, rng: np.random.Generator) -> tuple[Ints, list[str]]:
    """Face and source of each camera, shape (2000,): skynet first, then bluesky, then township."""
    density = ground.people / ground.mesh.areas
    weight = ground.people * np.where(ground.roadside, 5.0, 1.0) * (density / np.median(density)) ** 0.5
    skynet = rng.choice(len(weight), SKYNET, p=weight / weight.sum())
    weight = ground.people * np.where(ground.roadside, 2.0, 1.0)
    township = rng.choice(len(weight), TOWNSHIP, p=weight / weight.sum())
    faces = np.concatenate((skynet, _evenly(ground, BLUESKY, density), township)).astype(np.int64)
    return faces, ["skynet"] * SKYNET + ["bluesky"] * BLUESKY + ["township"] * TOWNSHIP


def _evenly(ground: Ground, count: int, density: Floats) -> Ints:
    """Different faces on farmland, each in the middle of about as much of it as the others."""
    farmland = np.flatnonzero(density < np.quantile(density, 0.75))
    centres = ground.mesh.centres[farmland]
    # Starting far apart (farthest-point sampling) keeps the clusters alike.
    nearest = np.full(len(farmland), np.inf)
    chosen = [int(np.hypot(*(centres - centres.mean(axis=0)).T).argmin())]
    while len(chosen) < count:
        nearest = np.minimum(nearest, np.hypot(*(centres - centres[chosen[-1]]).T))
        chosen.append(int(nearest.argmax()))
    means, _ = kmeans2(centres, centres[chosen], iter=20, minit="matrix")
    taken: list[int] = []
    for mean in means:
        order = np.hypot(*(centres - mean).T).argsort()
        taken.append(next(int(face) for face in order if face not in taken))
    return np.asarray(farmland[taken])


def describe_cameras(source: list[str], villages: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Columns of the cameras but for where they stand.

    Parameters
    ----------
    source : list of str
        As `place_cameras` gives it.
    villages : list of str
        Short name of the village of each, for its name.
    rng : numpy Generator

    Returns
    -------
    DataFrame
        ``device_id`` (20 digits), ``name``, ``source``, ``status``, ``ptz_type``, ``azimuth_deg`` (clockwise from
        north; NaN: it turns, or nobody knows), ``fov_deg``, ``range_m``, ``height_m``, ``assumed``.
    """
    kind = np.array(source)
    count = len(kind)
    tower = kind == "bluesky"
    ptz = rng.choice([_FIXED, _DOME, _HALF_DOME, _PANORAMA], count, p=[0.7, 0.19, 0.08, 0.03])
    ptz[tower] = _DOME
    azimuth = np.round(rng.uniform(0, 360, count), 1) % 360
    fov = np.round(rng.uniform(45, 110, count))
    reach = np.round(np.where(kind == "skynet", rng.uniform(50, 150, count), rng.uniform(60, 200, count)), -1)
    height = np.round(rng.uniform(3.5, 8, count), 1)
    fov[(ptz == _PANORAMA) | tower] = 360.0
    reach[tower] = np.round(rng.triangular(1500, 2500, 5000, int(tower.sum())), -2)
    height[tower] = 40.0
    azimuth[fov == 360] = np.nan
    assumed = ~tower & (ptz != _PANORAMA) & (rng.uniform(size=count) < 0.08)
    fov[assumed], reach[assumed] = ASSUMED_FOV_DEG, ASSUMED_RANGE_M
    azimuth[assumed & (rng.uniform(size=count) < 0.3)] = np.nan
    word = {"skynet": "天网", "bluesky": "蓝天卫士", "township": "视频"}
    ids, names = [], []
    serial: dict[tuple[str, str], int] = {}
    for number, (which, village) in enumerate(zip(source, villages, strict=True)):
        kind_code = _NETWORK_CAMERA if which != "township" else _CAMERA
        ids.append(f"{CODE}00{_INDUSTRY[which]}{kind_code}{_NETWORK}{number + 1:06d}")
        serial[which, village] = serial.get((which, village), 0) + 1
        names.append(f"{village}{word[which]}{serial[which, village]:02d}号")
    return pd.DataFrame({
        "device_id": ids,
        "name": names,
        "source": source,
        "status": np.where(rng.uniform(size=count) < 0.03, "OFF", "ON"),
        "ptz_type": ptz,
        "azimuth_deg": azimuth,
        "fov_deg": fov,
        "range_m": reach,
        "height_m": height,
        "assumed": assumed,
    })
