"""Canals and roads of the sample city, made up: real borders follow such lines, so the sample's do too."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay

Floats = NDArray[np.float64]


def meander(a: Floats, b: Floats, swing_m: float, rng: np.random.Generator) -> shapely.LineString:
    """A line from ``a`` to ``b`` (metres) that swings to the sides by about ``swing_m``."""
    length = float(np.hypot(*(b - a)))
    along = np.linspace(0, 1, max(int(length / 60), 4))
    aside = np.zeros(len(along))
    for wave in range(1, 13):
        aside += rng.normal() / wave * np.sin(np.pi * wave * along)
    ahead = (b - a) / length
    points = a + along[:, None] * (b - a) + swing_m * aside[:, None] * np.array([-ahead[1], ahead[0]])
    return shapely.LineString(points)


def canals(outline: shapely.Polygon, rng: np.random.Generator) -> list[shapely.LineString]:
    """Six canals from west to east and five from north to south, as the plain north of the Yangtze has them."""
    west, south, east, north = outline.bounds
    lines = []
    for share in (0.12, 0.27, 0.42, 0.58, 0.72, 0.87):
        tilt = rng.normal(0, 1500, 2)
        y = south + share * (north - south)
        lines.append(meander(np.array([west - 500, y + tilt[0]]), np.array([east + 500, y + tilt[1]]), 900.0, rng))
    for share in (0.18, 0.36, 0.54, 0.7, 0.86):
        tilt = rng.normal(0, 1500, 2)
        x = west + share * (east - west)
        lines.append(meander(np.array([x + tilt[0], south - 500]), np.array([x + tilt[1], north + 500]), 900.0, rng))
    return lines


def roads(seats: Floats, rng: np.random.Generator) -> list[shapely.LineString]:
    """Roads between towns that have no third one between them (relative neighbourhood graph, Toussaint 1980)."""
    triangles = Delaunay(seats).simplices
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    pairs = np.unique(np.sort(sides, axis=1), axis=0)
    distance = np.hypot(*(seats[:, None] - seats[None]).transpose(2, 0, 1))
    lines = []
    for a, b in pairs:
        if not (np.maximum(distance[a], distance[b]) < distance[a, b]).any():
            lines.append(meander(seats[a], seats[b], 0.02 * distance[a, b], rng))
    return lines
