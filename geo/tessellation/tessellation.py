"""A tessellation of small faces that fills an outline, as vertices, rings and edges.

Borders that are chains of the edges of one tessellation match their neighbours vertex by vertex, whatever is grown
from its faces. All functions are planar: coordinates in metres of a projected CRS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tessellation:
    """Faces that share their vertices.

    Attributes
    ----------
    vertices : ndarray, shape (V, 2)
        Coordinates in metres.
    ring : ndarray, shape (R,)
        Vertex numbers of all faces one after another, anticlockwise, the first vertex of a face not repeated.
    start : ndarray, shape (F + 1,)
        Face ``f`` is ``ring[start[f]:start[f + 1]]``.
    seed : ndarray, shape (F,)
        Number of the seed whose Voronoi cell the face is part of.
    """

    vertices: Floats
    ring: Ints
    start: Ints
    seed: Ints

    def __len__(self) -> int:
        return len(self.start) - 1

    @cached_property
    def face_of(self) -> Ints:
        """Face of each entry of `ring`, shape (R,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    @cached_property
    def following(self) -> Ints:
        """Entry of `ring` that follows each entry round its face, shape (R,)."""
        after = np.arange(1, len(self.ring) + 1)
        after[self.start[1:] - 1] = self.start[:-1]
        return after

    @cached_property
    def edges(self) -> tuple[Ints, Ints]:
        """Edges as vertex pairs, shape (E, 2), and the faces on their two sides, shape (E, 2); -1 is outside."""
        pairs = np.sort(np.column_stack((self.ring, self.ring[self.following])), axis=1)
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        pairs, faces = pairs[order], self.face_of[order]
        first = np.ones(len(pairs), dtype=bool)
        first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
        at = np.flatnonzero(first)
        sides = np.full((len(at), 2), -1, dtype=np.int64)
        sides[:, 0] = faces[at]
        paired = np.diff(np.append(at, len(pairs))) > 1
        sides[paired, 1] = faces[at[paired] + 1]
        return pairs[at], sides

    @cached_property
    def areas(self) -> Floats:
        """Areas of the faces in m2, shape (F,)."""
        a, b = self.vertices[self.ring], self.vertices[self.ring[self.following]]
        return np.add.reduceat(a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1], self.start[:-1]) / 2

    @cached_property
    def centres(self) -> Floats:
        """Means of the faces' vertices, shape (F, 2)."""
        sums = np.add.reduceat(self.vertices[self.ring], self.start[:-1], axis=0)
        return np.asarray(sums / np.diff(self.start)[:, None], dtype=np.float64)

    @cached_property
    def polygons(self) -> NDArray[np.object_]:
        """The faces as polygons, shape (F,)."""
        sizes = np.diff(self.start)
        order = np.insert(np.arange(len(self.ring)), self.start[1:], self.start[:-1])
        rings = shapely.linearrings(self.vertices[self.ring[order]], indices=np.repeat(np.arange(len(self)), sizes + 1))
        return np.asarray(shapely.polygons(rings), dtype=object)

    def moved(self, vertices: Floats) -> Tessellation:
        """The same faces with their vertices elsewhere."""
        return replace(self, vertices=vertices)

    def with_midpoints(self, chosen: NDArray[np.bool_], aside: Floats) -> Tessellation:
        """The same faces with one more vertex on some edges.

        Parameters
        ----------
        chosen : ndarray of bool, shape (E,)
            Edges that get a vertex.
        aside : ndarray, shape (E,)
            How far from the middle, across the edge, as a part of its length.
        """
        pairs, _ = self.edges
        a, b = self.vertices[pairs[:, 0]], self.vertices[pairs[:, 1]]
        across = np.column_stack((a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]))
        middles = ((a + b) / 2 + aside[:, None] * across)[chosen]
        number = np.full(len(pairs), -1, dtype=np.int64)
        number[chosen] = len(self.vertices) + np.arange(len(middles))
        # The edge after each entry of the ring, found by the key that `edges` is sorted by.
        key = np.sort(np.column_stack((self.ring, self.ring[self.following])), axis=1)
        size = len(self.vertices)
        edge = np.searchsorted(pairs[:, 0] * size + pairs[:, 1], key[:, 0] * size + key[:, 1])
        both = np.column_stack((self.ring, number[edge])).ravel()
        owner = np.repeat(self.face_of, 2)[both >= 0]
        start = np.searchsorted(owner, np.arange(len(self) + 1))
        return Tessellation(np.vstack((self.vertices, middles)), both[both >= 0], start, self.seed)


