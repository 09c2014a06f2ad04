"""Random points inside faces of the ground, in degrees."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.tessellation.tessellation import Tessellation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DECIMALS = 8


def spots(ground: Tessellation, faces: Ints, rng: np.random.Generator) -> Floats:
    """A point in each face of a list.

    Parameters
    ----------
    ground : Tessellation
        With vertices in degrees, longitude first.
    faces : ndarray, shape (N,)
        Faces, repeated as often as wanted.
    rng : numpy Generator

    Returns
    -------
    ndarray, shape (N, 2)
        Longitude and latitude to 8 decimals, strictly inside.
    """
    found = np.zeros((len(faces), 2))
    shapely.prepare(ground.polygons)
    left = np.arange(len(faces))
    # Nearly every face can be seen whole from its centre, so the first round settles nearly all.
    for _ in range(20):
        face = faces[left]
        first, size = ground.start[face], np.diff(ground.start)[face]
        entry = first + (rng.uniform(size=len(left)) * size).astype(np.int64)
        a, b = ground.vertices[ground.ring[entry]], ground.vertices[ground.ring[ground.following[entry]]]
        centre = ground.centres[face]
        u, v = rng.uniform(size=(2, len(left), 1))
        reach = 0.97 * np.sqrt(u)
        found[left] = np.round(centre + reach * ((a - centre) + v * (b - a)), DECIMALS)
        inside = shapely.contains_xy(ground.polygons[face], found[left, 0], found[left, 1])
        left = left[~inside]
        if not len(left):
            return found
    points = shapely.point_on_surface(ground.polygons[faces[left]])
    found[left] = np.round(shapely.get_coordinates(points), DECIMALS)
    return found
