"""Points into grids, against the spatial join of geopandas; both in one process, and with equal answers."""

from __future__ import annotations

import time
from typing import Any

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi

from geo.locate import GridIndex

GRIDS = 1412
VERTICES_A_SIDE = 9


def noisy_cells(count: int, rng: np.random.Generator, vertices_a_side: int = VERTICES_A_SIDE) -> NDArray[np.object_]:
    """A sound coverage of about ``count`` polygons in a 0.5 degree square: Voronoi cells whose borders are wiggled."""
    seeds = rng.random((count, 2))
    mirrored = [seeds]
    for axis in (0, 1):
        for wall in (0.0, 1.0):
            image = seeds.copy()
            image[:, axis] = 2 * wall - image[:, axis]
            mirrored.append(image)
    diagram = Voronoi(np.concatenate(mirrored))
    corners = np.round(diagram.vertices, 12)
    sides: dict[tuple[int, int], NDArray[np.float64]] = {}
    polygons = []
    for seed in range(count):
        region = diagram.regions[diagram.point_region[seed]]
        ring = []
        for a, b in zip(region, region[1:] + region[:1], strict=True):
            key = (min(a, b), max(a, b))
            if key not in sides:
                one, two = corners[key[0]], corners[key[1]]
                along = np.linspace(0, 1, vertices_a_side + 1)[:-1, None]
                length = np.hypot(*(two - one))
                wiggle = 0.1 * length / vertices_a_side * rng.standard_normal((vertices_a_side, 2))
                wiggle[0] = 0
                outer = min(abs(one - wall).max() for wall in (0, 1)) < 1e-9
                sides[key] = np.vstack((one + along * (two - one) + (0 if outer else wiggle), two))
            side = sides[key]
            ring.append(side[:-1] if a == key[0] else side[:0:-1])
        polygons.append(shapely.Polygon(np.concatenate(ring) * 0.5 + [119.9, 31.95]))
    return np.array(polygons, dtype=object)


def bench(n: int = 1_000_000) -> list[dict[str, Any]]:
    """Time ``n`` points into 1,412 grids.

    Returns
    -------
    list of dict
        One row: name, unit, ours, peer, peer_name, ratio (theirs over ours), goal. Ours includes building the
        index, as theirs does.

    Raises
    ------
    RuntimeError
        When the answers differ.
    """
    rng = np.random.default_rng(20)
    grids = noisy_cells(GRIDS, rng)
    x, y = 119.9 + 0.5 * rng.random(n), 31.95 + 0.5 * rng.random(n)
    left = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y))
    right = geopandas.GeoDataFrame(geometry=grids)

    ours, theirs = [], []
    for _ in range(2):
        start = time.perf_counter()
        found = GridIndex(grids).locate(x, y)
        ours.append(time.perf_counter() - start)
    for _ in range(2):
        start = time.perf_counter()
        joined = geopandas.sjoin(left, right, how="left", predicate="within")
        theirs.append(time.perf_counter() - start)
    expected = joined["index_right"].fillna(-1).to_numpy(dtype=np.int32)
    if len(expected) != n or not np.array_equal(found, expected):
        raise RuntimeError("the index and the spatial join differ")
    ratio = min(theirs) / min(ours)
    return [
        {
            "name": f"locate {n:,} points in {GRIDS:,} grids",
            "unit": "s",
            "ours": round(min(ours), 3),
            "peer": round(min(theirs), 3),
            "peer_name": "geopandas.sjoin",
            "ratio": round(ratio, 1),
            "goal": 3.0,
        }
    ]


if __name__ == "__main__":
    print(*bench(), sep="\n")
