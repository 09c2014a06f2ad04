"""Borders between regions of a tessellation: smoothing them and building the regions' polygons."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.tessellation.tessellation import Tessellation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def border_edges(mesh: Tessellation, labels: Ints) -> NDArray[np.bool_]:
    """Which edges lie between two regions or on the outside, shape (E,).

    Parameters
    ----------
    mesh : Tessellation
    labels : ndarray, shape (F,)
        Region of each face, 0 and up.
    """
    _, sides = mesh.edges
    region = np.append(labels, -1)[sides]
    return np.asarray(region[:, 0] != region[:, 1])


def smooth(mesh: Tessellation, borders: NDArray[np.bool_], rounds: int = 2, weight: float = 0.5) -> Tessellation:
    """Take the zigzag out of borders: each vertex goes a part of the way to the middle of its two neighbours.

    Vertices on the outside and those where three borders meet stay. Inner vertices move with their surroundings, so
    that the faces stay fair. Where a face would come out invalid, its vertices go back.

    Parameters
    ----------
    mesh : Tessellation
    borders : ndarray of bool, shape (E,)
        Edges that are part of a border, the outside included.
    rounds : int
    weight : float
        Part of the way, 0 to 1.

    Returns
    -------
    Tessellation
        The same faces, all of them valid.
    """
    ends, sides = mesh.edges
    count = len(mesh.vertices)
    outside = np.zeros(count, dtype=bool)
    outside[ends[(sides < 0).any(axis=1)]] = True
    degree = np.bincount(ends[borders].ravel(), minlength=count)
    # An inner vertex follows all of its neighbours, one of a border only those along the border.
    followed = borders | (degree[ends] == 0).any(axis=1)
    vertices = mesh.vertices.copy()
    for _ in range(rounds):
        total, links = np.zeros((count, 2)), np.zeros(count)
        for a, b in ((0, 1), (1, 0)):
            to = ends[:, a]
            used = followed & (borders | (degree[to] == 0))
            links += np.bincount(to[used], minlength=count)
            for axis in (0, 1):
                total[:, axis] += np.bincount(to[used], vertices[ends[used, b], axis], count)
        free = ~outside & ((degree == 2) | (degree == 0)) & (links > 0)
        vertices[free] += weight * (total[free] / links[free, None] - vertices[free])
    return mesh.moved(_without_faults(mesh, vertices))


def _without_faults(mesh: Tessellation, vertices: Floats) -> Floats:
    while True:
        trial = mesh.moved(vertices)
        faulty = ~shapely.is_valid(trial.polygons) | (trial.areas <= 0.2 * mesh.areas)
        touched = np.unique(mesh.ring[faulty[mesh.face_of]])
        if (vertices[touched] == mesh.vertices[touched]).all():
            return vertices
        vertices = vertices.copy()
        vertices[touched] = mesh.vertices[touched]


def dissolve(polygons: NDArray[np.object_], labels: Ints, count: int) -> NDArray[np.object_]:
    """Regions as polygons that keep every vertex of the faces they are made of.

    Parameters
    ----------
    polygons : ndarray of Polygon, shape (F,)
        A sound coverage.
    labels : ndarray, shape (F,)
        Region of each face; negative: none.
    count : int
        Number of regions, each with one face at least.

    Returns
    -------
    ndarray of Polygon, shape (count,)
        In normal form, so that equal input gives equal bytes.
    """
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    bounds = np.searchsorted(labels[order], np.arange(count + 1))
    regions = np.empty(count, dtype=object)
    for number in range(count):
        regions[number] = shapely.coverage_union_all(polygons[order[bounds[number] : bounds[number + 1]]])
    return np.asarray(shapely.normalize(regions), dtype=object)
