"""Many polygons taken a tile at a time, each tile with the halo of neighbours that its answers depend on.

Whatever is asked of the polygons of a tile's core must depend on nothing but polygons whose bounding boxes meet theirs;
then the answers are the same for every tiling, and memory is that of one tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.intp]

#: Polygons of a tile: of 50 vertices each they take some 30 MB to compare, and the more fit the cache the faster.
TILE: Final = 4_000


def cores(bounds: NDArray[np.float64], size: int) -> Iterator[Ints]:
    """Positions of all polygons, each once, in compact groups of at most ``size``.

    Parameters
    ----------
    bounds : (n, 4) float array
        West, south, east, north; not-a-number for what is empty, which comes in no group.
    size : int
        At least 1.

    Examples
    --------
    >>> boxes = np.array([[0, 0, 1, 1], [9, 0, 10, 1], [1, 0, 2, 1], [8, 0, 9, 1.0]])
    >>> [core.tolist() for core in cores(boxes, 2)]
    [[0, 2], [1, 3]]
    """
    some = np.flatnonzero(np.isfinite(bounds).all(axis=1))
    if len(some) <= size:
        if len(some):
            yield some
        return
    x, y = (bounds[some, :2] + bounds[some, 2:]).T / 2
    # as the leaves of an STR tree: strips from west to east, tiles from south to north in each
    strips = max(1, round(np.sqrt(len(some) / size)))
    for strip in np.array_split(np.lexsort((some, y, x)), strips):
        across = strip[np.lexsort((some[strip], x[strip], y[strip]))]
        for start in range(0, len(across), size):
            yield np.sort(some[across[start : start + size]])


def with_halo(core: Ints, bounds: NDArray[np.float64]) -> Ints:
    """Positions of a core and of every polygon whose bounding box meets the core's, ascending."""
    west, south = bounds[core, :2].min(axis=0)
    east, north = bounds[core, 2:].max(axis=0)
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    found: Ints = np.flatnonzero(meets)
    return found


def tiles(bounds: NDArray[np.float64], size: int, among: Ints | None = None) -> Iterator[tuple[Ints, Ints]]:
    """Cores of at most ``size`` polygons, each with its core and halo as `with_halo` gives them.

    Parameters
    ----------
    bounds : (n, 4) float array
    size : int
    among : (k,) int array, optional
        Positions that are to be answered for; all when None.
    """
    if among is None:
        among = np.arange(len(bounds))
    for group in cores(bounds[among], size):
        core = among[group]
        yield core, with_halo(core, bounds)


def invalid_edges(
    polygons: NDArray[Any], bounds: NDArray[np.float64], among: Ints, size: int = TILE
) -> NDArray[np.object_]:
    """What `shapely.coverage_invalid_edges` says of some polygons.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons
    bounds : (n, 4) float array
    among : (k,) int array, ascending
        Positions to answer for.
    size : int
        Polygons of a tile.

    Returns
    -------
    (n,) array of lines
        Empty where nothing is wrong, and for polygons that were not asked for.
    """
    out = np.full(len(polygons), shapely.LineString(), dtype=object)
    for core, near in tiles(bounds, size, among):
        # of the halo only what meets the box of one of the core, or a few polygons far apart would compare everything
        tree = shapely.STRtree(shapely.box(*bounds[near].T))
        met = near[np.unique(tree.query(shapely.box(*bounds[core].T))[1])]
        edges = shapely.coverage_invalid_edges(polygons[met])
        out[core] = edges[np.searchsorted(met, core)]
    return out