def tessellate(outline: shapely.Polygon, seeds: Floats, snap_m: float) -> Tessellation:
    """Voronoi faces of seeds, cut by an outline.

    Parameters
    ----------
    outline : Polygon
        What is filled, without holes.
    seeds : ndarray, shape (N, 2)
        Points; those outside of the outline only shape the faces along it.
    snap_m : float
        Vertices lie on a lattice of this width, and none is nearer than half of it to an edge that isn't its own,
        so that projecting and rounding to centimetres can't make faces overlap. The outline is moved by as much.

    Returns
    -------
    Tessellation
        Faces in the order of their seeds; a Voronoi cell that the outline cuts in two gives two faces.
    """
    low, high = np.array(outline.bounds[:2]), np.array(outline.bounds[2:])
    size = float((high - low).max())
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = (low + high) / 2 + 4 * size * np.column_stack((np.cos(turn), np.sin(turn)))
    diagram = Voronoi(np.vstack((seeds, ring)))
    ridges = np.array(diagram.ridge_vertices)
    lines = shapely.linestrings(diagram.vertices[ridges[(ridges >= 0).all(axis=1)]])
    shapely.prepare(outline)
    within = shapely.contains_properly(outline, lines)
    crossing = lines[~within & shapely.intersects(outline, lines)]
    network = np.concatenate((lines[within], shapely.intersection(crossing, outline), [outline.boundary]))
    noded = shapely.union_all(network, grid_size=snap_m)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    _, seed = cKDTree(seeds).query(shapely.get_coordinates(shapely.centroid(faces)))
    middle = shapely.get_coordinates(shapely.centroid(faces))
    faces = shapely.orient_polygons(faces[np.lexsort((middle[:, 0], middle[:, 1], seed))])
    return _from_polygons(faces, np.sort(seed).astype(np.int64))


def _from_polygons(faces: NDArray[np.object_], seed: Ints) -> Tessellation:
    sizes = shapely.get_num_coordinates(faces).astype(np.int64)
    points = shapely.get_coordinates(faces)
    keep = np.ones(len(points), dtype=bool)
    keep[np.cumsum(sizes) - 1] = False
    vertices, ring = np.unique(points[keep], axis=0, return_inverse=True)
    start = np.concatenate(([0], np.cumsum(sizes - 1)))
    return Tessellation(vertices, ring.reshape(-1).astype(np.int64), start.astype(np.int64), seed)


def relax(seeds: Floats, fixed: NDArray[np.bool_], rounds: int) -> Floats:
    """Seeds moved to the centroids of their Voronoi cells (Lloyd 1982), which evens out the cells.

    Parameters
    ----------
    seeds : ndarray, shape (N, 2)
    fixed : ndarray of bool, shape (N,)
        Those that stay where they are. Seeds with an unbounded cell stay as well.
    rounds : int

    Returns
    -------
    ndarray, shape (N, 2)
    """
    seeds = seeds.copy()
    for _ in range(rounds):
        diagram = Voronoi(seeds)
        ridges, pairs = np.array(diagram.ridge_vertices), diagram.ridge_points
        unbounded = np.zeros(len(seeds), dtype=bool)
        unbounded[pairs[(ridges < 0).any(axis=1)]] = True
        a, b = diagram.vertices[ridges[:, 0]], diagram.vertices[ridges[:, 1]]
        # A cell is convex, so the triangles from its seed to its ridges fill it.
        area, moment = np.zeros(len(seeds)), np.zeros((len(seeds), 2))
        for side in (0, 1):
            owner = pairs[:, side]
            p = seeds[owner]
            part = np.abs((a[:, 0] - p[:, 0]) * (b[:, 1] - p[:, 1]) - (b[:, 0] - p[:, 0]) * (a[:, 1] - p[:, 1])) / 2
            area += np.bincount(owner, part, len(seeds))
            for axis in (0, 1):
                middle = (a[:, axis] + b[:, axis] + p[:, axis]) / 3
                moment[:, axis] += np.bincount(owner, part * middle, len(seeds))
        free = ~fixed & ~unbounded & (area > 0)
        seeds[free] = moment[free] / area[free, None]
    return seeds
